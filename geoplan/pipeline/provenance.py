"""What a run is made of: the files and packs that a study names, with checksums, and its parameters as a table."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from geoplan.inputs import readers
from geoplan.standards.packs.read import Pack, read_pack
from geoplan.standards.rules import share_notes
from geoplan.study.entry import Entry
from geoplan.study.study import Study
from geoplan.tables import Source
from geoplan.words.errors import InputError, Note, StudyError, raise_errors

#: Units of parameters by the end of their names.
UNITS = {"_minutes": "min", "_kmh": "km/h", "_m": "m", "_ms": "m/s", "_seconds": "s", "flag_share": "0-1"}
#: Parts of the study that name input files.
ROLES = (
    "zones",
    "streets",
    "population",
    "facilities",
    "zone_supplies",
    "projects",
    "reporting",
    "land",
    "map",
)


def _paths(entry: object, role: str) -> Iterator[tuple[str, Path]]:
    """Yield the role and path of every input file that an entry of the study names."""
    if isinstance(entry, Path):
        yield role, entry
    elif isinstance(entry, Entry):
        for _, value in entry:
            yield from _paths(value, role)
    elif isinstance(entry, dict):
        for value in entry.values():
            yield from _paths(value, role)
    elif isinstance(entry, list):
        for value in entry:
            yield from _paths(value, role)


def input_files(study: Study) -> list[tuple[str, Path]]:
    """Return the role (``zones``, ``streets``, ``population`` …) and path of every input file, each once."""
    named = [pair for part in ROLES for pair in _paths(getattr(study, part), part)]
    named += _paths(study.packs, "pack")
    return list(dict.fromkeys(named))


def siting_files(study: Study) -> list[tuple[str, Path]]:
    """Return the role and path of every file that only siting reads: lists of candidates, excluded areas."""
    return list(dict.fromkeys(_paths(study.siting, "candidates")))


def read_packs(study: Study) -> list[Pack]:
    """Return the packs of rules that `study` names: shipped ones, and the planner's own files.

    Raises
    ------
    PackError
        If there is no such pack, or a file has wrong entries.
    StudyError
        If a local threshold or a reported figure of a rule that is a share is no share.
    """
    packs = [read_pack(name) for name in study.packs]
    given = [("thresholds", rule, value) for rule, value in study.thresholds.items()]
    given += [("reported", told.rule, told.value) for told in study.reported]
    notes = share_notes((rule for pack in packs for rule in pack.rules), given)
    raise_errors(
        [replace(note, file=str(study.path), row=study.line(note.values["entry"])) for note in notes],
        StudyError,
    )
    return packs


def check_files(study: Study, files: Iterable[tuple[str, Path]]) -> None:
    """Check that every file is there.

    Raises
    ------
    InputError
        With every missing file, as the study names it.
    """
    missing = [
        Note.of("file_missing", file=study.stated(file), severity="error")
        for _, file in files
        if not file.exists()
    ]
    if missing:
        raise InputError(*missing)


def sources(study: Study) -> tuple[Source, ...]:
    """Return every input file with its checksum, as the sources sheet prints it."""
    stated: dict[Path | None, tuple[str, str]] = {}
    for layer in study.zones:
        stated[layer.file] = (_datum_name(layer.datum), layer.source or "")
    listed: list[Any] = [
        *study.facilities,
        *study.projects,
        *study.zone_supplies,
        *study.reporting,
        study.streets,
    ]
    for entry in listed:
        stated.setdefault(entry.file, (_datum_name(getattr(entry, "datum", None)), entry.source or ""))
    for group in study.population.values():
        for _, file in _paths(group, "population"):
            stated[file] = ("", group.source or "")
    return tuple(
        readers.source(file, role=role, datum=datum_name, note=note)
        for role, file in input_files(study)
        for datum_name, note in [stated.get(file, ("", ""))]
    )


def parameters(study: Study, *, siting: bool = False) -> pd.DataFrame:
    """Return the study as it runs, one row an entry: ``entry, value, unit, given`` (False: a default).

    The entries of `siting` are told only where its questions are answered: with `siting`.
    """
    rows = [
        (name, _printed(value, study), unit, given)
        for name, value, given in _entries(study, "")
        if siting or not name.startswith("siting")
        for unit in [
            next((u for end, u in UNITS.items() if name.endswith(end) and not isinstance(value, bool)), "")
        ]
        if value is not None and (given or unit)  # a default without a unit is no parameter of the method
    ]
    return pd.DataFrame(rows, columns=["entry", "value", "unit", "given"])


def _entries(value: object, name: str, *, given: bool = True) -> Iterator[tuple[str, object, bool]]:
    """Yield every single entry of a study with its full name and whether the file gives it."""
    if isinstance(value, Entry):
        for key, inner in value:
            entry = type(value).model_fields[key].alias or key
            yield from _entries(
                inner, f"{name}.{entry}".lstrip("."), given=given and key in value.model_fields_set
            )
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _entries(inner, f"{name}.{key}", given=given)
    elif isinstance(value, list) and any(isinstance(item, Entry) for item in value):
        for position, inner in enumerate(value):
            yield from _entries(inner, f"{name}.{position}", given=given)
    else:
        yield name, None if value in ([], "") else value, given


def _printed(value: object, study: Study) -> str:
    """Return an entry's value as text; files as the study names them."""
    if isinstance(value, list):
        return ", ".join(_printed(one, study) for one in value)
    return study.stated(value) if isinstance(value, Path) else str(value)


def _datum_name(entry: object) -> str:
    return "local grid" if isinstance(entry, list) else str(entry or "")
