"""The base map as plain values for the scripts of ``map.html`` and ``compare.html``: shapes packed once, texts ready to print."""

import math
from collections.abc import Iterable
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoplan.report import look
from geoplan.report.content import sites_facts
from geoplan.report.content.basemap import BaseMap, Lines, bands_inward
from geoplan.report.content.sheet import Names, empty, present, rows_of, text
from geoplan.report.content.table import Amount, Coded, Figure, Table, Tally, cell_text
from geoplan.report.look.codec import pack_integers, pack_lines, pack_points, pack_polygons
from geoplan.tables import Outcome
from geoplan.words.catalogue import phrase
from geoplan.words.numbers import FORMATS, format_number

LONLAT = "EPSG:4326"
#: A street, an isochrone bends by less than this many metres without being drawn as a bend.
STREET_BEND_M, ISOCHRONE_BEND_M = 1.0, 4.0
#: Decimals kept: well beyond those printed, so that rounding twice prints what the workbook prints.
SHARE_DIGITS, RATE_DIGITS, MINUTE_DIGITS, PEOPLE_DIGITS = 7, 6, 4, 4

#: Candidates that are drawn at most; beyond, so many are taken evenly from the table, and the map says so.
MOST_CANDIDATES = 3000
#: Words that the script prints beside the sites.
_SITE_WORDS = {
    "head": "siting_map_head", "sites": "siting_map_sites", "numbers": "siting_map_numbers", "list": "siting_map_list",
    "candidate": "siting_map_candidate", "candidates": "siting_map_candidates", "isochrones": "siting_map_isochrones",
    "intent": "siting_page_intent_area", "intent_note": "siting_page_intent_note",
}  # fmt: skip
#: Communities that a site's card names one by one.
NAMED = 8

#: Decimals of a packed number by format, more than are printed.
_DIGITS = {
    "count": PEOPLE_DIGITS, "percent": SHARE_DIGITS, "per_1000": RATE_DIGITS, "decimal": RATE_DIGITS,
    "minutes": MINUTE_DIGITS, "cost": PEOPLE_DIGITS, "year": 0, "degrees": 6,
}  # fmt: skip

Plain = dict[str, Any]


def numbers(values: Iterable[float], digits: int) -> list[float | int | str | None]:
    """Return numbers for JSON: rounded, whole ones without a point, None for NaN, ``∞`` for no upper end.

    Examples
    --------
    >>> numbers([0.123456, 2.0, float("nan"), float("inf")], 3)
    [0.123, 2, None, '∞']
    """
    out: list[float | int | str | None] = []
    for value in pd.to_numeric(pd.Series(list(values), dtype=object), errors="coerce").astype("float64"):
        if np.isnan(value):
            out.append(None)
        elif np.isinf(value):
            out.append("∞")
        else:
            kept = round(float(value), digits)
            out.append(int(kept) if kept == int(kept) else kept)
    return out


def truths(values: Iterable[object]) -> list[int | None]:
    """Return three-valued truth for JSON: 1, 0, None."""
    return [None if look.missing(value) else int(bool(value)) for value in values]


def zone_layer(zones: gpd.GeoDataFrame, lang: str) -> Plain:
    """Return every zone once: id, level, name, parent, and its polygon packed."""
    position = {zone_id: place for place, zone_id in enumerate(zones.index)}
    levels = look.level_order(zones["level"])
    return {
        "id": [str(zone_id) for zone_id in zones.index],
        "level": [levels.index(level) for level in zones["level"]],
        "name": [str(name) for name in zones["name"]],
        "parent": [position.get(parent, -1) for parent in zones["parent_id"]],
        "kind": [
            " ".join(sorted(look.zone_kind_label(kind, lang) for kind in kinds)) for kinds in zones["kind"]
        ],
        "shape": pack_polygons(zones.geometry.to_crs(LONLAT)),
    }


def level_list(zones: gpd.GeoDataFrame, lang: str) -> list[Plain]:
    """Return the levels present, coarse to fine, with how many zones each has."""
    counts = zones["level"].value_counts()
    return [
        {
            "id": level,
            "label": look.label(level, lang),
            "brief": look.label(f"brief_{level}", lang),
            "zones": int(counts[level]),
        }
        for level in look.level_order(counts.index)
    ]


def street_layer(base: BaseMap) -> list[Plain]:
    """Return the streets as two sheets, minor and major ways, each a list of packed lines."""
    return [_packed_lines(lines, base.outcome.crs) for lines in base.streets]


def _packed_lines(lines: Lines, crs: str) -> Plain:
    smooth = gpd.GeoSeries(shapely.simplify(lines, STREET_BEND_M, preserve_topology=False), crs=crs)
    return pack_lines(np.asarray(smooth.to_crs(LONLAT).array, dtype=object))


def facility_layer(base: BaseMap) -> tuple[Plain, dict[str, int]]:
    """Return the facilities that are drawn, and their places in the layer by facility_id."""
    table, names = base.facilities, {kind.code: kind.label for kind in base.kinds}
    layer = {
        "kinds": [
            {"id": k.code, "label": k.label, "service": k.service, "shape": k.shape, "colour": k.colour}
            for k in base.kinds
        ],
        "name": list(table["name"]),
        "kind": list(table["kind"]),
        "status": list(table["status"]),
        "about": [_about(base, names[row["kind"]], row) for row in rows_of(pd.DataFrame(table))],
        "radius": list(table["radius"]),
        "capacity": list(table["capacity"]),
        "origin": list(table["source"]),
        "xy": pack_points(degrees(table)),
    }
    return layer, {str(facility_id): place for place, facility_id in enumerate(table.index)}


def _about(base: BaseMap, kind: str, row: Plain) -> str:
    """Return what a facility is: kind, status, how sure its place is, and whether it lies outside the study area."""
    lang = base.lang
    parts = [
        kind,
        look.label(row["status"], lang),
        look.label("approximate", lang) if row["approximate"] else "",
    ]
    parts.append("" if row["inside"] else phrase("map_outside_area", lang))
    return " · ".join(part for part in parts if part)


def isochrone_layer(base: BaseMap) -> list[Plain]:
    """Return the isochrones, a packed polygon a service and band, the widest band first."""
    return [
        {"service": place, **band}
        for place, service in enumerate(base.outcome.services)
        for band in packed_bands(base.isochrones(service))
    ]


def packed_bands(bands: gpd.GeoDataFrame) -> list[Plain]:
    """Return bands in their order: minutes, and the polygon packed."""
    smooth = bands.geometry.simplify(ISOCHRONE_BEND_M, preserve_topology=False).to_crs(LONLAT)
    return [
        {"minutes": float(minutes), "shape": pack_polygons(smooth.iloc[[place]])}
        for place, minutes in enumerate(bands["minutes"])
    ]


def outside_layer(base: BaseMap) -> list[Plain]:
    """Return the people outside each service's circle: their demand points and how many they are."""
    layers = []
    for service in base.outcome.services:
        own = base.people_outside(service)
        layers.append(
            {
                "total": numbers([own.total], PEOPLE_DIGITS)[0],
                "xy": pack_points(shapely.get_coordinates(np.asarray(own.points.to_crs(LONLAT).array))),
                "people": pack_integers(np.rint(own.people * 10).astype(np.int64)),
            }
        )
    return layers


def degrees(points: gpd.GeoDataFrame) -> np.ndarray:
    """Return longitude and latitude of each row, NaN where it has no point; shape (n, 2)."""
    shapes = np.asarray(points.geometry.to_crs(LONLAT).array)
    there = np.array([shape is not None and not shape.is_empty for shape in shapes], dtype=bool)
    out = np.full((len(shapes), 2), np.nan)
    out[there] = shapely.get_coordinates(shapes[there])
    return out


def map_look() -> dict[str, Any]:
    """Return colours, classes and fonts as plain values for a script."""
    return dict(look.COLOURS) | {
        "sequential": list(look.SEQUENTIAL),
        "verdicts": dict(look.VERDICT_COLOURS),
        "services": list(look.SERVICE_COLOURS),
        "share_limits": list(look.share_scale().limits),
        "share_texts": list(look.share_scale().texts),
        "font": look.FONT_STACK,
    }


def map_bounds(outcome: Outcome) -> list[list[float]]:
    """Return the south-west and north-east corner of the study area, latitude first.

    Districts may reach far beyond it: the map opens on what has communities.
    """
    area = outcome.zones[outcome.zones["level"] == "area"]
    zones = area if len(area) and not area.geometry.isna().all() else outcome.zones
    shapes = np.asarray(zones.geometry.to_crs(LONLAT).array)
    west, south, east, north = (round(float(value), 6) for value in shapely.total_bounds(shapes))
    return [[south, west], [north, east]]


# --- tables and figures ---------------------------------------------------------------------------------------------


def packed_table(table: Table, lang: str) -> list[Plain]:
    """Return a table's columns for the script, which prints them with ``static/format.js``.

    A column of numbers in one format has ``format, low`` and, where any is an interval, ``high``; every other column has its
    ``texts``, each once, and ``at``: the text of each row, -1 for none.
    """
    columns = []
    for place, entry in enumerate(table.columns):
        cells = [row[place] for row in table.rows]
        head = {"key": entry.key, "header": entry.header}
        numbers_only = all(
            cell is None or (isinstance(cell, Amount) and cell.format == entry.format) for cell in cells
        )
        if entry.format in FORMATS and numbers_only:
            ends = [(None, None) if cell is None else (cell.low, cell.high) for cell in cells]  # type: ignore[union-attr]
            low, high = (_kept([end[k] for end in ends], entry.format) for k in (0, 1))
            columns.append(
                head | {"format": entry.format, "low": low} | ({} if low == high else {"high": high})
            )
            continue
        shown = [cell_text(cell, lang) for cell in cells]
        texts = [each for each in dict.fromkeys(shown) if each]
        at = {each: k for k, each in enumerate(texts)}
        columns.append(head | {"texts": texts, "at": [at.get(each, -1) for each in shown]})
    return columns


def _kept(values: Iterable[float | None], form: str) -> list[float | int | str | None]:
    """Return numbers with as few decimals as print the same text."""
    out: list[float | int | str | None] = []
    for value in values:
        (kept,) = numbers([math.nan if value is None else value], _DIGITS[form])
        if isinstance(kept, float | int) and format_number(kept, form) != format_number(value, form):
            kept = value
        out.append(kept)
    return out


def packed_figures(figures: Iterable[Figure], lang: str) -> list[Plain]:
    """Return figures as texts; a verdict also has the colours of its chip."""
    return [
        {"name": figure.name, "value": cell_text(figure.value, lang), "unit": figure.unit, "caveats": list(figure.caveats)}
        | (_chip(figure.value.code) if isinstance(figure.value, Coded) else {"strong": isinstance(figure.value, Tally)})
        for figure in figures
    ]  # fmt: skip


def _chip(code: str) -> Plain:
    return {
        "colour": look.VERDICT_COLOURS[code],
        "ink": look.COLOURS["paper" if code == "not_met" else "ink"],
    }


# --- siting ---------------------------------------------------------------------------------------------------------


def siting_layer(outcome: Outcome) -> Plain | None:
    """Return everything that the map's script reads of siting; None where no siting question was asked.

    Returns
    -------
    layer
        ``title, proof, aim``: the adopted answer in words; ``phases``: name, colours and number of sites of each; ``sites``:
        a card a site with its place in degrees; ``candidates``: those not chosen, packed, and how many there are in all;
        ``isochrones``: a packed polygon a service and band, the widest first.
    """
    if not sites_facts.asked(outcome):
        return None
    lang, answer = outcome.lang, sites_facts.adopted(outcome)
    aim = proof = title = ""
    if answer is not None:
        before, after = (
            sites_facts.value_said(answer[key], answer["unit"], lang) for key in ("before", "objective")
        )
        title = text(answer["label"]) or text(answer["question"])
        aim = f"{text(answer['aim'])}{'：' if lang == 'zh' else ': '}{before} → {after}"
        proof = sites_facts.proof(answer, lang)
    return {
        "title": title or look.label("siting_page_unadopted", lang),
        "aim": aim,
        "proof": proof,
        "words": {key: look.label(code, lang) for key, code in _SITE_WORDS.items()},
        "edge": look.SITE_EDGE,
        "phases": _phases(outcome),
        "sites": _sites(outcome),
        "candidates": _candidates(outcome),
        "isochrones": _isochrones(outcome),
    }


def _phases(outcome: Outcome) -> list[Plain]:
    """Return a line of the legend for each phase; one without a name where there are no phases."""
    sites = sites_facts.chosen(outcome)
    years, at = sites_facts.phases(sites), sites_facts.phase_place(sites)
    names = [sites_facts.phase_said(year, outcome.lang) for year in years] or [
        look.label("siting_map_sites", outcome.lang)
    ]
    return [
        {
            "name": name,
            "colour": look.site_colour(k),
            "ink": look.site_ink(k),
            "edge": look.site_edge(k),
            "sites": at.count(k),
        }
        for k, name in enumerate(names)
    ]


def _sites(outcome: Outcome) -> list[Plain]:
    lang, names, answer = outcome.lang, Names(outcome), sites_facts.adopted(outcome)
    sites = sites_facts.chosen(outcome)
    if answer is None or sites.empty:
        return []
    unit = sites_facts.gain_unit(outcome)
    phases = sites_facts.phase_place(sites)
    out = []
    for row, (lon, lat), phase in zip(rows_of(sites), degrees(sites), phases, strict=True):
        if np.isnan(lon):
            continue
        marginal = sites_facts.better(row["marginal"], unit, lang)
        out.append(
            {
                "order": int(row["order"]),
                "name": text(row["name"]),
                "place": sites_facts.place_said(names, row),
                "generated": int(sites_facts.is_generated(row)),
                "phase": phase,
                "phase_name": sites_facts.phase_said(row["phase"], lang),
                "value": f"+{marginal}" if marginal and not marginal.startswith("−") else marginal,
                "unit": sites_facts.unit_said(unit, lang),
                "at": [round(float(lat), 6), round(float(lon), 6)],
                "lines": _lines(names, row, unit),
            }
        )
    return out


def _lines(names: Names, row: dict[str, Any], unit: str) -> list[list[str]]:
    """Return a site's card: label and value of each figure that is known."""
    lang = names.lang
    money = look.whole(row["cost"]) if present(row["cost"]) else ""
    source = sites_facts.cost_from_said(row, lang)
    brackets = "{}（{}）" if lang == "zh" else "{} ({})"
    joint = "、" if lang == "zh" else ", "
    pairs = [
        ("siting_page_works", sites_facts.works_said(row, lang)),
        ("services", sites_facts.services_said(row, lang)),
        ("siting_page_size", sites_facts.size_said(row, lang)),
        ("siting_page_cost_head", brackets.format(money, source) if money and source else money),
        ("siting_page_phase", sites_facts.phase_said(row["phase"], lang)),
        ("siting_page_serves", sites_facts.serves_said(names, row, most=NAMED)),
        ("siting_map_rules", joint.join(names.rule(str(rule)) for rule in row["indicators"] or ())),
        *(
            (f"siting_page_{key}", sites_facts.value_said(row[key], unit, lang))
            for key in ("gain", "marginal", "total")
            if present(row[key])
        ),
    ]
    if present(row["extends"]):
        pairs.insert(
            1, ("note", look.sentence("siting_page_extends", lang, name=names.facility(row["extends"])))
        )
    return [[look.label(word, lang), value] for word, value in pairs if value]


def _candidates(outcome: Outcome) -> Plain:
    """Return the candidates that the adopted answer leaves, those with a point, at most `MOST_CANDIDATES` of them."""
    table, lang = outcome.candidates, outcome.lang
    if empty(table):
        return {"total": 0, "cut": "", "names": [], "notes": [], "xy": pack_points(np.zeros((0, 2)))}
    taken = set(sites_facts.chosen(outcome)["candidate_id"]) if not empty(outcome.sites) else set()
    own = table[~table.index.isin(taken) & table.geometry.notna()]
    total = len(own)
    if total > MOST_CANDIDATES:
        own = own.iloc[np.linspace(0, total - 1, MOST_CANDIDATES).round().astype(int)]
    return {
        "total": total,
        "cut": look.sentence(
            "siting_map_candidates_cut", lang, total=look.whole(total), shown=look.whole(len(own))
        )
        if len(own) < total
        else "",
        "names": [text(name) for name in own["name"]],
        "notes": [_candidate_note(row, lang) for row in rows_of(pd.DataFrame(own.drop(columns="geometry")))],
        "xy": pack_points(degrees(own)),
    }


def _candidate_note(row: dict[str, Any], lang: str) -> str:
    """Return what is known of a candidate in one line."""
    parts = [sites_facts.works_said(row, lang), sites_facts.services_said(row, lang)]
    amounts = (("floor_area_m2", "m2"), ("most_beds", "beds"), ("most_places", "places"))
    parts += [
        f"{look.whole(row[column])} {look.unit(unit, lang)}"
        for column, unit in amounts
        if present(row[column])
    ]
    if present(row["cost"]):
        parts.append(f"{look.label('siting_page_cost_head', lang)} {look.whole(row['cost'])}")
    if present(row["rule"]):
        parts.append(look.label(f"siting_map_{row['rule']}", lang))
    if sites_facts.is_generated(row):
        parts.insert(0, look.label("siting_page_intent_area", lang))
    return " · ".join(part for part in parts if part)


def _isochrones(outcome: Outcome) -> list[Plain]:
    """Return the sites' isochrones, a packed polygon a service and band, the widest band first."""
    table, rows = outcome.site_isochrones, []
    if empty(table):
        return []
    for service in table["service"].unique():
        label = look.service_label(outcome.services, str(service), outcome.lang)
        bands = packed_bands(bands_inward(table, service))
        rows += [{"service": str(service), "label": label, **band} for band in bands]
    return rows
