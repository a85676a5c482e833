"""A study whose streets cover the core only: beyond it nothing is known, and that is no shortage."""

import pytest
from small_town import ELDERS, HOME, PEOPLE, STEP, SmallTown, street_layer

import geoplan as gp
from geoplan.report.content.assessment import assessment
from geoplan.report.content.document import Paragraph, Shown
from geoplan.report.content.zones import circle_totals

RULE = "study.circle_eldercare"
#: Elders of a hectare; the easternmost street of the core; middles of hectares.
EACH, LAST = PEOPLE * ELDERS, 920.0
MIDDLES = [(50.0 + STEP * i, 50.0 + STEP * j) for i in range(20) for j in range(10)]


def outcome(town):
    return gp.run(gp.read_study(town.write())).outcome


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return outcome(SmallTown(tmp_path_factory.mktemp("whole")))


@pytest.fixture(scope="module")
def core(tmp_path_factory):
    town = SmallTown(tmp_path_factory.mktemp("core"))
    streets = street_layer()
    west = streets.total_bounds[0] - 20.0
    town.write_streets(streets.clip((west, -1e9, west + LAST + 1.0, 1e9), keep_geom_type=True))
    return outcome(town)


def area(found, measure="network"):
    rows = found.circle.set_index(["service", "measure", "zone_id", "kind"])
    return rows.loc[("eldercare", measure, "area/area", "")]


def test_who_is_off_the_network_is_counted_by_hand(core):
    # 250 m are walked to the nearest street at most: hectares whose middle lies over 250 m east of the last one are off
    off = EACH * sum(x - LAST > 250 for x, _ in MIDDLES)
    row = area(core)
    assert (row["people"], row["off_network"]) == pytest.approx((400.0, off))
    # the others walk 20 m to a street, east of the last one straight to it, then along the streets
    walks = [
        max(x - LAST, 20.0) + abs(min(x, LAST) - HOME[0]) + abs(y - 20 * (x < LAST) - HOME[1])
        for x, y in MIDDLES
        if x - LAST <= 250
    ]
    inside = EACH * sum(metres <= 1000 for metres in walks)
    assert row["covered"] == pytest.approx(inside)
    assert row["share"] == pytest.approx(inside / (400 - off))
    assert (row["share_low"], row["share_high"]) == pytest.approx((inside / 400, (inside + off) / 400))


def test_no_community_is_short_for_want_of_streets(core, whole):
    flags, truth = (found.flags.set_index(["rule_id", "zone_id"]) for found in (core, whole))
    assert truth.loc[(RULE, "community/E"), "state"] == "flagged"
    east = flags.loc[(RULE, "community/E")]
    assert east[["state", "cause"]].tolist() == ["unknown", "streets_missing"]
    assert (
        flags.loc[(RULE, "community/W"), "state"]
        == truth.loc[(RULE, "community/W"), "state"]
        == "not_flagged"
    )
    # what holds with all the streets lies in the interval
    for zone in ("community/E", "community/W", "town/T"):
        low, high = flags.loc[(RULE, zone), ["reachable_low", "reachable_high"]]
        assert low - 1e-9 <= truth.loc[(RULE, zone), "reachable_low"] <= high + 1e-9
    assert core.gap_list["zone_id"].tolist() == []
    assert area(core, "straight")["off_network"] == 0


def test_the_paper_says_how_many_are_unknown_and_advises_no_street(core):
    blocks = assessment(core).blocks
    said = " ".join(block.text for block in blocks if isinstance(block, Paragraph))
    row = area(core)
    assert "打通断头路" not in said
    assert f"另有{row['off_network']:.0f}人" in said
    assert f"{row['share_low']:.1%}–{row['share_high']:.1%}" in said
    table = next(block.table for block in blocks if isinstance(block, Shown) and block.table.key == "circle")
    assert {"off_network", "share", "share_all"} <= {column.key for column in table.columns}
    totals = circle_totals(core)
    assert (
        totals.texts("zh")[0][[column.key for column in totals.columns].index("off_network")]
        == f"{row['off_network']:.0f}"
    )
    warned = core.warnings[core.warnings["code"] == "people_off_network"]
    assert len(warned) == 1
