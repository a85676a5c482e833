"""Fair covering: the worst-off community, the worst-off part of the people, or the least spread between communities."""

from collections.abc import Callable, Mapping
from functools import partial

from geoplan.siting.inputs import SitingInputs
from geoplan.siting.objective import NODES, Objective
from geoplan.siting.objectives.fair.solve import least_spread, worst_off, worst_part
from geoplan.siting.question import Question
from geoplan.siting.result import SitingResult, coverage_result
from geoplan.siting.solve.control import SearchControl
from geoplan.siting.solve.problems import Answer


class FairCovering(Objective):
    """Coverage that is fair between communities."""

    name = "cover"
    keeps_apart = True
    most_nodes = NODES

    def handles(self, question: Question) -> bool:
        """Return whether it answers `question`."""
        return question.ask == "cover" and question.fair != "total"

    def conflicts(self, question: Question) -> tuple[str, str] | None:
        """Return what excludes the other: shares are compared in one phase."""
        return ("`phases`", f"`fair: {question.fair}`") if question.is_phased else None

    def variant(self, question: Question) -> str:
        """Return the end of the codes of its words: the measure of fairness."""
        return question.fair

    def details(self, question: Question, _lang: str) -> Mapping[str, str]:
        """Return the share of the people that counts as the worst off."""
        return {"worst_share": f"{question.worst_share:.0%}"}

    def answer(self, inputs: SitingInputs, question: Question, *, control: SearchControl) -> SitingResult:
        """Answer a question of fairness."""
        solvers: dict[str, Callable[..., Answer]] = {
            "worst_off": worst_off,
            "worst_part": partial(worst_part, worst_share=question.worst_share),
            "least_spread": partial(least_spread, min_total_share=question.min_total_share),
        }
        return coverage_result(
            inputs,
            question,
            partial(solvers[question.fair], tolerance=question.tolerance, control=control),
            unit="share",
        )
