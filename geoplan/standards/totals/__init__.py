"""Plan arithmetic without a map: a pack judged from totals alone."""

from geoplan.standards.totals.assess import TotalsFound, assess_totals, assess_totals_file
from geoplan.standards.totals.file import Totals, read_totals, shipped_totals
from geoplan.standards.totals.printing import printable

__all__ = ["Totals", "TotalsFound", "assess_totals", "assess_totals_file", "printable", "read_totals", "shipped_totals"]  # fmt: skip
