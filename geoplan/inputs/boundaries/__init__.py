"""Zones: layers of polygons read, joined, checked."""

from geoplan.inputs.boundaries.context import closed_land, leads_out, with_context
from geoplan.inputs.boundaries.zones import (
    COVERED_ENOUGH,
    ZoneLayer,
    Zones,
    assemble_zones,
    covered_notes,
    join_zones,
    layer_bounds,
    partition_levels,
    read_zone_layer,
)

__all__ = [
    "COVERED_ENOUGH", "ZoneLayer", "Zones", "assemble_zones", "closed_land", "covered_notes", "join_zones", "layer_bounds", "leads_out", "partition_levels", "read_zone_layer", "with_context",
]  # fmt: skip
