"""Where to act first: the weights of the score, and below which amounts nothing is built of its own."""

from typing import Annotated

from pydantic import Field

from geoplan.study.entry import Entry
from geoplan.words.quantities import Amount, Share, Unit

Weight = Annotated[float, Field(ge=0.0, le=5.0), Unit("exponent")]


class Priority(Entry):
    """How flagged communities are put in order, and what is advised where little is missing or much stands empty."""

    affected: Weight = 1.0
    """Exponent of the people affected in the score."""
    depth: Weight = 1.0
    """Exponent of the depth: the share of the standard that is missed."""
    without_premise: Share = 0.5
    """Factor where the lists of premises have none within reach; 1 where the study has no list."""
    not_alone_places: Amount = 5.0
    """Gaps of at most so many places are no project of their own (不单独立项)."""
    not_alone_beds: Amount = 5.0
    """The same of beds."""
    not_alone_m2: Amount = 50.0
    """The same of square metres."""
    smallest_places: Amount | None = None
    """Places of the smallest facility that is built; default: as the packs say, else unknown."""
    smallest_beds: Amount | None = None
    """The same of beds."""
    smallest_m2: Amount | None = None
    """The same of square metres."""
    idle_below: Share = 0.6
    """Where less than this share of what stands in the circle is used, its use comes before anything new (盘活)."""

    def not_alone(self, unit: str) -> float:
        """Return the largest gap that is no project of its own, 0 for a unit that has no limit."""
        return float(getattr(self, f"not_alone_{unit}", 0.0))

    def smallest(self, unit: str) -> float | None:
        """Return the size of the smallest facility that is built; None where the study does not say."""
        size: float | None = getattr(self, f"smallest_{unit}", None)
        return size
