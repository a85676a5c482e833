"""Datum: coordinates moved to the study's CRS, cities' own grids among them (`move`); whether a file is in the datum that it claims (`fit`)."""

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
    metric_crs,
    to_crs,
    wgs84_from,
)

__all__ = [
    "CGCS2000", "DATUMS", "WGS84", "Datum", "bd09_from_wgs84", "control_notes", "control_points", "gcj02_from_wgs84",
    "known_crs", "metric_crs", "to_crs", "wgs84_from",
]  # fmt: skip
