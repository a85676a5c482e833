"""The sheets of the atlas that show the whole area: facilities, circles, coverage, flags by indicator, and projects."""

from collections.abc import Mapping

import geopandas as gpd
import pandas as pd

from geoplan.report import look
from geoplan.report.atlas import map as atlas_map
from geoplan.report.atlas.canvas import Col, Mark, Stamp, word
from geoplan.report.atlas.frame import Page
from geoplan.report.content.basemap import BaseMap
from geoplan.report.content.sheet import Names, rows_of
from geoplan.report.look.fonts import Face
from geoplan.tables import Outcome

#: Most zones whose names fit on a sheet of the whole area.
NAMED = 60
#: A paper fill under streets and names must stay light.
FILL_ALPHA = 0.75


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


# --- 现状设施 --------------------------------------------------------------------------------------------------------


def facilities_sheet(maker: Maker) -> Page:
    """Return 设施现状图: every facility in the run by kind and size, and what each kind holds."""
    outcome, lang, table = maker.outcome, maker.lang, maker.base.facilities
    page = maker.whole(word("facilities", lang))
    atlas_map.boundaries(page, maker.base)
    atlas_map.facilities(page, maker.base, table, size=atlas_map.mark_size(page, table))
    maker.zone_names(page)
    page.figure_line(look.whole(len(outcome.facilities)), word("counted", lang))
    missing = len(outcome.facilities) - len(table)
    page.note(word("placed_note", lang, placed=look.whole(len(table)), missing=look.whole(missing)))
    page.legend([*atlas_map.kind_marks(maker.base, table), *atlas_map.boundary_marks(maker.base)])
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
    _facilities_by_zone(maker, page)
    return page


def _facilities_by_zone(maker: Maker, page: Page) -> None:
    """Set how many facilities of each service stand in the zones above the finest; those in no zone are not counted."""
    outcome, lang, base = maker.outcome, maker.lang, maker.base
    if not base.coarse:
        return
    level = base.coarse[-1]
    names = list(outcome.services)[:3]
    zones = outcome.facilities["zone_id"].map(lambda zone: maker.names.above(zone, level))
    rows = []
    for zone in base.zones(level)["name"].map(str):
        of = outcome.facilities.loc[zones == zone, "services"]
        kinds = [set(outcome.services[name].facilities) for name in names]
        rows.append([zone, *[look.whole(sum(bool(k & set(own)) for own in of)) for k in kinds]])
    page.heading(word("facilities_by_zone", lang, level=look.label(level, lang)))
    heads = [Col(look.service_label(outcome.services, name, lang), 18, right=True) for name in names]
    shown = page.table([Col(look.label(level, lang), 92 - 18 * len(names)), *heads], rows)
    if shown < len(rows):
        page.note(word("more_book", lang, count=len(rows) - shown), points=7.5)


def _amounts(supplies: pd.DataFrame, ids: pd.Index, supply: str) -> str:
    own = supplies[(supplies["supply"] == supply) & supplies["facility_id"].isin(ids)]
    return look.interval(own["low"].sum(), own["high"].sum()) if len(own) else look.label("none", "zh")


# --- 服务圈 ---------------------------------------------------------------------------------------------------------


def isochrone_sheet(maker: Maker, service: str) -> Page:
    """Return the sheet of one service's circle: isochrones, its facilities, and the covered share of each zone."""
    outcome, lang = maker.outcome, maker.lang
    entry, name = outcome.services[service], look.service_label(outcome.services, service, lang)
    title = word("isochrones", lang, minutes=f"{entry.walk_minutes:g}", service=name)
    page = maker.whole(title, _basis(maker, service))
    bands = maker.base.isochrones(service)
    # the nearest band is the darkest; the widest lies beneath
    dark = list(reversed(look.SEQUENTIAL))
    ramp = [dark[min(place, len(dark) - 1)] for place in reversed(range(len(bands)))]
    shapes = [atlas_map.closed(shape, page) for shape in bands.geometry]
    for place, shape in enumerate(shapes):
        # each band without the nearer ones, so that its colour is the one in the legend
        ring = shape.difference(shapes[place + 1]) if place + 1 < len(shapes) else shape
        own_ring = gpd.GeoSeries([ring], crs=outcome.crs)
        atlas_map.polygons(page, own_ring, ramp[place], z=3.2 + 0.1 * place, alpha=FILL_ALPHA)
    atlas_map.boundaries(page, maker.base)
    table = maker.base.facilities
    own = table[table["service"] == list(outcome.services).index(service)]
    atlas_map.facilities(page, maker.base, own, size=0.75 * atlas_map.mark_size(page, own))
    shares = maker.base.circle(service)["share"]
    maker.zone_names(
        page, {str(z): f"{maker.names.zone(z)} {look.share(shares.get(z))}" for z in outcome.zones.index}
    )
    _covered(maker, page, service)
    marks = [
        Mark("fill", colour, word("band", lang, minutes=f"{m:g}"), alpha=FILL_ALPHA)
        for m, colour in zip(reversed(list(bands["minutes"])), reversed(ramp), strict=True)
    ]
    page.legend([*marks, *atlas_map.kind_marks(maker.base, own), *atlas_map.boundary_marks(maker.base)])
    _share_table(maker, page, service)
    return page


def share_sheet(maker: Maker, service: str) -> Page:
    """Return the sheet of one service's coverage: the covered share of every finest zone in the usual classes."""
    outcome, lang, base = maker.outcome, maker.lang, maker.base
    name = look.service_label(outcome.services, service, lang)
    page = maker.whole(word("share", lang, service=name), _basis(maker, service))
    zones, scale = base.zones(base.finest), look.share_scale()
    shares = maker.base.circle(service)["share"].reindex(zones.index)
    classes = scale.classes(shares)
    known = zones[classes >= 0]
    fills = [scale.colours[c] for c in classes if c >= 0]
    atlas_map.polygons(page, known.geometry, fills, z=1, alpha=0.9)
    hatched(page, zones[classes < 0])
    atlas_map.boundaries(page, base)
    table = base.facilities
    own = table[table["service"] == list(outcome.services).index(service)]
    atlas_map.facilities(page, maker.base, own, size=0.7 * atlas_map.mark_size(page, own))
    maker.zone_names(page)
    _covered(maker, page, service)
    marks = [Mark("fill", c, t, alpha=0.9) for c, t in zip(scale.colours, scale.texts, strict=True)]
    if (classes < 0).any():
        marks.append(Mark("hatch", look.COLOURS["no_data"], word("no_data", lang)))
    group = outcome.services[service].group
    page.legend(marks, heading=look.of_group("share_of", group, lang))
    page.legend([*atlas_map.kind_marks(maker.base, own), *atlas_map.boundary_marks(base)])
    _share_table(maker, page, service)
    return page


def _basis(maker: Maker, service: str) -> str:
    """Return whom the service's figures count, by which measure, in which year."""
    outcome, lang = maker.outcome, maker.lang
    entry = outcome.services[service]
    people = look.basis(outcome.groups, entry.group, lang)
    return f"{people}；{look.measure_label(entry, 'network', lang)}" if lang == "zh" else (
        f"{people}; {look.measure_label(entry, 'network', lang)}"
    )  # fmt: skip


def _covered(maker: Maker, page: Page, service: str) -> None:
    """Set the area's covered share and people outside, and beside them what the other measures give."""
    outcome, lang = maker.outcome, maker.lang
    entry = outcome.services[service]
    area = outcome.zones.index[outcome.zones["level"] == "area"]
    own = maker.base.circle(service)
    row = own[own.index.isin(area)]
    if not len(row):
        return
    group = look.label(entry.group, lang)
    words = word(
        "covered", lang, group=group, minutes=f"{entry.walk_minutes:g}",
        service=look.service_label(outcome.services, service, lang),
    )  # fmt: skip
    page.figure_line(look.share(row["share"].iloc[0]), words)
    unit = look.of_group("unit_people", entry.group, lang)
    page.figure_line(
        look.whole(row["outside"].iloc[0]), word("outside", lang, unit=unit), colour=look.COLOURS["flag"]
    )
    parts = []
    for measure in ("network", "frail", "straight"):
        table = maker.base.circle(service, measure)
        share = table.loc[table.index.isin(area), "share"]
        if len(share):
            parts.append([look.measure_label(entry, measure, lang), look.share(share.iloc[0])])
    page.table(
        [Col(word("measures", lang), 72), Col(look.label("covered_share", lang), 20, right=True)], parts
    )


def _share_table(maker: Maker, page: Page, service: str) -> None:
    """Set the covered share of the zones above the finest, or of the finest where there are none above."""
    lang, base = maker.lang, maker.base
    level = base.coarse[-1] if base.coarse else base.finest
    rows = base.circle(service)
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


def hatched(page: Page, zones: gpd.GeoDataFrame) -> None:
    """Draw zones without data."""
    atlas_map.polygons(page, zones.geometry, look.COLOURS["no_data"], z=1, hatch=True)
