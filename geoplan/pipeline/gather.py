"""From the study file to clean tables: everything that a run needs, read once, with every problem listed."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import geopandas as gpd
import pandas as pd
import shapely
from pyproj import CRS

from geoplan.inputs import (
    boundaries,
    datum,
    elevation,
    facilities,
    population,
    projects,
    readers,
    streets,
)
from geoplan.inputs.candidates.fields import FIELDS as CANDIDATE_FIELDS
from geoplan.inputs.datum import fit as datum_fit
from geoplan.inputs.facilities.fields import FIELDS as REGISTER_FIELDS
from geoplan.inputs.lists.fields import Columns, Fields, recognise
from geoplan.inputs.lists.reporting import ReportedFigures, read_reporting
from geoplan.inputs.lists.rows import open_list
from geoplan.inputs.lists.zone_rows import ZoneSupplies, read_zone_supplies
from geoplan.inputs.projects.fields import FIELDS as PROJECT_FIELDS
from geoplan.inputs.streets.walk_table import NO_FRONTS
from geoplan.inputs.tiles import read_tiles
from geoplan.network import pace
from geoplan.network.crossings import crossings
from geoplan.pipeline.provenance import check_files, input_files, read_packs, sources
from geoplan.standards.packs.read import rules_of
from geoplan.standards.projects.support import rule_words
from geoplan.study.entry import Entry
from geoplan.study.formats import kind_of
from geoplan.study.lists import ProjectList, Register
from geoplan.study.siting import CandidateSource
from geoplan.study.study import Study
from geoplan.study.zones import PARTITION
from geoplan.tables import GROUND, REPORTED, Source, Tiles
from geoplan.words.errors import InputError, Note, raise_errors
from geoplan.words.progress import Stages
from geoplan.words.vocabulary import vocabulary

#: Competing people matter up to two circles out (DESIGN "Halo"); streets must reach one circle further.
HALO_CIRCLES = 2
STREET_CIRCLES = 3
#: Barriers are drawn so far beyond the zones, and bend by less than so many metres without being drawn as a bend.
GROUND_MARGIN_M, GROUND_BEND_M = 3000.0, 5.0

Found = TypeVar("Found")


@dataclass(frozen=True)
class Inputs:
    """What a run works on; tables as `geoplan.tables` describes them.

    `crossings`: places where streets cross without a shared vertex.
    """

    study: Study
    crs: CRS
    zones: gpd.GeoDataFrame
    nodes: pd.DataFrame
    edges: gpd.GeoDataFrame
    register: facilities.Register
    register_types: tuple[str, ...]
    people: population.People
    barriers: gpd.GeoSeries | None
    ground: gpd.GeoDataFrame
    land: gpd.GeoDataFrame | None
    projects: gpd.GeoDataFrame
    zone_supplies: pd.DataFrame | None
    datums: datum_fit.Judgement
    sources: tuple[Source, ...]
    notes: tuple[Note, ...]
    crossings: int = 0
    reported: pd.DataFrame = field(default_factory=REPORTED.empty)
    tiles: Tiles | None = None


def gather(study: Study, *, stages: Stages | None = None) -> Inputs:
    """Read every input of `study`.

    Raises
    ------
    InputError
        With every problem that stops a run.
    """
    stages = stages or Stages()
    check_files(study, input_files(study))
    with stages("zones"):
        crs = study_crs(study)
        zones = read_zones(study, crs)
    with stages("streets"):
        network = read_streets(study, zones.zones, crs)
        costed, cost_notes = walking_costs(study, network)
    with stages("registers"):
        registers = read_registers(study, zones.with_context, crs)
        if zones.context is not None:
            registers = [
                facilities.outside_of_context(register, zones.context.index) for register in registers
            ]
        register_types, silent = silent_registers(study, registers)
        raise_errors(silent, InputError)
        register = facilities.join_registers(registers, year=study.year, crs=crs)
        listed = read_project_lists(study, zones.zones, crs)
        told = read_supplies_by_zone(study, zones.zones)
        reported = read_reported(study)
    barriers = _shapes(study.streets.barriers, crs)
    with stages("people"):
        groups = {name: group.arguments() for name, group in study.population.items()}
        tabled = population.totals_from_tables(zones.zones, groups)
        projected = population.project_groups(tabled.zones, tabled.groups, year=study.year, lang=study.lang)
        context, context_notes = zones.context, list[Note]()
        if context is not None:
            context, context_notes = population.totals_of_context(
                context, groups, year=study.year, lang=study.lang
            )
        people = population.people_on_the_ground(
            projected.zones,
            projected.groups,
            street_points=costed[~costed["highway"].isin(NO_FRONTS)],
            context=context,
            water=_polygons(barriers),
            lang=study.lang,
            halo_m=halo_m(study),
        )
    tiles, tile_notes = _base_tiles(study, zones.zones)
    with stages("datum"):
        judged = judge_datums(study, zones.layers, costed, registers)
    notes = [
        *zones.notes,
        *network.notes,
        *cost_notes,
        *register.notes,
        *silent,
        *listed.notes,
        *(note for table in told for note in table.notes),
        *reported.notes,
        *tabled.notes,
        *projected.notes,
        *context_notes,
        *tile_notes,
        *people.notes,
        *population.notes_on_age(people.groups, study.year),
        *judged.notes,
    ]
    marks = {
        "edge": zones.zones.index.isin(people.edge_zones) | zones.zones["edge"],
        "border": boundaries.leads_out(zones.zones, costed, within_m=circle_m(study)),
        "without_raster": people.without_raster,
        "people_unknown": people.unknown,
        "covered_share": people.covered,
    }
    return Inputs(
        study=study,
        crs=crs,
        zones=projected.zones.assign(**marks),
        nodes=network.nodes,
        edges=costed,
        register=register,
        register_types=register_types,
        people=people,
        barriers=barriers,
        ground=ground_shapes(barriers, network.ground, zones.zones),
        land=_land(study, crs),
        projects=listed.projects,
        zone_supplies=pd.concat([table.table for table in told], ignore_index=True) if told else None,
        reported=reported.table,
        datums=judged,
        sources=sources(study),
        notes=tuple(notes),
        crossings=network.crossings,
        tiles=tiles,
    )


def _base_tiles(study: Study, zones: gpd.GeoDataFrame) -> tuple[Tiles | None, list[Note]]:
    """Return the tiles beneath the map: those of a server as the study names them, those of an archive as they are read."""
    own = study.map
    if not isinstance(own.tiles, Path):
        return own.base_tiles(), []
    return read_tiles(own.tiles, zones, attribution=own.attribution or "", max_zoom=own.max_zoom)


def study_crs(study: Study) -> CRS:
    """Return the metric CRS in which `study` is computed: the stated one if it fits its zones, else the one that does."""
    bounds = [
        boundaries.layer_bounds(
            layer.file,
            id=layer.id,
            h3=layer.h3,
            **layer.arguments("datum", "layer", "encoding"),
        )
        for layer in study.zones
        if layer.file is not None and layer.role == "study"
    ]
    known = [b for b in bounds if b is not None]
    if not known:
        raise InputError(Note.of("zones_no_geometry", file=str(study.path), severity="error"))
    west, south, east, north = zip(*known, strict=True)
    whole = (min(west), min(south), max(east), max(north))
    return (
        datum.metric_crs(whole)
        if study.crs is None
        else datum.stated_crs(study.crs, whole, file=str(study.path))
    )


def read_zones(study: Study, crs: CRS) -> boundaries.Zones:
    """Return the zones of every level: those of files, then those that are made by joining finer ones of their role."""
    of_files = [layer for layer in study.zones if layer.file is not None]
    read = [_read(boundaries.read_zone_layer, layer, crs=crs, year=study.year) for layer in of_files]
    made = []
    for entry in study.zones:
        if entry.from_level is not None:
            beside = {layer.level for layer in study.zones if layer.role == entry.role}
            levels = [level for level in PARTITION if level in beside]
            mine = [layer.level == entry.from_level and layer.role == entry.role for layer in read]
            finer = [layer for layer, is_mine in zip(read, mine, strict=True) if is_mine]
            joined, named = boundaries.join_zones(finer, **entry.arguments("level", "by", "parent", "kind"))
            made.append(joined)
            if levels.index(entry.from_level) == levels.index(entry.level) + 1:
                told = iter(named)
                read = [next(told) if is_mine else layer for layer, is_mine in zip(read, mine, strict=True)]
    return boundaries.assemble_zones(
        [*read, *made], area_name=study.name, context_m=STREET_CIRCLES * circle_m(study)
    )


def read_streets(
    study: Study, zones: gpd.GeoDataFrame, crs: CRS, *, join: streets.Join | None = None
) -> streets.Streets:
    """Return the streets that matter to the study area: those within three circles of it.

    `join` stands for the study's own where it is given.
    """
    entry = study.streets
    if entry.file is None:
        note = Note.of("streets_not_downloaded", file=str(study.path), place=entry.place, severity="error")
        raise InputError(note)
    around = shapely.box(*zones.total_bounds).buffer(STREET_CIRCLES * circle_m(study), join_style="mitre")
    wanted = entry.arguments(
        "classes", "walk", "private", "gates", "gate_states", "datum", "layer", "join", "components", "at"
    )
    if join is not None:
        wanted["join"] = join
    return streets.read_streets(entry.file, crs=crs, area=around, **wanted)


def walking_costs(study: Study, network: streets.Streets) -> tuple[gpd.GeoDataFrame, tuple[Note, ...]]:
    """Return the edges with what it costs to walk them: slope, steps, crossings."""
    slope, delays, ferry = study.streets.slope, study.streets.delays, study.streets.ferry
    profiles = None if slope is None else elevation.profiles(network.edges, slope.file)
    costed = pace.walking_costs(
        network.nodes,
        network.edges,
        crossing_seconds=delays.crossing_seconds,
        steps_factor=delays.steps_factor,
        profiles=profiles,
        slope_rule="tobler" if slope is None else slope.rule,
        ferry_kmh=None if ferry is None else ferry.kmh,
        ferry_wait_seconds=0.0 if ferry is None else 60.0 * ferry.wait_minutes,
    )
    notes = () if profiles is None else profiles.notes
    return costed, (*notes, *crossing_notes(study, network), *ferry_notes(costed))


def ferry_notes(edges: gpd.GeoDataFrame) -> tuple[Note, ...]:
    """Say which ferries cannot be taken, because nobody says how long they take."""
    shut = edges[["fixed_fwd_s", "fixed_bwd_s"]].eq(float("inf")).all(axis=1)
    lost = edges[shut & (edges["highway"] == "ferry")]
    if lost.empty:
        return ()
    words: dict[str, Any] = {"edges": f"{len(lost):,}", "km": f"{streets.walkable_m(lost) / 1000:,.1f}"}
    return (Note.of("ferries_without_time", **words),)


def crossing_notes(study: Study, network: streets.Streets) -> tuple[Note, ...]:
    """Say, where crossings cost something, at how many of them the streets hold no way over the road."""
    if not study.streets.delays.crossing_seconds or study.streets.file is None:
        return ()
    found = crossings(network.nodes, network.edges)
    severity = "warning" if found.without_way or not found.tagged else "info"
    words: dict[str, Any] = {"crossings": f"{found.tagged:,}", "without": f"{found.without_way:,}"}
    return (Note.of("crossings_without_way", file=study.streets.file.name, severity=severity, **words),)


def _read(reader: Callable[..., Found], entry: Entry, **more: Any) -> Found:  # noqa: ANN401 - what the reader takes
    """Return what a reader makes of the file that an entry of the study names, with all else that the entry gives."""
    given = entry.arguments()
    return reader(given.pop("file"), **more, **given)


def read_registers(study: Study, zones: gpd.GeoDataFrame, crs: CRS) -> list[facilities.Register]:
    """Return every register."""
    return [_read(facilities.read_register, entry, zones=zones, crs=crs) for entry in study.registers()]


def silent_registers(
    study: Study, registers: Iterable[facilities.Register]
) -> tuple[tuple[str, ...], list[Note]]:
    """Return the facility types of which the registers say how many there are, and a note for every register that says nothing.

    One without a row, or of which no row could be understood, does not say that there is none: what its types offer is unknown. That
    stops a study whose services need them; rules find no data.
    """
    notes, told, silent = [], set[str](study.register_types()), set[str]()
    for entry, register in zip(study.registers(), registers, strict=True):
        if (register.fates["end"] == "unknown_type").all():  # as for no row
            kinds = set(entry.kinds())
            needed = [name for name, service in study.services.items() if kinds & set(service.facilities)]
            severity = "error" if needed or not kinds else "warning"
            types, services = (", ".join(names) or "–" for names in (entry.kinds(), needed))
            words = {"rows": len(register.fates), "types": types, "services": services}
            notes.append(Note("register_silent", register.file, None, "", words, severity))
            silent |= kinds
    return tuple(sorted(told - silent)), notes


def read_project_lists(study: Study, zones: gpd.GeoDataFrame, crs: CRS) -> projects.ProjectList:
    """Return all lists of planned projects as one; the indicators that they name are those of the study's packs."""
    if not study.projects:
        return projects.join_projects([], crs=crs)
    words = rule_words(rules_of(read_packs(study)))
    more = {"zones": zones, "crs": crs, "indicators": words}
    lists = [_read(projects.read_projects, entry, **more) for entry in study.projects]
    return projects.join_projects(lists, crs=crs)


def read_supplies_by_zone(study: Study, zones: gpd.GeoDataFrame) -> list[ZoneSupplies]:
    """Return the supplies without a point that tables give by zone."""
    tables = []
    for table in study.zone_supplies:
        entry = table.arguments()
        tables.append(
            read_zone_supplies(
                entry.pop("file"),
                zones=zones,
                columns=entry.pop("supplies"),
                known=vocabulary("supplies"),
                **entry,
            )
        )
    return tables


def read_reported(study: Study) -> ReportedFigures:
    """Return what departments report: the entries of the study first, then its workbooks; of one period the first counts."""
    own = [
        {"rule_id": told.rule, **told.arguments("value", "by", "period"), "adopt": told.adopt or "", "reason": told.reason or "", "source": ""}
        for told in study.reported
    ]  # fmt: skip
    tables, notes = [pd.DataFrame(own, columns=list(REPORTED))], list[Note]()
    if study.reporting:
        rules = rules_of(read_packs(study), switched_on=study.switch_on)
        shares = {rule.rule_id: rule.value_format == "percent" for rule in rules}
        leads = {rule.rule_id: rule.lead for rule in rules}
        for entry in study.reporting:
            found = read_reporting(entry.file, shares=shares, leads=leads)
            tables.append(found.table)
            notes += found.notes
    return ReportedFigures(REPORTED.joined(tables), tuple(notes))


def judge_datums(
    study: Study,
    layers: Sequence[boundaries.ZoneLayer],
    edges: gpd.GeoDataFrame,
    registers: Iterable[facilities.Register],
) -> datum_fit.Judgement:
    """Return under which datum streets, boundaries and registers lie best on each other."""
    placed = [placed_streets(study, edges)]
    # layers of files stand first; a level that is made of a finer one has its lines and says nothing of its own
    of_files = [entry for entry in study.zones if entry.file is not None]
    for entry, layer in zip(of_files, layers, strict=False):
        if not entry.h3 and entry.file is not None and kind_of(entry.file) != "table":
            shapes = layer.zones.geometry.set_axis(f"{layer.level}/" + layer.zones["code"])
            stated = entry.arguments().get("datum")
            placed.append(datum_fit.Placed(shapes, stated, layer.level, layer.file, entry.source or ""))
    lists = []
    for listed, register in zip(study.registers(), registers, strict=True):
        if kind_of(register.file) != "osm" and register.declared.notna().any():
            points = datum.to_crs(register.declared, datum=register.datum, crs=edges.crs)
            told = datum_fit.Placed(points, register.datum, "list", register.file, listed.source or "")
            lists.append(replace(told, named_districts=register.districts))
    return datum_fit.judge(placed, lists)


def placed_streets(study: Study, edges: gpd.GeoDataFrame) -> datum_fit.Placed:
    """Return the streets as the judgement of datums takes them; OpenStreetMap's own files are WGS 84."""
    entry = study.streets
    stated, file = entry.arguments("datum").get("datum"), entry.file or Path(str(entry.place))
    known = "wgs84" if stated is None and kind_of(file) in ("osm", "graph") else ""
    lines = edges.geometry[edges.geometry.length > 0]
    return datum_fit.Placed(lines, stated, "streets", file.name, entry.source or "", known)


def _shapes(file: Path | None, crs: CRS) -> gpd.GeoSeries | None:
    """Return the geometry of a layer in the study's CRS; None without a file."""
    if file is None:
        return None
    shapes = readers.read_layer(file).geometry
    return datum.to_crs(shapes[shapes.notna()], datum=None, crs=crs)


def _polygons(shapes: gpd.GeoSeries | None) -> gpd.GeoSeries | None:
    """Return the polygons of a layer of barriers, where nobody lives; None without a layer."""
    return None if shapes is None else shapes[shapes.geom_type.isin(["Polygon", "MultiPolygon"])]


def ground_shapes(
    barriers: gpd.GeoSeries | None, of_streets: gpd.GeoDataFrame, zones: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """Return the quiet base of maps (`GROUND`): what the file of streets holds, and barriers near the zones, polygons as water."""
    found = [of_streets, _barrier_shapes(barriers, zones)]
    held = [table for table in found if len(table)]
    if not held:
        return GROUND.empty_shapes(zones.crs)
    return gpd.GeoDataFrame(pd.concat(held, ignore_index=True), crs=zones.crs)


def _barrier_shapes(barriers: gpd.GeoSeries | None, zones: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    if barriers is None:
        return GROUND.empty_shapes(zones.crs)
    around = shapely.box(*zones.total_bounds).buffer(GROUND_MARGIN_M)
    parts = barriers[barriers.intersects(around)].simplify(GROUND_BEND_M).explode(index_parts=False)
    parts = parts[parts.geom_type.isin(["Polygon", "LineString"])].reset_index(drop=True)
    kinds = parts.geom_type.map({"Polygon": "water", "LineString": "barrier"}).astype(object)
    return gpd.GeoDataFrame({"kind": kinds}, geometry=parts, crs=zones.crs)


def _land(study: Study, crs: CRS) -> gpd.GeoDataFrame | None:
    """Return residential land in the study's CRS; None without a layer."""
    if study.land is None:
        return None
    entry = study.land.arguments()
    shapes = readers.read_layer(entry["file"], layer=entry.get("layer")).geometry
    return gpd.GeoDataFrame(geometry=datum.to_crs(shapes[shapes.notna()], datum=entry.get("datum"), crs=crs))


def halo_m(study: Study) -> float:
    """Return how far outside of the study area people still compete for supply, metres."""
    return HALO_CIRCLES * circle_m(study)


def circle_m(study: Study) -> float:
    """Return the radius of the study's widest circle in metres of walking."""
    return max(service.walk_m for service in study.measured_services().values())


def recognised_columns(study: Study) -> list[tuple[str, Path, Columns]]:
    """Return what is recognised of the columns of every list of `study`: its part of the study, its file, and the columns.

    Raises
    ------
    InputError
        If a list cannot be read, or a mapping names a column or field that there is not.
    """
    candidates = study.siting.candidates if study.siting is not None else []
    entries: list[tuple[str, Register | ProjectList | CandidateSource, Fields]] = [
        *(("facilities", entry, REGISTER_FIELDS) for entry in study.registers()),
        *(("projects", entry, PROJECT_FIELDS) for entry in study.projects),
        *(("siting.candidates", entry, CANDIDATE_FIELDS) for entry in candidates),
    ]
    found = []
    for part, entry, fields in entries:
        if entry.file is not None and kind_of(entry.file) != "osm":
            headers = [str(header) for header in open_list(entry.file, entry.layer).table.columns]
            columns = recognise(headers, fields, mapped=entry.columns, file=entry.file.name)
            found.append((part, entry.file, columns))
    return found
