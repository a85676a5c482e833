"""The objectives of siting, one folder each, found by standing here.

Every folder has a module ``ask`` with one subclass of `geoplan.siting.objective.Objective`, and the words of its questions, aims and
messages beside it. An objective imports what several need from `geoplan.siting.solve`, never another objective.
"""

import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module

from geoplan.siting.objective import Objective
from geoplan.siting.question import Question
from geoplan.tables import Service
from geoplan.words.errors import Note, StudyError


@cache
def objectives() -> dict[str, Objective]:
    """Return the objectives: folder -> objective.

    Examples
    --------
    >>> list(objectives())
    ['capacity', 'center', 'cover', 'fair', 'median', 'share', 'sizes']
    """
    found: dict[str, Objective] = {}
    for folder in sorted(module.name for module in pkgutil.iter_modules(__path__) if module.ispkg):
        module = import_module(f"{__name__}.{folder}.ask")
        for item in vars(module).values():
            if isinstance(item, type) and issubclass(item, Objective) and item.__module__ == module.__name__:
                found[folder] = item()
    return found


def check_question(question: Question, services: Mapping[str, Service]) -> list[Note]:
    """Return what is wrong with a question, before anything is computed.

    No objective answers it, it lacks what its objective needs, two of its entries exclude each other, or its services lack a term.
    """
    try:
        objective = objective_of(question)
    except StudyError as error:
        return [note for note in error.notes if isinstance(note, Note)]
    found = []
    if lacks := objective.lacks(question):
        found.append(
            Note.of("siting_question_lacks", question=question.name, problem=lacks, severity="error")
        )
    if both := objective.conflicts(question):
        values = {"question": question.name, "problem": both[0], "entry": both[1]}
        found.append(Note("siting_question_conflict", values=values, severity="error"))
    if question.min_spacing_m is not None and not objective.keeps_apart:
        values = {"question": question.name, "problem": "`min_spacing_m`", "entry": f"`ask: {question.ask}`"}
        found.append(Note("siting_question_conflict", values=values, severity="error"))
    if not found and (terms := objective.unmet_terms(question, services)):
        found.append(terms)
    return found


def objective_of(question: Question) -> Objective:
    """Return the objective that answers a question.

    Raises
    ------
    StudyError
        If there is none.
    """
    for objective in objectives().values():
        if objective.handles(question):
            return objective
    known = ", ".join(dict.fromkeys(objective.name for objective in objectives().values()))
    note = Note.of(
        "siting_unknown_objective", question=question.name, name=question.ask, known=known, severity="error"
    )
    raise StudyError(note)
