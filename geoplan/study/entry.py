"""What every part of a study file is made of: strict and frozen entries, paths, and copies that are checked again."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    ValidationInfo,
)
from pydantic_core import PydanticCustomError

from geoplan.study.formats import PACK_FILES, ending
from geoplan.words.errors import StudyError
from geoplan.words.quantities import GridMetres, Latitude, Longitude
from geoplan.words.strict_yaml import entry_notes, line_of

Level = Literal["district", "town", "community", "estate"]
Text = Annotated[str, Field(min_length=1)]
#: What leads to the network, or into GDAL's virtual files: ``http://…``, ``/vsicurl/…``. A drive has one letter.
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/|/vsi")


def resolved(path: Path, info: ValidationInfo) -> Path:
    """Return a path as it is on this machine: relative ones start at the folder of the file that is read."""
    if path == Path():
        raise PydanticCustomError("string_too_short", "a path that is not empty")
    if _ADDRESS.match(path.as_posix()):
        raise PydanticCustomError("study_address", "{got}", {"got": path.as_posix()})
    folder = (info.context or {}).get("folder")
    return path if folder is None else Path(folder, path)


def _pack(pack: str | Path, info: ValidationInfo) -> str | Path:
    """Return a pack's name as it stands, or the path of a planner's own file."""
    is_file = isinstance(pack, Path) or ending(pack) in PACK_FILES
    return resolved(Path(pack), info) if is_file else pack


def one_of(forms: str) -> PydanticCustomError:
    """Return the error of an entry that needs exactly one of `forms`."""
    return PydanticCustomError("entry_one_of", "one of {forms}", {"forms": forms})


FilePath = Annotated[Path, Field(strict=False), AfterValidator(resolved)]
"""A file; the study states it relative to itself, and it is resolved when the study is read."""
PackName = Annotated[Text | Path, AfterValidator(_pack)]
"""A shipped pack of rules by its name, or a file of the planner's own."""


class Entry(BaseModel):
    """Base of every part of a study: strict, frozen, no unknown entries."""

    model_config = ConfigDict(
        strict=True, frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False
    )

    def changed(self, **entries: object) -> Self:
        """Return the same part with other `entries`, checked as if it had been read so; a StudyError with every wrong one."""
        return self._checked(entries, file="", folder=None)

    def arguments(self, *names: str) -> dict[str, Any]:
        """Return what is given as plain keyword arguments of a stage; `names` picks some, else all but ``source``."""
        return self.model_dump(
            include=set(names) or None, exclude=None if names else {"source"}, exclude_none=True
        )

    def _checked(self, entries: Mapping[str, object], *, file: str, folder: Path | None) -> Self:
        values = {name: getattr(self, name) for name in self.model_fields_set} | dict(entries)
        try:
            return type(self).model_validate(values, context={"folder": folder})
        except ValidationError as wrong:
            raise StudyError(*entry_notes(wrong, model=type(self), file=file, lines={})) from None


class PlannerFile(Entry):
    """Base of what one YAML file holds as a whole: it knows the file, and the line of each of its entries."""

    _path: Path = PrivateAttr(default=Path())
    _lines: Mapping[str, int] = PrivateAttr(default_factory=dict)

    def from_file(self, path: Path, lines: Mapping[str, int]) -> Self:
        """Return the same entries with the file that they were read from and the line of each."""
        self._path, self._lines = path, lines
        return self

    @property
    def path(self) -> Path:
        """The file."""
        return self._path

    @property
    def folder(self) -> Path:
        """Folder of the file, to which the paths in it are relative."""
        return self._path.resolve().parent

    def line(self, entry: str) -> int | None:
        """Return the line on which an entry, or what holds it, stands; None where it is not known."""
        return line_of(entry, self._lines)

    def stated(self, path: Path) -> str:
        """Return a path as outputs print it: relative to the file's folder, with ``/`` on every system."""
        try:
            return Path(os.path.relpath(path, self.folder)).as_posix()
        except ValueError:  # on another drive
            return path.as_posix()

    def changed(self, **entries: object) -> Self:
        """Return the same file's entries with others in place of some, checked again; a StudyError with every wrong one."""
        new = self._checked(entries, file=str(self.path), folder=self.folder)
        return new.from_file(self._path, self._lines)


class ControlPoint(Entry):
    """One pair of points that ties a local city grid to WGS 84."""

    local: tuple[GridMetres, GridMetres]
    """x and y in the file's own grid, metres."""
    lonlat: tuple[Longitude, Latitude]
    """Longitude and latitude, WGS 84, degrees."""


Datum = Text | list[ControlPoint]
"""``wgs84``, ``cgcs2000``, ``gcj02``, ``bd09``, an EPSG code or PROJ string, or control points of a local grid."""
