"""The words and numbers that every output prints: labels, titles, credits, and one way to write each kind of value."""

import html
from collections.abc import Iterable, Mapping
from typing import Protocol

import pandas as pd

from geoplan.tables import LEVELS, Service, Source
from geoplan.words.labels import facility_label, label, labels, of_group, planner_word, unit, zone_kind_label  # noqa: F401
from geoplan.words.numbers import format_interval, format_number, missing


def rule_label(rules: pd.DataFrame, rule_id: str, lang: str) -> str:
    """Return the indicator's name: the plan's own words, or its English title."""
    for column in (f"indicator_{lang}", "indicator_zh", "indicator"):
        if column in rules.columns and rule_id in rules.index and not missing(rules[column][rule_id]):
            return str(rules[column][rule_id])
    return rule_id


def service_label(services: Mapping[str, Service], service: str, lang: str) -> str:
    """Return the name that the study gives a service, else the usual one."""
    return services[service].label(lang)


def measure_label(service: Service, measure: str, lang: str) -> str:
    """Return a circle's measure with its figures: pace and minutes, or metres.

    Examples
    --------
    >>> care = Service(name="care", facilities=("elder_home",), group="elders_60", walk_minutes=15.0, walk_kmh=4.0)
    >>> measure_label(care, "network", "en")
    'Network walk, 4 km/h, 15 min'
    """
    minutes_text = f"{service.walk_minutes:g}"
    comma, unit_word = ("，", "分钟") if lang == "zh" else (", ", " min")
    name = label(measure, lang)
    if measure == "network":
        return f"{name}{comma}{service.walk_kmh:g} km/h{comma}{minutes_text}{unit_word}"
    if measure == "frail":
        return f"{name}{comma}{service.frail_kmh / 3.6:g} m/s{comma}{minutes_text}{unit_word}"
    return f"{name}{comma}{service.straight_m:,.0f} m"


def share(value: float | None) -> str:
    """Return a share (0-1) to 0.1 %."""
    return format_number(value, "percent")


def whole(value: float | None) -> str:
    """Return a count (people, beds, places, m²) as a whole number with thousands separated."""
    return format_number(value, "count")


def minutes(value: float | None) -> str:
    """Return minutes as a whole number."""
    return format_number(value, "minutes")


def rate(value: float | None) -> str:
    """Return a supply per 1,000 people or 100 households."""
    return format_number(value, "per_1000")


def _format(unit_word: object, kind: str) -> str:
    if unit_word == "share" or kind in ("share", "presence", "compliance", "circle", "rate"):
        return "percent"
    return "per_1000" if kind in ("provision", "floor_area") else "count"


def amount(value: float | None, unit_word: object, *, kind: str = "") -> str:
    """Return a value in the way its unit asks: shares in per cent, rates with decimals, all else whole.

    Examples
    --------
    >>> amount(0.364, "share"), amount(33.7, "beds"), amount(4.5, "places", kind="provision")
    ('36.4%', '34', '4.5')
    """
    return format_number(value, _format(unit_word, kind))


def interval(low: float | None, high: float | None, unit_word: object = "", *, kind: str = "") -> str:
    """Return ``low–high``, one number where both print alike, ``≥ low`` where the register sets no upper end."""
    return format_interval(low, high, _format(unit_word, kind))


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
    words = [planner_word(said, lang), year]
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
