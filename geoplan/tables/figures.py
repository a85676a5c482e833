"""How old the figures of people are, and of which zones there are none."""

import numpy as np
import numpy.typing as npt
import pandas as pd

#: Years by which figures of people may be older than the study's year before every paper says so.
OLD_YEARS = 5
#: Largest share (0-1) of a zone's people off the network, where a study states none, at which those on it stand for the zone.
MAX_OFF_NETWORK_SHARE = 0.2


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


def people_unknown(zones: pd.DataFrame, *groups: str) -> npt.NDArray[np.bool_]:
    """Return True for the zones whose people of one of `groups` are not known, shape (n_zones,).

    Examples
    --------
    >>> zones = pd.DataFrame({"people_unknown": [("under_3",), ()]}, index=["community/1", "community/2"])
    >>> people_unknown(zones, "elders_60", "under_3").tolist()
    [True, False]
    """
    if "people_unknown" not in zones.columns:
        return np.zeros(len(zones), dtype=bool)
    return np.array([not set(groups).isdisjoint(unknown) for unknown in zones["people_unknown"]], dtype=bool)


def assumed_people(demand: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Return True for demand points outside of the study area that nobody counted: they widen intervals and decide nothing.

    Examples
    --------
    >>> assumed_people(pd.DataFrame({"outside": ["", "halo", "assumed"]})).tolist()
    [False, False, True]
    """
    nobody = pd.Series("", index=demand.index)
    return np.asarray(demand.get("outside", nobody) == "assumed", dtype=bool)
