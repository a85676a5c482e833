"""The sheets of the atlas that show what is short: the flags of one indicator each."""

import geopandas as gpd
import pandas as pd

from geoplan.report import look
from geoplan.report.atlas import map as atlas_map
from geoplan.report.atlas.canvas import Col, Mark, word
from geoplan.report.atlas.frame import Page
from geoplan.report.atlas.sheets import FILL_ALPHA, Maker, hatched
from geoplan.report.content.sheet import rows_of, value_kind

#: Rows of the table of the zones that most people are affected in; their numbers stand on the map.
WORST = 25


def gap_sheet(maker: Maker, rule: str) -> Page | None:
    """Return the sheet of one indicator's flags, or None where no zone of the finest level is judged by it."""
    outcome, lang, base, names = maker.outcome, maker.lang, maker.base, maker.names
    zones = base.zones(base.finest)
    flags = outcome.flags[outcome.flags["rule_id"] == rule].set_index("zone_id")
    flags = flags.reindex(zones.index)
    state = flags["flagged"].astype("boolean")
    if state.isna().all():
        return None
    yes, no = (
        state.fillna(value=False).to_numpy(dtype=bool),
        (~state).fillna(value=False).to_numpy(dtype=bool),
    )
    page = maker.whole(word("gap", lang, indicator=names.rule(rule)), _rule_basis(maker, flags))
    flag, calm = look.COLOURS["flag"], look.COLOURS["not_flagged"]
    atlas_map.polygons(page, zones.geometry[yes], flag, z=1, alpha=FILL_ALPHA)
    atlas_map.polygons(page, zones.geometry[no], calm, z=1)
    hatched(page, zones[~yes & ~no])
    atlas_map.boundaries(page, base)
    worst = flags[yes].sort_values("people_affected", ascending=False, kind="stable")
    _numbers(page, zones.loc[worst.index[:WORST]])
    maker.zone_names(page)
    unit = _gap_unit(maker, rule, flags)
    level = look.label(base.finest, lang)
    told = word(
        "flagged_of", lang, level=level, judged=int((yes | no).sum()), unknown=int((~yes & ~no).sum())
    )
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
