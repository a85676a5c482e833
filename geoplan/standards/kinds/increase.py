"""increase: what is new since the base year."""

from collections.abc import Sequence
from typing import Literal, Self

import numpy as np
import pandas as pd
from pydantic import model_validator

from geoplan.standards.counts import ZoneAmounts, amounts, located, opened_between, zone_amounts
from geoplan.standards.data import AssessmentData
from geoplan.standards.kinds.total import one_stock
from geoplan.standards.measure import Measured
from geoplan.standards.rules import Rule, Selections, Supply
from geoplan.words.quantities import Year


class Increase(Rule):
    """New since the base year."""

    kind: Literal["increase"]
    of: Selections | None = None
    """Facilities that count; none: the table of zone supplies says how much is new."""
    supply: Supply | None = None
    """What is added up; none: facilities are counted."""
    since: Year
    """Base year: what opened after it is new."""

    @model_validator(mode="after")
    def _counts_something(self) -> Self:
        if not (self.of or self.supply):
            raise ValueError("give `of` or `supply`")
        return self

    def measure_zones(self, data: AssessmentData, ids: Sequence[str]) -> list[Measured]:
        """Return what is new since the base year in each zone.

        A facility without an opening year possibly counts, unless it is known to have stood in the base year. What a facility added after it opened is not in a register
        and not in the figure.
        """
        if self.of is None:
            stock = zone_amounts(data, None, self.supply)
        else:
            found = amounts(data, self.of, self.supply)
            stock = ZoneAmounts(located(data, self._new(data, found.table)), found.missing, found.hints)
        return [one_stock(stock, zone) for zone in ids]

    def _new(self, data: AssessmentData, table: pd.DataFrame) -> pd.DataFrame:
        first, last = opened_between(data, table.index)
        kept = table.assign(low=np.where(first > self.since, table["low"], 0.0))
        new: pd.DataFrame = kept[last > self.since]
        return new
