"""Set covering against spopt: the same objective on seeded instances."""

import numpy as np
import pulp
import pytest
from scipy.sparse import csr_array
from spopt.locate import LSCP

from geoplan.siting.objectives.share.solve import fewest
from geoplan.siting.solve.control import SearchControl
from geoplan.siting.solve.problems import CoverageProblem, SelectionConstraints

RADIUS = 0.25


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_the_fewest_sites_are_as_many_as_spopt_finds(seed):
    chance = np.random.default_rng(seed)
    points = chance.random((80, 2))
    options = np.concatenate([chance.random((25, 2)), points[:12]])
    away = np.hypot(*(points[:, None] - options[None]).transpose(2, 0, 1))
    # every point has an option: those that have none lie beside one
    away[away.min(axis=1) > RADIUS, 0] = RADIUS
    model = LSCP.from_cost_matrix(away, RADIUS)
    model.solve(pulp.HiGHS(msg=False))
    n = len(options)
    free = SelectionConstraints(np.ones(n), csr_array((0, n)), np.empty(0), np.empty(0))
    problem = CoverageProblem(
        free,
        csr_array((away <= RADIUS).T.astype(float)),
        np.ones(80),
        np.zeros(80, bool),
        np.zeros(80, np.int64),
    )
    answer = fewest(problem, share=1.0, control=SearchControl())
    assert answer.status == "optimal"
    assert answer.objective == round(model.problem.objective.value())
