"""One question, one answer: the registered objective is looked up, given priced candidates and search limits, and timed."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from geoplan.siting.candidates import with_opening_cost
from geoplan.siting.inputs import SitingInputs
from geoplan.siting.objectives import objective_of
from geoplan.siting.question import Question
from geoplan.siting.result import SitingResult
from geoplan.siting.solve.control import SearchControl
from geoplan.words.catalogue import Phrase, phrase
from geoplan.words.errors import Note, StudyError

#: Called with a question's name and the control of its search before it, and with the result after it.
SearchListener = Callable[[str, SearchControl, SitingResult | None], None]

#: So many constraints are named where no selection satisfies them all.
NAMED = 12


def answer(
    question: Question, inputs: SitingInputs, *, listener: SearchListener | None = None
) -> SitingResult:
    """Answer a siting question.

    Parameters
    ----------
    question
        What is asked.
    inputs
        People, candidates, walks, rules and flags.
    listener
        Called before and after the search; interrupting its control ends the search with the best answer so far and its bound.

    Raises
    ------
    StudyError
        If no objective answers the question, or the question does not fit its services and rules.
    """
    started = time.perf_counter()
    listener = listener or (lambda _name, _control, _found: None)
    # what opens decides what it costs where no cost is stated
    kinds = [kind for name in question.services for kind in inputs.services[name].facilities]
    priced = with_opening_cost(inputs.candidates, kinds=[*question.build.values(), *kinds])
    objective, nodes = objective_of(question), question.most_nodes
    if nodes is None and question.most_seconds is None:
        nodes = objective.most_nodes
    control = SearchControl(gap=question.gap, nodes=nodes, seconds=question.most_seconds)
    listener(question.name, control, None)
    found = objective.answer(replace(inputs, candidates=priced), question, control=control)
    notes = (*found.answer.notes, *_constraints_named(found))
    # without a selection the title says so as well
    short = found.answer.short or (
        None if found.answer.steps else Phrase(f"siting_short_{found.answer.status}")
    )
    own = replace(found.answer, notes=notes, short=short)
    found = replace(found, answer=own, seconds=time.perf_counter() - started)
    listener(question.name, control, found)
    return found


def check_people(questions: Sequence[Question], inputs: SitingInputs) -> None:
    """Raise a StudyError that names every question of a group without people: nothing could be found for them."""
    problems = [
        Note.of("siting_no_people", question=question.name, service=name, group=group, severity="error")
        for question in questions
        for name in question.services
        if not inputs.people(group := inputs.services[name].group).any()
    ]
    if problems:
        raise StudyError(*problems)


def _constraints_named(found: SitingResult) -> tuple[Note, ...]:
    """Return a note on what the numbered constraints say where no selection satisfies them all, or not with what is asked."""
    limits, short = found.options.limits, found.answer.short
    within_limits = short is None or short.code != "siting_short_limits"
    if (found.answer.status != "infeasible" and within_limits) or not limits:
        return ()
    more = "…" if len(limits) > NAMED else ""
    zh, en = (
        phrase("join_semicolon", lang).join(
            f"{n}. {limit.text(lang)}" for n, limit in enumerate(limits[:NAMED], start=1)
        )
        + more
        for lang in ("zh", "en")
    )
    return (Note.of("siting_limits_named", question=found.question.name, limits_zh=zh, limits_en=en),)
