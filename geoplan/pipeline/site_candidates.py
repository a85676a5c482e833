"""The candidates that a study names: its lists read, areas of intent generated, all in one table."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd

from geoplan.inputs import candidates as lists
from geoplan.inputs import datum, readers
from geoplan.inputs.datum import fit as datum_fit
from geoplan.network.graph import WalkGraph
from geoplan.pipeline.gather import Inputs, placed_streets
from geoplan.pipeline.provenance import check_files, siting_files
from geoplan.siting.candidates import Candidates, enlargements, join_candidates, with_opening_cost
from geoplan.siting.generate import generate
from geoplan.siting.solve.problems import Ints
from geoplan.study.siting import CandidateSource
from geoplan.study.study import Study
from geoplan.tables import Source
from geoplan.words.errors import InputError, Note


@dataclass(frozen=True)
class Offered:
    """Candidates of a study (`tables.CANDIDATES`), notes on the lists, and their files with checksums.

    `source` is the number of the entry of `siting.candidates` from which each comes, from 1, shape (n,).
    """

    candidates: gpd.GeoDataFrame
    source: Ints
    notes: tuple[Note, ...]
    sources: tuple[Source, ...]


def offered_candidates(study: Study, inputs: Inputs, graph: WalkGraph) -> Offered:
    """Return the candidates that `study` names.

    Raises
    ------
    InputError
        With every problem that stops it, a missing file first.
    """
    assert study.siting is not None  # noqa: S101 - the caller asked
    read = read_lists(study, inputs)
    made: list[Candidates] = []
    for number, entry in enumerate(study.siting.candidates, start=1):
        if entry.file is None:
            some = _generated(entry, study, inputs, graph)
            ids = [
                str(name).replace("#", f"@{number}#", 1) if made else str(name)
                for name in some.candidates.index
            ]
            table = some.candidates.set_axis(pd.Index(ids, name=some.candidates.index.name, dtype=object))
            made.append(replace(some, candidates=table.assign(entry=number)))
    joined = join_candidates(read, made, facilities=inputs.register.facilities)
    kinds = [kind for service in study.services.values() for kind in service.facilities]
    table = with_opening_cost(joined.candidates, kinds=list(dict.fromkeys(kinds)))
    number_of = table.get("entry", pd.Series([], dtype=np.int64))  # no candidate at all, no column
    notes = [] if len(table) else [Note.of("siting_no_candidates", file=str(study.path), severity="warning")]
    return Offered(
        candidates=table.drop(columns="entry", errors="ignore"),
        source=number_of.to_numpy(dtype=np.int64),
        notes=(*joined.notes, *(note for found in read for note in _datum_note(found, inputs)), *notes),
        sources=tuple(_sources(study)),
    )


def read_lists(study: Study, inputs: Inputs) -> list[lists.CandidateList]:
    """Return the planner's lists of candidates, each row with the number of its ``entry`` from 1; none without `siting`.

    Raises
    ------
    InputError
        With every problem that stops it, a missing file first.
    """
    if study.siting is None:
        return []
    check_files(study, siting_files(study))
    read = []
    for number, entry in enumerate(study.siting.candidates, start=1):
        if entry.file is not None:
            kept = entry.arguments(*LIST)
            found = lists.read_candidates(
                entry.file,
                zones=inputs.zones,
                crs=inputs.crs,
                works=entry.construction_type or "",
                lang=study.lang,
                **kept,
            )
            read.append(replace(found, candidates=found.candidates.assign(entry=number)))
    return read


def listed_premises(inputs: Inputs) -> tuple[gpd.GeoDataFrame | None, tuple[Note, ...]]:
    """Return the premises that the study's lists offer (`tables.CANDIDATES`), and why there are none although lists are named.

    None where the study names no list, or one cannot be read: nothing but the order of the priority list hangs on it, so that a run goes
    on with a warning.
    """
    try:
        read = read_lists(inputs.study, inputs)
    except InputError as error:
        return None, tuple(
            replace(note, severity="warning") for note in error.notes if isinstance(note, Note)
        )
    if not read:
        return None, ()
    table = join_candidates(read, facilities=inputs.register.facilities).candidates
    offered = table[table["rule"] != "forbidden"].drop(columns="entry", errors="ignore")
    return offered.set_axis(offered.index.astype("str")), ()


#: Entries of a list that its reader takes.
LIST = ("columns", "types", "datum", "layer", "services", "land_codes")


def _generated(entry: CandidateSource, study: Study, inputs: Inputs, graph: WalkGraph) -> Candidates:
    assert entry.generate is not None  # noqa: S101 - the entry names a file or a way
    if entry.generate == "existing":
        kinds = entry.services or [kind for service in study.services.values() for kind in service.facilities]
        known = inputs.register.facilities
        # what stands outside, in a context zone say, is not the study's to enlarge
        return enlargements(known[known["zone_id"].notna()], kinds)
    exclude = None
    if entry.exclude is not None:
        shapes = readers.read_layer(entry.exclude).geometry
        exclude = datum.to_crs(shapes[shapes.notna()], datum=None, crs=inputs.crs)
    inside = inputs.people.demand[~inputs.people.demand["halo"]]
    group = next(iter(study.services.values())).group
    made = generate(
        entry.generate,
        zones=inputs.zones,
        graph=graph,
        people=gpd.GeoDataFrame({"people": inside[group]}, geometry=inside.geometry),
        spacing_m=entry.spacing_m,
        exclude=exclude,
        most=entry.most,
        lang=study.lang,
    )
    held = [tuple(entry.services)] * len(made.candidates)
    return replace(
        made, candidates=made.candidates.assign(services=held, works=entry.construction_type or "new")
    )


def _datum_note(found: lists.CandidateList, inputs: Inputs) -> list[Note]:
    """Return whether the points of a list lie as its datum says, judged by the streets and what they really are in."""
    if not found.declared.notna().any():
        return []
    points = datum.to_crs(found.declared, datum=found.datum, crs=inputs.crs)
    streets = replace(placed_streets(inputs.study, inputs.edges), known=inputs.datums.real[0])
    judged = datum_fit.judge([streets], [datum_fit.Placed(points, found.datum, "list", found.file)])
    return [fit.note() for fit in judged.fits if fit.role == "list"]


def _sources(study: Study) -> Iterator[Source]:
    assert study.siting is not None  # noqa: S101 - the caller asked
    stated = {entry.file: entry for entry in study.siting.candidates}
    for role, file in siting_files(study):
        entry = stated.get(file)
        datum_name = "" if entry is None or isinstance(entry.datum, list) else entry.datum or ""
        note = "" if entry is None else entry.source or ""
        yield readers.source(file, role=role, datum=datum_name, note=note)
