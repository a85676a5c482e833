"""The sheets of the atlas that show the whole area: facilities, circles, coverage, flags by indicator, and projects."""

from collections.abc import Iterator, Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geoplan.report import atlas_map, look
from geoplan.report.atlas_frame import Col, Mark, Page, Stamp, word
from geoplan.report.atlas_map import Base
from geoplan.report.fonts import Face
from geoplan.report.sheet import Names, empty, rows_of, value_kind
from geoplan.tables import Outcome

#: Rows of the table of the zones that most people are affected in; their numbers stand on the map.
WORST = 25
#: Most zones whose names fit on a sheet of the whole area.
NAMED = 60
#: A paper fill under streets and names must stay light.
FILL_ALPHA = 0.75


class Maker:
    """What every sheet is made with: the base, the font, and the words of the title block."""

    def __init__(self, outcome: Outcome, base: Base, face: Face, stamp: Stamp) -> None:
        self.outcome, self.base, self.face, self.stamp = outcome, base, face, stamp
        self.lang, self.names = outcome.lang, Names(outcome)

    def page(self, title: str, basis: str = "") -> Page:
        """Return a new sheet with its foot of basis and year."""
        page = Page(self.face, self.stamp, title=title, number="")
        page.footnote(basis or self.stamp.basis)
        return page

    def whole(self, title: str, basis: str = "") -> Page:
        """Return a new sheet with the map of the whole area on it, base drawn."""
        page = self.page(title, basis)
        page.map_axes(atlas_map.extent(self.base.zones(self.base.finest).geometry))
        atlas_map.ground(page, self.base)
        atlas_map.streets(page, self.base)
        return page

    def zone_names(self, page: Page, texts: Mapping[str, str] | None = None) -> None:
        """Set the names of the zones one level above the finest; of the finest where there are few."""
        base = self.base
        shown = base.coarse[-1:] if base.coarse else ()
        for level in shown:
            zones = base.zones(level)
            zones = zones[[bool(base.above(str(z)).any()) for z in zones.index]]
            atlas_map.names(page, zones, texts, points=12)
        if len(base.zones(base.finest)) <= NAMED:
            atlas_map.names(page, base.zones(base.finest), points=8)


def sheets(maker: Maker) -> Iterator[Page]:
    """Yield the sheets of the whole area, in the order of the atlas."""
    yield facilities_sheet(maker)
    for service in maker.outcome.services:
        yield isochrone_sheet(maker, service)
        yield share_sheet(maker, service)
    for rule in dict.fromkeys(maker.outcome.flags["rule_id"]):
        page = gap_sheet(maker, str(rule))
        if page is not None:
            yield page
    if len(maker.outcome.projects) or len(maker.base.planned):
        yield projects_sheet(maker)


# --- 现状设施 --------------------------------------------------------------------------------------------------------


def facilities_sheet(maker: Maker) -> Page:
    """Return 设施现状图: every facility in the run by kind and size, and what each kind holds."""
    outcome, lang, table = maker.outcome, maker.lang, maker.base.facilities
    page = maker.whole(word("facilities", lang))
    atlas_map.boundaries(page, maker.base)
    atlas_map.facilities(page, table, size=atlas_map.mark_size(page, table))
    maker.zone_names(page)
    page.figure_line(look.whole(len(outcome.facilities)), word("counted", lang))
    missing = len(outcome.facilities) - len(table)
    page.note(word("placed_note", lang, placed=look.whole(len(table)), missing=look.whole(missing)))
    page.legend([*kind_marks(table), *atlas_map.boundary_marks(maker.base)])
    page.note(word("size_note", lang))
    kinds = outcome.facilities["services"].map(lambda own: own[0] if len(own) else "")
    columns = [Col(look.label("services", lang), 36), Col(word("number", lang), 12, right=True)]
    shown = [s for s in ("beds", "places") if (outcome.supplies["supply"] == s).any()]
    columns += [Col(look.label(s, lang), 22, right=True) for s in shown]
    rows = []
    for kind in dict.fromkeys(kinds):
        ids = outcome.facilities.index[kinds == kind]
        row = [look.facility_label(kind, lang), look.whole(len(ids))]
        rows.append(row + [_amounts(outcome.supplies, ids, supply) for supply in shown])
    page.table(columns, sorted(rows, key=lambda row: row[0]))
    return page


def _amounts(supplies: pd.DataFrame, ids: pd.Index, supply: str) -> str:
    own = supplies[(supplies["supply"] == supply) & supplies["facility_id"].isin(ids)]
    return look.interval(own["low"].sum(), own["high"].sum()) if len(own) else look.label("none", "zh")


def kind_marks(table: pd.DataFrame) -> list[Mark]:
    """Return a line of the legend for each kind of facility, by service."""
    kinds = table.drop_duplicates("kind").sort_values(["service", "kind"], kind="stable")
    return [Mark("mark", k.colour, k.label, shape=k.shape) for k in kinds.itertuples()]


# --- 服务圈 ---------------------------------------------------------------------------------------------------------


def isochrone_sheet(maker: Maker, service: str) -> Page:
    """Return the sheet of one service's circle: isochrones, its facilities, and the covered share of each zone."""
    outcome, lang = maker.outcome, maker.lang
    entry, name = outcome.services[service], look.service_label(outcome.services, service, lang)
    title = word("isochrones", lang, minutes=f"{entry['walk_minutes']:g}", service=name)
    page = maker.whole(title, _basis(maker, service))
    bands = outcome.isochrones[outcome.isochrones["service"] == service]
    bands = bands.sort_values("minutes", ascending=False, kind="stable")
    ramp = list(reversed(look.SEQUENTIAL))[: max(len(bands), 1)][::-1]
    for place, shape in enumerate(bands.geometry):
        shapes = gpd.GeoSeries([atlas_map.closed(shape, page)], crs=outcome.crs)
        atlas_map.polygons(page, shapes, ramp[place], z=3.2 + 0.1 * place, alpha=FILL_ALPHA)
    atlas_map.boundaries(page, maker.base)
    table = maker.base.facilities
    own = table[table["service"] == list(outcome.services).index(service)]
    atlas_map.facilities(page, own, size=atlas_map.mark_size(page, own))
    shares = _circle(outcome, service).set_index("zone_id")["share"]
    maker.zone_names(
        page, {str(z): f"{maker.names.zone(z)} {look.share(shares.get(z))}" for z in outcome.zones.index}
    )
    _covered(maker, page, service)
    marks = [
        Mark("fill", colour, word("band", lang, minutes=f"{m:g}"), alpha=FILL_ALPHA)
        for m, colour in zip(reversed(list(bands["minutes"])), reversed(ramp), strict=True)
    ]
    page.legend([*marks, *kind_marks(own), *atlas_map.boundary_marks(maker.base)])
    _share_table(maker, page, service)
    return page


def share_sheet(maker: Maker, service: str) -> Page:
    """Return the sheet of one service's coverage: the covered share of every finest zone in the usual classes."""
    outcome, lang, base = maker.outcome, maker.lang, maker.base
    name = look.service_label(outcome.services, service, lang)
    page = maker.whole(word("share", lang, service=name), _basis(maker, service))
    zones, scale = base.zones(base.finest), look.share_scale()
    shares = _circle(outcome, service).set_index("zone_id")["share"].reindex(zones.index)
    classes = scale.classes(shares)
    known = zones[classes >= 0]
    fills = [scale.colours[c] for c in classes if c >= 0]
    atlas_map.polygons(page, known.geometry, fills, z=1, alpha=0.9)
    _hatched(page, zones[classes < 0])
    atlas_map.boundaries(page, base)
    table = base.facilities
    own = table[table["service"] == list(outcome.services).index(service)]
    atlas_map.facilities(page, own, size=0.7 * atlas_map.mark_size(page, own))
    maker.zone_names(page)
    _covered(maker, page, service)
    marks = [Mark("fill", c, t, alpha=0.9) for c, t in zip(scale.colours, scale.texts, strict=True)]
    if (classes < 0).any():
        marks.append(Mark("hatch", look.COLOURS["no_data"], word("no_data", lang)))
    group = outcome.services[service]["group"]
    page.legend(marks, heading=look.of_group("share_of", group, lang))
    page.legend([*kind_marks(own), *atlas_map.boundary_marks(base)])
    _share_table(maker, page, service)
    return page


def _basis(maker: Maker, service: str) -> str:
    """Return whom the service's figures count, by which measure, in which year."""
    outcome, lang = maker.outcome, maker.lang
    entry = outcome.services[service]
    people = look.basis(outcome.groups, entry["group"], lang)
    return f"{people}；{look.measure_label(entry, 'network', lang)}" if lang == "zh" else (
        f"{people}; {look.measure_label(entry, 'network', lang)}"
    )  # fmt: skip


def _circle(outcome: Outcome, service: str, measure: str = "network") -> pd.DataFrame:
    table = outcome.circle
    return table[
        (table["service"] == service) & (table["measure"] == measure) & (table["kind"].fillna("") == "")
    ]


def _covered(maker: Maker, page: Page, service: str) -> None:
    """Set the area's covered share and people outside, and beside them what the other measures give."""
    outcome, lang = maker.outcome, maker.lang
    entry = outcome.services[service]
    area = outcome.zones.index[outcome.zones["level"] == "area"]
    own = _circle(outcome, service)
    row = own[own["zone_id"].isin(area)]
    if not len(row):
        return
    group = look.label(entry["group"], lang)
    words = word(
        "covered", lang, group=group, minutes=f"{entry['walk_minutes']:g}",
        service=look.service_label(outcome.services, service, lang),
    )  # fmt: skip
    page.figure_line(look.share(row["share"].iloc[0]), words)
    unit = look.of_group("unit_people", entry["group"], lang)
    page.figure_line(
        look.whole(row["outside"].iloc[0]), word("outside", lang, unit=unit), colour=look.COLOURS["flag"]
    )
    parts = []
    for measure in ("network", "frail", "straight"):
        table = _circle(outcome, service, measure)
        share = table.loc[table["zone_id"].isin(area), "share"]
        if len(share):
            parts.append([look.measure_label(entry, measure, lang), look.share(share.iloc[0])])
    page.table([Col(word("measures", lang), 72), Col(look.label("covered_share", lang), 20, right=True)], parts)


def _share_table(maker: Maker, page: Page, service: str) -> None:
    """Set the covered share of the zones above the finest, or of the finest where there are none above."""
    outcome, lang, base = maker.outcome, maker.lang, maker.base
    level = base.coarse[-1] if base.coarse else base.finest
    rows = _circle(outcome, service).set_index("zone_id")
    rows = rows[rows.index.isin(base.zones(level).index) & (rows["people"] > 0)]
    rows = rows.sort_values("share", kind="stable")
    columns = [
        Col(look.label(level, lang), 38),
        Col(look.label("people", lang), 18, right=True),
        Col(word("outside_short", lang), 18, right=True),
        Col(word("share_short", lang), 18, right=True),
    ]
    table = [
        [maker.names.zone(z), look.whole(r["people"]), look.whole(r["outside"]), look.share(r["share"])]
        for z, r in zip(rows.index, rows_of(rows), strict=True)
    ]
    page.heading(word("by_zone", lang, level=look.label(level, lang)))
    shown = page.table(columns, table)
    if shown < len(table):
        page.note(word("more_book", lang, count=len(table) - shown), points=7.5)


def _hatched(page: Page, zones: gpd.GeoDataFrame) -> None:
    atlas_map.polygons(page, zones.geometry, look.COLOURS["no_data"], z=1, hatch=True)


# --- 缺口 -----------------------------------------------------------------------------------------------------------


def gap_sheet(maker: Maker, rule: str) -> Page | None:
    """Return the sheet of one indicator's flags, or None where no zone of the finest level is judged by it."""
    outcome, lang, base, names = maker.outcome, maker.lang, maker.base, maker.names
    zones = base.zones(base.finest)
    flags = outcome.flags[outcome.flags["rule_id"] == rule].set_index("zone_id")
    flags = flags.reindex(zones.index)
    state = flags["flagged"].astype("boolean")
    if state.isna().all():
        return None
    yes, no = state.fillna(value=False).to_numpy(dtype=bool), (~state).fillna(value=False).to_numpy(dtype=bool)
    page = maker.whole(word("gap", lang, indicator=names.rule(rule)), _rule_basis(maker, flags))
    flag, calm = look.COLOURS["flag"], look.COLOURS["not_flagged"]
    atlas_map.polygons(page, zones.geometry[yes], flag, z=1, alpha=FILL_ALPHA)
    atlas_map.polygons(page, zones.geometry[no], calm, z=1)
    _hatched(page, zones[~yes & ~no])
    atlas_map.boundaries(page, base)
    worst = flags[yes].sort_values("people_affected", ascending=False, kind="stable")
    _numbers(page, zones.loc[worst.index[:WORST]])
    maker.zone_names(page)
    unit = _gap_unit(maker, rule, flags)
    level = look.label(base.finest, lang)
    told = word("flagged_of", lang, level=level, judged=int((yes | no).sum()), unknown=int((~yes & ~no).sum()))
    page.figure_line(look.whole(int(yes.sum())), told, colour=flag)
    short, people = flags["shortfall"][yes].sum(), flags["people_affected"][yes].sum()
    page.figure_line(look.whole(short), word("short", lang, unit=unit), colour=flag)
    if unit != look.label("unit_people", lang):
        page.figure_line(look.whole(people), word("affected", lang), colour=flag)
    for line in _rule_words(maker, rule):
        page.note(line, lines=2)
    marks = [
        Mark("fill", flag, word("flagged", lang), alpha=FILL_ALPHA),
        Mark("fill", calm, word("not_flagged", lang)),
        Mark("hatch", look.COLOURS["no_data"], word("no_data", lang)),
        Mark("number", look.COLOURS["ink"], word("number_mark", lang)),
    ]
    page.legend([*marks, *atlas_map.boundary_marks(base)])
    _worst_table(maker, page, worst, unit)
    return page


def _numbers(page: Page, zones: gpd.GeoDataFrame) -> None:
    """Set the serial numbers of the worst zones on the map, moved aside where two would touch."""
    for number, shape in enumerate(zones.geometry, start=1):
        x, y = atlas_map.anchor(shape, page)
        if x is None or y is None:
            continue
        for dx, dy in ((0, 0), (3.4, 0), (-3.4, 0), (0, 3.4), (0, -3.4), (3.4, 3.4), (-3.4, -3.4)):
            box = (x + dx - 1.6, y + dy - 1.6, 3.2, 3.2)
            if page.free(box):
                page.taken.append(box)
                page.number_mark(x + dx, y + dy, str(number))
                break


def _worst_table(maker: Maker, page: Page, worst: pd.DataFrame, unit: str) -> None:
    lang, names, base = maker.lang, maker.names, maker.base
    above = base.coarse[-1] if base.coarse else ""
    page.heading(word("worst", lang))
    columns = [Col(word("no", lang), 9)]
    columns += [Col(look.label(above, lang), 24)] if above else []
    columns += [
        Col(look.label(base.finest, lang), 25 if above else 49),
        Col(word("worst_short", lang, unit=unit), 17, right=True),
        Col(word("people", lang), 17, right=True),
    ]
    rows = []
    for number, (zone, row) in enumerate(zip(worst.index, rows_of(worst), strict=True), start=1):
        place = [names.above(zone, above)] if above else []
        figures = [look.whole(row["shortfall"]), look.whole(row["people_affected"])]
        rows.append([str(number), *place, names.zone(zone), *figures])
    shown = page.table(columns, rows[:WORST], points=7.5)
    if shown < len(rows):
        page.note(word("more_book", lang, count=len(rows) - shown), points=7.5)


def _gap_unit(maker: Maker, rule: str, flags: pd.DataFrame) -> str:
    own = flags["unit"].dropna()
    said = maker.names.of_rule(rule, f"gap_unit_{maker.lang}")
    return str(said) if said else look.unit(own.iloc[0] if len(own) else "", maker.lang)


def _rule_basis(maker: Maker, flags: pd.DataFrame) -> str:
    """Return the basis that the flags name, else that of all groups, and the level's note."""
    own = flags.get(f"note_{maker.lang}", pd.Series(dtype=object)).dropna()
    note = str(own.iloc[0]) if len(own) and str(own.iloc[0]) else ""
    if not note and not flags["own_level"].fillna(value=True).astype(bool).all():
        note = look.label("own_level_note", maker.lang)
    return f"{maker.stamp.basis}{'。' if maker.lang == 'zh' else '. '}{note}" if note else maker.stamp.basis


def _rule_words(maker: Maker, rule: str) -> list[str]:
    lang, names = maker.lang, maker.names
    target, cited = names.of_rule(rule, f"target_text_{lang}"), names.of_rule(rule, f"cited_{lang}")
    unit, comma = names.of_rule(rule, f"unit_{lang}"), "，" if lang == "zh" else ", "
    lines = []
    if target and value_kind(names, rule) != "share":
        lines.append(word("standard", lang, standard=f"{target}{comma}{unit}" if unit else target))
    elif target:
        lines.append(word("standard", lang, standard=target))
    return [*lines, word("clause", lang, clause=cited)] if cited else lines


# --- 项目库 ---------------------------------------------------------------------------------------------------------


def projects_sheet(maker: Maker) -> Page:
    """Return 规划布局与项目库: planned facilities, projects with their numbers, and what they do for the indicators."""
    outcome, lang = maker.outcome, maker.lang
    projects, planned = outcome.projects, maker.base.planned
    page = maker.whole(word("projects", lang))
    atlas_map.boundaries(page, maker.base)
    existing = maker.base.facilities
    atlas_map.facilities(page, existing, size=0.5 * atlas_map.mark_size(page, existing))
    if page.map is not None and len(planned):
        page.map.scatter(
            planned["x"], planned["y"], s=46, marker="o", facecolor=look.COLOURS["paper"], zorder=6.5,
            edgecolor=look.COLOURS["accent"], linewidth=1.2,
        )  # fmt: skip
    if len(projects):
        for number, shape in enumerate(projects.geometry, start=1):
            if shape is not None and not shape.is_empty:
                x, y = page.on_paper(shape.x, shape.y)
                page.taken.append((x - 1.8, y - 1.8, 3.6, 3.6))
                page.number_mark(x, y, str(number), colour=look.COLOURS["flag"])
    maker.zone_names(page)
    if len(projects):
        page.figure_line(look.whole(len(projects)), word("project_count", lang))
    if len(planned):
        page.figure_line(look.whole(len(planned)), word("planned_count", lang))
    marks = [Mark("number", look.COLOURS["flag"], word("project_list", lang))] if len(projects) else []
    if len(planned):
        marks.append(
            Mark("mark", look.COLOURS["paper"], word("planned_list", lang), edge=look.COLOURS["accent"])
        )
    page.legend([*marks, *kind_marks(existing), *atlas_map.boundary_marks(maker.base)])
    _support_table(maker, page)
    _project_table(maker, page)
    return page


def _project_table(maker: Maker, page: Page) -> None:
    lang, projects, planned = maker.lang, maker.outcome.projects, maker.base.planned
    if len(projects):
        page.heading(word("project_list", lang))
        columns = [
            Col(word("no", lang), 9), Col(word("project", lang), 37), Col(word("works", lang), 13),
            Col(word("content", lang), 22), Col(word("open", lang), 11, right=True),
        ]  # fmt: skip
        rows = [
            [str(number), str(row["name"]), _works(row.get("works"), lang), _content(row, lang), _year(row)]
            for number, row in enumerate(rows_of(projects), start=1)
        ]
        shown = page.table(columns, rows, points=7.5)
        if shown < len(rows):
            page.note(word("more_book", lang, count=len(rows) - shown), points=7.5)
    if len(planned) and page.cursor - page.floor > 20:
        page.heading(word("planned_list", lang))
        columns = [Col(look.label("name", lang), 66), Col(look.label("status", lang), 26)]
        page.table(
            columns, [[str(p.name), look.label(p.status, lang)] for p in planned.itertuples(index=False)], points=7.5
        )


def _support_table(maker: Maker, page: Page) -> None:
    lang, table = maker.lang, maker.outcome.support
    if empty(table):
        return
    page.heading(word("support", lang))
    columns = [Col(look.label("indicator", lang), 52), Col(word("before", lang), 20), Col(word("after", lang), 20)]
    rows, fills = [], []
    for row in rows_of(table):
        before, after = str(row["verdict_before"]), str(row["verdict_after"])
        rows.append([maker.names.rule(str(row["rule_id"])), look.label(before, lang), look.label(after, lang)])
        fills.append(["", "", look.VERDICT_COLOURS["met"] if after == "met" and before != "met" else ""])
    page.table(columns, rows[:12], points=7.5, fills=fills)


def _works(value: object, lang: str) -> str:
    text = "" if look.missing(value) else str(value)
    return word(f"works_{text}", lang) if text in ("new", "extend", "buy", "swap", "rent") else text


def _content(row: Mapping[str, Any], lang: str) -> str:
    """Return what a project adds: beds, else places, else floor area."""
    for column, unit in (("beds", "beds"), ("places", "places"), ("floor_area_m2", "m2")):
        value = row.get(column)
        if not look.missing(value) and float(value or 0) > 0:
            return f"{look.whole(float(value or 0))} {look.unit(unit, lang)}"
    return look.label("none", lang)


def _year(row: Mapping[str, Any]) -> str:
    value = row.get("open_year")
    return look.label("none", "zh") if look.missing(value) else f"{float(value or np.nan):.0f}"
