"""The base map as plain values for the scripts of ``map.html`` and ``compare.html``: shapes packed once, texts ready to print."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoplan.report import look
from geoplan.report.content import sites
from geoplan.report.content.answers import adopted
from geoplan.report.content.basemap import BaseMap, Lines, bands_inward
from geoplan.report.content.candidates import candidates_table
from geoplan.report.content.names import Names, empty, level_order, rows_of, text
from geoplan.report.content.table import Amount, Cell, Coded, Figure, Table, Tally, cell_text
from geoplan.report.content.zone_rules import zone_rules
from geoplan.report.look.codec import pack_integers, pack_lines, pack_points, pack_polygons
from geoplan.tables import Outcome
from geoplan.words.catalogue import phrase
from geoplan.words.labels import label, zone_kind_label
from geoplan.words.numbers import FORMATS, format_number, missing

LONLAT = "EPSG:4326"
#: A street, an isochrone bends by less than this many metres without being drawn as a bend.
STREET_BEND_M, ISOCHRONE_BEND_M = 1.0, 4.0
#: Decimals kept: well beyond those printed, so that rounding twice prints what the workbook prints.
SHARE_DIGITS, RATE_DIGITS, MINUTE_DIGITS, PEOPLE_DIGITS = 7, 6, 4, 4

#: Words that the script prints beside the sites.
_SITE_WORDS = {
    "head": "basemap_siting", "sites": "basemap_sites", "numbers": "basemap_numbers", "list": "basemap_list_sites",
    "candidate": "basemap_candidate", "candidates": "basemap_candidates", "isochrones": "basemap_site_isochrones",
    "intent": "sites_intent_area", "intent_note": "sites_intent_note",
}  # fmt: skip
#: Columns of the table of candidates that stand in the line under the mouse.
_CANDIDATE_NOTE = (
    "offered_by", "works", "may_hold", "offered_area_m2", "most_beds", "most_places", "opening_cost", "rule",
)  # fmt: skip
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
    for value in map(_float, values):
        if math.isnan(value):
            out.append(None)
        elif math.isinf(value):
            out.append("∞")
        else:
            kept = round(value, digits)
            out.append(int(kept) if kept == int(kept) else kept)
    return out


def _float(value: object) -> float:
    """Return a value as a number, NaN where it is none."""
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return math.nan


def truths(values: Iterable[object]) -> list[int | None]:
    """Return three-valued truth for JSON: 1, 0, None."""
    return [None if missing(value) else int(bool(value)) for value in values]


def zone_layer(zones: gpd.GeoDataFrame, lang: str) -> Plain:
    """Return every zone once: id, level, name, parent, and its polygon packed."""
    position = {zone_id: place for place, zone_id in enumerate(zones.index)}
    levels = level_order(zones["level"])
    return {
        "id": [str(zone_id) for zone_id in zones.index],
        "level": [levels.index(level) for level in zones["level"]],
        "name": [str(name) for name in zones["name"]],
        "parent": [position.get(parent, -1) for parent in zones["parent_id"]],
        "kind": [" ".join(sorted(zone_kind_label(kind, lang) for kind in kinds)) for kinds in zones["kind"]],
        "shape": pack_polygons(zones.geometry.to_crs(LONLAT)),
    }


def level_list(zones: gpd.GeoDataFrame, lang: str) -> list[Plain]:
    """Return the levels present, coarse to fine, with how many zones each has."""
    counts = zones["level"].value_counts()
    return [
        {
            "id": level,
            "label": label(level, lang),
            "brief": label(f"brief_{level}", lang),
            "zones": int(counts[level]),
        }
        for level in level_order(counts.index)
    ]


def street_layer(base: BaseMap) -> list[Plain]:
    """Return the streets as two sheets, minor and major ways, each a list of packed lines."""
    return [packed_lines(lines, base.outcome.crs) for lines in base.streets]


def ground_layer(base: BaseMap) -> list[Plain]:
    """Return the quiet base beneath the streets, a packed layer a kind in the order of drawing: areas have a width of 0."""
    layers = []
    for kind, shapes in base.ground.items():
        style = look.GROUND_STYLES[kind]
        if style.width:
            packed = packed_lines(shapes, base.outcome.crs)
        else:
            packed = pack_polygons(gpd.GeoSeries(shapes, crs=base.outcome.crs).to_crs(LONLAT))
        layers.append(
            {
                "kind": kind,
                "above": style.above,
                "colour": style.colour,
                "width": style.width,
                "dashes": list(style.dashes),
                "shape": packed,
            }
        )
    return layers


def packed_lines(lines: Lines, crs: str) -> Plain:
    """Return lines in a study's CRS, packed."""
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
        label(row["status"], lang),
        label("approximate", lang) if row["approximate"] else "",
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
    ``texts``, each once, and ``at``: the text of each row, -1 for none; where the colour of its code marks it, ``fills`` has the
    colours of each text, ground and ink, null for none.
    """
    columns: list[Plain] = []
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
        packed: Plain = head | {"texts": texts, "at": [at.get(each, -1) for each in shown]}
        if entry.mark == "code":
            codes = {
                each: cell.code for each, cell in zip(shown, cells, strict=True) if isinstance(cell, Coded)
            }
            packed["fills"] = [look.CODE_COLOURS.get(codes.get(each, "")) for each in texts]
        columns.append(packed)
    return columns


def zone_rule_layer(outcome: Outcome) -> Plain:
    """Return what every rule says of each zone: ``zone`` (place of each row's zone), ``columns`` packed, ``heads`` (a line a zone)."""
    position = {str(zone): place for place, zone in enumerate(outcome.zones.index)}
    own = zone_rules(outcome)
    return {
        "zone": [position[zone] for zone in own.zones],
        "columns": packed_table(own.table, outcome.lang),
        "heads": [own.heads.get(zone, "") for zone in position],
    }


def _kept(values: Iterable[float | None], form: str) -> list[float | int | str | None]:
    """Return numbers with as few decimals as print the same text."""
    given = [math.nan if value is None else value for value in values]
    return [
        value
        if isinstance(kept, (float, int)) and format_number(kept, form) != format_number(value, form)
        else kept
        for kept, value in zip(numbers(given, _DIGITS[form]), given, strict=True)
    ]


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


def siting_layer(base: BaseMap) -> Plain | None:
    """Return everything that the map's script reads of siting; None where no siting question was asked.

    Returns
    -------
    layer
        ``title, told``: the adopted answer in words; ``phases``: name, colours and number of sites of each; ``sites``: a card a
        site with its place in degrees; ``candidates``: those not chosen, packed, and how many there are in all; ``isochrones``: a
        packed polygon a service and band, the widest first; ``words``: what the script prints beside them.
    """
    outcome, lang = base.outcome, base.lang
    if not sites.asked(outcome):
        return None
    answer = adopted(outcome)
    return {
        "title": phrase("sites_not_adopted", lang) if answer is None else answer.title,
        "told": list(sites.answer_sentences(outcome)),
        "words": {key: phrase(code, lang) for key, code in _SITE_WORDS.items()},
        "edge": look.SITE_EDGE,
        "phases": _phases(outcome),
        "sites": _sites(outcome),
        "candidates": _candidates(base),
        "isochrones": _site_isochrones(outcome),
    }


def _phases(outcome: Outcome) -> list[Plain]:
    """Return a line of the legend for each phase; one without a name where there are no phases."""
    own = sites.chosen(outcome)
    at = sites.phase_places(own)
    names = [sites.phase_name(year, outcome.lang) for year in sites.phases(own)]
    return [
        {"name": name, "colour": look.site_colour(k), "ink": look.site_ink(k), "edge": look.site_edge(k), "sites": at.count(k)}
        for k, name in enumerate(names or [phrase("basemap_sites", outcome.lang)])
    ]  # fmt: skip


def _sites(outcome: Outcome) -> list[Plain]:
    """Return a card a site: its row of the table of sites, from the columns that stay in sight on."""
    lang, names, own = outcome.lang, Names(outcome), sites.chosen(outcome)
    whole = sites.sites_table(outcome)
    if whole is None:
        return []
    table = whole.to(2)
    gains, units = whole.cells("marginal"), whole.cells("gain_unit")
    out = []
    for place, (row, (lon, lat), phase) in enumerate(
        zip(rows_of(own), sites.lonlat(own), sites.phase_places(own), strict=True)
    ):
        if np.isnan(lon):
            continue
        lines = zip(table.columns, table.rows[place], strict=True)
        out.append(
            {
                "order": int(row["order"]),
                "name": text(row["name"]),
                "place": sites.place_text(names, row),
                "generated": int(sites.is_generated(row)),
                "phase": phase,
                "phase_name": sites.phase_name(row["phase"], lang),
                "value": cell_text(gains[place], lang),
                "unit": cell_text(units[place], lang),
                "at": [lat, lon],
                "lines": [
                    [entry.header, shown]
                    for entry, cell in list(lines)[table.frozen :]
                    if (shown := cell_text(cell, lang))
                ],
            }
        )
    return out


def _candidates(base: BaseMap) -> Plain:
    """Return the candidates that the adopted answer leaves, those with a point, and what is known of each."""
    outcome, lang = base.outcome, base.lang
    own, total = base.candidates_left(set(sites.chosen(outcome).get("candidate_id", ())))
    table = candidates_table(replace(outcome, candidates=own)) if total else None
    cut = (
        phrase("basemap_candidates_cut", lang, total=f"{total:,}", shown=f"{len(own):,}")
        if len(own) < total
        else ""
    )
    return {
        "total": total,
        "cut": cut,
        "names": [text(name) for name in own["name"]],
        "notes": [] if table is None else [_known(table, row, lang) for row in table.rows],
        "xy": pack_points(degrees(own)),
    }


def _known(table: Table, row: Sequence[Cell], lang: str) -> str:
    """Return what is known of a candidate in one line: amounts with their headers, words as they are."""
    parts = []
    for entry, cell in zip(table.columns, row, strict=True):
        shown = cell_text(cell, lang)
        if entry.key in _CANDIDATE_NOTE and shown:
            parts.append(f"{entry.header} {shown}" if isinstance(cell, Amount) else shown)
    return " · ".join(parts)


def _site_isochrones(outcome: Outcome) -> list[Plain]:
    """Return the sites' isochrones, a packed polygon a service and band, the widest band first."""
    table = outcome.site_isochrones
    return [
        {
            "service": str(service),
            "label": outcome.services[str(service)].label(outcome.lang),
            **band,
        }
        for service in ([] if empty(table) else table["service"].unique())
        for band in packed_bands(bands_inward(table, service))
    ]
