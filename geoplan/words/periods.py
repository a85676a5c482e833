"""Periods of reported figures (a year, a quarter or a month), and hours of the week, as studies write them."""

import re
from dataclasses import dataclass
from typing import NamedTuple

_FORMS = (re.compile(r"(?P<year>[0-9]{4})(?:Q(?P<quarter>[1-4]))?"), re.compile(r"(?P<year>[0-9]{4})-(?P<month>0[1-9]|1[0-2])"))  # fmt: skip


@dataclass(frozen=True)
class Period:
    """A year or a part of one.

    Parameters
    ----------
    year
        Calendar year.
    passed
        Share of the year that has passed at the end of the period, over 0 and up to 1.
    text
        As it is written.
    """

    year: int
    passed: float
    text: str

    @property
    def is_part(self) -> bool:
        """Whether it is a quarter or a month."""
        return self.text != f"{self.year}"

    @property
    def end(self) -> float:
        """End of the period in years: 2025.0 for the whole of 2025, 2024.5 for its second quarter."""
        return self.year - 1 + self.passed


def parse_period(text: str) -> Period:
    """Return the period that a text names; ValueError where it names none.

    Examples
    --------
    >>> parse_period("2025"), parse_period("2025Q2").end, parse_period("2025-03").passed
    (Period(year=2025, passed=1.0, text='2025'), 2024.5, 0.25)
    """
    for form in _FORMS:
        if found := form.fullmatch(text.strip()):
            parts = found.groupdict()
            quarter, month = parts.get("quarter"), parts.get("month")
            passed = int(quarter) / 4 if quarter else int(month) / 12 if month else 1.0
            return Period(int(parts["year"]), passed, text.strip())
    raise ValueError("must be a year, a quarter or a month, such as `2025`, `2025Q2` or `2025-06`")


def span(first: Period, last: Period) -> tuple[Period, ...]:
    """Return the periods from one to another of its kind; ValueError where they are of two kinds.

    Examples
    --------
    >>> [period.text for period in span(parse_period("2024Q4"), parse_period("2025Q2"))]
    ['2024Q4', '2025Q1', '2025Q2']
    """
    mark = first.text[4:5]
    if mark != last.text[4:5]:
        raise ValueError(f"`{first.text}` and `{last.text}` are of two kinds")
    many, digits = {"": (1, 0), "Q": (4, 1), "-": (12, 2)}[mark]
    ends = range(round(first.end * many), round(last.end * many) + 1)
    numbered = [((end - 1) // many + 1, (end - 1) % many + 1) for end in ends]
    return tuple(
        parse_period(f"{year}{mark}{number:0{digits}}" if mark else f"{year}") for year, number in numbered
    )


#: Days of the week as OpenStreetMap writes them.
DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
_HOUR = re.compile(rf"({'|'.join(DAYS)}) ([01]\d|2[0-3]):([0-5]\d)")


class Hour(NamedTuple):
    """An hour of the week: day (0: Monday) and minutes since midnight."""

    day: int
    minute: int


def parse_hour(text: str) -> Hour:
    """Return the hour of the week that a text names; ValueError where it names none.

    Examples
    --------
    >>> parse_hour("Su 22:30")
    Hour(day=6, minute=1350)
    """
    found = _HOUR.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is no day of the week with a clock time, such as `We 22:00`")
    return Hour(DAYS.index(found[1]), 60 * int(found[2]) + int(found[3]))
