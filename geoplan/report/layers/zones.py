"""Layers and their styles: a content table with the geometry of its rows, and the layers of zones with a style a question."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geoplan.report import look
from geoplan.report.content import titles
from geoplan.report.content.fields import Value, field_names, field_titles, field_values
from geoplan.report.content.names import Names, field_name
from geoplan.report.content.table import Column, Table, cell_text
from geoplan.report.content.zone_fields import zone_fields
from geoplan.report.layers import styles
from geoplan.report.layers.styles import Part
from geoplan.tables import Outcome
from geoplan.words.catalogue import phrase
from geoplan.words.labels import label
from geoplan.words.numbers import FORMATS

_STATES = {"flagged": "flag", "not_flagged": "not_flagged", "unknown": "no_data"}


@dataclass(frozen=True)
class Style:
    """One style of a layer; the first of a layer is the one that QGIS opens it with."""

    name: str
    qml: str


@dataclass(frozen=True)
class Layer:
    """One layer: its table, what it is, what people call its fields, and its styles."""

    name: str
    description: str
    table: gpd.GeoDataFrame
    aliases: dict[str, str]
    styles: tuple[Style, ...]


def finite(values: pd.Series) -> pd.Series:
    """Return numbers with empty for infinity, which layers do not hold."""
    return values.astype(float).replace([np.inf, -np.inf], np.nan)


def layer_table(table: Table, geometry: gpd.GeoSeries, lang: str) -> tuple[gpd.GeoDataFrame, dict[str, str]]:
    """Return a content table as a layer's, its rows being those of `geometry`, and what people call its fields.

    Fields are those of the CSV file; beside a coded or listed one stands ``<key>_label``, which says the same in words.
    """
    columns: dict[str, Any] = {}
    aliases: dict[str, str] = {}
    for place, column in enumerate(table.columns):
        cells = [row[place] for row in table.rows]
        values = [field_values(cell, column) for cell in cells]
        titles = field_titles(column, lang)
        for k, (name, title) in enumerate(zip(field_names(column), titles, strict=True)):
            columns[name], aliases[name] = _stored([value[k] for value in values], column), title
        if column.format in ("coded", "listed"):
            label = f"{column.key}_label"
            columns[label] = pd.array([cell_text(cell, lang) or None for cell in cells], dtype=object)
            aliases[label] = phrase("field_label", lang, name=titles[0])
    plain = pd.DataFrame(columns, index=pd.RangeIndex(len(table.rows)))
    return gpd.GeoDataFrame(plain, geometry=geometry.reset_index(drop=True), crs=geometry.crs), aliases


def _stored(values: Sequence[Value], column: Column) -> Any:  # noqa: ANN401 - an array
    if column.format in ("year", "tally"):
        return pd.array([None if v is None else round(float(v)) for v in values], dtype="Int64")
    if column.format in FORMATS:
        return finite(pd.Series(values, dtype=float)).to_numpy()
    return pd.array([value or None for value in values], dtype=object)


def zone_layer(outcome: Outcome, level: str) -> Layer:
    """Return the layer ``zones_<level>``."""
    lang, zones = outcome.lang, outcome.zones[outcome.zones["level"] == level]
    content = zone_fields(outcome, level)
    table, aliases = layer_table(content, zones.geometry, lang)
    found = _flag_styles(outcome, aliases, zones.index, level)
    for service in outcome.services:
        name = outcome.services[service].label(lang)
        qml = styles.graduated(
            field_name(service, "share"),
            _ranged(look.share_scale(), level, 1.0),
            aliases=aliases,
            label="name",
        )
        found.append(Style(phrase("layers_share", lang, service=name), qml))
    every = tuple(found) or (Style(content.title, styles.categorised("name", [], aliases=aliases)),)
    told = " · ".join(
        part for part in (titles.banner(outcome), content.title, titles.basis_line(outcome)) if part
    )
    return Layer(f"zones_{level}", told, table, aliases, every)


def _flag_styles(outcome: Outcome, aliases: dict[str, str], index: pd.Index, level: str) -> list[Style]:
    """Return the styles of flags, all rules together first, and of supply in classes around its standard."""
    lang, names = outcome.lang, Names(outcome)
    flags = outcome.flags[outcome.flags["zone_id"].isin(index)]
    if flags.empty:
        return []
    states = _state_parts(lang, level)
    found = [
        Style(
            phrase("layers_flags", lang), styles.categorised("flagged", states, aliases=aliases, label="name")
        )
    ]
    for rule, own in flags.groupby("rule_id", sort=False):
        name, field = names.rule(str(rule)), field_name(str(rule), "flag")
        qml = styles.categorised(field, _state_parts(lang, level), aliases=aliases, label="name")
        found.append(Style(phrase("layers_rule", lang, indicator=name), qml))
        required = own["required"].astype(float).dropna()
        supply = field_name(str(rule), "reachable_low")
        # what is measured as a share of people has the classes of circles
        if names.format(str(rule)) != "percent" and len(required) and supply in aliases:
            parts = _ranged(look.supply_scale(float(required.iloc[0])), level, 1e12)
            qml = styles.graduated(supply, parts, aliases=aliases, label="name")
            found.append(Style(phrase("layers_supply", lang, indicator=name), qml))
    return found


def _state_parts(lang: str, level: str) -> list[Part]:
    return [
        Part(
            label(code, lang), styles.fill(look.COLOURS[colour], level=level, hatch=code == "unknown", alpha=0.85), code
        )
        for code, colour in _STATES.items()
    ]  # fmt: skip


def _ranged(scale: look.Scale, level: str, top: float) -> list[Part]:
    edges = [0.0, *scale.limits, top]
    return [
        Part(scale.texts[k], styles.fill(colour, level=level, alpha=0.9), lower=edges[k], upper=edges[k + 1])
        for k, colour in enumerate(scale.colours)
    ]
