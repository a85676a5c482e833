"""The only door to HiGHS: linear and mixed-integer models in arrays, solved under a search control.

HiGHS (Huangfu & Hall 2018, https://doi.org/10.1007/s12532-017-0130-5) runs on one thread with a fixed seed: the same model gives
the same answer.
"""

from dataclasses import dataclass, replace
from typing import Literal

import highspy
import numpy as np
from scipy.sparse import csc_array, csr_array, vstack

from geoplan.siting.solve.control import SearchControl
from geoplan.siting.solve.problems import Bools, Floats, Ints, Stopped
from geoplan.siting.solve.tolerance import PROOF, ROUNDING_TOLERANCE


@dataclass(frozen=True, eq=False)
class Linear:
    """Minimise ``cost @ x`` under ``row_low <= rows @ x <= row_high`` and ``low <= x <= high``; ``whole`` columns are integers."""

    cost: Floats
    low: Floats
    high: Floats
    rows: csr_array | csc_array
    row_low: Floats
    row_high: Floats
    whole: Bools

    def with_rows(self, rows: csr_array, low: float | Floats, high: float | Floats) -> "Linear":
        """Return the same model with further rows, shape (m, n), and their limits, one for all or one each."""
        low, high = (np.broadcast_to(np.asarray(limit, np.float64), rows.shape[:1]) for limit in (low, high))
        return replace(
            self,
            rows=csr_array(vstack([self.rows, rows])),
            row_low=np.append(self.row_low, low),
            row_high=np.append(self.row_high, high),
        )


@dataclass(frozen=True, eq=False)
class Solved:
    """What HiGHS found.

    `state` is ``optimal`` (proven to the tolerance), ``feasible`` (stopped early with a solution), ``infeasible``, ``unbounded`` or
    ``none`` (stopped before any). `bound` is a lower bound on the minimum. `x` is None without a solution; `reduced`
    (costs of columns) is None unless a linear program was solved.
    """

    state: Literal["optimal", "feasible", "infeasible", "unbounded", "none"]
    x: Floats | None
    objective: float
    bound: float
    stopped: Stopped
    nodes: int
    reduced: Floats | None = None


def solve(
    model: Linear,
    *,
    control: SearchControl,
    start: Floats | None = None,
    relax: bool = False,
    method: Literal["choose", "simplex", "ipm"] = "choose",
    tolerance: float | None = None,
) -> Solved:
    """Solve `model`.

    Parameters
    ----------
    model
        What is to be minimised.
    control
        Search limits, progress callback and interrupt.
    start
        A feasible solution to begin with; columns of NaN follow from the others.
    relax
        True leaves out the integers: a linear program.
    method
        How a linear program is solved.
    tolerance
        By how much rows and whole numbers may be missed; None: HiGHS's own 1e-7 and 1e-6.

    Returns
    -------
    solved
        Proven to a relative gap of ``control.gap``.
    """
    highs = loaded(model, relax=relax)
    whole = bool(model.whole.any()) and not relax
    options: dict[str, bool | int | float | str] = {
        "mip_rel_gap": control.gap,
        "mip_abs_gap": ROUNDING_TOLERANCE,
        "solver": method,
    }
    if tolerance is not None:
        options |= dict.fromkeys(("primal_feasibility_tolerance", "mip_feasibility_tolerance"), tolerance)
    if control.nodes is not None:
        options["mip_max_nodes"] = int(control.nodes)
    if control.seconds is not None:
        options["time_limit"] = max(0.0, control.left())
    for name, value in options.items():
        highs.setOptionValue(name, value)
    if start is not None and whole:
        told = np.flatnonzero(~np.isnan(start))
        highs.setSolution(len(told), told.astype(np.int32), start[told])
    _listen(highs, control, whole=whole)
    highs.run()
    return _read(highs, control, whole=whole)


def loaded(model: Linear, *, relax: bool) -> highspy.Highs:
    """Return HiGHS holding `model`, on one thread with a fixed seed; `relax` leaves out the integers."""
    highs = highspy.Highs()  # type: ignore[no-untyped-call]
    for name, value in (("output_flag", False), ("threads", 1), ("parallel", "off"), ("random_seed", 0)):
        highs.setOptionValue(name, value)
    columns = csc_array(model.rows)
    columns.sort_indices()
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = len(model.cost), columns.shape[0]
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = model.cost, model.low, model.high
    lp.row_lower_, lp.row_upper_ = model.row_low, model.row_high
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_ = columns.indptr.astype(np.int32)
    lp.a_matrix_.index_ = columns.indices.astype(np.int32)
    lp.a_matrix_.value_ = columns.data.astype(np.float64)
    if model.whole.any() and not relax:
        kinds = highspy.HighsVarType
        lp.integrality_ = [kinds.kInteger if whole else kinds.kContinuous for whole in model.whole]
    highs.passModel(lp)
    return highs


class GrowingProgram:
    """A linear program that HiGHS keeps between solutions: rows are added and dropped, bounds of columns change.

    Parameters
    ----------
    model
        The program to begin with; its integers are left out.
    control
        Interrupt and clock.
    """

    def __init__(self, model: Linear, *, control: SearchControl) -> None:
        self.control, self.first_rows = control, model.rows.shape[0]
        self.highs = loaded(model, relax=True)
        self.highs.setOptionValue("solver", "simplex")
        _listen(self.highs, control, whole=False)

    def set_bounds(self, low: Floats, high: Floats) -> None:
        """Set the bounds of the first columns, shape (n,) each."""
        self.highs.changeColsBounds(len(low), np.arange(len(low), dtype=np.int32), low, high)

    def add_rows(self, least: Floats, rows: tuple[Ints, Ints, Floats]) -> None:
        """Add rows ``least <= row @ x``, given as pointer, columns and values of a compressed matrix."""
        pointer, columns, values = rows
        most = np.full(len(least), np.inf)
        self.highs.addRows(len(least), least, most, len(columns), pointer[:-1], columns, values)

    def set_cost(self, cost: Floats) -> None:
        """Set the costs of the first columns, shape (n,)."""
        self.highs.changeColsCost(len(cost), np.arange(len(cost), dtype=np.int32), cost)

    def set_row_limits(self, row: int, low: float, high: float) -> None:
        """Set the limits of a row."""
        self.highs.changeRowBounds(row, low, high)

    def row_prices(self) -> Floats:
        """Return what a unit more of each row's limit changes the minimum by, of the last solution."""
        return np.array(self.highs.getSolution().row_dual)

    def drop_slack_rows(self) -> None:
        """Drop the added rows that the last solution does not touch."""
        basic = highspy.HighsBasisStatus.kBasic
        status = self.highs.getBasis().row_status
        slack = np.array([r for r in range(self.first_rows, len(status)) if status[r] == basic], np.int32)
        if len(slack):
            self.highs.deleteRows(len(slack), slack)

    def solve(self) -> Solved | None:
        """Return the solution, ``optimal`` or ``infeasible``; None where it was stopped."""
        if self.control.seconds is not None:
            left = max(0.0, self.control.left())
            self.highs.setOptionValue("time_limit", self.highs.getRunTime() + left)
        self.highs.run()
        kinds = highspy.HighsModelStatus
        ended = (kinds.kOptimal, kinds.kInfeasible)
        found = _read(self.highs, self.control, whole=False)
        is_lost = self.highs.getModelStatus() not in ended or found.state == "none"
        if is_lost and not self.control.stopped():
            # the last basis led nowhere, or to a point that the unscaled rows refuse: begin afresh
            self.highs.clearSolver()
            self.highs.run()
        if self.highs.getModelStatus() not in ended:
            return None
        return _read(self.highs, self.control, whole=False)


def _listen(highs: highspy.Highs, control: SearchControl, *, whole: bool) -> None:
    # HiGHS asks now and then whether to go on; an exception must not cross into it
    def ask(event: highspy.highs.HighsCallbackEvent) -> None:
        if control.interrupted.is_set():
            event.interrupt()

    def better(event: highspy.highs.HighsCallbackEvent) -> None:
        control.listen(event.data_out.mip_primal_bound, event.data_out.mip_dual_bound)

    if whole:
        highs.cbMipInterrupt += ask
        highs.cbMipImprovingSolution += better
    else:
        highs.cbSimplexInterrupt += ask
        highs.cbIpmInterrupt += ask


def _read(highs: highspy.Highs, control: SearchControl, *, whole: bool) -> Solved:
    kinds = highspy.HighsModelStatus
    ended, info, found = highs.getModelStatus(), highs.getInfo(), highs.getSolution()
    proven = ended == kinds.kOptimal
    nodes = max(0, int(info.mip_node_count)) if whole else 0
    if ended == kinds.kInfeasible:
        return Solved("infeasible", None, np.inf, np.inf, "", nodes)
    if ended in (kinds.kUnbounded, kinds.kUnboundedOrInfeasible):
        return Solved("unbounded", None, np.nan, -np.inf, "", nodes)
    stopped: Stopped = "clock" if ended == kinds.kTimeLimit else "" if proven else "nodes"
    if stopped and control.interrupted.is_set():
        stopped = "interrupt"
    bound = float(info.mip_dual_bound) if whole else -np.inf
    if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        return Solved("none", None, np.nan, bound, stopped, nodes)
    objective = float(info.objective_function_value)
    if proven and (not whole or (control.gap == 0.0 and not np.isfinite(bound))):
        bound = objective  # of integers: presolve proved the start and left no bound behind
    closed = objective - bound <= PROOF * max(1.0, abs(objective))
    why: Stopped = "" if closed else stopped or "gap"
    reduced = np.array(found.col_dual) if found.dual_valid and not whole else None
    state: Literal["optimal", "feasible"] = "optimal" if closed else "feasible"
    return Solved(state, np.array(found.col_value), objective, min(bound, objective), why, nodes, reduced)
