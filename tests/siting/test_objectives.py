"""Objectives are folders: each is found, has its words, says what a question lacks; a new one is a folder and nothing else."""

import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from geoplan.siting import objectives as package
from geoplan.siting.answer import answer
from geoplan.siting.objectives import check_question, objective_of, objectives
from geoplan.siting.question import Question
from geoplan.siting.sites import answer_row
from geoplan.study.siting import Phase
from geoplan.tables import NeedRate, Service
from geoplan.words import catalogue as words
from geoplan.words.errors import StudyError

CARE = Service(name="care", label_zh="养老", label_en="care", facilities=("home",), group="elders_60", walk_minutes=15.0, walk_kmh=4.0)  # fmt: skip
BEDS = replace(CARE, need=NeedRate(per_1000=40.0, supply="beds", group="elders_60"))
SERVICES = {"care": BEDS, "other": replace(CARE, name="other")}
LIMITED, FREE = [Phase(by=2025, sites=2)], [Phase(by=2025)]
TWO = [*LIMITED, Phase(by=2030, sites=3)]


def asked(ask, phases=LIMITED, services=("care",), **values):
    return Question(name="q", ask=ask, services=[*services], phases=phases, **values)


EVERY = [
    asked("cover"),
    asked("cover", TWO),
    asked("cover", fair="worst_off"),
    asked("cover", fair="worst_part"),
    asked("cover", fair="least_spread"),
    asked("share", FREE, share=0.9),
    asked("share", FREE, min_share_per_community=0.5, minimise="cost"),
    asked("median"),
    asked("center"),
    asked("capacity"),
    asked("sizes", FREE, rules=["pack.rule"]),
]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_question_has_its_words_in_both_languages(lang):
    printed = pd.DataFrame({"indicator": ["千人指标"], "title_en": ["per 1,000"]}, index=["pack.rule"])
    found = set()
    for question in EVERY:
        objective = objective_of(question)
        sentence = objective.sentence(question, services={"care": CARE}, rules=printed, lang=lang)
        aim = words.phrase(objective.aim(question), lang)
        assert "{" not in sentence + aim
        assert words.phrase(f"siting_model_{question.ask}", lang)
        found.add((sentence, aim))
    assert len(found) == len(EVERY)


@pytest.mark.parametrize(
    ("question", "lacks"),
    [
        *((question, "") for question in EVERY),
        *((asked(ask, FREE), "sites") for ask in ("cover", "median", "center", "capacity")),
        (asked("cover", FREE, fair="worst_off"), "sites"),
        (asked("cover", TWO, fair="worst_off"), "phases"),
        (asked("share", FREE), "min_share_per_community"),
        (asked("share", TWO, share=0.5), "phases"),
        (asked("sizes", FREE), "rules"),
        (asked("capacity", services=["care", "other"]), "services"),
        (asked("capacity", services=["other"]), "services.other.need"),
        (asked("cheapest"), "capacity, center, cover, median, share, sizes"),
    ],
)
def test_what_a_question_lacks_is_said(question, lacks):
    notes = check_question(question, SERVICES)
    assert (lacks == "") == (not notes)
    assert all(
        lacks in note.text(lang) and note.severity == "error" for note in notes for lang in ("zh", "en")
    )


def test_advice_names_the_entry_that_conflicts():
    (note,) = check_question(asked("cover", TWO, fair="worst_off"), SERVICES)
    assert note.text("en") == (
        "question `q`: `phases` cannot stand beside `fair: worst_off`. Remove `phases` from siting.questions.q, or ask for another aim."
    )
    assert "siting.questions.q" in note.text("zh")


NEW = '''
"""The first candidates: an objective of a test."""

import numpy as np

from geoplan.siting.inputs import eligible
from geoplan.siting.objective import Objective
from geoplan.siting.opening import Opening
from geoplan.siting.options import options_of
from geoplan.siting.result import SitingResult
from geoplan.siting.solve.problems import Answer, Step


class First(Objective):
    name = "first"

    def answer(self, inputs, question, *, control):
        candidates = eligible(inputs, question, costed=False)
        options = options_of(inputs.candidates, candidates.use, question.phases)
        chosen = np.arange(question.phases[-1].sites)
        found = Answer("optimal", chosen, (Step("first", "max", 2.0, 2.0),), recount=2.0)
        ones = np.ones(len(chosen))
        return SitingResult(question, candidates, options, found, "sites", Opening(chosen, ones, ones, ones), "sites")
'''
NEW_WORDS = """
siting_question_first: {zh: "{services}：按名单次序", en: "{services}: in the order of the list"}
siting_model_first: {zh: 名单模型, en: list model}
siting_aim_first: {zh: 名单前列, en: first of the list}
"""


@pytest.fixture
def with_a_new_folder(tmp_path, monkeypatch):
    """A folder on the package's path: the module `ask` and the words beside it."""
    folder = tmp_path / "first"
    folder.mkdir()
    for name, text in (("__init__.py", '"""New."""'), ("ask.py", NEW), ("words.yaml", NEW_WORDS)):
        (folder / name).write_text(text, encoding="utf-8")
    files = words._word_files
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
    more = [folder / "words.yaml"]
    monkeypatch.setattr(
        words, "_word_files", lambda at: [*files(at), *(more if at.name == "geoplan" else [])]
    )
    objectives.cache_clear()
    words.catalogue.cache_clear()
    yield
    objectives.cache_clear()
    words.catalogue.cache_clear()
    for module in [name for name in sys.modules if name.startswith(f"{package.__name__}.first")]:
        del sys.modules[module]


def test_a_new_objective_is_a_folder_with_its_words(with_a_new_folder, siting_inputs):
    heard = []
    question = asked("first")
    found = answer(question, siting_inputs, listener=lambda *told: heard.append(told))
    assert found.answer.chosen.tolist() == [0, 1]
    assert [(name, result is None) for name, _, result in heard] == [("q", True), ("q", False)]
    row = answer_row(found, pd.DataFrame({"cost": [1.0, 2.0]}), services={"care": CARE}, rules=pd.DataFrame(), lang="en", adopted=True)  # fmt: skip
    assert (row["label"], row["aim"], row["objective"]) == ("care: in the order of the list (at most 2 sites)", "first of the list", 2.0)  # fmt: skip


def test_without_the_folder_there_is_no_such_objective(siting_inputs):
    assert "first" not in objectives()
    with pytest.raises(StudyError, match="there is no objective `first`"):
        answer(asked("first"), siting_inputs)


@pytest.fixture
def siting_inputs():
    """Three candidates of a list; nothing else is read by the objective of the test."""
    from dataclasses import fields

    import geopandas as gpd
    from shapely import Point

    from geoplan.siting.inputs import SitingInputs

    nan = np.full(3, np.nan)
    table = pd.DataFrame(
        {
            "name": ["a", "b", "c"], "services": [()] * 3, "works": "new", "from_year": nan, "rule": "", "either_or": "", "cost": nan,
            "cost_unit": nan, "cost_from": "", "most_places": nan, "most_beds": nan, "floor_area_m2": nan,
        },
        index=["list#2", "list#3", "list#4"],
    )  # fmt: skip
    given = {
        "candidates": gpd.GeoDataFrame(table, geometry=[Point(i, 0) for i in range(3)]),
        "candidate_snaps": pd.DataFrame({"chain": [0, 0, 0]}),
        "source": np.ones(3, np.int64),
        "services": {"care": CARE},
    }
    empty = {field.name: None for field in fields(SitingInputs) if field.name != "_walked"}
    return SitingInputs(**{**empty, **given})
