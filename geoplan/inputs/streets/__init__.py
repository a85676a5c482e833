"""Streets: any extract or line layer to the nodes and edges that a walker may use."""

from geoplan.inputs.streets.read import (
    VALVES,
    ConnectionLoss,
    Streets,
    connection_loss,
    from_osmnx,
    from_ways,
    read_streets,
    to_osmnx,
    walkable_m,
)

__all__ = [
    "VALVES", "ConnectionLoss", "Streets", "connection_loss", "from_osmnx", "from_ways", "read_streets", "to_osmnx",
    "walkable_m",
]  # fmt: skip
