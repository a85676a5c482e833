"""Datum: coordinates moved to the study's CRS (`move`), metres in it (`metric`), whether files are in the datum that they claim (`fit`)."""

from geoplan.inputs.datum.metric import ground_lengths, ground_metres, ground_scale, metric_crs, stated_crs
from geoplan.inputs.datum.move import (
    CGCS2000,
    DATUMS,
    WGS84,
    Datum,
    bd09_from_wgs84,
    control_notes,
    control_points,
    gcj02_from_wgs84,
    known_crs,
    to_crs,
    wgs84_from,
)

__all__ = [
    "CGCS2000", "DATUMS", "WGS84", "Datum", "bd09_from_wgs84", "control_notes", "control_points", "gcj02_from_wgs84",
    "ground_lengths", "ground_metres", "ground_scale", "known_crs", "metric_crs", "stated_crs", "to_crs", "wgs84_from",
]  # fmt: skip
