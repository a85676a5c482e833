from towns import lonlat, written, zones  # noqa: F401
