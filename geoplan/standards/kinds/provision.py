"""provision: supply per N of a group (places per 1,000 residents)."""

from collections.abc import Sequence
from typing import Literal, Self

import pandas as pd
from pydantic import model_validator

from geoplan.standards.counts import both_labels, zone_amounts
from geoplan.standards.data import AssessmentData
from geoplan.standards.grammar import Per
from geoplan.standards.measure import Measured
from geoplan.standards.rules import Rule, Selection, Selections, Supply
from geoplan.words.errors import Note


class Provision(Rule):
    """Supply per N of a group."""

    kind: Literal["provision"]
    of: Selections | None = None
    """Facilities that count; none: the supply has no point and comes from the table of zone supplies."""
    supply: Supply
    """What is added up."""

    @model_validator(mode="after")
    def _per_whom(self) -> Self:
        if self.people is None:
            raise ValueError("`per` is needed: per N of which group")
        return self

    def reached_by(self) -> tuple[list[Selection], str] | None:
        """Return the facilities and the supply that communities are measured by; none without a point."""
        return (self.of, self.supply) if self.of else None

    def measure_zones(self, data: AssessmentData, ids: Sequence[str]) -> list[Measured]:
        """Return the supply per N of the group in each zone."""
        assert self.people is not None  # noqa: S101 - checked when read
        return supply_per(data, self.of, self.supply, ids, per=self.people, sums_gaps=self.of is not None)


def supply_per(
    data: AssessmentData, of: Selections | None, supply: str, ids: Sequence[str], *, per: Per, sums_gaps: bool = False
) -> list[Measured]:  # fmt: skip
    """Return a supply per N of a group in each zone, not applicable without people; `sums_gaps`: with the zones below."""
    people = data.people(per.group)
    if people is None:
        return [Measured(zone, missing=(no_group(per.group),), group=per.group) for zone in ids]
    stock, some = zone_amounts(data, of, supply), people.where(people > 0)
    each = pd.DataFrame({end: (stock.table[end] * per.n).div(some) for end in ("low", "high")})
    each["scale"] = people / per.n
    found = []
    for zone in ids:
        low, high, scale = (float(x) for x in each.loc[zone].to_numpy(dtype=float))
        parts = parts_below(data, each, zone) if sums_gaps and not stock.missing else None
        found.append(
            stock.measured(zone, low, high, scale, group=per.group, applicable=scale > 0, parts=parts)
        )
    return found


def no_group(group: str) -> Note:
    """Return the note that a study has no such group of people."""
    return Note.of("rule_no_group", **both_labels("group", "groups", [group]))


def parts_below(data: AssessmentData, each: pd.DataFrame, zone: str) -> pd.DataFrame | None:
    """Return the rows of the towns inside a zone, of the communities where there are no towns; None at that level."""
    order = ["area", "district", "town", "community"]
    level = "town" if data.level("town") else "community"
    if not data.level(level) or order.index(level) <= order.index(
        str(data.zones.loc[zone, "level"]).replace("estate", "community")
    ):
        return None
    inside = data.below(zone).intersection(pd.Index(data.level(level)), sort=False)
    rows = each.loc[inside]
    return rows[rows["scale"] > 0]
