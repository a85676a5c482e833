"""rate: people over people or over capacity (enrolment, occupancy)."""

from collections.abc import Sequence
from typing import ClassVar, Literal, Self

from pydantic import model_validator

from geoplan.standards.counts import amounts
from geoplan.standards.data import AssessmentData
from geoplan.standards.grammar import Per
from geoplan.standards.kinds.provision import supply_per
from geoplan.standards.measure import Measured
from geoplan.standards.ratios import facility_ratios, supply_ratios
from geoplan.standards.rules import Group, Rule, Selections, Supply
from geoplan.words.vocabulary import label


class Rate(Rule):
    """People over people, or over capacity."""

    kind: Literal["rate"]
    of: Selections | None = None
    """Facilities that count; none: the supplies come from the table of zone supplies."""
    part: Supply
    """People in the facilities (``occupied``, ``enrolled``)."""
    whole: Supply | None = None
    """Capacity."""
    group: Group | None = None
    """Instead of `whole`: the group of people."""

    is_share: ClassVar[bool] = True
    supply_entries: ClassVar[tuple[str, ...]] = ("part", "whole")

    @model_validator(mode="after")
    def _one_whole(self) -> Self:
        if (self.whole is None) == (self.group is None):
            raise ValueError("give `whole` or `group`, one of them")
        return self

    @property
    def counted_group(self) -> str:
        """Group of people that is the whole; empty where capacity is."""
        return self.group or ""

    def per_group(self, group: str) -> Rule | None:
        """Return the rate over another group of people; None where capacity is the whole."""
        return (
            self.model_copy(update={"group": group}) if self.group is not None else super().per_group(group)
        )

    def amount_text(self, lang: str) -> str:
        """Return the part over the whole."""
        return "/".join(label("supplies", name, lang) for name in self.supplies)

    def whom_text(self, lang: str) -> str:
        """Return the group of people that is the whole."""
        return label("groups", self.group, lang) if self.group else ""

    def measure_zones(self, data: AssessmentData, ids: Sequence[str]) -> list[Measured]:
        """Return the rate in each zone."""
        if self.group is not None:
            return supply_per(data, self.of, self.part, ids, per=Per(self.group, 1.0))
        if self.of is None:
            return supply_ratios(data, ids, self.part, str(self.whole), inside=False)
        whole, part = amounts(data, self.of, self.whole), amounts(data, self.of, self.part)
        return facility_ratios(data, ids, part, whole, inside=False)
