"""What siting lays over the map, as plain values for its script: proposed sites, candidates not chosen, and the sites' isochrones.

A generated place is drawn as a dashed ring and named 意向区域; it has no address here either.
"""

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoplan.report import look
from geoplan.report.content import sites_facts
from geoplan.report.content.sheet import Names, empty, present, rows_of, text
from geoplan.report.webmap.codec import pack_points, pack_polygons
from geoplan.report.webmap.layers import LONLAT, Plain
from geoplan.report.webmap.marks import ISOCHRONE_BEND_M
from geoplan.tables import Outcome

#: Candidates that are drawn at most; beyond, so many are taken evenly from the table, and the map says so.
MOST_CANDIDATES = 3000
#: Communities that a site's card names one by one.
NAMED = 8

#: Our script and style, added to the map's only where siting was asked for.
SCRIPT, STYLE = "sites.js", "sites.css"


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
    degrees = _degrees(sites)
    phases = sites_facts.phase_place(sites)
    out = []
    for row, (lon, lat), phase in zip(rows_of(sites), degrees, phases, strict=True):
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


def _degrees(points: gpd.GeoDataFrame) -> np.ndarray:
    """Return longitude and latitude of each row, NaN where it has no point; shape (n, 2)."""
    shapes = np.asarray(points.geometry.to_crs(LONLAT).array)
    there = np.array([shape is not None and not shape.is_empty for shape in shapes], dtype=bool)
    out = np.full((len(shapes), 2), np.nan)
    out[there] = shapely.get_coordinates(shapes[there])
    return out


def _candidates(outcome: Outcome) -> Plain:
    """Return the candidates that the adopted answer leaves, those with a point, at most `MOST_CANDIDATES` of them."""
    table, lang = outcome.candidates, outcome.lang
    if empty(table):
        return {"total": 0, "names": [], "notes": [], "xy": pack_points(np.zeros((0, 2)))}
    taken = set(sites_facts.chosen(outcome)["candidate_id"]) if not empty(outcome.sites) else set()
    own = table[~table.index.isin(taken) & table.geometry.notna()]
    total = len(own)
    if total > MOST_CANDIDATES:
        own = own.iloc[np.linspace(0, total - 1, MOST_CANDIDATES).round().astype(int)]
    return {
        "total": total,
        "names": [text(name) for name in own["name"]],
        "notes": [_candidate_note(row, lang) for row in rows_of(pd.DataFrame(own.drop(columns="geometry")))],
        "xy": pack_points(_degrees(own)),
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
    for service, bands in table.groupby("service", sort=False):
        inward = bands.sort_values("minutes", ascending=False, kind="stable")
        smooth = inward.geometry.simplify(ISOCHRONE_BEND_M, preserve_topology=False).to_crs(LONLAT)
        rows += [
            {
                "service": str(service),
                "label": look.service_label(outcome.services, str(service), outcome.lang),
                "minutes": float(minutes),
                "shape": pack_polygons(smooth.iloc[[place]]),
            }
            for place, minutes in enumerate(inward["minutes"])
        ]
    return rows
