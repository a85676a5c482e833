"""total: a sum of a supply, or a count of facilities or of marked zones."""

from collections.abc import Sequence
from typing import Literal, Self

from pydantic import model_validator

from geoplan.standards.counts import ZoneAmounts, zone_amounts
from geoplan.standards.data import AssessmentData
from geoplan.standards.measure import Measured
from geoplan.standards.rules import Rule, Selections, Supply, Text
from geoplan.words.catalogue import phrase
from geoplan.words.errors import Note
from geoplan.words.labels import zone_kind_label


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

    @property
    def needs_zones(self) -> bool:
        """True where communities are counted, or facilities in zones of a name."""
        return self.communities is not None or super().needs_zones

    def condition_text(self, lang: str) -> str:
        """Return which communities are counted."""
        if self.communities is None:
            return ""
        return phrase("total_marked", lang, word=zone_kind_label(self.communities, lang))

    def measure_zones(self, data: AssessmentData, ids: Sequence[str]) -> list[Measured]:
        """Return the sum or count in each zone."""
        if self.communities is not None:
            return [self._marked(data, zone, self.communities) for zone in ids]
        stock = zone_amounts(data, self.of, self.supply)
        return [one_stock(stock, zone) for zone in ids]

    def _marked(self, data: AssessmentData, zone: str, word: str) -> Measured:
        inside = data.below(zone).intersection(list(data.level("community")))
        marked = [word in kind for kind in data.zones.loc[inside, "kind"]]
        if not any(word in kind for kind in data.zones["kind"]):
            return Measured(zone, missing=(Note.of("rule_kind_unknown", words=word),))
        return Measured(zone, float(sum(marked)), float(sum(marked)), 1.0, rows=len(marked))


def one_stock(stock: ZoneAmounts, zone: str) -> Measured:
    """Return what stands in one zone as a measure in the unit in which one builds; NaN where something is missing."""
    low, high = (float("nan"), float("nan")) if stock.missing else stock.at(zone)
    return stock.measured(zone, low, high, 1.0)
