"""People by age bands: groups cut out of the bands by a stated rule, bands added up to five-year bands.

Unknown stays unknown: a count that is missing makes what depends on it NaN, never 0.
"""

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from geoplan.study.ages import age_limits
from geoplan.words.errors import InputError, Note, raise_errors

Floats = NDArray[np.float64]
#: Years of a band.
WIDTH = 5


def band_name(start: float, end: float) -> str:
    """Return the name of a band of completed years.

    Examples
    --------
    >>> band_name(0, 5), band_name(85, float("inf"))
    ('0-4', '85+')
    """
    return f"{start:.0f}+" if np.isinf(end) else f"{start:.0f}-{end - 1:.0f}"


def band_limits(columns: Iterable[str]) -> Floats:
    """Return the limits of a table's age bands, shape (n_bands + 1,); the last is inf where the last band is open.

    Raises
    ------
    InputError
        Naming every column that is no age band, and every two bands that leave a gap or overlap.

    Examples
    --------
    >>> band_limits(["0-4", "5-9", "10+"]).tolist()
    [0.0, 5.0, 10.0, inf]
    """
    named = [(str(column), age_limits(column)) for column in columns]
    unread = [name for name, limits in named if limits is None]
    known = [(name, limits) for name, limits in named if limits is not None]
    notes = [Note.of("age_bands_unread", columns=", ".join(unread), severity="error")] if unread else []
    for (one, before), (other, after) in pairwise(known):
        if before[1] != after[0]:
            notes.append(Note.of("age_bands_apart", one=one, other=other, severity="error"))
    raise_errors(notes, InputError)
    if not known:
        raise InputError(Note.of("age_bands_none", severity="error"))
    return np.array([known[0][1][0], *(limits[1] for _, limits in known)])


def split_ages(
    bands: pd.DataFrame,
    ages: Mapping[str, str | tuple[float, float]],
    *,
    rule: Literal["uniform", "pchip"] = "uniform",
) -> pd.DataFrame:
    """Return the people of groups that are cut out of age bands.

    Bands that lie in the group count whole under either rule; what differs is the part of a band that its limit cuts.

    - ``uniform``: people of a band are spread evenly over its years, so under-threes are 3/5 of the band 0-4.
    - ``pchip``: the cumulative count at the bands' limits is joined by a monotone cubic (PCHIP, Fritsch & Carlson
      1980), which follows the neighbouring bands and keeps every band's total; no part is negative.

    Parameters
    ----------
    bands
        People, >= 0, one row a zone, one column a band of completed years in rising order (``0-4``, ``85+``, ``85岁及以上``);
        bands may have any width.
    ages
        Group -> its ages: completed years in words (``60+``, ``0-2``), or exact limits (60, inf), (0, 3).
    rule
        How a band is cut.

    Returns
    -------
    groups
        One column a group, indexed like `bands`. NaN where a band that is needed is unknown (under ``pchip`` a cut
        needs every closed band of the row).

    Raises
    ------
    InputError
        If columns are no bands that join, or a group begins or ends inside the open band or outside all bands, or
        counts are negative.

    References
    ----------
    Fritsch & Carlson (1980), SIAM Journal on Numerical Analysis 17(2):238-246, https://doi.org/10.1137/0717021

    Examples
    --------
    >>> bands = pd.DataFrame({"0-4": [50.0], "5-59": [400.0], "60-64": [30.0], "65+": [60.0]}, index=["community/a"])
    >>> split_ages(bands, {"under_3": "0-2", "elders_60": "60+"}).to_numpy().tolist()
    [[30.0, 90.0]]
    """
    limits = band_limits(bands.columns)
    wanted = {group: _limits_of(span) for group, span in ages.items()}
    raise_errors(_unanswerable(wanted, limits), InputError)
    people = bands.to_numpy(dtype=np.float64, na_value=np.nan)
    _check_counts(bands)
    return pd.DataFrame(
        {group: _between(people, limits, *span, rule=rule) for group, span in wanted.items()},
        index=bands.index,
    )


def five_year_bands(bands: pd.DataFrame, *, open_from: int) -> pd.DataFrame:
    """Return the table in five-year bands 0-4, 5-9 … up to the open band that begins at `open_from`.

    Raises
    ------
    InputError
        If the bands cannot be added up to these (a limit that is needed lies inside a band), or do not begin at 0.

    Examples
    --------
    >>> bands = pd.DataFrame([[1.0, 4.0, 5.0, 2.0, 1.0]], columns=["0岁", "1-4岁", "5-9岁", "10-14岁", "15岁及以上"])
    >>> five_year_bands(bands, open_from=10)
       0-4  5-9  10+
    0  5.0  5.0  3.0
    """
    limits = band_limits(bands.columns)
    ends = [*np.arange(0.0, open_from + 1, 5), np.inf]
    lacking = [f"{end:.0f}" for end in ends[:-1] if end not in limits]
    if not np.isinf(limits[-1]):
        lacking.append("+")
    if open_from % 5 or lacking:
        where = ", ".join(lacking or [str(open_from)])
        raise InputError(Note.of("age_bands_not_five", limits=where, severity="error"))
    spans = list(pairwise(ends))
    return split_ages(bands, {band_name(*span): span for span in spans})


def _check_counts(table: pd.DataFrame) -> None:
    """Raise InputError where a count is negative or infinite; NaN is unknown and may stand."""
    counts = table.to_numpy(dtype=np.float64, na_value=np.nan)
    wrong = (counts < 0) | np.isinf(counts)
    if wrong.any():
        rows = ", ".join(map(str, table.index[wrong.any(axis=1)][:10]))
        raise InputError(Note.of("age_counts_wrong", zones=rows, severity="error"))


def _limits_of(span: str | tuple[float, float]) -> tuple[float, float]:
    """Return exact ages; NaN for words that say none."""
    if isinstance(span, str):
        return age_limits(span) or (np.nan, np.nan)
    return float(span[0]), float(span[1])


def _unanswerable(wanted: Mapping[str, tuple[float, float]], limits: Floats) -> list[Note]:
    """Return a note for each group that the bands cannot give."""
    closed = limits[np.isfinite(limits)]
    notes = []
    for group, (start, end) in wanted.items():
        inside = limits[0] <= start < end <= limits[-1]
        if not inside or start > closed[-1] or (end > closed[-1] and not np.isinf(end)):
            last = f"{closed[-1]:g}" + ("+" if np.isinf(limits[-1]) else "")
            words: dict[str, Any] = {"start": f"{start:g}", "end": f"{end:g}", "last": last}
            words |= {"group": group, "first": f"{limits[0]:g}"}
            notes.append(Note.of("age_group_beyond", severity="error", **words))
    return notes


def _between(
    people: Floats, limits: Floats, start: float, end: float, *, rule: Literal["uniform", "pchip"]
) -> Floats:
    """Return the people of each row between two exact ages."""
    low, high = limits[:-1], limits[1:]
    whole = (low >= start) & (high <= end)
    total: Floats = people[:, whole].sum(axis=1)
    for band in np.flatnonzero(~whole & (low < end) & (high > start)):
        ends = max(start, low[band]), min(end, high[band])
        if rule == "uniform":
            total = total + people[:, band] * ((ends[1] - ends[0]) / (high[band] - low[band]))
        else:
            total = total + _pchip(people, limits, *ends)
    return total


def _pchip(people: Floats, limits: Floats, start: float, end: float) -> Floats:
    """Return the people of each row between two ages of closed bands, by a monotone cubic through the cumulative."""
    closed = limits[np.isfinite(limits)]
    part = np.full(len(people), np.nan)
    counts = people[:, : len(closed) - 1]
    known = np.isfinite(counts).all(axis=1)
    if known.any():
        up_to = np.concatenate([np.zeros((known.sum(), 1)), counts[known].cumsum(axis=1)], axis=1)
        curve = PchipInterpolator(closed, up_to, axis=1)
        part[known] = np.maximum(curve(end) - curve(start), 0.0)
    return part
