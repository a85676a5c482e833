"""Where the tiles beneath ``map.html`` come from."""

from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Tiles:
    """Tiles of an office's own server, which the browser asks for.

    Examples
    --------
    >>> Tiles("https://maps.example:8443/{z}/{x}/{y}.png").origin
    'https://maps.example:8443'
    """

    address: str
    """With ``{z}``, ``{x}`` and ``{y}``; Web Mercator."""
    attribution: str = ""
    """Whose they are; empty where nothing is to be printed."""
    max_zoom: int = 18
    """Finest zoom that the server has."""

    @property
    def origin(self) -> str:
        """Scheme, host and port: all that a page may ask."""
        parts = urlsplit(self.address)
        return f"{parts.scheme}://{parts.netloc}"
