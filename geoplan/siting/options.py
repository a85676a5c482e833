"""Options: every candidate in every phase in which it may open, and which of them go together."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.sparse import coo_array

from geoplan.siting.problems import Bools, Floats, Ints, SelectionConstraints
from geoplan.siting.question import Phase


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
        What each row of the choice is, in Chinese and English.
    """

    candidate: Ints
    phase: Ints
    constraints: SelectionConstraints
    limits: tuple[tuple[str, str], ...] = ()


def options_of(
    candidates: pd.DataFrame, use: Bools, phases: tuple[Phase, ...], *, least: str = "sites"
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
    least
        What the choice's cost counts: ``sites`` or ``cost``.
    """
    picked = np.flatnonzero(use)
    ready = np.nan_to_num(candidates["from_year"].to_numpy(dtype=np.float64)[picked], nan=-np.inf)
    may_open = ready[:, None] <= np.array([phase.by for phase in phases])
    row, number = np.nonzero(may_open)
    candidate = picked[row]
    money = candidates["opening_cost"].to_numpy(dtype=np.float64)[candidate]
    rows = list(_rows(candidates, candidate, number, phases, money))
    n = len(candidate)
    entries = (
        np.concatenate([each.values for each in rows]) if rows else np.empty(0),
        (
            np.repeat(np.arange(len(rows)), [len(each.at) for each in rows]),
            np.concatenate([each.at for each in rows]) if rows else np.empty(0, np.int64),
        ),
    )
    constraints = SelectionConstraints(
        cost=np.ones(n) if least == "sites" else money,
        rows=coo_array(entries, shape=(len(rows), n)).tocsr(),
        least=np.array([each.least for each in rows], dtype=np.float64),
        most=np.array([each.most for each in rows], dtype=np.float64),
    )
    return Options(candidate, number, constraints, tuple(each.said for each in rows))


class _Row(NamedTuple):
    at: Ints
    values: Floats
    least: float
    most: float
    said: tuple[str, str]


def _rows(
    candidates: pd.DataFrame, candidate: Ints, number: Ints, phases: tuple[Phase, ...], money: Floats
) -> Iterator[_Row]:
    """Yield the rows of the choice: limits of phases, each candidate once, required ones, either-or."""
    for position, phase in enumerate(phases):
        opened = np.flatnonzero(number <= position)
        if phase.sites is not None:
            said = f"到{phase.by}年不超过{phase.sites}处", f"at most {phase.sites} sites by {phase.by}"
            yield _Row(opened, np.ones(len(opened)), 0.0, float(phase.sites), said)
        if phase.budget is not None:
            said = (
                f"到{phase.by}年不超过{phase.budget:g}万元",
                f"at most {phase.budget:g} (10,000 yuan) by {phase.by}",
            )
            yield _Row(opened, money[opened], 0.0, float(phase.budget), said)
    required = candidates["rule"].to_numpy()[candidate] == "required"
    names = candidates["name"].to_numpy()
    starts = np.flatnonzero(np.diff(candidate, prepend=-1))  # options of a candidate follow each other
    for first, end in zip(starts, np.append(starts, len(candidate))[1:], strict=True):
        if required[first] or end - first > 1:
            name = names[candidate[first]]
            said = (
                (f"必选：{name}", f"required: {name}")
                if required[first]
                else (f"只启用一次：{name}", f"opens once: {name}")
            )
            yield _Row(np.arange(first, end), np.ones(end - first), float(required[first]), 1.0, said)
    words = candidates["either_or"].to_numpy()[candidate]
    for word in dict.fromkeys(words[words != ""]):
        same = np.flatnonzero(words == word)
        yield _Row(same, np.ones(len(same)), 0.0, 1.0, (f"二选一：{word}", f"either-or: {word}"))
