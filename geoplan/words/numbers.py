"""Number formats: one named format for each kind of figure, the same text in every output.

======== ==================================================== =====================
format   what it prints                                       example
======== ==================================================== =====================
count    people, beds, places, m², facilities: whole          5,112,330
percent  a share (0-1) to 0.1 %                               76.2%
per_1000 a rate per 1,000 people or 100 households            4.55, 33.7, 1,235
decimal  a measured amount that is no count                   0.76, 12.5
minutes  minutes, whole                                       12
cost     10,000 yuan, whole                                   1,250
year     a year or an id: digits without separators           2025
degrees  longitude and latitude                               114.305512
======== ==================================================== =====================

A change is written with its sign: ``change`` as count, ``points`` as percent, ``change_decimal`` with two decimals.

Unknown prints as an em dash, never as 0. Rounding is half up and decimal, as a spreadsheet rounds the same cell.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

import numpy as np
import pandas as pd

#: What stands where there is no value.
NOTHING = "—"


def missing(value: object) -> bool:
    """Return whether `value` is None, NaN, NA or NaT."""
    if value is None or value is pd.NA or value is pd.NaT:
        return True
    # a tuple: a union of types is made anew at each call, and outputs ask this millions of times
    return isinstance(value, (float, np.floating)) and value != value  # NaN alone differs from itself


def _rounded(value: float, digits: int) -> Decimal:
    return Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)


def _count(value: float) -> str:
    return f"{_rounded(value, 0) + 0:,}"  # + 0: no minus before a zero


def _percent(value: float) -> str:
    # what is not quite whole never prints as 100.0 %, nor as 0.0 % where it is not none
    shown = 100 * _rounded(value, 3)
    if shown == 100 and value < 1 - 1e-9:
        shown = Decimal("99.9")
    if shown == 0 and value > 1e-9:
        shown = Decimal("0.1")
    return f"{shown:.1f}%"


def _rate(value: float) -> str:
    digits = 2 if abs(value) < 10 else 1 if abs(value) < 100 else 0
    text = f"{_rounded(value, digits):,}"
    return text.rstrip("0").rstrip(".") if digits else text


def _signed(write: Callable[[float], str]) -> Callable[[float], str]:
    """Return a format that writes the sign of what does not print as nought."""

    def text(value: float) -> str:
        size = write(abs(value))
        return f"{'+' if value > 0 else '-'}{size}" if size.strip("0.%") else size

    return text


@dataclass(frozen=True)
class NumberFormat:
    """One number format: how it prints, and the format code of a spreadsheet cell that shows the same."""

    text: Callable[[float], str]
    excel: str


FORMATS: dict[str, NumberFormat] = {
    "count": NumberFormat(_count, "#,##0"),
    "percent": NumberFormat(_percent, "0.0%"),
    "per_1000": NumberFormat(_rate, "[<10]#,##0.##;[<100]#,##0.#;#,##0"),
    "decimal": NumberFormat(_rate, "[<10]#,##0.##;[<100]#,##0.#;#,##0"),
    "minutes": NumberFormat(_count, "#,##0"),
    "cost": NumberFormat(_count, "#,##0"),
    "year": NumberFormat(lambda value: f"{_rounded(value, 0)}", "0"),
    "degrees": NumberFormat(lambda value: f"{_rounded(value, 6)}", "0.000000"),
    "change": NumberFormat(_signed(_count), "+#,##0;-#,##0;0"),
    "points": NumberFormat(_signed(lambda value: f"{100 * _rounded(value, 3):.1f}%"), "+0.0%;-0.0%;0.0%"),
    "change_decimal": NumberFormat(
        _signed(lambda value: f"{_rounded(value, 2):,}"), "+#,##0.00;-#,##0.00;0.00"
    ),
}

#: Format of the change of a value: that of the value -> the one with a sign.
_CHANGES = {"percent": "points", "count": "change", "cost": "change"}


def change_format(number_format: str) -> str:
    """Return the format in which a change of a value of `number_format` is written.

    Examples
    --------
    >>> change_format("percent"), change_format("per_1000")
    ('points', 'change_decimal')
    """
    return _CHANGES.get(number_format, "change_decimal")


def format_number(value: float | None, number_format: str) -> str:
    """Return `value` as text in a format of `FORMATS`; an em dash where it is missing.

    Raises
    ------
    KeyError
        If there is no such format.

    Examples
    --------
    >>> format_number(5112330.4, "count"), format_number(0.7615, "percent"), format_number(None, "count")
    ('5,112,330', '76.2%', '—')
    >>> format_number(0.99999, "percent"), format_number(1.0, "percent"), format_number(0.0001, "percent")
    ('99.9%', '100.0%', '0.1%')
    >>> [format_number(value, "per_1000") for value in (4.55, 50.0, 0.0, 1234.5)]
    ['4.55', '50', '0', '1,235']
    >>> format_number(2025.0, "year"), format_number(float("inf"), "count")
    ('2025', '∞')
    >>> format_number(12.4, "change"), format_number(-0.031, "points"), format_number(0.2, "change"), format_number(-0.5, "change_decimal")
    ('+12', '-3.1%', '0', '-0.50')
    """
    if number_format not in FORMATS:
        raise KeyError(number_format)
    return NOTHING if value is None or missing(value) else _written(float(value), number_format)


def format_exact(value: float | None, number_format: str) -> str:
    """Return `value` as `format_number` does, with every digit where that would round one away: a figure that a plan states.

    Digits behind the twelfth are noise of floats.

    Examples
    --------
    >>> format_exact(1900.6, "count"), format_exact(47000.0, "count"), format_exact(0.5048, "percent"), format_exact(0.55, "percent")
    ('1,900.6', '47,000', '50.48%', '55.0%')
    >>> format_exact(45.55, "per_1000"), format_exact(0.54 + 0.06, "percent"), format_exact(None, "count")
    ('45.55', '60.0%', '—')
    """
    text = format_number(value, number_format)
    if value is None or missing(value) or math.isinf(value):
        return text
    sign = "%" if text.endswith("%") else ""
    told = Decimal(f"{value:.12g}") * (100 if sign else 1)
    shown = Decimal(text.removesuffix("%").replace(",", ""))
    return text if told == shown else f"{told.normalize():,f}{sign}"


@lru_cache(maxsize=1 << 16)
def _written(number: float, number_format: str) -> str:
    """Return a number as text; kept, since several outputs write the same figure."""
    if math.isinf(number):
        return "∞" if number > 0 else "-∞"
    return FORMATS[number_format].text(number)


def format_interval(low: float | None, high: float | None, number_format: str) -> str:
    """Return ``low–high``, one number where both print alike, ``≥ low`` where nothing bounds it above.

    Examples
    --------
    >>> format_interval(12, 15, "count"), format_interval(12, 12.2, "count"), format_interval(None, None, "count")
    ('12–15', '12', '—')
    >>> format_interval(0.5, 0.75, "percent"), format_interval(12, float("inf"), "count")
    ('50.0%–75.0%', '≥ 12')
    """
    low_text = format_number(low, number_format)
    if low is None or missing(low) or high is None or missing(high):
        return low_text
    if math.isinf(float(high)):
        return f"≥ {low_text}"
    high_text = format_number(high, number_format)
    return low_text if low_text == high_text else f"{low_text}–{high_text}"
