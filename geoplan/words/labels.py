"""Labels: every word of a closed list (levels, groups, verdicts, causes, facility types, units) in Chinese and English.

A code that neither the labels nor the vocabulary know is a fault of the program: `label` raises. A word that a planner may
invent (a facility type, a service, a kind of zone, an attribute) goes through `planner_word`, which prints it as she wrote it.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources

import yaml

from geoplan.words.catalogue import catalogue, phrase
from geoplan.words.numbers import missing
from geoplan.words.vocabulary import vocabulary

#: Tables of the vocabulary in which a word is looked for that is not among the labels.
_SECTIONS = ("supplies", "attributes", "types", "groups")


class UnknownWordError(LookupError):
    """A code that no list of words has: it would stand raw in an official paper."""

    def __init__(self, code: object) -> None:
        super().__init__(f"no label for `{code}` in words/labels.yaml or words/vocabulary.yaml")


@cache
def labels() -> Mapping[str, Mapping[str, str]]:
    """Return every word with its ``zh`` and ``en`` label."""
    text = (resources.files("geoplan.words") / "labels.yaml").read_text(encoding="utf-8")
    words: dict[str, dict[str, str]] = {}
    for section, entries in yaml.load(text, Loader=yaml.BaseLoader).items():  # noqa: S506 - BaseLoader makes only text
        for word, both in entries.items():
            if word in words:
                raise ValueError(f"labels.yaml: `{word}` stands twice, the second time under `{section}`")
            words[word] = both
    return words


def _known(word: str, *sections: str) -> Mapping[str, str] | None:
    """Return both labels of `word` from the first table of the vocabulary that has it, else from the labels."""
    found = next((table[word] for table in map(vocabulary, sections) if word in table), None) or labels().get(
        word
    )
    found = found or next((table[word] for table in map(vocabulary, _SECTIONS) if word in table), None)
    # what a table prints as a header is called the same in a sentence
    return found or catalogue().get(f"column_{word}")


def label(word: object, lang: str) -> str:
    """Return the label of a code in `lang`; nothing for a missing value.

    Raises
    ------
    UnknownWordError
        If neither the labels nor the vocabulary have the code.

    Examples
    --------
    >>> label("not_met", "zh"), label("community", "en"), label(None, "en")
    ('未达标', 'Community', '')
    """
    if missing(word) or word == "":
        return ""
    found = labels().get(str(word)) or _known(str(word))
    if found is None:
        raise UnknownWordError(word)
    return str(found[lang])


def zones_word(level: str, lang: str, *, count: int = 2) -> str:
    """Return the word for zones of a level inside a sentence; of one zone where `count` is 1.

    Examples
    --------
    >>> zones_word("community", "en"), zones_word("town", "en", count=1), zones_word("town", "zh")
    ('communities', 'town', '街道（乡镇）')
    """
    if count != 1 or lang == "zh":
        return label(f"some_{level}", lang)
    return label(level, lang).lower()


def planner_word(word: object, lang: str, *sections: str) -> str:
    """Return the label of a word that a planner may invent: the usual label where there is one, else as she wrote it.

    Parameters
    ----------
    sections
        Tables of the vocabulary that go before the labels.

    Examples
    --------
    >>> planner_word("urban", "en", "zone_kinds"), planner_word("own_kind", "en"), planner_word("滨水社区", "zh")
    ('urban', 'own_kind', '滨水社区')
    """
    if missing(word):
        return ""
    found = _known(str(word), *sections)
    return str(word) if found is None else str(found[lang])


def zone_kind_label(kind: object, lang: str) -> str:
    """Return the name of a kind of zone; one that the planner invented prints as she wrote it.

    Examples
    --------
    >>> zone_kind_label("existing", "zh"), zone_kind_label("urban", "en"), zone_kind_label("滨水", "zh")
    ('已建成', 'urban', '滨水')
    """
    return planner_word(kind, lang, "zone_kinds")


def facility_label(kind: object, lang: str) -> str:
    """Return the name of a facility type; one that the planner invented prints as she wrote it.

    Examples
    --------
    >>> facility_label("elder_home", "zh"), facility_label("own_type", "zh")
    ('养老机构', 'own_type')
    """
    return planner_word(kind, lang, "types")


def service_label(service: str, lang: str) -> str:
    """Return the usual name of a service; one that the planner invented prints as she wrote it.

    Examples
    --------
    >>> service_label("childcare", "zh"), service_label("canteens", "zh")
    ('托育服务', 'canteens')
    """
    found = labels().get(f"service_{service}")
    return service if found is None else found[lang]


def heading(key: str, lang: str) -> str:
    """Return the heading of a column: the one that tables of a delivery have, else the label of the word.

    A column that ends in ``_low`` or ``_high`` is one end of an amount.

    Raises
    ------
    UnknownWordError
        If the column has neither.

    Examples
    --------
    >>> heading("funds", "zh"), heading("zone_id", "en"), heading("beds_high", "zh")
    ('资金来源', 'Zone id', '床位（张）·上限')
    """
    stem, _, end = key.rpartition("_")
    if end in ("low", "high"):
        return f"{heading(stem, lang)}·{label(end, lang)}"
    return phrase(f"column_{key}", lang) if f"column_{key}" in catalogue() else label(key, lang)


def of_group(word: str, group: str, lang: str) -> str:
    """Return the label of `word` for a group: metres of street, where they stand in for people, are not called people.

    Examples
    --------
    >>> of_group("outside", "elders_60", "zh"), of_group("outside", "street_m", "zh")
    ('服务圈外人口', '服务圈外街道长度')
    """
    return label(f"{word}_street" if group == "street_m" else word, lang)


def unit(word: object, lang: str) -> str:
    """Return the label of a unit of building (``beds`` → 张).

    Raises
    ------
    UnknownWordError
        If there is no such unit.

    Examples
    --------
    >>> unit("beds", "zh"), unit("m2", "en")
    ('张', 'm²')
    """
    if missing(word) or word == "":
        return ""
    found = labels().get(f"unit_{word}") or vocabulary("units").get(str(word))
    return label(word, lang) if found is None else str(found[lang])


def amount_format(unit_word: object) -> str:
    """Return the number format of an amount in a unit of building: whole, but where a fraction tells (percentage points).

    Examples
    --------
    >>> amount_format("beds"), amount_format("points")
    ('count', 'decimal')
    """
    return str(vocabulary("units").get(str(unit_word), {}).get("format", "count"))


def listed(words: Iterable[str], lang: str) -> str:
    """Return words one after another, as the language separates them.

    Examples
    --------
    >>> listed(["托位", "床位"], "zh"), listed(["places", "beds"], "en")
    ('托位、床位', 'places, beds')
    """
    return phrase("join_items", lang).join(words)
