"""The words and numbers that every output prints: labels, titles, credits, and one way to write each kind of value."""

import html
import math
from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from importlib import resources
from typing import Any, Protocol

import numpy as np
import pandas as pd
import yaml

from geoplan.standards.vocabulary import vocabulary
from geoplan.tables import LEVELS, Source

#: What stands where there is no value.
NOTHING = "—"
#: Tables of the rules' vocabulary in which a word is looked for that is not among the labels.
_SECTIONS = ("supplies", "attributes", "types", "groups")


@cache
def labels() -> Mapping[str, Mapping[str, str]]:
    """Return every word with its ``zh`` and ``en`` label."""
    text = (resources.files("geoplan") / "report" / "labels.yaml").read_text(encoding="utf-8")
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


def rule_label(rules: pd.DataFrame, rule_id: str, lang: str) -> str:
    """Return the indicator's name: the plan's own words, or its English title."""
    for column in (f"indicator_{lang}", "indicator_zh", "indicator"):
        if column in rules.columns and rule_id in rules.index and not missing(rules[column][rule_id]):
            return str(rules[column][rule_id])
    return rule_id


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


def service_label(services: Mapping[str, Mapping[str, Any]], service: str, lang: str) -> str:
    """Return the name that the study gives a service, else the usual one."""
    return str(
        services.get(service, {}).get(f"label_{lang}")
        or label(f"service_{service}", lang).removeprefix("service ")
    )


def measure_label(service: Mapping[str, Any], measure: str, lang: str) -> str:
    """Return a circle's measure with its figures: pace and minutes, or metres.

    Examples
    --------
    >>> measure_label({"walk_minutes": 15.0, "walk_kmh": 4.0}, "network", "en")
    'Network walk, 4 km/h, 15 min'
    """
    minutes_text = f"{service['walk_minutes']:g}"
    comma, unit_word = ("，", "分钟") if lang == "zh" else (", ", " min")
    name = label(measure, lang)
    if measure == "network":
        return f"{name}{comma}{service['walk_kmh']:g} km/h{comma}{minutes_text}{unit_word}"
    if measure == "frail":
        return f"{name}{comma}{float(service.get('frail_ms', 0.76)):g} m/s{comma}{minutes_text}{unit_word}"
    metres = service.get("straight_m") or service["walk_kmh"] / 3.6 * service["walk_minutes"] * 60
    return f"{name}{comma}{metres:,.0f} m"


def missing(value: object) -> bool:
    """Return whether `value` is None, NaN or NA."""
    if value is None or value is pd.NA or value is pd.NaT:
        return True
    return isinstance(value, float | np.floating) and math.isnan(float(value))


def _rounded(value: float, digits: int) -> Decimal:
    # half up and in decimal, as the planner's spreadsheet shows the same cell
    return Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)


def share(value: float | None) -> str:
    """Return a share (0-1) to 0.1 %; what is not quite whole never prints as 100.0 %, nor as 0.0 % where it is not none.

    Examples
    --------
    >>> share(0.7615), share(0.99999), share(1.0), share(float("nan"))
    ('76.2%', '99.9%', '100.0%', '—')
    """
    if missing(value) or value is None:
        return NOTHING
    shown = 100 * _rounded(value, 3)
    if shown == 100 and value < 1 - 1e-9:
        shown = Decimal("99.9")
    if shown == 0 and value > 1e-9:
        shown = Decimal("0.1")
    return f"{shown:.1f}%"


def whole(value: float | None) -> str:
    """Return a count (people, beds, places, m²) as a whole number with thousands separated.

    Examples
    --------
    >>> whole(5112330.4), whole(None), whole(float("inf"))
    ('5,112,330', '—', '∞')
    """
    if missing(value) or value is None:
        return NOTHING
    if math.isinf(float(value)):
        return "∞"
    return f"{_rounded(value, 0):,}"


def minutes(value: float | None) -> str:
    """Return minutes as a whole number."""
    return whole(value)


def rate(value: float | None) -> str:
    """Return a supply per 1,000 people or 100 households: two decimals below 10, one below 100, else whole.

    Examples
    --------
    >>> rate(4.55), rate(50.0), rate(0.0), rate(1234.5)
    ('4.55', '50', '0', '1,235')
    """
    if missing(value) or value is None:
        return NOTHING
    number = float(value)
    if math.isinf(number):
        return "∞"
    digits = 2 if abs(number) < 10 else 1 if abs(number) < 100 else 0
    text = f"{_rounded(number, digits):,}"
    return text.rstrip("0").rstrip(".") if digits else text


def amount(value: float | None, unit_word: object, *, kind: str = "") -> str:
    """Return a value in the way its unit asks: shares in per cent, rates with decimals, all else whole.

    Examples
    --------
    >>> amount(0.364, "share"), amount(33.7, "beds"), amount(4.5, "places", kind="provision")
    ('36.4%', '34', '4.5')
    """
    if unit_word == "share" or kind in ("share", "presence", "compliance", "circle", "rate"):
        return share(value)
    return rate(value) if kind in ("provision", "floor_area") else whole(value)


def interval(low: float | None, high: float | None, unit_word: object = "", *, kind: str = "") -> str:
    """Return ``low–high``, one number where both print alike, ``≥ low`` where the register sets no upper end.

    Examples
    --------
    >>> interval(12, 15), interval(12, 12.2), interval(12, float("inf")), interval(None, None)
    ('12–15', '12', '≥ 12', '—')
    """
    if missing(low) or low is None:
        return NOTHING
    low_text = amount(low, unit_word, kind=kind)
    if missing(high) or high is None:
        return low_text
    if math.isinf(float(high)):
        return f"≥ {low_text}"
    high_text = amount(high, unit_word, kind=kind)
    return low_text if low_text == high_text else f"{low_text}–{high_text}"


class _Titled(Protocol):
    """The part of an outcome that titles and footers read."""

    @property
    def synthetic(self) -> bool: ...
    @property
    def lang(self) -> str: ...
    @property
    def groups(self) -> pd.DataFrame: ...
    @property
    def sources(self) -> tuple[Source, ...]: ...


def banner(outcome: _Titled) -> str:
    """Return 演示数据，不作为决策依据 for a synthetic study, else nothing."""
    return label("synthetic_banner", outcome.lang) if outcome.synthetic else ""


def basis(groups: pd.DataFrame, group: str, lang: str) -> str:
    """Return whom a figure counts: group, basis and year of the people.

    Examples
    --------
    >>> basis(pd.DataFrame({"basis": ["常住"], "year": [2010]}, index=["elders_60"]), "elders_60", "zh")
    '60岁及以上老年人口（常住，2010年）'
    """
    name = label(group, lang)
    if group not in groups.index:
        return name
    said, given_year = groups["basis"][group], groups["year"][group]
    year = "" if missing(given_year) else f"{given_year:.0f}" + ("年" if lang == "zh" else "")
    words = ["" if missing(said) else label(said, lang), year]
    parts = [word for word in words if word]
    if not parts:
        return name
    return f"{name}（{'，'.join(parts)}）" if lang == "zh" else f"{name} ({', '.join(parts)})"


def basis_line(outcome: _Titled) -> str:
    """Return the basis and year of every group of people, for the head or foot of a page."""
    parts = [basis(outcome.groups, str(group), outcome.lang) for group in outcome.groups.index]
    return f"人口口径：{'；'.join(parts)}" if outcome.lang == "zh" else f"People: {'; '.join(parts)}"


#: What a source's file name or note says -> what its licence asks to print.
_CREDITS = (
    (("openstreetmap", ".osm", ".pbf"), "© OpenStreetMap contributors, ODbL 1.0"),
    (("worldpop",), "WorldPop (www.worldpop.org), CC BY 4.0"),
    (("gistools",), "GISTools, GPL"),
)


def attribution(sources: Iterable[Source]) -> tuple[str, ...]:
    """Return the credits that the sources' licences ask for, in a fixed order.

    Examples
    --------
    >>> attribution([Source("streets", "town.osm.pbf", "", 0)])
    ('© OpenStreetMap contributors, ODbL 1.0',)
    """
    # a note that says where a file comes from outweighs what its name looks like
    said = " ".join((source.note or source.file).lower() for source in sources)
    return tuple(credit for words, credit in _CREDITS if any(word in said for word in words))


def clean(text: object) -> str:
    """Return `text` safe inside HTML, quotes included; nothing for a missing value."""
    return "" if missing(text) else html.escape(str(text), quote=True)


def level_order(levels: Iterable[str]) -> list[str]:
    """Return the levels present, coarse to fine."""
    present = set(levels)
    return [level for level in LEVELS if level in present]


def sentence(code: str, lang: str, **values: object) -> str:
    """Return a sentence of ``labels.yaml`` with its ``{…}`` filled in.

    Examples
    --------
    >>> sentence("page_rows_more", "en", count=3)
    'the other 3 are in the workbook'
    """
    return labels()[code][lang].format(**values)
