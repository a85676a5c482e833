"""From the study file to clean tables: everything that a run needs, read once, with every problem listed."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from pyproj import CRS

from geoplan.entries import Entry
from geoplan.errors import InputError, Note
from geoplan.inputs import boundaries, datum, datum_fit, elevation, facilities, population, readers, streets
from geoplan.network import pace
from geoplan.progress import Stages
from geoplan.standards.packs import Pack, read_pack
from geoplan.study import Study
from geoplan.tables import Source

#: Competing people matter up to two circles out (DESIGN "Halo"); streets must reach one circle further.
HALO_CIRCLES = 2
STREET_CIRCLES = 3


@dataclass(frozen=True)
class Inputs:
    """What a run works on; tables as `geoplan.tables` describes them."""

    study: Study
    crs: CRS
    zones: gpd.GeoDataFrame
    nodes: pd.DataFrame
    edges: gpd.GeoDataFrame
    register: facilities.Register
    people: population.People
    barriers: gpd.GeoSeries | None
    land: gpd.GeoDataFrame | None
    fits: tuple[datum_fit.DatumFit, ...]
    sources: tuple[Source, ...]
    notes: tuple[Note, ...]


def gather(study: Study, *, stages: Stages | None = None) -> Inputs:
    """Read every input of `study`.

    Parameters
    ----------
    study
        As `geoplan.read_study` gives it.
    stages
        Told of each stage and its seconds.

    Raises
    ------
    InputError
        With every problem that stops a run.
    """
    stages = stages or Stages()
    _check_files(study)
    with stages("zones"):
        crs = study_crs(study)
        zones = read_zones(study, crs)
    with stages("streets"):
        network = read_streets(study, zones.zones, crs)
        costed, cost_notes = walking_costs(study, network)
    with stages("registers"):
        registers = read_registers(study, zones.zones, crs)
        register = facilities.join_registers(registers, year=study.year)
    with stages("people"):
        groups = {name: _plain(group, study) for name, group in study.population.items()}
        projected = population.project_groups(zones.zones, groups, year=study.year, lang=study.lang)
        people = population.people_on_the_ground(
            projected.zones,
            projected.groups,
            street_points=costed,
            lang=study.lang,
            halo_m=HALO_CIRCLES * circle_m(study),
        )
    with stages("datum"):
        fits = datum_fits(study, zones.zones, costed, registers)
    notes = [
        *zones.notes,
        *network.notes,
        *cost_notes,
        *register.notes,
        *projected.notes,
        *people.notes,
        *(fit.note() for fit in fits),
    ]
    edge = zones.zones.index.isin(people.edge_zones) | zones.zones["edge"]
    return Inputs(
        study=study,
        crs=crs,
        zones=projected.zones.assign(edge=edge),
        nodes=network.nodes,
        edges=costed,
        register=register,
        people=people,
        barriers=_shapes(study, study.streets.barriers, crs),
        land=_land(study, crs),
        fits=fits,
        sources=sources(study),
        notes=tuple(notes),
    )


def study_crs(study: Study) -> CRS:
    """Return the metric CRS in which `study` is computed: the stated one, else the one that fits its zones."""
    if study.crs is not None:
        return CRS.from_user_input(study.crs)
    bounds = [
        boundaries.layer_bounds(
            study.resolve(layer.file),
            id=layer.id,
            h3=layer.h3,
            **_plain(layer, study, "datum", "layer", "encoding"),
        )
        for layer in study.zones
    ]
    known = [b for b in bounds if b is not None]
    if not known:
        raise InputError(Note.of("zones_no_geometry", file=str(study.path), severity="error"))
    west, south, east, north = zip(*known, strict=True)
    return datum.metric_crs((min(west), min(south), max(east), max(north)))


def read_zones(study: Study, crs: CRS) -> boundaries.Zones:
    """Return the zones of every level."""
    layers = []
    for layer in study.zones:
        entry = _plain(layer, study)
        layers.append(boundaries.read_zone_layer(entry.pop("file"), crs=crs, **entry))
    return boundaries.assemble_zones(layers, area_name=study.name)


def read_streets(study: Study, zones: gpd.GeoDataFrame, crs: CRS) -> streets.Streets:
    """Return the streets that matter to the study area: those within three circles of it."""
    entry = study.streets
    if entry.file is None:
        note = Note.of("streets_not_downloaded", file=str(study.path), place=entry.place, severity="error")
        raise InputError(note)
    around = shapely.box(*zones.total_bounds).buffer(STREET_CIRCLES * circle_m(study), join_style="mitre")
    wanted = _plain(entry, study, "classes", "walk", "private", "gates", "gate_states", "datum", "layer")
    return streets.read_streets(study.resolve(entry.file), crs=crs, area=around, **wanted)


def walking_costs(study: Study, network: streets.Streets) -> tuple[gpd.GeoDataFrame, tuple[Note, ...]]:
    """Return the edges with what it costs to walk them: slope, steps, crossings."""
    slope, delays = study.streets.slope, study.streets.delays
    profiles = None if slope is None else elevation.profiles(network.edges, study.resolve(slope.file))
    costed = pace.walking_costs(
        network.nodes,
        network.edges,
        crossing_seconds=delays.crossing_seconds,
        steps_factor=delays.steps_factor,
        profiles=profiles,
        slope_rule="tobler" if slope is None else slope.rule,
    )
    return costed, () if profiles is None else profiles.notes


def read_registers(study: Study, zones: gpd.GeoDataFrame, crs: CRS) -> list[facilities.Register]:
    """Return every register."""
    read = []
    for register in study.facilities:
        entry = _plain(register, study)
        read.append(facilities.read_register(entry.pop("file"), zones=zones, crs=crs, **entry))
    return read


def datum_fits(
    study: Study, zones: gpd.GeoDataFrame, edges: gpd.GeoDataFrame, registers: Iterable[facilities.Register]
) -> tuple[datum_fit.DatumFit, ...]:
    """Return under which datum each zone layer's boundaries and each register's points lie best on the streets."""
    lines = edges.geometry[edges.geometry.length > 0]
    layers = {
        str(level): group.geometry
        for level, group in zones.groupby("level", sort=False)
        if level != "area" and group.geometry.notna().any()
    }
    fits = []
    shifted = set()
    for layer in study.zones:
        path = study.resolve(layer.file)
        if layer.h3 or readers.is_table(path):
            continue
        fit = datum_fit.fit_polygons(
            readers.read_layer(path, layer=layer.layer, encoding=layer.encoding).geometry,
            street_geometry=lines,
            declared=_plain(layer, study).get("datum"),
            others={level: shapes for level, shapes in layers.items() if level != layer.level},
            file=path.name,
        )
        fits.append(fit)
        shifted |= {layer.level} if fit.verdict == "looks_like" else set()
    # the district that a row names helps to tell, unless the districts themselves lie wrong
    districts = None if "district" in shifted else layers.get("district")
    for entry, register in zip(study.facilities, registers, strict=True):
        if entry.file.endswith(OSM_ENDINGS) or not register.declared.notna().any():
            continue
        fits.append(
            datum_fit.fit_points(
                register.declared,
                street_geometry=lines,
                declared=register.datum,
                named_districts=None if districts is None else register.districts,
                districts=districts,
                file=Path(entry.file).name,
            )
        )
    return tuple(fits)


def sources(study: Study) -> tuple[Source, ...]:
    """Return every input file with its checksum, as the sources sheet prints it."""
    stated: dict[str | None, tuple[str, str]] = {}
    for layer in study.zones:
        stated[layer.file] = (_datum_name(layer.datum), layer.source or "")
    for register in study.facilities:
        stated.setdefault(register.file, (_datum_name(register.datum), register.source or ""))
    stated.setdefault(study.streets.file, (_datum_name(study.streets.datum), study.streets.source or ""))
    for group in study.population.values():
        for _, file in _paths(group, "population"):
            stated[file] = ("", group.source or "")
    return tuple(
        readers.source(study.resolve(file), role=role, datum=datum_name, note=note)
        for role, file in input_files(study)
        for datum_name, note in [stated.get(file, ("", ""))]
    )


def parameters(study: Study) -> pd.DataFrame:
    """Return the study as it runs, one row an entry: ``entry, value, unit, given`` (False: a default)."""
    rows = [
        (name, str(value), unit, given)
        for name, value, given in _entries(study, "")
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
            yield from _entries(
                inner, f"{name}.{key}".lstrip("."), given=given and key in value.model_fields_set
            )
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _entries(inner, f"{name}.{key}", given=given)
    elif isinstance(value, list) and any(isinstance(item, Entry) for item in value):
        for position, inner in enumerate(value):
            yield from _entries(inner, f"{name}.{position}", given=given)
    else:
        shown = ", ".join(map(str, value)) if isinstance(value, list) else value
        yield name, shown if shown != "" else None, given


def _datum_name(entry: object) -> str:
    return "local grid" if isinstance(entry, list) else str(entry or "")


def _shapes(study: Study, file: str | None, crs: CRS) -> gpd.GeoSeries | None:
    """Return the geometry of a layer in the study's CRS; None without a file."""
    if file is None:
        return None
    shapes = readers.read_layer(study.resolve(file)).geometry
    return datum.to_crs(shapes[shapes.notna()], datum=None, crs=crs)


def _land(study: Study, crs: CRS) -> gpd.GeoDataFrame | None:
    """Return residential land in the study's CRS; None without a layer."""
    if study.land is None:
        return None
    entry = _plain(study.land, study)
    shapes = readers.read_layer(entry["file"], layer=entry.get("layer")).geometry
    return gpd.GeoDataFrame(geometry=datum.to_crs(shapes[shapes.notna()], datum=entry.get("datum"), crs=crs))


def circle_m(study: Study) -> float:
    """Return the radius of the study's widest circle in metres of walking."""
    return max(service.walk_minutes * service.walk_kmh / 0.06 for service in study.services.values())


def _plain(entry: Entry, study: Study, *names: str) -> dict[str, Any]:
    """Return an entry of the study as plain values that a stage takes, its paths resolved; `names` picks some."""

    def resolved(name: str, value: Any) -> Any:  # noqa: ANN401 - whatever the study holds
        if isinstance(value, dict):
            return {key: resolved(key, inner) for key, inner in value.items()}
        return study.resolve(value) if name in PATHS and isinstance(value, str) else value

    values = entry.model_dump(exclude_none=True)
    wanted = names or [name for name in values if name != "source"]
    return {name: resolved(name, value) for name, value in values.items() if name in wanted}


def _paths(entry: object, role: str) -> Iterator[tuple[str, str]]:
    """Yield the role and path of every input file that an entry of the study names."""
    if isinstance(entry, Entry):
        for name, value in entry:
            if name in PATHS and isinstance(value, str):
                yield role, value
            elif name != "packs":
                yield from _paths(value, role)
    elif isinstance(entry, dict):
        for value in entry.values():
            yield from _paths(value, role)
    elif isinstance(entry, list):
        for value in entry:
            yield from _paths(value, role)


def input_files(study: Study) -> list[tuple[str, str]]:
    """Return the role (``zones``, ``streets``, ``population`` …) and path of every input file, each once."""
    named = [pair for part in ROLES for pair in _paths(getattr(study, part), part)]
    named += [("pack", name) for name in study.packs if _is_file(name)]
    return list(dict.fromkeys(named))


def read_packs(study: Study) -> list[Pack]:
    """Return the packs of rules that `study` names: shipped ones, and the planner's own files.

    Raises
    ------
    PackError
        If there is no such pack, or a file has wrong entries.
    """
    return [read_pack(study.resolve(name) if _is_file(name) else name) for name in study.packs]


def _is_file(pack: str) -> bool:
    return pack.endswith((".yaml", ".yml"))


def _check_files(study: Study) -> None:
    """Raise one error that names every missing file."""
    missing = [
        Note.of("file_missing", file=file, severity="error")
        for _, file in input_files(study)
        if not study.resolve(file).exists()
    ]
    if missing:
        raise InputError(*missing)


#: Units of parameters by the end of their names.
UNITS = {"_minutes": "min", "_kmh": "km/h", "_m": "m", "_ms": "m/s", "_seconds": "s", "flag_share": "0-1"}
OSM_ENDINGS = (".pbf", ".osm")
#: Parts of the study that name input files, and the entries that are paths.
ROLES = ("zones", "streets", "population", "facilities", "land")
PATHS = ("file", "raster", "over", "barriers", "lookup", "accepted", "women")
