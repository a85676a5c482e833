"""The map's page: one file, nothing fetched, the same bytes, every zone once, figures equal to the tables."""

import dataclasses
import json
import re
from html.parser import HTMLParser

import pandas as pd
import pytest

from geoplan.report import look
from geoplan.report.content import packed as map_layers
from geoplan.report.look import offline
from geoplan.report.look.codec import unpack_integers
from geoplan.report.webmap.map import DATA_ID, map_page, payload, write_map
from geoplan.words.errors import OutputError
from geoplan.words.numbers import format_number


class Page(HTMLParser):
    """Collects tags with their attributes, and the text of scripts."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.tags, self.scripts, self.title, self._in = [], {}, "", None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._in = (tag, dict(attrs).get("id"))

    def handle_endtag(self, _tag):
        self._in = None

    def handle_data(self, data):
        if self._in and self._in[0] == "script":
            self.scripts[self._in[1]] = self.scripts.get(self._in[1], "") + data
        if self._in and self._in[0] == "title":
            self.title += data


@pytest.fixture(scope="module")
def page(outcome):
    return map_page(outcome)


@pytest.fixture(scope="module")
def data(outcome):
    return payload(outcome)


def test_the_same_outcome_gives_the_same_bytes(by_hand, page, tmp_path):
    write_map(by_hand.make_outcome(), tmp_path / "map.html")
    assert (tmp_path / "map.html").read_bytes() == page.encode("utf-8")


def test_nothing_is_fetched(page):
    parsed = Page(page)
    fetching = {"link", "iframe", "object", "embed", "img", "audio", "video", "source"}
    assert [tag for tag, _ in parsed.tags if tag in fetching] == []
    assert [attrs for _, attrs in parsed.tags if {"src", "href", "srcset"} & attrs.keys()] == []
    assert re.findall(r"url\((?!data:|#)[^)]*\)", page) == []
    assert "@import" not in page
    assert "sourceMappingURL" not in page
    policies = [a["content"] for tag, a in parsed.tags if a.get("http-equiv") == "Content-Security-Policy"]
    assert policies == [offline.POLICY]
    assert "default-src 'none'" in offline.POLICY
    assert "http" not in offline.POLICY
    # what addresses remain are names of XML spaces, Leaflet's own credit and comments; none is a request
    hosts = set(re.findall(r"https?://([\w.-]+)", page))
    assert hosts <= {"www.w3.org", "leafletjs.com"}


def test_every_zone_stands_once_and_has_one_polygon(outcome, data):
    zones = data["zones"]
    assert zones["id"] == list(outcome.zones.index)
    assert unpack_integers(zones["shape"]["parts"]) == [1] * len(outcome.zones)
    text = json.dumps(data, ensure_ascii=False)
    for zone_id in outcome.zones.index:
        assert text.count(json.dumps(zone_id)) == 1


def views_of(data, subject):
    return [view for view in data["views"] if view["subject"] == subject]


def column_of(view, key):
    return next(column for column in view["columns"] if column["key"] == key)


def test_flags_equal_the_table(outcome, data):
    views = views_of(data, "flags")
    assert [view["key"] for view in views] == list(dict.fromkeys(outcome.flags["rule_id"]))
    for view in views:
        rows = outcome.flags[outcome.flags["rule_id"] == view["key"]]
        assert [data["zones"]["id"][z] for z in view["zone"]] == list(rows["zone_id"])
        assert view["of"] == [2 if pd.isna(v) else 0 if v else 1 for v in rows["flagged"]]
        short = column_of(view, "shortfall")["low"]
        # only what is flagged has a shortfall to print
        assert [v is not None for v in short] == [k == 0 for k in view["of"]]
        assert sum(v or 0 for v in short) == rows["shortfall"].sum()


def test_an_open_interval_stays_open_and_has_no_class(by_hand, data):
    place = data["zones"]["id"].index("community/C03")
    for view in (v for v in data["views"] if v["key"] == by_hand.BEDS and v["group"] != "属地供给"):
        row = view["zone"].index(place)
        reach = column_of(view, "reachable")
        assert (reach["low"][row], reach["high"][row]) == (12, "∞")
        assert view["of"][row] == len(view["classes"]) - 1
        assert view["classes"][-1]["hatch"]


def test_supply_has_the_classes_of_every_output(outcome, by_hand, data):
    view = next(v for v in views_of(data, "supply") if v["key"] == by_hand.BEDS and v["group"] == "可达供给")
    rows = outcome.flags[outcome.flags["rule_id"] == by_hand.BEDS]
    closed = (rows["reachable_low"] == rows["reachable_high"]).to_numpy()
    wanted = look.supply_scale(50).classes(rows["reachable_low"]).tolist()
    assert view["of"] == [k if known else 5 for k, known in zip(wanted, closed, strict=True)]
    assert [c["text"] for c in view["classes"][:-1]] == list(look.supply_scale(50).texts)


def test_shares_equal_the_table(outcome, data):
    whole = outcome.circle[outcome.circle["kind"] == ""]
    for view in views_of(data, "share"):
        service, measure = view["key"].split("/")
        rows = whole[(whole["service"] == service) & (whole["measure"] == measure)]
        assert column_of(view, "share")["low"] == pytest.approx(rows["share"].to_list(), abs=6e-8)
        assert len(set(view["zone"])) == len(view["zone"]) == len(outcome.zones)


def test_figures_of_the_panel_count_judged_and_unknown_apart(outcome, by_hand, data):
    view = next(v for v in views_of(data, "flags") if v["key"] == by_hand.BEDS)
    own = outcome.flags[
        (outcome.flags["rule_id"] == by_hand.BEDS) & outcome.flags["zone_id"].str.startswith("community")
    ]
    short = own[own["flagged"].fillna(value=False)]
    told = {figure["name"]: figure for figure in view["figures"]["community"]}
    assert told["短板社区（村） / 已判定"]["value"] == f"{len(short)} / 11（另 1 个数据不足）"
    assert told["短板社区（村） / 已判定"]["caveats"] == ["按社区测算，非规划考核口径"]
    assert told["涉及人数"]["value"] == format_number(short["people_affected"].sum(), "count")
    assert told["缺口合计（不抵扣富余）"]["value"] == format_number(short["shortfall"].sum(), "count")
    # nothing flagged is 0 short; nothing known is nothing flagged, and not 0 of 12
    calm = outcome.flags.assign(flagged=pd.array([False] * len(outcome.flags), dtype="boolean"))
    calm = payload(dataclasses.replace(outcome, flags=calm))
    first = next(v for v in views_of(calm, "flags") if v["key"] == by_hand.BEDS)["figures"]["community"]
    assert [figure["value"] for figure in first] == ["0 / 12", "0", "0"]
    unknown = outcome.flags.assign(flagged=pd.array([pd.NA] * len(outcome.flags), dtype="boolean"))
    none = payload(dataclasses.replace(outcome, flags=unknown))
    first = next(v for v in views_of(none, "flags") if v["key"] == by_hand.BEDS)["figures"]["community"]
    assert [figure["value"] for figure in first] == ["数据不足（12 个）", "数据不足", "数据不足"]


def test_dots_sum_to_the_people_outside(outcome, data):
    area = outcome.circle[(outcome.circle["zone_id"] == "area/area") & (outcome.circle["kind"] == "")]
    for place, service in enumerate(outcome.services):
        row = area[(area["service"] == service) & (area["measure"] == "network")].iloc[0]
        assert sum(unpack_integers(data["outside"][place]["people"])) / 10 == pytest.approx(row["outside"])


def test_members_equal_the_table(outcome, data):
    view = views_of(data, "members")[0]
    rows = outcome.members[outcome.members["rule_id"] == view["key"]]
    assert view["of"].count(1) == int(rows["has"].fillna(False).sum())
    assert view["of"].count(2) == int(rows["has"].isna().sum())
    finding = view["figures"]["community"][0]
    assert finding["value"] == "未达标"
    assert finding["caveats"][0].startswith("现状值（测算） 25.0%，目标值 ≥50.0%，缺口 ")


def test_facilities_without_a_point_or_closed_are_not_marks_but_the_unplaced_are_listed(outcome, data):
    names = data["facilities"]["name"]
    assert "停用养老院" not in names
    assert "无坐标养老院" not in names
    assert [line.split(" · ")[0] for line in data["unplaced"]] == ["无坐标养老院", "坐标有误托育园"]
    assert data["facilities"]["about"][names.index("湖滨护理院")] == "养老机构 · 在建 · 按名称匹配（近似）"
    hollow = [
        n for n, status in zip(names, data["facilities"]["status"], strict=True) if status != "existing"
    ]
    assert hollow == ["湖滨护理院", "长青养老院"]


def test_marks_grow_with_capacity(data):
    radius = dict(zip(data["facilities"]["name"], data["facilities"]["radius"], strict=True))
    assert radius["学府社区养老服务站"] < radius["江城颐养院"] < radius["长青养老院"]


def test_the_widest_isochrone_comes_first_so_that_nearer_bands_are_drawn_above(data):
    assert [(e["service"], e["minutes"]) for e in data["isochrones"]] == [
        (0, 15.0), (0, 10.0), (0, 5.0), (1, 15.0), (1, 10.0), (1, 5.0),
    ]  # fmt: skip


def test_streets_are_two_merged_sheets(outcome, data):
    minor, major = data["streets"]
    assert sum(unpack_integers(major["n"])) > 0
    lines = len(unpack_integers(minor["n"])) + len(unpack_integers(major["n"]))
    assert 0 < lines <= len(outcome.streets)


def test_names_cannot_leave_their_place(by_hand, nasty):
    text = map_page(nasty)
    parsed = Page(text)
    assert by_hand.NASTY not in text
    assert "<img" not in text.lower()
    assert parsed.title == nasty.name
    back = json.loads(parsed.scripts[DATA_ID])
    assert back["zones"]["name"] == list(nasty.zones["name"])
    assert back["title"] == nasty.name
    assert sum(tag == "script" for tag, _ in parsed.tags) == 4  # folium's switches, Leaflet, data, ours


def test_our_scripts_set_text_and_never_markup():
    code = offline.bundle("map.js", "sites.js", "compare.js")
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|bindTooltip|bindPopup", code
    )


def test_a_facility_of_the_halo_says_that_it_lies_outside(outcome):
    halo = outcome.facilities.copy()
    halo.loc[halo.index[0], "zone_id"] = None
    told = payload(dataclasses.replace(outcome, facilities=halo))["facilities"]
    assert told["about"][0].endswith("区外，参与计算")
    assert not any("区外" in text for text in told["about"][1:])


def test_inputs_stay_as_they_were(by_hand, outcome):
    map_page(outcome)
    fresh = by_hand.make_outcome()
    for field in dataclasses.fields(outcome):
        before, after = getattr(fresh, field.name), getattr(outcome, field.name)
        if isinstance(before, pd.DataFrame):
            pd.testing.assert_frame_equal(pd.DataFrame(before), pd.DataFrame(after))
        else:
            assert before == after


@pytest.mark.parametrize(
    "empty",
    [
        "flags",
        "members",
        "findings",
        "isochrones",
        "unplaced",
        "facilities",
        "supplies",
        "streets",
        "circle",
        "nearest",
    ],
)
def test_a_study_without_some_table_still_has_a_map(outcome, empty):
    less = dataclasses.replace(outcome, **{empty: getattr(outcome, empty).iloc[:0]})
    assert len(map_page(less)) > 100_000


def test_a_missing_leaflet_says_what_to_install(monkeypatch):
    found = offline.resources.files

    def absent(name):
        if name == "js_lib_leaflet":
            raise ModuleNotFoundError(name)
        return found(name)

    monkeypatch.setattr(offline.resources, "files", absent)
    offline.leaflet.cache_clear()
    with pytest.raises(OutputError, match="django-js-lib-leaflet"):
        offline.leaflet()
    monkeypatch.undo()
    offline.leaflet.cache_clear()


def test_numbers_for_the_script():
    values = [1.0, 0.12345, None, float("inf"), pd.NA]
    assert map_layers.numbers(values, 4) == [1, 0.1235, None, "∞", None]
