"""Which files are opened, and how large they may be: each is a file that can be read, is what its name says, and leads nowhere else.

GDAL picks a driver by what a file holds, not by its name: a ``.tif`` that is text of a virtual raster (VRT) would be opened as such, and
what it names fetched from elsewhere, from the network too. So a raster is opened by the driver of its ending alone, and a layer only if it
begins as its ending says. Packed files are measured before they are unpacked.
"""

import bz2
import errno
import gzip
import math
import re
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any
from xml.parsers import expat
from zipfile import BadZipFile, ZipFile

import rasterio
from rasterio.errors import RasterioError

from geoplan.study.formats import ending, kind_of
from geoplan.words.errors import InputError, Note

#: Largest file of a kind, bytes. A raster is read in windows.
MOST_BYTES: Mapping[str, int] = {
    "osm": 16 << 30,
    "graph": 1 << 30,
    "layer": 4 << 30,
    "table": 1 << 30,
    "raster": 64 << 30,
}
#: Most bytes that a packed file may hold once it is unpacked, and how many times its own size from a stated size on.
MOST_UNPACKED, MOST_RATIO, RATIO_FROM = 32 << 30, 200, 256 << 20
#: Most elements of XML inside each other.
MOST_XML_DEPTH = 100
#: Bytes of a file that say what it is.
HEAD_BYTES = 512

#: Ending -> the only driver of GDAL that opens such a raster.
RASTER_DRIVERS: Mapping[str, str] = {
    ".tif": "GTiff",
    ".tiff": "GTiff",
    ".asc": "AAIGrid",
    ".img": "HFA",
    ".hgt": "SRTMHGT",
}
#: Ending -> how such a layer begins.
SIGNATURES: Mapping[str, re.Pattern[bytes]] = {
    ".gpkg": re.compile(rb"SQLite format 3\0"),
    ".shp": re.compile(rb"\0\0\x27\x0a"),
    ".pmtiles": re.compile(rb"PMTiles"),
    ".fgb": re.compile(rb"fgb.fgb", re.DOTALL),
    ".parquet": re.compile(rb"PAR1"),
    ".geoparquet": re.compile(rb"PAR1"),
    ".gdb.zip": re.compile(rb"PK\x03\x04"),
    ".kml": re.compile(rb"(\xef\xbb\xbf)?\s*<(\?xml|!--|(\w+:)?kml\b)|\xff\xfe|\xfe\xff"),
}
#: JSON that GDAL would run as a command.
_COMMAND = b"gdal_streamed_alg"


def check_file(path: Path) -> None:
    """Check that a file may be opened.

    Raises
    ------
    InputError
        If there is no such file, it cannot be opened (another program holds it, or a right is lacking), it is larger than `MOST_BYTES`,
        it does not begin as its ending says, or it is packed and would be too large once unpacked.
    """
    end, kind = ending(path), kind_of(path)
    try:
        if path.is_dir():
            return _check_folder(path, end)
        if not path.is_file():
            raise InputError(_note("file_missing", path))
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError as error:
        raise InputError(_note("file_held", path, why=_reason(error))) from error
    if size > MOST_BYTES.get(kind, size):
        raise InputError(_note("file_too_large", path, size=size >> 20, most=MOST_BYTES[kind] >> 20))
    if end in SIGNATURES and not SIGNATURES[end].match(head):
        raise InputError(_note("file_not_as_named", path, ending=end))
    if end.endswith(".zip"):
        check_zip(path)
    elif end in (".osm.gz", ".osm.bz2"):
        _check_packed(path, gzip.open if end.endswith("gz") else bz2.open, size)
    return None


def _check_folder(path: Path, end: str) -> None:
    if end != ".gdb":
        raise InputError(_note("file_is_folder", path))
    if not any(path.glob("a0000*.gdbtable")):
        raise InputError(_note("file_not_as_named", path, ending=end))


def check_zip(path: Path) -> None:
    """Check how large the files in a zip are once unpacked, as it states them; no more than that is ever unpacked.

    Raises
    ------
    InputError
        If it is no zip, or holds too much.
    """
    try:
        with ZipFile(path) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
    except (BadZipFile, OSError, NotImplementedError, ValueError) as error:
        raise InputError(_note("file_unreadable", path, reason=_reason(error))) from error
    _check_unpacked(path, unpacked, path.stat().st_size)


def _check_packed(path: Path, opened: Any, size: int) -> None:  # noqa: ANN401 - gzip.open or bz2.open
    """Check the size of a packed stream by unpacking it, no further than it may reach; a broken one is told by its reader."""
    unpacked = 0
    try:
        with opened(path, "rb") as file:
            while chunk := file.read(1 << 20):
                unpacked += len(chunk)
                _check_unpacked(path, unpacked, size)
    except (OSError, EOFError, zlib.error):
        return


def _check_unpacked(path: Path, unpacked: int, size: int) -> None:
    if unpacked > MOST_UNPACKED or (unpacked > RATIO_FROM and unpacked > MOST_RATIO * size):
        raise InputError(_note("file_unpacks_too_large", path, most=MOST_UNPACKED >> 20, ratio=MOST_RATIO))


def check_xml(path: Path, root: str) -> None:
    """Check the XML of a file before a library reads it as a whole.

    Raises
    ------
    InputError
        If its first element is not `root`, it declares entities (which may unfold without end, or name other files), or elements stand
        more than `MOST_XML_DEPTH` deep. What is cut off or misspelt is told by who reads it.
    """
    with path.open("rb") as file:
        try:
            _walk_xml(file, path, root)
        except expat.ExpatError:
            return
        except OSError as error:
            raise InputError(_note("file_held", path, why=_reason(error))) from error


def _walk_xml(file: IO[bytes], path: Path, root: str) -> None:
    depth = 0

    def start(name: str, _: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth == 1 and name.rpartition(":")[2] != root:
            raise InputError(_note("file_not_as_named", path, ending=ending(path)))
        if depth > MOST_XML_DEPTH:
            raise InputError(_note("xml_too_deep", path, most=MOST_XML_DEPTH))

    def end(_: str) -> None:
        nonlocal depth
        depth -= 1

    def declared(*_: object) -> None:
        raise InputError(_note("xml_entities", path))

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler, parser.EntityDeclHandler = start, end, declared
    parser.ParseFile(file)


def check_json(path: Path, data: bytes) -> bytes:
    """Return the text of a GeoJSON file unchanged, if it is data.

    Raises
    ------
    InputError
        If it is not JSON, or a command that GDAL would run.
    """
    if not data.lstrip().startswith((b"{", b"[")) or _COMMAND in data:
        raise InputError(_note("file_not_as_named", path, ending=ending(path)))
    return data


@contextmanager
def open_raster(path: Path, name: str) -> Iterator[rasterio.DatasetReader]:
    """Open a raster by the driver of its ending, and by no other.

    Parameters
    ----------
    path
        The file.
    name
        Name by which GDAL opens it (`geoplan.inputs.readers.raster_name`): the path itself, or that of a member of a zip.

    Raises
    ------
    InputError
        If it cannot be read, takes data from files that do not lie beside it, or its cells have no place or no size.
    """
    try:
        with rasterio.open(name, driver=RASTER_DRIVERS[ending(name)]) as raster:
            elsewhere = [file for file in raster.files if Path(file).parent != Path(name).parent]
            if elsewhere:
                raise InputError(_note("raster_files_elsewhere", path, files=", ".join(elsewhere)))
            cells = raster.transform
            if not all(map(math.isfinite, cells)) or cells.is_degenerate:
                raise InputError(_note("raster_no_place", path, found=", ".join(f"{x:g}" for x in cells[:6])))
            yield raster
    except RasterioError as error:
        raise InputError(_note("file_unreadable", path, reason=_reason(error))) from error


def _note(code: str, path: Path, **values: Any) -> Note:  # noqa: ANN401 - whatever the message names
    return Note.of(code, file=path.name, severity="error", **values)


def _reason(error: BaseException) -> str:
    if isinstance(error, OSError) and error.errno in (errno.EACCES, errno.EPERM):
        return str(error.strerror)
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
