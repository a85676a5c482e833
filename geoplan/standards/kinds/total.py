"""total: a sum of a supply, or a count of facilities or of marked zones."""

from typing import Literal, Self

from pydantic import model_validator

from geoplan.standards.counts import ZoneAmounts, zone_amounts
from geoplan.standards.data import Case
from geoplan.standards.measure import Measured
from geoplan.standards.rules import Rule, Selections, Supply, Text
from geoplan.words.errors import Note


class Total(Rule):
    """A sum or count."""

    kind: Literal["total"]
    of: Selections | None = None
    """Facilities that count; none: the supply comes from the table of zone supplies."""
    supply: Supply | None = None
    """What is added up; none: facilities are counted."""
    communities: Text | None = None
    """Instead: communities whose kind has this word are counted."""

    @model_validator(mode="after")
    def _counts_something(self) -> Self:
        if self.communities is not None and (self.of or self.supply):
            raise ValueError("`communities` stands alone")
        if self.communities is None and not (self.of or self.supply):
            raise ValueError("give `of`, `supply` or `communities`")
        return self

    def measure(self, case: Case) -> list[Measured]:
        """Return the sum or count in each zone of the rule's level."""
        zones = case.zones_of(self)
        if zones.missing:
            return [Measured(case.area, missing=zones.missing)]
        if not zones.sure:
            return [Measured(case.area, applicable=False)]
        if self.communities is not None:
            return [self._marked(case, zone, self.communities) for zone in zones.sure]
        stock = zone_amounts(case, self.of, self.supply)
        return [one_stock(stock, zone) for zone in zones.sure]

    def _marked(self, case: Case, zone: str, word: str) -> Measured:
        inside = case.below(zone).intersection(list(case.level("community")))
        marked = [word in kind for kind in case.zones.loc[inside, "kind"]]
        if not any(word in kind for kind in case.zones["kind"]):
            return Measured(zone, missing=(Note.of("rule_kind_unknown", words=word),))
        return Measured(zone, float(sum(marked)), float(sum(marked)), 1.0, rows=len(marked))


def one_stock(stock: ZoneAmounts, zone: str) -> Measured:
    """Return what stands in one zone as a measure in the unit in which one builds; NaN where something is missing."""
    low, high, rows, unknown = stock.at(zone)
    low, high = (float("nan"), float("nan")) if stock.missing else (low, high)
    return Measured(
        zone, low, high, 1.0, rows=rows, unknown_rows=unknown, have=stock.known(zone), missing=stock.missing, hints=stock.hints
    )  # fmt: skip
