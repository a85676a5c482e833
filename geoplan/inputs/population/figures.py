"""Figures of groups: a raster, given totals, or both; street metres; and rates of another group.

Cells are raked, that is scaled so that each zone's people add up to its given total: the raster only says where inside a zone its
people live. This is iterative proportional fitting (Deming & Stephan 1940, https://doi.org/10.1214/aoms/1177731829) with one margin,
where one step is exact. A rate is a number, households, or one raster over another; where a cell has nobody (0/0) it is that of its zone,
then of the zone above, and so on up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import geopandas as gpd
import numpy as np
import pyproj
from numpy.typing import NDArray

from geoplan.inputs.boundaries import COVERED_ENOUGH
from geoplan.inputs.boundaries.checks import listing, zone_codes
from geoplan.inputs.lists.zone_names import level_words
from geoplan.inputs.population.grids import Cut, people_in
from geoplan.inputs.population.places import (
    Amounts,
    Block,
    StudyArea,
    given_totals,
    spread,
    zone_areas,
)
from geoplan.inputs.population.rasters import Raster, RasterParts, raster_parts, transformer, whole_file
from geoplan.words.errors import Note

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def sums(owner: Ints, amounts: Floats, size: int) -> Floats:
    """Return the sum of amounts of each owner (0 … size - 1), added up in the order given."""
    total: Floats = np.bincount(owner, weights=amounts, minlength=size).astype(np.float64)
    return total


@dataclass(frozen=True)
class Raking:
    """How the cells of each zone are scaled.

    Parameters
    ----------
    ratio
        Factor on the cells of each zone; `usual` where no total is given.
    usual
        Sum of given totals over the sum of the cells that they are given for: the factor of zones without a total.
    empty
        Positions of zones with a total but no people in any cell: their total has to be spread otherwise.
    unknown
        Positions of zones without a given total.
    """

    ratio: Floats
    usual: float
    empty: Ints
    unknown: Ints


def rake(cells: Floats, totals: Floats) -> Raking:
    """Return the factors that scale each zone's cells to its total.

    ::

        ratio_z = total_z / cells_z

    Parameters
    ----------
    cells
        Sum of the raster in each zone, >= 0; shape (n_zones,).
    totals
        Given totals, >= 0, NaN where unknown; shape (n_zones,).

    Examples
    --------
    >>> raking = rake(np.array([50.0, 20.0, 0.0, 10.0]), np.array([100.0, 10.0, 7.0, np.nan]))
    >>> raking.ratio.round(3).tolist(), raking.empty.tolist(), raking.unknown.tolist()
    ([2.0, 0.5, 1.571, 1.571], [2], [3])
    """
    known = np.isfinite(totals)
    filled = known & (cells > 0)
    usual = float(totals[filled].sum() / cells[filled].sum()) if filled.any() else 1.0
    ratio = np.full(len(cells), usual)
    ratio[filled] = totals[filled] / cells[filled]
    empty = np.flatnonzero(known & ~filled & (np.nan_to_num(totals) > 0))
    return Raking(ratio, usual, empty, np.flatnonzero(~known))


@dataclass(frozen=True)
class Spread:
    """A total that no cell holds: the zone that gives it, its people, the finest zones that share it, and where it goes."""

    zone_id: str
    total: float
    members: Ints
    streets: bool
    expected: bool


@dataclass(frozen=True)
class Figures:
    """A group's amounts on cells, what is still to be spread, what was found, and the finest zones whose people are unknown."""

    amounts: Amounts
    spreads: list[Spread]
    notes: list[Note]
    unknown: Ints = field(default_factory=lambda: np.empty(0, np.int64))


def own_figures(
    name: str,
    group: Mapping[str, Any],
    here: StudyArea,
    blocks: Mapping[str, Block],
    rasters: Mapping[RasterParts, Raster],
) -> Figures:
    """Return the amounts of a group that is not a part of another."""
    level = group.get("rake_to")
    if level is not None:
        wrong = _level_note(name, level, here)
        if wrong is not None:
            return Figures({}, [], [wrong])
    raster = None if group.get("raster") is None else rasters[raster_parts(group["raster"])]
    if raster is None:
        return Figures({}, [], []) if level is None else _totals_alone(name, group, here)
    block = next(b for b in blocks.values() if b.cut is not None and b.cut.grid == raster.grid)
    cut = block.cut
    assert cut is not None  # noqa: S101 - chosen so above
    cells = np.nan_to_num(raster.values)[cut.cell] * cut.coverage
    if raster.block > 1:
        # blocks say where inside a zone people live; how many they are, the files' own cells say
        inside = cut.inside
        held = sums(cut.zone[inside], cells[inside], len(here.ids))
        exact = people_in(raster, gpd.GeoSeries(cut.shapes, crs=cut.grid.crs))
        cells[inside] *= np.divide(exact, held, out=np.ones(len(held)), where=held > 0)[cut.zone[inside]]
    if level is None:
        return Figures({block.name: cells}, [], against_totals(name, here, block, cells))
    return _raked(name, group, here, block=block, raster=raster, cells=cells)


def _level_note(name: str, level: str, here: StudyArea) -> Note | None:
    """Return an error if totals cannot be taken from a level."""
    if level not in here.level_ids:
        return Note.of("rake_level_missing", severity="error", group=name, **level_words(level))
    if not np.isfinite(given_totals(here, level, name)).any():
        return Note.of("rake_totals_missing", severity="error", group=name, **level_words(level))
    return None


def _members(here: StudyArea, level: str) -> list[Ints]:
    """Return the finest zones in each zone of a level."""
    owner = here.ancestors[level]
    order = np.argsort(owner, kind="stable")
    bounds = np.searchsorted(owner[order], np.arange(len(here.level_ids[level]) + 1))
    return [order[a:b] for a, b in pairwise(bounds.tolist())]


def _covered(here: StudyArea, level: str) -> Floats:
    """Return the covered share of each zone of a level; what is nearly whole counts as whole."""
    share = here.zones.loc[here.level_ids[level], "covered_share"].to_numpy(dtype=np.float64)
    return np.where(share >= COVERED_ENOUGH, 1.0, np.nan_to_num(share))


def _raked(
    name: str, group: Mapping[str, Any], here: StudyArea, *, block: Block, raster: Raster, cells: Floats
) -> Figures:
    """Scale cells to the totals of a level; the halo is scaled like the nearest zone."""
    level = group["rake_to"]
    ids, owner = here.level_ids[level], here.ancestors[level]
    totals, covered, members = given_totals(here, level, name), _covered(here, level), _members(here, level)
    inside = block.zone >= 0
    of_part = owner[block.zone[inside]]
    counted = of_part >= 0
    base = sums(of_part[counted], cells[inside][counted], len(ids))
    notes = []

    # a zone of which only a part has finest zones: its total belongs to all of it, cells outside included
    partial = np.flatnonzero((covered < 1) & np.isfinite(totals))
    if len(partial):
        whole = np.maximum(_polygon_sums(here, level, partial, raster), base[partial])
        within = np.divide(base[partial], whole, out=covered[partial].copy(), where=whole > 0)
        notes += _partial_note(name, level, here, ids[partial], within)
        base[partial] = whole
    raking = rake(base, totals)

    factor = np.append(raking.ratio, raking.usual)  # the last one serves zones without ancestor (-1)
    amounts = cells * factor[owner[block.near]]
    streets = group.get("spread") != "point"
    spreads = [
        Spread(str(ids[i]), float(totals[i] * covered[i]), members[i], streets, expected=False)
        for i in raking.empty
    ]
    used = raking.ratio[np.isfinite(totals) & (base > 0)]
    if len(used):
        words: dict[str, Any] = {"low": float(used.min()), "high": float(used.max()), "usual": raking.usual}
        notes.append(Note.of("rake_factors", severity="info", group=name, file=raster.file, **words))
    blank = ids[raking.unknown]
    unknown, words = zone_codes(blank[here.own(blank)]), level_words(level)
    if group.get("table") is None:
        notes += listing("rake_unknown_totals", unknown, group=name, usual=raking.usual, **words)
        return Figures({block.name: amounts}, spreads, notes)
    # an office's table is the measure of its zones: one that it does not know is not guessed from others
    without = np.flatnonzero(np.isin(owner, raking.unknown) & here.is_own)
    amounts[np.isin(block.zone, without)] = 0.0
    notes += listing("totals_unknown", unknown, group=name, **words)
    return Figures({block.name: amounts}, spreads, notes, without)


#: Times by which a raster may differ from a zone's given total before that is said.
FAR = 3.0


def against_totals(name: str, here: StudyArea, block: Block, cells: Floats) -> list[Note]:
    """Return which zones hold people in the raster by far more, or fewer, than their given total, at the finest level that has any."""
    for level in reversed(here.level_ids):
        totals = given_totals(here, level, name)
        if not np.isfinite(totals).any():
            continue
        ids, owner = here.level_ids[level], here.ancestors[level]
        inside = np.flatnonzero(block.zone >= 0)
        inside = inside[owner[block.zone[inside]] >= 0]
        held = sums(owner[block.zone[inside]], cells[inside], len(ids))
        judged = (_covered(here, level) == 1) & (np.nan_to_num(totals) > 0)
        far = judged & ((held > FAR * totals) | (FAR * held < totals))
        zones = [f"{code} {held[i]:,.0f} / {totals[i]:,.0f}" for code, i in _coded(ids, far)]
        return listing("raster_against_totals", zones, group=name, factor=FAR, **level_words(level))
    return []


def _coded(ids: NDArray[Any], marked: NDArray[np.bool_]) -> list[tuple[str, int]]:
    """Return code and position of the zones that are marked."""
    at = np.flatnonzero(marked)
    return list(zip(zone_codes(ids[at]), at.tolist(), strict=True))


def _polygon_sums(here: StudyArea, level: str, positions: Ints, raster: Raster) -> Floats:
    """Return the raster's sum in whole polygons of a level."""
    shapes = here.zones.loc[here.level_ids[level][positions]].geometry.to_crs(raster.grid.crs)
    return people_in(raster, gpd.GeoSeries(shapes))


def _partial_note(name: str, level: str, here: StudyArea, ids: NDArray[Any], within: Floats) -> list[Note]:
    mine = here.own(ids)
    names = zip(here.zones.loc[ids[mine], "name"], within[mine], strict=True)
    zones = [f"{zone} {share:.1%}" for zone, share in names]
    return listing("rake_partly_inside", zones, group=name, **level_words(level))


def _totals_alone(name: str, group: Mapping[str, Any], here: StudyArea) -> Figures:
    """Return the totals of a level to be spread, where there is no raster."""
    level = group["rake_to"]
    ids, totals = here.level_ids[level], given_totals(here, level, name)
    covered, members = _covered(here, level), _members(here, level)
    streets = group.get("spread") != "point"
    spreads = [
        Spread(str(ids[i]), float(totals[i] * covered[i]), members[i], streets, expected=True)
        for i in np.flatnonzero(np.nan_to_num(totals) > 0)
    ]
    partial = np.flatnonzero((covered < 1) & np.isfinite(totals))
    notes = _partial_note(name, level, here, ids[partial], covered[partial])
    unknown = np.flatnonzero(np.isnan(totals))
    blank = ids[unknown]
    notes += listing("totals_unknown", zone_codes(blank[here.own(blank)]), group=name, **level_words(level))
    owner = here.ancestors[level]
    return Figures({}, spreads, notes, np.flatnonzero(np.isin(owner, unknown)))


def on_streets(apart: Mapping[str, Sequence[Spread]]) -> Ints:
    """Return the finest zones in which a total goes along streets."""
    wanted = [s.members for spreads in apart.values() for s in spreads if s.streets]
    return np.unique(np.concatenate(wanted)) if wanted else np.empty(0, np.int64)


def spread_apart(
    name: str, spreads: Sequence[Spread], amounts: Amounts, here: StudyArea, blocks: Mapping[str, Block]
) -> list[Note]:
    """Put totals without cells along streets, else on points; `amounts` gets the blocks added. Return what to say."""
    if not spreads:
        return []
    streets = blocks.get("streets")
    areas = zone_areas(here)
    gone: dict[str, list[str]] = {"streets": [], "point": [], "lost": []}
    for one in spreads:
        kind, at, people = spread(one.total, one.members, streets if one.streets else None, areas)
        block = "streets" if kind == "streets" else "points"
        if len(at):
            column = amounts.setdefault(block, np.zeros(len(blocks[block])))
            column[at] += people
        if not len(at):
            gone["lost"].append(f"{one.zone_id.partition('/')[2]} ({one.total:.0f})")
        elif not one.expected or (one.streets and kind == "point"):
            gone[kind].append(one.zone_id.partition("/")[2])
    codes = {"streets": "people_on_streets", "point": "people_on_point", "lost": "people_not_placed"}
    return [note for kind, zones in gone.items() for note in listing(codes[kind], zones, group=name)]


def street_metres(blocks: Mapping[str, Block]) -> Amounts:
    """Return metres of street as amounts, where streets stand in for people."""
    block = blocks.get("streets")
    return {} if block is None or block.metres is None else {"streets": block.metres.copy()}


#: Ratios of two float32 rasters that differ by less than this part are one rate.
SAME_RATE = 1e-5
#: How far over 1 a rate may lie by rounding.
ROUNDING = 1e-6


@dataclass(frozen=True)
class RateGrid:
    """Rates cell by cell, and those of the zones for cells that have none."""

    raster: Raster
    rates: Floats
    of_zone: Floats


def part_of(
    name: str,
    group: Mapping[str, Any],
    amounts: Mapping[str, Amounts],
    here: StudyArea,
    blocks: Mapping[str, Block],
    rasters: Mapping[RasterParts, Raster],
) -> tuple[Amounts, list[Note]]:
    """Return the amounts of a group that is a part of another, and what was found.

    Parameters
    ----------
    name, group
        The group and its entries.
    amounts
        Amounts of the groups before it.
    """
    base, rate = amounts[group["of"]], group.get("rate")
    if group.get("people_per_household") is not None:
        return {block: people / group["people_per_household"] for block, people in base.items()}, []
    if not isinstance(rate, Mapping):
        return {block: people * float(rate or 0.0) for block, people in base.items()}, []
    over, under = (rasters[raster_parts(rate[entry])] for entry in ("raster", "over"))
    if over.grid != under.grid:
        return {}, [
            Note.of("rate_grids_differ", file=over.file, severity="error", group=name, other=under.file)
        ]
    grid, notes = _rate_grid(name, (over, under), float(rate.get("times") or 1.0), here, blocks)
    made: Amounts = {}
    filled = people_filled = 0.0
    wrong: list[str] = []
    for block, people in base.items():
        rates, from_zone = _rates_at(blocks[block], grid, here.crs)
        there = people > 0
        filled += np.count_nonzero(from_zone & there & (blocks[block].zone >= 0))
        people_filled += float(people[from_zone & there & (blocks[block].zone >= 0)].sum())
        bad = outside_range(np.where(there, rates, np.nan))
        wrong += _places(blocks[block], bad, rates, here)
        made[block] = people * np.nan_to_num(rates, posinf=0.0)
    notes += listing("rate_outside", wrong, "where", file=over.file, severity="error", group=name)
    if filled:
        words: dict[str, Any] = {"count": int(filled), "people": round(people_filled)}
        notes.append(Note.of("rate_filled", file=over.file, severity="info", group=name, **words))
    return made, notes


def _rate_grid(
    name: str, pair: tuple[Raster, Raster], times: float, here: StudyArea, blocks: Mapping[str, Block]
) -> tuple[RateGrid, list[Note]]:
    """Return the rates of a pair of rasters, and how many distinct ones they hold inside the zones."""
    over, under = pair
    cut = next(b.cut for b in blocks.values() if b.cut is not None and b.cut.grid == over.grid)
    inside = np.flatnonzero(cut.inside)
    rates = cell_rates(over.values, under.values, times=times)
    used = cut.cell[inside]
    of_zone, up = zone_rates(
        over.values[used] * cut.coverage[inside],
        under.values[used] * cut.coverage[inside],
        cut.zone[inside],
        here.chains,
        times=times,
    )
    held: dict[str, Any] = {
        "count": distinct_rates(cell_rates(whole_file(over), whole_file(under), times=times)),
        "inside": distinct_rates(rates[np.unique(used)]),
        "zones": len(here.ids),
    }
    code = "rate_few" if held["inside"] < len(here.ids) else "rate_distinct"
    notes = [Note.of(code, file=over.file, severity="info", group=name, other=under.file, **held)]
    borrowed = here.ids[np.flatnonzero(up > 0)]
    notes += listing("rate_borrowed", zone_codes(borrowed), file=over.file, group=name)
    nowhere = here.ids[np.isnan(up)]
    if len(nowhere):
        notes.append(Note.of("rate_nowhere", file=over.file, severity="error", group=name, other=under.file))
    return RateGrid(over, rates, of_zone), notes


def _rates_at(block: Block, grid: RateGrid, crs: pyproj.CRS) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the rate at each place, and where it is the zone's for want of one of the cell's own."""
    own = grid.raster.grid
    if isinstance(block.cut, Cut) and block.cut.grid == own:
        cell = block.cut.cell
    else:
        x, y = transformer(crs.to_wkt(), own.crs).transform(block.x, block.y)
        cell = own.locate(np.nan_to_num(np.asarray(x), nan=np.inf), np.nan_to_num(np.asarray(y), nan=np.inf))
    rates = np.where(cell >= 0, grid.rates[cell], np.nan)
    missing = np.isnan(rates)
    return np.where(missing, grid.of_zone[block.near], rates), missing


def _places(block: Block, bad: NDArray[Any], rates: Floats, here: StudyArea) -> list[str]:
    """Return in words where rates are outside 0-1."""
    if not len(bad):
        return []
    lonlat = pyproj.CRS.from_epsg(4326).to_wkt()
    lon, lat = transformer(here.crs.to_wkt(), lonlat).transform(block.x[bad], block.y[bad])
    zone = [here.ids[i].partition("/")[2] for i in block.near[bad]]
    return [
        f"{z} ({a:.5f}, {b:.5f}): {r:.4g}"
        for z, a, b, r in zip(zone, lon, lat, rates[bad].tolist(), strict=True)
    ]


def cell_rates(numerator: Floats, denominator: Floats, *, times: float) -> Floats:
    """Return the rate of each cell: NaN where it is unknown or 0/0, infinite where only the denominator is 0.

    Examples
    --------
    >>> cell_rates(np.array([1.0, 0.0, 2.0, np.nan]), np.array([4.0, 0.0, 0.0, 1.0]), times=2).tolist()
    [0.5, nan, inf, nan]
    """
    rates = np.full(len(numerator), np.nan)
    known = np.isfinite(numerator) & np.isfinite(denominator)
    full = known & (denominator > 0)
    rates[full] = times * numerator[full] / denominator[full]
    rates[known & (denominator == 0) & (numerator > 0)] = np.inf
    return rates


def zone_rates(
    numerator: Floats, denominator: Floats, zone: Ints, chains: Sequence[Ints], *, times: float
) -> tuple[Floats, Floats]:
    """Return each zone's rate: its own cells', else its parent's, and so on up; and how many levels up it came from.

    Parameters
    ----------
    numerator, denominator
        Amounts of each part of a cell inside the zones; NaN where unknown, which then counts in neither.
    zone
        Position of each part's zone.
    chains
        From fine to coarse: for each level the ancestor of each zone (a number >= 0, or -1); the first is the zone itself.

    Returns
    -------
    rates, levels_up
        Shape (n_zones,); NaN where even the coarsest level has no people.

    Examples
    --------
    >>> chains = [np.array([0, 1]), np.array([0, 0])]
    >>> zone_rates(np.array([1.0, 0.0]), np.array([4.0, 0.0]), np.array([0, 1]), chains, times=1)[0].tolist()
    [0.25, 0.25]
    """
    known = np.isfinite(numerator) & np.isfinite(denominator)
    rates = np.full(len(chains[0]), np.nan)
    up = np.full(len(chains[0]), np.nan)
    for step, ancestors in enumerate(chains):
        owner = ancestors[zone]
        use = known & (owner >= 0)
        size = int(ancestors.max(initial=-1)) + 1
        top = sums(owner[use], numerator[use], size)
        level = cell_rates(top, sums(owner[use], denominator[use], size), times=times)
        todo = np.flatnonzero(np.isnan(rates) & (ancestors >= 0))
        rates[todo] = level[ancestors[todo]]
        up[todo] = np.where(np.isnan(rates[todo]), np.nan, step)
    return rates, up


def distinct_rates(rates: Floats) -> int:
    """Return how many rates there are, those that differ by rounding only taken as one.

    Examples
    --------
    >>> distinct_rates(np.array([0.2, 0.2 * (1 + 1e-7), 0.21, np.nan])), distinct_rates(np.array([np.nan]))
    (2, 0)
    """
    found = np.unique(rates[np.isfinite(rates)])
    return int(len(found) and 1 + np.count_nonzero(np.diff(found) > SAME_RATE * found[1:]))


def outside_range(rates: Floats) -> NDArray[Any]:
    """Return the positions of rates that are not between 0 and 1."""
    return np.flatnonzero((rates < 0) | (rates > 1 + ROUNDING))
