"""The demo town that ships, and new studies made from it."""

import re
import shutil
from pathlib import Path

from geoplan.pipeline.provenance import input_files, siting_files
from geoplan.study.study import read_study
from geoplan.words.errors import GeoplanError, Note, OutputError


def demo_study() -> Path:
    """Return the demo's study file: in the installed package, or in a checkout beside it."""
    package = Path(__file__).parent.parent
    installed = package / "demo" / "studies" / "huzhong" / "study.yaml"
    return installed if installed.is_file() else package.parent / "studies" / "huzhong" / "study.yaml"


def totals_file(given: Path) -> Path:
    """Return a file of totals: as given, else the one that ships under that name (``huzhong`` or ``data/totals/huzhong_totals.yaml``).

    What is neither is returned as it is: whoever reads it says that it is missing.
    """
    package = Path(__file__).parent.parent
    name = f"{given.name.removesuffix('.yaml').removesuffix('_totals')}_totals.yaml"
    shipped = (root / "data" / "totals" / name for root in (package / "demo", package.parent))
    return given if given.exists() else next((file for file in shipped if file.is_file()), given)


def write_new(folder: Path) -> Path:
    """Write a runnable, commented study: the demo's study file with its inputs in ``data`` beside it, and a scenario of it.

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
        If the folder holds something already, or cannot be made; nothing is written then.
    """
    data = folder / "data"
    try:
        if folder.exists() and any(folder.iterdir()):
            raise OutputError(Note.of("new_not_empty", file=str(folder), severity="error"))
        data.mkdir(parents=True)
    except GeoplanError:
        raise
    except OSError as error:  # a file of that name, or a place where nothing may be written
        note = Note.of("output_unwritable", file=str(folder), why=str(error), severity="error")
        raise OutputError(note) from error
    source = demo_study()
    study = read_study(source)
    text = source.read_text(encoding="utf-8")
    for file in sorted({file for _, file in (*input_files(study), *siting_files(study))}):
        shutil.copyfile(file, data / file.name)
        text = re.sub(rf"(?<![\w/.]){re.escape(study.stated(file))}(?![\w/])", f"data/{file.name}", text)
    target = folder / "study.yaml"
    target.write_text(text, encoding="utf-8", newline="\n")
    shutil.copyfile(source.with_name("scenario.yaml"), folder / "scenario.yaml")
    return target
