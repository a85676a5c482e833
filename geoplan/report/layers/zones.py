"""The layers of zones: covered shares, flags and supply of one level, in one table with a style a question."""

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geoplan.report import look
from geoplan.report.content.sheet import Names, empty, present, rule_kind, value_kind, word
from geoplan.report.layers import styles
from geoplan.report.layers.styles import Part
from geoplan.tables import Outcome

_STATES = ("yes", "no", "unknown")


@dataclass(frozen=True)
class Style:
    """One style of a layer; the first of a layer is the one that QGIS opens it with."""

    name: str
    qml: str


@dataclass(frozen=True)
class Layer:
    """One layer: its table, what it is, and its styles."""

    name: str
    description: str
    table: gpd.GeoDataFrame
    styles: tuple[Style, ...]


def field_name(*parts: str) -> str:
    """Return parts as one field name: letters, digits and underscores.

    Examples
    --------
    >>> field_name("wuhan.beds_per_1000_elders", "short")
    'wuhan_beds_per_1000_elders_short'
    """
    return "_".join("".join(c if c.isalnum() else "_" for c in part) for part in parts)


def finite(values: pd.Series) -> pd.Series:
    """Return numbers with empty for infinity, which layers do not hold."""
    return values.astype(float).replace([np.inf, -np.inf], np.nan)


def zone_layer(outcome: Outcome, level: str) -> Layer:
    """Return the layer ``zones_<level>``."""
    lang, names = outcome.lang, Names(outcome)
    zones = outcome.zones[outcome.zones["level"] == level]
    columns: dict[str, Any] = {
        "zone_id": zones.index.to_numpy(),
        "name": zones["name"].map(str),
        "code": zones["code"].map(str),
        "above": zones["parent_id"].map(names.zone),
        "kind": zones["kind"].map(
            lambda words: (
                "、".join(look.zone_kind_label(w, lang) for w in sorted(words)) if present(words) else ""
            )
        ),
        "covered_share": zones["covered_share"].astype(float),
    }
    aliases = {key: look.label(key, lang) for key in ("zone_id", "name", "code", "kind")}
    aliases |= {"above": word("above", lang), "covered_share": look.label("covered_share", lang)}
    own: list[Style] = []
    _add_circles(outcome, zones.index, columns, aliases)
    found = _flag_styles(outcome, names, zones.index, columns, aliases, level)
    for service in outcome.services:
        key = field_name(service, "share")
        if key in columns:
            label = look.service_label(outcome.services, service, lang)
            parts = _share_parts(level)
            qml = styles.graduated(key, parts, aliases=aliases, label="name")
            own.append(Style(word("layer_share", lang, service=label), qml))
    table = gpd.GeoDataFrame(
        pd.DataFrame(columns, index=zones.index), geometry=zones.geometry, crs=outcome.crs
    )
    title = look.label(level, lang)
    every = (*found, *own) or (Style(title, styles.categorised("name", [], aliases=aliases)),)
    told = " · ".join(part for part in (look.banner(outcome), title, look.basis_line(outcome)) if part)
    return Layer(f"zones_{level}", told, table.reset_index(drop=True), every)


def _add_circles(outcome: Outcome, index: pd.Index, columns: dict[str, Any], aliases: dict[str, str]) -> None:
    """Add what each service's circle covers, the stated pace first."""
    lang, names = outcome.lang, Names(outcome)
    table = outcome.circle
    if empty(table):
        return
    if "kind" in table.columns:
        table = table[table["kind"].fillna("") == ""]
    for service in outcome.services:
        label = look.service_label(outcome.services, service, lang)
        of_service = table[table["service"] == service]
        network = of_service[of_service["measure"] == "network"].set_index("zone_id").reindex(index)
        for key in ("people", "covered", "outside", "share"):
            columns[field_name(service, key)] = finite(network[key])
            aliases[field_name(service, key)] = (
                f"{label}·{look.label('covered_share' if key == 'share' else key, lang)}"
            )
        for measure in ("frail", "straight"):
            other = of_service[of_service["measure"] == measure].set_index("zone_id").reindex(index)
            columns[field_name(service, "share", measure)] = finite(other["share"])
            aliases[field_name(service, "share", measure)] = f"{label}·{look.label(measure, lang)}"
        columns[field_name(service, "minutes")] = finite(network["median_minutes"])
        columns[field_name(service, "nearest")] = network["nearest_facility"].map(names.facility)
        aliases[field_name(service, "minutes")] = f"{label}·{look.label('median_minutes', lang)}"
        aliases[field_name(service, "nearest")] = f"{label}·{look.label('nearest_facility', lang)}"


def _flag_styles(
    outcome: Outcome,
    names: Names,
    index: pd.Index,
    columns: dict[str, Any],
    aliases: dict[str, str],
    level: str,
) -> list[Style]:
    """Add the flags of every rule and return their styles, all rules together first."""
    lang = outcome.lang
    flags = outcome.flags[outcome.flags["zone_id"].isin(index)]
    if flags.empty:
        return []
    state = flags["flagged"].astype("boolean").map({True: "yes", False: "no"}).fillna("unknown")
    counted = pd.crosstab(flags["zone_id"], state).reindex(index=index, columns=list(_STATES), fill_value=0)
    columns["flag_count"] = counted["yes"].to_numpy()
    columns["flagged"] = np.where(
        counted["yes"] > 0, "yes", np.where(counted["unknown"] > 0, "unknown", "no")
    )
    aliases |= {"flag_count": word("flag_count", lang), "flagged": word("is_flagged", lang)}
    found = [(word("layer_flags", lang), "flagged", False, 0.0)]
    for rule in dict.fromkeys(flags["rule_id"]):
        own = flags[flags["rule_id"] == rule].set_index("zone_id").reindex(index)
        name = names.rule(str(rule))
        stem = str(rule)
        columns[field_name(stem, "flag")] = (
            state[flags["rule_id"] == rule]
            .set_axis(flags.loc[flags["rule_id"] == rule, "zone_id"])
            .reindex(index)
        )
        aliases[field_name(stem, "flag")] = f"{name}·{look.label('flag', lang)}"
        fields = {
            "short": ("shortfall", "shortfall"),
            "low": ("reachable_low", "reachable"),
            "high": ("reachable_high", "reachable_high"),
        }
        fields |= {
            "located": ("located_low", "located"),
            "required": ("required", "required"),
            "affected": ("people_affected", "people_affected"),
        }
        for key, (column, label) in fields.items():
            columns[field_name(stem, key)] = finite(own[column])
            said = word(label, lang) if label == "reachable_high" else look.label(label, lang)
            aliases[field_name(stem, key)] = f"{name}·{said}"
        found.append((word("layer_rule", lang, indicator=name), field_name(stem, "flag"), False, 0.0))
        required = own["required"].astype(float).dropna()
        if (
            rule_kind(names, str(rule)) != "circle"
            and value_kind(names, str(rule)) == "rate"
            and len(required)
        ):
            found.append(
                (
                    word("layer_supply", lang, indicator=name),
                    field_name(stem, "low"),
                    True,
                    float(required.iloc[0]),
                )
            )
    return [
        Style(
            title,
            styles.graduated(field, _supply_parts(required, level), aliases=aliases, label="name")
            if ramp
            else styles.categorised(field, _state_parts(lang, level), aliases=aliases, label="name"),
        )
        for title, field, ramp, required in found
    ]


def _state_parts(lang: str, level: str) -> list[Part]:
    colours = {
        "yes": look.COLOURS["flag"],
        "no": look.COLOURS["not_flagged"],
        "unknown": look.COLOURS["no_data"],
    }
    words = {"yes": "layer_flagged", "no": "layer_not_flagged", "unknown": "layer_unknown"}
    return [
        Part(word(words[s], lang), styles.fill(colours[s], level=level, hatch=s == "unknown", alpha=0.85), s)
        for s in _STATES
    ]


def _ranged(scale: look.Scale, level: str, top: float) -> list[Part]:
    edges = [0.0, *scale.limits, top]
    return [
        Part(scale.texts[k], styles.fill(colour, level=level, alpha=0.9), lower=edges[k], upper=edges[k + 1])
        for k, colour in enumerate(scale.colours)
    ]


def _share_parts(level: str) -> list[Part]:
    return _ranged(look.share_scale(), level, 1.0)


def _supply_parts(required: float, level: str) -> list[Part]:
    return _ranged(look.supply_scale(required), level, 1e12)
