"""Where the tiles beneath ``map.html`` come from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Tiles:
    """Tiles of an office's own server, which the browser asks for, or the images of an archive, which the page holds.

    Examples
    --------
    >>> Tiles("https://maps.example:8443/{z}/{x}/{y}.png").origin
    'https://maps.example:8443'
    """

    address: str
    """With ``{z}``, ``{x}`` and ``{y}``; Web Mercator. Of an archive: its file's name."""
    attribution: str = ""
    """Whose they are; empty where nothing is to be printed."""
    max_zoom: int = 18
    """Finest zoom that the server has, or of the images."""
    min_zoom: int = 0
    """Coarsest zoom."""
    images: Mapping[str, str] = field(default_factory=dict)
    """``z/x/y`` -> image as ``data:`` address; empty for a server."""

    @property
    def origin(self) -> str:
        """Scheme, host and port: all that a page may ask; nothing where it holds the images."""
        if self.images:
            return ""
        parts = urlsplit(self.address)
        return f"{parts.scheme}://{parts.netloc}"
