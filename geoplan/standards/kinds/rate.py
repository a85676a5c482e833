"""rate: people over people or over capacity (enrolment, occupancy)."""

from typing import ClassVar, Literal, Self

from pydantic import model_validator

from geoplan.standards.counts import amounts, zone_amounts
from geoplan.standards.data import Case
from geoplan.standards.kinds.provision import no_group, per
from geoplan.standards.measure import Measured
from geoplan.standards.ratios import pointless_ratio, zone_ratios
from geoplan.standards.rules import Group, Rule, Selections, Supply


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

    of_members: ClassVar[bool] = True

    @model_validator(mode="after")
    def _one_whole(self) -> Self:
        if (self.whole is None) == (self.group is None):
            raise ValueError("give `whole` or `group`, one of them")
        return self

    def measure(self, case: Case) -> list[Measured]:
        """Return the rate in each zone of the rule's level."""
        if self.group is not None:
            return self._of_people(case, self.group)
        if self.of is None:
            return pointless_ratio(case, self, self.part, str(self.whole), inside=False)
        whole, part = amounts(case, self.of, self.whole), amounts(case, self.of, self.part)
        return zone_ratios(case, self, part, whole, inside=False)

    def _of_people(self, case: Case, group: str) -> list[Measured]:
        zones, people = case.zones_of(self), case.people(group)
        if zones.missing or people is None:
            return [Measured(case.area, missing=zones.missing or (no_group(group),), group=group)]
        if not zones.sure:
            return [Measured(case.area, applicable=False, group=group)]
        stock = zone_amounts(case, self.of, self.part)
        low, high = per(stock.table["low"], people, 1.0), per(stock.table["high"], people, 1.0)
        found = []
        for zone in zones.sure:
            _, _, rows, unknown = stock.at(zone)
            found.append(
                Measured(
                    zone, float(low[zone]), float(high[zone]), float(people[zone]), rows=rows, unknown_rows=unknown,
                    have=stock.known(zone),
                    missing=stock.missing, hints=stock.hints, group=group, applicable=bool(people[zone] > 0),
                )
            )  # fmt: skip
        return found
