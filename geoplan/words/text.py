"""Plain text for a terminal, in which a Chinese character is two columns wide."""

import unicodedata
from collections.abc import Sequence


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
