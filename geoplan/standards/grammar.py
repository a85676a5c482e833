"""The short texts in which a rule's level, base, target and people are written, and what they mean.

=========== ============================================================== =====================================
column      forms                                                          means
=========== ============================================================== =====================================
``level``   ``city``, ``district``, ``town``, ``community``, ``estate``,   where the rule is judged or what it
            ``facility``; joined by ``+``; with ``: word, word`` or        counts; ``city`` is the study's
            ``: 5000..12000 residents`` as a filter                        ``area`` zone
``base``    ``48@2023``, ``64%@2023``, ``>95%@2020``                       value in the base year
``target``  ``>=50@2025``, ``>60%@2025``, ``<=150@2025``, ``20..30@2025``, value due in a year; several years
            ``all@2025``, ``未量化@2025``,                                  joined by ``;``
            ``>=50% or >=30% by district@2025``,
            ``+6pp@2030``, ``+500@2030`` (on the base)
``per``     ``elders_60/1000``, ``households/100``                         per N of a group
=========== ============================================================== =====================================
A text in none of the forms is a ValueError that says the form.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from geoplan.tables import GROUPS

#: Levels as plans say them -> levels of the zones table.
LEVEL_WORDS = {
    "city": "area", "district": "district", "town": "town", "community": "community", "estate": "estate",
    "facility": "facility",
}  # fmt: skip
NOT_QUANTIFIED = "未量化"
#: Years of plans, and the largest N of "per N people".
FIRST_YEAR, LAST_YEAR, MOST_PER = 1990, 2100, 1_000_000
#: Filters as plans say them -> words of a zone's ``kind``.
KIND_WORDS = {"with the conditions": "with_conditions"}

_NUMBER = r"(\d+(?:\.\d+)?)(%?)"
_BOUND = re.compile(rf"(>=|<=|>|<|=)\s*{_NUMBER}")
_RANGE = re.compile(rf"{_NUMBER}\.\.{_NUMBER}")
_EITHER = re.compile(rf"(>=)\s*{_NUMBER} or >=\s*{_NUMBER} by (district|town|community)")
_BASE = re.compile(rf"(>=|<=|>|<)?{_NUMBER}@(\d{{4}})")
_RISE = re.compile(r"\+(\d+(?:\.\d+)?)(pp)?")
_PER = re.compile(r"([a-z_0-9]+)/(\d+)")
_BAND = re.compile(r"(\d+)\.\.(\d+) ([a-z_0-9]+)")


@dataclass(frozen=True)
class Where:
    """A level with its filter.

    Parameters
    ----------
    levels
        Levels of the zones table (``area`` for city), or ``facility``.
    words
        Words of a zone's ``kind`` that all must hold.
    band
        Group, least and most people of a zone, inclusive; None where there is none.
    """

    levels: tuple[str, ...]
    words: tuple[str, ...] = ()
    band: tuple[str, float, float] | None = None


@dataclass(frozen=True)
class Base:
    """Value in the base year; shares are 0-1. `comparison` is empty, or how the plan bounds it (``>`` of ``>95%``)."""

    value: float
    year: int
    percent: bool
    comparison: str = ""


@dataclass(frozen=True)
class Target:
    """What is due in one year.

    Parameters
    ----------
    comparison
        ``>=``, ``>``, ``<=``, ``<``, ``=``, ``range`` (``a..b``) or empty (not quantified).
    floor
        Value that judges (shares 0-1); the lower end of a range; None where not quantified.
    upper
        Upper end of a range: a limit or the recommended size, as the rule says; or the stricter of two values
        of which the zone's circumstances decide.
    either
        True where `floor` or `upper` holds, zone by zone.
    rise
        What is added to the base value, percentage points as 0-1; None where the target stands by itself. `floor` is their sum
        once the base is known (`on_base`).
    """

    year: int
    comparison: str
    floor: float | None
    upper: float | None = None
    percent: bool = False
    either: bool = False
    rise: float | None = None

    def on_base(self, base: Base | None) -> "Target":
        """Return the target with its value, where it rises from `base`; others as they are."""
        if self.rise is None or base is None:
            return self
        return replace(self, floor=round(base.value + self.rise, 9))

    @property
    def most(self) -> float:
        """The larger of its values; 0 where it is not quantified."""
        return max(self.floor or 0.0, self.upper or 0.0)


@dataclass(frozen=True)
class Per:
    """Per `n` of `group`."""

    group: str
    n: float


def parse_level(text: str) -> Where:
    """Return what a level says.

    Examples
    --------
    >>> parse_level("community: complete, 5000..12000 residents")
    Where(levels=('community',), words=('complete',), band=('residents', 5000.0, 12000.0))
    """
    head, _, tail = text.partition(":")
    names = [word.strip() for word in head.split("+")]
    unknown = [name for name in names if name not in LEVEL_WORDS]
    if unknown:
        raise ValueError(f"unknown level `{unknown[0]}`; levels are {', '.join(LEVEL_WORDS)}")
    levels = tuple(LEVEL_WORDS[name] for name in names)
    if "facility" in levels:
        return Where(levels)  # which facilities is said by the typed entries
    words, band = [], None
    for part in filter(None, (piece.strip() for piece in tail.split(","))):
        found = _BAND.fullmatch(part)
        if found:
            band = (_group(found[3]), float(found[1]), float(found[2]))
        else:
            words.append(KIND_WORDS.get(part, part))
    return Where(levels, tuple(words), band)


def parse_base(text: str) -> Base:
    """Return what a base says."""
    found = _BASE.fullmatch(text.strip())
    if not found:
        raise ValueError("must be a value and its year, such as `48@2023` or `64%@2023`")
    return Base(_value(found[2], found[3]), _year(found[4]), bool(found[3]), found[1] or "")


def parse_targets(text: str) -> tuple[Target, ...]:
    """Return the targets that a text names, by year.

    Examples
    --------
    >>> parse_targets(">=65%@2025")
    (Target(year=2025, comparison='>=', floor=0.65, upper=None, percent=True, either=False, rise=None),)
    """
    targets = sorted((_target(part.strip()) for part in text.split(";")), key=lambda target: target.year)
    years = [target.year for target in targets]
    if len(set(years)) < len(years):
        raise ValueError("a year stands twice")
    return tuple(targets)


def parse_per(text: str) -> Per:
    """Return what a `per` says."""
    found = _PER.fullmatch(text.strip())
    if not found or not 0 < float(found[2]) <= MOST_PER:
        raise ValueError(f"must be a group and a number of at most {MOST_PER:,}, such as `elders_60/1000`")
    return Per(_group(found[1]), float(found[2]))


def parse_bound(text: str) -> tuple[str, float]:
    """Return comparison and value of a bound such as ``>=150``."""
    found = _BOUND.fullmatch(text.strip())
    if not found:
        raise ValueError("must be a bound such as `>=150`")
    return found[1], _value(found[2], found[3])


#: Reader of each text of a rule, by the name of its entry.
PARSERS: dict[str, Callable[[str], object]] = {
    "level": parse_level, "base": parse_base, "target": parse_targets, "per": parse_per,
}  # fmt: skip


def _target(text: str) -> Target:
    value, at, year = text.rpartition("@")
    if not at or not re.fullmatch(r"\d{4}", year):
        raise ValueError("must end in `@` and a year, such as `>=50@2025`")
    due = _year(year)
    if value == NOT_QUANTIFIED:
        return Target(due, "", None)
    if value == "all":
        return Target(due, ">=", 1.0, percent=True)
    if found := _RISE.fullmatch(value):
        points = bool(found[2])
        return Target(due, ">=", None, percent=points, rise=_value(found[1], "%" if points else ""))
    if found := _EITHER.fullmatch(value):
        high, low = _value(found[2], found[3]), _value(found[4], found[5])
        return Target(due, ">=", min(low, high), max(low, high), bool(found[3]), either=True)
    if found := _RANGE.fullmatch(value):
        low, high = _value(found[1], found[2]), _value(found[3], found[4])
        if low > high:
            raise ValueError("the lower end of a range stands first")
        return Target(due, "range", low, high, bool(found[2]))
    comparison, bound = parse_bound(value)
    return Target(due, comparison, bound, percent=value.endswith("%"))


def _year(text: str) -> int:
    if not FIRST_YEAR <= int(text) <= LAST_YEAR:
        raise ValueError(f"the year must lie between {FIRST_YEAR} and {LAST_YEAR}")
    return int(text)


def _value(number: str, percent: str) -> float:
    return float(number) / 100 if percent else float(number)


def _group(name: str) -> str:
    if name not in GROUPS:
        raise ValueError(f"unknown group `{name}`; groups are {', '.join(GROUPS)}")
    return name
