"""Coverage problems for tests from short tables: walks, and supplies that are known."""

import pandas as pd


def walks(*rows):
    """Return pairs from (point, facility, minutes) tuples."""
    table = pd.DataFrame(rows, columns=["demand_id", "facility_id", "seconds"])
    return table.astype({"seconds": float}).assign(seconds=lambda t: t["seconds"] * 60)


def known(amounts):
    """Return least and most of amounts that are certain."""
    return pd.DataFrame({"low": amounts, "high": amounts}, dtype=float)
