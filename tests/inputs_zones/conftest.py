from towns import data  # noqa: F401
