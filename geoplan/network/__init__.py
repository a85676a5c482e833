"""The walking network: graph, snapping, reach, isochrones."""
