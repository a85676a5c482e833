"""Totals of context zones from the tables that give those of the study."""

from collections.abc import Mapping

import geopandas as gpd

from geoplan.inputs.population.projection import project_groups
from geoplan.inputs.population.zone_tables import Entries, totals_from_tables
from geoplan.words.errors import InputError, Note


def totals_of_context(
    context: gpd.GeoDataFrame, groups: Mapping[str, Entries], *, year: int, lang: str = "zh"
) -> tuple[gpd.GeoDataFrame, list[Note]]:
    """Return context zones with totals of the tables and projections of each group, and a note for each that says nothing of them.

    Parameters
    ----------
    context
        As `boundaries.Zones.context`.
    groups
        Group -> its entries as in the study file. What a plan says of the study area as a whole (``totals``) is none of the context
        zones' and is left out.
    """
    table, notes = context, list[Note]()
    for name, group in groups.items():
        if group.get("table") is None and group.get("project") is None:
            continue
        alone = dict(group)
        if alone.get("project") is not None:
            alone["project"] = {k: value for k, value in alone["project"].items() if k != "totals"}
        try:
            tabled = totals_from_tables(table, {name: alone})
            table = project_groups(tabled.zones, tabled.groups, year=year, lang=lang).zones
        except InputError:
            notes.append(Note.of("context_without_totals", group=name))
    return table, notes
