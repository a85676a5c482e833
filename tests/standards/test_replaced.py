"""The next plan's pack and the figures that a newer national pack replaces: listed, asked about, never carried on unsaid."""

import pytest

from geoplan.cli import console
from geoplan.cli.commands import main
from geoplan.standards.packs import tools as pack_tools
from geoplan.standards.packs.read import read_pack, shipped
from geoplan.standards.packs.replaced import replacements
from geoplan.words.errors import PackError

BEDS, PLACES, RATE = "nursing_bed_share", "places_per_1000_residents", "under_3_enrolment"
NOTED = "国家指标已改为"


@pytest.fixture(autouse=True)
def chinese(monkeypatch):
    monkeypatch.setattr(console, "language", lambda: "zh")


def named(pack, year=2030):
    return {one.old.id: (one.new.rule_id, one.same) for one in replacements(pack, year=year)}


@pytest.mark.parametrize("name", ["huzhong", "qianjiang", "wuhan", "yantai", "yinzhou", "national"])
def test_what_the_national_figures_to_2030_replace(name):
    wanted = {
        BEDS: ("national2030.nursing_bed_share", True),
        PLACES: ("national2030.under_3_enrolment", False),
    }
    if name == "yantai":
        wanted["enrolment"] = ("national2030.under_3_enrolment", True)
    assert named(read_pack(name)) == wanted
    assert named(read_pack(name), year=2029) == {}  # a plan that ends before the newer figures are due


def test_packs_whose_figures_are_not_replaced():
    assert {name for name in shipped() if not named(read_pack(name))} == {
        "complete_community", "embedded", "harbin", "henan", "hubei", "national2030", "quarter_hour_circle", "yuncheng",
    }  # fmt: skip


OWN = """extends: wuhan
rules:
  - {{id: nursing_bed_share, target: ">={share}%@2025"}}
  - {{id: places_per_1000_residents, active: false}}
"""


@pytest.mark.parametrize(("share", "is_replaced"), [(72.9, True), (73, False), (80, False)])
def test_a_promise_as_high_as_the_national_figure_stands(share, is_replaced, tmp_path):
    file = tmp_path / "own.yaml"
    file.write_text(OWN.format(share=share), encoding="utf-8")
    assert set(named(read_pack(file))) == ({BEDS} if is_replaced else set())


def test_a_rule_of_another_id_is_known_by_what_it_measures(tmp_path):
    file = tmp_path / "own.yaml"
    text = pack_tools.copy(read_pack("huzhong"), tmp_path / "x.yaml", years=2025).read_text(encoding="utf-8")
    file.write_text(
        text.replace(f"id: {BEDS}", "id: hulixing").replace(f"id: {PLACES}", "id: tuowei"), encoding="utf-8"
    )
    assert set(named(read_pack(file))) == {"hulixing", "tuowei"}


def copied(tmp_path, *options, name="yantai"):
    file = tmp_path / "next.yaml"
    main_ends(["packs", "copy", name, "--to", str(file), "--years", "2026-2030", *options])
    pack = pack_tools.check(file)
    return pack, {rule.id: rule for rule in pack.rules}


def main_ends(arguments, code=0):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == code


def answer(monkeypatch, given):
    """Let the planner sit at a terminal and answer."""
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr(console.Confirm, "ask", lambda *_, **__: given)


def listed(capsys):
    out = capsys.readouterr().out
    for words in (
        "3 条指标已有新的国家指标",
        "≥70.0%（2025年）",
        "≥73.0%（2030年）（national2030）",
        "比基期提高6个百分点",
    ):
        assert words in "".join(out.split("\n")) or words in out, (words, out)
    return out


def is_national(rules):
    beds, places, rate = (rules[name] for name in (BEDS, PLACES, "enrolment"))
    assert (beds.target, beds.base, beds.quote) == (">=73%@2030", "70%@2025", "养老机构护理型床位占比达到73%")
    assert (beds.attribute, beds.lead) == ("约束", "市民政局")  # what the plan says of it stays
    assert "≥70.0%（2025年）" in beds.note
    assert (places.is_on, places.target) == (False, ">=4.6@2030")
    assert NOTED in places.note
    # Yantai has the rate already: six points above what it promised, and no second rule
    assert (rate.target, rate.base, rate.targets[-1].floor) == ("+6pp@2030", "13.3%@2025", 0.193)
    assert RATE not in rules


def is_former(rules):
    beds, places, rate = (rules[name] for name in (BEDS, PLACES, "enrolment"))
    assert [rule.target for rule in (beds, places, rate)] == [">=70%@2030", ">=4.6@2030", ">=13.3%@2030"]
    assert all(NOTED in rule.note and "待定" in rule.note and rule.is_on for rule in (beds, places, rate))


def test_yes_takes_the_national_figures(tmp_path, monkeypatch, capsys):
    answer(monkeypatch, True)
    pack, rules = copied(tmp_path)
    is_national(rules)
    assert pack.years == [2026, 2030]
    assert "已改用国家指标" in listed(capsys)


def test_no_carries_the_former_ones_on_and_their_notes_say_so(tmp_path, monkeypatch, capsys):
    answer(monkeypatch, False)
    _, rules = copied(tmp_path)
    is_former(rules)
    assert "沿用原数值，国家指标写入其 note" in listed(capsys)


@pytest.mark.parametrize(("option", "holds"), [("--yes", is_national), ("--no", is_former)])
def test_an_option_answers_in_its_place(option, holds, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(console, "confirmed", lambda _: pytest.fail("asked"))
    _, rules = copied(tmp_path, option)
    holds(rules)
    listed(capsys)


def test_where_nobody_can_be_asked_nothing_of_2025_is_carried_on_unsaid(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    _, rules = copied(tmp_path)
    is_national(rules)
    assert "无终端可询问" in listed(capsys)


def test_a_measure_that_the_plan_lacks_is_added_at_the_plans_level(tmp_path):
    _, rules = copied(tmp_path, "--yes", name="huzhong")
    assert list(rules).index(RATE) == list(rules).index(PLACES) + 1
    rate = rules[RATE]
    assert (rate.level, rate.lead, rate.target, rate.base) == (
        "district",
        "区卫健局",
        "+6pp@2030",
        "5.5%@2025",
    )
    assert not rules[PLACES].is_on
    assert rate.replaces is None


def test_nothing_is_asked_where_nothing_is_replaced(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(console, "confirmed", lambda _: pytest.fail("asked"))
    _, rules = copied(tmp_path, name="henan")
    assert rules["new_estate_rooms"].target == ">=30@2030"
    assert "国家指标" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "years"), [("2030", (None, 2030)), ("2026-2030", (2026, 2030)), ("2030-2030", (2030, 2030))]
)
def test_years_of_a_plan(text, years):
    assert pack_tools.plan_years(text) == years


@pytest.mark.parametrize("text", ["30", "2030-2026", "2026–2030", "1026-2030", "2026-3030", "2026-", ""])
def test_what_are_no_years_of_a_plan(text, tmp_path, capsys):
    with pytest.raises(PackError, match="2026-2030"):
        pack_tools.plan_years(text)
    main_ends(
        ["packs", "copy", "wuhan", "--to", str(tmp_path / "a.yaml"), f"--years={text}"], PackError.exit_code
    )
    assert "2026-2030" in capsys.readouterr().err
