"""What a rule asks for in one year, whether an interval meets it, and the gap in the unit in which one builds."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from geoplan.standards.grammar import Base, Target
from geoplan.words.catalogue import phrase
from geoplan.words.numbers import format_exact
from geoplan.words.vocabulary import vocabulary

NAN = math.nan

#: Taken off before a gap of beds, places or facilities is rounded up, so that sums of floats do not add one.
ROUNDING_TOLERANCE = 1e-6

#: Relative tolerance of a comparison: a sum of floats may miss a boundary by its last digits.
COMPARISON_TOLERANCE = 1e-9

#: How comparisons print.
SIGNS = {">=": "≥", ">": "＞", "<=": "≤", "<": "＜", "=": "=", "": ""}


@dataclass(frozen=True)
class Requirement:
    """What a rule asks for in one year.

    Parameters
    ----------
    comparison
        ``>=``, ``>``, ``<=``, ``<``, ``=``, ``between`` or empty where nothing is quantified.
    required, upper
        Value that judges, and the upper limit of ``between``; NaN where there is none.
    aim
        Recommended value; NaN where there is none.
    target_year
        Year of the target.
    is_due
        False where the first target lies after the study's year.
    local
        True where the value is a local threshold (本地设定).
    either
        The stricter of two values of which a zone's circumstances decide; NaN where there is one value.
    """

    comparison: str
    required: float = NAN
    upper: float = NAN
    aim: float = NAN
    target_year: int = 0
    is_due: bool = True
    local: bool = False
    either: float = NAN

    @classmethod
    def of(
        cls, targets: Sequence[Target], *, year: int, range_is: str | None = None, local: float | None = None
    ) -> "Requirement":
        """Return what holds in `year`: the latest target at or before it, else the first to come.

        `targets` stand in the order of their years. `range_is` says what a range means, ``limits`` or ``floor_and_aim``. A
        `local` threshold stands in for a target that the plan does not quantify, or of which two values are named.
        """
        past = [target for target in targets if target.year <= year]
        target, is_due = (past or targets)[-1 if past else 0], bool(past)
        if local is not None and (target.floor is None or target.either):
            comparison = target.comparison if target.comparison and target.comparison != "range" else ">="
            return cls(comparison, float(local), target_year=target.year, is_due=is_due, local=True)
        if target.floor is None:
            return cls("", target_year=target.year, is_due=is_due)
        upper = NAN if target.upper is None else target.upper
        if target.comparison == "range" and range_is == "limits":
            return cls("between", target.floor, upper=upper, target_year=target.year, is_due=is_due)
        if target.comparison == "range":
            return cls(">=", target.floor, aim=upper, target_year=target.year, is_due=is_due)
        return cls(target.comparison, target.floor, target_year=target.year, is_due=is_due, either=upper)

    def holds(self, low: float, high: float) -> bool | None:
        """Return True where every value in low..high is as required, False where none is, None where it is open.

        Examples
        --------
        >>> [Requirement(">=", 4.5).holds(*ends) for ends in ((4.5, 4.5), (4.0, 4.4), (4.0, 4.6))]
        [True, False, None]
        """
        if math.isnan(low) or math.isnan(high) or not self.comparison:
            return None
        if not math.isnan(self.either):
            strict = Requirement(self.comparison, self.either).holds(low, high)
            loose = Requirement(self.comparison, self.required).holds(low, high)
            return True if strict else False if loose is False else None
        if self.comparison == "between":
            above = Requirement(">=", self.required).holds(low, high)
            below = Requirement("<=", self.upper).holds(low, high)
            return False if False in (above, below) else (True if above and below else None)
        sure, maybe = _bounds(low, high, self.comparison, self.required)
        return True if sure else None if maybe else False

    def gap(self, low: float, high: float, scale: float, *, unit: str) -> float:
        """Return how much is certainly missing, in `unit`; an amount above an upper limit is negative.

        The most that the rows allow is counted, so that the gap is the least that must be built. Whole units are rounded
        up; a strict ``>`` asks for one more than the bound. `scale` is the amount in `unit` that raises the value by 1.

        Examples
        --------
        >>> Requirement(">=", 50.0).gap(48.0, 48.0, 10.0, unit="beds"), Requirement(">=", 4.5).gap(4.4, 4.4, 12.0, unit="places")
        (20.0, 2.0)
        """
        if self.comparison in ("<=", "<") or (self.comparison == "between" and low > self.upper):
            limit = self.upper if self.comparison == "between" else self.required
            return -rounded((low - limit) * scale, unit=unit)
        if self.comparison == "=" and low > self.required:
            return -rounded((low - self.required) * scale, unit=unit)
        return rounded((self.required - high) * scale, unit=unit, strict=self.comparison == ">")

    def text(self, number_format: str, lang: str) -> str:
        """Return the requirement in words, its numbers in a format of `geoplan.words.numbers.FORMATS` with every digit that the plan gives.

        Examples
        --------
        >>> Requirement(">=", 0.55).text("percent", "zh"), Requirement("between", 1.0, 2.0).text("count", "zh")
        ('≥55.0%', '1–2')
        >>> Requirement(">=", 1900.6).text("count", "zh")
        '≥1,900.6'
        >>> Requirement(">=", 20.0, aim=30.0).text("per_1000", "zh"), Requirement("").text("count", "en")
        ('≥20，宜 30', 'not quantified')
        """
        if not self.comparison:
            return phrase("rule_target_none", lang)
        low = format_exact(self.required, number_format)
        if self.comparison == "between":
            return f"{low}–{format_exact(self.upper, number_format)}"
        if not math.isnan(self.either):
            return phrase(
                "rule_target_either", lang, low=low, either=format_exact(self.either, number_format)
            )
        if not math.isnan(self.aim) and self.aim != self.required:
            return phrase("rule_target_aim", lang, low=low, aim=format_exact(self.aim, number_format))
        return SIGNS[self.comparison] + low


def _bounds(low: float, high: float, comparison: str, required: float) -> tuple[bool, bool]:
    """Return whether low..high certainly and possibly keeps a comparison."""
    slack = COMPARISON_TOLERANCE * max(1.0, abs(required))
    if comparison == ">=":
        return low >= required - slack, high >= required - slack
    if comparison == ">":
        return low > required + slack, high > required + slack
    if comparison == "<=":
        return high <= required + slack, low <= required + slack
    if comparison == "<":
        return high < required - slack, low < required - slack
    inside = low - slack <= required <= high + slack
    return inside and abs(high - low) <= 2 * slack, inside


def rounded(amount: float, *, unit: str, strict: bool = False) -> float:
    """Return an amount in whole beds, places or facilities; other units as they are; never below 0.

    Whole units are rounded up after `ROUNDING_TOLERANCE` is taken off.
    """
    if math.isnan(amount) or math.isinf(amount) or not vocabulary("units").get(unit, {}).get("whole", False):
        return amount if math.isnan(amount) else max(amount, 0.0)
    up = math.floor(amount + ROUNDING_TOLERANCE) + 1 if strict else math.ceil(amount - ROUNDING_TOLERANCE)
    return float(max(up, 0))


def path_target(targets: Sequence[Target], *, year: int) -> Target | None:
    """Return the target that the straight line leads to in `year`: the next after it, else the last; None where none is quantified.

    Examples
    --------
    >>> targets = [Target(2023, ">=", 48.0), Target(2025, ">=", 50.0)]
    >>> [path_target(targets, year=year).year for year in (2022, 2023, 2024, 2030)]
    [2023, 2025, 2025, 2025]
    """
    stated = [target for target in targets if target.floor is not None]
    return next((target for target in stated if target.year > year), stated[-1] if stated else None)


def on_path(start: Base | None, targets: Sequence[Target], low: float, high: float, *, year: float) -> str:
    """Return ``on_path`` or ``behind`` against the straight line from the base to the next target.

    `year` is that at whose end the figure stands, 2024.5 in the middle of 2025. Empty without a base (a first target is no figure of
    what was there), a target or a figure, or where `year` does not lie between base and last target.
    """
    ahead = [target for target in targets if target.floor is not None]
    if start is None or not ahead or math.isnan(low):
        return ""
    knots = [
        (start.year, start.value),
        *((t.year, float(t.floor or 0.0)) for t in ahead if t.year > start.year),
    ]
    if not knots[0][0] <= year < knots[-1][0]:
        return ""
    line = float(np.interp(year, [at for at, _ in knots], [value for _, value in knots]))
    comparison = "<=" if ahead[0].comparison in ("<=", "<") else ">="
    found = Requirement(comparison, line).holds(low, high)
    return {True: "on_path", False: "behind", None: ""}[found]
