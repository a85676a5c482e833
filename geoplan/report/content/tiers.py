"""三级、四级养老服务网络: for each district and town which tiers it has, how much they hold, and which are missing."""

from collections.abc import Iterator, Mapping
from typing import Any

from geoplan.report.content.build import table_of
from geoplan.report.content.names import Names, empty, rows_of
from geoplan.report.content.registry import listed
from geoplan.report.content.table import Amount, Cell, Coded, Column, Listed, Table, Tally, column
from geoplan.tables import LEVELS, Outcome
from geoplan.words.catalogue import phrase
from geoplan.words.labels import facility_label, label
from geoplan.words.numbers import missing
from geoplan.words.vocabulary import label as word
from geoplan.words.vocabulary import types_of_tier, vocabulary


@listed(95, "workbook", "csv")
def tiers(outcome: Outcome) -> Table | None:
    """Return one row a district and town, a district before its towns; None where no register lists eldercare."""
    if empty(outcome.tiers):
        return None
    lang, names = outcome.lang, Names(outcome)
    above = [level for level in ("district",) if names.has(level)]
    by_zone: dict[str, dict[str, dict[str, Any]]] = {}
    for row in rows_of(outcome.tiers):
        by_zone.setdefault(row["zone_id"], {})[row["tier"]] = row
    columns: list[str | Column] = [
        "level",
        "zone_code",
        *above,
        "zone",
        "tiers_missing",
        *(one for tier in vocabulary("tiers") for one in _columns(tier, lang)),
    ]
    rows = ([*_place(names, zone, above), _missing(own, lang), *_cells(own)] for zone, own in by_zone.items())
    top = frozenset(at for at, zone in enumerate(by_zone) if names.level(zone) != "town")
    return table_of(
        "tiers", lang, columns, rows, notes=tuple(_notes(outcome)), frozen=3 + len(above), strong=top
    )


def _place(names: Names, zone: str, above: list[str]) -> list[Cell]:
    return [Coded(names.level(zone)), names.code(zone), *names.above_of(zone, above), names.zone(zone)]


def _columns(tier: str, lang: str) -> Iterator[Column]:
    """Yield the columns of one tier; that of homes has no facilities, and the widest no zones inside."""
    called = word("tiers", tier, lang)
    yield column("tier_present", lang, name=f"{tier}_present", tier=called)
    if tier in LEVELS:
        yield column("tier_facilities", lang, name=f"{tier}_facilities", tier=called)
    if _has_units(tier):
        yield column("tier_units", lang, name=f"{tier}_units", tier=called, level=label(tier, lang))
    yield column(
        "tier_capacity",
        lang,
        name=f"{tier}_capacity",
        tier=called,
        supply=word("supplies", _supply(tier), lang),
    )


def _cells(own: Mapping[str, Mapping[str, Any]]) -> Iterator[Cell]:
    """Yield the cells of one zone under `_columns`; a tier that is wider than the zone is counted, and nothing is said of it."""
    for tier, row in own.items():
        yield _present(row) if row["due"] else None
        if tier in LEVELS:
            yield _amount(row, "facilities")
        if _has_units(tier):
            yield None if missing(row["units"]) else _tally(row)
        yield _amount(row, "capacity")


def _amount(row: Mapping[str, Any], key: str) -> Cell:
    return Amount.between(row[f"{key}_low"], row[f"{key}_high"], "count") or Coded("no_data")


def _supply(tier: str) -> str:
    return str(vocabulary("tiers")[tier]["supply"])


def _has_units(tier: str) -> bool:
    """Return whether a tier has zones inside those of the table: towns in districts, communities in both."""
    return tier in ("town", "community")


def _present(row: Mapping[str, Any]) -> Coded:
    return Coded("no_data") if missing(row["present"]) else Coded("yes" if row["present"] else "no")


def _tally(row: Mapping[str, Any]) -> Tally:
    return Tally(int(row["units_met"]), int(row["units_judged"]), int(row["units"] - row["units_judged"]))


def _missing(own: Mapping[str, Mapping[str, Any]], lang: str) -> Cell:
    """Return the tiers that the zone lacks, that some zones inside lack, and those that are not known; 无 where it has all."""
    found = [said for tier, row in own.items() if row["due"] and (said := _lack(tier, row, lang))]
    return Listed(tuple(found)) if found else Coded("none", phrase("tiers_none", lang))


def _lack(tier: str, row: Mapping[str, Any], lang: str) -> Coded | None:
    """Return what is missing of one tier: all of it, some of the zones inside, or knowledge of it; None where nothing is."""
    called, tally = word("tiers", tier, lang), Tally(0, 0) if missing(row["units"]) else _tally(row)
    if not missing(row["present"]) and not row["present"]:
        return Coded(tier, called)
    states = {
        "no_data": missing(row["present"]),
        "in_part": tally.count < tally.judged,
        "part_no_data": tally.no_data > 0,
    }
    state = next((name for name, holds in states.items() if holds), "")
    return Coded(f"{tier}_{state}", phrase(f"tiers_{state}", lang, tier=called)) if state else None


def _notes(outcome: Outcome) -> Iterator[str]:
    """Yield which types make up each tier, how presence is told, and what is not known."""
    lang, items = outcome.lang, phrase("join_items", outcome.lang)
    table = outcome.tiers
    for tier in vocabulary("tiers"):
        types = [
            name
            for name, entry in vocabulary("types").items()
            if name in types_of_tier(tier) and not entry.get("family")
        ]
        if types:
            yield phrase(
                "tiers_types",
                lang,
                tier=word("tiers", tier, lang),
                types=items.join(facility_label(name, lang) for name in types),
            )
    yield phrase("tiers_note", lang)
    ways = table[table["way"] != ""].drop_duplicates("tier")
    served = [word("tiers", str(tier), lang) for tier in ways.loc[ways["way"] == "assigned", "tier"]]
    if served:
        yield phrase("tiers_assigned", lang, tiers=items.join(served))
    silent = table[(table["way"] != "") & table["facilities_low"].isna()]["tier"].unique()
    if len(silent):
        yield phrase(
            "tiers_silent", lang, tiers=items.join(word("tiers", str(tier), lang) for tier in silent)
        )
    homes = table[table["way"] == ""]
    if homes["capacity_low"].isna().all():
        yield phrase("tiers_no_homes", lang)
