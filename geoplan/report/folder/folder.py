"""The folder that a run leaves behind: whole or not at all.

A run writes into ``out/runs/.<id>.part``, which gets its name only when everything in it is written. Then
``out/latest.json`` is replaced at once and names the run, and copies under fixed names follow. So a run that fails or is
killed leaves the last one whole, and a file that another program holds open costs a copy, not the results.
"""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from geoplan.words.errors import Note, OutputError

LATEST = "latest.json"


def new_run_id(out: Path, stamp: str) -> str:
    """Return `stamp`, or `stamp` with a number behind it, so that no run of `out` has that id.

    Parameters
    ----------
    out
        Folder of results.
    stamp
        Wanted id, e.g. ``20250301-101500``.

    Examples
    --------
    >>> new_run_id(Path("no-such-folder"), "20250301-101500")
    '20250301-101500'
    """
    runs = out / "runs"
    taken = (
        {path.name.removeprefix(".").removesuffix(".part") for path in runs.iterdir()}
        if runs.is_dir()
        else set()
    )
    names = [stamp, *(f"{stamp}-{number}" for number in range(2, len(taken) + 3))]
    return next(name for name in names if name not in taken)


@contextmanager
def run_folder(out: Path, run_id: str) -> Iterator[Path]:
    """Yield an empty folder to fill; when the block ends well, it becomes ``out/runs/<run_id>``, else it is removed.

    Raises
    ------
    OutputError
        If the folder cannot be made or written.
    """
    part, final = out / "runs" / f".{run_id}.part", out / "runs" / run_id
    try:
        part.mkdir(parents=True)
        yield part
        part.replace(final)
    except BaseException as error:
        shutil.rmtree(part, ignore_errors=True)
        if isinstance(error, OSError) and not isinstance(error, OutputError):
            note = Note.of("output_unwritable", file=str(out), why=str(error), severity="error")
            raise OutputError(note) from error
        raise


def publish(out: Path, run_id: str) -> None:
    """Name ``out/runs/<run_id>`` in ``out/latest.json`` and copy its files under fixed names into `out`.

    Raises
    ------
    OutputError
        If another program holds a copy open; the new results stand in the run's folder, which the error names.
    """
    run = out / "runs" / run_id
    files = sorted(path.name for path in run.iterdir() if path.is_file())
    pointer = out / f".{LATEST}.part"
    text = json.dumps(
        {"run": run_id, "folder": f"runs/{run_id}", "files": files}, ensure_ascii=False, indent=2
    )
    pointer.write_text(text + "\n", encoding="utf-8", newline="\n")
    pointer.replace(out / LATEST)
    held = [name for name in files if not _copied(run / name, out / name)]
    if held:
        raise OutputError(
            Note.of("output_held", file=str(out), held=", ".join(held), run=str(run), severity="error")
        )


def _copied(source: Path, target: Path) -> bool:
    """Replace `target` by a copy of `source`; return False where another program holds it open."""
    part = target.with_name(f".{target.name}.part")
    try:
        shutil.copyfile(source, part)
        os.replace(part, target)  # noqa: PTH105 - same as Path.replace; patched in tests to play a held file
    except OSError:
        part.unlink(missing_ok=True)
        return False
    return True
