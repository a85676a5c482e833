"""Totals kept: zones scaled so that their sum is the total given for their region."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from geoplan.inputs.population.ages import check_counts
from geoplan.tables import check_unique_index
from geoplan.words.errors import InputError, Note, raise_errors

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Controlled:
    """A table whose sums equal given totals.

    Parameters
    ----------
    table
        As given, scaled.
    factors
        What each region (and column) was scaled by, NaN where it was left as it is; indexed like the totals.
    notes
        Regions that could not be scaled.
    """

    table: pd.DataFrame
    factors: pd.DataFrame
    notes: tuple[Note, ...]


def control(
    table: pd.DataFrame, totals: pd.DataFrame | pd.Series, *, region_of: pd.Series | None = None
) -> Controlled:
    """Return the table scaled so that its zones add up to the totals given for their regions (raking, one margin).

    ::

        factor_r = total_r / sum of the zones of r

    A region with an unknown zone or an unknown total is left as it is, and said: to put its total on the known zones
    would give them the others' people.

    Parameters
    ----------
    table
        People by zone, >= 0, any columns (bands, or groups).
    totals
        Table by region with columns of `table`: each of these columns is scaled to its own total, others stay as they
        are. Or a Series by region: the sum of all columns is scaled, all by one factor.
    region_of
        Region of each zone; NaN: in none, stays as it is. None: all zones are one region, the only row of `totals`.

    Raises
    ------
    InputError
        If a total is negative, a column or region is unknown, or a region with nobody in it has a total above 0.

    References
    ----------
    Deming & Stephan (1940), Annals of Mathematical Statistics 11(4):427-444, https://doi.org/10.1214/aoms/1177731829

    Examples
    --------
    >>> zones = pd.DataFrame({"elders_60": [30.0, 10.0]}, index=["a", "b"])
    >>> control(zones, pd.DataFrame({"elders_60": [50.0]}, index=["town"])).table["elders_60"].tolist()
    [37.5, 12.5]
    """
    check_unique_index(table, name="people")
    check_counts(table)
    together = isinstance(totals, pd.Series)
    wanted = totals.to_frame("total") if isinstance(totals, pd.Series) else totals
    check_unique_index(wanted, name="totals")
    check_counts(wanted)
    if region_of is None:
        if len(wanted) != 1:
            raise InputError(Note.of("control_one_region", count=len(wanted), severity="error"))
        region_of = pd.Series([wanted.index[0]] * len(table), index=table.index)
    region = wanted.index.get_indexer(pd.Index(region_of.reindex(table.index)))
    held = table.sum(axis=1, skipna=False).to_frame("total") if together else table
    _check_control(held, wanted, region_of)

    factors = pd.DataFrame(np.nan, index=wanted.index, columns=wanted.columns)
    scaled, notes = table.astype(float), list[Note]()
    for column in wanted.columns:
        known, found = _factors(held[column], wanted[column], region, str(column))
        factors[column] = known
        notes += found
        each = np.where(region >= 0, np.nan_to_num(known[region], nan=1.0), 1.0)
        targets = list(table.columns) if together else [column]
        scaled[targets] = scaled[targets].mul(each, axis=0)
    raise_errors(notes, InputError)
    return Controlled(scaled, factors, tuple(notes))


def _check_control(held: pd.DataFrame, totals: pd.DataFrame, region_of: pd.Series) -> None:
    known: set[Hashable] = set(totals.index)
    strange = [str(column) for column in totals.columns if column not in held.columns]
    strange += sorted({str(region) for region in region_of.dropna().unique() if region not in known})
    if strange:
        raise InputError(Note.of("control_unknown", names=", ".join(strange), severity="error"))


def _factors(people: pd.Series, totals: pd.Series, region: Any, column: str) -> tuple[Floats, list[Note]]:  # noqa: ANN401
    """Return the factor of each region (NaN: none) for one column, and which regions have none and why."""
    inside = region >= 0
    count = np.bincount(region[inside], minlength=len(totals))
    amounts = people.to_numpy(dtype=np.float64)[inside]
    total = totals.to_numpy(dtype=np.float64)
    summed = np.bincount(region[inside], weights=amounts, minlength=len(totals))
    unknown = np.isnan(summed) & np.isfinite(total)
    nobody = (summed == 0) & (total > 0) & (count > 0)
    notes = []
    for code, which, severity in (("control_open", unknown, "warning"), ("control_nobody", nobody, "error")):
        if which.any():
            names = ", ".join(map(str, totals.index[which][:10]))
            notes.append(Note.of(code, regions=names, column=column, severity=severity))
    factors = np.divide(total, summed, out=np.full(len(total), np.nan), where=(summed > 0) & ~np.isnan(total))
    factors[(summed == 0) & (total == 0) & (count > 0)] = 1.0
    return factors, notes
