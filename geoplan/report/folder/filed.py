"""定稿: the run of a folder of results that was filed; later runs are compared with it, and it is kept."""

import datetime as dt
import json
from pathlib import Path

from geoplan.report.content.meeting import Former
from geoplan.report.folder.delivery import latest_run
from geoplan.report.folder.store import read_outcome
from geoplan.words.catalogue import phrase
from geoplan.words.errors import GeoplanError, InputError, Note, OutputError

#: File that names the filed run.
FILED = "filed.json"


def file_run(out: Path, run: str | None = None) -> Path:
    """Name a run of `out` as the filed one and return its folder; without `run` the latest.

    Raises
    ------
    InputError
        If there is no such run.
    OutputError
        If the folder cannot be written.
    """
    found = latest_run(out) if run is None else out / "runs" / run
    if found is None or not found.is_dir():
        raise InputError(Note.of("filed_no_run", file=str(out), run=run or "–", severity="error"))
    record = {"run": found.name, "filed": dt.datetime.now(dt.UTC).astimezone().isoformat(timespec="seconds")}
    try:
        (out / FILED).write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8", newline="\n")
    except OSError as error:
        raise OutputError(Note.of("output_unwritable", file=str(out), why=str(error), severity="error")) from error  # fmt: skip
    return found


def filed_run(out: Path) -> Path | None:
    """Return the folder of the filed run of `out`; None where none is filed, or it is no longer there."""
    try:
        name = str(json.loads((out / FILED).read_text(encoding="utf-8"))["run"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    found = out / "runs" / Path(name).name
    return found if found.is_dir() else None


def former_run(out: Path, lang: str) -> Former | None:
    """Return the run that a new one in `out` is told against: the filed one, else the last; None where there is none to be read."""
    filed = filed_run(out)
    found = filed or latest_run(out)
    if found is None:
        return None
    try:
        outcome = read_outcome(found)
    except GeoplanError:
        return None  # of another version, or not whole: there is nothing to compare with
    return Former(
        outcome, phrase("meeting_last_run" if filed is None else "meeting_filed_run", lang, run=found.name)
    )
