"""Facilities of context zones: they share supply by where they stand, and count in no zone."""

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import geopandas as gpd

from geoplan.inputs.facilities.register import Register, reconcile
from geoplan.words.errors import Note


def outside_of_context(register: Register, context: Collection[str]) -> Register:
    """Return a register whose facilities in context zones stand outside of the study area.

    One with a point keeps it, and no zone; one without a point can be reached by nobody and is left out, as a row of another
    district is. Context zones that a facility serves are nobody's here.

    Parameters
    ----------
    register
        As `read_register` gives it for the zones with the context zones.
    context
        Ids of the context zones.
    """
    table = register.facilities
    beside = table["zone_id"].isin(context)
    if not beside.any() and not any(zone in context for zones in table["serves"] for zone in zones):
        return register
    lost = beside & table.geometry.isna()
    kept = table[~lost].copy()
    kept["zone_id"] = kept["zone_id"].astype(object).where(~beside[~lost], None)
    kept["zone_from"] = kept["zone_from"].astype(object).where(~beside[~lost], None)
    kept["serves"] = kept["serves"].map(lambda zones: tuple(zone for zone in zones if zone not in context))
    gone = table.index[lost]
    fates = register.fates.copy()
    fates.loc[gone, "end"] = "outside"
    words: dict[str, Any] = {"count": int((beside & ~lost).sum()), "lost": len(gone)}
    note = Note.of("facilities_in_context", file=register.file, severity="info", **words)
    return replace(
        register,
        facilities=gpd.GeoDataFrame(kept, geometry="geometry", crs=table.crs),
        supplies=register.supplies[~register.supplies["facility_id"].isin(gone)].reset_index(drop=True),
        unplaced=register.unplaced[~register.unplaced.index.isin(gone)],
        reconciliation=reconcile(fates),
        fates=fates,
        notes=(*register.notes, note),
    )
