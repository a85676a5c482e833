"""The same people covered as another package's model says, on 20 seeded instances."""

import warnings

import numpy as np
import pytest
from scipy.sparse import csr_array

from geoplan.siting.objectives.cover.solve import max_cover
from geoplan.siting.solve.control import SearchControl
from geoplan.siting.solve.problems import CoverageProblem, SelectionConstraints

pulp = pytest.importorskip("pulp")
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    coverage = pytest.importorskip("spopt.locate.coverage")

RADIUS = 0.15


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seed", range(20))
def test_same_people_as_spopt(seed):
    rng = np.random.default_rng(seed)
    n, points, p = int(rng.integers(15, 50)), int(rng.integers(100, 300)), int(rng.integers(2, 9))
    at, people = rng.random((n, 2)), rng.random((points, 2))
    metres = np.hypot(*(people[:, None] - at[None]).transpose(2, 0, 1))
    weight = rng.integers(0, 80, points).astype(float)
    required = rng.random(n) < 0.04 if seed % 4 == 0 else np.zeros(n, bool)
    theirs = coverage.MCLP.from_cost_matrix(
        metres, weight, RADIUS, p, predefined_facilities_arr=required if required.any() else None
    ).solve(pulp.PULP_CBC_CMD(msg=False))
    rows = np.vstack([np.ones((1, n)), required[None].astype(float)])
    constraints = SelectionConstraints(
        np.ones(n), csr_array(rows), np.r_[0.0, required.sum()], np.array([p, np.inf])
    )
    ours = max_cover(
        CoverageProblem(
            constraints, csr_array((metres <= RADIUS).T), weight, np.zeros(points, bool), np.full(points, -1)
        ),
        control=SearchControl(),
    )
    assert ours.status == "optimal"
    assert ours.objective == pytest.approx(pulp.value(theirs.problem.objective))
    assert ours.objective == ours.recount
