"""What every page says of proposed sites (规划点位): which answer is adopted, its sites, what is proven of it, all in words.

Nothing is chosen or summed anew here beyond what a reader could sum in the tables. A generated place is called 意向区域 wherever it
stands and never by an address; "optimal" is said only of an answer whose status is `optimal`.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import pandas as pd

from geoplan.report import look
from geoplan.report.content.names import Names, empty, present, rows_of, text
from geoplan.report.content.projects import cost_source
from geoplan.report.content.table import cell_text
from geoplan.tables import Outcome
from geoplan.words.catalogue import phrase

#: Communities that a cell names one by one.
NAMED = 3
#: Sites that a note lists by their numbers; more are counted.
MOST_ORDERS = 12

#: Values that differ by less are the same value.
HAIR = 1e-9
#: How the labels begin that only pages on siting print.
OWN_WORDS = ("siting", "sites_", "unit_sites", "unit_cost")

Row = Mapping[str, Any]


def asked(outcome: Outcome) -> bool:
    """Return whether the study asked where to build; where it did not, no page says anything of siting."""
    return not (empty(outcome.answers) and empty(outcome.sites))


def words_of(outcome: Outcome, *, also: Outcome | None = None) -> dict[str, str]:
    """Return every label in the outcome's language; those of siting only where it (or `also`) asked where to build."""
    kept = asked(outcome) or (also is not None and asked(also))
    return {
        word: both[outcome.lang]
        for word, both in look.labels().items()
        if kept or not word.startswith(OWN_WORDS)
    }


def adopted(outcome: Outcome) -> dict[str, Any] | None:
    """Return the row of `answers` whose sites stand on the map; None where there is none."""
    rows = [row for row in rows_of(outcome.answers) if present(row["adopted"]) and bool(row["adopted"])]
    return rows[0] if rows else None


def chosen(outcome: Outcome) -> gpd.GeoDataFrame:
    """Return the sites of the adopted answer in order of opening, indexed by site_id."""
    answer = adopted(outcome)
    if answer is None or empty(outcome.sites):
        return outcome.sites.iloc[:0]
    own = outcome.sites[outcome.sites["question"] == answer["question"]]
    return own.sort_values("order", kind="stable")


def phases(sites: pd.DataFrame) -> tuple[int, ...]:
    """Return the years in which the phases end, first to last; empty without phases."""
    if empty(sites):
        return ()
    return tuple(sorted({int(year) for year in sites["phase"].dropna()}))


def phase_place(sites: pd.DataFrame) -> list[int]:
    """Return the place of each site's phase among `phases`, 0 where it has none."""
    order = {year: place for place, year in enumerate(phases(sites))}
    if empty(sites):
        return []
    return [order[int(year)] if present(year) else 0 for year in sites["phase"]]


def phase_said(year: object, lang: str) -> str:
    """Return a phase in words: 至2030年."""
    if not present(year):
        return ""
    return look.sentence("siting_page_by", lang, year=f"{float(year):.0f}")  # type: ignore[arg-type]


def gap_said(gap: float) -> str:
    """Return how far an answer may be from the best possible, never less than it is: rounded up to 0.1 %.

    Examples
    --------
    >>> gap_said(0.01), gap_said(0.0101), gap_said(0.00001)
    ('1.0%', '1.1%', '0.1%')
    """
    return f"{math.ceil(round(gap * 1000, 6)) / 10:.1f}%"


def proof(answer: Row, lang: str) -> str:
    """Return what is proven of an answer: 已验证最优 only where its status says so; how it was stopped behind it."""
    status, parts = text(answer["status"]), []
    gap = answer["gap"]
    if status == "within":
        known = present(gap) and math.isfinite(float(gap)) and present(answer["bound"])
        if not known:
            parts.append(look.label("siting_page_no_bound", lang))
        elif float(gap) == 0.0:
            parts.append(look.label("siting_page_first_proven", lang))
        else:
            parts.append(look.sentence("siting_page_within", lang, gap=gap_said(float(gap))))
    elif status in ("optimal", "infeasible", "none"):
        parts.append(look.label(f"siting_page_{status}", lang))
    else:
        parts.append(status)
    stopped = text(answer["stopped"])
    if stopped in ("gap", "nodes", "clock", "interrupt"):
        parts.append(look.label(f"siting_page_stopped_{stopped}", lang))
    if present(answer["repeatable"]) and not answer["repeatable"] and stopped not in ("clock", "interrupt"):
        parts.append(look.label("siting_page_unrepeatable", lang))
    return ("，" if lang == "zh" else ", ").join(parts)


def model(ask: object, lang: str) -> str:
    """Return the model behind a kind of question, in words."""
    return look.label(f"siting_page_model_{ask}", lang) if present(ask) else ""


def value_said(value: object, unit: object, lang: str, *, with_unit: bool = True) -> str:
    """Return a value of an aim with its unit: shares in per cent, minutes with decimals, all else whole."""
    if not present(value):
        return look.label("none", lang)
    number, word = float(value), text(unit)  # type: ignore[arg-type]
    if word == "share":
        return look.share(number)
    shown = look.rate(number) if "minute" in word else look.whole(number)
    return f"{shown} {unit_said(word, lang)}".strip() if with_unit else shown


def unit_said(unit: object, lang: str) -> str:
    """Return the unit of an aim in words; sites and walking have no unit of building."""
    return look.unit(unit, lang)


def gain_unit(outcome: Outcome, answer: Row | None = None) -> str:
    """Return the unit of what an answer's sites add (the adopted one's by default): their own, else the objective's."""
    answer = adopted(outcome) if answer is None else answer
    if answer is None:
        return ""
    sites = outcome.sites
    if empty(sites) or "gain_unit" not in sites.columns:
        return text(answer["unit"])
    own = sites.loc[sites["question"] == answer["question"], "gain_unit"]
    return next(filter(None, map(text, own)), text(answer["unit"]))


def bound_word(answer: Row, lang: str) -> str:
    """Return whether the bound lies above (理论上限) or below (理论下限) what an answer may reach."""
    objective, bound, before = (answer[key] for key in ("objective", "bound", "before"))
    other = bound if present(bound) and present(objective) and bound != objective else None
    upper = other >= objective if other is not None else not (present(before) and objective < before)
    return look.label("siting_page_upper" if upper else "siting_page_lower", lang)


def better(value: object, unit: object, lang: str) -> str:
    """Return a gain (which may be negative where less is better) without its unit."""
    if not present(value):
        return ""
    number = float(value)  # type: ignore[arg-type]
    sign = "−" if number < 0 else ""
    return sign + value_said(abs(number), unit, lang, with_unit=False)


def is_generated(site: Row) -> bool:
    """Return whether nobody has offered the place."""
    return present(site["generated"]) and bool(site["generated"])


def place_said(names: Names, site: Row) -> str:
    """Return the address as printed, or 意向区域 with the zone's name: a generated place has no address."""
    if is_generated(site):
        zone = names.zone(site["zone_id"]) if present(site["zone_id"]) else ""
        word = look.label("siting_page_intent_area", names.lang)
        return f"{word}{'：' if names.lang == 'zh' else ': '}{zone}" if zone else word
    return text(site["place"])


def services_said(site: Row, lang: str) -> str:
    """Return the types of facility that open at a site."""
    kinds = site["services"] if isinstance(site["services"], tuple | list) else ()
    return ("、" if lang == "zh" else ", ").join(look.facility_label(kind, lang) for kind in kinds)


def works_said(site: Row, lang: str) -> str:
    """Return the kind of works."""
    code = text(site["works"])
    return phrase(f"construction_{code}", lang) if code else ""


def size_parts(site: Row, lang: str) -> list[str]:
    """Return how large a site is: its size, then beds, places and floor area, as far as they are known, each unit once."""
    pairs = [("size", text(site["unit"])), ("beds", "beds"), ("places", "places"), ("floor_area_m2", "m2")]
    parts: dict[str, str] = {}
    for column, unit in pairs:
        value = site.get(column)
        if unit and unit not in parts and present(value) and float(value) > 0:  # type: ignore[arg-type]
            space = "" if lang == "zh" else " "
            parts[unit] = f"{look.whole(float(value))}{space}{look.unit(unit, lang)}"  # type: ignore[arg-type]
    return list(parts.values())


def size_said(site: Row, lang: str) -> str:
    """Return how large a site is, on one line."""
    return ("、" if lang == "zh" else ", ").join(size_parts(site, lang))


def cost_from_said(site: Row, lang: str) -> str:
    """Return where a cost comes from; nothing where there is no cost."""
    return cell_text(cost_source(site["cost_from"], lang), lang) if present(site["cost"]) else ""


def note_said(outcome: Outcome, sites: pd.DataFrame, *, word: str = "siting_word_gain_note") -> str:
    """Return the note under a table of sites: what its gains are, and where its costs come from."""
    answer, lang = adopted(outcome), outcome.lang
    if answer is None:
        return ""
    said = look.sentence(word, lang, unit=unit_said(gain_unit(outcome), lang))
    joint = "、" if lang == "zh" else ", "
    sources: dict[str, list[str]] = {}
    for row in rows_of(sites):
        source = cost_from_said(row, lang)
        if source:
            sources.setdefault(source, []).append(f"{float(row['order']):.0f}")
    if not sources:
        return said
    parts = [
        look.sentence("siting_word_cost_part", lang, source=source, orders=joint.join(orders))
        if len(orders) <= MOST_ORDERS
        else look.sentence("siting_word_cost_parts", lang, source=source, count=len(orders))
        for source, orders in sources.items()
    ]
    return said + look.sentence("siting_word_cost_note", lang, parts=joint.join(parts))


def cost_sum_said(sites: pd.DataFrame, lang: str) -> str:
    """Return what the sites cost in all, and how many costs are not known."""
    known, unknown = sites["cost"].dropna(), int(sites["cost"].isna().sum())
    if known.empty:
        return look.label("siting_page_cost_none", lang)
    word = "siting_page_cost_partly" if unknown else "siting_page_cost"
    return look.sentence(word, lang, cost=look.whole(float(known.sum())), count=unknown)


def intent_said(sites: pd.DataFrame, lang: str) -> str:
    """Return how many sites are areas of intent; nothing where none is."""
    count = sum(is_generated(row) for row in rows_of(sites))
    return look.sentence("siting_page_intent", lang, count=count) if count else ""


def serves_said(names: Names, site: Row, *, most: int = NAMED) -> str:
    """Return the zones that a site is to serve, the first few by name."""
    zones = list(site["serves"]) if isinstance(site["serves"], tuple | list) else []
    joint = "、" if names.lang == "zh" else ", "
    told = joint.join(names.zone(zone) for zone in zones[:most])
    if len(zones) <= most:
        return told
    return told + look.sentence("siting_page_and", names.lang, count=len(zones))


def phases_said(sites: pd.DataFrame, lang: str) -> str:
    """Return how many sites are open by the end of each phase; nothing with fewer than two phases."""
    years = phases(sites)
    if len(years) < 2:
        return ""
    parts = [
        look.sentence("siting_page_phase_part", lang, year=year, count=int((sites["phase"] <= year).sum()))
        for year in years
    ]
    return ("，" if lang == "zh" else ", ").join(parts)


@dataclass(frozen=True, eq=False)
class Unmet:
    """What stays unmet when the last phase is open: rows of `UNMET`, zones, and how many zones by reason."""

    rows: pd.DataFrame
    zones: int
    why: tuple[tuple[str, int], ...]


def unmet(outcome: Outcome) -> Unmet:
    """Return what the adopted answer leaves unmet at the end, largest first within a unit."""
    answer, table = adopted(outcome), outcome.unmet
    if answer is None or empty(table):
        return Unmet(table.iloc[:0], 0, ())
    own = table[(table["question"] == answer["question"]) & ~(table["gap"] <= 0)]
    # what a later phase closes does not stay: only the last phase is told
    years = phases(chosen(outcome)) or tuple(own["phase"].dropna().astype(int))
    if years:
        own = own[own["phase"].isna() | (own["phase"] >= max(years))]
    units = {unit: place for place, unit in enumerate(dict.fromkeys(own["unit"]))}
    own = own.assign(_unit=own["unit"].map(units)).sort_values(
        ["_unit", "gap"], ascending=[True, False], kind="stable"
    )
    reasons = own["why"].map(lambda why: text(why) or "none")
    counts = own.assign(_why=reasons).groupby("_why", sort=False)["zone_id"].nunique()
    counts = counts.sort_values(ascending=False, kind="stable")
    why = tuple((str(word), int(count)) for word, count in counts.items())
    return Unmet(own.drop(columns="_unit"), int(own["zone_id"].nunique()), why)


def why_said(why: object, lang: str) -> str:
    """Return why a zone keeps its gap."""
    return look.label(f"siting_page_why_{text(why) or 'none'}", lang)


def verdicts_won(outcome: Outcome) -> tuple[int, int]:
    """Return how many findings turn to met with the sites, and how many stay not met."""
    before, after = outcome.site_support["verdict_before"], outcome.site_support["verdict_after"]
    return int(((before != "met") & (after == "met")).sum()), int((after == "not_met").sum())


def changed(outcome: Outcome) -> pd.DataFrame:
    """Return the rows of `site_support` that the sites change: verdict, value or shortfall."""
    table = outcome.site_support
    if empty(table):
        return table
    moved = table["verdict_before"] != table["verdict_after"]
    for before, after in (("actual_before", "actual_after"), ("shortfall_before", "shortfall_after")):
        one, other = (pd.to_numeric(table[key]).astype(float) for key in (before, after))
        moved |= ~(((one - other).abs() <= HAIR) | (one == other) | (one.isna() & other.isna()))
    return table[moved]
