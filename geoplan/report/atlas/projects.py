"""The sheet of the atlas that shows what is planned: 规划布局与项目库."""

from collections.abc import Mapping
from typing import Any

from geoplan.report import look
from geoplan.report.atlas import map as atlas_map
from geoplan.report.atlas.canvas import Col, Mark, word
from geoplan.report.atlas.frame import Page
from geoplan.report.atlas.sheets import Maker
from geoplan.report.content.sheet import empty, rows_of


def projects_sheet(maker: Maker) -> Page:
    """Return 规划布局与项目库: planned facilities, projects with their numbers, and what they do for the indicators."""
    outcome, lang = maker.outcome, maker.lang
    projects, planned = outcome.projects, maker.base.planned
    page = maker.whole(word("projects", lang))
    atlas_map.boundaries(page, maker.base)
    existing = maker.base.facilities
    atlas_map.facilities(page, maker.base, existing, size=0.5 * atlas_map.mark_size(page, existing))
    if page.map is not None and len(planned):
        page.map.scatter(
            planned.geometry.x, planned.geometry.y, s=46, marker="o", facecolor=look.COLOURS["paper"], zorder=6.5,
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
    page.legend([*marks, *atlas_map.kind_marks(maker.base, existing), *atlas_map.boundary_marks(maker.base)])
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
            columns,
            [[str(p.name), look.label(p.status, lang)] for p in planned.itertuples(index=False)],
            points=7.5,
        )


def _support_table(maker: Maker, page: Page) -> None:
    lang, table = maker.lang, maker.outcome.support
    if empty(table):
        return
    page.heading(word("support", lang))
    columns = [
        Col(look.label("indicator", lang), 52),
        Col(word("before", lang), 20),
        Col(word("after", lang), 20),
    ]
    rows, fills = [], []
    for row in rows_of(table):
        before, after = str(row["verdict_before"]), str(row["verdict_after"])
        rows.append(
            [maker.names.rule(str(row["rule_id"])), look.label(before, lang), look.label(after, lang)]
        )
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
    return "—" if value is None or look.missing(value) else f"{float(value):.0f}"
