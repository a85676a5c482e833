"""What maps are drawn on and what must be printed on them: tiles of the office's own server or archive, the approval number."""

import re
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, ValidationInfo, model_validator
from pydantic_core import PydanticCustomError

from geoplan.study.entry import Entry, Text, resolved
from geoplan.study.formats import kind_of
from geoplan.tables import Tiles
from geoplan.words.quantities import Unit

#: A server's name or IPv4 address, with its port: nothing else may stand in a page's policy.
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?")
_BRACES = re.compile(r"\{[^{}]*\}|[{}]")


def _tiles(address: str | Path, info: ValidationInfo) -> str | Path:
    """Return the address of tiles, or the path of an archive of them; anything else is an error that says what is due."""
    if isinstance(address, Path) or (kind_of(address) == "tiles" and "://" not in address):
        return resolved(Path(address), info)
    try:
        parts = urlsplit(address)
    except ValueError:
        parts = urlsplit("")
    is_server = parts.scheme in ("http", "https") and _HOST.fullmatch(parts.netloc) is not None
    places = sorted(_BRACES.findall(address.partition(parts.netloc)[2])) if is_server else []
    is_plain = not re.search(r"[\s\"'<>\\]", address)
    if not is_server or not is_plain or places != ["{x}", "{y}", "{z}"]:
        raise PydanticCustomError("study_tiles", "{got}", {"got": address})
    return address


Zoom = Annotated[int, Field(ge=1, le=22), Unit("number")]


class MapBase(Entry):
    """Beneath and beside the maps.

    geoplan itself fetches no tile: the browser that opens ``map.html`` does, from this server alone. Of an archive the tiles around the
    study lie in ``map.html`` itself.
    """

    tiles: Annotated[Text | Path, AfterValidator(_tiles)] | None = None
    """Tiles in Web Mercator, ``https://server/{z}/{x}/{y}.png`` or a WMTS address with these three in its query; or a PMTiles archive of
    images (PNG, JPEG, WebP, AVIF), ``base.pmtiles``, of which the tiles around the study are put into ``map.html``, the coarse zooms first, as
    long as they stay within 6 MB. Default: none, and the page asks no network for anything. A key in the address stands in ``map.html`` for
    everybody to read."""
    attribution: Text | None = None
    """Whose tiles they are, as their owner asks to print it; of an archive default: what it says itself."""
    max_zoom: Zoom = 18
    """Finest zoom that the server has, or that is taken from the archive."""
    review_no: Text | None = None
    """Approval number of the map (审图号), printed on every map; default: maps print 内部用图, internal use."""

    def base_tiles(self) -> Tiles | None:
        """Return the tiles of a server as the outcome holds them; None where the study names none."""
        return (
            Tiles(self.tiles, self.attribution or "", self.max_zoom) if isinstance(self.tiles, str) else None
        )

    @model_validator(mode="after")
    def _of_tiles(self) -> Self:
        if self.tiles is None and {"attribution", "max_zoom"} & self.model_fields_set:
            raise PydanticCustomError("study_no_tiles", "without tiles")
        return self
