"""A base map from a PMTiles archive: the images around the study, small enough to lie in a page that opens without a network."""

import base64
import gzip
import html
import math
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import geopandas as gpd
from pmtiles.reader import Reader
from pmtiles.tile import Compression, MagicNumberNotFound, SpecVersionUnsupported, TileType

from geoplan.inputs.opening import existing, note
from geoplan.tables import Tiles
from geoplan.words.errors import InputError, Note

#: Type of tiles -> its name in a ``data:`` address.
IMAGES = {
    TileType.PNG: "image/png", TileType.JPEG: "image/jpeg", TileType.WEBP: "image/webp", TileType.AVIF: "image/avif",
}  # fmt: skip
#: Most bytes of images that a page holds; written as text they are a third more.
MOST_BYTES = 6_000_000
#: How far the images go beyond the study on each side, as a share of its longer side.
BEYOND = 0.25
#: Latitude to which Web Mercator reaches, degrees.
NORTHMOST = 85.0511287798066

Bounds = tuple[float, float, float, float]


def read_tiles(
    path: Path, zones: gpd.GeoDataFrame, *, attribution: str = "", max_zoom: int = 18
) -> tuple[Tiles, list[Note]]:
    """Return the tiles of an archive around the study, whole zooms from the coarsest on, and a note where finer ones had no room.

    The coarsest zoom is that at which some two tiles span the study, else the archive's own coarsest; the finest is the last whose tiles
    still fit into `MOST_BYTES` together with the coarser ones.

    Parameters
    ----------
    path
        PMTiles archive, version 3, of images.
    zones
        As in `geoplan.tables`.
    attribution
        Whose tiles they are; default: what the archive says.
    max_zoom
        Finest zoom that is taken.

    Raises
    ------
    InputError
        If the file is missing or no such archive, holds vector tiles, or has no tile around the study.
    """
    bounds = _around(zones)
    with existing(path).open("rb") as file, _readable(path):
        reader = Reader(_bytes_of(file))
        header, said = reader.header(), reader.metadata().get("attribution")
        kind, packed = header["tile_type"], header["tile_compression"]
        finest = min(max_zoom, header["max_zoom"])
        coarsest = min(max(header["min_zoom"], _overview(bounds)), finest)
        if kind in IMAGES:
            zooms = range(coarsest, finest + 1)
            images, last = _images(reader, bounds, zooms, unpack=packed == Compression.GZIP)
    if kind not in IMAGES:
        raise InputError(note("tiles_no_images", path, kind=kind.name))
    if not images:
        own = [header[key] / 1e7 for key in ("min_lon_e7", "min_lat_e7", "max_lon_e7", "max_lat_e7")]
        raise InputError(
            note(
                "tiles_elsewhere",
                path,
                own=_degrees(own),
                study=_degrees(bounds),
                zooms=f"{coarsest}–{finest}",
            )
        )
    notes = []
    if last < finest:
        notes.append(
            Note.of("tiles_cut", file=path.name, zoom=last, finest=finest, most=MOST_BYTES // 1_000_000)
        )
    made = {
        place: f"data:{IMAGES[kind]};base64,{base64.b64encode(image).decode('ascii')}"
        for place, image in images.items()
    }
    owner = attribution or html.unescape(re.sub("<[^>]*>", "", str(said or ""))).strip()
    return Tiles(path.name, owner, last, coarsest, made), notes


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Turn what the library raises where bytes are not those of an archive into an InputError; it has no error of its own for all of it."""
    wrong = (
        MagicNumberNotFound,
        SpecVersionUnsupported,
        ArithmeticError,
        AttributeError,
        EOFError,
        LookupError,
        OSError,
        ValueError,
    )
    try:
        yield
    except (*wrong, zlib.error) as error:
        raise InputError(
            note("tiles_damaged", path, why=f"{type(error).__name__} {error}".strip())
        ) from error


def _bytes_of(file: BinaryIO) -> Callable[[int, int], bytes]:
    """Return what reads so many bytes of an open file from an offset on."""

    def read(offset: int, length: int) -> bytes:
        file.seek(offset)
        return file.read(length)

    return read


def _images(reader: Reader, bounds: Bounds, zooms: range, *, unpack: bool) -> tuple[dict[str, bytes], int]:
    """Return ``z/x/y`` -> image of whole zooms, and the finest of them; nothing where not even the first has any."""
    images: dict[str, bytes] = {}
    last = zooms.start
    for zoom in zooms:
        own: dict[str, bytes] = {}
        room = MOST_BYTES - sum(map(len, images.values()))
        for x, y in _places(bounds, zoom):
            image = reader.get(zoom, x, y)
            if image:
                own[f"{zoom}/{x}/{y}"] = gzip.decompress(image) if unpack else bytes(image)
                room -= len(own[f"{zoom}/{x}/{y}"])
            if room < 0:
                return images, last
        if own:
            images |= own
            last = zoom
    return images, last


def _around(zones: gpd.GeoDataFrame) -> Bounds:
    """Return the bounds of the study with what lies around it, degrees."""
    west, south, east, north = zones.to_crs("EPSG:4326").total_bounds
    more = BEYOND * max(east - west, north - south)
    return west - more, max(south - more, -NORTHMOST), east + more, min(north + more, NORTHMOST)


def _overview(bounds: Bounds) -> int:
    """Return the zoom at which some two tiles span the bounds."""
    return max(0, math.floor(math.log2(720 / max(bounds[2] - bounds[0], 1e-6))))


def _places(bounds: Bounds, zoom: int) -> Iterator[tuple[int, int]]:
    """Yield column and row of the tiles that touch the bounds.

    Examples
    --------
    >>> list(_places((114.0, 30.0, 115.0, 31.0), 6))
    [(52, 26)]
    """
    count = 1 << zoom

    def column(lon: float) -> int:
        return min(max(math.floor((lon + 180) / 360 * count), 0), count - 1)

    def row(lat: float) -> int:
        y = math.asinh(math.tan(math.radians(lat)))
        return min(max(math.floor((1 - y / math.pi) / 2 * count), 0), count - 1)

    west, south, east, north = bounds
    for x in range(column(west), column(east) + 1):
        for y in range(row(north), row(south) + 1):
            yield x, y


def _degrees(bounds: Bounds | list[float]) -> str:
    return ", ".join(f"{value:.2f}" for value in bounds)
