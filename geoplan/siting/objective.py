"""What an objective of siting is: how it answers a question, and the codes of its words.

An objective is a folder under `geoplan.siting.objectives`, found by standing there: its module ``ask`` defines one subclass of
`Objective`, and its ``words.yaml`` holds ``siting_question_<variant>`` (the question in one sentence), ``siting_aim_<variant>`` (what the
objective counts), ``siting_model_<ask>`` (the name of its model) and its messages, in Chinese and English.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar

import pandas as pd

from geoplan.siting.inputs import SitingInputs
from geoplan.siting.question import Question
from geoplan.siting.result import SitingResult
from geoplan.siting.solve.control import SearchControl
from geoplan.study.siting import Phase
from geoplan.tables import Service
from geoplan.words.catalogue import Phrase, phrase
from geoplan.words.errors import Note

#: Most nodes of a search: the same on every machine, however busy it is.
NODES = 500
#: An objective that selects a number of sites needs one of these entries.
LIMITS = "`sites` / `budget` / `phases`"


class Objective(ABC):
    """One objective of siting."""

    name: ClassVar[str]
    """Its folder, and the entry ``ask`` of the questions that it answers."""
    keeps_apart: ClassVar[bool] = False
    """Whether it keeps `min_spacing_m`."""
    most_nodes: ClassVar[int | None] = None
    """Most nodes of its search where the question limits neither nodes nor seconds; None: its solver ends by itself."""
    asks_what_can_be_met: ClassVar[bool] = False
    """Whether what no candidate can bring about is left out of what is asked: fewer candidates then ask for less."""

    def handles(self, question: Question) -> bool:
        """Return whether it answers `question`."""
        return question.ask == self.name

    @abstractmethod
    def answer(self, inputs: SitingInputs, question: Question, *, control: SearchControl) -> SitingResult:
        """Answer a question.

        Parameters
        ----------
        inputs
            People, candidates, walks, rules and flags.
        question
            A question that it handles.
        control
            Search limits, progress callback and interrupt.
        """

    def lacks(self, question: Question) -> str:
        """Return the entries of the study file of which a question lacks one; empty where it has all it needs.

        Most objectives select a number of sites: they need a limit.
        """
        return "" if question.is_limited else LIMITS

    def conflicts(self, _question: Question) -> tuple[str, str] | None:
        """Return an entry of the question that cannot stand beside another, and that other; None where all go together."""
        return None

    def unmet_terms(self, _question: Question, _services: Mapping[str, Service]) -> Note | None:
        """Return what the study's services lack for the question; None where nothing is missing."""
        return None

    def variant(self, _question: Question) -> str:
        """Return the end of the codes of its words."""
        return self.name

    def aim(self, question: Question) -> str:
        """Return the code of the words that say what the objective of `question` counts."""
        return f"siting_aim_{self.variant(question)}"

    def details(self, _question: Question, _lang: str) -> Mapping[str, str]:
        """Return further values of its sentence, beside ``services``, ``minutes`` and ``rules``."""
        return {}

    def sentence(
        self, question: Question, *, services: Mapping[str, Service], rules: pd.DataFrame, lang: str
    ) -> str:
        """Return a question in one sentence, with its limits.

        Parameters
        ----------
        services
            Service -> its terms.
        rules
            Printed rules by rule_id, with ``indicator`` and ``title_en``.
        lang
            ``zh`` or ``en``.
        """
        if question.label:
            return question.label
        column = "indicator" if lang == "zh" else "title_en"
        text = phrase(
            f"siting_question_{self.variant(question)}",
            lang,
            services=tuple(services[name].label(lang) for name in question.services),
            minutes=f"{question.minutes(services[question.services[0]]):g}",
            rules=tuple(str(rules[column].get(rule, rule)) for rule in question.rules),
            **self.details(question, lang),
        )
        limits = [limit for phase in question.phases if (limit := _limits(phase, phased=question.is_phased))]
        if not limits:
            return text
        joined = phrase("join_semicolon", lang).join(limit.text(lang) for limit in limits)
        return phrase("siting_question_limited", lang, question=text, limits=joined)


def _limits(phase: Phase, *, phased: bool) -> Phrase | None:
    """Return the limits of a phase in words; None where it has none."""
    limits = tuple(
        Phrase(f"siting_limit_{key}", {"value": f"{value:g}"})
        for key, value in (("sites", phase.sites), ("budget", phase.budget))
        if value is not None
    )
    code = "siting_limit_by" if phased else "siting_limits"
    return Phrase(code, {"by": phase.by, "limits": limits}) if limits else None
