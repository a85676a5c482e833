"""Zones: layers of polygons read, joined, checked."""

from geoplan.inputs.boundaries.join import COVERED_ENOUGH, Zones, assemble_zones, partition_levels
from geoplan.inputs.boundaries.layers import ZoneLayer, layer_bounds, read_zone_layer

__all__ = [
    "COVERED_ENOUGH", "ZoneLayer", "Zones", "assemble_zones", "layer_bounds", "partition_levels", "read_zone_layer",
]  # fmt: skip
