"""Every layer: a content table with the geometry of its rows, what people call its fields, and its styles for QGIS."""

import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geoplan.report import look
from geoplan.report.content import sites, titles
from geoplan.report.content.answers import adopted
from geoplan.report.content.basemap import BaseMap
from geoplan.report.content.candidates import candidates_table
from geoplan.report.content.fields import Value, field_names, field_titles, field_values
from geoplan.report.content.names import Names, empty, field_name, present, rows_of, text
from geoplan.report.content.projects import facility_types, projects_table
from geoplan.report.content.shortfalls import class_colours, class_texts, flag_rules, flag_title
from geoplan.report.content.table import Amount, Cell, Coded, Column, Listed, Table, cell_text, column
from geoplan.report.content.zone_fields import zone_fields
from geoplan.report.layers import styles
from geoplan.report.layers.styles import Part
from geoplan.tables import LEVELS, Outcome
from geoplan.words.catalogue import phrase
from geoplan.words.labels import facility_label, heading, label, planner_word
from geoplan.words.numbers import FORMATS

_STATES = {"flagged": "flag", "mean_met": "mean_met", "not_flagged": "not_flagged", "unknown": "no_data"}
_OTHER = "other"
#: Classes of the candidates in the order of the legend: words, and the mark's colour, shape, and whether it is hollow.
_CANDIDATE_MARKS: Mapping[str, tuple[str, str, str, bool]] = {
    "adopted": ("layers_candidates_adopted", "flag", "circle", False),
    "required": ("candidates_required", "accent", "square", False),
    "offered": ("candidates_offered", "ink_soft", "square", False),
    "generated": ("candidates_generated", "ink_soft", "diamond", True),
    "forbidden": ("candidates_forbidden", "hatch", "cross", False),
}


@dataclass(frozen=True)
class Style:
    """One style of a layer; the first of a layer is the one that QGIS opens it with."""

    name: str
    tree: ET.Element


@dataclass(frozen=True)
class Layer:
    """One layer: its table, what it is, what people call its fields, and its styles."""

    name: str
    description: str
    table: gpd.GeoDataFrame
    aliases: dict[str, str]
    styles: tuple[Style, ...]


def layers(outcome: Outcome) -> Iterator[Layer]:
    """Yield every layer, zones coarse to fine first."""
    for level in LEVELS:
        if (outcome.zones["level"] == level).any():
            yield zone_layer(outcome, level)
    yield _facilities(outcome)
    yield _isochrones(outcome, outcome.isochrones, "isochrones", phrase("map_layer_isochrones", outcome.lang))
    yield _snaps(outcome)
    yield _streets(outcome)
    planned = (projects_layer(outcome), sites_layer(outcome), candidates_layer(outcome))
    yield from (layer for layer in planned if layer is not None)
    if not empty(outcome.site_isochrones):
        title = phrase("layers_site_isochrones", outcome.lang)
        yield _isochrones(outcome, outcome.site_isochrones, "site_isochrones", title)


def finite(values: pd.Series) -> pd.Series:
    """Return numbers with empty for infinity, which layers do not hold."""
    return values.astype(float).replace([np.inf, -np.inf], np.nan)


def layer_table(table: Table, geometry: gpd.GeoSeries, lang: str) -> tuple[gpd.GeoDataFrame, dict[str, str]]:
    """Return a content table as a layer's, its rows being those of `geometry`, and what people call its fields.

    Fields are those of the CSV file; beside a coded or listed one stands ``<key>_label``, which says the same in words.
    """
    columns: dict[str, Any] = {}
    aliases: dict[str, str] = {}
    for place, entry in enumerate(table.columns):
        cells = [row[place] for row in table.rows]
        values = [field_values(cell, entry) for cell in cells]
        headers = field_titles(entry, lang)
        for k, (name, header) in enumerate(zip(field_names(entry), headers, strict=True)):
            columns[name], aliases[name] = _stored([value[k] for value in values], entry), header
        if entry.format in ("coded", "listed"):
            name = f"{entry.key}_label"
            columns[name] = pd.array([cell_text(cell, lang) or None for cell in cells], dtype=object)
            aliases[name] = phrase("field_label", lang, name=headers[0])
    plain = pd.DataFrame(columns, index=pd.RangeIndex(len(table.rows)))
    return gpd.GeoDataFrame(plain, geometry=geometry.reset_index(drop=True), crs=geometry.crs), aliases


def _stored(values: Sequence[Value], entry: Column) -> Any:  # noqa: ANN401 - an array
    if entry.format in ("year", "tally"):
        return pd.array([None if v is None else round(float(v)) for v in values], dtype="Int64")
    if entry.format in FORMATS:
        return finite(pd.Series(values, dtype=float)).to_numpy()
    return pd.array([value or None for value in values], dtype=object)


def _classed(
    content: Table, geometry: gpd.GeoSeries, lang: str, *, first: dict[str, Sequence[object]], by: str,
    parts: Sequence[Part], names: str = "",
) -> Layer:  # fmt: skip
    """Return a layer of a content table, the fields `first` in front, in classes of the field `by`."""
    table, aliases = layer_table(content, geometry, lang)
    for key, values in reversed(first.items()):
        table.insert(0, key, list(map(str, values)))
    aliases = {key: phrase(f"layers_field_{key}", lang) for key in first} | aliases
    style = Style(content.title, styles.categorised(by, parts, aliases=aliases, label=names))
    return Layer(content.key, content.title, table, aliases, (style,))


def zone_layer(outcome: Outcome, level: str) -> Layer:
    """Return the layer ``zones_<level>``."""
    lang, zones = outcome.lang, outcome.zones[outcome.zones["level"] == level]
    content = zone_fields(outcome, level)
    table, aliases = layer_table(content, zones.geometry, lang)
    found = _flag_styles(outcome, aliases, zones.index, level)
    for service in outcome.services:
        name = outcome.services[service].label(lang)
        tree = styles.graduated(
            field_name(service, "share"),
            _ranged(look.share_scale(), level, 1.0),
            aliases=aliases,
            label="name",
        )
        found.append(Style(phrase("layers_share", lang, service=name), tree))
    every = tuple(found) or (Style(content.title, styles.categorised("name", [], aliases=aliases)),)
    told = " · ".join(
        part for part in (titles.banner(outcome), content.title, titles.basis_line(outcome)) if part
    )
    return Layer(f"zones_{level}", told, table, aliases, every)


def _flag_styles(outcome: Outcome, aliases: dict[str, str], index: pd.Index, level: str) -> list[Style]:
    """Return the styles of flags by grade, those for reference only behind the others, then all rules together, and supply by its standard."""
    lang, names = outcome.lang, Names(outcome)
    flags = outcome.flags[outcome.flags["zone_id"].isin(index)]
    if flags.empty:
        return []
    flagged, supplies = list[Style](), list[Style]()
    for rule, own in flag_rules(flags).items():
        name, parts = flag_title(names, rule, own), _grade_parts(names, rule, level)
        tree = styles.categorised(field_name(rule, "grade"), parts, aliases=aliases, label="name")
        flagged.append(Style(phrase("layers_rule", lang, indicator=name), tree))
        required = own["required"].astype(float).dropna()
        supply = field_name(rule, "reachable_low")
        # what is measured as a share of people has the classes of circles
        if names.format(rule) != "percent" and len(required) and supply in aliases:
            ranges = _ranged(look.supply_scale(float(required.iloc[0])), level, 1e12)
            tree = styles.graduated(supply, ranges, aliases=aliases, label="name")
            supplies.append(Style(phrase("layers_supply", lang, indicator=names.rule(rule)), tree))
    together = styles.categorised("flagged", _state_parts(lang, level), aliases=aliases, label="name")
    return [*flagged, Style(phrase("layers_flags", lang), together), *supplies]


def _grade_parts(names: Names, rule: str, level: str) -> list[Part]:
    """Return the classes of a rule's flags: grades, and the states of zones that are not flagged."""
    colours = class_colours()
    return [
        Part(said, styles.fill(colours[code], level=level, hatch=code == "unknown", alpha=0.85), code)
        for code, said in class_texts(names, rule).items()
    ]


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


# --- facilities, isochrones and snaps --------------------------------------------------------------------------------


def _facilities(outcome: Outcome) -> Layer:
    lang, names, every = outcome.lang, Names(outcome), outcome.facilities
    columns = [
        column(key, lang)
        for key in ("facility_id", "name", "facility_type", "services", "zone", "zone_code", "inside")
    ]
    columns.append(column("facility_status", lang, name="status"))
    columns += [
        column(key, lang) for key in ("open_year", "close_year", "location", "source_file", "source_row")
    ]
    rows: list[list[Cell]] = []
    for key, row in zip(every.index, rows_of(pd.DataFrame(every.drop(columns="geometry"))), strict=True):
        types = facility_types(row["services"], lang)
        rows.append([
            str(key), text(row["name"]), types.items[0] if isinstance(types, Listed) and types.items else None, types,
            names.zone(row["zone_id"]) if present(row["zone_id"]) else "", names.code(row["zone_id"]),
            Coded("yes" if present(row["zone_id"]) else "no"), Coded(str(row["status"])),
            Amount.of(row["open_year"], "year"), Amount.of(row["close_year"], "year"), Coded(str(row["location_quality"])),
            text(row["source_file"]), Amount.of(row["source_row"], "count"),
        ])  # fmt: skip
    for supply, amounts in outcome.supplies.groupby("supply", sort=True):
        sums = amounts.groupby("facility_id")[["low", "high"]].sum().reindex(every.index)
        columns.append(Column(str(supply), planner_word(supply, lang), "count", interval=True))
        for own, low, high in zip(rows, sums["low"], sums["high"], strict=True):
            own.append(Amount.between(low, high, "count"))
    title = phrase("map_layer_facilities", lang)
    table, aliases = layer_table(Table.of("facilities", title, columns, rows), every.geometry, lang)
    # attributes and what else the registers say, under their own names
    known = {
        "name", "services", "zone_id", "serves", "geometry", "zone_from", "location_quality", *table.columns,
    }  # fmt: skip
    for name in (c for c in every.columns if c not in known):
        table[name] = _storable(every[name]).to_numpy()
        aliases[name] = heading(name, lang)
    parts = [
        Part(
            facility_label(kind, lang),
            styles.marker(service_colour(outcome, kind), look.MARK_SHAPES[position % len(look.MARK_SHAPES)]),
            kind,
        )
        for position, kind in enumerate(sorted(set(table["facility_type"].dropna())))
    ]
    style = Style(title, styles.categorised("facility_type", parts, aliases=aliases, label="name"))
    return Layer("facilities", title, table, aliases, (style,))


def service_colour(outcome: Outcome, kind: str) -> str:
    """Return the colour of a facility type: that of the service that counts it, else of the first."""
    order = {one: k for k, service in enumerate(outcome.services.values()) for one in service.facilities}
    return look.SERVICE_COLOURS[order.get(kind, 0) % len(look.SERVICE_COLOURS)]


def _storable(values: pd.Series) -> pd.Series:
    """Return a column as the format can hold it: numbers as they are, yes/no as 1/0, all else as text."""
    if pd.api.types.is_bool_dtype(values.dtype):
        return values.astype("Int64")
    if pd.api.types.is_numeric_dtype(values.dtype):
        return values if pd.api.types.is_integer_dtype(values.dtype) else finite(values)
    return values.map(lambda value: str(value) if present(value) else None).astype(object)


def _isochrones(outcome: Outcome, found: gpd.GeoDataFrame, name: str, title: str) -> Layer:
    lang = outcome.lang
    # the widest first, so that the narrow ones lie on top
    own = found.sort_values(["service", "minutes"], ascending=[True, False], kind="stable")
    columns = [column("service", lang), column("minutes", lang), column("band", lang)]
    rows = [
        [
            Coded(str(service), outcome.services[service].label(lang)),
            Amount.of(m, "minutes"),
            f"{m:g}",
        ]
        for service, m in zip(own["service"], own["minutes"], strict=True)
    ]
    content = Table.of(name, title, columns, rows)
    ramp = list(reversed(look.SEQUENTIAL))
    parts = [
        Part(
            phrase("layers_minutes", lang, minutes=f"{m:g}"),
            styles.fill(ramp[min(k, len(ramp) - 1)], alpha=0.55),
            f"{m:g}",
        )
        for k, m in enumerate(sorted({float(m) for m in own["minutes"]}))
    ]
    return _classed(content, own.geometry, lang, first={}, by="band", parts=parts)


def _snaps(outcome: Outcome) -> Layer:
    lang, table = outcome.lang, outcome.snaps
    facilities = set(outcome.facilities.index.map(str))
    ids = table.index.map(str)
    off = table["reason"].map(present)
    columns: dict[str, Any] = {
        "point_id": ids,
        "of": np.where(ids.isin(facilities), "facility", "people"),
        # empty where the point is on the network: nearly always
        "reason": table["reason"].map(str).where(off, None).astype(object),
        "leg_m": finite(table["leg_m"]).round(2).astype("float32"),
        "island": table["island"].astype("int8"),
    }
    # a city has more than 100,000 of these rows: a column that says the same in all of them is left out
    columns = {
        key: values for key, values in columns.items() if key not in ("of", "island") or len(set(values)) > 1
    }
    plain = pd.DataFrame(columns, index=table.index)
    shape = gpd.GeoDataFrame(plain, geometry=table.geometry, crs=outcome.crs)
    points = bool(table.geometry.dropna().geom_type.isin(["Point", "MultiPoint"]).all())

    def symbol(colour: str) -> Any:  # noqa: ANN401 - an XML element
        return styles.marker(colour, "circle") if points else styles.line(colour)

    parts = [
        Part(f"{phrase('layers_not_snapped', lang)} ({reason})", symbol(look.COLOURS["flag"]), reason)
        for reason in sorted(set(columns["reason"].dropna()))
    ]
    # in QGIS the class without a value takes all the others, the empty ones too
    parts.append(Part(phrase("layers_snapped", lang), symbol(look.COLOURS["accent"])))
    aliases = {key: phrase(f"layers_field_{key}", lang) for key in columns}
    title = phrase("layers_snaps", lang)
    style = Style(title, styles.categorised("reason", parts, aliases=aliases))
    return Layer("snaps", title, shape.reset_index(drop=True), aliases, (style,))


def _streets(outcome: Outcome) -> Layer:
    """Return the streets that the other layers lie on: merged end to end, in two classes."""
    lang, classes = outcome.lang, ("minor", "major")
    lines = dict(zip(classes, BaseMap(outcome).streets, strict=True))
    plain = pd.DataFrame({"street_class": [key for key in classes for _ in lines[key]]})
    shapes = np.concatenate([lines[key] for key in classes])
    table = gpd.GeoDataFrame(plain, geometry=shapes, crs=outcome.crs)
    looks = {"minor": ("street", 0.2), "major": ("street_major", 0.5)}
    parts = [
        Part(phrase(f"layers_streets_{key}", lang), styles.line(look.COLOURS[colour], width=width), key)
        for key, (colour, width) in looks.items()
    ]
    aliases = {"street_class": phrase("layers_field_street_class", lang)}
    title = phrase("layers_streets", lang)
    style = Style(title, styles.categorised("street_class", parts, aliases=aliases))
    return Layer("streets", title, table, aliases, (style,))


# --- what is planned -------------------------------------------------------------------------------------------------


def sites_layer(outcome: Outcome) -> Layer | None:
    """Return the layer ``sites``: a point a site of every answer, the adopted ones by phase; None where there are none."""
    content, lang, own = sites.every_site(outcome), outcome.lang, outcome.sites
    if content is None:
        return None
    answer = adopted(outcome)
    mine = [answer is not None and question == answer.question for question in own["question"]]
    shown = [_shown(row) if is_own else _OTHER for row, is_own in zip(rows_of(own), mine, strict=True)]
    first = {"site_id": own.index, "shown": shown}
    return _classed(
        content, own.geometry, lang, first=first, by="shown", parts=_site_parts(shown, lang), names="name"
    )


def candidates_layer(outcome: Outcome) -> Layer | None:
    """Return the layer ``candidates``: every candidate, those without a point with empty geometry; None without any."""
    own, lang = outcome.candidates, outcome.lang
    content = candidates_table(outcome, most=len(own))
    if content is None:
        return None
    taken = set(sites.chosen(outcome).get("candidate_id", ()))
    shown = [_candidate_class(key, row, taken) for key, row in zip(own.index, rows_of(own), strict=True)]
    parts = [
        Part(phrase(word, lang), styles.marker(look.COLOURS[colour], shape, hollow=hollow), key)
        for key, (word, colour, shape, hollow) in _CANDIDATE_MARKS.items()
        if key in shown
    ]
    first = {"candidate_id": own.index, "shown": shown}
    return _classed(content, own.geometry, lang, first=first, by="shown", parts=parts)


def projects_layer(outcome: Outcome) -> Layer | None:
    """Return the layer ``projects``, those without a place with empty geometry; None without a project list."""
    content, own = projects_table(outcome), outcome.projects
    if content is None:
        return None
    cells = [cell for cell in content.cells("location") if isinstance(cell, Coded)]
    parts = [
        Part(
            cell.text(outcome.lang),
            styles.marker(look.COLOURS["accent"], "diamond", hollow=cell.code != "exact"),
            cell.code,
        )
        for cell in dict.fromkeys(cells)
    ]
    first = {"project_id": own.index}
    return _classed(
        content, own.geometry, outcome.lang, first=first, by="location", parts=parts, names="name"
    )


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
        found.append(Part(phrase("layers_sites_other", lang), mark, _OTHER, behind=True))
    return found


def _candidate_class(key: object, row: Mapping[str, Any], taken: set[Any]) -> str:
    if key in taken:
        return "adopted"
    if row["rule"] in ("required", "forbidden"):
        return str(row["rule"])
    return "generated" if sites.is_generated(row) else "offered"
