"""Groups that are a part of another: a rate as a number, households, or one raster over another.

Where a cell has nobody (0/0) the rate is that of its zone, then of the zone above, and so on up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyproj
from numpy.typing import NDArray

from geoplan.inputs.boundaries.checks import some
from geoplan.inputs.population.area import StudyArea
from geoplan.inputs.population.grids import Cut, Raster, transformer, whole_file
from geoplan.inputs.population.places import Amounts, Block
from geoplan.inputs.population.raking import sums
from geoplan.words.errors import Note

#: Ratios of two float32 rasters that differ by less than this part are one rate.
SAME_RATE = 1e-5
#: How far over 1 a rate may lie by rounding.
ROUNDING = 1e-6
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


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
    rasters: Mapping[str, Raster],
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
    over, under = rasters[str(rate["raster"])], rasters[str(rate["over"])]
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
    if wrong:
        notes.append(
            Note.of(
                "rate_outside",
                file=over.file,
                severity="error",
                group=name,
                count=len(wrong),
                where=some(wrong),
            )
        )
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
    if len(borrowed):
        zones = some(zone.partition("/")[2] for zone in borrowed)
        notes.append(Note.of("rate_borrowed", file=over.file, group=name, count=len(borrowed), zones=zones))
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
    >>> distinct_rates(np.array([0.2, 0.2 * (1 + 1e-7), 0.21, np.nan]))
    2
    """
    found = np.unique(rates[np.isfinite(rates)])
    return int(len(found) and 1 + np.count_nonzero(np.diff(found) > SAME_RATE * found[1:]))


def outside_range(rates: Floats) -> NDArray[Any]:
    """Return the positions of rates that are not between 0 and 1."""
    return np.flatnonzero((rates < 0) | (rates > 1 + ROUNDING))
