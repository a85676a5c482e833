"""可达与实际可服务: need, what lies in the circle, and what has a place when each is given out once."""

from collections.abc import Mapping
from typing import Any

from geoplan.report.content.build import table_of
from geoplan.report.content.names import Names, empty, rows_of
from geoplan.report.content.registry import listed
from geoplan.report.content.table import Amount, Cell, Coded, Table
from geoplan.report.content.zones import by_zone, service_cell
from geoplan.tables import Outcome
from geoplan.words.catalogue import phrase


@listed(90, "workbook", "csv")
def served(outcome: Outcome) -> Table | None:
    """Return need and what has a place, a row a service and zone; None where the study asks for no allocation."""
    if empty(outcome.served):
        return None
    lang, names = outcome.lang, Names(outcome)
    above = names.levels_between()
    keys = (
        "service", "level", "zone_code", *above, "zone", "need", "in_circle", "in_circle_share", "served", "served_share",
        "without_place", "need_outside", "need_off_network",
    )  # fmt: skip
    order = by_zone(outcome, names, outcome.served).sort_values(["service", "level", "zone"]).index
    rows = rows_of(outcome.served.loc[order])
    cells = ([service_cell(outcome, row["service"]), *_row(row, names, above)] for row in rows)
    return table_of("served", lang, keys, cells, notes=(phrase("served_note", lang),), frozen=4 + len(above))


def _row(row: Mapping[str, Any], names: Names, above: list[str]) -> list[Cell]:
    zone, need = row["zone_id"], float(row["need"])
    level, inside = names.level(zone), need - float(row["outside"]) - float(row["off_network"])
    return [
        Coded(level),
        names.code(zone),
        *names.above_of(zone, above),
        names.zone(zone),
        Amount.of(need, "count") or Coded("no_data"),
        Amount.of(inside, "count"),
        share_of_need(row, inside, inside),
        Amount.between(row["served_low"], row["served_high"], "count"),
        share_of_need(row, row["served_low"], row["served_high"]),
        Amount.of(row["without_place"], "count"),
        Amount.of(row["outside"], "count"),
        Amount.of(row["off_network"], "count"),
    ]


def share_of_need(row: Mapping[str, Any], low: float, high: float) -> Amount | None:
    """Return low..high over the need of a zone; None without a need. People off the network may all be inside, and have a place."""
    need = float(row["need"])
    if not need > 0:
        return None
    return Amount.between(low / need, min((high + float(row["off_network"])) / need, 1.0), "percent")
