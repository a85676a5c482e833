"""Streets: any extract or line layer to the nodes and edges that a walker may use."""

from geoplan.inputs.streets.notes import VALVES, walkable_m
from geoplan.inputs.streets.osmnx_bridge import to_osmnx
from geoplan.inputs.streets.read import Join, Streets, from_osmnx, read_streets

__all__ = ["VALVES", "Join", "Streets", "from_osmnx", "read_streets", "to_osmnx", "walkable_m"]
