"""The printed report's pages on the circle: three bases, three measures, and what the choice does."""

from typing import Any

import pandas as pd

from geoplan.report import look
from geoplan.tables import Outcome, Service

Plain = dict[str, Any]


def table(outcome: Outcome) -> list[Plain]:
    """Return a row a service and measure for the whole area, and for its urban and rural parts where they are known."""
    area = outcome.circle[outcome.circle["zone_id"].map(outcome.zones["level"]) == "area"]
    rows = []
    for _, row in area.iterrows():
        entry = outcome.services[row["service"]]
        kind = "" if look.missing(row["kind"]) else str(row["kind"])
        if kind and not _splits(area, row):
            continue
        rows.append(
            {
                "service": look.service_label(outcome.services, row["service"], outcome.lang),
                "part": look.label(f"page_{kind}", outcome.lang) if kind else "",
                "measure": look.measure_label(entry, row["measure"], outcome.lang),
                "group": look.label(row["group"], outcome.lang),
                "people": look.whole(row["people"]),
                "share": look.share(row["share"]),
                "outside": look.whole(row["outside"]),
                "communities": look.share(_ratio(row["communities_covered"], row["communities"])),
                "land": look.share(_ratio(row["land_covered_m2"], row["land_m2"])),
                "minutes": look.minutes(row["median_minutes"]),
                "stated": row["measure"] == "network" and not kind,
            }
        )
    return rows


def _splits(area: pd.DataFrame, row: "pd.Series[Any]") -> bool:
    """Return whether a part is less than the whole, so that showing it says something."""
    whole = area[
        (area["service"] == row["service"])
        & (area["measure"] == row["measure"])
        & (area["kind"].fillna("") == "")
    ]
    return bool(len(whole)) and float(whole["people"].iloc[0]) - float(row["people"]) > 0.5


def _ratio(part: float, whole: float) -> float | None:
    return None if look.missing(part) or look.missing(whole) or not whole else float(part) / float(whole)


def notes(outcome: Outcome) -> list[str]:
    """Return one sentence a service on what the choice of pace and measure does, and one on missing land."""
    area = outcome.circle[
        (outcome.circle["zone_id"].map(outcome.zones["level"]) == "area")
        & (outcome.circle["kind"].fillna("") == "")
    ]
    sentences = []
    for service, entry in outcome.services.items():
        rows = {row["measure"]: row for _, row in area[area["service"] == service].iterrows()}
        if {"network", "frail", "straight"} <= rows.keys():
            sentences.append(_note(outcome, service, entry, rows))
    if len(area) and area["land_m2"].isna().all():
        sentences.append(look.label("page_no_land", outcome.lang))
    return sentences


def _note(outcome: Outcome, service: str, entry: Service, rows: dict[str, "pd.Series[Any]"]) -> str:
    lang = outcome.lang
    beyond = float(rows["straight"]["covered"]) - float(rows["network"]["covered"])
    return look.sentence(
        "page_measure_note",
        lang,
        service=look.service_label(outcome.services, service, lang),
        kmh=f"{entry.walk_kmh:g}",
        unit=look.of_group("unit_people", entry.group, lang),
        minutes=f"{entry.walk_minutes:g}",
        metres=look.whole(entry.walk_minutes * entry.walk_kmh / 0.06),
        network=look.share(rows["network"]["share"]),
        # the pace was measured on elders; for other groups it only says what slow walking does
        frail_word=look.label("page_frail" if entry.group.startswith("elders") else "page_slow", lang),
        frail_ms=f"{entry.frail_kmh / 3.6:g}",
        frail_metres=look.whole(entry.frail_m),
        frail=look.share(rows["frail"]["share"]),
        frail_people=look.whole(abs(float(rows["network"]["covered"]) - float(rows["frail"]["covered"]))),
        straight=look.share(rows["straight"]["share"]),
        straight_people=look.whole(abs(beyond)),
        straight_word=look.label("page_more" if beyond >= 0 else "page_fewer", lang),
    )
