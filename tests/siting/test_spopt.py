"""The same objectives as spopt's models, an independent package, on seeded instances."""

import warnings

import numpy as np
import pytest
from siting_problems import at_most, cover, walks

from geoplan.siting.objectives.center.solve import center
from geoplan.siting.objectives.cover.solve import max_cover
from geoplan.siting.objectives.median.solve import median
from geoplan.siting.objectives.share.solve import fewest
from geoplan.siting.solve.control import SearchControl

with warnings.catch_warnings():
    # spopt and what it imports warn of things of their own
    warnings.simplefilter("ignore")
    pulp = pytest.importorskip("pulp")
    locate = pytest.importorskip("spopt.locate")

SEEDS = pytest.mark.parametrize("seed", range(20))


def theirs(model, *args, **more):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        solved = model.from_cost_matrix(*args, **more).solve(pulp.HiGHS(msg=False))
    return float(pulp.value(solved.problem.objective))


def metres(points, options):
    """Places in a square, shape (n_points, n_options)."""
    return np.hypot(*(points[:, None] - options[None]).transpose(2, 0, 1))


@SEEDS
def test_most_people(seed):
    rng = np.random.default_rng(seed)
    n, k, p = int(rng.integers(15, 50)), int(rng.integers(100, 300)), int(rng.integers(2, 9))
    options, points = rng.random((n, 2)), rng.random((k, 2))
    away, weight = metres(points, options), rng.integers(0, 80, k).astype(float)
    required = rng.random(n) < 0.04 if seed % 4 == 0 else np.zeros(n, bool)
    other = theirs(
        locate.MCLP, away, weight, 0.15, p, predefined_facilities_arr=required if required.any() else None
    )
    rows = [(np.ones(n), 0, p), (required, required.sum(), np.inf)]
    found = max_cover(cover((away <= 0.15).T, weight, rows=rows), control=SearchControl())
    assert found.status == "optimal"
    assert found.objective == pytest.approx(other)
    assert found.objective == found.recount


@SEEDS
def test_fewest_sites(seed):
    rng = np.random.default_rng(seed)
    points = rng.random((80, 2))
    away = metres(points, np.concatenate([rng.random((25, 2)), points[:12]]))
    # every point has an option: those that have none lie beside one
    away[away.min(axis=1) > 0.25, 0] = 0.25
    found = fewest(cover((away <= 0.25).T, np.ones(80)), share=1.0, control=SearchControl())
    assert found.status == "optimal"
    assert found.objective == round(theirs(locate.LSCP, away, 0.25))


@SEEDS
@pytest.mark.parametrize("aim", ["median", "center"])
def test_least_walking_and_least_farthest_walk(seed, aim):
    rng = np.random.default_rng(seed)
    n, m = int(rng.integers(6, 16)), int(rng.integers(15, 31))
    options, homes = rng.random((n, 2)), rng.random((m, 2))
    seconds = metres(homes, options) * 1000
    seconds = np.round(seconds) if seed % 2 == 0 else seconds
    weight, p = rng.integers(1, 300, m).astype(float), int(rng.integers(1, 6))
    problem = walks(seconds.T, at_most(n, p), weight=weight, cutoff_seconds=float(seconds.max()))
    if aim == "median":
        found, other = median(problem, control=SearchControl()), theirs(locate.PMedian, seconds, weight, p)
    else:
        found, other = center(problem, control=SearchControl()), theirs(locate.PCenter, seconds, p)
    assert found.status == "optimal"
    assert found.objective == pytest.approx(other, rel=1e-6)
