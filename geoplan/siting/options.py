"""Options: every candidate in every phase in which it may open, and the selection constraints."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.sparse import coo_array

from geoplan.siting.solve.problems import Bools, Floats, Ints, SelectionConstraints
from geoplan.study.siting import Phase
from geoplan.words.catalogue import Phrase


@dataclass(frozen=True, eq=False)
class Options:
    """Options of a question.

    Parameters
    ----------
    candidate, phase
        Positions of the candidate and of the phase in which it opens, shape (n_options,).
    constraints
        What may be chosen together.
    limits
        What each row of the constraints says.
    """

    candidate: Ints
    phase: Ints
    constraints: SelectionConstraints
    limits: tuple[Phrase, ...] = ()

    def at_the_end(self) -> "Options":
        """Return the same options as if all phases were one."""
        return Options(self.candidate, np.zeros_like(self.phase), self.constraints)

    def by_phase(self, chosen: Ints, phases: int) -> list[Ints]:
        """Return the options of `chosen` that open in each of so many phases."""
        return [chosen[self.phase[chosen] == number] for number in range(phases)]


def options_of(
    candidates: pd.DataFrame,
    use: Bools,
    phases: Sequence[Phase],
    *,
    minimise: str = "sites",
    apart: Sequence[Ints] = (),
) -> Options:
    """Return the options of the candidates in `use`.

    Parameters
    ----------
    candidates
        `tables.CANDIDATES` with ``opening_cost``, shape (n, …).
    use
        Which may be chosen, shape (n,).
    phases
        Limits, cumulative; a candidate opens in the first phase that ends at or after its ``from_year``, or later.
    minimise
        What the cost of an option counts: ``sites`` (1 each) or ``cost``.
    apart
        Groups of candidates of which one may open (`inputs.near_groups`).
    """
    picked = np.flatnonzero(use)
    ready = np.nan_to_num(candidates["from_year"].to_numpy(dtype=np.float64)[picked], nan=-np.inf)
    may_open = ready[:, None] <= np.array([phase.by for phase in phases])
    row, number = np.nonzero(may_open)
    candidate = picked[row]
    money = candidates["opening_cost"].to_numpy(dtype=np.float64)[candidate]
    rows = list(_rows(candidates, candidate, number, phases, money, apart))
    n = len(candidate)
    entries = (
        np.concatenate([each.values for each in rows]) if rows else np.empty(0),
        (
            np.repeat(np.arange(len(rows)), [len(each.at) for each in rows]),
            np.concatenate([each.at for each in rows]) if rows else np.empty(0, np.int64),
        ),
    )
    constraints = SelectionConstraints(
        cost=np.ones(n) if minimise == "sites" else money,
        rows=coo_array(entries, shape=(len(rows), n)).tocsr(),
        least=np.array([each.least for each in rows], dtype=np.float64),
        most=np.array([each.most for each in rows], dtype=np.float64),
    )
    return Options(candidate, number, constraints, tuple(each.limit for each in rows))


class _Row(NamedTuple):
    at: Ints
    values: Floats
    least: float
    most: float
    limit: Phrase


def _rows(
    candidates: pd.DataFrame,
    candidate: Ints,
    number: Ints,
    phases: Sequence[Phase],
    money: Floats,
    apart: Sequence[Ints],
) -> Iterator[_Row]:
    """Yield the rows of the constraints: limits of phases, each candidate once, required ones, either-or, too near each other."""
    for position, phase in enumerate(phases):
        opened = np.flatnonzero(number <= position)
        if phase.sites is not None:
            limit = Phrase("siting_row_sites", {"by": phase.by, "sites": phase.sites})
            yield _Row(opened, np.ones(len(opened)), 0.0, float(phase.sites), limit)
        if phase.budget is not None:
            limit = Phrase("siting_row_budget", {"by": phase.by, "budget": phase.budget})
            yield _Row(opened, money[opened], 0.0, float(phase.budget), limit)
    required = candidates["rule"].to_numpy()[candidate] == "required"
    names = candidates["name"].to_numpy()
    starts = np.flatnonzero(np.diff(candidate, prepend=-1))  # options of a candidate follow each other
    for first, end in zip(starts, np.append(starts, len(candidate))[1:], strict=True):
        if required[first] or end - first > 1:
            code = "siting_row_required" if required[first] else "siting_row_once"
            limit = Phrase(code, {"name": names[candidate[first]]})
            yield _Row(np.arange(first, end), np.ones(end - first), float(required[first]), 1.0, limit)
    words = candidates["either_or"].to_numpy()[candidate]
    for word in dict.fromkeys(words[words != ""]):
        same = np.flatnonzero(words == word)
        yield _Row(same, np.ones(len(same)), 0.0, 1.0, Phrase("siting_row_either_or", {"word": word}))
    for group in apart:
        same = np.flatnonzero(np.isin(candidate, group))
        limit = Phrase(
            "siting_row_apart", {"names": tuple(str(candidates["name"].iloc[one]) for one in group)}
        )
        yield _Row(same, np.ones(len(same)), 0.0, 1.0, limit)
