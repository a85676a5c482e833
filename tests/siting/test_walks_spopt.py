"""Median and center against spopt's models on seeded instances: the same objective."""

import warnings

import numpy as np
import pytest
from scipy.sparse import csr_array

from geoplan.siting.objectives.center.solve import center
from geoplan.siting.objectives.median.solve import median
from geoplan.siting.solve.control import SearchControl
from geoplan.siting.solve.problems import DistanceProblem, SelectionConstraints

with warnings.catch_warnings():
    # spopt and what it imports warn of things of their own
    warnings.simplefilter("ignore")
    pulp = pytest.importorskip("pulp")
    locate = pytest.importorskip("spopt.locate")


def instance(seed):
    """Homes, candidates, people and a number, all from one seed; seconds as the crow flies, whole for even seeds."""
    rng = np.random.default_rng(seed)
    n, m = int(rng.integers(6, 16)), int(rng.integers(15, 31))
    at, home = rng.random((n, 2)), rng.random((m, 2))
    seconds = np.hypot(*(at[:, None] - home[None]).transpose(2, 0, 1)) * 1000
    if seed % 2 == 0:
        seconds = np.round(seconds)
    return seconds, rng.integers(1, 300, m).astype(float), int(rng.integers(1, 6))


def asked(seconds, weight, p):
    n, m = seconds.shape
    limits = SelectionConstraints(np.ones(n), csr_array(np.ones((1, n))), np.zeros(1), np.array([float(p)]))
    table = csr_array((seconds.ravel(), (np.repeat(np.arange(n), m), np.tile(np.arange(m), n))), shape=(n, m))
    return DistanceProblem(limits, table, weight, np.full(m, np.inf), float(seconds.max()), np.full(m, -1))


def theirs(build, *args):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = build(*args)
        solved = model.solve(pulp.HiGHS(msg=False))
    return float(pulp.value(solved.problem.objective))


@pytest.mark.parametrize("seed", range(20))
def test_median_as_spopt(seed):
    seconds, weight, p = instance(seed)
    found = median(asked(seconds, weight, p), control=SearchControl())
    other = theirs(locate.PMedian.from_cost_matrix, seconds.T, weight, p)
    assert found.status == "optimal"
    assert found.objective == pytest.approx(other, rel=1e-6)


@pytest.mark.parametrize("seed", range(20))
def test_center_as_spopt(seed):
    seconds, weight, p = instance(seed)
    found = center(asked(seconds, weight, p), control=SearchControl())
    other = theirs(locate.PCenter.from_cost_matrix, seconds.T, p)
    assert found.status == "optimal"
    assert found.objective == pytest.approx(other, rel=1e-6)
