"""Answers judged again: the counts by hand and the reasons. The demo's answers are judged again in `test_site_demo`."""

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from geoplan.siting.judged import Verdicts, differs, effects
from geoplan.siting.question import Question
from geoplan.study.siting import Phase
from geoplan.tables import CIRCLE, SERVED, SITE_FLAGS, SITE_JUDGED, SITE_LEFT, UNMET

ZONES = pd.DataFrame(
    {"level": ["area", "community", "community", "community", "community", "community"]},
    index=pd.Index(["area/area", "a", "b", "c", "d", "e"], name="zone_id"),
)


class Answer:
    """What `effects` reads of an answer."""

    def __init__(self, left=0.0, **entries):
        self.question = Question(
            name="q",
            ask="sizes",
            services=["childcare"],
            rules=["p.places"],
            phases=[Phase(by=2030)],
            **entries,
        )
        self.unmet = pd.DataFrame(
            [
                {
                    "question": "q",
                    "zone_id": "a",
                    "phase": 2030.0,
                    "gap": left,
                    "unit": "places",
                    "why": "budget",
                }
            ]
        )[list(UNMET)]
        self.inside = None
        self.unit, self.per = "places", 1.0
        self.answer = type("A", (), {"steps": (1,), "recount": 0.0})()


def flags(states, shortfalls, affected):
    """Flags of one rule in communities a to e, with a row for reference that must not count."""
    rows = pd.DataFrame({
        "rule_id": "p.places", "zone_id": list("abcde"), "state": states, "shortfall": shortfalls, "unit": "places",
        "people_affected": affected, "affected_group": "under_3", "by_located": False,
        "flag_kind": ["clause"] * 4 + ["reference"],
    })  # fmt: skip
    return Verdicts(rows, CIRCLE.empty(), SERVED.empty())


def judged_by_hand(left=0.0, **entries):
    before = flags(
        ["flagged", "flagged", "flagged", "not_flagged", "flagged"], [5, 4, 3, 0, 9], [50.0, 40, 30, 0, 90]
    )
    after = flags(
        ["not_flagged", "unknown", "mean_met", "flagged", "flagged"],
        [0, np.nan, 0, 2, 9],
        [0, np.nan, 0, 20.0, 90],
    )
    services = {"childcare": WALK}
    return effects(Answer(left, **entries), before, after, zones=ZONES, services=services, rules=[RULE])


class WALK:
    walk_minutes = 15.0
    facilities = ("childcare",)


class RULE:
    rule_id = "p.places"
    of = None


def test_counts_by_hand():
    """Of a, b and c flagged one closes, one is not known, one has its mean met; d is new; e is for reference only."""
    row = judged_by_hand().flags.iloc[0].to_dict()
    assert {key: row[key] for key in ("flagged_before", "flagged_after", "closed", "mean_met", "unknown", "new")} == {
        "flagged_before": 3, "flagged_after": 1, "closed": 1, "mean_met": 1, "unknown": 1, "new": 1,
    }  # fmt: skip
    assert (row["shortfall_before"], row["shortfall_after"]) == (12.0, 2.0)
    assert (row["affected_before"], row["affected_after"]) == (120.0, 20.0)


def test_what_is_left_by_hand():
    left = judged_by_hand().left
    assert left[["zone_id", "state", "is_new"]].to_numpy().tolist() == [
        ["b", "unknown", False], ["c", "mean_met", False], ["d", "flagged", True],
    ]  # fmt: skip
    assert np.isnan(left.set_index("zone_id")["shortfall"]["b"])


def test_a_gap_of_which_a_part_is_not_known_is_not_known():
    gap = judged_by_hand().judged.set_index("measure").loc["gap"]
    assert gap["before"] == 12.0
    assert np.isnan(gap["judged"])
    assert gap["reason"] == ""


def test_tables_are_as_the_schemas_say():
    made = judged_by_hand()
    for schema, table in ((SITE_FLAGS, made.flags), (SITE_LEFT, made.left), (SITE_JUDGED, made.judged)):
        assert schema.faults(table) == []


@given(st.floats(0, 1e6), st.floats(0, 1e6))
def test_figures_differ_by_a_hundredth_of_the_larger(one, other):
    assert differs(one, other) == differs(other, one)
    assert not differs(one, one)
    assert differs(one, other) == (abs(one - other) > 0.01 * max(one, other) + 1e-9)
