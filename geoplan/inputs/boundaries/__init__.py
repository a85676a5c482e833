"""Zones: layers of polygons read, joined, checked."""

from geoplan.inputs.boundaries.zones import (
    COVERED_ENOUGH,
    ZoneLayer,
    Zones,
    assemble_zones,
    join_zones,
    layer_bounds,
    partition_levels,
    read_zone_layer,
)

__all__ = [
    "COVERED_ENOUGH", "ZoneLayer", "Zones", "assemble_zones", "join_zones", "layer_bounds", "partition_levels", "read_zone_layer",
]  # fmt: skip
