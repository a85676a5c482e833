"""A siting question in plain values, and which candidates it looks at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from geoplan.siting.problems import Bools
from geoplan.tables import Service
from geoplan.words.errors import Note


@dataclass(frozen=True)
class Phase:
    """What may have been built by the end of a phase; None: no limit."""

    by: int
    sites: int | None = None
    budget: float | None = None


@dataclass(frozen=True)
class Question:
    """What is asked, of whom, within which limits; the words are those of the study file (docs/study.md)."""

    name: str
    ask: str
    services: tuple[str, ...]
    phases: tuple[Phase, ...]
    build: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, bool] = field(default_factory=dict)
    sources: tuple[int, ...] = ()
    share: float | None = None
    min_share_per_community: float | None = None
    fair: str = "total"
    worst_share: float = 0.1
    min_total_share: float = 0.95
    reach_minutes: float = 60.0
    minimise: str = "sites"
    rules: tuple[str, ...] = ()
    size_target: str = "required"
    min_reach_share: float = 0.5
    walk_minutes: float | None = None
    mode: str = "reachable"
    smallest: float | None = None
    largest: float | None = None
    m2_per_bed: float | None = None
    m2_per_place: float = 12.0
    curve: int | None = None
    gap: float = 0.0
    most_nodes: int | None = None
    most_seconds: float | None = None
    label: str | None = None

    @property
    def counts_money(self) -> bool:
        """True where a candidate's cost matters."""
        spends = any(phase.budget is not None for phase in self.phases)
        return spends or (self.ask in ("share", "sizes") and self.minimise == "cost")

    @property
    def is_phased(self) -> bool:
        """True where sites open in two phases or more."""
        return len(self.phases) > 1

    def minutes(self, service: Service) -> float:
        """Return the longest walk that counts for a service."""
        return self.walk_minutes or service.walk_minutes


def question_of(name: str, entry: Mapping[str, Any], *, services: Sequence[str], year: int) -> Question:
    """Return an entry ``siting.questions`` of a study as a question.

    Parameters
    ----------
    entry
        Its plain values.
    services
        Services of the study; the first is the default.
    year
        Year of the study: the phase where there are none.
    """
    values = dict(entry)
    limits = {key: values.pop(key) for key in ("sites", "budget")}
    phases = tuple(Phase(**phase) for phase in values.pop("phases"))
    if phases:  # a limit beside the phases holds for the last of them
        last = phases[-1]
        tightest = {
            key: min(v for v in (getattr(last, key), limits[key]) if v is not None)
            if (getattr(last, key), limits[key]) != (None, None)
            else None
            for key in limits
        }
        phases = (*phases[:-1], Phase(last.by, **tightest))
    return Question(
        name=name,
        services=tuple(values.pop("services") or services[:1]),
        phases=phases or (Phase(year, **limits),),
        sources=tuple(values.pop("candidates") or ()),
        rules=tuple(values.pop("rules")),
        **values,
    )


def opens_as(holds: Sequence[str], kinds: Sequence[str], build: str | None) -> str | None:
    """Return the facility type that opens for a service at a candidate; None if it may not hold any.

    Parameters
    ----------
    holds
        Types that the candidate may hold; empty: any.
    kinds
        Types of the service.
    build
        Type that the question wants.

    Examples
    --------
    >>> opens_as(("childcare", "elder_day_care"), ("elder_home", "elder_day_care"), None)
    'elder_day_care'
    >>> opens_as((), ("elder_home", "elder_day_care"), None), opens_as(("childcare",), ("elder_home",), None)
    ('elder_home', None)
    """
    wanted = (build,) if build else tuple(kinds)
    return next((kind for kind in wanted if not holds or kind in holds), None)


@dataclass(frozen=True, eq=False)
class EligibleCandidates:
    """Which candidates a question looks at, and what each would open.

    Parameters
    ----------
    use
        Candidates that may be chosen, shape (n_candidates,).
    kinds
        Service -> facility type of each candidate, None where it may not hold the service.
    notes
        Why others are left out, one note a reason.
    """

    use: Bools
    kinds: Mapping[str, list[str | None]]
    notes: tuple[Note, ...]


def eligible(
    candidates: pd.DataFrame,
    question: Question,
    *,
    services: Mapping[str, Service],
    on_network: Bools,
    source: Sequence[int],
) -> EligibleCandidates:
    """Return which of `candidates` a question looks at; required ones that cannot be chosen are listed like all others.

    Parameters
    ----------
    candidates
        `tables.CANDIDATES`, shape (n, …).
    services
        Service -> its terms.
    on_network
        Candidates that people can walk to, shape (n,).
    source
        Number of the entry from which each comes, from 1, shape (n,).
    """
    kinds = {
        name: [
            opens_as(holds, services[name].facilities, question.build.get(name))
            for holds in candidates["services"]
        ]
        for name in question.services
    }
    wrong_type = ~np.any([[kind is not None for kind in kinds[name]] for name in question.services], axis=0)
    last = question.phases[-1].by
    from_year = candidates["from_year"].astype(float).to_numpy()
    reasons = {
        "candidate_not_asked": np.array(
            [bool(question.sources) and number not in question.sources for number in source], dtype=bool
        ),
        "candidate_forbidden": (candidates["rule"] == "forbidden").to_numpy(dtype=bool),
        "candidate_wrong_type": wrong_type.astype(bool),
        "candidate_off_network": ~on_network,
        "candidate_too_late": np.nan_to_num(from_year, nan=-np.inf) > last,
        "candidate_cost_unknown": candidates["opening_cost"].isna().to_numpy(dtype=bool)
        & (question.counts_money and question.ask != "sizes"),
    }
    use = np.ones(len(candidates), dtype=bool)
    notes = []
    for code, out in reasons.items():
        newly = use & out
        use &= ~out
        if newly.any() and code != "candidate_not_asked":
            notes.append(left_out(code, candidates[newly], question))
    return EligibleCandidates(use, kinds, tuple(notes))


def left_out(code: str, rows: pd.DataFrame, question: Question) -> Note:
    """Return a note that names candidates which a question leaves out, and why."""
    names = "、".join(rows["name"].astype(str).iloc[:8])
    severity = "info" if code in ("candidate_forbidden", "candidate_wrong_type") else "warning"
    return Note.of(
        code,
        question=question.name,
        count=f"{len(rows):,}",
        names=names + (" …" if len(rows) > 8 else ""),
        severity=severity,
    )
