"""Siting problems for tests: builders from short tables, every selection tried, and strategies that draw from edge values."""

from itertools import combinations

import numpy as np
from hypothesis import strategies as st
from scipy.sparse import csr_array, hstack, vstack

from geoplan.siting.objectives.capacity.problem import Capacity
from geoplan.siting.objectives.sizes.problem import Sizes
from geoplan.siting.solve.control import SearchControl
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


def walked(problem, chosen):
    """The walk of each point, point by point: to what exists or the nearest of `chosen`, at most the cutoff."""
    table = problem.seconds.tocoo()
    walk = {(int(j), int(k)): float(s) for j, k, s in zip(table.row, table.col, table.data, strict=True)}
    far = problem.cutoff_seconds
    return [
        min([float(now), far, *(walk.get((int(j), k), far) for j in chosen)])
        for k, now in enumerate(problem.existing_seconds)
    ]


def who_goes_where(problem):
    """Rows of the plain model, a column for each option and each walk: every point goes once, and only to what is open."""
    n, m = problem.seconds.shape
    pairs = problem.seconds.tocoo()
    k = len(pairs.data)
    each = np.arange(k)
    goes = csr_array((np.ones(k), (pairs.col, each)), shape=(m, k))
    opens = csr_array((-np.ones(k), (each, pairs.row)), shape=(k, n))
    same = csr_array((np.ones(k), (each, each)), shape=(k, k))
    limits = csr_array((problem.constraints.rows.shape[0], k))
    rows = [[problem.constraints.rows, limits], [csr_array((m, n)), goes], [opens, same]]
    return pairs, csr_array(vstack([hstack(row) for row in rows]))


def interrupting(calls):
    """A control that is interrupted at so many calls of its listener, and what the listener was called with."""
    heard, control = [], SearchControl()

    def listen(objective, bound):
        heard.append((objective, bound))
        if len(heard) == calls:
            control.interrupt()

    control.listen = listen
    return control, heard


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


@st.composite
def coverage_problems(draw, *, asks=True):
    """Few options and points, with limits of number, money and choice; `asks`: some rows ask for a number of options."""
    n, points = draw(st.integers(1, 7)), draw(st.integers(1, 9))
    bits = st.lists(st.booleans(), min_size=points, max_size=points)
    picks = st.lists(st.booleans(), min_size=n, max_size=n)
    costs = st.lists(st.sampled_from([0, 1, 2, 2.5]), min_size=n, max_size=n)
    cost = draw(costs)
    least = [draw(st.sampled_from([0, 0, 1])), 0, 0, draw(st.sampled_from([0, 1, 2])), 0, 0]
    return problem(
        draw(st.lists(bits, min_size=n, max_size=n)),
        draw(st.lists(st.sampled_from([0, 1, 2, 2.5, 50]), min_size=points, max_size=points)),
        cost=cost,
        rows=[np.ones(n), cost, draw(costs), draw(picks), draw(picks), draw(picks)],
        least=least if asks else None,
        most=[draw(st.integers(0, 4)), draw(st.sampled_from([0, 2, 3, np.inf])), 4, np.inf, 1, 1],
        covered_by_existing=draw(bits),
    )


@st.composite
def covers_by_zone(draw, *, zones, costs=False):
    """Few options and points in zones, some covered already; somebody lives in zone 0."""
    n, k = draw(st.integers(1, 6)), draw(st.integers(1, 8))

    def some(kind, size=n):
        return draw(st.lists(kind, min_size=size, max_size=size))

    covers = draw(st.lists(st.lists(st.booleans(), min_size=k, max_size=k), min_size=n, max_size=n))
    weight, zone = some(st.sampled_from([0.0, 1.0, 3.0, 500.0]), k), some(st.integers(-1, zones - 1), k)
    weight[0], zone[0] = 3.0, 0
    rows = [
        (some(st.sampled_from([1.0, 2.5, 4.0])), 0, 6.0),
        (np.arange(n) < 2, 0, 1),
        (np.arange(n) == n - 1, 1, 1),
    ]
    return cover(
        covers,
        weight,
        rows=[row for row in rows if draw(st.booleans())],  # a budget, an either-or, a required one
        cost=some(st.sampled_from([0.0, 0.5, 1.0, 20.0])) if costs and draw(st.booleans()) else None,
        most=draw(st.integers(0, n)),
        covered_by_existing=some(st.sampled_from([False, False, True]), k),
        zone=zone,
    )


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


def adding(*pairs, candidates, zones):
    """(candidate, zone, what a unit at the candidate takes off the zone's gap)."""
    j, z, share = zip(*pairs, strict=True) if pairs else ((), (), ())
    return csr_array(
        (np.array(share, float), (np.array(j, int), np.array(z, int))), shape=(candidates, zones)
    )


def sizes(gap, *pairs, least=0.0, most=np.inf, opening=1.0, unit=0.0, whole=False, walk=1.0, candidates=None, **more):  # fmt: skip
    """One product; numbers stand for all candidates."""
    zones = len(gap)
    candidates = candidates or 1 + max((j for j, _, _ in pairs), default=0)

    def column(value):
        return np.broadcast_to(np.array(value, float).reshape(-1, 1), (candidates, 1)).copy()

    given = {
        "gap": np.array(gap, float).reshape(-1, 1),
        "adds": (adding(*pairs, candidates=candidates, zones=zones),),
        "minutes": column(walk),
        "least": column(least),
        "most": column(most),
        "cost_open": column(opening)[:, 0],
        "cost_unit": column(unit),
        "rounds_up": np.array([whole]),
    }
    return Sizes(**unlimited(candidates, 1) | given | phased(more.pop("phases", [()])) | more)


def unlimited(candidates, products):
    """What a question without limits says: one phase, no floor area, none required, forbidden or excluded."""
    none = np.zeros(candidates, bool)
    more = {
        "room": np.full(candidates, np.inf),
        "room_per_unit": np.ones(products),
        "required": none,
        "forbidden": none,
    }
    return (
        phased([()]) | more | {"either_or": np.full(candidates, -1), "from_phase": np.zeros(candidates, int)}
    )


def phased(phases):
    """Limits of phases, each given as (sites, budget), inf where they end early."""
    limits = np.array([[*phase, np.inf, np.inf][:2] for phase in phases], float)
    return {"sites": limits[:, 0], "budget": limits[:, 1]}


def within(p, n, *, required=(), cost=None, budget=None):
    rows = [(np.ones(n), 0, p), *((np.eye(n)[j], 1, np.inf) for j in required)]
    return constraints(n, *rows, *([] if budget is None else [(cost, 0, budget)]), cost=cost)


def beds_in_reach(table):
    """Seconds; -1 is out of reach, 0 is a walk."""
    table = np.array(table, float)
    row, column = np.nonzero(table >= 0)
    return csr_array((table[row, column], (row, column)), shape=table.shape)


def capacity(table, need, beds, *, p=1, existing=None, existing_beds=(), **more):
    existing = np.empty((0, len(need))) if existing is None else existing
    given = {"constraints": within(p, len(beds)), "cutoff_seconds": 1000.0} | more
    return Capacity(
        seconds=beds_in_reach(table),
        need=np.array(need, float),
        capacity=np.array(beds, float),
        existing=beds_in_reach(existing),
        existing_capacity=np.array(existing_beds, float),
        **given,
    )


def middling():
    rng = np.random.default_rng(5)
    table = np.where(rng.random((40, 300)) < 0.06, rng.integers(0, 900, (40, 300)), -1)
    old = np.where(rng.random((6, 300)) < 0.1, rng.integers(0, 900, (6, 300)), -1)
    return capacity(
        table, rng.random(300) * 4, rng.integers(5, 40, 40), p=8, existing=old, existing_beds=np.full(6, 20.0)
    )
