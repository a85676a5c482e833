"""The A3 atlas (布局图集)."""
