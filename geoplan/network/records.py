"""What the compiled searches read and write: arcs, labels, places, scratch."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

#: One arc as the search reads it: seconds and target side by side, 16 bytes.
ARC = np.dtype([("seconds", np.float64), ("to", np.int32)], align=True)

#: One label that waits in a bucket, and the next one of the same bucket.
LABEL = np.dtype([("seconds", np.float64), ("node", np.int32), ("next", np.int32)], align=True)


class Search(NamedTuple):
    """What is searched: arcs of node i at ``pointer[i]:pointer[i + 1]``, the limit in seconds, buckets a second."""

    pointer: Array
    arcs: Array
    limit: float
    per_second: float


class Scratch(NamedTuple):
    """Memory of one thread, as every search finds and leaves it.

    Seconds by node, all `idle` (the least number above the limit, so that one comparison tests both); the first label of
    each bucket, all -1.
    """

    best: Array
    head: Array
    idle: float


class Places(NamedTuple):
    """Places on chains, as seconds: for facilities and demand points alike; order: by chain.

    `chain`, `offset` (metres), `leg`; `to_start`, `to_end` are the seconds between the place and the chain's ends in the
    direction that is walked (inf if closed), leg included; `ahead`, `behind` the chain's running sums at the place; `rank`
    decides ties, the lowest wins. ``by_chain[c]:by_chain[c + 1]`` are the places on chain c.
    """

    chain: Array
    offset: Array
    leg: Array
    to_start: Array
    to_end: Array
    ahead: Array
    behind: Array
    rank: Array
    by_chain: Array


class Network(NamedTuple):
    """The parts of the graph that the pairs need."""

    arc_start: Array
    arc_chain: Array
    arc_side: Array
    chain_start: Array
    chain_end: Array
    open_fwd: Array
    open_bwd: Array
