"""Reports: map, tables, layers, page, manifest."""
