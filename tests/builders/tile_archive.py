"""A PMTiles archive as a test writes it."""

from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer


def write_archive(path, images, *, kind=TileType.PNG, attribution=""):
    """Write an archive of images by place (zoom, x, y); return its path."""
    with path.open("wb") as file:
        writer = Writer(file)
        for place in sorted(images, key=lambda place: zxy_to_tileid(*place)):
            writer.write_tile(zxy_to_tileid(*place), images[place])
        header = {
            "tile_type": kind, "tile_compression": Compression.NONE, "min_lon_e7": 0, "min_lat_e7": 0, "max_lon_e7": 10**9, "max_lat_e7": 10**8,
            "center_zoom": 0, "center_lon_e7": 0, "center_lat_e7": 0,
        }  # fmt: skip
        writer.finalize(header, {"attribution": attribution} if attribution else {})
        writer.tile_f.close()
    return path
