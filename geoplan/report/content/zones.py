"""Tables of zones: flagged communities and towns, circles, provision, and their totals over the study area."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from geoplan.report.content import titles
from geoplan.report.content.build import table_of
from geoplan.report.content.gaps import grade_cell, kind_cell
from geoplan.report.content.names import (
    AREA,
    Names,
    caveats_of,
    field_name,
    present,
    rows_of,
    whole_zones,
)
from geoplan.report.content.outside import competition
from geoplan.report.content.registry import listed
from geoplan.report.content.shortfalls import (
    brief,
    clause_states,
    flag_state,
    flag_sum,
    flags_at,
    mean_met,
    zone_tallies,
)
from geoplan.report.content.table import (
    Amount,
    Cell,
    Coded,
    Column,
    Table,
    Tally,
    cell_text,
    column,
    unit_cell,
)
from geoplan.standards.priority import spread
from geoplan.standards.rules import HOUSES, USERS
from geoplan.tables import GRADES, LEVELS, Outcome
from geoplan.words.catalogue import phrase
from geoplan.words.labels import label, of_group, unit, zone_kind_label, zones_word
from geoplan.words.numbers import format_exact, format_number, missing


@listed(10, "workbook", "csv")
def communities(outcome: Outcome) -> Table | None:
    """Return 短板社区清单: `flagged` communities, None where the study has none."""
    return flagged(outcome, "community") if (outcome.zones["level"] == "community").any() else None


@listed(20, "workbook", "csv")
def towns(outcome: Outcome) -> Table | None:
    """Return 短板街道（乡镇）清单: `flagged` towns, None where the study has none."""
    return flagged(outcome, "town") if (outcome.zones["level"] == "town").any() else None


@listed(25, "workbook", "csv")
def districts(outcome: Outcome) -> Table | None:
    """Return 短板区县清单: districts whose beds of care homes were measured; None where none were."""
    return flagged(outcome, "district") if len(flags_at(outcome, "district")) else None


def flagged(outcome: Outcome, level: str) -> Table:
    """Return one row a zone of `level`, a column a rule, the worst first.

    The worst is the zone where the rule that touches most people touches most (households, where only these are touched, stand behind),
    then the one short of more rules. Zones that are not short of anything stand below, those without data between. How many clauses a
    zone is short of and how many standards it is measured short by stand apart. Under a rule stands the shortfall, 0 where the
    zone is not short, 数据不足 where that cannot be told, nothing where the rule does not measure the zone.
    """
    lang, names = outcome.lang, Names(outcome)
    flags = flags_at(outcome, level)
    rules = list(dict.fromkeys(flags["rule_id"]))
    caveats = {rule: _common(flags[flags["rule_id"] == rule], lang) for rule in rules}
    marks = {
        found: "*" * place for place, found in enumerate(dict.fromkeys(filter(None, caveats.values())), 1)
    }
    above = [upper for upper in names.levels_between() if LEVELS.index(upper) < LEVELS.index(level)]
    of_rules = (
        one for rule in rules for one in _rule_columns(names, flags, rule, marks.get(caveats[rule], ""))
    )
    columns: tuple[str | Column, ...] = (
        "serial", "zone_code", *above, level, "flagged", "clause_count", "measured_count", "worst_grade", "people_affected", "affected",
        *of_rules, "caveats",
    )  # fmt: skip
    order = {zone: position for position, zone in enumerate(outcome.zones.index)}
    clauses = clause_states(outcome, level)
    by_zone: dict[str, dict[str, dict[str, Any]]] = {zone: {} for zone in order if zone in clauses}
    for row in rows_of(flags):
        by_zone.setdefault(row["zone_id"], {})[row["rule_id"]] = row
    rows: list[tuple[tuple[Any, ...], list[Cell]]] = []
    for zone, own in by_zone.items():
        state, clause, measured = zone_tallies(own.values(), clauses.get(zone, ()))
        short = [row for row in own.values() if not missing(row["flagged"]) and row["flagged"]]
        touched = {
            row["rule_id"]: (row["affected_group"] not in HOUSES, row["people_affected"])
            for row in short
            if present(row["people_affected"])
        }
        most = max(touched, key=touched.__getitem__, default="")
        # caveats of a whole column stand under the table; a row has those of its own
        common = {said for rule in own for said in caveats[rule]}
        said = dict.fromkeys(
            said for row in own.values() for said in caveats_of(row, lang) if said not in common
        )
        people, affected = touched.get(most, (False, None))
        cells: list[Cell] = [
            names.code(zone),
            *(names.above(zone, upper) for upper in above),
            names.zone(zone),
            state,
            clause,
            measured,
            grade_cell(_worst(row["grade"] for row in short), lang),
            Amount.of(affected, "count"),
            names.affected(most, own[most]["affected_group"]) if most else "",
            *(cell for rule in rules for cell in (_short_of(own.get(rule)), _state_of(own.get(rule)))),
            phrase("join_semicolon", lang).join(said),
        ]
        counts = clause.count + measured.count
        place = (
            not counts,
            not people,
            -(affected or 0.0),
            -counts,
            -clause.no_data - measured.no_data,
            order[zone],
        )
        rows.append((place, cells))
    rows.sort(key=lambda row: row[0])
    notes = [
        phrase("zones_flagged_note", lang, level=zones_word(level, lang), unknown=label("no_data", lang))
    ]
    notes += [phrase(code, lang) for code in ("gaps_note_kinds", "gaps_note_grades")]
    notes += [
        phrase("zones_marked", lang, mark=mark, note=phrase("join_semicolon", lang).join(said))
        for said, mark in marks.items()
    ]
    key = {"community": "communities", "town": "towns", "district": "districts"}[level]
    cells_of = (cells for _, cells in rows)
    return table_of(key, lang, columns, cells_of, notes=tuple(notes), frozen=len(above) + 3)


def _worst(grades: Iterable[str]) -> str:
    """Return the grade of the deepest of several; nothing where none has one."""
    return min((grade for grade in grades if grade), key=GRADES.index, default="")


def _common(rows: pd.DataFrame, lang: str) -> tuple[str, ...]:
    """Return the caveats that hold for every zone that a rule measures."""
    found = [caveats_of(row, lang) for row in rows_of(rows)]
    return tuple(said for said in found[0] if all(said in other for other in found)) if found else ()


def _rule_columns(names: Names, flags: pd.DataFrame, rule: str, mark: str) -> tuple[Column, Column]:
    """Return the columns of a rule: the shortfall, and for programs, to which no number is no word, the state."""
    own = flags[flags["rule_id"] == rule].iloc[0]
    short = column(
        "rule_shortfall",
        names.lang,
        name=field_name(rule, "short"),
        indicator=brief(names, rule),
        mark=mark,
        standard=standard_text(names, flags, rule),
        gap=names.gap(rule),
        unit=unit(own["unit"], names.lang),
    )
    return short, column(
        "rule_state", names.lang, name=field_name(rule, "flag"), indicator=brief(names, rule)
    )


def standard_text(names: Names, flags: pd.DataFrame, rule: str) -> str:
    """Return what a rule asks of each zone, with its unit: ``≥4.5 个托位/千人``; a dash where nothing is required."""
    required = flags.loc[flags["rule_id"] == rule, "required"].dropna()
    if required.empty:
        return format_number(None, "count")
    number_format = names.format(rule)
    shown = f"≥{format_exact(float(required.min()), number_format)}"
    return shown if number_format == "percent" else f"{shown} {names.unit(rule)}".rstrip()


def _state_of(row: Mapping[str, Any] | None) -> Cell:
    return None if row is None else flag_state(row)


def _short_of(row: Mapping[str, Any] | None) -> Cell:
    if row is None:
        return None
    if missing(row["flagged"]) or (row["flagged"] and missing(row["shortfall"])):
        return Coded("no_data")
    if row["state"] == "mean_met":
        return flag_state(row)
    return Amount.of(row["shortfall"] if row["flagged"] else 0.0, "count")


def flag_totals(outcome: Outcome, level: str) -> Table | None:
    """Return a row a rule: how many zones of `level` are flagged, of how many, their shortfalls and people; None without flags."""
    lang, names = outcome.lang, Names(outcome)
    flags = flags_at(outcome, level)
    if flags.empty:
        return None
    keys = (
        "rule_id", "indicator", "flag_kind", "standard", "flag_zones", "grades", "mean_met_zones", "gross_shortfall", "unit",
        "people_affected", "affected", "below", "half", "caveats",
    )  # fmt: skip
    rows: list[list[Cell]] = []
    widely = spread(flags, outcome.zones)
    for rule, own in flags.groupby("rule_id", sort=False):
        rows.append(
            [
                str(rule),
                names.rule(str(rule)),
                kind_cell(own["flag_kind"].iloc[0], lang),
                standard_text(names, flags, str(rule)),
                Tally.of(own["flagged"]),
                grades_text(own, lang),
                Coded("no_data") if own["flagged"].isna().all() else Amount.of(mean_met(own), "count"),
                flag_sum(own, "shortfall"),
                unit_cell(own["unit"].iloc[0], lang),
                flag_sum(own, "people_affected"),
                names.affected(str(rule), own["affected_group"].iloc[0]),
                Amount.between(
                    own["below_low"].sum(min_count=1), own["below_high"].sum(min_count=1), "count"
                ),
                spread_text(widely, str(rule), lang),
                phrase("join_semicolon", lang).join(_common(own, lang)),
            ]
        )
    return table_of(
        "flag_totals",
        lang,
        keys,
        rows,
        title=phrase("flag_totals_title", lang, level=zones_word(level, lang)),
    )


def grades_text(flags: pd.DataFrame, lang: str) -> str:
    """Return how many flagged zones have each grade, the deepest first; nothing where none is flagged."""
    counts = flags["grade"].value_counts()
    told = (f"{phrase(f'grade_{code}', lang)} {counts[code]}" for code in GRADES if code in counts)
    return phrase("join_items", lang).join(told)


def spread_text(widely: pd.DataFrame, rule: str, lang: str) -> str:
    """Return over how many communities half of a rule's gap is spread; that it is everywhere where that is over a fifth of them."""
    if rule not in widely.index or not widely.loc[rule, "half"]:
        return ""
    row = widely.loc[rule]
    code = "zones_everywhere" if row["everywhere"] else "zones_half"
    return phrase(code, lang, half=f"{row['half']:.0f}", measured=f"{row['measured']:.0f}")


def flags_by_place(outcome: Outcome, level: str, above: str) -> Table | None:
    """Return a row a zone of the coarser level `above`, a column a rule: flagged zones of `level`, of how many; None without flags.

    The last row counts the whole area; a cell is empty where the rule measures no zone there.
    """
    lang, names = outcome.lang, Names(outcome)
    flags = flags_at(outcome, level)
    if flags.empty:
        return None
    rules = [str(rule) for rule in dict.fromkeys(flags["rule_id"])]
    place = flags["zone_id"].map(lambda zone: names.at(zone, above) if above else "")
    here = [zone for zone in outcome.zones.index[outcome.zones["level"] == above] if (place == zone).any()]

    def row(name: str, own: pd.DataFrame) -> list[Cell]:
        of_rule = {rule: Tally.of(part["flagged"]) for rule, part in own.groupby("rule_id", sort=False)}
        return [name, *(of_rule.get(rule) for rule in rules)]

    columns = [
        column("zone", lang, header=label(above, lang) if above else ""),
        *(
            column("rule_flagged", lang, name=field_name(rule, "flag"), indicator=names.rule(rule))
            for rule in rules
        ),
    ]
    rows = [row(names.zone(zone), flags[place == zone]) for zone in here]
    rows.append(row(label("sum", lang), flags))
    notes = (phrase("zones_tally_note", lang),)
    return Table.of("flags_by_place", phrase("zones_by_place", lang), columns, rows, notes=notes, frozen=1)


@listed(70, "workbook", "csv")
def circles(outcome: Outcome) -> Table:
    """Return 15分钟服务圈: the stated pace leads, frail elders' pace and the straight line beside it."""
    lang, names = outcome.lang, Names(outcome)
    table = outcome.circle
    land = bool(table["land_m2"].notna().any())
    above = names.levels_between()
    keys = [
        "service", "level", "zone_code", *above, "zone", "part", "group", "people", "covered", "outside", "off_network", "share",
        "share_all", "share_frail", "share_straight", "communities_covered", "communities_share",
        *(["land_share"] if land else []), "minutes", "unreached", "nearest_facility",
    ]  # fmt: skip
    by = ["service", "zone_id", "kind"]
    shares = {(*(row[k] for k in by), row["measure"]): row["share"] for row in rows_of(table)}
    rows: list[list[Cell]] = []
    for row in rows_of(_in_order(table[table["measure"] == "network"], outcome, names)):
        zone, level = row["zone_id"], names.level(row["zone_id"])
        frail, straight = (shares.get((*(row[k] for k in by), m)) for m in ("frail", "straight"))
        rows.append(
            [
                service_cell(outcome, row["service"]),
                Coded(level),
                names.code(zone),
                *names.above_of(zone, above),
                names.zone(zone),
                Coded.of(row["kind"], zone_kind_label(row["kind"], lang)),
                Coded(row["group"]),
                *_in_circle(row, frail, straight),
                *_of_communities(row, level),
                *([_land_share(row)] if land else []),
                Amount.of(row["median_minutes"], "minutes"),
                Amount.of(row["unreached"], "count"),
                names.facility(row["nearest_facility"]),
            ]
        )
    joint = phrase("join_semicolon", lang)
    notes = [phrase("circle_note", lang)]
    notes += [
        phrase(
            "circle_measures",
            lang,
            service=outcome.services[service].label(lang),
            measures=joint.join(
                titles.measure_label(entry, m, lang) for m in ("network", "frail", "straight")
            ),
        )
        for service, entry in outcome.services.items()
    ]
    notes += off_network_notes(outcome)
    title = circle_title(outcome)
    return table_of("circle", lang, keys, rows, title=title, notes=tuple(notes), frozen=4 + len(above))


def _in_circle(row: Mapping[str, Any], frail: object, straight: object) -> list[Cell]:
    """Return people, those in the circle and outside, and the shares; *no data* where the people are not known."""
    if not present(row["people"]):
        return [Coded("no_data")] * 8
    counts = (Amount.of(row[key], "count") for key in ("people", "covered", "outside", "off_network"))
    others = (Amount.of(value, "percent") for value in (frail, straight))
    return [*counts, share_known(row), share_all(row), *others]


def share_known(row: Mapping[str, Any]) -> Amount | Coded:
    """Return the share within the circle among people on the network; *no data* where none of the people is."""
    return Amount.of(row["share"], "percent") or Coded("no_data")


def share_all(row: Mapping[str, Any]) -> Amount | None:
    """Return the least and the most of the share within the circle among all people, those off the network out or in."""
    return Amount.between(row["share_low"], row["share_high"], "percent")


def off_network_text(row: Mapping[str, Any], lang: str) -> str:
    """Return how many people are off the network and the interval that this leaves; nothing where nobody is."""
    if not present(row["off_network"]) or not row["off_network"]:
        return ""
    return phrase(
        "circle_off_network",
        lang,
        people=format_number(row["off_network"], "count"),
        unit=of_group("unit_people", row["group"], lang),
        part=format_number(row["off_network"] / row["people"], "percent"),
        range=cell_text(share_all(row), lang),
    )


def off_network_notes(outcome: Outcome) -> tuple[str, ...]:
    """Return a sentence a service on the people of the whole area who are off the network."""
    own = whole_zones(outcome, measure="network", zone=AREA)
    said = ((row["service"], off_network_text(row, outcome.lang)) for row in rows_of(own))
    return tuple(
        phrase(
            "circle_of_service",
            outcome.lang,
            service=outcome.services[service].label(outcome.lang),
            text=text,
        )
        for service, text in said
        if text
    )


def circle_title(outcome: Outcome) -> str:
    """Return 15分钟服务圈, without the minutes where services have unlike ones."""
    minutes = {entry.walk_minutes for entry in outcome.services.values()}
    if len(minutes) == 1:
        return phrase("circle_title", outcome.lang, minutes=f"{minutes.pop():g}")
    return phrase("circles_title", outcome.lang)


def circle_totals(outcome: Outcome) -> Table | None:
    """Return `circles` of the whole study area, a row a service; None where there is none."""
    whole = circles(outcome)
    kept = whole.where("level", "area").where("part", "")
    keys = (
        "service", "zone_code", "group", "people", "covered", "outside", "off_network", "share", "share_all", "share_frail",
        "share_straight", "communities_covered",
    )  # fmt: skip
    title = phrase("circle_totals_title", outcome.lang, title=whole.title)
    at = [entry.key for entry in kept.columns]
    own = without_repeats(kept.picked([at.index(key) for key in keys]))
    return replace(own, key="circle_totals", title=title, frozen=0) if own.rows else None


def without_repeats(circle: Table) -> Table:
    """Return a table of circles without the interval of all people where nobody is off the network: the share stands beside it."""
    off = [cell for cell in circle.cells("off_network") if isinstance(cell, Amount)]
    if any(cell.high for cell in off):
        return circle
    return circle.picked([place for place, column in enumerate(circle.columns) if column.key != "share_all"])


def service_cell(outcome: Outcome, service: str) -> Coded:
    """Return a service with the name that the study gives it."""
    return Coded(service, outcome.services[service].label(outcome.lang))


def _in_order(table: pd.DataFrame, outcome: Outcome, names: Names) -> pd.DataFrame:
    """Return the rows by service, then level, then zone, the urban and rural parts under the whole."""
    parts = {part: position for position, part in enumerate(("", "urban", "rural"))}
    key = by_zone(outcome, names, table).assign(part=table["kind"].map(parts).fillna(len(parts)))
    return table.loc[key.sort_values([*key.columns], kind="stable").index]


def by_zone(outcome: Outcome, names: Names, table: pd.DataFrame) -> pd.DataFrame:
    """Return what sorts a table of services and zones: the place of its service, of its zone's level and of its zone."""
    services = {service: position for position, service in enumerate(outcome.services)}
    zones = {zone: position for position, zone in enumerate(outcome.zones.index)}
    return pd.DataFrame(
        {
            "service": table["service"].map(services),
            "level": table["zone_id"].map(lambda zone: LEVELS.index(names.level(zone))),
            "zone": table["zone_id"].map(zones),
        }
    )


def _of_communities(row: Mapping[str, Any], level: str) -> list[Cell]:
    count = row["communities"]
    if level == "community" or missing(count) or not count:
        return [None, None]
    covered, unknown = row["communities_covered"], row["communities_unknown"] or 0
    tally = Tally(int(covered), int(count - unknown), int(unknown))
    return [
        tally,
        Amount.between(float(covered) / float(count), float(covered + unknown) / float(count), "percent"),
    ]


def _land_share(row: Mapping[str, Any]) -> Cell:
    if pd.isna(row["land_m2"]) or row["land_m2"] == 0:
        return None
    covered, off, whole = row["land_covered_m2"], row["land_off_network_m2"], row["land_m2"]
    # an older outcome does not say how much is off the network
    most = min((covered + off) / whole, 1.0) if present(off) else None
    return Amount.between(covered / whole, most, "percent")


@listed(35, "workbook", "csv")
def mean_met_zones(outcome: Outcome) -> Table | None:
    """Return 均值达标、覆盖不足清单: a row a zone and rule whose mean is met while too few are in the circle; None where there is none."""
    lang, names = outcome.lang, Names(outcome)
    own = outcome.flags[(outcome.flags["state"] == "mean_met") & (outcome.flags["flag_kind"] != "reference")]
    if own.empty:
        return None
    above = names.levels_between()
    keys = (
        "serial", "rule_id", "indicator", "level", "zone_code", *above, "zone", "reachable", "required", "unit_of_value",
        "in_circle_part", "people", "below", "nearest_facility", "minutes", "caveats",
    )  # fmt: skip
    rows: list[list[Cell]] = []
    worst = own.sort_values("below_low", ascending=False, kind="stable")
    for row in rows_of(worst):
        rule, zone, number_format = row["rule_id"], row["zone_id"], names.format(row["rule_id"])
        inside, below = beside_mean(row)
        rows.append(
            [
                rule,
                names.rule(rule),
                Coded(names.level(zone)),
                names.code(zone),
                *names.above_of(zone, above),
                names.zone(zone),
                Amount.between(row["reachable_low"], row["reachable_high"], number_format),
                Amount.of(row["required"], number_format),
                names.unit(rule) or unit(row["unit"], lang),
                inside,
                Amount.of(row["people"], "count"),
                below,
                names.facility(row["nearest_facility"]),
                Amount.of(row["minutes"], "minutes"),
                phrase("join_semicolon", lang).join(caveats_of(row, lang)),
            ]
        )
    return table_of("mean_met", lang, keys, rows, notes=(phrase("mean_met_note", lang),), frozen=3)


def use_cells(row: Mapping[str, Any], lang: str) -> list[Cell]:
    """Return what all facilities in the circle have, how much of it is used and empty, and the share used; *not reported* where no register says it.

    Of floor area nobody counts the users.
    """
    there = Amount.between(row["in_reach_low"], row["in_reach_high"], "count")
    if there is None or row["unit"] not in USERS:
        return [there, None, None, None]
    if not math.isfinite(row["in_use_high"]):
        return [there, *[Coded("not_reported", phrase("use_not_reported", lang))] * 3]
    low, high = row["in_use_low"], row["in_use_high"]
    if there.high <= 0:
        return [there, None, None, None]
    empty = Amount.between(max(0.0, there.low - high), max(0.0, there.high - low), "count")
    share = Amount.between(low / there.high, high / there.low if there.low > 0 else math.inf, "percent")
    return [there, Amount.between(low, high, "count"), empty, share]


def beside_mean(row: Mapping[str, Any]) -> list[Cell]:
    """Return what a mean hides: the share of people within the circle, and how many reach less than the standard."""
    return [
        Amount.between(row["in_circle_low"], row["in_circle_high"], "percent"),
        Amount.between(row["below_low"], row["below_high"], "count"),
    ]


@listed(80, "workbook", "csv")
def provision(outcome: Outcome) -> Table | None:
    """Return reachable and located supply of every rule that measures supply per head; None where there is none."""
    lang, names = outcome.lang, Names(outcome)
    # what is measured as a share of people stands in the table of circles
    flags = outcome.flags[outcome.flags["rule_id"].map(names.format).ne("percent").astype(bool)]
    if flags.empty:
        return None
    above = names.levels_between()
    keys = (
        "rule_id", "indicator", "level", "zone_code", *above, "zone", "people", "off_network", "reachable", "taken_outside", "located", "required", "unit_of_value",
        "in_circle_part", "below", "in_reach", "in_use", "vacant", "use_rate", "flagged", "flag_kind", "grade", "shortfall", "unit", "apportioned", "people_affected", "affected", "affected_whole", "nearest_facility", "minutes", "cause", "caveats",
    )  # fmt: skip
    rows: list[list[Cell]] = []
    for row in rows_of(flags):
        rule, zone, state = row["rule_id"], row["zone_id"], flag_state(row)
        level, number_format = names.level(zone), names.format(rule)
        rows.append(
            [
                rule,
                names.rule(rule),
                Coded(level),
                names.code(zone),
                *names.above_of(zone, above),
                names.zone(zone),
                Amount.of(row["people"], "count"),
                Amount.of(row["off_network"], "count"),
                Amount.between(row["reachable_low"], row["reachable_high"], number_format),
                Amount.of(row.get("taken_outside", float("nan")), "percent"),
                Amount.between(row["located_low"], row["located_high"], number_format),
                Amount.of(row["required"], number_format),
                names.unit(rule) or unit(row["unit"], lang),
                *beside_mean(row),
                *use_cells(row, lang),
                state,
                kind_cell(row["flag_kind"], lang) if state.code == "flagged" else None,
                grade_cell(row["grade"], lang),
                Amount.of(row["shortfall"], "count") if state.code == "flagged" else None,
                unit_cell(row["unit"], lang),
                Amount.of(row["apportioned"], "count"),
                Amount.of(row["people_affected"], "count") if state.code == "flagged" else None,
                names.affected(rule, row["affected_group"]) if state.code == "flagged" else "",
                Amount.of(row["affected_whole"], "count"),
                names.facility(row["nearest_facility"]),
                Amount.of(row["minutes"], "minutes"),
                Coded.of(row["cause"]),
                phrase("join_semicolon", lang).join(caveats_of(row, lang)),
            ]
        )
    return table_of(
        "provision",
        lang,
        keys,
        rows,
        notes=(phrase("provision_note", lang, competition=competition(outcome)),),
        frozen=4 + len(above),
    )
