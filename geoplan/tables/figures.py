"""How old the figures of people are."""

import pandas as pd

#: Years by which figures of people may be older than the study's year before every paper says so.
OLD_YEARS = 5


def outdated(groups: pd.DataFrame, year: int) -> pd.Series:
    """Return the year of each group whose figures are over `OLD_YEARS` years older than `year`, by group.

    Examples
    --------
    >>> outdated(pd.DataFrame({"year": pd.array([2010, 2015, None], dtype="Int64")}, index=["a", "b", "c"]), 2020)
    a    2010
    Name: year, dtype: int64
    """
    years = groups["year"].dropna().astype("int64")
    return years[year - years > OLD_YEARS]
