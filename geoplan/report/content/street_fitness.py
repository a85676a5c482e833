"""What the streets of a study can carry, as `geoplan check` prints it."""

from collections.abc import Mapping

import pandas as pd

from geoplan.report.content.table import Amount, Cell, Coded, Table, column
from geoplan.tables import Service
from geoplan.words.catalogue import phrase

KM = ("foot_km", "residential_km", "service_km", "roads_km", "other_km")


def street_fitness(fitness: pd.DataFrame, *, max_snap_m: float, lang: str) -> Table:
    """Return a row a district and one for the area: people near a street, kilometres by kind, extent of the streets."""
    keys = ("zone", "people", "near_street", "near_share", *KM, "street_extent")
    rows: list[list[Cell]] = [
        [
            str(row["name"]),
            Amount.of(row["people"], "count"),
            Amount.of(row["near"], "count"),
            Amount.of(row["near_share"], "percent"),
            *(Amount.of(row[key], "decimal") for key in KM),
            Amount.of(row["extent"], "percent"),
        ]
        for row in fitness.to_dict("records")
    ]
    columns = [column(key, lang, depth=1) for key in keys]
    notes = (phrase("street_fitness_note", lang, max_snap_m=f"{max_snap_m:,.0f}"),)
    return Table.of("street_fitness", phrase("street_fitness_title", lang), columns, rows, notes=notes)


def coverage_both_ways(
    coverage: pd.DataFrame, *, services: Mapping[str, Service], places: int, stated: str, lang: str
) -> Table:
    """Return a row a service: coverage where crossing lines do not meet, and where they do."""
    columns = [column(key, lang, depth=1) for key in ("service", "share_ends", "share_crossings")]
    rows: list[list[Cell]] = [
        [
            Coded(service, terms.label(lang)),
            Amount.of(coverage.loc[service, "ends"], "percent"),
            Amount.of(coverage.loc[service, "crossings"], "percent"),
        ]
        for service, terms in services.items()
    ]
    title = phrase("coverage_both_ways_title", lang, places=f"{places:,}")
    notes = (phrase("coverage_both_ways_note", lang, stated=stated),)
    return Table.of("coverage_both_ways", title, columns, rows, notes=notes)
