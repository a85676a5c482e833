"""Sites and sizes that close gaps: lexicographic aims, each proven or bounded.

A model that is small enough is solved to the proof by HiGHS. A larger one is searched (`search`), and linear programs bound it.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from geoplan.siting.objectives.sizes.model import (
    First,
    SizeModel,
    Then,
    aims,
    build,
    can_hold,
    costs,
    limits,
)
from geoplan.siting.objectives.sizes.problem import WHY, Sizes, SizesAnswer, check
from geoplan.siting.objectives.sizes.search import GAIN, REGIONS, Search, in_whole_units
from geoplan.siting.solve.control import SearchControl
from geoplan.siting.solve.lp import Linear, solve
from geoplan.siting.solve.problems import Bools, Floats, Ints, Step, Stopped, status_of
from geoplan.siting.solve.tolerance import ROUNDING_TOLERANCE, SOLVER_TOLERANCE
from geoplan.words.errors import Note

#: Most openings (candidates x phases x products) of a model that HiGHS solves to the proof.
SMALL = 200
#: The part of the regions left that an aim takes, and how often zones are weighed anew.
OWN, REWEIGHTED = 0.8, 8
#: Nodes of its tree where the question limits neither nodes nor seconds.
NODES = 20_000
#: By how much a row or a whole number may be missed: what is built in whole units must not end below the standard, which flags compare
#: to 1e-9.
EXACT = 1e-9


def solve_sizes(
    problem: Sizes, *, control: SearchControl, first: First = "shortfall", then: Then = "cost"
) -> SizesAnswer:
    """Return the sites, their sizes and phases.

    The aims, each pursued among the answers that are as good in all before it:

    1. ``short_zones``, where `first` is ``flags``: the zones that lack anything in the last phase.
    2. ``unmet``: the gap that stays in the last phase, or what of it exceeds what may stay. Of one product in its own unit; of several
       the sum of the shares of each product's whole gap, since beds and square metres do not add up.
    3. ``cost`` of all sites, or the number of ``sites``.
    4. ``unmet_early``, with phases: the gaps that stay in each earlier phase, summed, so that early opening counts.
    5. ``walking``: size x minutes, of those who share each site.

    An aim that the search could not prove is held at its incumbent; the bounds of later aims are bounds under that. Where a gap may
    stay (`Sizes.may_stay`), the third aim is the first of the answer: what is asked is how little is enough.

    Parameters
    ----------
    problem
        What may be built, and what is missing.
    control
        Limits of the search: ``gap`` is that of each aim, ``nodes`` that of all aims together. Progress is that of each aim in turn.
    first, then
        What comes first, and what follows after the gap.

    Returns
    -------
    answer
        With whole sizes. Status `infeasible` where what is required does not fit the limits.

    Raises
    ------
    ValueError
        If the arrays do not fit each other or a number is out of its range.

    Examples
    --------
    One zone lacks 400 m2, another 100; a site between them gives four fifths and one fifth of each m2, another all to the first.

    >>> adds = csr_array(np.array([[0.8, 0.2], [1.0, 0.0]]))
    >>> two, free, none = np.ones(2), np.array([np.inf]), np.zeros(2, bool)
    >>> problem = Sizes(np.array([[400.0], [100.0]]), (adds,), np.ones((2, 1)), np.full((2, 1), 50.0), np.full((2, 1), 900.0),
    ...     np.array([10.0, 10.0]), np.full((2, 1), 0.1), np.array([False]), free, free, np.inf * two, np.ones(1), none, none, -two, 0 * two)
    >>> answer = solve_sizes(problem, control=SearchControl())
    >>> answer.status, answer.chosen.tolist(), answer.sizes.tolist(), answer.objective
    ('optimal', [0], [[500.0]], 0.0)
    """
    check(problem)
    model = build(problem, first)
    every = aims(problem, model, first=first, then=then)
    is_small = int((model.opening >= 0).sum()) <= SMALL
    if is_small and control.nodes is None and control.seconds is None:
        control = replace(control, nodes=NODES)
    search = _Search(problem, model, control) if is_small else _Large(problem, model, control)
    search.begin(every[0][1])
    for name, aim, unit in every:
        search.pursue(name, aim, unit)
        if search.infeasible:
            break
    search.end()
    if search.best is None:
        return _none(problem, search)
    return _answer(problem, model, search, then)


@dataclass
class _Search:
    """The incumbent and its bounds; lives within one call."""

    problem: Sizes
    model: SizeModel
    control: SearchControl
    best: Floats | None = None
    infeasible: bool = False
    stopped: Stopped = ""
    nodes: int = 0

    def __post_init__(self) -> None:
        self.held: list[tuple[Floats, float]] = []
        self.steps: list[tuple[str, Floats, float, float]] = []

    def begin(self, aim: Floats) -> None:
        """Start from the required candidates alone, each as early as it may open, where that keeps all limits."""
        model, x = self.model, np.zeros(len(self.model.linear.cost))
        for j in np.flatnonzero(self.problem.required):
            t = np.flatnonzero(model.option[j] >= 0)[:1]
            x[model.option[j, t]] = 1.0
            x[model.opening[j, t][model.opening[j, t] >= 0][:1]] = 1.0
        self.best = self._settle(x, aim)

    def pursue(self, name: str, aim: Floats, unit: float) -> None:
        """Find the best for one aim while all before it are held."""
        ended = self.stopped if self.stopped in ("clock", "interrupt") else ""
        why, bound = ended or self.control.stopped(nodes=self.nodes), 0.0  # no aim can be below 0
        if self.best is not None:  # the same sites, at their best for this aim
            settled = self._settle(self.best, aim)
            self.best = self.best if settled is None else settled
        if why:
            self.stopped = why
        elif self.best is None or aim @ self.best > 0.0:
            found = solve(
                self._model(aim), control=self.control.after(self.nodes), start=self.best, tolerance=EXACT
            )
            self.nodes += found.nodes
            self.stopped = found.stopped or self.stopped
            bound = 0.0 if found.state == "infeasible" else max(0.0, found.bound)
            if found.x is not None:
                settled = self._settle(found.x, aim)
                better = found.x if settled is None else settled
                if self.best is None or aim @ better <= aim @ self.best:
                    self.best = better
        if self.best is None:
            self.infeasible = True
            return
        reached = max(0.0, float(aim @ self.best))
        self.held.append((aim, reached))
        self.steps.append((name, aim, unit, min(bound, reached)))

    def end(self) -> None:
        """Finish: sizes are whole already."""

    def _model(self, aim: Floats) -> Linear:
        base = self.model.linear
        if not self.held:
            return replace(base, cost=aim)
        # small sums are scaled up: the solver's tolerance on a row is absolute (`SOLVER_TOLERANCE`)
        scale = np.array([max(1.0, 100.0 / max(1.0, value)) for _, value in self.held])
        rows = csr_array(np.array([row for row, _ in self.held]) * scale[:, None])
        high = np.array([value + max(1e-7, ROUNDING_TOLERANCE * value) for _, value in self.held]) * scale
        return replace(base, cost=aim).with_rows(rows, -np.inf, high)

    def _settle(self, x: Floats, aim: Floats) -> Floats | None:
        """Return the best for an aim with the sites of `x`: whole ones exactly whole, sizes fitting them; None if there is none."""
        fixed = self._model(aim)
        low, high = fixed.low.copy(), fixed.high.copy()
        low[self.model.decided] = high[self.model.decided] = np.round(x[self.model.decided])
        # without search limits: with the sites fixed it is soon done, and without it there may be no answer
        found = solve(replace(fixed, low=low, high=high), control=SearchControl(), tolerance=EXACT)
        if found.x is None:
            return None
        clean: Floats = np.where(fixed.whole, np.round(found.x), found.x)
        return clean


class _Large(_Search):
    """The same for a model that HiGHS would not finish: searched, and bounded by the linear program under the aims held."""

    def begin(self, aim: Floats) -> None:
        """Start from nothing: the first search finds what keeps all limits."""

    def pursue(self, name: str, aim: Floats, unit: float) -> None:
        """Search for the best for one aim while all before it are held."""
        ended = self.stopped in ("clock", "interrupt") or self.control.stopped() != ""
        bound = 0.0
        if self.best is None or not ended:
            search = Search(self.problem, self.model, aim, self.held, self.control)
            relaxed = search.relaxed()
            bound = 0.0 if relaxed is None else max(0.0, relaxed.objective)
            if name == "short_zones":
                self.best = self._few_zones()
            elif self.best is None or aim @ self.best > bound + GAIN:
                found = search.run(self.best, self._share(), bound=bound)
                self.nodes += search.regions
                self.best = self.best if found is None or _worse(aim, found, self.best) else found
        # a search that bounds alone do not end is one by a number of regions
        self.stopped = self.stopped or self.control.stopped() or "nodes"
        if self.best is None:
            self.infeasible = True
            return
        reached = max(0.0, float(aim @ self.best))
        self.steps.append((name, aim, unit, min(bound, reached)))
        if name == "short_zones":
            self._keep_closed(self.best)
        else:
            self.held.append((aim, reached))

    def _keep_closed(self, x: Floats) -> None:
        """Hold a number of zones that are short as the zones themselves: a program in which zones are short in part would not."""
        high = self.model.linear.high.copy()
        last = self.model.lacking[self.model.lacks[2] == len(self.problem.sites) - 1]
        high[last[x[last] <= SOLVER_TOLERANCE]] = 0.0
        self.model = replace(self.model, linear=replace(self.model.linear, high=high))

    def _share(self) -> int:
        """Return the regions that an aim may try: a part of those that are left, so that some stay for the aims after it."""
        left = (REGIONS if self.control.nodes is None else self.control.nodes) - self.nodes
        return int(np.ceil(OWN * max(0, left)))

    def _few_zones(self) -> Floats | None:
        """Return columns in which few zones are short: what zones lack is weighed by the less, the more a zone lacks.

        Weights ``1 / (u + 3)`` of the last solution, again and again (Candes, Wakin & Boyd 2008, https://doi.org/10.1007/s00041-008-9045-x).
        """
        at_the_end = self.model.lacks[2] == len(self.problem.sites) - 1
        columns = self.model.lacking[at_the_end]
        aim = np.zeros(len(self.model.linear.cost))
        aim[columns] = 1.0
        for _ in range(REWEIGHTED):
            weighed = Search(self.problem, self.model, aim, (), self.control)
            found = weighed.relaxed()
            if found is None or found.x is None:
                return None
            aim = np.zeros(len(aim))
            aim[columns] = 1.0 / (found.x[columns] + 3.0)
        weighed = Search(self.problem, self.model, aim, (), self.control)
        best = weighed.run(None, self._share(), bound=0.0)
        self.nodes += weighed.regions
        if best is None:
            return None
        best = best.copy()
        best[self.model.short] = best[columns] > SOLVER_TOLERANCE
        return best

    def end(self) -> None:
        """Make sizes whole."""
        if self.best is None:
            return
        model, x = self.model, self.best.copy()
        size, phase = sizes_of(model, x, np.maximum(limits(self.problem)[0], 1.0))
        whole = in_whole_units(self.problem, size, phase, *limits(self.problem))
        x[:] = 0.0
        for j in np.flatnonzero((phase >= 0) & ((whole.sum(axis=1) > 0) | self.problem.required)):
            x[model.option[j, phase[j]]] = 1.0
            held = model.size[j, phase[j]] >= 0
            x[model.size[j, phase[j]][held]] = whole[j][held]
            opens = held & (whole[j] > 0)
            x[model.opening[j, phase[j]][opens]] = 1.0
        self.best = counted_again(self.problem, model, x)


def sizes_of(model: SizeModel, x: Floats, least: Floats) -> tuple[Floats, Ints]:
    """Return the size of each product at each candidate, shape (J, K), and the phase in which it opens, shape (J,), -1: never.

    What is below its least by more than rounding is not open.
    """
    given = np.where(model.size >= 0, x[model.size], 0.0)
    is_open = (given >= least[:, None, :] - 1e-3) | ((model.option >= 0) & (x[model.option] > 0.5))[
        :, :, None
    ]
    given = np.where(is_open, given, 0.0)
    opened: Bools = np.any(is_open, axis=2)
    phase = np.where(opened.any(axis=1), opened.argmax(axis=1), -1)
    return given.sum(axis=1), phase.astype(np.int64)


def _worse(aim: Floats, found: Floats, best: Floats | None) -> bool:
    return best is not None and float(aim @ found) > float(aim @ best)


def counted_again(problem: Sizes, model: SizeModel, x: Floats) -> Floats:
    """Return columns whose sizes stand, with what follows from them: what zones lack, which are short, and what exceeds what may stay."""
    out = x.copy()
    size = np.where(model.size >= 0, x[model.size], 0.0)
    lacks = np.array([problem.unmet(size[:, : t + 1].sum(axis=1)) for t in range(len(problem.sites))])
    zone, product, phase = model.lacks
    out[model.lacking] = lacks[phase, zone, product]
    if len(model.short):
        out[model.short] = out[model.lacking[phase == len(problem.sites) - 1]] > 0
    total = float(problem.weights() @ lacks[-1].sum(axis=0))
    out[model.excess] = max(0.0, total - problem.may_stay)
    return out


def _none(problem: Sizes, search: _Search) -> SizesAnswer:
    nothing = np.empty(0, np.int64)
    if search.stopped:
        return SizesAnswer(
            "none", nothing, stopped=search.stopped, nodes=search.nodes, repeatable=search.stopped == "nodes"
        )
    required, (least, _) = problem.required, limits(problem)
    cheapest = problem.cost_open + (least * problem.cost_unit).min(axis=1)
    sites, budget = problem.sites[-1], problem.budget[-1]
    note = Note.of(
        "siting_size_infeasible",
        severity="error",
        required=int(required.sum()),
        cost=f"{cheapest[required].sum():,.1f}",
        budget=f"{budget:,.1f}" if np.isfinite(budget) else "∞",
        sites=f"{sites:g}" if np.isfinite(sites) else "∞",
    )
    return SizesAnswer("infeasible", nothing, nodes=search.nodes, notes=(note,))


def _answer(problem: Sizes, model: SizeModel, search: _Search, then: Then) -> SizesAnswer:
    x = search.best
    assert x is not None  # noqa: S101 - else `_none`
    x = x.copy()
    phase = np.full(problem.shape[0], -1, np.int64)
    j, t = np.nonzero(model.option >= 0)
    open_ = x[model.option[j, t]] > 0.5
    phase[j[open_]] = t[open_]
    size = np.zeros(problem.least.shape)
    j, t, k = np.nonzero(model.size >= 0)
    np.add.at(size, (j, k), np.round(x[model.size[j, t, k]]))
    # a site of no size that costs nothing is as good open as not: it is not one
    empty = (phase >= 0) & (size.sum(axis=1) <= SOLVER_TOLERANCE) & ~problem.required
    x[model.option[empty][model.option[empty] >= 0]] = 0.0
    phase[empty] = -1
    chosen = np.flatnonzero(phase >= 0)
    unmet = unmet_by_phase(problem, size, phase)
    why = why_unmet(problem, size=size, phase=phase, unmet=unmet)
    steps = tuple(_step(name, float(aim @ x), unit, bound) for name, aim, unit, bound in search.steps)
    if problem.may_stay > 0:
        steps = tuple(sorted(steps, key=lambda step: step.name != then))
    left = float(problem.weights() @ unmet[-1].sum(axis=0))
    recounts = {
        "short_zones": float((unmet[-1] > 0).any(axis=1).sum()),
        "unmet": left,
        "cost": float(problem.cost_open[chosen].sum() + (problem.cost_unit * size).sum()),
        "sites": float(len(chosen)),
    }
    status = status_of(steps)
    return SizesAnswer(
        status=status,
        chosen=chosen,
        steps=steps,
        recount=recounts[steps[0].name],
        stopped="" if status == "optimal" else search.stopped,
        nodes=search.nodes,
        repeatable=status == "optimal" or search.stopped not in ("clock", "interrupt"),
        notes=_notes(problem, why[-1], unmet[-1]),
        sizes=size[chosen],
        phase=phase[chosen],
        unmet=unmet,
        why=why,
        cost=float(costs(problem, model) @ x),
    )


def _step(name: str, reached: float, unit: float, bound: float) -> Step:
    # sums of amounts that count as none are none
    reached = 0.0 if reached <= SOLVER_TOLERANCE else reached
    return Step(name, "min", reached / unit, min(bound, reached) / unit)


def unmet_by_phase(problem: Sizes, size: Floats, phase: Ints) -> Floats:
    """Return what each zone lacks at the end of each phase, shape (T, Z, K), counted from sizes and phases of all candidates (-1: closed)."""
    return np.array(
        [
            problem.unmet(np.where(((phase >= 0) & (phase <= t))[:, None], size, 0.0))
            for t in range(len(problem.sites))
        ]
    )


def why_unmet(problem: Sizes, *, size: Floats, phase: Ints, unmet: Floats) -> NDArray[np.str_]:
    """Return why each zone keeps a gap (`WHY`), shape (T, Z, K).

    A zone to which a candidate adds could be helped by one that is closed or not as large as it can be. Where there is none, all are
    too small. Where there is one, what keeps it so is the number of sites if it is used up and only a closed one would help, else the
    budget.
    """
    least, most = limits(problem)
    holds = can_hold(problem, least, most)
    why = np.full(unmet.shape, "none", "<U12")
    # where one of an either-or is chosen the others are out
    opened = phase >= 0
    taken = (problem.either_or >= 0) & np.isin(problem.either_or, problem.either_or[opened])
    for t in range(len(problem.sites)):
        ready, now = problem.from_phase <= t, opened & (phase <= t)
        has_room = np.where(now[:, None], size, 0.0) @ problem.room_per_unit < problem.room - SOLVER_TOLERANCE
        # in this phase or a later one no further site may open, or money is limited
        full = any(
            (opened & (phase <= by)).sum() >= problem.sites[by] - ROUNDING_TOLERANCE
            for by in range(t, len(problem.sites))
        )
        money = "budget" if np.isfinite(problem.budget[t:]).any() else "none"
        for k, adds in enumerate(problem.adds):
            short = unmet[t, :, k] > 0
            closed = ready & holds[:, k] & ~now & ~taken
            small = now & holds[:, k] & (size[:, k] < most[:, k] - SOLVER_TOLERANCE) & has_room
            names = np.full(len(short), "too_small", "<U12")
            names[adds.T @ closed.astype(np.float64) > 0] = "sites" if full else money
            names[adds.T @ small.astype(np.float64) > 0] = money
            names[adds.T @ (ready & holds[:, k]).astype(np.float64) <= 0] = "no_candidate"
            why[t, :, k][short] = names[short]
    return why


def _notes(problem: Sizes, why: np.ndarray, unmet: Floats) -> tuple[Note, ...]:
    notes = []
    for reason in WHY[1:]:
        zones = int(((why == reason) & (unmet > 0)).any(axis=1).sum())
        if zones:
            notes.append(Note.of(f"siting_size_{reason}", severity="info", zones=zones))
    left = float(problem.weights() @ unmet.sum(axis=0))
    if 0 < problem.may_stay < left - SOLVER_TOLERANCE:
        stays, asked = f"{left:,.0f}", f"{problem.may_stay:,.0f}"
        notes.append(Note.of("siting_size_stays", severity="warning", stays=stays, asked=asked))
    return tuple(notes)
