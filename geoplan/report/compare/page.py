"""The comparison as one page that opens without a network (``compare.html``): two maps that move together, then the tables.

The left map is the first result, the right one the second. Shapes, marks and words are packed as for the single map
(`map_layers`, `map_marks`); zones that both results have are drawn from the second.
"""

import json
from dataclasses import replace

import geopandas as gpd
import pandas as pd

from geoplan.report import look
from geoplan.report.content import packed, sites, titles
from geoplan.report.content.basemap import BaseMap
from geoplan.report.content.comparison import LEAST_PEOPLE, Comparison, ComparisonNames, overview_tables
from geoplan.report.content.names import rows_of
from geoplan.report.content.packed import Plain, map_bounds, map_look, numbers, truths
from geoplan.report.content.table import Cell, Coded, Column, Table, Tally, cell_text
from geoplan.report.look.offline import POLICY, bundle, inline_json, inline_script, leaflet, own, template
from geoplan.tables import Outcome
from geoplan.words.catalogue import phrase
from geoplan.words.labels import label, unit
from geoplan.words.numbers import FORMATS

DATA_ID = "geoplan-data"
#: Words of the script -> their codes in the catalogue.
_WORDS = {
    "before": "compare_before", "after": "compare_after", "change": "column_change", "shortfall": "column_shortfall_change",
    "only_changes": "compare_word_only_changes", "gained": "compare_word_gained", "fell": "compare_word_fell",
    "marked": "compare_word_marked", "view_share": "map_view_share", "view_flags": "map_view_flags",
}  # fmt: skip
#: Words of the script that are labels.
_LABELS = ("flagged", "mean_met", "not_flagged", "no_data")


def comparison_page(comparison: Comparison) -> str:
    """Return the page.

    Raises
    ------
    OutputError
        If Leaflet is not installed.
    """
    lang = comparison.lang
    script, style = leaflet()
    plain = payload(comparison)
    data = json.dumps(plain, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    titled = comparison.titled()
    own_style = (own("map.css") + "\n" + own("compare.css")).replace("GP_FONT_STACK", look.FONT_STACK)
    scripts = ["compare.js"]
    start = (
        f'const comparison = startComparison(JSON.parse(document.getElementById("{DATA_ID}").textContent));'
    )
    if "siting" in plain:
        scripts.append("sites.js")
        own_style += "\n" + own("sites.css")
        start = (
            f'const data = JSON.parse(document.getElementById("{DATA_ID}").textContent);\n'
            "const comparison = startComparison(data);\ncompareSites(comparison, data.siting);"
        )
    one, other = comparison.names()
    return template("compare.html.j2").render(
        lang="zh-CN" if lang == "zh" else "en",
        policy=POLICY,
        leaflet=inline_script(script),
        style=f"<style>{style}\n{own_style}</style>",
        data=inline_json(data, element_id=DATA_ID),
        code=inline_script(f"{bundle(*scripts)}\n{start}"),
        title=f"{phrase('compare_title', lang)} · {titled.name}",
        heading=phrase("compare_title", lang),
        before=one,
        after=other,
        before_label=phrase("compare_before", lang),
        after_label=phrase("compare_after", lang),
        banner=titles.banner(titled),
        reviews=[titles.review_line(replace(o, lang=lang)) for o in (comparison.before, comparison.after)],
        basis=titles.basis_line(titled),
        year=_years(comparison),
        notes=[note.text(lang) for note in comparison.notes],
        sections=[_section(table.to(2), lang) for table in overview_tables(comparison)],
        credits=" · ".join(titles.attribution((*comparison.before.sources, *comparison.after.sources))),
    )


def _years(comparison: Comparison) -> str:
    years = dict.fromkeys((comparison.before.year, comparison.after.year))
    return f"{label('year_judged', comparison.lang)} {' → '.join(map(str, years))}"


def _section(table: Table, lang: str) -> Plain:
    """Return a table as texts."""
    return {
        "heading": table.title,
        "columns": [{"text": c.header, "number": c.format in FORMATS} for c in table.columns],
        "rows": [
            [_cell(cell, column, lang) for cell, column in zip(row, table.columns, strict=True)]
            for row in table.rows
        ],
        "empty": table.empty or "—",
        "notes": table.notes,
    }


def _cell(cell: Cell, column: Column, lang: str) -> Plain:
    tone = look.TONES.get(cell.code, cell.code) if column.mark == "code" and isinstance(cell, Coded) else ""
    return {"text": cell_text(cell, lang), "number": column.format in FORMATS, "mark": tone}


def payload(comparison: Comparison) -> Plain:
    """Return everything that the page's script reads, as plain values."""
    lang, names = comparison.lang, ComparisonNames(comparison)
    before, after = comparison.before, comparison.after
    zones = _all_zones(before, after)
    position = {zone_id: place for place, zone_id in enumerate(zones.index)}
    streets = [packed.street_layer(BaseMap(o)) for o in (before, after)]
    bounds = [map_bounds(o) for o in (before, after)]
    return {
        "lang": lang,
        "words": {word: phrase(code, lang) for word, code in _WORDS.items()}
        | {code: label(code, lang) for code in _LABELS},
        "look": map_look(),
        "bounds": [
            [min(b[0][k] for b in bounds) for k in (0, 1)],
            [max(b[1][k] for b in bounds) for k in (0, 1)],
        ],
        "levels": packed.level_list(zones, lang),
        "zones": packed.zone_layer(zones, lang),
        "ground": packed.ground_layer(BaseMap(after)),
        # the same streets are packed once
        "streets": streets if streets[0] != streets[1] else streets[:1],
        "sides": [
            _side(outcome, comparison, name) for outcome, name in ((before, "before"), (after, "after"))
        ],
        "circle": list(_circle_views(comparison, names, position)),
        "flags": list(_flag_views(comparison, names, position)),
    } | _siting(before, after, lang)


def _siting(before: Outcome, after: Outcome, lang: str) -> Plain:
    """Return the proposed sites of each side; nothing where neither result has any.

    A study judged again with its sites built has them as facilities: there they belong, not on the side that proposes them.
    """
    layers = [packed.siting_layer(BaseMap(replace(o, lang=lang))) for o in (before, after)]
    if not any(layer is not None and layer["sites"] for layer in layers):
        return {}
    if layers[1] is None and _built(before, after):
        layers.reverse()
    # the page has no switch for what is not proposed
    return {
        "siting": [
            layer and {key: layer[key] for key in ("words", "edge", "phases", "sites")} for layer in layers
        ]
    }


def _built(before: Outcome, after: Outcome) -> bool:
    """Return whether any site that the first result proposes stands in the second one."""
    new = set(after.facilities["name"].map(str)) - set(before.facilities["name"].map(str))
    return bool(new & set(sites.chosen(before)["name"].map(str)))


def _all_zones(before: Outcome, after: Outcome) -> gpd.GeoDataFrame:
    """Return the second result's zones, and behind them those that only the first has."""
    only = before.zones[~before.zones.index.isin(after.zones.index)].to_crs(after.zones.crs)
    if only.empty:
        return after.zones
    return gpd.GeoDataFrame(pd.concat([after.zones, only]), crs=after.zones.crs)


def _side(outcome: Outcome, comparison: Comparison, side: str) -> Plain:
    """Return one map's facilities, those that change marked."""
    layer, places = packed.facility_layer(BaseMap(outcome))
    changes: dict[str, str] = {}
    for row in rows_of(comparison.facilities):
        changes.setdefault(str(row["facility_id"]), str(row["change"]))
    marked = [""] * len(layer["name"])
    for facility_id, change in changes.items():
        if facility_id in places:
            marked[places[facility_id]] = change
    return {
        "label": phrase(f"compare_{side}", comparison.lang),
        "name": comparison.names()[0 if side == "before" else 1],
        "facilities": layer | {"change": marked},
    }


def _circle_views(comparison: Comparison, names: ComparisonNames, position: dict[str, int]) -> list[Plain]:
    """Return covered shares of both results, a view a service and measure."""
    views = []
    for (service, measure), rows in comparison.people.groupby(["service", "measure"], sort=False):
        views.append(
            {
                "label": names.service(str(service)),
                "measure": names.measure(str(service), str(measure)),
                "own": measure == "network",
                "unit": unit("people", names.lang),
                "zone": [position[zone] for zone in rows["zone_id"]],
                "share": [numbers(rows[f"share_{s}"], packed.SHARE_DIGITS) for s in ("before", "after")],
                "covered": [numbers(rows[f"covered_{s}"], packed.PEOPLE_DIGITS) for s in ("before", "after")],
                "change": numbers(
                    rows["covered_change"].mask(rows["covered_change"].abs() < LEAST_PEOPLE, 0.0),
                    packed.PEOPLE_DIGITS,
                ),
            }
        )
    return views


def _flag_views(comparison: Comparison, names: ComparisonNames, position: dict[str, int]) -> list[Plain]:
    """Return the flags of both results, a view a rule."""
    views = []
    for rule_id, rows in comparison.gaps.groupby("rule_id", sort=False):
        views.append(
            {
                "label": names.rule(str(rule_id)),
                "unit": unit(rows["unit"].iloc[0], names.lang),
                "zone": [position[zone] for zone in rows["zone_id"]],
                "counts": _counts(rows, names.lang),
                "flagged": [truths(rows[f"flagged_{s}"]) for s in ("before", "after")],
                "mean_met": [
                    [int(state == "mean_met") for state in rows[f"state_{s}"]] for s in ("before", "after")
                ],
                "short": [numbers(rows[f"shortfall_{s}"], packed.PEOPLE_DIGITS) for s in ("before", "after")],
                "change": numbers(rows["shortfall_change"], packed.PEOPLE_DIGITS),
            }
        )
    return views


def _counts(rows: pd.DataFrame, lang: str) -> Plain:
    """Return by level how many zones are flagged before and after, of those that could be judged."""
    return {
        str(level): [Tally.of(own[f"flagged_{side}"]).text(lang) for side in ("before", "after")]
        for level, own in rows.groupby("level", sort=False)
    }
