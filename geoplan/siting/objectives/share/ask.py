"""Set covering: the fewest or cheapest sites that bring a share of the people into the circle."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from geoplan.siting.inputs import SitingInputs
from geoplan.siting.objective import NODES, Objective
from geoplan.siting.objectives.share.solve import fewest
from geoplan.siting.question import Question
from geoplan.siting.result import SitingResult, coverage_result
from geoplan.siting.solve.control import SearchControl
from geoplan.words.catalogue import phrase


class SetCovering(Objective):
    """Fewest or cheapest sites for a share of people."""

    name = "share"
    keeps_apart = True
    most_nodes = NODES
    asks_what_can_be_met = True

    def lacks(self, question: Question) -> str:
        """Return what the question lacks: a share."""
        asked = question.share is not None or question.min_share_per_community is not None
        return "" if asked else "`share` / `min_share_per_community`"

    def conflicts(self, question: Question) -> tuple[str, str] | None:
        """Return what excludes the other: fewest sites are asked of one phase."""
        return ("`phases`", "`ask: share`") if question.is_phased else None

    def variant(self, question: Question) -> str:
        """Return the end of the codes of its words: sites or cost are minimised."""
        return f"share_{question.minimise}"

    def details(self, question: Question, lang: str) -> Mapping[str, str]:
        """Return the ``shares`` that must be covered."""
        shares = {
            "siting_share_of_all": question.share,
            "siting_share_of_each": question.min_share_per_community,
        }
        said = [
            phrase(code, lang, share=f"{100 * share:g}%")
            for code, share in shares.items()
            if share is not None
        ]
        return {"shares": " / ".join(said)}

    def answer(self, inputs: SitingInputs, question: Question, *, control: SearchControl) -> SitingResult:
        """Answer a question of set covering."""
        solve = partial(
            fewest,
            share=question.share,
            min_share_per_community=question.min_share_per_community,
            control=control,
        )
        found = coverage_result(inputs, question, solve, unit=question.minimise, minimise=question.minimise)
        if found.answer.steps and found.answer.steps[0].name == "people_missing":
            return replace(found, unit="people", aim="siting_aim_share_nearest")
        return found
