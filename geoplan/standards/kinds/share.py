"""share: a part over a whole, of a supply or of facilities (nursing beds of beds)."""

from collections.abc import Sequence
from typing import ClassVar, Literal, Self

from pydantic import model_validator

from geoplan.standards.counts import amounts
from geoplan.standards.data import AssessmentData
from geoplan.standards.measure import Measured
from geoplan.standards.ratios import facility_ratios, supply_ratios
from geoplan.standards.rules import Condition, Rule, Selections, Supply
from geoplan.words.vocabulary import label


class Share(Rule):
    """A part over a whole."""

    kind: Literal["share"]
    of: Selections | None = None
    """Facilities of the whole; none: both supplies have no point and come from the table of zone supplies."""
    whole: Supply | None = None
    """Supply of the whole; none: the facilities themselves are counted."""
    part: Supply | None = None
    """Supply of the part."""
    part_where: Condition | None = None
    """Instead of `part`: the facilities (or their `whole`) that meet this."""

    is_share: ClassVar[bool] = True
    supply_entries: ClassVar[tuple[str, ...]] = ("part", "whole")

    @model_validator(mode="after")
    def _one_part(self) -> Self:
        if (self.part is None) == (self.part_where is None):
            raise ValueError("give `part` or `part_where`, one of them")
        if self.of is None and (self.part is None or self.whole is None):
            raise ValueError("without `of`, `part` and `whole` name the supplies of zones")
        return self

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """Conditions on the facilities and on the part."""
        return super().conditions + ((self.part_where,) if self.part_where else ())

    @property
    def raised_where(self) -> Condition | None:
        """Condition on the part."""
        return self.part_where

    @property
    def raised_by(self) -> str | None:
        """Supply of the part."""
        return self.part

    def amount_text(self, lang: str) -> str:
        """Return the part over the whole."""
        return "/".join(label("supplies", name, lang) for name in self.supplies) if self.part else ""

    def condition_text(self, lang: str) -> str:
        """Return what makes the part."""
        return "" if self.part_where is None else self.part_where.text(lang)

    def measure_zones(self, data: AssessmentData, ids: Sequence[str]) -> list[Measured]:
        """Return the share in each zone."""
        if self.of is None:
            return supply_ratios(data, ids, str(self.part), str(self.whole), inside=True)
        whole = amounts(data, self.of, self.whole)
        supply = self.part if self.part is not None else self.whole
        part = amounts(data, self.of, supply, where=self.part_where)
        return facility_ratios(data, ids, part, whole, inside=True)
