"""Street edges as arrays, checked on the way."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geoplan.inputs.datum import ground_lengths
from geoplan.words.errors import NetworkError, Note

#: A line that ends further than this from its node was laid from another node: metres.
END_TOLERANCE_M = 1.0


@dataclass(frozen=True, eq=False)
class EdgeArrays:
    """Street edges as arrays: ends as node positions, line, costs each way (inf: closed), permission code, storey.

    `level` is a position in `level_names`, the tags as they are written.
    """

    edge_id: NDArray[np.int64]
    u: NDArray[np.int32]
    v: NDArray[np.int32]
    coord_start: NDArray[np.int64]
    coord_x: NDArray[np.float64]
    coord_y: NDArray[np.float64]
    fwd_m: NDArray[np.float64]
    bwd_m: NDArray[np.float64]
    fwd_s: NDArray[np.float64]
    bwd_s: NDArray[np.float64]
    permission: NDArray[np.int32]
    on_ground: NDArray[np.bool_]
    level: NDArray[np.int32]
    level_names: tuple[str, ...]


def edge_arrays(
    node_id: pd.Index, edges: gpd.GeoDataFrame, x: NDArray[np.float64], y: NDArray[np.float64]
) -> EdgeArrays:
    """Return the street edges as arrays, checked; see `build_graph`."""
    u, v = node_id.get_indexer(pd.Index(edges["u"])), node_id.get_indexer(pd.Index(edges["v"]))
    _refuse("network_unknown_node", edges.index[(u < 0) | (v < 0)])
    points, row = shapely.get_coordinates(edges.geometry.to_numpy(), return_index=True)
    coord_start = np.searchsorted(row, np.arange(len(edges) + 1)).astype(np.int64)
    _refuse("network_no_line", edges.index[np.diff(coord_start) < 2])
    first, last = points[coord_start[:-1]], points[coord_start[1:] - 1]
    off = np.hypot(first[:, 0] - x[u], first[:, 1] - y[u]) + np.hypot(last[:, 0] - x[v], last[:, 1] - y[v])
    _refuse("network_ends_apart", edges.index[~(off <= 2 * END_TOLERANCE_M)])
    ground = (
        edges["on_ground"].to_numpy(bool, copy=True) if "on_ground" in edges else np.ones(len(edges), bool)
    )
    levels = edges["level"].fillna("").astype(str) if "level" in edges else pd.Series("", index=edges.index)
    level, level_names = pd.factorize(levels)
    access = edges["access"].fillna("").astype(str) if "access" in edges else pd.Series("", index=edges.index)
    return EdgeArrays(
        edge_id=edges.index.to_numpy(np.int64, copy=True),
        u=u.astype(np.int32),
        v=v.astype(np.int32),
        coord_start=coord_start,
        coord_x=points[:, 0].copy(),
        coord_y=points[:, 1].copy(),
        **_costs(edges),
        permission=pd.factorize(access)[0].astype(np.int32),
        on_ground=ground,
        level=level.astype(np.int32),
        level_names=tuple(level_names),
    )


def _costs(edges: gpd.GeoDataFrame) -> dict[str, NDArray[np.float64]]:
    # costs each way; what may not be walked costs inf seconds
    length = ground_lengths(edges.geometry)
    column: Mapping[str, Any] = {
        "fwd_m": edges.get("fwd_m", length),
        "bwd_m": edges.get("bwd_m", length),
        "fwd_s": edges.get("fixed_fwd_s", pd.Series(0.0, index=edges.index)),
        "bwd_s": edges.get("fixed_bwd_s", pd.Series(0.0, index=edges.index)),
    }
    costs = {name: np.array(values, np.float64) for name, values in column.items()}
    _refuse("network_bad_cost", edges.index[~np.all([values >= 0 for values in costs.values()], axis=0)])
    if "oneway" in edges:
        oneway = edges["oneway"].to_numpy()
        costs["fwd_s"][oneway == -1] = np.inf
        costs["bwd_s"][oneway == 1] = np.inf
    return costs


def _refuse(code: str, ids: pd.Index) -> None:
    """Raise the error `code` for the edges `ids`; nothing where there are none."""
    if len(ids):
        some = ", ".join(map(str, ids[:10])) + (" …" if len(ids) > 10 else "")
        raise NetworkError(Note.of(code, count=len(ids), ids=some, severity="error"))
