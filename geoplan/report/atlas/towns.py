"""The sheets of one town or district each: its communities by how many flags they have, and what each is short of."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoplan.report import look
from geoplan.report.atlas import map as atlas_map
from geoplan.report.atlas.canvas import MAP, Col, Mark, word
from geoplan.report.atlas.frame import Page
from geoplan.report.atlas.sheets import Maker

#: Most indicators whose columns fit into the side column.
MOST_RULES = 7
#: Columns of the table on a sheet that goes on with a long table.
BLOCKS = 3
_DIGITS = "①②③④⑤⑥⑦⑧⑨⑩"


@dataclass(frozen=True)
class Matrix:
    """Zones by indicators: state (1 flagged, 0 not, -1 unknown) and shortfall, most people affected first."""

    zones: gpd.GeoDataFrame
    rules: tuple[str, ...]
    state: np.ndarray
    shortfall: np.ndarray
    people: np.ndarray

    def count(self) -> np.ndarray:
        """Return how many flags each zone has."""
        found: np.ndarray = (self.state == 1).sum(axis=1)
        return found


def town_sheets(maker: Maker) -> Iterator[Page]:
    """Yield a sheet for every town, of every district where there are no towns, that has finest zones."""
    base = maker.base
    level = base.coarse[-1] if base.coarse else ""
    rules = tuple(dict.fromkeys(maker.outcome.flags["rule_id"].map(str)))
    for zone_id in base.zones(level).index if level else ():
        zones = base.below(str(zone_id))
        if len(zones):
            yield from town_sheet(maker, str(zone_id), matrix(maker, zones, rules))


def matrix(maker: Maker, zones: gpd.GeoDataFrame, rules: Sequence[str]) -> Matrix:
    """Return the flags of `zones` as a matrix; indicators that judge none of them are left out."""
    flags = maker.outcome.flags[maker.outcome.flags["zone_id"].isin(zones.index)]

    def wide(column: str) -> pd.DataFrame:
        table = flags.pivot_table(
            index="zone_id", columns="rule_id", values=column, aggfunc="first", dropna=False
        )
        return table.reindex(index=zones.index, columns=list(rules))

    numbers = flags["flagged"].astype("boolean").astype("Float64").fillna(-1.0).astype(float)
    flags = flags.assign(flagged=numbers)
    state = wide("flagged").fillna(-1.0).to_numpy(dtype=int)
    judged = (state >= 0).any(axis=0)
    people = np.where(state == 1, wide("people_affected").fillna(0.0).to_numpy(dtype=float), 0.0).max(
        axis=1, initial=0.0
    )
    order = np.lexsort((np.arange(len(zones)), -people))
    short = wide("shortfall").to_numpy(dtype=float)
    return Matrix(
        zones.iloc[order], tuple(np.asarray(rules, dtype=object)[judged]), state[order][:, judged],
        short[order][:, judged], people[order],
    )  # fmt: skip


def town_sheet(maker: Maker, zone_id: str, table: Matrix) -> Iterator[Page]:
    """Yield the town's sheet, and sheets that go on with its table where it is long."""
    lang, base, name = maker.lang, maker.base, maker.names.zone(zone_id)
    page = maker.page(word("town", lang, zone=name))
    page.map_axes(atlas_map.extent(table.zones.geometry))
    atlas_map.ground(page, base)
    marks = _fill(maker, page, table)
    atlas_map.streets(page, base)
    outside = base.zones(base.finest)[~base.above(zone_id)]
    atlas_map.polygons(page, outside.geometry, look.COLOURS["ground"], z=3.5, alpha=0.7)
    atlas_map.boundaries(page, base, near=True)
    own = _facilities_near(maker, table.zones)
    atlas_map.facilities(page, maker.base, own, size=atlas_map.mark_size(page, own))
    _label(page, table)
    counts = table.count()
    page.figure_line(
        look.whole(int((counts > 0).sum())),
        word("short_zones", lang, level=look.label(base.finest, lang), total=len(table.zones)),
        colour=look.COLOURS["flag"],
    )
    page.legend([*marks, *atlas_map.kind_marks(maker.base, own), *atlas_map.boundary_marks(base, near=True)])
    shown_rules = _most_flagged(table)
    _indicators(maker, page, table, shown_rules)
    columns, rows, fills = _rows(maker, table, shown_rules, width=92.0)
    shown = page.table(columns, rows, points=7, fills=fills)
    if shown < len(rows):
        page.note(word("more_rows", lang, count=len(rows) - shown), points=6.5)
    yield page
    while shown < len(rows):
        rows, fills = rows[shown:], fills[shown:]
        page = maker.page(word("town_more", lang, zone=name))
        _indicators(maker, page, table, shown_rules)
        shown = _blocks(page, columns, rows, fills)
        yield page


def _indicators(maker: Maker, page: Page, table: Matrix, shown: Sequence[int]) -> None:
    """Say what the numbered columns of the table are."""
    lang = maker.lang
    page.heading(word("indicators", lang))
    for number, place in enumerate(shown):
        page.note(_said(maker, table.rules[place], number), points=7.5, lines=2, colour=look.COLOURS["ink"])
        page.cursor += 1.2
    page.cursor -= 1.5
    if len(shown) < len(table.rules):
        page.note(word("more_rules", lang, count=len(table.rules) - len(shown)), points=6.5)
    page.note(word("table_note", lang, own=look.label("own_level_note", lang)), points=7)


def _facilities_near(maker: Maker, zones: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the facilities of the town and those that its people may walk to from its edge."""
    table = maker.base.facilities
    walk = max(
        (s.walk_minutes * s.walk_kmh / 0.06 for s in maker.outcome.services.values()),
        default=0.0,
    )
    near = shapely.buffer(shapely.union_all(np.asarray(zones.geometry.array)), walk, quad_segs=4)
    inside = shapely.contains_xy(near, table.geometry.x, table.geometry.y) & (table["service"] >= 0)
    found: gpd.GeoDataFrame = table.loc[inside]
    return found


def _fill(maker: Maker, page: Page, table: Matrix) -> list[Mark]:
    """Fill the zones by how many flags they have, in three classes, and return the legend."""
    lang, counts = maker.lang, table.count()
    most = len(table.rules)
    low, high = max(1, most // 3), max(2, 2 * most // 3)
    unknown = (table.state < 0).all(axis=1)
    soft, strong = look.COLOURS["flag_soft"], look.COLOURS["flag"]
    classes = [
        (counts == 0, look.COLOURS["not_flagged"], 1.0, word("not_flagged", lang)),
        ((counts >= 1) & (counts <= low), soft, 0.8, _counted(1, low, most, lang)),
        ((counts > low) & (counts <= high), strong, 0.45, _counted(low + 1, high, most, lang)),
        (counts > high, strong, 0.85, _counted(high + 1, most, most, lang)),
    ]
    for own, colour, alpha, _ in classes:
        atlas_map.polygons(page, table.zones.geometry[own & ~unknown], colour, z=1, alpha=alpha)
    atlas_map.polygons(page, table.zones.geometry[unknown], look.COLOURS["no_data"], z=1, hatch=True)
    marks = [Mark("fill", colour, text, alpha=alpha) for _, colour, alpha, text in reversed(classes) if text]
    if unknown.any():
        marks.append(Mark("hatch", look.COLOURS["no_data"], word("no_data", lang)))
    return marks


def _counted(low: int, high: int, most: int, lang: str) -> str:
    """Return how many flags a class stands for; nothing where no zone can have so many."""
    if low > most:
        return ""
    top = min(high, most)
    return word("flags_few" if low == top else "flags_range", lang, low=low, high=top)


def _label(page: Page, table: Matrix) -> None:
    """Set number and name of each zone, the worst first; where that has no room, its number alone."""
    points = 9.0 if len(table.zones) <= 40 else 6.5
    later = []
    for number, (shape, name) in enumerate(
        zip(table.zones.geometry, table.zones["name"], strict=True), start=1
    ):
        x, y = atlas_map.anchor(shape, page)
        if x is None or y is None:
            continue
        wide = shape.bounds[2] - shape.bounds[0]
        text = f"{number} {name}"
        room = wide / (page.scale or 1.0) * 1000 * 1.25
        if page.face.width(text, points) > room or not page.label(x, y, text, points):
            later.append((x, y, str(number)))
    for x, y, text in later:
        page.label(x, y, text, points)


def _most_flagged(table: Matrix) -> list[int]:
    """Return the places of the indicators that get a column: those with most flags where not all have room."""
    flagged = (table.state == 1).sum(axis=0)
    return sorted(np.argsort(-flagged, kind="stable")[:MOST_RULES].tolist())


def _said(maker: Maker, rule: str, number: int) -> str:
    unit = maker.names.of_rule(rule, f"gap_unit_{maker.lang}") or look.label("unit_people", maker.lang)
    return word("indicator", maker.lang, number=_DIGITS[number], indicator=maker.names.rule(rule), unit=unit)


def _rows(
    maker: Maker, table: Matrix, rules: Sequence[int], *, width: float
) -> tuple[list[Col], list[list[str]], list[list[str]]]:
    """Return columns, cells and their backgrounds of the table of zones by indicators."""
    each = min(12.0, (width - 38.0) / max(len(rules), 1))
    first = width - 8.0 - each * len(rules)
    columns = [Col(word("no", maker.lang), 8.0), Col(look.label(maker.base.finest, maker.lang), first)]
    columns += [Col(_DIGITS[number], each, right=True) for number in range(len(rules))]
    soft, rows, fills = look.COLOURS["flag_soft"], [], []
    for place, name in enumerate(table.zones["name"]):
        states = table.state[place, list(rules)]
        shorts = table.shortfall[place, list(rules)]
        cells = [
            look.whole(short) if state == 1 else "—" if state == 0 else "?"
            for state, short in zip(states, shorts, strict=True)
        ]
        rows.append([str(place + 1), str(name), *cells])
        fills.append(["", "", *[soft if state == 1 else "" for state in states]])
    return columns, rows, fills


def _blocks(page: Page, columns: Sequence[Col], rows: Sequence[list[str]], fills: Sequence[list[str]]) -> int:
    """Set rows in blocks side by side over the whole sheet, and return how many had room."""
    wide = sum(c.width for c in columns)
    done = 0
    for block in range(BLOCKS):
        if done < len(rows):
            box = (MAP[0] + 6 + block * (wide + 4), MAP[1] + 6, wide, MAP[3] - 12)
            done += page.table(columns, rows[done:], box=box, points=7, fills=fills[done:])
    return done
