"""A siting question in plain values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from geoplan.tables import Service


@dataclass(frozen=True)
class Phase:
    """What may have been built by the end of a phase; None: no limit."""

    by: int
    sites: int | None = None
    budget: float | None = None


@dataclass(frozen=True)
class Question:
    """A siting question: objective, services and limits; the entries are those of the study file (docs/study.md)."""

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
    def spends(self) -> bool:
        """True where some phase has a budget."""
        return any(phase.budget is not None for phase in self.phases)

    @property
    def is_limited(self) -> bool:
        """True where some phase has a number of sites or a budget."""
        return self.spends or any(phase.sites is not None for phase in self.phases)

    def last_phase(self) -> "Question":
        """Return the question with its last phase alone."""
        return replace(self, phases=self.phases[-1:])

    def limit_reached(self, otherwise: str) -> str:
        """Return the code of the limit of the last phase: ``budget``, ``sites``, or `otherwise` without one."""
        last = self.phases[-1]
        return "budget" if last.budget is not None else "sites" if last.sites is not None else otherwise

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
