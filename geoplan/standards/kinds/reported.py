"""reported: a row of a plan's annex whose value only a department can say; nothing of it stands at a place."""

import math
from collections.abc import Sequence
from typing import ClassVar, Literal, Self

from pydantic import model_validator

from geoplan.standards.data import AssessmentData
from geoplan.standards.measure import Measured
from geoplan.standards.reported import plan_figure
from geoplan.standards.rules import Rule, Text
from geoplan.words.catalogue import phrase
from geoplan.words.errors import Note

#: Points of a hundred in a share of 1.
POINTS = 100.0


class Reported(Rule):
    """A value that a department reports."""

    kind: Literal["reported"]
    counts: Text = "reported"
    """What is counted, in a word."""
    counted: Literal["level", "yearly", "cumulative"] = "level"
    """Whether a figure is a level at the end of its period, the amount of one year until then, or such an amount to be added up since
    the base year."""

    is_reported: ClassVar[bool] = True

    @model_validator(mode="after")
    def _of_the_plan(self) -> Self:
        if (
            len(self.where.levels) != 1
            or self.where.levels[0] not in ("area", "district")
            or self.where.words
        ):
            raise ValueError("a reported value is of the plan's area: `city` or `district`")
        return self

    @property
    def counts_over(self) -> str:
        """What a figure counts."""
        return self.counted

    @property
    def is_percent(self) -> bool:
        """True where the value is a share: its target (or, without a figure, its base) is written in per cent."""
        told = [*(target.percent for target in self.targets), *([self.start.percent] if self.start else [])]
        return any(told)

    @property
    def value_format(self) -> str:
        """Per cent for a share, else as many digits as a rate has."""
        return "percent" if self.is_percent else "per_1000"

    @property
    def gap_scale(self) -> float:
        """Points of a hundred for a share, else the unit of the value."""
        return POINTS if self.is_percent else 1.0

    def unit_text(self, lang: str) -> str:
        """Return the unit of the value."""
        return "%" if self.is_percent else super().unit_text(lang)

    def full_target_text(self, lang: str) -> str:
        """Return the last target with the unit of the value."""
        return self.required_text(self.asked(self.targets[-1]), lang) if self.is_percent else super().full_target_text(lang)  # fmt: skip

    def condition_text(self, lang: str) -> str:
        """Return that a department reports it, and over what it counts."""
        return phrase(f"reported_{self.counted}", lang)

    def remedy_text(self, lang: str, *, member: bool = False) -> str:  # noqa: ARG002 - there are no members
        """Return what to do where the value falls short; ``{amount}`` in it is the shortfall with its unit."""
        return self.own_text("remedy", lang, what=self.indicator_text(lang), amount="{amount}")

    def gap_text(self, lang: str) -> str:
        """Return what the shortfall counts."""
        return self.own_text("gap", lang, what=self.indicator_text(lang))

    def _tables(self, types: frozenset[str], supplies: object) -> frozenset[str]:  # noqa: ARG002 - it counts none
        return frozenset({"zones", "reported"})

    def measure_zones(self, data: AssessmentData, ids: Sequence[str]) -> list[Measured]:
        """Return what is reported for the study's year."""
        return [self._measured(data, zone) for zone in ids]

    def _measured(self, data: AssessmentData, zone: str) -> Measured:
        figure = plan_figure(data, self, zone)
        if figure is not None:
            unknown = int(math.isinf(figure.high))
            return Measured(zone, figure.low, figure.high, self.gap_scale, rows=1 + unknown, unknown_rows=unknown, have=figure.low)  # fmt: skip
        told = (data.reported["rule_id"] == self.rule_id).any()
        several = told and len(self.plan_zones(data)) > 1
        code = "reported_which_zone" if several else "reported_other_year" if told else "reported_not"
        by = self.lead or phrase("reported_office", "zh")
        return Measured(
            zone, missing=(Note.of(code, year=data.year, by_zh=by, by_en=self.lead or phrase("reported_office", "en")),)
        )  # fmt: skip
