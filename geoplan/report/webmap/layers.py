"""What the map fills its polygons by, as plain values for its script: shapes packed once, figures of every view beside.

Nothing is measured here: figures are picked from the outcome's tables and put in the order of the map's zones.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoplan.report import look
from geoplan.report.webmap.codec import pack_lines, pack_polygons
from geoplan.tables import Outcome

LONLAT = "EPSG:4326"
#: Street classes that keep their weight when the whole city is in view.
MAJOR = frozenset({"motorway", "trunk", "primary", "secondary"})
#: A street bends by less than this many metres without being drawn as a bend.
STREET_BEND_M = 1.0
#: Decimals kept: well beyond those printed, so that rounding twice prints what the workbook prints.
SHARE_DIGITS, RATE_DIGITS, MINUTE_DIGITS, PEOPLE_DIGITS = 7, 6, 4, 4

#: Words that change where metres of street stand in for people.
GROUP_WORDS = ("covered_share", "outside", "people_affected", "worst_share", "share_of", "unit_people")

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
        "kind": [" ".join(sorted(look.label(kind, lang) for kind in kinds)) for kinds in zones["kind"]],
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


def street_layer(streets: gpd.GeoDataFrame) -> list[Plain]:
    """Return the streets as two merged sheets, minor and major ways, each a list of packed lines."""
    lines = streets.loc[shapely.length(np.asarray(streets.geometry.array)) > 0]
    highway = lines["highway"] if "highway" in lines.columns else pd.Series("", index=lines.index)
    major = (
        highway.astype("object")
        .map(lambda word: str(word).removesuffix("_link") in MAJOR)
        .to_numpy(dtype=bool)
    )
    return [_merged(lines.geometry[~major]), _merged(lines.geometry[major])]


def _merged(lines: gpd.GeoSeries) -> Plain:
    if lines.empty:
        return pack_lines(np.array([], dtype=object))
    whole = shapely.line_merge(
        shapely.multilinestrings(np.asarray(shapely.get_parts(np.asarray(lines.array))))
    )
    smooth = gpd.GeoSeries(
        shapely.get_parts(shapely.simplify(whole, STREET_BEND_M, preserve_topology=False)), crs=lines.crs
    )
    return pack_lines(np.asarray(smooth.to_crs(LONLAT).array, dtype=object))


def service_list(outcome: Outcome) -> list[Plain]:
    """Return the services: label, whom they serve, their measures, facility types and circle."""
    measures = outcome.circle.groupby("service", sort=False)["measure"].unique()
    return [
        {
            "id": service,
            "label": look.service_label(outcome.services, service, outcome.lang),
            "group": look.label(entry["group"], outcome.lang),
            "basis": look.basis(outcome.groups, entry["group"], outcome.lang),
            "types": list(entry["facilities"]),
            "minutes": float(entry["walk_minutes"]),
            "words": {word: look.of_group(word, entry["group"], outcome.lang) for word in GROUP_WORDS},
            "files": files_of(outcome, entry["group"]),
            "measures": [
                {"id": measure, "label": look.measure_label(entry, measure, outcome.lang)}
                for measure in measures.get(service, [])
            ],
        }
        for service, entry in outcome.services.items()
    ]


def files_of(outcome: Outcome, group: str) -> list[str]:
    """Return the files that a figure comes from: the people's, the registers', the streets'."""
    people = [_cell(outcome.groups, group, "source")]
    others = [
        source.file for role in ("facilities", "streets") for source in outcome.sources if source.role == role
    ]
    return [file for file in dict.fromkeys([*people, *others]) if file]


def circle_views(outcome: Outcome, facility_at: Mapping[str, int]) -> list[Plain]:
    """Return the covered share of every zone, a view a service and measure."""
    position = {zone_id: place for place, zone_id in enumerate(outcome.zones.index)}
    whole = outcome.circle[outcome.circle["kind"].fillna("") == ""]
    return [
        {
            "service": service,
            "measure": measure,
            "zone": [position[zone_id] for zone_id in rows["zone_id"]],
            "share": numbers(rows["share"], SHARE_DIGITS),
            "people": numbers(rows["people"], PEOPLE_DIGITS),
            "outside": numbers(rows["outside"], PEOPLE_DIGITS),
            "minutes": numbers(rows["median_minutes"], MINUTE_DIGITS),
            "nearest": _nearest(rows, facility_at),
        }
        for (service, measure), rows in whole.groupby(["service", "measure"], sort=False)
    ]


def flag_views(outcome: Outcome, facility_at: Mapping[str, int]) -> list[Plain]:
    """Return the flags and the supply behind them, a view a rule."""
    position = {zone_id: place for place, zone_id in enumerate(outcome.zones.index)}
    views = []
    for rule_id, rows in outcome.flags.groupby("rule_id", sort=False):
        required = rows["required"].dropna()
        group, unit = _group(outcome, str(rule_id)), rows["unit"].iloc[0]
        views.append(
            rule_words(outcome, str(rule_id))
            | {
                "unit": look.of_group("unit_people", group, outcome.lang)
                if unit == "people"
                else look.unit(unit, outcome.lang),
                "words": {word: look.of_group(word, group, outcome.lang) for word in GROUP_WORDS},
                "required": float(required.iloc[0]) if len(required) else None,
                "scale": _scale(outcome, str(rule_id), required),
                "zone": [position[zone_id] for zone_id in rows["zone_id"]],
                "flagged": truths(rows["flagged"]),
                "own_level": truths(rows["own_level"]),
                "reach": [numbers(rows[f"reachable_{end}"], RATE_DIGITS) for end in ("low", "high")],
                "located": [numbers(rows[f"located_{end}"], RATE_DIGITS) for end in ("low", "high")],
                "must": numbers(rows["required"], RATE_DIGITS),
                "short": numbers(rows["shortfall"], PEOPLE_DIGITS),
                "apportioned": numbers(rows["apportioned"], PEOPLE_DIGITS),
                "people": numbers(rows["people"], PEOPLE_DIGITS),
                "affected": numbers(rows["people_affected"], PEOPLE_DIGITS),
                "minutes": numbers(rows["minutes"], MINUTE_DIGITS),
                "nearest": _nearest(rows, facility_at),
                "cause": [look.label(cause, outcome.lang) for cause in rows["cause"]],
            }
        )
    return views


def rule_words(outcome: Outcome, rule_id: str) -> Plain:
    """Return what a reader must know of a rule: name, kind, whom it counts, clause."""
    rules, lang = outcome.rules, outcome.lang
    kind = _cell(rules, rule_id, "kind")
    group = _group(outcome, rule_id)
    return {
        "rule": rule_id,
        "label": look.rule_label(rules, rule_id, lang),
        "kind": kind,
        "kind_label": look.label(kind, lang),
        "percent": kind == "circle" or _cell(rules, rule_id, "percent") == "True",
        "value_unit": _cell(rules, rule_id, f"unit_{lang}"),
        "basis": look.basis(outcome.groups, group, lang) if group else "",
        "files": files_of(outcome, group),
        "clause": _cell(rules, rule_id, f"cited_{lang}") or _cell(rules, rule_id, "clause"),
        "attribute": _cell(rules, rule_id, "attribute"),
    }


def _group(outcome: Outcome, rule_id: str) -> str:
    """Return the group that a rule is per, or that its circle counts; nothing where it counts no people."""
    told = " ".join(_cell(outcome.rules, rule_id, column) for column in ("per", "counts"))
    named = next((str(group) for group in outcome.groups.index if str(group) in told), "")
    own = next(
        (entry["group"] for name, entry in outcome.services.items() if rule_id.endswith(f".circle_{name}")),
        "",
    )
    return named or own


def finding_views(outcome: Outcome, facility_at: Mapping[str, int]) -> list[Plain]:
    """Return the findings that count members, a view a rule: its verdicts, and what each member has."""
    position = {zone_id: place for place, zone_id in enumerate(outcome.zones.index)}
    verdicts = dict(tuple(outcome.findings.groupby("rule_id", sort=False)))
    views = []
    for rule_id, rows in outcome.members.groupby("rule_id", sort=False):
        found = verdicts.get(rule_id, outcome.findings.iloc[:0])
        in_zone = rows["member_id"].isin(position.keys())
        views.append(
            rule_words(outcome, str(rule_id))
            | {
                "findings": [_finding(outcome, row) for _, row in found.iterrows()],
                "zone": [position.get(member, -1) for member in rows["member_id"]],
                "facility": [
                    -1 if zone else facility_at.get(member, -1) for member, zone in _pairs(rows, in_zone)
                ],
                "has": truths(rows["has"]),
                "minutes": numbers(rows["minutes"], MINUTE_DIGITS),
                "nearest": _nearest(rows, facility_at),
                "cause": [look.label(cause, outcome.lang) for cause in rows["cause"]],
            }
        )
    return views


def _pairs(rows: pd.DataFrame, in_zone: pd.Series) -> Iterable[tuple[str, bool]]:
    return zip(rows["member_id"], in_zone, strict=True)


def _finding(outcome: Outcome, row: "pd.Series[Any]") -> Plain:
    kind, unit = _cell(outcome.rules, row["rule_id"], "kind"), row["unit"]
    name = outcome.zones["name"].get(row["zone_id"], row["zone_id"])
    gap = (
        ""
        if look.missing(row["shortfall"])
        else f"{look.whole(row['shortfall'])} {look.unit(unit, outcome.lang)}"
    )
    return {
        "zone": str(name),
        "verdict": row["verdict"],
        "verdict_label": look.label(row["verdict"], outcome.lang),
        "actual": look.interval(row["actual_low"], row["actual_high"], unit, kind=kind),
        "required": look.amount(row["required"], unit, kind=kind),
        "gap": gap,
        "missing": "" if look.missing(row.get(f"missing_{outcome.lang}")) else row[f"missing_{outcome.lang}"],
    }


def _scale(outcome: Outcome, rule_id: str, required: pd.Series) -> Plain | None:
    kind = _cell(outcome.rules, rule_id, "kind")
    if kind == "circle" or not len(required) or float(required.iloc[0]) <= 0:
        return None
    scale = look.supply_scale(float(required.iloc[0]))
    return {"limits": list(scale.limits), "texts": list(scale.texts)}


def _nearest(rows: pd.DataFrame, facility_at: Mapping[str, int]) -> list[int]:
    return [-1 if look.missing(key) else facility_at.get(str(key), -1) for key in rows["nearest_facility"]]


def _cell(table: pd.DataFrame, key: str, column: str) -> str:
    if column not in table.columns or key not in table.index or look.missing(table[column][key]):
        return ""
    return str(table[column][key])
