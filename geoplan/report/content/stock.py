"""What is there today: zones and people, and the facilities that count in the year judged, by type.

A table of the district's own stock holds facilities inside the study area only. Those of the halo take part in reach; how many they
are stands beside it (区外参与计算).
"""

import numpy as np
import pandas as pd

from geoplan.report.content.build import table_of
from geoplan.report.content.names import Names, people_unit, present
from geoplan.report.content.table import Amount, Cell, Coded, Column, Figure, Table, Tally, column
from geoplan.tables import LEVELS, Outcome
from geoplan.words.catalogue import phrase
from geoplan.words.labels import facility_label, heading, label, zones_word
from geoplan.words.numbers import format_number

#: Amounts of facilities that a planning paper shows, where a register has them.
SUPPLIES = ("beds", "nursing_beds", "places", "inclusive_places", "floor_area_m2")
#: Most rows of a table by town; where there are more towns, districts stand for them.
MOST_TOWNS = 40


def upper_level(outcome: Outcome) -> str:
    """Return the level that tables on paper are broken down by: towns where there are few, else districts, else the area."""
    counts = outcome.zones["level"].value_counts()
    few = [level for level in ("town", "district") if 0 < counts.get(level, 0) <= MOST_TOWNS]
    return few[0] if few else "area"


def people_of(outcome: Outcome) -> pd.DataFrame:
    """Return the people of every group (columns) by zone of every partition level; the halo stays out."""
    groups = [group for group in outcome.groups.index if group in outcome.demand.columns]
    own = outcome.demand.loc[~outcome.demand["halo"].astype(bool), ["zone_id", *groups]]
    sums = own.groupby("zone_id", sort=False)[groups].sum()
    parents = outcome.zones["parent_id"].to_dict()
    total: dict[str, np.ndarray] = {}
    for zone, row in zip(sums.index, sums.to_numpy(dtype=float), strict=True):
        at: object = zone
        while present(at) and at in parents:
            total[str(at)] = total.get(str(at), np.zeros(len(groups))) + row
            at = parents[at]
    found = pd.DataFrame.from_dict(total, orient="index", columns=groups)
    return found.reindex([zone for zone in outcome.zones.index if zone in total])


def people_text(value: float, group: str, lang: str, *, called: str = "") -> str:
    """Return how many of a group there are: ``常住人口12,000人``, ``户数5,210户``."""
    shown, unit_word = format_number(value, "count"), people_unit(group, lang)
    return phrase("paper_group", lang, group=called or label(group, lang), value=shown, unit=unit_word)


def zones_text(outcome: Outcome) -> str:
    """Return how many zones of each level there are: ``1 个区县、2 个街道（乡镇）、10 个社区（村）``."""
    lang, counts = outcome.lang, outcome.zones["level"].value_counts()
    parts = [
        phrase(
            "indicators_zones",
            lang,
            count=counts[level],
            level=zones_word(level, lang, count=int(counts[level])),
        )
        for level in LEVELS[1:]
        if level in counts
    ]
    return phrase("join_items", lang).join(parts)


def people_table(outcome: Outcome) -> Table:
    """Return the people of every group by town (or district), the whole area last."""
    lang, names, people = outcome.lang, Names(outcome), people_of(outcome)
    level, finest = upper_level(outcome), names.finest()
    of_finest = outcome.zones.index[outcome.zones["level"] == finest]
    zones = [zone for zone in people.index if names.level(zone) == level and level != "area"]
    zones += [zone for zone in people.index if names.level(zone) == "area"]
    columns: list[str | Column] = [
        column("zone", lang, header=label(level, lang)),
        "zone_code",
        column("zones_below", lang, level=zones_word(finest, lang)),
        *(
            column("group_people", lang, name=str(group), group=label(str(group), lang))
            for group in people.columns
        ),
    ]
    rows: list[list[Cell]] = [
        [
            phrase("paper_total", lang) if names.level(zone) == "area" else names.zone(zone),
            names.code(zone),
            Amount.of(sum(names.at(below, names.level(zone)) == zone for below in of_finest), "count"),
            *(Amount.of(value, "count") for value in people.loc[zone]),
        ]
        for zone in zones
    ]
    title = phrase("paper_people_table", lang, level=zones_word(level, lang, count=1))
    return table_of("people", lang, columns, rows, title=title)


def standing(outcome: Outcome) -> pd.DataFrame:
    """Return the facilities that count in the year judged, in the study area and its halo."""
    own = outcome.facilities
    opened = own["open_year"].isna() | (own["open_year"] <= outcome.year)
    closed = (own["status"] == "closed") | (own["close_year"] <= outcome.year)
    waiting = own["status"].isin(["building", "planned"]) & own["open_year"].isna()
    return pd.DataFrame(own[opened & ~closed & ~waiting])


def inside(outcome: Outcome) -> pd.DataFrame:
    """Return the standing facilities of the study area itself: those whose zone is one of its zones."""
    own = standing(outcome)
    return own[own["zone_id"].isin(outcome.zones.index)]


def stock_table(outcome: Outcome) -> Table:
    """Return the area's own facilities by type: how many, how many of them on the map, and their amounts as intervals."""
    lang, own = outcome.lang, inside(outcome)
    supplies = outcome.supplies[outcome.supplies["facility_id"].isin(own.index)]
    shown = [supply for supply in SUPPLIES if (supplies["supply"] == supply).any()]
    amounts_of = (column("stock_amount", lang, name=supply, supply=heading(supply, lang)) for supply in shown)
    columns: tuple[str | Column, ...] = ("facility_type", "facility_count", "facility_placed", *amounts_of)
    kinds = list(dict.fromkeys(kind for services in own["services"] for kind in services))
    rows: list[list[Cell]] = []
    for kind in kinds:
        here = own[own["services"].map(lambda services, kind=kind: kind in services)]
        amounts = supplies[supplies["service"] == kind].groupby("supply")[["low", "high"]].sum()
        rows.append(
            [
                Coded(kind, facility_label(kind, lang)),
                Amount.of(len(here), "count"),
                Tally(int(here["geometry"].notna().sum()), len(here)),
                *(
                    Amount.between(amounts["low"][supply], amounts["high"][supply], "count")
                    if supply in amounts.index
                    else None
                    for supply in shown
                ),
            ]
        )
    title, none = phrase("paper_stock_table", lang), phrase("paper_stock_none", lang)
    return table_of("stock", lang, columns, rows, title=title, notes=_outside_notes(outcome), empty=none)


def stock_by_zone(outcome: Outcome, level: str) -> Table | None:
    """Return a row a zone of `level`: how many facilities of each service stand in it; None without such zones."""
    lang, names = outcome.lang, Names(outcome)
    zones = outcome.zones[outcome.zones["level"] == level]
    if not len(zones):
        return None
    services = outcome.services
    here = inside(outcome)
    of = here["zone_id"].map(lambda zone: names.at(zone, level))
    types = {name: set(entry.facilities) for name, entry in services.items()}
    rows: list[list[Cell]] = []
    for zone in zones.index:
        own = here.loc[of == zone, "services"]
        counts = (sum(bool(kinds & set(each)) for each in own) for kinds in types.values())
        rows.append([names.zone(zone), *(Amount.of(count, "count") for count in counts)])
    heads = [Column(name, services[name].label(lang), "count", 9, depth=1) for name in services]
    title = phrase("stock_by_zone", lang, level=zones_word(level, lang, count=1))
    return Table.of("stock_by_zone", title, [column(level, lang, depth=1), *heads], rows)


def stock_sentence(outcome: Outcome) -> str:
    """Return how many facilities the area has, with their beds and places as intervals; a part, without a stop at its end."""
    lang, own = outcome.lang, inside(outcome)
    supplies = outcome.supplies[outcome.supplies["facility_id"].isin(own.index)]
    sums = supplies.groupby("supply")[["low", "high"]].sum()
    amounts = [
        phrase(f"paper_sum_{supply}", lang, amount=amount.text(lang))
        for supply in ("beds", "nursing_beds", "places")
        if supply in sums.index
        for amount in [Amount.between(sums["low"][supply], sums["high"][supply], "count")]
        if amount is not None
    ]
    lead = phrase("paper_stock_lead", lang, year=outcome.year, count=format_number(len(own), "count"))
    return phrase("join_comma", lang).join([lead, *amounts])


def stock_figures(outcome: Outcome) -> tuple[Figure, ...]:
    """Return how many facilities the area has; beside it how many outside take part in reach, and how many are not on the map."""
    lang, own = outcome.lang, inside(outcome)
    unplaced = int(own["geometry"].isna().sum())
    caveats = [
        *_outside_notes(outcome),
        *([phrase("stock_unplaced", lang, count=f"{unplaced:,}")] if unplaced else []),
    ]
    return (Figure(phrase("stock_inside", lang), Amount.of(len(own), "count"), caveats=tuple(caveats)),)


def _outside_notes(outcome: Outcome) -> tuple[str, ...]:
    """Return how many facilities outside the area take part in reach; nothing without any."""
    own = standing(outcome)
    count = int((own["geometry"].notna() & ~own["zone_id"].isin(outcome.zones.index)).sum())
    return (phrase("paper_stock_outside", outcome.lang, count=count),) if count else ()
