"""定稿: the run of a folder of results that was filed; later runs are compared with it, and it is kept."""

import datetime as dt
import json
from pathlib import Path

from geoplan.report.content.meeting import Former
from geoplan.report.folder.delivery import latest_run
from geoplan.report.folder.store import FILE, FOLDER, find_outcome, read_outcome
from geoplan.tables import Outcome
from geoplan.words.catalogue import Phrase
from geoplan.words.errors import GeoplanError, InputError, Note, OutputError

#: File that names the filed run.
FILED = "filed.json"
#: Runs that an error names.
MOST_NAMED = 8


def file_run(out: Path, run: str | None = None) -> Path:
    """Name a run of `out` as the filed one and return its folder; without `run` the latest.

    Raises
    ------
    InputError
        If there is no such run, or it holds no outcome that a later one could be compared with.
    OutputError
        If the folder cannot be written.
    """
    found = latest_run(out) if run is None else out / "runs" / run
    known = runs_of(out)
    if found is None or found.name not in known or found.parent.absolute() != (out / "runs").absolute():
        shown = tuple(known[-MOST_NAMED:]) or "–"
        raise InputError(
            Note.of("filed_no_run", file=str(out), run=run or "–", known=shown, severity="error")
        )
    record = {"run": found.name, "filed": dt.datetime.now(dt.UTC).astimezone().isoformat(timespec="seconds")}
    try:
        (out / FILED).write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8", newline="\n")
    except OSError as error:
        raise OutputError(Note.of("output_unwritable", file=str(out), why=str(error), severity="error")) from error  # fmt: skip
    return found


def runs_of(out: Path) -> list[str]:
    """Return the runs of `out` that hold an outcome, by name: the earliest first."""
    return sorted(path.parents[1].name for path in (out / "runs").glob(f"[!.]*/{FOLDER}/{FILE}"))


def filed_name(out: Path) -> str:
    """Return the name of the run of `out` that was filed, whether or not it is still there; empty where none was."""
    try:
        return Path(str(json.loads((out / FILED).read_text(encoding="utf-8"))["run"])).name
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def filed_run(out: Path) -> Path | None:
    """Return the folder of the filed run of `out`; None where none is filed, or it is no longer there."""
    name = filed_name(out)
    found = out / "runs" / name
    return found if name and found.is_dir() else None


def reference_run(out: Path) -> tuple[Outcome, Phrase]:
    """Return the outcome of the filed run of `out`, else of its last one, and what that run is called; `out` may be a run's own folder.

    Raises
    ------
    InputError
        If there is none, or it cannot be read.
    """
    filed = filed_run(out)
    stored = find_outcome(filed or out)
    if stored is None:
        raise InputError(Note.of("filed_nothing", file=str(out), severity="error"))
    called = "meeting_last_run" if filed is None else "meeting_filed_run"
    return read_outcome(stored), Phrase(called, {"run": stored.parent.name})


def former_run(out: Path, lang: str) -> Former | None:
    """Return the run that a new one in `out` is told against: the filed one, else the last; None where there is none to be read."""
    try:
        outcome, name = reference_run(out)
    except GeoplanError:
        return None  # there is none, or it is of another version or not whole: nothing to compare with
    return Former(outcome, name.text(lang))


def told_against(out: Path) -> Note | None:
    """Return what to say of the filed run of `out` beside a new one: that changes are told against it, or why not; None where none is filed."""
    name = filed_name(out)
    if not name:
        return None
    if filed_run(out) is None:
        return Note.of("filed_gone", run=name)
    try:
        reference_run(out)
    except GeoplanError:
        return Note.of("filed_unreadable", run=name)
    return Note.of("filed_against", run=name, severity="info")
