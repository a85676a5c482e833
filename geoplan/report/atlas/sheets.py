"""The sheets of the atlas: facilities, circles, coverage, flags by indicator, projects, sites, and one sheet a town.

Figures, tables and classes are those of the content; a sheet says where on the paper each stands.
"""

from collections.abc import Iterator, Mapping, Sequence

import geopandas as gpd
import pandas as pd
import shapely

from geoplan.report import look
from geoplan.report.atlas import map as atlas_map
from geoplan.report.atlas.canvas import MAP, Mark, Stamp, word
from geoplan.report.atlas.frame import Page
from geoplan.report.content import headline, projects, sites, stock, zone_views
from geoplan.report.content.basemap import BaseMap
from geoplan.report.content.names import Names, empty, rows_of
from geoplan.report.content.shortfalls import flag_rules
from geoplan.report.content.table import Amount, Figure
from geoplan.report.content.zone_views import FlagMatrix, ZoneView, flag_matrix
from geoplan.report.look.fonts import Face
from geoplan.tables import Outcome
from geoplan.words.catalogue import phrase
from geoplan.words.numbers import format_number

#: Most zones whose names fit on a sheet of the whole area.
NAMED = 60
#: A paper fill under streets and names must stay light.
FILL_ALPHA = 0.75
#: Zones that stand in the table of the worst; their numbers stand on the map.
WORST = 25
#: Most indicators whose columns fit into the side column.
MOST_RULES = 7
#: Columns of the table on a sheet that goes on with a long table.
BLOCKS = 3
#: Sizes of type of a town's table, points; the smaller ones where the table then needs no further sheet.
TABLE_POINTS = (7.0, 6.5, 6.0, 5.5)
#: Candidates that are drawn with room around them for names.
FEW_CANDIDATES = 200


class Maker:
    """What every sheet is made with: the base, the font, and the words of the title block."""

    def __init__(self, outcome: Outcome, base: BaseMap, face: Face, stamp: Stamp) -> None:
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

    def view(self, title: str, view: ZoneView) -> Page:
        """Return a new sheet of the whole area with the finest zones in the classes of a view."""
        page = self.whole(title, self.basis(*view.notes))
        atlas_map.classes(page, self.base.zones(self.base.finest), view, alpha=FILL_ALPHA)
        atlas_map.boundaries(page, self.base)
        return page

    def basis(self, *notes: str) -> str:
        """Return the line above the title block: whom the figures count, the clause, and every caveat."""
        return phrase("join_semicolon", self.lang).join(dict.fromkeys(note for note in notes if note))

    def facilities(self, page: Page, *, size: float, service: int | None = None) -> list[Mark]:
        """Draw the facilities, those of one service only where it is given, and return their lines of the legend."""
        table = self.base.facilities
        own = table if service is None else table[table["service"] == service]
        atlas_map.facilities(page, self.base, own, size=size * atlas_map.mark_size(page, own))
        return [*atlas_map.kind_marks(self.base, own), *atlas_map.boundary_marks(self.base)]

    def zone_names(self, page: Page, texts: Mapping[str, str] | None = None) -> None:
        """Set the names of the zones one level above the finest; of the finest where there are few."""
        base = self.base
        for level in base.coarse[-1:]:
            zones = base.zones(level)
            zones = zones[[bool(base.above(str(z)).any()) for z in zones.index]]
            atlas_map.names(page, zones, texts, points=12)
        if len(base.zones(base.finest)) <= NAMED:
            atlas_map.names(page, base.zones(base.finest), points=8)


def sheets(maker: Maker) -> Iterator[Page]:
    """Yield every sheet behind the index."""
    outcome, base = maker.outcome, maker.base
    yield facilities_sheet(maker)
    for place, service in enumerate(outcome.services):
        yield isochrone_sheet(maker, service, place)
        yield share_sheet(maker, service, place)
    for rule, rows in flag_rules(outcome.flags).items():
        view = zone_views.flag_view(base, maker.names, rule, rows)
        # a rule that judges no zone of the finest level has nothing to show there
        no_data = len(view.classes) - 1
        if any(
            c != no_data
            for z, c in zip(view.zones, view.of_class, strict=True)
            if maker.names.level(z) == base.finest
        ):
            yield gap_sheet(maker, view)
    if len(outcome.projects) or len(base.planned):
        yield projects_sheet(maker)
    if not sites.chosen(outcome).empty:
        yield sites_sheet(maker)
    level = base.coarse[-1] if base.coarse else ""
    for zone in base.zones(level).index if level else ():
        zones = base.below(str(zone))
        if len(zones):
            yield from town_sheets(
                maker, str(zone), flag_matrix(outcome, maker.names, zones, most=MOST_RULES)
            )


# --- facilities and circles -----------------------------------------------------------------------------------------


def facilities_sheet(maker: Maker) -> Page:
    """Return 设施现状图: every facility in the run by kind and size, and what stands in the study area."""
    outcome, base = maker.outcome, maker.base
    page = maker.whole(word("facilities", maker.lang))
    atlas_map.boundaries(page, base)
    legend = maker.facilities(page, size=1.0)
    maker.zone_names(page)
    page.figure_lines(stock.stock_figures(outcome))
    page.legend(legend)
    page.note(word("size_note", maker.lang))
    page.side_table(stock.stock_table(outcome), points=8)
    if base.coarse:
        page.side_table(stock.stock_by_zone(outcome, base.coarse[-1]), points=8)
    return page


def isochrone_sheet(maker: Maker, service: str, place: int) -> Page:
    """Return the sheet of one service's circle: isochrones, its facilities, and the covered share of each zone."""
    outcome, lang, base = maker.outcome, maker.lang, maker.base
    entry, name = outcome.services[service], outcome.services[service].label(lang)
    view = zone_views.share_view(base, maker.names, service, "network")
    title = word("isochrones", lang, minutes=f"{entry.walk_minutes:g}", service=name)
    page = maker.whole(title, maker.basis(*view.notes, view.title))
    # the nearest band is the darkest
    bands = atlas_map.bands(page, base.isochrones(service), look.SEQUENTIAL, alpha=FILL_ALPHA)
    atlas_map.boundaries(page, base)
    legend = maker.facilities(page, size=0.75, service=place)
    shares = base.circle(service)["share"]
    texts = {
        str(z): f"{maker.names.zone(z)} {format_number(shares.get(z), 'percent')}"
        for z in outcome.zones.index
    }
    maker.zone_names(page, texts)
    _coverage(maker, page, service)
    marks = [
        Mark("fill", colour, word("band", lang, minutes=f"{m:g}"), alpha=FILL_ALPHA) for m, colour in bands
    ]
    page.legend([*marks, *legend])
    page.side_table(zone_views.listing(base, view, base.coarse[-1] if base.coarse else base.finest), points=8)
    return page


def share_sheet(maker: Maker, service: str, place: int) -> Page:
    """Return the sheet of one service's coverage: the covered share of every finest zone in the usual classes."""
    base, name = maker.base, maker.outcome.services[service].label(maker.lang)
    view = zone_views.share_view(base, maker.names, service, "network")
    page = maker.view(word("share", maker.lang, service=name), view)
    legend = maker.facilities(page, size=0.7, service=place)
    maker.zone_names(page)
    _coverage(maker, page, service)
    page.legend(atlas_map.class_marks(view.classes, view.of_class, alpha=FILL_ALPHA), heading=view.what)
    page.legend(legend)
    page.side_table(zone_views.listing(base, view, base.coarse[-1] if base.coarse else base.finest), points=8)
    return page


def _coverage(maker: Maker, page: Page, service: str) -> None:
    """Set the area's covered share and people outside, and what the other measures give."""
    covered, *outside = headline.coverage_figures(maker.outcome, service) or (None,)
    if covered is not None:
        page.figure_lines([covered])
        page.figure_lines(outside, colour=look.COLOURS["flag"])
        page.side_table(headline.coverage_measures(maker.outcome, service), points=8)


# --- flags ----------------------------------------------------------------------------------------------------------


def gap_sheet(maker: Maker, view: ZoneView) -> Page:
    """Return the sheet of one indicator's flags, the worst zones numbered on the map and in the table."""
    base = maker.base
    page = maker.view(word("gap", maker.lang, indicator=view.title), view)
    worst = [view.zones[row] for row in view.worst() if maker.names.level(view.zones[row]) == base.finest]
    _numbers(page, base.zones(base.finest).loc[worst[:WORST]])
    maker.zone_names(page)
    page.figure_lines(view.figures[base.finest], colour=look.COLOURS["flag"])
    marks = atlas_map.class_marks(view.classes, view.of_class, alpha=FILL_ALPHA)
    number = Mark("number", look.COLOURS["ink"], word("number_mark", maker.lang))
    page.legend([*marks, number, *atlas_map.boundary_marks(base)])
    page.side_table(zone_views.listing(base, view, base.finest, worst=True).first(WORST))
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


def town_sheets(maker: Maker, zone_id: str, matrix: FlagMatrix) -> Iterator[Page]:
    """Yield the town's sheet, and sheets that go on with its table while the rest fills half of one; less stands in the workbook."""
    lang, base, name = maker.lang, maker.base, maker.names.zone(zone_id)
    page = maker.page(word("town", lang, zone=name))
    page.map_axes(atlas_map.extent(matrix.zones.geometry))
    atlas_map.locator(page, base, zone_id)
    atlas_map.ground(page, base)
    atlas_map.classes(page, matrix.zones, matrix, alpha=0.85)
    atlas_map.streets(page, base)
    outside = base.zones(base.finest)[~base.above(zone_id)]
    atlas_map.polygons(page, outside.geometry, look.COLOURS["ground"], z=3.5, alpha=0.7)
    atlas_map.boundaries(page, base, near=True)
    own = _facilities_near(maker, matrix.zones)
    atlas_map.facilities(page, base, own, size=atlas_map.mark_size(page, own))
    _label(page, matrix)
    page.figure_lines([matrix.figure], colour=look.COLOURS["flag"])
    marks = atlas_map.class_marks(matrix.classes, matrix.of_class, alpha=0.85)
    page.legend([*marks, *atlas_map.kind_marks(base, own), *atlas_map.boundary_marks(base, near=True)])
    _indicators(maker, page, matrix)
    # the sentence that says where the rest stands is below
    page.floor += 4
    rows, side = len(matrix.table.rows), page.side()
    fits = {points: page.rows_that_fit(matrix.table, side, points=points) for points in TABLE_POINTS}
    wide = (MAP[2] - 12 - 4 * (BLOCKS - 1)) / BLOCKS
    boxes = [(MAP[0] + 6 + block * (wide + 4), MAP[1] + 6, wide, MAP[3] - 12) for block in range(BLOCKS)]
    usual, small = TABLE_POINTS[0], TABLE_POINTS[-1]
    half = BLOCKS * page.rows_that_fit(matrix.table, boxes[0], points=usual) / 2
    # a table that fits in smaller type needs no further sheet; nor has one whose rest is too short for it
    points = next(
        (p for p in TABLE_POINTS if fits[p] >= rows), usual if rows - fits[usual] >= half else small
    )
    shown = page.table(matrix.table, points=points)
    page.floor -= 4
    while rows - shown >= half:
        page.note(word("more_rows", lang, count=rows - shown), points=6.5)
        yield page
        page = maker.page(word("town_more", lang, zone=name))
        _indicators(maker, page, matrix)
        for box in boxes:
            if shown < rows:
                shown += page.table(matrix.table, box=box, points=usual, first=shown)
    if shown < rows:
        page.note(phrase("table_more", lang, count=rows - shown), points=6.5)
    yield page


def _indicators(maker: Maker, page: Page, matrix: FlagMatrix) -> None:
    """Say what the numbered columns of the table are."""
    page.heading(matrix.table.title)
    for line in matrix.indicators:
        page.note(line, points=7.5, lines=2, colour=look.COLOURS["ink"])
        page.cursor += 1.2
    page.cursor -= 1.5
    if matrix.more:
        page.note(word("more_rules", maker.lang, count=matrix.more), points=6.5)
    for note in matrix.table.notes:
        page.note(note, points=7)


def _facilities_near(maker: Maker, zones: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the facilities of the town and those that its people may walk to from its edge."""
    table = maker.base.facilities
    walk = max((service.straight_m for service in maker.outcome.services.values()), default=0.0)
    near = shapely.buffer(zones.geometry.union_all(), walk, quad_segs=4)
    inside = shapely.contains_xy(near, table.geometry.x, table.geometry.y) & (table["service"] >= 0)
    found: gpd.GeoDataFrame = table.loc[inside]
    return found


def _label(page: Page, matrix: FlagMatrix) -> None:
    """Set number and name of each zone, the worst first; where that has no room, its number alone."""
    points = 9.0 if len(matrix.zones) <= 40 else 6.5
    later = []
    for number, (shape, name) in enumerate(
        zip(matrix.zones.geometry, matrix.zones["name"], strict=True), start=1
    ):
        x, y = atlas_map.anchor(shape, page)
        if x is None or y is None:
            continue
        text = f"{number} {name}"
        room = (shape.bounds[2] - shape.bounds[0]) / (page.scale or 1.0) * 1000 * 1.25
        if page.face.width(text, points) > room or not page.label(x, y, text, points):
            later.append((x, y, str(number)))
    for x, y, text in later:
        page.label(x, y, text, points)


# --- projects and sites ---------------------------------------------------------------------------------------------


def projects_sheet(maker: Maker) -> Page:
    """Return 规划布局与项目库: planned facilities, projects with their numbers, and what they do for the indicators."""
    outcome, lang, planned = maker.outcome, maker.lang, maker.base.planned
    page = maker.whole(word("projects", lang))
    atlas_map.boundaries(page, maker.base)
    legend = maker.facilities(page, size=0.5)
    accent, flag, marks = look.COLOURS["accent"], look.COLOURS["flag"], []
    if len(planned):
        atlas_map.points(page, planned, size=46, shape="o", edge=accent, width=1.2, z=6.5)
        marks.append(Mark("mark", look.COLOURS["paper"], word("planned_list", lang), edge=accent))
    if len(outcome.projects):
        for number, shape in enumerate(outcome.projects.geometry, start=1):
            if shape is not None and not shape.is_empty:
                x, y = page.on_paper(shape.x, shape.y)
                page.taken.append((x - 1.8, y - 1.8, 3.6, 3.6))
                page.number_mark(x, y, str(number), colour=flag)
        marks.insert(0, Mark("number", flag, word("project_list", lang)))
    maker.zone_names(page)
    counts = (
        (word("project_count", lang), len(outcome.projects)),
        (word("planned_count", lang), len(planned)),
    )
    page.figure_lines([Figure(name, Amount.of(count, "count")) for name, count in counts if count])
    page.legend([*marks, *legend])
    support = projects.project_support_table(outcome)
    page.side_table(None if support is None else support.first(12))
    page.side_table(projects.projects_table(outcome))
    return page


def sites_sheet(maker: Maker) -> Page:
    """Return 选址布局图: the adopted sites by order and phase over their isochrones, candidates, and the table of sites."""
    outcome, lang, base = maker.outcome, maker.lang, maker.base
    own = sites.chosen(outcome)
    page = maker.whole(phrase("basemap_sites_map", lang))
    bands = _site_isochrones(maker, page)
    atlas_map.boundaries(page, base)
    legend = maker.facilities(page, size=0.5)
    left = _candidates(maker, page, own)
    _site_marks(page, own)
    maker.zone_names(page)
    counted = Figure(phrase("basemap_sites_count", lang), Amount.of(len(own), "count"))
    page.figure_lines([counted], colour=look.SITE_EDGE)
    for sentence in sites.answer_sentences(outcome):
        page.note(sentence, points=8, lines=5, colour=look.COLOURS["ink"])
    page.legend([*_site_legend(maker, own, bands, candidates=left), *legend])
    page.side_table(sites.sites_table(outcome), points=7)
    return page


def _site_isochrones(maker: Maker, page: Page) -> list[tuple[float, str]]:
    """Fill the sites' isochrones, the nearest band darkest, and return minutes and colour of each."""
    table = maker.outcome.site_isochrones
    if empty(table):
        return []
    # several services give one picture: the area from which people reach some site
    merged = table.dissolve("minutes").reset_index().sort_values("minutes", ascending=False)
    return atlas_map.bands(page, merged, look.SITE_BANDS, alpha=FILL_ALPHA)


def _candidates(maker: Maker, page: Page, own: pd.DataFrame) -> bool:
    """Draw the candidates that were not chosen as small hollow squares, and return whether there are any."""
    left, _ = maker.base.candidates_left(set(own["candidate_id"]))
    few = len(left) <= FEW_CANDIDATES
    atlas_map.points(page, left, size=16 if few else 5, shape="s", edge=look.SITE_EDGE, width=0.6, z=6.2)
    if few:
        # names keep clear of them while that leaves any room
        for x, y in (page.on_paper(shape.x, shape.y) for shape in left.geometry):
            page.taken.append((x - 1.2, y - 1.2, 2.4, 2.4))
    return len(left) > 0


def _site_marks(page: Page, own: gpd.GeoDataFrame) -> None:
    """Draw the sites: a numbered disc by phase, in a dashed ring where nobody has offered the place."""
    points = 7.0 if len(own) > 99 else 9.0
    placed = list(zip(rows_of(own), own.geometry, sites.phase_places(own), strict=True))
    # the first to open lie above the later ones
    for row, shape, phase in reversed(placed):
        if shape is None or shape.is_empty:
            continue
        x, y = page.on_paper(shape.x, shape.y)
        page.taken.append((x - 3.4, y - 3.4, 6.8, 6.8))
        if sites.is_generated(row):
            page.paper.scatter(
                [x], [y], s=340, facecolor="none", edgecolor=look.SITE_EDGE, linewidth=1.0,
                linestyle=(0, (2.2, 1.6)), zorder=7,
            )  # fmt: skip
        page.paper.scatter(
            [x], [y], s=175, facecolor=look.site_colour(phase), edgecolor=look.site_edge(phase), linewidth=0.8,
            zorder=7,
        )  # fmt: skip
        page.text(
            x, y, f"{float(row['order']):.0f}", points, colour=look.site_ink(phase), align="center", z=8
        )


def _site_legend(
    maker: Maker, own: pd.DataFrame, bands: Sequence[tuple[float, str]], *, candidates: bool
) -> list[Mark]:
    lang, paper, edge = maker.lang, look.COLOURS["paper"], look.SITE_EDGE
    names = [sites.phase_name(year, lang) for year in sites.phases(own)] or [phrase("basemap_sites", lang)]
    marks = [Mark("mark", look.site_colour(k), name, edge=edge) for k, name in enumerate(names)]
    if any(sites.is_generated(row) for row in rows_of(own)):
        marks.append(Mark("ring", edge, phrase("sites_intent_area", lang)))
    if candidates:
        marks.append(Mark("mark", paper, phrase("basemap_candidates", lang), shape="s", edge=edge))
    return marks + [
        Mark("fill", colour, phrase("basemap_site_band", lang, minutes=f"{m:g}"), alpha=FILL_ALPHA)
        for m, colour in bands
    ]
