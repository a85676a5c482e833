"""What every reader of a file shares: what kind of file it is, which layer or sheet is meant, its text, and how it is refused."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from geoplan.inputs.encodings import decode_text
from geoplan.inputs.limits import check_file
from geoplan.study.formats import KINDS, ending, kind_of
from geoplan.words.errors import InputError, Note

FilePath = str | Path


def file_kind(path: FilePath, *kinds: str) -> str:
    """Return which of `kinds` (`study.formats.KINDS`) a file is.

    Raises
    ------
    InputError
        If the file is missing, of none of these kinds, or may not be opened (`geoplan.inputs.limits.check_file`).
    """
    path = Path(path)
    kind = kind_of(path)
    if kind not in kinds and path.exists():
        known = ", ".join(end for each in kinds for end in KINDS[each])
        fail("file_kind_unknown", path, found=ending(path) or path.name, known=known)
    check_file(path)
    return kind


def existing(path: FilePath) -> Path:
    """Return a path to something that may be opened; an InputError where there is nothing, or what may not be."""
    path = Path(path)
    check_file(path)
    return path


def text_of(path: Path, encoding: str | None) -> str:
    """Return a file's text, its encoding found out where none is given; an InputError if it fits none."""
    try:
        return decode_text(path.read_bytes(), encoding)
    except (UnicodeDecodeError, LookupError) as error:
        raise InputError(note("encoding_unknown", path, reason=reason(error))) from error


def choose(path: Path, names: Sequence[str], wanted: str | None) -> str:
    """Return the one layer or sheet to read; an InputError where none or several are meant."""
    if wanted is not None:
        if wanted not in names:
            fail("layer_unknown", path, layer=wanted, found=", ".join(names))
        return wanted
    if len(names) > 1:
        fail("layer_not_named", path, count=len(names), found=", ".join(names))
    if not names:
        fail("layer_without_geometry", path)
    return names[0]


def note(code: str, path: Path, *, severity: str = "error", **values: Any) -> Note:  # noqa: ANN401 - whatever the message names
    """Return a note on a file."""
    return Note.of(code, file=path.name, severity=severity, **values)


def fail(code: str, path: Path, **values: Any) -> NoReturn:  # noqa: ANN401 - whatever the message names
    """Raise an InputError that names what is wrong with a file."""
    raise InputError(note(code, path, **values))


def reason(error: BaseException) -> str:
    """Return the first line of a library's complaint."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
