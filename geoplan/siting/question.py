"""A siting question as objectives read it: the entry of the study file with its name, its services and its phases."""

from collections.abc import Sequence

from geoplan.study import siting
from geoplan.study.siting import Phase
from geoplan.tables import Service


class Question(siting.Question):
    """An entry ``siting.questions`` with its name; `services` and `phases` are stated, and `sites` and `budget` stand in the phases."""

    name: str

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
        return self.changed(phases=self.phases[-1:])

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


def question_of(name: str, entry: siting.Question, *, services: Sequence[str], year: int) -> Question:
    """Return an entry ``siting.questions`` of a study as a question; a limit beside the phases holds for the last of them.

    Parameters
    ----------
    services
        Services of the study; the first is the default.
    year
        Year of the study: the phase where there are none.
    """
    phases = entry.phases or [Phase(by=year)]
    limits = {
        key: min((each for each in (getattr(phases[-1], key), limit) if each is not None), default=None)
        for key, limit in (("sites", entry.sites), ("budget", entry.budget))
    }
    stated = {
        "name": name,
        "services": entry.services or [*services[:1]],
        "phases": [*phases[:-1], phases[-1].changed(**limits)],
        "sites": None,
        "budget": None,
    }
    return Question(**{**dict(entry), **stated})


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
