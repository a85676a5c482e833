"""可达与实际可服务: need, what lies in the circle, and what has a place when each is given out once."""

from collections.abc import Mapping
from typing import Any

from geoplan.report import look
from geoplan.report.content.sheet import (
    Cell,
    Column,
    Names,
    Sheet,
    Value,
    between,
    block_of,
    empty,
    number,
    rows_of,
    word,
)
from geoplan.tables import LEVELS, Outcome


def served(outcome: Outcome) -> Sheet | None:
    """Return 可达与实际可服务: need, what lies in the circle, and what has a place when each is given out once."""
    if empty(outcome.served):
        return None
    lang, names = outcome.lang, Names(outcome)
    above = names.levels_between()
    columns = [
        Column(look.label("service", lang), "text", 10),
        Column(look.label("level", lang), "text", 12),
        *(Column(look.label(level, lang), "text", 13) for level in above),
        Column(look.label("zone", lang), "text", 18),
        Column(word("need", lang), "whole", 12),
        Column(word("in_circle", lang), "whole", 12),
        Column(word("in_circle_share", lang), "share", 10, "share"),
        Column(word("served", lang), "whole", 14),
        Column(word("served_share", lang), "share", 10, "share"),
        Column(word("without_place", lang), "whole", 13, "short"),
        Column(word("need_outside", lang), "whole", 13, "short"),
    ]
    services = {service: place for place, service in enumerate(outcome.services)}
    zones = {zone: place for place, zone in enumerate(outcome.zones.index)}
    listed = sorted(
        rows_of(outcome.served),
        key=lambda row: (services[row["service"]], LEVELS.index(names.level(row["zone_id"])), zones[row["zone_id"]]),
    )  # fmt: skip
    rows: list[list[Value | Cell]] = [
        [look.service_label(outcome.services, row["service"], lang), *_served_row(row, names, above)]
        for row in listed
    ]
    notes = (word("served_note", lang),)
    return Sheet(word("served_sheet", lang), (block_of(columns, rows),), notes, 3 + len(above))


def _served_row(row: Mapping[str, Any], names: Names, above: list[str]) -> list[Value | Cell]:
    level, need = names.level(row["zone_id"]), float(row["need"])
    inside = need - float(row["outside"])
    shares = [inside / need, row["served_low"] / need] if need > 0 else [None, None]
    return [
        look.label(level, names.lang),
        *(names.above(row["zone_id"], upper) if upper != level else "" for upper in above),
        names.zone(row["zone_id"]),
        number(need, "whole"),
        number(inside, "whole"),
        number(shares[0], "share"),
        between(row["served_low"], row["served_high"], "whole"),
        number(shares[1], "share"),
        number(row["without_place"], "whole"),
        number(row["outside"], "whole"),
    ]
