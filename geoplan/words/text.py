"""Plain text: as names are compared, and as a terminal shows it, where a Chinese character is two columns wide."""

import unicodedata
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any


@lru_cache(maxsize=1 << 16)
def folded(text: str) -> str:
    """Return a text as names and headers are compared: half width, lower case, simplified characters.

    Examples
    --------
    >>> folded("東湖區"), folded("臺北"), folded("ＡＢ（一）")
    ('东湖区', '台北', 'ab(一)')
    """
    plain = unicodedata.normalize("NFKC", text).lower()
    return plain if plain.isascii() else str(_simplifier().convert(plain))


@cache
def _simplifier() -> Any:  # noqa: ANN401 - opencc has no types
    """Return the converter from traditional to simplified characters, loaded where it is first needed."""
    from opencc import OpenCC

    return OpenCC("t2s")


def width(text: str) -> int:
    """Return how many columns a text takes.

    Examples
    --------
    >>> width("指标"), width("rule")
    (4, 4)
    """
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def aligned(rows: Sequence[Sequence[str]], widest: Sequence[int] | None = None) -> list[str]:
    """Return rows as lines whose columns stand below each other.

    Parameters
    ----------
    widest
        Most columns that each cell may take; longer text ends in an ellipsis. None: no limit.

    Examples
    --------
    >>> aligned([["指标", "值"], ["a", "1"]])
    ['指标  值', 'a     1']
    >>> aligned([["abcdef", "x"]], [4, 4])
    ['abc…  x']
    """
    if not rows:
        return []
    limits = [max(width(row[column]) for row in rows) for column in range(len(rows[0]))]
    if widest is not None:
        limits = [min(limit, most) for limit, most in zip(limits, widest, strict=True)]
    return ["  ".join(map(_fitted, row, limits)).rstrip() for row in rows]


def _fitted(text: str, limit: int) -> str:
    """Return a text cut or filled to `limit` columns."""
    # "…" counts as one column here, as terminals draw it
    while width(text) > limit:
        text = text.rstrip("…")[:-1] + "…"
    return text + " " * (limit - width(text))
