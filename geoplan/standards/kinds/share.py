"""share: a part over a whole, of a supply or of facilities (nursing beds of beds)."""

from typing import ClassVar, Literal, Self

from pydantic import model_validator

from geoplan.standards.counts import amounts
from geoplan.standards.data import Case
from geoplan.standards.measure import Measured
from geoplan.standards.ratios import pointless_ratio, zone_ratios
from geoplan.standards.rules import Condition, Rule, Selections, Supply


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

    of_members: ClassVar[bool] = True

    @model_validator(mode="after")
    def _one_part(self) -> Self:
        if (self.part is None) == (self.part_where is None):
            raise ValueError("give `part` or `part_where`, one of them")
        if self.of is None and (self.part is None or self.whole is None):
            raise ValueError("without `of`, `part` and `whole` name the supplies of zones")
        return self

    def measure(self, case: Case) -> list[Measured]:
        """Return the share in each zone of the rule's level."""
        if self.of is None:
            return pointless_ratio(case, self, str(self.part), str(self.whole), inside=True)
        whole = amounts(case, self.of, self.whole)
        part = amounts(
            case, self.of, self.part if self.part is not None else self.whole, where=self.part_where
        )
        return zone_ratios(case, self, part, whole, inside=True)
