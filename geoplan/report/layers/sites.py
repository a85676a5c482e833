"""The layers on siting: ``sites`` (those of every answer) and ``candidates``, each with a style for QGIS."""

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import pandas as pd

from geoplan.report import look
from geoplan.report.content import sites_facts
from geoplan.report.content.sheet import Names, empty, present, rows_of, text, word
from geoplan.report.layers import styles
from geoplan.report.layers.styles import Part
from geoplan.report.layers.zones import Layer, Style, finite
from geoplan.tables import Outcome

_OTHER = "other"
_NUMBERS = ("size", "beds", "places", "floor_area_m2", "cost", "gain", "marginal", "total")
_CANDIDATE_NUMBERS = (
    "floor_area_m2",
    "most_beds",
    "most_places",
    "usable_years",
    "from_year",
    "cost",
    "cost_unit",
)
#: Classes of the candidates in the order of the legend, and what their marks look like: colour, shape, hollow.
_CANDIDATE_MARKS: Mapping[str, tuple[str, str, bool]] = {
    "adopted": ("flag", "circle", False),
    "required": ("accent", "square", False),
    "offered": ("ink_soft", "square", False),
    "generated": ("ink_soft", "diamond", True),
    "forbidden": ("hatch", "cross", False),
}


def sites_layer(outcome: Outcome) -> Layer | None:
    """Return the layer ``sites``: a point a site of every answer, the adopted ones by phase; None where there are none."""
    if empty(outcome.sites):
        return None
    lang, names, table = outcome.lang, Names(outcome), outcome.sites
    answer = sites_facts.adopted(outcome)
    adopted = pd.Series([answer is not None and q == answer["question"] for q in table["question"]])
    units = dict(zip(outcome.answers["question"], outcome.answers["unit"].map(text), strict=True))
    rows = rows_of(table)
    columns: dict[str, Any] = {
        "site_id": [str(key) for key in table.index],
        "name": [text(row["name"]) for row in rows],
        "question": [text(row["question"]) for row in rows],
        "adopted": adopted.astype(int).to_numpy(),
        "shown": [_shown(row, adopted=own) for row, own in zip(rows, adopted, strict=True)],
        "order_no": table["order"].astype(int).to_numpy(),
        "candidate_id": [text(row["candidate_id"]) for row in rows],
        "works": [text(row["works"]) for row in rows],
        "works_name": [sites_facts.works_said(row, lang) for row in rows],
        "type": [_codes(row["services"]).split(",")[0] for row in rows],
        "services": [sites_facts.services_said(row, lang) for row in rows],
        "place": [sites_facts.place_said(names, row) for row in rows],
        "zone": [names.zone(row["zone_id"]) if present(row["zone_id"]) else "" for row in rows],
        "zone_id": [text(row["zone_id"]) for row in rows],
        **{key: finite(table[key]).to_numpy() for key in _NUMBERS},
        "unit": [text(row["unit"]) for row in rows],
        "gain_unit": [text(row.get("gain_unit")) or units.get(str(row["question"]), "") for row in rows],
        "cost_from": [sites_facts.cost_from_said(row, lang) for row in rows],
        "phase": table["phase"].astype(float).round().astype("Int64").to_numpy(),
        "serves": [_joined(row["serves"], names.zone, lang) for row in rows],
        "serves_ids": [_codes(row["serves"]) for row in rows],
        "indicators": [_joined(row["indicators"], names.rule, lang) for row in rows],
        "rule_ids": [_codes(row["indicators"]) for row in rows],
        "generated": [int(sites_facts.is_generated(row)) for row in rows],
        "extends": [text(row["extends"]) for row in rows],
    }
    title = word("layer_sites", lang)
    shape = _points(columns, table, outcome.crs)
    parts = _site_parts(columns["shown"], lang)
    own = Style(title, styles.categorised("shown", parts, aliases=_aliases(columns, lang), label="name"))
    return Layer("sites", title, shape, (own,))


def candidates_layer(outcome: Outcome) -> Layer | None:
    """Return the layer ``candidates``: every candidate, those without a point with empty geometry; None without any."""
    if empty(outcome.candidates):
        return None
    lang, names, table = outcome.lang, Names(outcome), outcome.candidates
    chosen = sites_facts.chosen(outcome)
    order = {} if empty(chosen) else dict(zip(chosen["candidate_id"], chosen["order"], strict=True))
    rows = rows_of(table)
    columns: dict[str, Any] = {
        "candidate_id": [str(key) for key in table.index],
        "name": [text(row["name"]) for row in rows],
        "shown": [_candidate_class(key, row, order) for key, row in zip(table.index, rows, strict=True)],
        "order_no": pd.array([order.get(key) for key in table.index], dtype="Int64"),
        "works": [text(row["works"]) for row in rows],
        "works_name": [sites_facts.works_said(row, lang) for row in rows],
        "may_hold": [_codes(row["services"]) for row in rows],
        "services": [sites_facts.services_said(row, lang) or word("sites_any", lang) for row in rows],
        "zone": [names.zone(row["zone_id"]) if present(row["zone_id"]) else "" for row in rows],
        "zone_id": [text(row["zone_id"]) for row in rows],
        **{key: finite(table[key]).to_numpy() for key in _CANDIDATE_NUMBERS},
        "cost_from": [sites_facts.cost_from_said(row, lang) for row in rows],
        **{
            key: [text(row[key]) for row in rows]
            for key in ("storey", "ownership", "rule", "either_or", "extends", "land_code")
        },
        "generated": [int(sites_facts.is_generated(row)) for row in rows],
        "location_quality": [text(row["location_quality"]) for row in rows],
        "source_file": [text(row["source_file"]) for row in rows],
        "source_row": pd.array([_whole(row["source_row"]) for row in rows], dtype="Int64"),
    }
    title = word("layer_candidates", lang)
    present_classes = set(columns["shown"])
    parts = [
        Part(_candidate_word(key, lang), styles.marker(look.COLOURS[colour], shape, hollow=hollow), key)
        for key, (colour, shape, hollow) in _CANDIDATE_MARKS.items()
        if key in present_classes
    ]
    shape = _points(columns, table, outcome.crs)
    own = Style(title, styles.categorised("shown", parts, aliases=_aliases(columns, lang)))
    return Layer("candidates", title, shape, (own,))


def _shown(row: Mapping[str, Any], *, adopted: bool) -> str:
    """Return the class of a site on the map: its phase, apart for areas of intent; all of other answers are one."""
    if not adopted:
        return _OTHER
    phase = f"{float(row['phase']):.0f}" if present(row["phase"]) else "site"
    return f"{phase}_intent" if sites_facts.is_generated(row) else phase


def _site_parts(shown: list[str], lang: str) -> list[Part]:
    found = []
    classes = sorted(set(shown) - {_OTHER})
    phases = sorted({key.removesuffix("_intent") for key in classes})
    for key in classes:
        phase = key.removesuffix("_intent")
        said = sites_facts.phase_said(phase, lang) if phase != "site" else word("layer_sites", lang)
        if phase != key:
            said = word("layer_sites_intent", lang, phase=said)
        # the palest has no edge to stand out by
        colour = look.site_colour(min(phases.index(phase), 2))
        found.append(Part(said, styles.marker(colour, "star", hollow=phase != key, size=4.2), key))
    if _OTHER in shown:
        mark = styles.marker(look.COLOURS["ink_soft"], "circle", hollow=True)
        found.append(Part(word("layer_sites_other", lang), mark, _OTHER))
    return found


def _candidate_class(key: object, row: Mapping[str, Any], order: Mapping[Any, Any]) -> str:
    if key in order:
        return "adopted"
    if row["rule"] in ("required", "forbidden"):
        return str(row["rule"])
    return "generated" if sites_facts.is_generated(row) else "offered"


def _candidate_word(key: str, lang: str) -> str:
    if key in ("generated", "offered"):
        return word(f"sites_kind_{key}", lang)
    return word("layer_candidates_adopted", lang) if key == "adopted" else word(f"sites_{key}", lang)


def _points(columns: Mapping[str, Any], table: gpd.GeoDataFrame, crs: object) -> gpd.GeoDataFrame:
    plain = pd.DataFrame(dict(columns), index=pd.RangeIndex(len(table)))
    return gpd.GeoDataFrame(plain, geometry=table.geometry.reset_index(drop=True), crs=crs)


def _aliases(columns: Mapping[str, Any], lang: str) -> dict[str, str]:
    """Return what a planner calls the fields; ids and codes keep their names."""
    own = {
        **{
            key: word(f"layer_{key}", lang)
            for key in (
                "site_id",
                "candidate_id",
                "shown",
                "works",
                "type",
                "may_hold",
                "gain_unit",
                "serves_ids",
                "rule_ids",
            )
        },
        "question": word("sites_question_name", lang),
        "adopted": word("sites_adopted", lang),
        "order_no": look.label("serial", lang),
        "works_name": word("project_works", lang),
        "place": word("sites_place", lang),
        "size": word("sites_size", lang),
        "beds": word("project_beds", lang),
        "places": word("project_places", lang),
        "floor_area_m2": word("project_floor_area_m2", lang),
        "cost": word("project_cost", lang),
        "cost_from": word("sites_cost_from", lang),
        "phase": word("sites_phase", lang),
        "serves": word("project_serves", lang),
        "indicators": word("sites_indicators", lang),
        "gain": word("sites_gain", lang),
        "marginal": word("sites_marginal", lang),
        "total": word("sites_total", lang),
        "generated": word("sites_generated", lang),
        "extends": word("sites_extends", lang),
        "most_beds": word("sites_candidate_most_beds", lang),
        "most_places": word("sites_candidate_most_places", lang),
        "usable_years": word("sites_candidate_usable_years", lang),
        "from_year": word("sites_candidate_from_year", lang),
        "cost_unit": word("sites_candidate_cost_unit", lang),
        "storey": word("sites_candidate_storey", lang),
        "ownership": word("sites_candidate_ownership", lang),
        "rule": word("sites_candidate_rule", lang),
        "either_or": word("sites_candidate_either_or", lang),
        "land_code": word("sites_candidate_land_code", lang),
        "location_quality": look.label("location", lang),
    }
    labelled = ("name", "services", "zone", "zone_id", "unit", "source_file", "source_row")
    own |= {key: look.label(key, lang) for key in labelled}
    return {key: own[key] for key in columns if key in own}


def _joined(values: object, said: Any, lang: str) -> str:  # noqa: ANN401 - a function of an id
    several = values if isinstance(values, tuple | list) else ()
    return ("、" if lang == "zh" else ", ").join(dict.fromkeys(said(str(value)) for value in several))


def _codes(values: object) -> str:
    return ",".join(str(value) for value in values) if isinstance(values, tuple | list) else ""


def _whole(value: Any) -> int | None:  # noqa: ANN401 - a number or nothing
    return int(value) if present(value) else None
