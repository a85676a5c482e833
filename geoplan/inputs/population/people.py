"""People on the ground: who lives where, from rasters, given totals, rates and streets.

1. exactextract splits raster cells over the finest zones; an overlap belongs to the smaller zone.
2. Where totals are given, cells are raked to them: the raster only says where inside a zone its people live.
3. A total without cells goes along the zone's streets, else to a point in it, and that is said.
4. Groups that are a part of another take a rate: a number, or one raster over another; 0/0 takes the zone's rate, then
   its parent's.
5. Cells outside the study area, up to the halo's width, are scaled like the nearest zone and enter no sum; people of context zones
   are counted as those of the study are, and enter no sum either. Where neither says who lives outside, people are assumed there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoplan.inputs.boundaries import COVERED_ENOUGH, covered_notes
from geoplan.inputs.boundaries.checks import listing, zone_codes
from geoplan.inputs.population.covered import covered_shares
from geoplan.inputs.population.figures import (
    Spread,
    on_streets,
    own_figures,
    part_of,
    spread_apart,
    street_metres,
    sums,
)
from geoplan.inputs.population.grids import (
    Cut,
    cut_grid,
    estates,
    joined,
    part_points,
    part_shares,
    point_shares,
)
from geoplan.inputs.population.outside import ASSUMED, assumed_outside
from geoplan.inputs.population.places import (
    Amounts,
    Block,
    StudyArea,
    extent_of,
    from_cut,
    from_streets,
    near_own,
    of_zones,
    partition,
    without_raster,
    zone_areas,
)
from geoplan.inputs.population.rasters import (
    MAX_PER_KM2,
    Raster,
    RasterParts,
    files_text,
    raster_parts,
    read_raster,
)
from geoplan.tables import outdated
from geoplan.words.catalogue import catalogue, phrase
from geoplan.words.errors import InputError, Note, raise_errors
from geoplan.words.labels import label

Floats = NDArray[np.float64]
Group = Mapping[str, Any]


@dataclass(frozen=True)
class People:
    """Where people are.

    Parameters
    ----------
    demand
        Demand points (`tables.DEMAND`), numbered by ``demand_id`` in the order of zones and cells, the halo last; ``source``, ``cell``
        and ``zone_id`` name a point from run to run.
    overlay
        ``demand_id, zone_id, share``: the part (0-1) of a point's people in each estate.
    groups
        Indexed by group: ``label, basis, year, total`` (inside the study area), ``expected`` (in the study's year), ``source``.
    notes
        What was found.
    edge_zones
        Finest zones within the halo's width of where the data on people end and nobody could be assumed for want of streets.
    without_raster
        Share (0-1) of each zone's area that some raster does not cover, by zone_id; NaN without rasters or polygon.
    unknown
        Groups whose people in a zone are not known, a tuple by zone_id: no verdict stands on them.
    covered
        Share (0-1) of each zone's people, else of its land, that finest-level zones hold, by zone_id.
    """

    demand: gpd.GeoDataFrame
    overlay: pd.DataFrame
    groups: pd.DataFrame
    notes: tuple[Note, ...]
    edge_zones: tuple[str, ...]
    without_raster: pd.Series
    unknown: pd.Series
    covered: pd.Series


def people_on_the_ground(
    zones: gpd.GeoDataFrame,
    groups: Mapping[str, Group],
    *,
    halo_m: float,
    street_points: gpd.GeoDataFrame | None = None,
    context: gpd.GeoDataFrame | None = None,
    water: gpd.GeoSeries | None = None,
    lang: str = "zh",
) -> People:
    """Return demand points with the people of every group.

    Parameters
    ----------
    zones
        Table of zones (see `tables.ZONES`), rows in any order.
    groups
        Group -> its entries as in the study file (``raster, rake_to, spread, of, rate, people_per_household, street_m,
        basis, year, study_year_total, projected``), paths resolved; absent ones may be missing or None.
    halo_m
        Width around the study area in which people compete for supply, metres; 0 for none.
    street_points
        Street lines, or points with ``metres``, metric CRS: where totals without cells go, and what ``street_m`` counts.
    context
        Neighbouring zones (`boundaries.Zones.context`) with totals as those of the study have; None without any.
    water
        Polygons where nobody lives, metric CRS: no land of a zone whose cover by finest-level zones is measured by land.
    lang
        Language of labels and sources (``zh``, ``en``).

    Raises
    ------
    InputError
        Listing every problem: groups that depend on each other in a circle or on none, rasters that cannot be used,
        levels without totals, rates outside 0-1 (with the places).
    """
    order = order_of_dependence(groups)
    here = partition(zones, halo_m=halo_m, context=context)
    rasters, notes = _read(groups, here)
    uncovered, ends = _uncovered(here, list(rasters.values()))
    notes += ends
    blocks = {block.name: block for block in _cut_all(rasters, here)}

    # groups with figures of their own: cells, raked to totals; what has no cells is kept apart
    amounts: dict[str, Amounts] = {}
    apart: dict[str, list[Spread]] = {}
    unknown: dict[str, NDArray[np.int64]] = {}
    for name in order:
        if groups[name].get("of") is None:
            made = own_figures(name, groups[name], here, blocks, rasters)
            amounts[name], apart[name], unknown[name] = made.amounts, made.spreads, made.unknown
            notes += made.notes
    raise_errors(notes, InputError)

    # what has no cells goes along streets, else to points
    street_m = [name for name in order if groups[name].get("street_m")]
    if street_m and street_points is None:
        raise InputError(*(Note.of("streets_not_given", severity="error", group=name) for name in street_m))
    wanted = on_streets(apart) if not street_m else np.arange(len(here.ids))
    if street_points is not None and len(wanted):
        halo = halo_m if street_m else 0.0
        blocks["streets"] = from_streets(street_points, here.shapes.to_numpy(), wanted, halo_m=halo)
    blocks["points"] = of_zones(here)
    for name in street_m:
        amounts[name] = street_metres(blocks)
    for name, spreads in apart.items():
        notes += spread_apart(name, spreads, amounts[name], here, blocks)

    # of whom nothing is known
    with_figures = {name: groups[name] for name in order if groups[name].get("of") is None}
    outside = assumed_outside(with_figures, here, street_points, blocks, amounts, rasters, unknown)
    if outside.block is not None:
        blocks[ASSUMED] = outside.block
    for name, people in outside.amounts.items():
        amounts[name][ASSUMED] = people
    notes += outside.notes

    # groups that are a part of another
    for name in order:
        if groups[name].get("of") is not None:
            amounts[name], found = part_of(name, groups[name], amounts, here, blocks, rasters)
            unknown[name] = unknown[groups[name]["of"]]
            notes += found
    raise_errors(notes, InputError)

    demand, shares = _demand({name: amounts[name] for name in groups}, blocks, here)
    table = _groups_table(groups, demand, lang)
    covered = covered_shares(here, _over_all_levels(groups, here), water)
    notes += covered_notes(zones.assign(covered_share=covered))
    return People(
        demand, shares, table, tuple(notes), outside.edge_zones, uncovered, _unknown(unknown, here), covered
    )


def notes_on_age(groups: pd.DataFrame, year: int) -> list[Note]:
    """Return a warning for each year of figures that are much older than the study's."""
    old = outdated(groups, year)
    return [
        Note.of("group_old", group=", ".join(old.index[old == of]), of=of, year=year, years=year - of)
        for of in sorted(set(old.tolist()))
    ]


def order_of_dependence(groups: Mapping[str, Group]) -> list[str]:
    """Return the groups so that each stands after the one that it is a part of.

    Raises
    ------
    InputError
        If a group is a part of one that is not there, or groups depend on each other in a circle.

    Examples
    --------
    >>> order_of_dependence({"elders_60": {"of": "residents", "rate": 0.2}, "residents": {"street_m": True}})
    ['residents', 'elders_60']
    """
    notes = [
        Note.of("group_unknown", severity="error", group=name, of=group["of"])
        for name, group in groups.items()
        if group.get("of") is not None and group["of"] not in groups
    ]
    raise_errors(notes, InputError)
    done: list[str] = []
    while len(done) < len(groups):
        ready = [n for n, g in groups.items() if n not in done and (g.get("of") is None or g["of"] in done)]
        if not ready:
            circle = ", ".join(name for name in groups if name not in done)
            raise InputError(Note.of("group_circle", severity="error", groups=circle))
        done += ready
    return done


# --- files ----------------------------------------------------------------------------------------------------------


def _rasters_of(group: Group) -> list[RasterParts]:
    """Return the rasters that a group names."""
    rate = group.get("rate")
    of_rate = [rate["raster"], rate["over"]] if isinstance(rate, Mapping) else []
    return [raster_parts(entry) for entry in (group.get("raster"), *of_rate) if entry is not None]


def _read(groups: Mapping[str, Group], here: StudyArea) -> tuple[dict[RasterParts, Raster], list[Note]]:
    """Return every raster by its files, in one window, and what was found; all that is wrong with them in one error."""
    levels = {group["rake_to"] for group in groups.values() if group.get("rake_to") in here.level_ids}
    around = here.bounds(sorted(levels))
    limits: dict[RasterParts, float] = {}
    for group in groups.values():
        for parts in _rasters_of(group):
            limits[parts] = max(limits.get(parts, 0.0), group.get("max_per_km2") or MAX_PER_KM2)
    rasters: dict[RasterParts, Raster] = {}
    notes: list[Note] = []
    for parts, limit in limits.items():
        try:
            rasters[parts], found = read_raster(parts, around, here.crs, max_per_km2=limit)
            notes += found
        except InputError as error:
            notes += [note for note in error.notes if isinstance(note, Note)]
    raise_errors(notes, InputError)
    return rasters, notes


def _over_all_levels(groups: Mapping[str, Group], here: StudyArea) -> Raster | None:
    """Return the first raster of people in a window that holds the zones of all levels; None where no zone is partly covered."""
    named = [group for group in groups.values() if group.get("raster") is not None]
    if not named or (here.zones["covered_share"] >= 1).all():
        return None
    limit = named[0].get("max_per_km2") or MAX_PER_KM2
    levels = [level for level in here.level_ids if level != "area"]
    return read_raster(raster_parts(named[0]["raster"]), here.bounds(levels), here.crs, max_per_km2=limit)[0]


def _cut_all(rasters: Mapping[RasterParts, Raster], here: StudyArea) -> list[Block]:
    """Return each grid cut by the finest zones; rasters on one grid share it."""
    blocks = []
    for number, grid in enumerate(dict.fromkeys(raster.grid for raster in rasters.values())):
        same = [raster for raster in rasters.values() if raster.grid == grid]
        peopled = np.any([raster.values > 0 for raster in same], axis=0)
        cut = cut_grid(grid, here.shapes, halo_m=here.halo_m, peopled=peopled)
        blocks.append(from_cut(f"grid {number}", cut, min(same, key=lambda raster: raster.file)))
    return blocks


def _uncovered(here: StudyArea, rasters: Sequence[Raster]) -> tuple[pd.Series, list[Note]]:
    """Return the largest share of each zone's area that a raster leaves out, and which finest zones lack more than is let pass."""
    largest, notes = pd.Series(np.nan, here.zones.index), list[Note]()
    for raster in rasters:
        share = without_raster(here.zones, extent_of(raster, here.crs))
        largest = largest.combine(share, np.fmax)
        own = share[here.ids[: here.n_own]]
        lacking = own[own > 1 - COVERED_ENOUGH]
        zones = [f"{z} {part:.1%}" for z, part in zip(zone_codes(lacking.index), lacking, strict=True)]
        notes += listing("raster_ends", zones, file=raster.file)
    return largest, notes


def _unknown(unknown: Mapping[str, NDArray[np.int64]], here: StudyArea) -> pd.Series:
    """Return the groups of which each zone's people are not known.

    A zone above the finest is so where more of its area is unknown than may lack communities.
    """
    areas = np.where(here.is_own, zone_areas(here), 0.0)
    groups = {str(zone): list[str]() for zone in here.zones.index[here.own(here.zones.index.to_numpy())]}
    for name, positions in unknown.items():
        lacking = np.isin(np.arange(len(areas)), positions) & here.is_own
        marked = set(here.ids[lacking])
        for level, ids in here.level_ids.items():
            owner = here.ancestors[level]
            some = (owner >= 0) & (len(ids) > 0)
            part = sums(owner[some & lacking], areas[some & lacking], len(ids))
            whole = sums(owner[some], areas[some], len(ids))
            marked |= set(ids[part > (1 - COVERED_ENOUGH) * whole])
        for zone in sorted(marked):
            groups[str(zone)].append(name)
    return pd.Series({zone: tuple(names) for zone, names in groups.items()}, dtype=object)


# --- tables ---------------------------------------------------------------------------------------------------------


def _demand(
    amounts: Mapping[str, Amounts], blocks: Mapping[str, Block], here: StudyArea
) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Return the demand points that hold anyone, in canonical order, and the estates' shares in them.

    Context zones are cut to the halo's width and stand in no zone, as the halo does.
    """
    frames, cuts = [], []
    for number, block in enumerate(blocks.values()):
        columns = {name: amount.get(block.name, np.zeros(len(block))) for name, amount in amounts.items()}
        some = np.any([values > 0 for values in columns.values()], axis=0)
        beyond = (block.zone < 0) | (block.zone >= here.n_own)
        keep = np.flatnonzero(some & (~beyond | near_own(here, block.x, block.y, beyond)))
        own = (block.zone[keep] >= 0) & (block.zone[keep] < here.n_own)
        known_by = np.where(block.zone[keep] >= 0, "context", "halo")
        kind = np.where(own, "", ASSUMED if block.name == ASSUMED else known_by)
        x, y = (block.x[keep], block.y[keep]) if block.cut is None else part_points(block.cut, keep, here.crs)
        frame = pd.DataFrame({name: values[keep] for name, values in columns.items()})
        places: dict[str, Any] = {
            "zone": np.where(own, block.zone[keep], -1),
            "outside": kind,
            "near": block.near[keep],
            "x": x,
            "y": y,
            "source": block.source,
            "cell": block.cell[keep],
            "block": number,
            "part": keep,
        }
        frames.append(frame.assign(**places))
        cuts.append(block.cut)
    table = pd.concat(frames, ignore_index=True)
    # zone by zone, the halo last; inside a zone cells before streets before points, cells row by row
    order = np.lexsort((table["part"], table["block"], table["zone"], table["zone"] < 0))
    table = table.iloc[order].reset_index(drop=True)
    table.index.name = "demand_id"
    overlay = _overlay(table, cuts, estates(here.zones))
    inside = table["zone"].to_numpy() >= 0
    zone_id = np.where(inside, here.ids[table["zone"].to_numpy()], None)
    points = gpd.points_from_xy(table["x"], table["y"])
    data = pd.DataFrame(
        {"zone_id": zone_id, "halo": ~inside, "outside": table["outside"].astype(object)}, index=table.index
    )
    data = data.join(table[["source", "cell", *amounts]])
    return gpd.GeoDataFrame(data, geometry=points, crs=here.crs), overlay


def _overlay(table: pd.DataFrame, cuts: list[Cut | None], shapes: gpd.GeoSeries) -> pd.DataFrame:
    """Return the share of each demand point's people in each estate."""
    if not len(shapes):
        return joined([])
    found = []
    for number, cut in enumerate(cuts):
        mine = table[(table["block"] == number) & (table["zone"] >= 0)]
        ids = mine.index.to_numpy()
        if cut is None:
            found.append(point_shares(mine["x"].to_numpy(), mine["y"].to_numpy(), ids, shapes))
        else:
            found.append(part_shares(cut, mine["part"].to_numpy(), ids, shapes))
    return joined(found)


def _groups_table(groups: Mapping[str, Group], demand: gpd.GeoDataFrame, lang: str) -> pd.DataFrame:
    """Return ``label, basis, year, total, expected, source`` by group; a derived group is expected to grow as the one that it is of."""
    inside = demand[~demand["halo"]]
    rows: dict[str, tuple[Any, ...]] = {}
    for name, group in groups.items():
        basis, year = (_inherited(groups, name, entry) for entry in ("basis", "year"))
        label = catalogue().get(f"group_{name}", {}).get(lang, name)
        total = float(inside[name].sum())
        expected = _expected(groups, name, total, inside)
        rows[name] = (label, basis or "", year, total, expected, _source(group, lang))
    table = pd.DataFrame.from_dict(
        rows, orient="index", columns=["label", "basis", "year", "total", "expected", "source"]
    )
    table.index.name = "group"
    return table.astype({"year": "Int64"})


def _expected(groups: Mapping[str, Group], name: str, total: float, inside: gpd.GeoDataFrame) -> float:
    """Return the people of a group in the study's year as the study states them, else grown as the group that it is of; NaN without."""
    stated, whole = groups[name].get("study_year_total"), groups[name].get("of")
    if stated is not None:
        return float(stated)
    if whole is None:
        return np.nan
    all_of = float(inside[str(whole)].sum())
    return total * _expected(groups, whole, all_of, inside) / all_of if all_of > 0 else np.nan


def _inherited(groups: Mapping[str, Group], name: str, entry: str) -> Any:  # noqa: ANN401 - text or number
    """Return an entry of a group, else that of the group which it is a part of."""
    at: str | None = name
    while at is not None:
        if groups[at].get(entry) is not None:
            return groups[at][entry]
        at = groups[at].get("of")
    return None


def _source(group: Group, lang: str) -> str:
    """Return in words where a group's figures come from."""
    rate = group.get("rate")
    files = [files_text(parts) for parts in _rasters_of(group)]
    level = group.get("rake_to")
    words = {"level": label(level, "zh") if lang == "zh" else level, "of": group.get("of")}
    words |= {"projected": group.get("projected"), "table": group.get("table")}
    if group.get("street_m"):
        code = "source_streets"
    elif group.get("of") is not None:
        of = catalogue().get(f"group_{group['of']}", {}).get(lang, group["of"])
        if group.get("people_per_household") is not None:
            return phrase("source_households", lang, of=of, people=group["people_per_household"])
        if isinstance(rate, Mapping):
            times = rate.get("times", 1.0)
            return phrase("source_raster_rate", lang, of=of, raster=files[0], over=files[1], times=times)
        return phrase("source_rate", lang, of=of, rate=rate)
    elif files:
        code = "source_raked" if level else "source_raster"
        words["raster"] = files[0]
    else:
        code = "source_totals"
    if group.get("projected"):
        code += "_projected"
    elif group.get("table"):
        code += "_table"
    return phrase(code, lang, **words)
