"""Names of zones as people write them: which zone a register means by 武昌区, 向阳社区 or W0001.

A name is compared in full, then without its suffix (街道, 社区 …). Where a name occurs more than once, the district or town that
the same row names decides; what stays ambiguous is not guessed.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import pandas as pd

#: What may follow the proper name at each level.
SUFFIXES: Mapping[str, str] = {
    "district": r"(市辖区|新区|区|县|市)$",
    "town": r"(街道办事处|街道办|街道|办事处|镇|乡|街)$",
    "community": r"(社区居民委员会|社区居委会|居民委员会|村民委员会|居委会|村委会|社区|村)$",
    "estate": r"(住宅小区|小区)$",
}
#: What a level is called in a note, Chinese and English.
LEVEL_WORDS: Mapping[str, tuple[str, str]] = {
    "district": ("区县", "district"),
    "town": ("街道（乡镇）", "town"),
    "community": ("社区（村）", "community"),
    "estate": ("居住小区", "estate"),
}
#: Levels that a register may name, coarse to fine.
NAMED_LEVELS = ("district", "town", "community", "estate")


def clean_name(name: Any) -> str:  # noqa: ANN401 - a cell holds anything
    """Return a name as it is compared: half width, lower case, no blanks and dots.

    Examples
    --------
    >>> clean_name(" 向阳 社区（一）")
    '向阳社区(一)'
    """
    if name is None or name is pd.NA or (isinstance(name, float) and name != name):
        return ""
    return re.sub(r"[\s·•.,，。]", "", unicodedata.normalize("NFKC", str(name)).lower())


def bare_name(name: str, level: str) -> str:
    """Return a cleaned name without the suffix of its level; a name that would shrink to one character stays whole."""
    bare = re.sub(SUFFIXES[level], "", name)
    return bare if len(bare) > 1 else name


@dataclass(frozen=True)
class Found:
    """The zone that a name means, or None and why: ``unknown`` or ``ambiguous``."""

    zone_id: str | None
    why: str = ""


class ZoneNames:
    """Names of the zones of every level, ready to be looked up.

    Parameters
    ----------
    zones
        `tables.ZONES`, indexed by zone_id.
    """

    def __init__(self, zones: gpd.GeoDataFrame) -> None:
        self._parent: dict[str, Any] = dict(zip(zones.index, zones["parent_id"], strict=True))
        self._full: dict[str, dict[str, list[str]]] = {level: {} for level in NAMED_LEVELS}
        self._bare: dict[str, dict[str, list[str]]] = {level: {} for level in NAMED_LEVELS}
        columns = zip(zones.index, zones["level"], zones["name"], zones["code"], strict=True)
        for zone_id, level, name, code in columns:
            if level not in NAMED_LEVELS:
                continue
            keys = {clean_name(name), clean_name(code)} - {""}
            for key in sorted(keys):
                self._full[level].setdefault(key, []).append(zone_id)
            for key in sorted({bare_name(k, level) for k in keys}):
                self._bare[level].setdefault(key, []).append(zone_id)

    def levels(self) -> tuple[str, ...]:
        """Return the levels that have zones."""
        return tuple(level for level in NAMED_LEVELS if self._full[level])

    def ancestors(self, zone_id: str) -> Iterator[str]:
        """Yield the zone and those above it."""
        current: Any = zone_id
        while isinstance(current, str):
            yield current
            current = self._parent.get(current)

    def find(self, name: Any, level: str, *, within: str | None = None) -> Found:  # noqa: ANN401 - a cell
        """Return the zone of `level` that `name` means, inside the zone `within` where one is known."""
        key = clean_name(name)
        options = self._full[level].get(key) or self._bare[level].get(bare_name(key, level), [])
        if within is not None:
            options = [zone for zone in options if within in self.ancestors(zone)]
        if not options:
            return Found(None, "unknown")
        return Found(options[0]) if len(options) == 1 else Found(None, "ambiguous")

    def in_text(self, text: Any, level: str, *, within: str | None = None) -> str | None:  # noqa: ANN401 - a cell
        """Return the one zone of `level` whose full name stands in `text`, the longest name first; None if none or several."""
        key = clean_name(text)
        hits = {
            zone: len(name)
            for name, zones in self._full[level].items()
            if len(name) > 2 and name in key
            for zone in zones
            if within is None or within in self.ancestors(zone)
        }
        longest = [zone for zone, length in hits.items() if length == max(hits.values())]
        return longest[0] if len(longest) == 1 else None
