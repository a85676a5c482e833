"""What stands in the study area: facilities by kind and by town, with what they hold.

Facilities of the surroundings (区外) count for reach and are in no stock; how many there are stands beside it.
"""

import pandas as pd

from geoplan.report import look
from geoplan.report.content.names import Names
from geoplan.report.content.table import Amount, Cell, Column, Table, column
from geoplan.tables import Outcome
from geoplan.words.catalogue import phrase

#: Supplies that a kind of facility is measured by.
_SIZES = ("beds", "places")


def stock(outcome: Outcome) -> Table | None:
    """Return a row a kind: how many stand in the area, what they hold, and how many outside count for reach; None without any.

    A facility is of the first of its types. What the register does not say makes a sum an interval.
    """
    table, lang = outcome.facilities, outcome.lang
    if not len(table):
        return None
    kinds = table["services"].map(lambda own: own[0] if len(own) else "")
    inside = table["zone_id"].notna()
    outside = ~inside & table.geometry.notna()
    sizes = [supply for supply in _SIZES if (outcome.supplies["supply"] == supply).any()]
    rows: list[list[Cell]] = []
    for kind in dict.fromkeys(kinds):
        own = table.index[(kinds == kind) & inside]
        rows.append(
            [
                look.facility_label(kind, lang),
                Amount.of(len(own), "count"),
                *(_held(outcome.supplies, own, supply) for supply in sizes),
                Amount.of(int(((kinds == kind) & outside).sum()), "count"),
            ]
        )
    beside = bool(outside.any())
    columns = [
        column(f"stock_{key}", lang)
        for key in ("kind", "facilities", *sizes, *(["outside"] if beside else []))
    ]
    rows = sorted((row if beside else row[:-1] for row in rows), key=lambda row: str(row[0]))
    return Table.of("stock", phrase("stock_title", lang), columns, rows)


def _held(supplies: pd.DataFrame, ids: pd.Index, supply: str) -> Amount | None:
    own = supplies[(supplies["supply"] == supply) & supplies["facility_id"].isin(ids)]
    return Amount.between(own["low"].sum(), own["high"].sum(), "count") if len(own) else None


def stock_by_zone(outcome: Outcome, level: str) -> Table | None:
    """Return a row a zone of `level`: how many facilities of each service stand in it; None without such zones."""
    lang, names = outcome.lang, Names(outcome)
    zones = outcome.zones[outcome.zones["level"] == level]
    if not len(zones):
        return None
    services = outcome.services
    of = outcome.facilities["zone_id"].map(lambda zone: names.above(zone, level))
    types = {name: set(entry.facilities) for name, entry in services.items()}
    rows: list[list[Cell]] = []
    for zone in zones["name"].map(str):
        own = outcome.facilities.loc[of == zone, "services"]
        counts = (sum(bool(kinds & set(each)) for each in own) for kinds in types.values())
        rows.append([zone, *(Amount.of(count, "count") for count in counts)])
    heads = [Column(name, look.service_label(services, name, lang), "count", 9, depth=1) for name in services]
    title = phrase("stock_by_zone", lang, level=look.label(level, lang))
    return Table.of("stock_by_zone", title, [column(level, lang, depth=1), *heads], rows)
