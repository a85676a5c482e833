"""The comparison as one page that opens without a network (``compare.html``): two maps that move together, then the tables.

The left map is the first result, the right one the second. Shapes, marks and words are packed as for the single map
(`map_layers`, `map_marks`); zones that both results have are drawn from the second.
"""

import json
from dataclasses import replace
from functools import cache
from importlib import resources
from pathlib import Path

import geopandas as gpd
import jinja2
import pandas as pd

from geoplan.report import look
from geoplan.report.compare import rows as compare_rows
from geoplan.report.compare import tables as compare_tables
from geoplan.report.compare.compare import Comparison
from geoplan.report.compare.tables import LEAST_PEOPLE, Told, said
from geoplan.report.content import packed, sites_facts
from geoplan.report.content.basemap import BaseMap
from geoplan.report.content.packed import Plain, map_bounds, map_look, numbers, truths
from geoplan.report.content.sheet import Block, Cell, rows_of
from geoplan.report.look.offline import POLICY, bundle, inline_json, inline_script, leaflet, own
from geoplan.tables import Outcome

DATA_ID = "geoplan-data"
_WORDS = ("before", "after", "change", "only_changes", "gained", "fell", "marked", "view_share", "view_flags")


def write_comparison(comparison: Comparison, folder: Path) -> tuple[Path, ...]:
    """Write ``compare.html``, ``compare.xlsx`` and ``compare.csv`` into `folder`: same comparison, same bytes.

    Parameters
    ----------
    comparison
        As `geoplan.report.compare.compare` gives it.
    folder
        Folder of results; made where it is not there.

    Returns
    -------
    paths
        Of the files written.
    """
    paths = tuple(folder / f"compare.{ending}" for ending in ("html", "xlsx", "csv"))
    folder.mkdir(parents=True, exist_ok=True)
    paths[0].write_bytes(comparison_page(comparison).encode("utf-8"))
    compare_tables.write_workbook(comparison, paths[1])
    compare_rows.write_csv(comparison, paths[2])
    return paths


def comparison_page(comparison: Comparison) -> str:
    """Return the page.

    Raises
    ------
    OutputError
        If Leaflet is not installed.
    """
    lang = comparison.lang
    script, style = leaflet()
    told = Told(comparison)
    plain = payload(comparison, told)
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
    sections = [
        _section(compare_tables.area_block(comparison, told), lang),
        _section(compare_tables.facility_block(comparison, told), lang),
        _section(compare_tables.change_block(comparison, told), lang),
        _section(compare_tables.totals_block(comparison, told), lang),
    ]
    return _template().render(
        lang="zh-CN" if lang == "zh" else "en",
        policy=POLICY,
        leaflet=inline_script(script),
        style=f"<style>{style}\n{own_style}</style>",
        data=inline_json(data, element_id=DATA_ID),
        code=inline_script(f"{bundle(*scripts)}\n{start}"),
        title=f"{said('title', lang)} · {titled.name}",
        heading=said("title", lang),
        before=one,
        after=other,
        before_label=said("before", lang),
        after_label=said("after", lang),
        banner=look.banner(titled),
        basis=look.basis_line(titled),
        year=_years(comparison),
        notes=[note.text(lang) for note in comparison.notes],
        sections=sections,
        totals_note=said("note_totals", lang),
        credits=" · ".join(look.attribution((*comparison.before.sources, *comparison.after.sources))),
    )


def _years(comparison: Comparison) -> str:
    years = dict.fromkeys((comparison.before.year, comparison.after.year))
    return f"{look.label('year_judged', comparison.lang)} {' → '.join(map(str, years))}"


def _section(block: Block, lang: str) -> Plain:
    """Return a block of a sheet as texts, numbers written as everywhere on the pages."""
    return {
        "heading": block.heading,
        "columns": [
            {"text": c.header.strip("\n").replace("\n", " "), "number": c.kind != "text"}
            for c in block.columns
        ],
        "rows": [
            [
                {
                    "text": _text(value, column.kind),
                    "number": column.kind != "text",
                    "mark": _mark(value, lang),
                }
                for value, column in zip(row, block.columns, strict=True)
            ]
            for row in block.rows
        ],
    }


def _text(value: object, kind: str) -> str:
    number, form = (value.value, value.kind) if isinstance(value, Cell) else (value, kind)
    if isinstance(number, str):
        return number
    if number is None:
        return ""
    amount = float(number)  # type: ignore[arg-type]
    if form == "share":
        # a change of a share may be negative
        return look.share(amount) if amount >= 0 else f"−{look.share(-amount)}"
    return look.rate(amount) if form == "rate" else look.whole(amount)


@cache
def _marks(lang: str) -> dict[str, str]:
    return compare_tables.colours(lang)


def _mark(value: object, lang: str) -> str:
    return _marks(lang).get(value, "") if isinstance(value, str) else ""


def payload(comparison: Comparison, told: Told) -> Plain:
    """Return everything that the page's script reads, as plain values."""
    lang = comparison.lang
    before, after = comparison.before, comparison.after
    zones = _all_zones(before, after)
    position = {zone_id: place for place, zone_id in enumerate(zones.index)}
    streets = [packed.street_layer(BaseMap(o)) for o in (before, after)]
    bounds = [map_bounds(o) for o in (before, after)]
    return {
        "lang": lang,
        "words": sites_facts.words_of(after, also=before) | {w: said(w, lang) for w in _WORDS},
        "look": map_look(),
        "bounds": [
            [min(b[0][k] for b in bounds) for k in (0, 1)],
            [max(b[1][k] for b in bounds) for k in (0, 1)],
        ],
        "levels": packed.level_list(zones, lang),
        "zones": packed.zone_layer(zones, lang),
        # the same streets are packed once
        "streets": streets if streets[0] != streets[1] else streets[:1],
        "sides": [
            _side(outcome, comparison, name) for outcome, name in ((before, "before"), (after, "after"))
        ],
        "circle": list(_circle_views(comparison, told, position)),
        "flags": list(_flag_views(comparison, told, position)),
    } | _siting(before, after, lang)


def _siting(before: Outcome, after: Outcome, lang: str) -> Plain:
    """Return the proposed sites of each side; nothing where neither result has any.

    A study judged again with its sites built has them as facilities: there they belong, not on the side that proposes them.
    """
    layers = [packed.siting_layer(replace(o, lang=lang)) for o in (before, after)]
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
    return bool(new & set(sites_facts.chosen(before)["name"].map(str)))


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
        "label": said(side, outcome.lang if side == "after" else comparison.lang),
        "name": comparison.names()[0 if side == "before" else 1],
        "facilities": layer | {"change": marked},
    }


def _circle_views(comparison: Comparison, told: Told, position: dict[str, int]) -> list[Plain]:
    """Return covered shares of both results, a view a service and measure."""
    views = []
    for (service, measure), rows in comparison.people.groupby(["service", "measure"], sort=False):
        views.append(
            {
                "label": told.service(str(service)),
                "measure": told.measure(str(service), str(measure)),
                "own": measure == "network",
                "unit": look.unit("people", told.lang),
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


def _flag_views(comparison: Comparison, told: Told, position: dict[str, int]) -> list[Plain]:
    """Return the flags of both results, a view a rule."""
    views = []
    for rule_id, rows in comparison.gaps.groupby("rule_id", sort=False):
        views.append(
            {
                "label": told.rule(str(rule_id)),
                "unit": look.unit(rows["unit"].iloc[0], told.lang),
                "zone": [position[zone] for zone in rows["zone_id"]],
                "flagged": [truths(rows[f"flagged_{s}"]) for s in ("before", "after")],
                "short": [numbers(rows[f"shortfall_{s}"], packed.PEOPLE_DIGITS) for s in ("before", "after")],
                "change": numbers(rows["shortfall_change"], packed.PEOPLE_DIGITS),
            }
        )
    return views


@cache
def _template() -> jinja2.Template:
    file = resources.files("geoplan") / "report" / "templates" / "compare.html.j2"
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        keep_trailing_newline=True,
    )  # fmt: skip
    template: jinja2.Template = environment.from_string(
        file.read_text(encoding="utf-8").replace("\r\n", "\n")
    )
    return template
