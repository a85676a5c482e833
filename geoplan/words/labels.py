"""Labels: every word of a closed list (levels, groups, verdicts, causes, facility types, units) in Chinese and English."""

from collections.abc import Mapping
from functools import cache
from importlib import resources

import yaml

from geoplan.words.numbers import missing
from geoplan.words.vocabulary import vocabulary

#: Tables of the vocabulary in which a word is looked for that is not among the labels.
_SECTIONS = ("supplies", "attributes", "types", "groups")


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


def label(word: object, lang: str) -> str:
    """Return the label of `word` in `lang`; a word of the planner's own (a facility type …) stays as it is.

    Examples
    --------
    >>> label("not_met", "zh"), label("community", "en"), label("own_type", "en")
    ('未达标', 'Community', 'own type')
    """
    if missing(word):
        return ""
    text = str(word)
    found = labels().get(text) or next((v[text] for v in map(vocabulary, _SECTIONS) if text in v), None)
    return str(found[lang]) if found else text.replace("_", " ")


def facility_label(kind: object, lang: str) -> str:
    """Return the name of a facility type; one that no pack knows stays as it is.

    Examples
    --------
    >>> facility_label("elder_home", "zh"), facility_label("own_type", "zh")
    ('养老机构', 'own type')
    """
    found = vocabulary("types").get(str(kind))
    return str(found[lang]) if found else label(kind, lang)


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

    Examples
    --------
    >>> unit("beds", "zh"), unit("m2", "en")
    ('张', 'm²')
    """
    if missing(word):
        return ""
    text = str(word)
    found = labels().get(f"unit_{text}") or vocabulary("units").get(text)
    return str(found[lang]) if found else label(text, lang)
