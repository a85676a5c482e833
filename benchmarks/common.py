"""What the benchmarks share: the clock, the streets of Porto Alegre as they are and tiled, versions, the table printed."""

import gc
import os
import platform
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from geoplan.inputs.streets import read_streets
from geoplan.network.edges import EdgeArrays
from geoplan.network.graph import WalkGraph, graph_from_arrays
from geoplan.network.pace import walking_costs

DATA = Path(__file__).parents[2] / "shared" / "data"
WALK_KMH = 4.0
SPEED = WALK_KMH / 3.6


def cpu_seconds(work: Callable[[], Any], *, times: int = 1) -> tuple[float, Any]:
    """CPU seconds of all threads of this process for one of `times` calls, and what the last returns."""
    gc.collect()
    start = time.process_time()
    for _ in range(times):
        result = work()
    return (time.process_time() - start) / times, result


def medians(*works: Callable[[], Any], runs: int = 5, times: int = 1) -> list[float]:
    """Median CPU seconds of each; the works take turns, so that a busy machine is busy for all."""
    taken = np.array([[cpu_seconds(work, times=times)[0] for work in works] for _ in range(runs)])
    return [float(value) for value in np.median(taken, axis=0)]


@dataclass
class Plain:
    """Every vertex of the streets a node, every straight stretch an edge: nothing is contracted."""

    x: np.ndarray
    y: np.ndarray
    u: np.ndarray
    v: np.ndarray
    metres: np.ndarray
    fixed_fwd: np.ndarray
    fixed_bwd: np.ndarray

    def seconds(self) -> tuple[np.ndarray, np.ndarray]:
        """Seconds along each edge and back; inf if closed."""
        return self.metres / SPEED + self.fixed_fwd, self.metres / SPEED + self.fixed_bwd

    def tiled(self, n: int) -> "Plain":
        """n x n copies side by side."""
        wide, high = np.ptp(self.x) + 100.0, np.ptp(self.y) + 100.0
        column, row = (k.ravel() for k in np.meshgrid(np.arange(n), np.arange(n)))
        shift = np.arange(n * n)[:, None] * len(self.x)
        return Plain(
            (self.x + column[:, None] * wide).ravel(),
            (self.y + row[:, None] * high).ravel(),
            (self.u + shift).ravel(),
            (self.v + shift).ravel(),
            *(np.tile(a, n * n) for a in (self.metres, self.fixed_fwd, self.fixed_bwd)),
        )

    def graph(self, *, contract: bool) -> WalkGraph:
        """The engine's graph of it; node ids are positions."""
        n, e = len(self.x), len(self.u)
        ends = np.column_stack([self.u, self.v]).ravel()
        edges = EdgeArrays(
            edge_id=np.arange(e),
            u=self.u.astype(np.int32),
            v=self.v.astype(np.int32),
            coord_start=np.arange(0, 2 * e + 1, 2),
            coord_x=self.x[ends],
            coord_y=self.y[ends],
            fwd_m=self.metres,
            bwd_m=self.metres,
            fwd_s=self.fixed_fwd,
            bwd_s=self.fixed_bwd,
            permission=np.zeros(e, np.int32),
        )
        return graph_from_arrays(np.arange(n), self.x, self.y, edges, stays=np.full(n, not contract))


def porto_alegre() -> Plain:
    """The streets of Porto Alegre, flat, split at every vertex."""
    file = DATA / "porto_alegre" / "poa_osm.pbf"
    if not file.exists():
        sys.exit(f"real data are not here: {file}")
    streets = read_streets(file, crs="EPSG:32722")
    edges = walking_costs(streets.nodes, streets.edges)
    xy, edge = shapely.get_coordinates(edges.geometry.to_numpy(), return_index=True)
    first = np.r_[True, edge[1:] != edge[:-1]]
    last = np.r_[first[1:], True]
    # ends take the street's nodes, vertices between them get new ones
    node = np.empty(len(xy), np.int64)
    node[first] = streets.nodes.index.get_indexer(edges["u"])
    node[last] = streets.nodes.index.get_indexer(edges["v"])
    inner = ~(first | last)
    node[inner] = len(streets.nodes) + np.arange(inner.sum())
    x = np.r_[streets.nodes["x"].to_numpy(), xy[inner, 0]]
    y = np.r_[streets.nodes["y"].to_numpy(), xy[inner, 1]]
    begin = np.flatnonzero(~last)
    u, v = node[begin], node[begin + 1]
    metres = np.hypot(*(xy[begin + 1] - xy[begin]).T)
    fixed = [edges[name].to_numpy()[edge[begin]] for name in ("fixed_fwd_s", "fixed_bwd_s")]
    return Plain(x, y, u, v, metres, *fixed)


def versions(*packages: str) -> str:
    """Python, packages, machine."""
    names = [f"{name} {metadata.version(name)}" for name in packages]
    return f"Python {platform.python_version()}, {', '.join(names)}; {platform.machine()}, {os.cpu_count()} cores"


class Table:
    """Rows that are printed as they are found; `failed` counts those under their aim or with unequal answers."""

    def __init__(self) -> None:
        self.failed = 0

    def row(self, name: str, figure: float, aim: str, *, good: bool, detail: str) -> None:
        self.failed += not good
        print(f"{'ok  ' if good else 'FAIL'}  {name:<58} {figure:8.2f}   aim {aim:<8}  {detail}", flush=True)

    def same(self, name: str, *, good: bool, detail: str = "") -> None:
        self.failed += not good
        print(f"{'ok  ' if good else 'FAIL'}  {name}: same answers {detail}", flush=True)
