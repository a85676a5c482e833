"""The printed report's first half: key figures, flags by place, worst zones, indicators and shortfalls."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from geoplan.report import look
from geoplan.report.booklet.map import flag_map
from geoplan.report.content.findings import base_text, target_text
from geoplan.report.content.sheet import Names, text, value_kind
from geoplan.tables import Outcome

#: Indicators a table of A4 width holds, rows of the list of the worst, and zones named where many miss a rule.
COLUMNS, WORST, NAMED = 6, 15, 8

Plain = dict[str, Any]


def finest_level(outcome: Outcome) -> str:
    """Return the finest partition level that is flagged, else the finest there is."""
    own = set(outcome.zones["level"]) - {"estate"}
    flagged = set(outcome.zones["level"].reindex(outcome.flags["zone_id"]).dropna()) & own
    return look.level_order(flagged or own)[-1]


def at_level(outcome: Outcome, level: str) -> pd.DataFrame:
    """Return the flags of one level's zones."""
    return outcome.flags[outcome.flags["zone_id"].map(outcome.zones["level"]) == level]


def key_figures(outcome: Outcome, level: str) -> list[Plain]:
    """Return the page's large numbers: a service's covered share and people outside, flagged zones."""
    figures: list[Plain] = []
    whole = _area_circle(outcome)
    for service in outcome.services:
        row = whole.get((service, "network"))
        if row is None:
            continue
        name = look.service_label(outcome.services, service, outcome.lang)
        figures.append(
            {
                "value": look.share(row["share"]),
                "label": f"{name} · {look.of_group('covered_share', row['group'], outcome.lang)}",
            }
        )
        figures.append(
            {
                "value": look.whole(row["outside"]),
                "label": f"{name} · {look.of_group('outside', row['group'], outcome.lang)}",
                "strong": True,
            }
        )
    own = at_level(outcome, level)
    short = own.loc[own["flagged"].fillna(False).astype(bool), "zone_id"].nunique()
    figures.append(
        {
            "value": f"{look.whole(short)} / {look.whole(own['zone_id'].nunique())}",
            "label": f"{look.label('flagged', outcome.lang)} · {look.label(level, outcome.lang)}",
            "strong": True,
        }
    )
    verdicts = outcome.findings["verdict"].value_counts()
    judged = int(verdicts.get("met", 0) + verdicts.get("not_met", 0))
    if judged:
        not_met = f"{look.whole(verdicts.get('not_met', 0))} / {look.whole(judged)}"
        words = f"{look.label('not_met', outcome.lang)} · {look.label('verdict', outcome.lang)}"
        figures.append({"value": not_met, "label": words})
    return figures


def lead(outcome: Outcome, level: str) -> list[str]:
    """Return the sentences that open the report: what is short, for whom, by how much."""
    lang, names, own = outcome.lang, Names(outcome), at_level(outcome, level)
    sentences = [*_circle_sentences(outcome)]
    for rule_id, rows in own.groupby("rule_id", sort=False):
        if value_kind(names, str(rule_id)) == "share":
            continue
        short = rows[rows["flagged"].fillna(False).astype(bool)]
        kind, unit = text(names.of_rule(str(rule_id), "kind")), rows["unit"].iloc[0]
        sentences.append(
            look.sentence(
                "page_supply_lead",
                lang,
                indicator=names.rule(str(rule_id)),
                flagged=look.whole(len(short)),
                judged=look.whole(rows["flagged"].notna().sum()),
                level=look.label(level, lang),
                required=look.amount(rows["required"].iloc[0], unit, kind=kind),
                gap=look.whole(short["shortfall"].sum()),
                unit=look.unit(unit, lang),
                people=look.whole(short["people_affected"].sum()),
            )
        )
    counts = outcome.findings["verdict"].value_counts()
    if len(outcome.findings):
        words = {v: look.whole(counts.get(v, 0)) for v in look.VERDICT_COLOURS}
        sentences.append(
            look.sentence("page_verdict_lead", lang, total=look.whole(len(outcome.findings)), **words)
        )
    return sentences


def _circle_sentences(outcome: Outcome) -> Iterator[str]:
    whole = _area_circle(outcome)
    for service, entry in outcome.services.items():
        row = whole.get((service, "network"))
        if row is None or not row["people"]:
            continue
        yield look.sentence(
            "page_circle_lead",
            outcome.lang,
            group=look.basis(outcome.groups, entry.group, outcome.lang),
            outside=f"{look.whole(row['outside'])} {look.of_group('unit_people', entry.group, outcome.lang)}",
            outside_share=look.share(row["outside"] / row["people"]),
            minutes=f"{entry.walk_minutes:g}",
            service=look.service_label(outcome.services, service, outcome.lang),
            flagged=look.whole(row["communities"] - row["communities_covered"]),
            communities=look.whole(row["communities"]),
        )


def _area_circle(outcome: Outcome) -> dict[tuple[str, str], "pd.Series[Any]"]:
    whole = outcome.circle[outcome.circle["kind"].fillna("") == ""]
    area = whole[whole["zone_id"].map(outcome.zones["level"]) == "area"]
    return {(row["service"], row["measure"]): row for _, row in area.iterrows()}


def by_place(outcome: Outcome, level: str) -> list[Plain]:
    """Return flagged over judged by district (towns where there is one district) and indicator; six columns a table."""
    names, own = Names(outcome), at_level(outcome, level)
    above = _breakdown_level(outcome, level)
    place = own["zone_id"].map(lambda zone: names.above(zone, above) if above else "")
    order = (
        list(dict.fromkeys(outcome.zones.loc[outcome.zones["level"] == above, "name"].map(text)))
        if above
        else []
    )
    flagged = own["flagged"].fillna(False).astype(bool)
    judged = own["flagged"].notna()
    counts = pd.DataFrame({"rule": own["rule_id"], "place": place, "short": flagged, "judged": judged})
    sums = counts.groupby(["place", "rule"])[["short", "judged"]].sum()
    totals = counts.groupby("rule")[["short", "judged"]].sum()
    rules = [str(rule) for rule in dict.fromkeys(own["rule_id"])]
    tables = []
    for start in range(0, len(rules), COLUMNS):
        part = rules[start : start + COLUMNS]
        rows = [
            {"name": name, "cells": [_count(sums, (name, rule)) for rule in part]}
            for name in order
            if any((name, rule) in sums.index for rule in part)
        ]
        total = {
            "name": look.label("sum", outcome.lang),
            "cells": [_count(totals, rule) for rule in part],
            "total": True,
        }
        tables.append(
            {
                "heads": [names.rule(rule) for rule in part],
                "rows": [*rows, total],
                "level": look.label(above, outcome.lang),
            }
        )
    return tables


def _breakdown_level(outcome: Outcome, level: str) -> str:
    sizes = outcome.zones["level"].value_counts()
    coarser = [name for name in look.level_order(sizes.index) if name not in ("area", "estate", level)]
    coarser = coarser[: look.level_order([*coarser, level]).index(level)]
    return next((name for name in coarser if sizes[name] > 1), "")


def _count(table: pd.DataFrame, key: Any) -> Plain:  # noqa: ANN401 - a key of one or two levels
    if key not in table.index:
        return {"text": "—", "share": 0.0}
    short, judged = int(table["short"][key]), int(table["judged"][key])
    return {
        "text": f"{short} / {judged}" if judged else "—",
        "share": round(short / judged, 3) if judged else 0.0,
    }


def maps(outcome: Outcome, level: str, height: float) -> list[Plain]:
    """Return a small map of flags for each indicator that flags any zone of `level`."""
    names = Names(outcome)
    drawn = []
    for rule_id, rows in at_level(outcome, level).groupby("rule_id", sort=False):
        flagged = dict(zip(rows["zone_id"], rows["flagged"], strict=True))
        short = int(rows["flagged"].fillna(False).astype(bool).sum())
        note = f"{look.label('flagged', outcome.lang)} {look.whole(short)} / {look.whole(len(rows))}"
        drawn.append(
            {
                "title": names.rule(str(rule_id)),
                "note": note,
                "svg": flag_map(outcome.zones, level, flagged, height),
            }
        )
    return drawn


def worst(outcome: Outcome, level: str) -> list[Plain]:
    """Return the flags of `level` that affect most people, at most fifteen."""
    lang, names, own = outcome.lang, Names(outcome), at_level(outcome, level)
    short = own[own["flagged"].fillna(False).astype(bool)]
    first = short.sort_values("people_affected", ascending=False, kind="stable").head(WORST)
    rows = []
    for place, (_, row) in enumerate(first.iterrows(), start=1):
        kind = text(names.of_rule(row["rule_id"], "kind"))
        rows.append(
            {
                "place": place,
                "zone": names.zone(row["zone_id"]),
                "above": " · ".join(
                    filter(
                        None, (names.above(row["zone_id"], up) for up in ("district", "town") if up != level)
                    )
                ),
                "rule": names.rule(row["rule_id"]),
                "actual": look.interval(row["reachable_low"], row["reachable_high"], row["unit"], kind=kind),
                "required": look.amount(row["required"], row["unit"], kind=kind),
                "short": f"{look.whole(row['shortfall'])} {look.unit(row['unit'], lang)}",
                "people": look.whole(row["people_affected"]),
                "nearest": names.facility(row["nearest_facility"]) or "—",
                "minutes": look.minutes(row["minutes"]),
                "cause": look.label(row["cause"], lang),
            }
        )
    return rows


def indicators(outcome: Outcome) -> list[Plain]:
    """Return 主要指标对照表: a row an indicator; one judged in several zones shows how many meet it and which do not."""
    names = Names(outcome)
    told = (
        dict(zip(outcome.reported["rule_id"], outcome.reported["value"], strict=True))
        if len(outcome.reported)
        else {}
    )
    rows = []
    for rule_id, found in outcome.findings.groupby("rule_id", sort=False):
        rule = str(rule_id)
        row = _one(outcome, names, found.iloc[0]) if len(found) == 1 else _several(outcome, names, found)
        kind = value_kind(names, rule)
        reported = (
            ""
            if rule not in told
            else look.amount(told[rule], "", kind={"share": "share", "rate": "provision"}.get(kind, ""))
        )
        rows.append(
            row
            | {
                "name": names.rule(rule),
                "attribute": text(found["attribute"].iloc[0]),
                "base": base_text(names, rule, kind),
                "reported": reported,
                "basis": text(found["basis"].iloc[0]),
                "clause": text(names.of_rule(rule, f"cited_{outcome.lang}")) or text(found["clause"].iloc[0]),
            }
        )
    return rows


def _one(outcome: Outcome, names: Names, row: "pd.Series[Any]") -> Plain:
    lang, kind = outcome.lang, text(names.of_rule(row["rule_id"], "kind"))
    short = row["verdict"] == "not_met" and not look.missing(row["shortfall"])
    return {
        "actual": look.interval(row["actual_low"], row["actual_high"], row["unit"], kind=kind),
        "required": target_text(_plain(row), value_kind(names, row["rule_id"])) or "—",
        "verdict": row["verdict"],
        "verdict_label": look.label(row["verdict"], lang),
        "path": look.label(row["on_path"], lang),
        "short": f"{look.whole(row['shortfall'])} {look.unit(row['unit'], lang)}" if short else "",
        "note": text(row.get(f"missing_{lang}")),
    }


def _several(outcome: Outcome, names: Names, found: pd.DataFrame) -> Plain:
    lang, verdicts = outcome.lang, found["verdict"].value_counts()
    not_met = found[found["verdict"] == "not_met"]
    total = not_met["shortfall"].sum(min_count=1)
    worst_verdict = next(
        v for v in ("not_met", "no_data", "met", "not_quantified", "not_applicable") if verdicts.get(v, 0)
    )
    return {
        "actual": "",
        "required": target_text(_plain(found.iloc[0]), value_kind(names, found["rule_id"].iloc[0])) or "—",
        "verdict": worst_verdict,
        "verdict_label": look.sentence(
            "page_zones_met", lang, met=int(verdicts.get("met", 0)), total=len(found)
        ),
        "path": "",
        "short": ""
        if look.missing(total)
        else f"{look.whole(total)} {look.unit(found['unit'].iloc[0], lang)}",
        "note": _named(outcome, names, not_met["zone_id"]),
    }


def _named(outcome: Outcome, names: Names, zone_ids: "pd.Series[Any]") -> str:
    """Return which zones do not meet a rule, the first few by name."""
    if not len(zone_ids):
        return ""
    comma, colon = ("、", "：") if outcome.lang == "zh" else (", ", ": ")
    told = comma.join(names.zone(zone) for zone in zone_ids.head(NAMED))
    more = len(zone_ids) - NAMED
    rest = look.sentence("page_and_more", outcome.lang, count=look.whole(more)) if more > 0 else ""
    return f"{look.label('not_met', outcome.lang)}{colon}{told}{rest}"


def gaps(outcome: Outcome) -> list[Plain]:
    """Return the shortfalls of what is not met, net and as the sum that lets no surplus offset a neighbour.

    A rule that several zones miss has one row with their sums; a zone's own shortfall stands in for a sum over what
    lies below it where there is none.
    """
    names = Names(outcome)
    short = outcome.findings[outcome.findings["verdict"] == "not_met"]
    return [_gap(outcome, names, str(rule), rows) for rule, rows in short.groupby("rule_id", sort=False)]


def _gap(outcome: Outcome, names: Names, rule: str, rows: pd.DataFrame) -> Plain:
    lang, several = outcome.lang, len(rows) > 1
    gross = rows["gross_shortfall"].fillna(rows["shortfall"]) if several else rows["gross_shortfall"]
    level = look.label(outcome.zones["level"].get(rows["zone_id"].iloc[0]), lang)
    return {
        "name": names.rule(rule),
        "zone": f"{look.whole(len(rows))} × {level}" if several else names.zone(rows["zone_id"].iloc[0]),
        "net": look.whole(rows["shortfall"].sum(min_count=1)),
        "gross": look.whole(gross.sum(min_count=1)),
        "unit": look.unit(rows["unit"].iloc[0], lang),
        "people": look.whole(rows["people_affected"].sum(min_count=1)),
    }


def _plain(row: "pd.Series[Any]") -> Plain:
    return {str(column): value for column, value in row.items()}
