"""Laws of intervals: whatever the unknown rows turn out to be, a verdict that was given stands."""

import itertools

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from geoplan.standards.measure import ratio, share_of_members
from geoplan.standards.requirement import Requirement

#: Empty, small and large amounts, and both sides of the standard.
AMOUNTS = st.sampled_from([0.0, 1.0, 3.0, 10.0, 50.0])
ENDS = st.tuples(AMOUNTS, AMOUNTS).map(sorted)
SIGNS = st.sampled_from([">=", ">", "<=", "<", "="])


@given(ENDS, SIGNS, AMOUNTS)
def test_what_holds_for_an_interval_holds_for_every_value_in_it(ends, sign, required):
    low, high = ends
    what = Requirement(sign, required)
    verdict = what.holds(low, high)
    inside = {what.holds(x, x) for x in (low, high, (low + high) / 2, min(max(required, low), high))}
    if verdict is True:
        assert inside == {True}
    elif verdict is False:
        assert inside == {False}
    else:
        assert inside == {True, False}


@given(ENDS, ENDS, SIGNS, AMOUNTS)
def test_knowing_more_never_turns_a_verdict(wide, narrow, sign, required):
    low, high = min(wide[0], narrow[0]), max(wide[1], narrow[1])
    what = Requirement(sign, required)
    verdict = what.holds(low, high)
    if verdict is not None:
        assert what.holds(narrow[0], narrow[1]) is verdict


@given(AMOUNTS, AMOUNTS.filter(bool), st.sampled_from([">=", ">"]), st.sampled_from([0.5, 1.0, 7.0]))
def test_building_the_gap_meets_the_rule_and_one_less_does_not(value, required, sign, scale):
    what = Requirement(sign, required)
    if what.holds(value, value):
        return
    more = what.gap(value, value, scale, unit="beds")
    assert more >= 1 and more == int(more)  # noqa: PT018
    assert what.holds(value + more / scale, value + more / scale)
    assert not what.holds(value + (more - 1) / scale, value + (more - 1) / scale)


ROWS = st.lists(st.tuples(ENDS, ENDS), min_size=1, max_size=3)


@settings(max_examples=60, deadline=None)
@given(ROWS, st.booleans())
def test_every_ratio_that_the_rows_allow_lies_between_the_bounds(rows, inside):
    part = pd.DataFrame([p for p, _ in rows], columns=["low", "high"])
    whole = pd.DataFrame([w for _, w in rows], columns=["low", "high"])
    found = ratio("z", part, whole, inside=inside)
    choices = [
        [(p, w) for p in {*ps, sum(ps) / 2} for w in {*ws, sum(ws) / 2} if not inside or p <= w]
        for ps, ws in rows
    ]
    for pick in itertools.product(*choices):
        total = sum(w for _, w in pick)
        if total > 0:
            got = sum(p for p, _ in pick) / total
            assert found.low - 1e-9 <= got <= found.high + 1e-9


def test_a_ratio_of_rows_of_which_nothing_is_known():
    nothing = pd.DataFrame({"low": [0.0], "high": [np.inf]})
    found = ratio("z", nothing, nothing, inside=True)
    assert (found.low, found.high, found.unknown_rows) == (0.0, 1.0, 1)
    empty = nothing.iloc[:0]
    assert np.isnan(ratio("z", empty, empty, inside=True).low)


THREE = st.sampled_from([True, False, None])


@given(st.lists(st.tuples(THREE, st.booleans()), min_size=1, max_size=4))
def test_every_share_of_members_that_the_tables_allow_lies_between_the_bounds(members):
    has = pd.Series([h for h, _ in members], dtype="boolean")
    low, high = share_of_members(has, pd.Series([s for _, s in members]))
    options = [
        [
            None if not counts else value
            for value in ([h] if h is not None else [True, False])
            for counts in ([True] if s else [True, False])
        ]
        for h, s in members
    ]
    shares = []
    for pick in itertools.product(*options):
        kept = [value for value in pick if value is not None]
        if kept:
            shares.append(sum(kept) / len(kept))
    assert low <= min(shares) + 1e-9
    assert high >= max(shares) - 1e-9
    # the bounds are taken on
    assert min(shares) == low or not any(s for _, s in members)
    assert max(shares) == high or not any(s for _, s in members)
