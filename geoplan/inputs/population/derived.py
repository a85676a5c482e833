"""Groups that are a part of another: a rate as a number, households, or one raster over another."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyproj
from numpy.typing import NDArray

from geoplan.inputs.boundaries.checks import some
from geoplan.inputs.population.grids import Cut, Raster, transformer, whole_file
from geoplan.inputs.population.ground import Ground
from geoplan.inputs.population.places import Amounts, Block
from geoplan.inputs.population.raking import cell_rates, distinct_rates, outside_range, zone_rates
from geoplan.words.errors import Note

Floats = NDArray[np.float64]


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
    here: Ground,
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
    name: str, pair: tuple[Raster, Raster], times: float, here: Ground, blocks: Mapping[str, Block]
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


def _places(block: Block, bad: NDArray[Any], rates: Floats, here: Ground) -> list[str]:
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
