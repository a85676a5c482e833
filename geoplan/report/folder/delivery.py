"""The folder of results: each delivery whole or not there, and its files under fixed names switched in one step.

A run, a siting run, a comparison and an annual table are published here and nowhere else::

    out/
      runs/.<id>.part/     a delivery while it is written, beside .<id>.lock which its process holds
      runs/<id>/           every delivery that was written whole
      latest.json          names the delivery whose files stand under fixed names
      map.html …           the files of that delivery (subfolders too, but for the stored outcome)
      .publish.json        only while files are switched: what the switch is to leave behind

The switch holds ``.publish.lock``. It writes the journal ``.publish.json``, copies every file beside its place, removes the pointer,
renames the copies, removes files of the delivery before that the new one does not make, writes the pointer, and removes the journal. So
a pointer never stands beside files of another delivery. A process that is killed leaves the journal, and the next command that
touches the folder completes the switch, or undoes it where not every file had been copied. A file that another program holds open undoes the switch: the old files stay together, and
the new ones stand in the delivery's own folder.
"""

import contextlib
import datetime as dt
import errno
import itertools
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from filelock import FileLock, Timeout

from geoplan.words.errors import Note, OutputError

LATEST, JOURNAL = "latest.json", ".publish.json"
#: Version of ``latest.json``.
FORMAT = 1
#: Folder of the stored outcome: for programs, not copied under a fixed name.
STORED = "outcome"
#: Longest wait for another process that switches files in the same folder: it takes as long as copying them.
WAIT_SECONDS = 120.0
#: A disk with less room than this is called full, whatever the library that failed on it says.
FULL_BYTES = 1 << 20
#: ``ERROR_DISK_FULL`` and ``ERROR_HANDLE_DISK_FULL`` of Windows.
_FULL_ON_WINDOWS = (112, 39)
_FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))


@dataclass(frozen=True)
class Delivery:
    """One delivery: `folder`, to be filled, and `run`, where it stands once it is whole."""

    folder: Path
    run: Path


@contextmanager
def delivery(out: Path, *, stamp: str | None = None) -> Iterator[Delivery]:
    """Yield an empty folder to fill; when the block ends well, publish it under fixed names in `out`, else remove it.

    Parameters
    ----------
    out
        Folder of results; made where it is not there. It may be a link, nothing below it may.
    stamp
        Wanted id; None: the local time, e.g. ``20250301-101500``. A number is added where another delivery has it.

    Raises
    ------
    OutputError
        If the folder cannot be written, the disk is full, or a file under a fixed name is held open by another program (the
        new delivery is then whole in its own folder, which the error names).
    """
    part, lock = _begin(out, stamp or dt.datetime.now(dt.UTC).astimezone().strftime("%Y%m%d-%H%M%S"))
    run = part.parent / part.name.removeprefix(".").removesuffix(".part")
    try:
        yield Delivery(part, run)
        part.replace(run)
    except BaseException as error:
        shutil.rmtree(part, ignore_errors=True)
        if isinstance(error, OSError) or (isinstance(error, Exception) and disk_full(error, out)):
            raise _as_output_error(error, out) from error
        raise
    finally:
        _release(lock)
    _publish(out, run)


def latest_run(folder: Path) -> Path | None:
    """Return the delivery that `folder` shows: the one that its pointer names, or the same subfolder of its parents' delivery.

    A switch that was broken off is completed first.

    Raises
    ------
    OutputError
        If a broken switch cannot be completed.

    Examples
    --------
    >>> latest_run(Path("no-such-folder")) is None
    True
    """
    whole = folder.absolute()
    for out in (whole, *whole.parents[:2]):
        if (out / JOURNAL).is_file():
            with _locked(out):
                _recover(out)
        pointer = _record(out / LATEST)
        if pointer:
            found = out / "runs" / str(pointer.get("run")) / whole.relative_to(out)
            return found if found.is_dir() else None
    return None


def _begin(out: Path, stamp: str) -> tuple[Path, FileLock]:
    """Return a new, empty part folder and the lock that says that its process lives; remove those of dead processes."""
    runs = out / "runs"
    try:
        runs.mkdir(parents=True, exist_ok=True)
        _no_link(runs)
        _remove_dead(runs)
        for number in itertools.count(1):
            name = stamp if number == 1 else f"{stamp}-{number}"
            lock = FileLock(runs / f".{name}.lock")
            try:
                lock.acquire(timeout=0)
            except Timeout:  # another process writes a delivery of that name
                continue
            part = runs / f".{name}.part"
            if not (runs / name).exists() and not part.exists():
                part.mkdir()
                return part, lock
            _release(lock)
    except OSError as error:
        raise _as_output_error(error, out) from error
    raise AssertionError("itertools.count ends never")


def _release(lock: FileLock) -> None:
    lock.release()
    with contextlib.suppress(OSError):
        Path(lock.lock_file).unlink(missing_ok=True)


def _remove_dead(runs: Path) -> None:
    """Remove part folders whose process no longer holds its lock."""
    for part in runs.glob(".*.part"):
        lock = FileLock(runs / f"{part.name.removesuffix('.part')}.lock")
        with contextlib.suppress(Timeout, OSError):
            lock.acquire(timeout=0)
            shutil.rmtree(part, ignore_errors=True)
            _release(lock)


def _publish(out: Path, run: Path) -> None:
    """Switch the files under fixed names in `out` to those of the delivery `run`, all of them or none."""
    with _locked(out):
        _recover(out)
        before = _record(out / LATEST)
        made = (path.relative_to(run) for path in run.rglob("*") if path.is_file())
        files = sorted(path.as_posix() for path in made if STORED not in path.parts)
        gone = sorted(set(_files(before)) - set(files))
        pointer = {"format": FORMAT, "run": run.name, "folder": f"runs/{run.name}", "files": files}
        journal = {"pointer": pointer, "before": before, "gone": gone, "undo": False}
        try:
            _write(out / JOURNAL, journal | {"undo": True})
            for name in files:
                _stage(run / name, out, name)
            _write(out / JOURNAL, journal)
        except OSError as error:
            _undo(out, before, files, gone)
            raise _as_output_error(error, out) from error
        (out / LATEST).unlink(missing_ok=True)
        held = [name for name in (*files, *gone) if not _set_aside(out / name)]
        if held:
            _write(out / JOURNAL, journal | {"undo": True})
            _undo(out, before, files, gone)
            told = ", ".join(held)
            raise OutputError(
                Note.of("output_held", file=str(out), held=told, run=str(run), severity="error")
            )
        _complete(out, pointer, files, gone)


def _set_aside(target: Path) -> bool:
    """Rename the file under a fixed name; return False where another program holds it open."""
    try:
        os.replace(target, _old(target))  # noqa: PTH105 - as Path.replace; tests play a held file
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def _complete(out: Path, pointer: Mapping[str, object], files: Sequence[str], gone: Sequence[str]) -> None:
    """Rename what is staged, name it, and clear away what was before; may be repeated after a crash at any point."""
    for name in files:
        if _part(out / name).exists():
            _part(out / name).replace(out / name)
    for name in gone:
        (out / name).unlink(missing_ok=True)
    _write(out / LATEST, pointer)
    for name in (*files, *gone):
        _old(out / name).unlink(missing_ok=True)
    for folder in sorted({(out / name).parent for name in gone} - {out}, reverse=True):
        with contextlib.suppress(OSError):  # not empty: it holds what is not ours
            folder.rmdir()
    (out / JOURNAL).unlink(missing_ok=True)


def _undo(out: Path, before: Mapping[str, object], files: Sequence[str], gone: Sequence[str]) -> None:
    """Put back what was set aside, with its pointer; may be repeated after a crash at any point."""
    for name in (*files, *gone):
        if _old(out / name).exists():
            _old(out / name).replace(out / name)
        _part(out / name).unlink(missing_ok=True)
    if before:
        _write(out / LATEST, before)
    (out / JOURNAL).unlink(missing_ok=True)


def _recover(out: Path) -> None:
    """Complete or undo a switch whose process was killed; once the journal stands, every file of it is staged."""
    journal = _record(out / JOURNAL)
    if not journal:
        return
    pointer, before, gone = journal["pointer"], journal["before"], [str(name) for name in journal["gone"]]
    try:
        if journal["undo"]:
            _undo(out, before, _files(pointer), gone)
        else:
            _complete(out, pointer, _files(pointer), gone)
    except OSError as error:
        raise _as_output_error(error, out) from error


@contextmanager
def _locked(out: Path) -> Iterator[None]:
    """Hold the folder's lock while files are switched."""
    lock = FileLock(out / ".publish.lock")
    try:
        lock.acquire(timeout=WAIT_SECONDS)
    except Timeout:
        raise OutputError(Note.of("output_busy", file=str(out), severity="error")) from None
    except OSError as error:
        raise _as_output_error(error, out) from error
    try:
        yield
    finally:
        lock.release()


def _stage(source: Path, out: Path, name: str) -> None:
    """Copy a file beside its place; a link that stands there is replaced, never followed."""
    target = out / name
    target.parent.mkdir(parents=True, exist_ok=True)
    for folder in Path(name).parents[:-1]:
        _no_link(out / folder)
    part = _part(target)
    part.unlink(missing_ok=True)
    with source.open("rb") as read, part.open("xb") as write:
        shutil.copyfileobj(read, write, 1 << 20)


def _no_link(folder: Path) -> None:
    """Refuse a folder that is a link to another place."""
    if folder.is_symlink():
        raise OutputError(Note.of("output_link", file=str(folder), severity="error"))


def _part(path: Path) -> Path:
    return path.with_name(f".{path.name}.part")


def _old(path: Path) -> Path:
    return path.with_name(f".{path.name}.old")


def _record(path: Path) -> dict[str, Any]:
    """Return a small JSON file, nothing where it is missing or damaged."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def _files(pointer: Mapping[str, Any]) -> list[str]:
    """Return the files that a pointer names, none that would lead out of its folder."""
    names = [PurePosixPath(str(name)) for name in pointer.get("files", ())]
    return [str(name) for name in names if not name.is_absolute() and ".." not in name.parts]


def _write(path: Path, record: Mapping[str, object]) -> None:
    """Write a small JSON file at once: a reader sees the old one or the new one."""
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    with part.open("x", encoding="utf-8", newline="\n") as file:
        file.write(json.dumps(record, ensure_ascii=False, indent=2) + "\n")
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def _as_output_error(error: Exception, out: Path) -> OutputError:
    """Return what is wrong with writing into `out` as an error that a planner can act on."""
    if isinstance(error, OutputError):
        return error
    if disk_full(error, out):
        return OutputError(Note.of("output_full", file=str(out), severity="error"))
    return OutputError(Note.of("output_unwritable", file=str(out), why=str(error), severity="error"))


def disk_full(error: BaseException, folder: Path) -> bool:
    """Return whether an error came of a full disk.

    Libraries report it each in their own way (`OSError`, `sqlite3.OperationalError`, GDAL's errors), so the disk is asked as well.
    """
    at: BaseException | None = error
    while at is not None:
        if getattr(at, "errno", None) in _FULL or getattr(at, "winerror", None) in _FULL_ON_WINDOWS:
            return True
        at = at.__cause__ or at.__context__
    with contextlib.suppress(OSError):
        return shutil.disk_usage(folder).free < FULL_BYTES
    return False
