"""The demo town that ships, and new studies made from it."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from geoplan.errors import Note, OutputError
from geoplan.study import Entry, Study, read_study


def demo_study() -> Path:
    """Return the demo's study file: in the installed package, or in a checkout beside it."""
    package = Path(__file__).parent
    installed = package / "demo" / "studies" / "huzhong" / "study.yaml"
    return installed if installed.is_file() else package.parent / "studies" / "huzhong" / "study.yaml"


def write_new(folder: Path) -> Path:
    """Write a runnable, commented study: the demo's study file with its inputs in ``data`` beside it.

    Parameters
    ----------
    folder
        Folder that does not exist yet, or is empty.

    Returns
    -------
    study
        The new study file.

    Raises
    ------
    OutputError
        If the folder holds something already; nothing is written then.
    """
    if folder.exists() and any(folder.iterdir()):
        raise OutputError(Note.of("new_not_empty", file=str(folder), severity="error"))
    source = demo_study()
    study = read_study(source)
    text = source.read_text(encoding="utf-8")
    data = folder / "data"
    data.mkdir(parents=True)
    for file in sorted(set(_files(study))):
        shutil.copyfile(study.resolve(file), data / Path(file).name)
        text = re.sub(rf"(?<![\w/.]){re.escape(file)}(?![\w/])", f"data/{Path(file).name}", text)
    target = folder / "study.yaml"
    target.write_text(text, encoding="utf-8", newline="\n")
    return target


def _files(entry: object) -> Iterator[str]:
    """Yield every input file that a study names."""
    if isinstance(entry, Entry):
        for name, value in entry:
            if name in _FILE_ENTRIES and isinstance(value, str):
                yield value
            elif not (isinstance(entry, Study) and name == "packs"):
                yield from _files(value)
    elif isinstance(entry, dict | list):
        for value in entry.values() if isinstance(entry, dict) else entry:
            yield from _files(value)


_FILE_ENTRIES = {"file", "raster", "over", "barriers", "lookup", "accepted"}
