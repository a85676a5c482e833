"""Whom a shortfall affects (涉及对象): the people whom a rule is about, times how far its standard is missed, in one unit."""

import numpy as np
import pandas as pd

from geoplan.standards.data import AssessmentData
from geoplan.standards.rules import Rule
from geoplan.tables import GRADES


def affected_group(data: AssessmentData, rule: Rule) -> str:
    """Return the group that a rule's shortfall affects: its own, of all residents those whom the facilities are for.

    Places per 1,000 residents are places for children under three: where the study counts these, they are affected and not
    the residents. Households stay households.
    """
    return next((group for group in rule.affected_groups if group in data.demand), rule.counted_group)


def share_missed(required: float, reached: pd.Series) -> pd.Series:
    """Return 1 - reached / required, at least 0: how much of a standard is missed; NaN where nothing is known.

    Examples
    --------
    >>> share_missed(4.5, pd.Series([0.0, 3.0, 4.5, 9.0])).round(3).tolist()
    [1.0, 0.333, 0.0, 0.0]
    """
    return (1.0 - reached / required).clip(lower=0.0) if required > 0 else 0.0 * reached


def grade_of(share: pd.Series, limits: tuple[float, ...]) -> pd.Series:
    """Return how far zones fall short, as codes of `geoplan.tables.GRADES`, from the share (0-1) of the standard that is reached.

    Nothing at all is a grade of its own; `limits` are the upper limits of the grades above it, not included, ascending; the last
    grade has none. NaN gives an empty text.

    Examples
    --------
    >>> grade_of(pd.Series([0.0, 0.2, 1 / 3, 0.89, 0.9, float("nan")]), (1 / 3, 2 / 3, 0.9)).tolist()
    ['none', 'severe', 'short', 'slight', 'near', '']
    """
    place = 1 + np.searchsorted(np.asarray(limits), share.to_numpy(dtype=float), side="right")
    place = np.where(share.to_numpy(dtype=float) <= 0.0, 0, place)
    codes = np.array(GRADES, dtype=object)[np.minimum(place, len(GRADES) - 1)]
    return pd.Series(np.where(share.isna(), "", codes), index=share.index, dtype=object)
