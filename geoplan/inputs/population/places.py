"""Places where people can stand: parts of cells, points along streets, a point in each zone; and amounts of people on them."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from geoplan.inputs.population.grids import Cut
from geoplan.inputs.population.ground import Ground
from geoplan.inputs.population.spreading import Streets, inner_points

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Amounts of one group: block -> one number a place; a block without the group is absent.
Amounts = dict[str, Floats]


@dataclass(frozen=True)
class Block:
    """Places of one origin.

    Parameters
    ----------
    name
        ``grid 0``, ``grid 1`` …, ``streets``, ``points``.
    zone
        Position of each place's finest zone, -1 in the halo.
    near
        Position of the nearest finest zone.
    x, y
        Metric; for cells their centres.
    cut
        The grid that it comes from, else None.
    metres
        Metres of street that each place stands for, else None.
    """

    name: str
    zone: Ints
    near: Ints
    x: Floats
    y: Floats
    cut: Cut | None = None
    metres: Floats | None = None

    def __len__(self) -> int:
        return len(self.zone)


def from_cut(name: str, cut: Cut) -> Block:
    """Return the parts of a grid's cells."""
    return Block(name, cut.zone, cut.near, cut.x, cut.y, cut=cut)


def from_streets(streets: Streets) -> Block:
    """Return points along streets."""
    return Block("streets", streets.zone, streets.near, streets.x, streets.y, metres=streets.metres)


def of_zones(here: Ground) -> Block:
    """Return one point in each finest zone."""
    x, y = inner_points(here.shapes.to_numpy())
    zone = np.arange(len(here.ids))
    return Block("points", zone, zone, x, y)


def zone_areas(here: Ground) -> Floats:
    """Return the areas of the finest zones, m², 0 for those without polygon."""
    areas: Floats = np.nan_to_num(shapely.area(here.shapes.to_numpy()))
    return areas
