"""Ages as a planner writes them: ``0-4``, ``60+``, ``85岁及以上``."""

import math
import re

#: ``0-4``, ``0—4岁``, ``0~4``, ``0至4周岁``
_CLOSED = re.compile(r"(\d{1,3})\s*(?:周?岁)?\s*[-–—~～至]\s*(\d{1,3})\s*(?:周?岁)?")
#: ``85+``, ``85岁及以上``, ``85及以上``, ``85周岁以上`` (以上 includes the number itself)
_OPEN = re.compile(r"(\d{1,3})\s*(?:周?岁)?\s*(?:\+|及?以上)")
#: ``0``, ``0岁``
_SINGLE = re.compile(r"(\d{1,3})\s*(?:周?岁)?")


def age_limits(band: str) -> tuple[float, float] | None:
    """Return the exact ages at which a band of completed years begins and ends, or None if it names none.

    Examples
    --------
    >>> [age_limits(band) for band in ("0-4", "85岁及以上", "60周岁以上", "0岁", "total")]
    [(0.0, 5.0), (85.0, inf), (60.0, inf), (0.0, 1.0), None]
    """
    text = str(band).strip()
    if found := _CLOSED.fullmatch(text):
        first, last = float(found[1]), float(found[2])
        return (first, last + 1) if first <= last else None
    if found := _OPEN.fullmatch(text):
        return float(found[1]), math.inf
    if found := _SINGLE.fullmatch(text):
        return float(found[1]), float(found[1]) + 1
    return None
