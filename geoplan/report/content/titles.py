"""What the heads and feet of every output say: whose people, of which year, who is to be credited, and whether data are made up."""

from collections.abc import Iterable

import pandas as pd

from geoplan.tables import OLD_YEARS, Outcome, Service, Source, outdated
from geoplan.words.catalogue import phrase
from geoplan.words.labels import label, planner_word
from geoplan.words.numbers import missing


def banner(outcome: Outcome) -> str:
    """Return 演示数据，不作为决策依据 for a synthetic study, else nothing."""
    return label("synthetic_banner", outcome.lang) if outcome.synthetic else ""


def review_line(outcome: Outcome) -> str:
    """Return what every map prints: its approval number (审图号), else that it is for internal use (内部用图)."""
    if not outcome.review_no:
        return phrase("titles_internal", outcome.lang)
    return phrase("titles_review", outcome.lang, number=outcome.review_no)


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
    year = "" if missing(given_year) else phrase("titles_year", lang, year=f"{given_year:.0f}")
    told = phrase("join_comma", lang).join(part for part in (planner_word(said, lang), year) if part)
    return name + phrase("in_brackets", lang, text=told) if told else name


def basis_line(outcome: Outcome) -> str:
    """Return the basis and year of every group of people, for the head or foot of a page; old figures are said first."""
    lang, semicolon = outcome.lang, phrase("join_semicolon", outcome.lang)
    parts = [basis(outcome.groups, str(group), lang) for group in outcome.groups.index]
    line = phrase("titles_people", lang, groups=semicolon.join(parts))
    old = old_people(outcome)
    return old + semicolon + line if old else line


def old_people(outcome: Outcome) -> str:
    """Return of which years figures of people are that are too old for the study's year; nothing where none are."""
    lang = outcome.lang
    old = sorted(set(outdated(outcome.groups, outcome.year)))
    years = phrase("join_comma", lang).join(map(str, old))
    return phrase("titles_old", lang, years=years, most=OLD_YEARS) if old else ""


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


def measure_label(service: Service, measure: str, lang: str) -> str:
    """Return a circle's measure with its figures: pace and minutes, or metres.

    Examples
    --------
    >>> care = Service(name="care", facilities=("elder_home",), group="elders_60", walk_minutes=15.0, walk_kmh=4.0)
    >>> measure_label(care, "network", "en")
    'Network walk, 4 km/h, 15 min'
    """
    figures = {
        "network": phrase(
            "titles_pace", lang, pace=f"{service.walk_kmh:g} km/h", minutes=f"{service.walk_minutes:g}"
        ),
        "frail": phrase(
            "titles_pace", lang, pace=f"{service.frail_kmh / 3.6:g} m/s", minutes=f"{service.walk_minutes:g}"
        ),
    }
    told = figures.get(measure, f"{service.straight_m:,.0f} m")
    return phrase("join_comma", lang).join([label(measure, lang), told])
