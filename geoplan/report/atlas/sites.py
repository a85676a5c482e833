"""The sheet of the atlas that shows where to build: 选址布局图, with the sites' table and what is proven of them."""

import geopandas as gpd
import numpy as np

from geoplan.report import look
from geoplan.report.atlas import map as atlas_map
from geoplan.report.atlas.canvas import Col, Mark, word
from geoplan.report.atlas.frame import Page
from geoplan.report.atlas.sheets import FILL_ALPHA, Maker
from geoplan.report.content import sites_facts
from geoplan.report.content.sheet import empty, present, rows_of, text

#: Candidates that are drawn at most; so many are taken evenly from the table.
MOST_CANDIDATES = 3000


def wanted(maker: Maker) -> bool:
    """Return whether there are sites to show."""
    return not sites_facts.chosen(maker.outcome).empty


def sites_sheet(maker: Maker) -> Page:
    """Return 选址布局图: the adopted sites by order and phase over their isochrones, candidates, and the table of sites."""
    outcome, lang = maker.outcome, maker.lang
    answer, sites = sites_facts.adopted(outcome), sites_facts.chosen(outcome)
    page = maker.whole(look.label("siting_map_atlas", lang))
    bands = _isochrones(maker, page)
    atlas_map.boundaries(page, maker.base)
    existing = maker.base.facilities
    atlas_map.facilities(page, maker.base, existing, size=0.5 * atlas_map.mark_size(page, existing))
    left = _candidates(maker, page)
    _marks(page, sites)
    maker.zone_names(page)
    page.figure_line(
        look.whole(len(sites)), look.label("siting_map_atlas_count", lang), colour=look.SITE_EDGE
    )
    known = sites["cost"].dropna()
    if len(known):
        said = sites_facts.cost_sum_said(sites, lang)
        page.figure_line(
            look.whole(float(known.sum())),
            look.label("siting_map_atlas_cost", lang) if len(known) == len(sites) else said,
            colour=look.SITE_EDGE,
        )
    if answer is not None:
        page.note(text(answer["label"]) or text(answer["question"]), points=8, lines=3)
        before, objective = (
            sites_facts.value_said(answer[key], answer["unit"], lang) for key in ("before", "objective")
        )
        said = look.sentence(
            "siting_page_aim", lang, aim=text(answer["aim"]), before=before, objective=objective, bound="",
            proof=sites_facts.proof(answer, lang),
        )  # fmt: skip
        page.note(said, points=8, lines=4, colour=look.COLOURS["ink"])
    _legend(maker, page, bands, left)
    _table(maker, page)
    if any(sites_facts.is_generated(row) for row in rows_of(sites)):
        page.note(look.label("siting_page_intent_note", lang), points=7)
    return page


def _isochrones(maker: Maker, page: Page) -> list[tuple[float, str]]:
    """Fill the sites' isochrones, the nearest band darkest, and return minutes and colour of each."""
    outcome = maker.outcome
    if empty(outcome.site_isochrones):
        return []
    # several services give one picture: the area from which people reach some site
    merged = outcome.site_isochrones.dissolve("minutes").sort_index(ascending=False)
    shapes = [atlas_map.closed(shape, page) for shape in merged.geometry]
    ramp = ["#dfe5fb", "#c3cdf6", "#a3b2ef", "#8498e6"][-len(shapes) :]
    ramp = [ramp[0]] * (len(shapes) - len(ramp)) + ramp
    for place, shape in enumerate(shapes):
        ring = shape.difference(shapes[place + 1]) if place + 1 < len(shapes) else shape
        own = gpd.GeoSeries([ring], crs=outcome.crs)
        atlas_map.polygons(page, own, ramp[place], z=3.2 + 0.1 * place, alpha=FILL_ALPHA)
    return [(float(m), colour) for m, colour in zip(merged.index, ramp, strict=True)][::-1]


def _candidates(maker: Maker, page: Page) -> bool:
    """Draw the candidates that were not chosen as small hollow squares, and return whether there are any."""
    table = maker.outcome.candidates
    if empty(table) or page.map is None:
        return False
    taken = set(sites_facts.chosen(maker.outcome)["candidate_id"])
    own = table[~table.index.isin(taken) & table.geometry.notna()]
    if len(own) > MOST_CANDIDATES:
        own = own.iloc[np.linspace(0, len(own) - 1, MOST_CANDIDATES).round().astype(int)]
    size = 16 if len(own) <= 200 else 5
    page.map.scatter(
        own.geometry.x, own.geometry.y, s=size, marker="s", facecolor=look.COLOURS["paper"],
        edgecolor=look.SITE_EDGE, linewidth=0.6, zorder=6.2,
    )  # fmt: skip
    if len(own) <= 200:
        # names keep clear of them while that leaves any room
        for x, y in (page.on_paper(shape.x, shape.y) for shape in own.geometry):
            page.taken.append((x - 1.2, y - 1.2, 2.4, 2.4))
    return len(own) > 0


def _marks(page: Page, sites: gpd.GeoDataFrame) -> None:
    """Draw the sites: a numbered disc by phase, in a dashed ring where nobody has offered the place."""
    phases = sites_facts.phase_place(sites)
    small = len(sites) > 99
    # the first to open lie above the later ones
    for row, shape, phase in reversed(list(zip(rows_of(sites), sites.geometry, phases, strict=True))):
        if shape is None or shape.is_empty:
            continue
        x, y = page.on_paper(shape.x, shape.y)
        page.taken.append((x - 3.4, y - 3.4, 6.8, 6.8))
        if sites_facts.is_generated(row):
            page.paper.scatter(
                [x], [y], s=340, facecolor="none", edgecolor=look.SITE_EDGE, linewidth=1.0,
                linestyle=(0, (2.2, 1.6)), zorder=7,
            )  # fmt: skip
        page.paper.scatter(
            [x], [y], s=175, facecolor=look.site_colour(phase), edgecolor=look.site_edge(phase), linewidth=0.8,
            zorder=7,
        )  # fmt: skip
        page.text(
            x, y, f"{float(row['order']):.0f}", 7.0 if small else 9.0, colour=look.site_ink(phase),
            align="center", z=8,
        )  # fmt: skip


def _legend(maker: Maker, page: Page, bands: list[tuple[float, str]], candidates: bool) -> None:
    lang, sites = maker.lang, sites_facts.chosen(maker.outcome)
    paper, edge = look.COLOURS["paper"], look.SITE_EDGE
    years = sites_facts.phases(sites)
    names = [sites_facts.phase_said(year, lang) for year in years] or [look.label("siting_map_sites", lang)]
    marks = [Mark("mark", look.site_colour(k), name, edge=look.SITE_EDGE) for k, name in enumerate(names)]
    if any(sites_facts.is_generated(row) for row in rows_of(sites)):
        marks.append(Mark("ring", edge, look.label("siting_page_intent_area", lang)))
    if candidates:
        marks.append(Mark("mark", paper, look.label("siting_map_candidates", lang), shape="s", edge=edge))
    marks += [
        Mark("fill", colour, look.sentence("siting_map_atlas_band", lang, minutes=f"{m:g}"), alpha=FILL_ALPHA)
        for m, colour in bands
    ]
    page.legend(
        [
            *marks,
            *atlas_map.kind_marks(maker.base, maker.base.facilities),
            *atlas_map.boundary_marks(maker.base),
        ]
    )


def _table(maker: Maker, page: Page) -> None:
    """Set the table of sites, as many as there is room for."""
    lang, unit = maker.lang, sites_facts.gain_unit(maker.outcome)
    sites = sites_facts.chosen(maker.outcome)
    page.heading(look.label("siting_page_sites_table", lang))
    columns = [
        Col(word("no", lang), 8), Col(word("project", lang), 24), Col(word("works", lang), 14),
        Col(look.label("siting_page_size", lang), 16, right=True),
        Col(look.label("siting_map_atlas_money", lang), 11, right=True),
        Col(look.label("siting_map_atlas_year", lang), 9, right=True),
        Col(look.label("siting_map_atlas_gain", lang), 10, right=True),
    ]  # fmt: skip
    rows = [
        [
            f"{float(row['order']):.0f}",
            text(row["name"]),
            sites_facts.works_said(row, lang),
            next(iter(sites_facts.size_parts(row, lang)), "—"),
            look.whole(row["cost"]),
            f"{float(row['phase']):.0f}" if present(row["phase"]) else "—",
            sites_facts.better(row["marginal"], unit, lang),
        ]
        for row in rows_of(sites)
    ]
    # room for the line that says what does not fit, and for what an area of intent is
    page.floor += 16
    shown = page.table(columns, rows, points=7)
    page.floor -= 16
    said = look.sentence("siting_map_atlas_note", lang, unit=sites_facts.unit_said(unit, lang))
    page.note(said, points=6.5, lines=2)
    if shown < len(rows):
        page.note(look.sentence("siting_map_atlas_more", lang, count=len(rows) - shown), points=7)
