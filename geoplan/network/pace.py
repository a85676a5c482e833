"""What walking along each edge costs, before a pace is chosen: metres that count, and fixed seconds.

Seconds of an edge at a pace are ``metres / speed + fixed seconds``, so that a new pace needs no new network.
"""

from collections.abc import Mapping
from itertools import pairwise
from typing import Literal

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from geoplan.inputs.datum import ground_lengths
from geoplan.inputs.elevation import Profiles
from geoplan.network.crossings import crossings
from geoplan.tables import check_columns
from geoplan.words.errors import NetworkError, Note

Floats = npt.NDArray[np.float64]
SlopeRule = Literal["tobler"] | Mapping[str, float] | Mapping[float, float]

#: Steeper slopes are taken as this: at such a slope heights, not streets, are wrong.
STEEPEST = 0.4
#: Tobler (1993), Three presentations on geographical analysis and modeling, NCGIA report 93-1: speed falls by
#: exp(-3.5 |s + 0.05|), fastest at 5 % downhill; here scaled so that the flat is the stated pace.
TOBLER_DECAY, TOBLER_BEST = 3.5, -0.05


def walking_costs(
    nodes: pd.DataFrame,
    edges: gpd.GeoDataFrame,
    *,
    crossing_seconds: float = 0.0,
    steps_factor: float = 1.0,
    profiles: Profiles | None = None,
    slope_rule: SlopeRule = "tobler",
    ferry_kmh: float | None = None,
    ferry_wait_seconds: float = 0.0,
) -> gpd.GeoDataFrame:
    """Return edges with the metres that count and the fixed seconds, both ways.

    Metres that count are ``sum(l_i / f(s_i))`` over the parts i of an edge, l being metres on the ellipsoid, f the factor of the slope on speed; on
    steps each metre counts as the larger of `steps_factor` and ``1 / f(s)``. Each end of an edge that leads over the road at a crossing
    is charged half of `crossing_seconds` (see `crossings`): passing over costs it once, walking along the road nothing.
    Where one may walk one way only, the other takes infinite seconds. A ferry takes fixed seconds, whatever the pace of people: its
    ``ride_s``, else its length at `ferry_kmh`, else it is not taken; boarding it from a street adds `ferry_wait_seconds`.

    Parameters
    ----------
    nodes
        ``kind``, by ``node_id``.
    edges
        ``u, v, highway, oneway, geometry`` and, for valves, ``fixed_fwd_s, fixed_bwd_s``, for ferries ``ride_s``.
    crossing_seconds
        Seconds lost by who crosses at a crossing, >= 0.
    steps_factor
        How many times longer a metre of steps takes than one of street, >= 1.
    profiles
        Heights along the edges; None: flat.
    slope_rule
        ``tobler``, or slope (rise over run, uphill > 0) -> factor on speed (> 0), linear in between, constant beyond.
    ferry_kmh, ferry_wait_seconds
        Speed of ferries whose time is not known (None: not known either), and the wait at boarding, >= 0.

    Returns
    -------
    edges
        Without ``ride_s``, with ``fwd_m, bwd_m`` (>= 0) and ``fixed_fwd_s, fixed_bwd_s`` (seconds, 0 to inf).

    Raises
    ------
    TableError
        If a column is missing.
    NetworkError
        If a stated table of slopes is empty or has a factor that is not above 0.

    References
    ----------
    Tobler, W. (1993). https://escholarship.org/uc/item/05r820mz

    Examples
    --------
    >>> import shapely
    >>> ends = pd.DataFrame({"kind": ["", "crossing", ""]}, index=[1, 2, 3])
    >>> lines = [shapely.LineString([(0, 0), (60, 0)]), shapely.LineString([(60, 0), (100, 0)])]
    >>> street = gpd.GeoDataFrame({"u": [1, 2], "v": [2, 3], "highway": "path", "oneway": 0}, geometry=lines)
    >>> walking_costs(ends, street, crossing_seconds=20)[["fwd_m", "fixed_fwd_s"]].sum().to_dict()
    {'fwd_m': 100.0, 'fixed_fwd_s': 20.0}
    """
    check_columns(nodes, ["kind"], name="nodes")
    check_columns(edges, ["u", "v", "highway", "oneway", "geometry"], name="edges")
    length = ground_lengths(edges.geometry)
    forward, backward = length.copy(), length.copy()
    steps = (edges["highway"] == "steps").to_numpy()
    if profiles is not None:
        forward, backward = _slope_metres(
            edges.index, length, profiles, slope_rule, np.where(steps, steps_factor, 0.0)
        )
    else:
        forward[steps] *= steps_factor
        backward[steps] *= steps_factor
    waiting = crossing_seconds / 2 * crossings(nodes, edges).ends if crossing_seconds else 0.0
    oneway = edges["oneway"].to_numpy()
    fixed_fwd = _given(edges, "fixed_fwd_s") + waiting + np.where(oneway == -1, np.inf, 0.0)
    fixed_bwd = _given(edges, "fixed_bwd_s") + waiting + np.where(oneway == 1, np.inf, 0.0)
    ferry = (edges["highway"] == "ferry").to_numpy()
    if ferry.any():
        forward[ferry], backward[ferry] = 0.0, 0.0
        ride = ferry_seconds(edges[ferry], length[ferry], kmh=ferry_kmh)
        land = np.union1d(edges.loc[~ferry, "u"], edges.loc[~ferry, "v"])
        fixed_fwd[ferry] += ride + ferry_wait_seconds * np.isin(edges.loc[ferry, "u"], land)
        fixed_bwd[ferry] += ride + ferry_wait_seconds * np.isin(edges.loc[ferry, "v"], land)
    return edges.drop(columns="ride_s", errors="ignore").assign(
        fwd_m=forward, bwd_m=backward, fixed_fwd_s=fixed_fwd, fixed_bwd_s=fixed_bwd
    )


def ferry_seconds(ferries: pd.DataFrame, metres: Floats, *, kmh: float | None) -> Floats:
    """Return the seconds that each ferry takes: ``ride_s``, else its metres at `kmh`, else infinite: it is not taken."""
    told = ferries["ride_s"].to_numpy(dtype=float) if "ride_s" in ferries else np.full(len(ferries), np.nan)
    otherwise = np.full(len(ferries), np.inf) if kmh is None else metres / (kmh / 3.6)
    return np.where(np.isfinite(told), told, otherwise)


def slope_factor(slope: Floats, rule: SlopeRule = "tobler") -> Floats:
    """Return the factor of a slope (rise over run, uphill > 0) on speed; slopes beyond 0.4 count as 0.4.

    Tobler: ``exp(-3.5 (|s + 0.05| - 0.05))``, which is 1 on the flat and largest at 5 % downhill.

    Examples
    --------
    >>> slope_factor(np.array([0.0, -0.05, 0.05])).round(4).tolist()
    [1.0, 1.1912, 0.8395]
    """
    bounded = np.clip(slope, -STEEPEST, STEEPEST)
    if isinstance(rule, str):
        tobler: Floats = np.exp(-TOBLER_DECAY * (np.abs(bounded - TOBLER_BEST) - abs(TOBLER_BEST)))
        return tobler
    table = sorted((float(slope), float(factor)) for slope, factor in rule.items())
    if (
        not table
        or any(not 0 < factor < np.inf for _, factor in table)
        or any(a == b for (a, _), (b, _) in pairwise(table))
    ):
        listed = ", ".join(f"{slope:g}: {factor:g}" for slope, factor in table)
        raise NetworkError(Note.of("slope_table_wrong", table=listed, severity="error"))
    factors: Floats = np.interp(bounded, *np.array(table).T)
    return factors


def _slope_metres(
    index: pd.Index, length: Floats, profiles: Profiles, rule: SlopeRule, least: Floats
) -> tuple[Floats, Floats]:
    """Return metres that count, both ways; an edge without a profile is flat. A metre counts at least `least`."""
    forward, backward = length * np.maximum(1.0, least), length * np.maximum(1.0, least)
    edge = index.get_indexer(pd.Index(profiles.edge_id))
    known = edge >= 0
    parts = np.diff(profiles.first) - 1
    of_part = np.repeat(np.arange(len(parts)), parts)
    left = np.arange(len(of_part)) + of_part  # each profile has one height more than parts
    run = np.zeros(len(parts))
    run[known] = length[edge[known]] / parts[known]
    rise = profiles.height[left + 1] - profiles.height[left]
    slope = np.divide(rise, run[of_part], out=np.zeros(len(rise)), where=run[of_part] > 0)
    floor = np.zeros(len(parts))
    floor[known] = least[edge[known]]
    for metres, signed in ((forward, slope), (backward, -slope)):
        counted = run[of_part] * np.maximum(1.0 / slope_factor(signed, rule), floor[of_part])
        metres[edge[known]] = np.bincount(of_part, counted, minlength=len(parts))[known]
    return forward, backward


def _given(edges: pd.DataFrame, column: str) -> Floats:
    return edges[column].to_numpy(dtype=float) if column in edges else np.zeros(len(edges))
