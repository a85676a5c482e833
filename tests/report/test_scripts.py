"""The map's scripts in node: numbers as the package writes them, packed shapes read back, views counted and ranked."""

import json
import math
import shutil
import subprocess
from importlib import resources

import geopandas as gpd
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from report_town import PLACES, flags_of
from shapely.geometry import MultiPolygon, Polygon

from geoplan.report import look
from geoplan.report.content.basemap import BaseMap
from geoplan.report.content.packed import packed_table
from geoplan.report.content.zone_views import zone_views
from geoplan.report.look import offline
from geoplan.report.look.codec import pack_integers, pack_polygons
from geoplan.report.webmap.map import payload
from geoplan.words.numbers import FORMATS, format_interval, format_number

NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(NODE is None, reason="no node on this machine")


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    """Return what an expression gives in node, `given` being its data and every export of `file` a name."""
    folder = tmp_path_factory.mktemp("scripts")
    (folder / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    static = resources.files("geoplan") / "report" / "static"
    for file in static.iterdir():
        if file.name.endswith(".js"):
            (folder / file.name).write_text(file.read_text(encoding="utf-8"), encoding="utf-8")

    def run(file, expression, given):
        code = (
            f'import * as all from "./{file}"; import {{ readFileSync }} from "node:fs";\n'
            f"const given = JSON.parse(readFileSync(0, 'utf-8')), {{ {', '.join(exports(folder / file))} }} = all;\n"
            f"console.log(JSON.stringify({expression}));"
        )
        (folder / "run.js").write_text(code, encoding="utf-8")
        done = subprocess.run(
            [NODE, "run.js"], cwd=folder, input=json.dumps(given), capture_output=True, text=True, encoding="utf-8",
            check=False, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


def exports(path):
    words = [line.split("(")[0].split() for line in path.read_text(encoding="utf-8").splitlines()]
    return [line[2] for line in words if line[:2] in (["export", "function"], ["export", "const"])]


def plain(value):
    return None if value is None or math.isnan(value) else "∞" if math.isinf(value) else value


EDGES = [
    0.0, 1e-12, 1e-7, 0.0004, 0.0005, 0.05, 0.5, 0.7615, 0.9994, 0.9995, 0.99999, 1 - 1e-12, 1.0, 1.005, 1.5, 2.5, 2.675, 4.545,
    9.995, 9.996, 10.0, 99.94, 99.96, 999.5, 1234.5, 12345.678, 5112330.4, 1e9, 114.3055125, -0.7, -2.5, -1234.5,
]  # fmt: skip


@settings(max_examples=3, deadline=None)
@given(st.lists(st.floats(0, 1e7), max_size=300))
def test_numbers_read_as_the_package_writes_them(node, more):
    values = [*EDGES, *more, math.nan, math.inf]
    got = node("format.js", "given.map(([form, all]) => all.map((v) => formatNumber(v, form)))", [
        [form, [plain(value) for value in values]] for form in FORMATS
    ])  # fmt: skip
    for form, texts in zip(FORMATS, got, strict=True):
        assert texts == [format_number(value, form) for value in values], form


def test_intervals_and_cells_read_as_the_package_writes_them(node, outcome):
    pairs = [(12, 15), (12, 12.2), (12, math.inf), (0.5, 0.75), (math.nan, math.nan), (3, math.nan)]
    got = node("format.js", "given.map(([low, high]) => formatInterval(low, high, 'count'))", [
        [plain(low), plain(high)] for low, high in pairs
    ])  # fmt: skip
    assert got == [format_interval(low, high, "count") for low, high in pairs]
    for view in zone_views(BaseMap(outcome)):
        rows = len(view.zones)
        told = node("format.js", f"given.map((c) => Array.from({{length: {rows}}}, (_, row) => cellText(c, row)))",
                    packed_table(view.table, "zh"))  # fmt: skip
        assert [list(row) for row in zip(*told, strict=True)] == view.table.texts("zh"), view.key


def test_packed_shapes_come_back(node):
    values = [0, 1, -1, 63, 64, -64, -65, 8191, 8192, -8193, 2**31, -(2**40)]
    assert node("codec.js", "unpackIntegers(given)", pack_integers(values)) == values
    hole = Polygon([(0, 0), (4, 0), (4, 4), (0, 4)], [[(1, 1), (2, 1), (2, 2), (1, 2)]])
    shapes = gpd.GeoSeries([hole, None, MultiPolygon([hole, Polygon([(5, 5), (6, 5), (6, 6)])])])
    back = node("codec.js", "unpackPolygons(given)", pack_polygons(shapes))
    assert [len(row) for row in back] == [1, 0, 2]
    ring = np.array(back[0][0][1])[:, ::-1]
    assert Polygon(ring).equals(Polygon(hole.interiors[0]))


def test_views_are_counted_ranked_and_searched(node, outcome):
    data = payload(outcome)
    told = node("views.js", """(() => {
        const tabs = viewsBySubject(given.views), view = tabs.get("flags")[0], zones = given.zones, levels = given.levels;
        const level = levelOf(view, zones, levels, -1);
        return { tabs: [...tabs.keys()], rule: view.key, level: levels[level].id, levels: levelsOf(view, zones, levels).map((k) => levels[k].id),
          counts: classCounts(view, zones, level), worst: worstZones(view, zones, level, 3).map((z) => [zones.id[z], leadText(view, z)]),
          lines: cardLines(view, view.zone[0]), above: parentsOf(zones, levels, zones.id.indexOf("community/C01")),
          group: inGroup(tabs.get("share"), "托育服务", tabs.get("share")[1].title).key
        };
    })()""", data)  # fmt: skip
    assert told["tabs"] == ["flags", "share", "supply", "members", "catchments"]
    assert (told["level"], told["levels"]) == ("community", ["town", "community"])
    _, short = flags_of(outcome, PLACES)
    # nothing (C10), severely short (C09), short (C04, C06, C11, C12), slightly (C03, C07, C08), nearly met (C05); C01 and C02 have enough
    assert told["counts"] == [1, 1, 4, 3, 1, 0, 2, 0]
    worst = short.sort_values("shortfall", ascending=False, kind="stable").iloc[:3]
    assert told["worst"] == [
        [z, f"{s:,.0f}"] for z, s in zip(worst["zone_id"], worst["shortfall"], strict=True)
    ]
    assert told["above"] == ["东城区", "临江街道"]
    assert dict(told["lines"])["标准（个/千人）"] == "4.5"
    assert told["group"] == "childcare/frail"


def test_a_list_is_in_the_order_of_the_figure_that_it_prints(node, outcome):
    data = payload(outcome)
    told = node("views.js", """(() => {
        const tabs = viewsBySubject(given.views);
        return [...tabs.values()].flat().map((view) => {
          const level = levelOf(view, given.zones, given.levels, -1), lead = view.columns[view.lead];
          return { subject: view.subject, lead: lead.key, numbers: lead.low ? worstZones(view, given.zones, level, 99).map((z) => (lead.high || lead.low)[view.at.get(z)]) : [] };
        });
    })()""", data)  # fmt: skip
    assert {view["subject"] for view in told if len(view["numbers"]) > 1} == {"flags", "share", "supply"}
    for view in told:
        # of shortfalls and people outside the most, of supplies the least
        assert view["numbers"] == sorted(view["numbers"], reverse=view["subject"] != "supply"), view["lead"]


def test_search_puts_names_that_begin_with_the_text_first_and_keys_move_round(node):
    entries = [{"name": name, "sort": k} for k, name in enumerate(["东湖街道", "湖", "湖滨", "江边"])]
    assert [e["name"] for e in node("search.js", "findByName(given, ' 湖 ', 2)", entries)] == ["湖", "湖滨"]
    assert node("search.js", "findByName(given, '  ', 5)", entries) == []
    moves = [
        [-1, "ArrowDown"],
        [0, "ArrowDown"],
        [2, "ArrowDown"],
        [-1, "ArrowUp"],
        [0, "ArrowUp"],
        [2, "ArrowUp"],
    ]
    got = node("search.js", "given.map(([at, key]) => movedHit(at, key, 3))", moves)
    assert got == [0, 1, 0, 2, 2, 1]


def test_the_map_is_fitted_into_the_room_that_the_cards_leave(node):
    # a card at the right of a map of 1000 x 600, and one that lies at its top over its whole width
    size = {"x": 1000, "y": 600}
    right, top = {"left": 760, "bottom": 590}, {"left": 10, "bottom": 90}
    got = node("fit.js", "given.map(([size, cards, wide]) => roomiest(size, paddings(size, cards, 16), wide))", [
        [size, [], 1], [size, [right], 1], [size, [top], 1],
    ])  # fmt: skip
    even = {"left": 16, "top": 16, "right": 16, "bottom": 36}
    assert got == [even, even | {"right": 256}, even | {"top": 106}]


def test_classes_of_one_name_share_a_line_and_a_facility_tells_its_load(node, outcome):
    classes = [{"text": text} for text in ("a", "a", "b", "a")]
    assert node("views.js", "sameNames(given)", classes) == [[0, 1, 3], [2]]
    view = next(view for view in payload(outcome)["views"] if view["subject"] == "catchments")
    columns, mark = view["facilities"]["columns"], view["facilities"]["mark"]
    got = node("views.js", "given[1].map((_, row) => facilityLine(given[0].slice(2), row))", [columns, mark])
    for line, place in zip(got, mark, strict=True):
        # those without a facility have no load
        assert (line == "") == (place < 0), line


def test_isochrones_have_three_kinds_of_line_and_names_are_white_on_dark(node):
    styles = node("paint.js", "[0, 1, 2].map((b) => bandStyle(b, 3))", None)
    assert [style["dash"] for style in styles] == [[2, 3], [7, 4], []]
    fills = [style["fill"] for style in styles]
    assert fills == sorted(fills, reverse=True)
    assert fills[0] < 0.3
    colours = {colour: ink == "#ffffff" for colour, ink in look.GRADE_COLOURS.values()}
    colours |= {look.COLOURS[key]: False for key in ("mean_met", "not_flagged", "no_data", "paper")}
    assert node("paint.js", "given.map(isDark)", list(colours)) == list(colours.values())


def test_the_card_has_every_rule_of_a_zone_and_no_empty_column(node, outcome):
    rules = payload(outcome)["rules"]
    zones = list(outcome.zones.index)
    got = node("card.js", "(() => { const rows = rowsByZone(given); return [...rows].map(([z, own]) => [z, own, toldColumns(given.columns, own).map((c) => c.key)]); })()",
               rules)  # fmt: skip
    flags = outcome.flags.groupby("zone_id")["rule_id"].apply(set)
    members = (
        outcome.members[outcome.members["member_id"].isin(zones)].groupby("member_id")["rule_id"].apply(set)
    )
    for place, rows, keys in got:
        zone = zones[place]
        assert len(rows) == len(flags.get(zone, set()) | members.get(zone, set())), zone
        assert keys[:2] == ["indicator", "zone_result"]
    assert sum(len(rows) for _, rows, _ in got) == len(rules["zone"])


def test_the_page_has_every_module_once_and_no_import():
    code = offline.bundle("map.js", "sites.js")
    assert "import {" not in code
    assert "\nexport " not in code
    assert (
        code.count("function startMap") == code.count("function startSites") == code.count("const Sheet") == 1
    )
    assert (
        code.index("function unpackIntegers")
        < code.index("function drawBase")
        < code.index("function startMap")
    )
