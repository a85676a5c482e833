"""Siting problems for tests: builders from short tables, every selection tried, and strategies that draw from edge values."""

from itertools import combinations

import numpy as np
from hypothesis import strategies as st
from scipy.sparse import csr_array

from geoplan.siting.solve.problems import CoverageProblem, DistanceProblem, SelectionConstraints


def constraints(n, *rows, cost=None):
    """Rows as (coefficients, least, most)."""
    table = csr_array(np.array([row[0] for row in rows], float).reshape(len(rows), n))
    least, most = (np.array([row[k] for row in rows], float) for k in (1, 2))
    return SelectionConstraints(np.ones(n) if cost is None else np.array(cost, float), table, least, most)


def at_most(n, p):
    return constraints(n, (np.ones(n), 0, p))


def cover(covers, weight, *, most=None, rows=(), cost=None, covered_by_existing=None, zone=0):
    """Rows as in `constraints`; `most` sites; one zone number for all points, or one each."""
    covers = np.atleast_2d(np.array(covers, float))
    n, k = covers.shape
    rows = (*rows, (np.ones(n), 0, most)) if most is not None else rows
    given = np.zeros(k, bool) if covered_by_existing is None else np.array(covered_by_existing, bool)
    zone = np.broadcast_to(np.asarray(zone, np.int64), (k,)).copy()
    return CoverageProblem(
        constraints(n, *rows, cost=cost), csr_array(covers), np.array(weight, float), given, zone
    )


def problem(covers, weight, *, rows=None, least=None, most=None, zone=-1, **given):
    """The same with the rows as a matrix (default: the number of options), and their limits as lists."""
    n = np.atleast_2d(np.array(covers)).shape[0]
    rows = np.ones((1, n)) if rows is None else np.atleast_2d(np.array(rows, float))
    least = np.zeros(len(rows)) if least is None else least
    most = np.full(len(rows), np.inf) if most is None else most
    return cover(covers, weight, rows=list(zip(rows, least, most, strict=True)), zone=zone, **given)


def walks(table, chosen_by, *, weight=None, now=None, cutoff_seconds=600.0):
    """A distance problem from a table of seconds, NaN out of reach."""
    table = np.array(table, float)
    option, point = np.nonzero(np.isfinite(table))
    n, m = table.shape
    seconds = csr_array((table[option, point], (option, point)), shape=(n, m))
    weight = np.ones(m) if weight is None else np.array(weight, float)
    now = np.full(m, np.inf) if now is None else np.array(now, float)
    return DistanceProblem(chosen_by, seconds, weight, now, cutoff_seconds, np.full(m, -1))


def covered(problem, chosen):
    """People covered by what exists and `chosen`, from the dense matrix."""
    dense = problem.covers.toarray() > 0
    return problem.weight[problem.covered_by_existing | dense[list(chosen)].any(axis=0)].sum()


def allowed(problem, most=None):
    """Every selection that the constraints allow, of at most so many options."""
    n = len(problem.constraints)
    sizes = range(min(n, n if most is None else most) + 1)
    every = (np.array(c, np.int64) for size in sizes for c in combinations(range(n), size))
    return [chosen for chosen in every if problem.constraints.allows(chosen)]


def town(seed, *, candidates, points, phases=2, near=None, built=0.7):
    """Candidates in phases with budgets, an either-or pair and a required one: all kinds of constraints together.

    `near`: walks above one of these seconds are out of reach; `built`: share of points without an existing facility.
    """
    rng = np.random.default_rng(seed)
    at, home = rng.random((candidates, 2)), rng.random((points, 2))
    seconds = np.hypot(*(at[:, None] - home[None]).transpose(2, 0, 1)) * 3000
    reach = 3600.0 if near is None else float(rng.choice(near))
    seconds = seconds if near is None else np.where(seconds <= reach, seconds, np.nan)
    n = candidates * phases
    table = np.full((n, points * phases), np.nan)
    for opens in range(phases):
        table[opens * candidates : (opens + 1) * candidates, opens * points :] = np.tile(
            seconds, phases - opens
        )
    cost, rows, candidate = rng.integers(5, 40, candidates), [], np.arange(n) % candidates
    for phase in range(1, phases + 1):
        upto = np.r_[np.tile(cost, phase), np.zeros(n - candidates * phase)]
        rows += [(upto, 0, rng.integers(40, 80) * phase), (upto > 0, 0, 3 * phase)]
    rows += [(candidate == c, 0, 1) for c in range(candidates)]
    rows += [(np.isin(candidate, rng.choice(candidates, 2, replace=False)), 0, 1)]
    rows += [(candidate == rng.integers(candidates), 1, np.inf)]
    now = np.tile(np.where(rng.random(points) < built, np.inf, rng.random(points) * 2000), phases)
    weight = np.tile(rng.integers(0, 400, points), phases)
    return walks(table, constraints(n, *rows), weight=weight, now=now, cutoff_seconds=reach)


def plane(seed, n, p):
    """Nodes in a square, each a candidate and a point of one person, metres whole."""
    at = np.random.default_rng(seed).random((n, 2))
    metres = np.round(np.hypot(*(at[:, None] - at[None]).transpose(2, 0, 1)) * 100)
    return walks(metres, at_most(n, p), cutoff_seconds=200.0)


SECONDS = st.sampled_from([np.nan, 0, 60, 60.5, 300, 600])
PEOPLE = st.sampled_from([0, 1, 2.5, 400])
NOW = st.sampled_from([np.inf, 0, 60, 600, 900])


@st.composite
def distance_problems(draw):
    """Few options and points, with limits of number, money and choice that may contradict each other."""
    n, m = draw(st.integers(1, 5)), draw(st.integers(1, 6))
    table = draw(st.lists(st.lists(SECONDS, min_size=m, max_size=m), min_size=n, max_size=n))
    rows = [(np.ones(n), 0, draw(st.integers(0, n)))]
    share = st.lists(st.sampled_from([0, 1, 2.5, 9]), min_size=n, max_size=n)
    rows += [(draw(share), 0, draw(st.sampled_from([0, 2.5, 4, 20]))) for _ in range(draw(st.integers(0, 2)))]
    one = st.lists(st.sampled_from([0, 1]), min_size=n, max_size=n)
    rows += [
        (draw(one), draw(st.integers(0, 2)), draw(st.integers(1, 2))) for _ in range(draw(st.integers(0, 1)))
    ]
    weight, now = (draw(st.lists(kind, min_size=m, max_size=m)) for kind in (PEOPLE, NOW))
    return walks(table, constraints(n, *rows), weight=weight, now=now)
