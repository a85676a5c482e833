"""The map's page: one file, nothing fetched, the same bytes, every zone once, figures equal to the tables."""

import dataclasses
import json
import re
from html.parser import HTMLParser

import pandas as pd
import pytest

from geoplan.report.content import packed as map_layers
from geoplan.report.look import offline
from geoplan.report.look.codec import unpack_integers
from geoplan.report.webmap.map import DATA_ID, SCRIPTS, map_page, payload, write_map
from geoplan.words.errors import OutputError


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


def test_flags_equal_the_table(outcome, data):
    for view in data["flags"]:
        rows = outcome.flags[outcome.flags["rule_id"] == view["rule"]]
        assert [data["zones"]["id"][z] for z in view["zone"]] == list(rows["zone_id"])
        assert [None if v is None else bool(v) for v in view["flagged"]] == [
            None if pd.isna(v) else bool(v) for v in rows["flagged"]
        ]
        assert sum(v or 0 for v in view["short"]) == rows["shortfall"].sum()
    assert len(data["flags"]) == outcome.flags["rule_id"].nunique()


def test_an_open_interval_stays_open(by_hand, data):
    view = next(v for v in data["flags"] if v["rule"] == by_hand.BEDS)
    row = view["zone"].index(data["zones"]["id"].index("community/C03"))
    assert (view["reach"][0][row], view["reach"][1][row], view["flagged"][row]) == (12, "∞", None)


def test_shares_equal_the_table(outcome, data):
    whole = outcome.circle[outcome.circle["kind"] == ""]
    for view in data["circle"]:
        rows = whole[(whole["service"] == view["service"]) & (whole["measure"] == view["measure"])]
        assert view["share"] == pytest.approx(rows["share"].to_list(), abs=6e-8)
        assert len(set(view["zone"])) == len(view["zone"]) == len(outcome.zones)


def test_dots_sum_to_the_people_outside(outcome, data):
    area = outcome.circle[(outcome.circle["zone_id"] == "area/area") & (outcome.circle["kind"] == "")]
    for place, service in enumerate(outcome.services):
        row = area[(area["service"] == service) & (area["measure"] == "network")].iloc[0]
        assert sum(unpack_integers(data["outside"][place]["people"])) / 10 == pytest.approx(row["outside"])


def test_members_equal_the_table(outcome, data):
    view = data["findings"][0]
    rows = outcome.members[outcome.members["rule_id"] == view["rule"]]
    assert view["has"].count(1) == int(rows["has"].fillna(False).sum())
    assert view["has"].count(None) == int(rows["has"].isna().sum())
    assert view["findings"][0]["verdict"] == "not_met"
    assert (view["findings"][0]["actual"], view["findings"][0]["required"]) == ("25.0%", "50.0%")


def test_facilities_without_a_point_or_closed_are_not_marks_but_the_unplaced_are_listed(outcome, data):
    names = data["facilities"]["name"]
    assert "停用养老院" not in names
    assert "无坐标养老院" not in names
    assert [entry["name"] for entry in data["unplaced"]] == ["无坐标养老院", "坐标有误托育园"]
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
    for name in SCRIPTS:
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|bindTooltip|bindPopup", offline.own(name)
        )


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
