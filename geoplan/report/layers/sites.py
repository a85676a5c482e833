"""The layers on what is planned: ``sites`` (those of every answer), ``candidates`` and ``projects``, with styles for QGIS."""

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np

from geoplan.report import look
from geoplan.report.content import sites
from geoplan.report.content.answers import adopted
from geoplan.report.content.candidates import candidates_table
from geoplan.report.content.names import empty, present, rows_of
from geoplan.report.content.projects import projects_table
from geoplan.report.layers import styles
from geoplan.report.layers.styles import Part
from geoplan.report.layers.zones import Layer, Style, layer_table
from geoplan.tables import Outcome
from geoplan.words.catalogue import phrase

_OTHER = "other"
#: Classes of the candidates in the order of the legend: words, and the mark's colour, shape, and whether it is hollow.
_CANDIDATE_MARKS: Mapping[str, tuple[str, str, str, bool]] = {
    "adopted": ("layers_candidates_adopted", "flag", "circle", False),
    "required": ("candidates_required", "accent", "square", False),
    "offered": ("candidates_offered", "ink_soft", "square", False),
    "generated": ("candidates_generated", "ink_soft", "diamond", True),
    "forbidden": ("candidates_forbidden", "hatch", "cross", False),
}


def sites_layer(outcome: Outcome) -> Layer | None:
    """Return the layer ``sites``: a point a site of every answer, the adopted ones by phase; None where there are none."""
    content, lang, own = sites.every_site(outcome), outcome.lang, outcome.sites
    if content is None:
        return None
    table, aliases = layer_table(content, own.geometry, lang)
    answer = adopted(outcome)
    mine = np.array([answer is not None and q == answer.question for q in own["question"]], dtype=bool)
    shown = [_shown(row) if is_own else _OTHER for row, is_own in zip(rows_of(own), mine, strict=True)]
    table, aliases = _with(table, aliases, lang, site_id=[str(key) for key in own.index], shown=shown)
    style = styles.categorised("shown", _site_parts(shown, lang), aliases=aliases, label="name")
    return Layer("sites", content.title, table, aliases, (Style(content.title, style),))


def candidates_layer(outcome: Outcome) -> Layer | None:
    """Return the layer ``candidates``: every candidate, those without a point with empty geometry; None without any."""
    own, lang = outcome.candidates, outcome.lang
    content = candidates_table(outcome, most=len(own))
    if content is None:
        return None
    table, aliases = layer_table(content, own.geometry, lang)
    chosen = sites.chosen(outcome)
    taken = set() if empty(chosen) else set(chosen["candidate_id"])
    shown = [_candidate_class(key, row, taken) for key, row in zip(own.index, rows_of(own), strict=True)]
    table, aliases = _with(table, aliases, lang, candidate_id=[str(key) for key in own.index], shown=shown)
    parts = [
        Part(phrase(word, lang), styles.marker(look.COLOURS[colour], shape, hollow=hollow), key)
        for key, (word, colour, shape, hollow) in _CANDIDATE_MARKS.items()
        if key in set(shown)
    ]
    style = styles.categorised("shown", parts, aliases=aliases)
    return Layer("candidates", content.title, table, aliases, (Style(content.title, style),))


def projects_layer(outcome: Outcome) -> Layer | None:
    """Return the layer ``projects``, those without a place with empty geometry; None without a project list."""
    content, lang = projects_table(outcome), outcome.lang
    if content is None:
        return None
    table, aliases = layer_table(content, outcome.projects.geometry, lang)
    table, aliases = _with(table, aliases, lang, project_id=[str(key) for key in outcome.projects.index])
    return Layer("projects", content.title, table, aliases, ())


def _with(
    table: gpd.GeoDataFrame, aliases: dict[str, str], lang: str, **more: list[str]
) -> tuple[gpd.GeoDataFrame, dict[str, str]]:
    """Return a layer's table with ids and classes in front."""
    for key, values in reversed(more.items()):
        table.insert(0, key, values)
    return table, {key: phrase(f"layers_field_{key}", lang) for key in more} | aliases


def _shown(row: Mapping[str, Any]) -> str:
    """Return the class of an adopted site on the map: its phase, apart for areas of intent."""
    phase = f"{float(row['phase']):.0f}" if present(row["phase"]) else "site"
    return f"{phase}_intent" if sites.is_generated(row) else phase


def _site_parts(shown: list[str], lang: str) -> list[Part]:
    found = []
    classes = sorted(set(shown) - {_OTHER})
    phases = sorted({key.removesuffix("_intent") for key in classes})
    for key in classes:
        phase = key.removesuffix("_intent")
        name = sites.phase_name(phase, lang) if phase != "site" else phrase("basemap_sites", lang)
        if phase != key:
            name = phrase("layers_sites_intent", lang, phase=name)
        # the palest has no edge to stand out by
        colour = look.site_colour(min(phases.index(phase), 2))
        found.append(Part(name, styles.marker(colour, "star", hollow=phase != key, size=4.2), key))
    if _OTHER in shown:
        mark = styles.marker(look.COLOURS["ink_soft"], "circle", hollow=True)
        found.append(Part(phrase("layers_sites_other", lang), mark, _OTHER))
    return found


def _candidate_class(key: object, row: Mapping[str, Any], taken: set[Any]) -> str:
    if key in taken:
        return "adopted"
    if row["rule"] in ("required", "forbidden"):
        return str(row["rule"])
    return "generated" if sites.is_generated(row) else "offered"
