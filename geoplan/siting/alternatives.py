"""Plans that do about as well as an answer and open other sites: what is lost where one of its sites cannot be had."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from geoplan.siting.answer import answer
from geoplan.siting.inputs import SitingInputs
from geoplan.siting.objectives import objective_of
from geoplan.siting.result import SitingResult
from geoplan.siting.sites import site_ids, sites_table
from geoplan.siting.solve.problems import Ints
from geoplan.siting.solve.tolerance import ROUNDING_TOLERANCE
from geoplan.tables import ALTERNATIVES

#: An alternative is worse by at most this part of the first aim.
MOST_LOSS = 0.01
#: So many sites of an answer are left out in turn: those that add least, for which others stand in most easily.
MOST_TRIED = 3
#: A search that took more nodes is not repeated: alternatives are to cost less than the answer.
MOST_NODES = 200


def alternatives(found: SitingResult, inputs: SitingInputs) -> pd.DataFrame:
    """Return plans within `MOST_LOSS` of an answer that open other sites (`tables.ALTERNATIVES`).

    Each of the `MOST_TRIED` sites that add least is forbidden in turn and the question answered again. A site that must open has no
    alternative, and of an area of intent any place near by is one. A search that did not end is not repeated.

    Parameters
    ----------
    found
        The answer.
    inputs
        What it was answered with.
    """
    ended = found.answer.stopped in ("", "gap") and found.answer.nodes <= MOST_NODES
    if not found.answer.steps or not ended:
        return ALTERNATIVES.empty()
    chosen = found.options.candidate[found.opening.option]
    fixed = (inputs.candidates["rule"] == "required") | inputs.candidates["generated"].astype(bool)
    fixed_at = fixed.to_numpy()[chosen]
    least = [at for at in np.argsort(found.opening.marginal, kind="stable") if not fixed_at[at]][:MOST_TRIED]
    rows: dict[tuple[str, ...], dict[str, Any]] = {}
    for at in sorted(least):
        row = _without(found, inputs, chosen, int(at))
        if row is not None:  # two sites may fall to the same plan
            rows.setdefault((*sorted(row["closes"]), *row["opens"]), row)
    return pd.DataFrame(list(rows.values()), columns=list(ALTERNATIVES))


def _without(found: SitingResult, inputs: SitingInputs, chosen: Ints, at: int) -> dict[str, Any] | None:
    """Return the row of the plan without the site that opens at place `at`; None where every such plan is worse."""
    names = inputs.candidates.index
    rule = inputs.candidates["rule"].mask(names == names[chosen[at]], "forbidden")
    question = found.question.changed(curve=0, most_nodes=MOST_NODES)
    other = answer(question, replace(inputs, candidates=inputs.candidates.assign(rule=rule)))
    step, best = other.first_step(), found.first_step()
    if step is None or best is None or step.name != best.name or not _does_as_much(other, found):
        return None
    worse = best.objective - step.objective if best.sense == "max" else step.objective - best.objective
    loss = max(0.0, worse) / max(abs(best.objective), 1e-300)
    if loss > MOST_LOSS:
        return None
    opened = other.options.candidate[other.opening.option]
    kept = set(opened.tolist())
    ids = site_ids(found.question.name, len(chosen))
    return {
        "question": found.question.name, "without": ids[at],
        "opens": tuple(str(names[one]) for one in opened if one not in set(chosen.tolist())),
        "closes": (ids[at], *(ids[k] for k, one in enumerate(chosen) if one not in kept and k != at)),
        "objective": step.objective, "loss": loss, "cost": float(sites_table(inputs, other, rules=(), lang="en")["cost"].sum(skipna=False)),
    }  # fmt: skip


def _does_as_much(other: SitingResult, found: SitingResult) -> bool:
    """Return whether a plan leaves no zone shorter than the answer does, where fewer candidates ask for less."""
    if not objective_of(found.question).asks_what_can_be_met:
        return True
    keys = ["zone_id", "unit"]
    one, most = (each.unmet.groupby(keys)["gap"].max() for each in (other, found))
    return bool((one <= most.reindex(one.index, fill_value=0.0) + ROUNDING_TOLERANCE).all())
