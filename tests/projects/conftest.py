from towns import written, zones  # noqa: F401
