"""A scenario (方案) applied: a study and its inputs with named changes, and one error for every name that nothing has."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from geoplan.inputs.facilities.fields import AMOUNTS, ATTRIBUTES
from geoplan.inputs.facilities.supplies import CHILD_TYPES, ELDER_TYPES, NO_CAPACITY_TYPES
from geoplan.pipeline.gather import Inputs, gather
from geoplan.pipeline.scenario_register import Added, Changes, Enlarged, change_register
from geoplan.standards.packs.read import shipped
from geoplan.study.problems import meant
from geoplan.study.scenario import Enlargement, NewFacility, Scenario, is_scenario, read_scenario
from geoplan.study.study import Study, read_study
from geoplan.words.errors import Note, StudyError
from geoplan.words.progress import Stages
from geoplan.words.vocabulary import vocabulary

__all__ = [
    "Enlargement",
    "NewFacility",
    "Scenario",
    "apply",
    "base_study",
    "changed_study",
    "gather_scenario",
    "is_scenario",
    "read_scenario",
    "scenario_parameters",
]


def base_study(scenario: Scenario) -> Study:
    """Return the study that `scenario` changes, as it is.

    Raises
    ------
    StudyError
        If there is none, or it has wrong entries.
    """
    return read_study(scenario.path.parent / scenario.base)


def changed_study(scenario: Scenario, study: Study) -> Study:
    """Return `study` with the scenario's gates, pace, packs and year; what it does not know is left for :func:`apply`."""
    update: dict[str, Any] = {}
    if scenario.gates:
        states = {**study.streets.gate_states, **scenario.gates}
        update["streets"] = study.streets.model_copy(update={"gate_states": states})
    if scenario.walk_kmh:
        update["services"] = {
            name: service.model_copy(update={"walk_kmh": scenario.walk_kmh[name]})
            if name in scenario.walk_kmh
            else service
            for name, service in study.services.items()
        }
    if scenario.packs is not None:
        update["packs"] = [
            _pack_of(scenario, study, pack) for pack in scenario.packs if _known(scenario, pack)
        ]
    if scenario.year is not None:
        update["year"] = scenario.year
    return study.model_copy(update=update) if update else study


def _known(scenario: Scenario, pack: str) -> bool:
    return (scenario.path.parent / pack).is_file() if _is_file(pack) else pack in shipped()


def _is_file(pack: str) -> bool:
    return pack.endswith((".yaml", ".yml"))


def _pack_of(scenario: Scenario, study: Study, pack: str) -> str:
    """Return a pack as the study names it: a file of the scenario's folder as seen from the study's."""
    if not _is_file(pack):
        return pack
    file = (scenario.path.parent / pack).resolve()
    try:
        return Path(os.path.relpath(file, study.folder)).as_posix()
    except ValueError:  # on another drive
        return file.as_posix()


def gather_scenario(scenario: Scenario, *, lang: str | None = None, stages: Stages | None = None) -> Inputs:
    """Read every input of the scenario's study, and apply the changes.

    Parameters
    ----------
    scenario
        As :func:`read_scenario` gives it.
    lang
        Language of the outputs; None: the study's.
    stages
        Told of each stage and its seconds.

    Returns
    -------
    inputs
        As `gather` gives them; ``inputs.study`` is the changed study.

    Raises
    ------
    StudyError
        With every name that nothing in the inputs has.
    """
    study = changed_study(scenario, base_study(scenario))
    if lang in ("zh", "en"):
        study = study.model_copy(update={"lang": lang})
    return apply(scenario, gather(study, stages=stages))


def apply(scenario: Scenario, inputs: Inputs) -> Inputs:
    """Return `inputs`, gathered for :func:`changed_study`, with facilities opened, closed, enlarged and added.

    Raises
    ------
    StudyError
        With every name that nothing in the inputs has, each with what was probably meant.
    """
    problems = [*_unknown(scenario, inputs)]
    register, notes, wrong = change_register(
        inputs.register,
        _changes(scenario),
        zones=inputs.zones,
        crs=inputs.crs,
        year=inputs.study.year,
        file=scenario.path.name,
    )
    problems += wrong
    if problems:
        raise StudyError(*sorted(problems, key=lambda note: note.row or 0))
    return replace(inputs, register=register, notes=(*inputs.notes, *notes))


def scenario_parameters(scenario: Scenario, table: pd.DataFrame) -> pd.DataFrame:
    """Return the table of parameters (``entry, value, unit, given``) with the scenario's changes behind it."""
    rows = [
        (entry, value, "km/h" if entry.startswith("scenario.walk_kmh") else "", True)
        for entry, value in scenario.changes().items()
    ]
    if not rows:
        return table
    more = pd.DataFrame(rows, columns=["entry", "value", "unit", "given"])
    return pd.concat([table, more], ignore_index=True)


def _changes(scenario: Scenario) -> Changes:
    """Return the scenario's facilities as plain values with the lines on which they stand."""

    def named(entry: str) -> tuple[tuple[str, int | None], ...]:
        return tuple(
            (name, scenario.line(f"{entry}.{number}")) for number, name in enumerate(getattr(scenario, entry))
        )

    return Changes(
        opened=named("open"),
        closed=named("close"),
        enlarged=tuple(
            Enlarged(e.facility, e.service, e.add, e.to, scenario.line(f"enlarge.{number}"))
            for number, e in enumerate(scenario.enlarge)
        ),
        added=tuple(
            Added(
                name=new.name,
                services=tuple(new.services),
                point=new.lonlat,
                datum=new.datum,
                zone=new.zone,
                supplies=new.supplies,
                attributes=new.attributes,
                line=scenario.line(f"add.{number}") or number + 1,
            )
            for number, new in enumerate(scenario.add)
        ),
    )


def _unknown(scenario: Scenario, inputs: Inputs) -> Iterator[Note]:
    """Yield a note for every service, pack, gate, facility type, supply and attribute that there is not."""
    study = inputs.study
    for service in scenario.walk_kmh:
        if service not in study.services:
            yield _not_there(scenario, f"walk_kmh.{service}", service, study.services)
    for number, pack in enumerate(scenario.packs or []):
        if not _known(scenario, pack):
            yield _not_there(scenario, f"packs.{number}", pack, dict.fromkeys(shipped()))
    barred = inputs.nodes[inputs.nodes["kind"].isin(["gate", "barrier"])]
    gates = dict.fromkeys([*barred["name"].astype(str), *barred.index.astype(str)])
    for gate in scenario.gates:
        if gate not in gates:
            yield _not_there(scenario, f"gates.{gate}", gate, gates)
    types = facility_types(study)
    for number, new in enumerate(scenario.add):
        for kind in new.services:
            if kind not in types:
                yield _not_there(scenario, f"add.{number}.services", kind, types)
        yield from _wrong_keys(scenario, f"add.{number}.supplies", new.supplies, AMOUNTS)
        yield from _wrong_keys(scenario, f"add.{number}.attributes", new.attributes, ATTRIBUTES)
    for number, larger in enumerate(scenario.enlarge):
        yield from _wrong_keys(scenario, f"enlarge.{number}.add", larger.add, AMOUNTS)
        yield from _wrong_keys(scenario, f"enlarge.{number}.to", larger.to, AMOUNTS)


def facility_types(study: Study) -> dict[str, None]:
    """Return every facility type that a study, a rule or a register may name."""
    used = [kind for service in study.services.values() for kind in service.facilities]
    own = [*sorted(ELDER_TYPES), *sorted(CHILD_TYPES), *sorted(NO_CAPACITY_TYPES)]
    return dict.fromkeys([*used, *study.register_types(), *vocabulary("types"), *own])


def _wrong_keys(
    scenario: Scenario, entry: str, given: Mapping[str, object], known: tuple[str, ...]
) -> Iterator[Note]:
    for name in given:
        if name not in known:
            yield _not_there(scenario, f"{entry}.{name}", name, dict.fromkeys(known))


def _not_there(scenario: Scenario, entry: str, name: str, known: Mapping[str, object]) -> Note:
    guess = meant(name, [word for word in known if word])
    code = "scenario_unknown_meant" if guess else "scenario_unknown"
    line = scenario.line(entry) or scenario.line(entry.rpartition(".")[0])
    return Note.of(
        code, file=scenario.path.name, row=line, entry=entry, name=name, guess=guess, severity="error"
    )
