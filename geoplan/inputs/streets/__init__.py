"""Streets: any extract or line layer to the nodes and edges that a walker may use."""

from geoplan.inputs.streets.edges import ConnectionLoss, connection_loss
from geoplan.inputs.streets.osmnx_bridge import to_osmnx
from geoplan.inputs.streets.read import VALVES, Streets, from_osmnx, from_ways, read_streets, walkable_m

__all__ = [
    "VALVES", "ConnectionLoss", "Streets", "connection_loss", "from_osmnx", "from_ways", "read_streets", "to_osmnx",
    "walkable_m",
]  # fmt: skip
