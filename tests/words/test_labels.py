"""Every code of a closed list has a label in both languages; what a planner invents prints as she wrote it."""

import re

import pytest

from geoplan.tables import GROUPS, LEVELS
from geoplan.words.catalogue import catalogue, phrase
from geoplan.words.labels import (
    UnknownWordError,
    facility_label,
    label,
    labels,
    planner_word,
    service_label,
    unit,
    zone_kind_label,
)
from geoplan.words.vocabulary import vocabulary

CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.mark.parametrize("word", ["not found", "none_of_these", "childcare_conversion", "39000@2021"])
def test_an_unknown_code_raises_and_names_it(word):
    for ask in (label, unit):
        with pytest.raises(UnknownWordError, match=re.escape(word)):
            ask(word, "zh")


def test_an_unknown_phrase_and_a_value_that_is_not_given_raise():
    with pytest.raises(KeyError):
        phrase("no_such_phrase", "zh")
    with pytest.raises(KeyError):
        phrase("tally_whole", "en", count=3)


@pytest.mark.parametrize("own", ["mobile_clinic", "流动助餐车"])
def test_what_a_planner_invents_prints_as_written(own):
    assert [
        ask(own, lang) for ask in (planner_word, facility_label, service_label) for lang in ("zh", "en")
    ] == [own] * 6


def test_a_kind_of_zone_is_not_called_as_the_status_of_a_facility_is():
    assert (label("existing", "zh"), zone_kind_label("existing", "zh")) == ("现状", "已建成")


def test_missing_values_print_nothing():
    assert [ask(None, "zh") for ask in (label, unit, planner_word)] == ["", "", ""]


def test_levels_and_groups_have_labels():
    assert all(label(word, lang) for word in (*LEVELS, *GROUPS) for lang in ("zh", "en"))


def every_word():
    """Yield list, code, Chinese and English of every word, sentence and type that an output may print."""
    yield from (("labels", code, both["zh"], both["en"]) for code, both in labels().items())
    for section in ("types", "attributes", "supplies", "units", "groups", "zone_kinds"):
        yield from ((section, code, row["zh"], row["en"]) for code, row in vocabulary(section).items())
    for code, words in catalogue().items():
        for zh, en in (("zh", "en"), ("do_zh", "do_en")):
            if zh in words:
                yield "catalogue", code, str(words[zh]), str(words[en])


#: Messages that quote the Chinese words that stand, or should stand, in an office's list.
QUOTES = {"works_unknown", "candidate_rule_unknown", "candidate_cost_zero", "inclusive_derived"}


def test_english_holds_no_chinese():
    assert [(code, en) for _, code, _, en in every_word() if CHINESE.search(en) and code not in QUOTES] == []
