"""Supplies without a point: family beds, social workers and the like, given by zone in a table.

A department reports such figures by district, town or community. Each row names its zone; each column that the study
maps is one supply. What is not said is unknown, an interval from 0 without end, and never 0.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from geoplan.inputs.lists.zone_names import level_words
from geoplan.inputs.lists.zone_rows import LevelZones, zone_rows
from geoplan.words.errors import InputError, Note, raise_errors


@dataclass(frozen=True)
class ZoneSupplies:
    """Supplies without a point.

    Parameters
    ----------
    table
        ``zone_id, supply, low, high``, one row a zone of the level and supply, in the order of zones; equal where the
        table is certain.
    notes
        What was found.
    """

    table: pd.DataFrame
    notes: tuple[Note, ...]


def read_zone_supplies(
    path: str | Path, *, zones: gpd.GeoDataFrame, level: str, zone: str, columns: Mapping[str, str], parent: str | None = None,
    layer: str | None = None, encoding: str | None = None, known: Collection[str] | None = None,
) -> ZoneSupplies:  # fmt: skip
    """Return the supplies that a table gives by zone.

    Parameters
    ----------
    path
        XLSX or CSV.
    zones
        `tables.ZONES`, indexed by zone_id.
    level
        Level of the zones that the table names: ``district, town, community`` or ``estate``.
    zone
        Header of the column with their names or codes.
    columns
        Supply -> header of its column: ``{family_beds: 家庭养老床位}``.
    parent
        Header of the column with the zone above, for names that occur more than once.
    layer, encoding
        Sheet, and text encoding of a CSV.
    known
        Supplies that rules know; None: any name.

    Raises
    ------
    InputError
        If a column is not there, a supply is not known, or the study has no zones of the level.
    """
    at, notes = LevelZones(zones, level), list[Note]()
    notes += [
        Note.of("zone_supply_not_known", file=Path(path).name, severity="error", supply=supply, known=", ".join(sorted(known)))
        for supply in columns
        if known is not None and supply not in known
    ]  # fmt: skip
    if not len(at.ids):
        words = level_words(level)
        notes.append(Note.of("zone_supply_no_zones", file=Path(path).name, severity="error", **words))
    rows = zone_rows(
        path, at, notes, zone=zone, parent=parent, layer=layer, encoding=encoding, columns=list(columns.values()),
        twice="warning",
    )  # fmt: skip
    raise_errors(notes, InputError)
    found = {} if rows is None else rows.amounts(columns, notes)
    table = pd.DataFrame(
        [(i, supply, *found.get((i, supply), (0.0, np.inf))) for supply in columns for i in map(str, at.ids)],
        columns=["zone_id", "supply", "low", "high"],
    )
    return ZoneSupplies(table.astype({"low": float, "high": float}), tuple(notes))
