"""What further facilities take off the shortfalls of flags: predicted from the coefficients, and judged by the run's own functions with the facilities there."""

from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from siting_problems import unlimited

from geoplan.siting.objectives.sizes.problem import Sizes
from geoplan.siting.objectives.sizes.solve import solve_sizes
from geoplan.siting.solve.control import SearchControl
from geoplan.standards.flags import flags_of
from geoplan.standards.reachable import zone_shares

from .conftest import facility, town_by_hand

PLACES = ("kind: provision", "of: {facilities: [childcare_service]}", "counts: places", "supply: places", "per: under_3/1000", "unit: places", "target: '>=700@2025'")  # fmt: skip
ROOMS = ("kind: provision", "of: {facilities: [community]}", "counts: floor_area_m2", "supply: floor_area_m2", "per: households/100", "unit: m2", "target: '>=900@2025'")  # fmt: skip
COMMUNITIES = [f"community/{name}" for name in "ABCD"]


def with_sites(town, kind, places, supply, sizes):
    """The town with a facility at each of `places`, metres along the street, of the sizes."""
    own = pd.DataFrame([facility(f"点位{n}", kind, x, None) for n, x in enumerate(places)])
    own.index = pd.Index([f"sites#{n}" for n in range(len(places))], name="facility_id")
    facilities = pd.concat([town.facilities, own.reindex(columns=town.facilities.columns)])
    facilities.crs = town.facilities.crs
    rows = pd.DataFrame(
        {"facility_id": own.index, "service": kind, "supply": supply, "low": sizes, "high": sizes}
    )
    return town.change(facilities=facilities, supplies=pd.concat([town.supplies, rows], ignore_index=True))


def shortfall(town, rule):
    """Shortfall of each community as flags have it."""
    data = town.data()
    flags, _ = flags_of(data, rule, pd.DataFrame(columns=["verdict", "zone_id", "shortfall", "rule_id"]))
    return flags.set_index("zone_id").loc[COMMUNITIES]


def predicted(town, rule, service, kind, places, supply):
    """Gap of each community that is flagged, and what a unit at each place takes off it."""
    data, flags = town.data(), shortfall(town, rule)
    there = with_sites(town, kind, places, supply, np.zeros(len(places)))
    pairs = there.data().pairs
    pairs = pairs[(pairs["service"] == service) & pairs["facility_id"].str.startswith("sites#")]
    ids = pd.Index([f"sites#{n}" for n in range(len(places))], dtype=object)
    share, _ = zone_shares(data, rule, pairs.drop(columns="service"), ids)
    share = share[:, data.zones.index.get_indexer(COMMUNITIES)]
    flagged = flags["flagged"].fillna(False).astype(bool)
    lacks = (
        (flags["required"] - flags["reachable_high"])
        * (flags["people"] - flags["off_network"])
        / rule.people.n
    )
    return lacks.where(flagged, 0.0).to_numpy(), share, flagged.to_numpy()


def problem_of(gap, share, *, most, whole, budget=np.inf):
    n = share.shape[0]
    given = {
        "gap": gap[:, None], "adds": (share,), "minutes": np.zeros((n, 1)), "least": np.zeros((n, 1)), "most": np.full((n, 1), float(most)),
        "cost_open": np.zeros(n), "cost_unit": np.ones((n, 1)), "rounds_up": np.array([whole]), "budget": np.array([budget]),
    }  # fmt: skip
    return Sizes(**unlimited(n, 1) | given)


@st.composite
def towns(draw):
    """The town by hand with other people, some of them outside of the area, off the network or assumed; walks that count less with distance."""
    town = town_by_hand()
    people = st.sampled_from([0.0, 0.5, 3.0, 12.5])
    counts = draw(st.lists(people, min_size=12, max_size=12))
    households = draw(st.lists(people, min_size=12, max_size=12))
    outside = draw(st.lists(st.sampled_from(["", "", "halo", "assumed"]), min_size=12, max_size=12))
    demand = town.demand.assign(under_3=counts, households=households, outside=outside)
    away = demand["outside"] != ""
    demand = demand.assign(halo=away, zone_id=demand["zone_id"].where(~away, None))
    decay = draw(st.sampled_from([None, {5.0: 1.0, 15.0: 0.4}]))
    services = {name: replace(terms, decay=decay) for name, terms in town.services.items()}
    off = tuple(draw(st.lists(st.integers(0, 11), max_size=1)))
    return town.change(demand=demand, services=services, off=off)


@pytest.fixture
def rule_of(rules_from):
    return lambda lines: rules_from("\n".join(lines))[0]


KINDS = [
    (PLACES, "childcare", "childcare", "places"),
    (ROOMS, "eldercare", "elder_day_care", "floor_area_m2"),
]


@pytest.mark.parametrize(("lines", "service", "kind", "supply"), KINDS, ids=["places", "m2"])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    town=towns(),
    places=st.lists(st.sampled_from([20.0, 350.0, 655.0, 1150.0]), min_size=1, max_size=3),
    data=st.data(),
)
def test_what_is_predicted_is_what_flags_say_after(rule_of, lines, service, kind, supply, town, places, data):
    rule = rule_of(lines)
    sizes = np.array([data.draw(st.sampled_from([0.0, 1.0, 4.0, 37.0])) for _ in places])
    gap, share, flagged = predicted(town, rule, service, kind, places, supply)
    problem = problem_of(gap, share, most=99, whole=supply == "places")
    after = shortfall(with_sites(town, kind, places, supply, sizes), rule)
    left = problem.unmet(sizes[:, None])[:, 0]
    judged = after["shortfall"].to_numpy(dtype=float)[flagged]
    assert left[flagged] == pytest.approx(np.nan_to_num(judged), abs=1e-6)
    still = after["flagged"].fillna(False).to_numpy(dtype=bool)[flagged]
    assert np.array_equal(still, left[flagged] > 0)


@pytest.mark.parametrize(("lines", "service", "kind", "supply"), KINDS, ids=["places", "m2"])
@pytest.mark.parametrize("seed", range(3))
def test_no_other_sizes_leave_less_by_the_flags_themselves(rule_of, lines, service, kind, supply, seed):
    """Every way to give out some units at three places, judged by the run's own functions one by one."""
    rng, rule = np.random.default_rng(seed), rule_of(lines)
    town = town_by_hand()
    town = town.change(
        demand=town.demand.assign(
            under_3=rng.choice([1.0, 3.0, 6.0], 12), households=rng.choice([1.0, 2.0, 5.0], 12)
        )
    )
    places, most, budget = [120.0, 550.0, 900.0], 3, 5
    gap, share, flagged = predicted(town, rule, service, kind, places, supply)
    best = min(
        float(shortfall(with_sites(town, kind, places, supply, np.array(tried, float)), rule)["shortfall"].to_numpy()[flagged].sum())
        for tried in product(range(most + 1), repeat=3)
        if sum(tried) <= budget
    )  # fmt: skip
    answer = solve_sizes(
        problem_of(gap, share, most=most, whole=supply == "places", budget=budget), control=SearchControl()
    )
    assert answer.status == "optimal"
    assert gap.sum() > answer.objective > 0
    assert answer.objective == pytest.approx(best, abs=1e-6)
