"""The gap list (缺口清单): flagged communities first, then findings not met with the members that lack it.

Members lack what a clause states for them (条文短板): they are listed too where the finding that counts them cannot be judged. A flag
says how far a zone falls short, what projects under way make up, and what to do about the rest.
"""

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from geoplan.standards.action import Adviser
from geoplan.standards.assess import Assessment
from geoplan.standards.flags import LEVELS
from geoplan.tables import GAP_LIST
from geoplan.words.catalogue import phrase
from geoplan.words.labels import amount_format
from geoplan.words.numbers import format_exact, format_number
from geoplan.words.vocabulary import label

_NUMBERS = (
    "actual", "actual_low", "actual_high", "required", "reached_share", "shortfall", "gross_shortfall", "net_shortfall", "relief",
    "relief_year", "people_affected", "affected_whole", "minutes",
)  # fmt: skip
#: Verdicts of findings whose members are listed: what a clause asks of each is known where the share of all is not judged.
LISTED = ("not_met", "no_data", "not_quantified")


def gap_list(
    found: Assessment,
    zones: pd.DataFrame,
    rules: pd.DataFrame,
    facilities: pd.DataFrame,
    *,
    lang: str,
    adviser: Adviser | None = None,
) -> pd.DataFrame:
    """Return the gap list (`tables.GAP_LIST`): flagged communities in the order of their codes, then findings not met.

    Beds of care homes flag towns and districts, which follow the communities. A finding is followed by its members that lack what the
    rule asks for; of one that is not judged the members stand alone. A zone that a rule flags is not listed again as its member. What only
    a department can report stands nowhere and is built nowhere: it is left out. `rules` comes from
    `geoplan.standards.packs.read.rules_table`, the study's own circles included; the words are in `lang`. Without an `adviser` nothing
    is under way and the cause alone says what to do.
    """
    names, findings = _Names(zones, rules, facilities, lang), found.findings
    years = findings.set_index("rule_id")["target_year"].to_dict() if "target_year" in findings else {}
    flagged = _flagged(found.flags, zones)
    rows = [_flag_row(row, names, years, adviser) for row in flagged]
    told = {(row["rule_id"], row["zone_id"]) for row in flagged}
    lacking = _lacking(found.members)
    for finding in findings[findings["verdict"].isin(LISTED)].to_dict("records"):
        if names.rules.get(finding["rule_id"], {}).get("is_reported"):
            continue
        if finding["verdict"] == "not_met":
            rows.append(_finding_row(finding, names))
        mine = lacking.get((finding["rule_id"], finding["zone_id"]), [])
        rows += [
            _member_row(member, finding, names)
            for member in mine
            if (finding["rule_id"], member["member_id"]) not in told
        ]
    table = pd.DataFrame(rows, columns=list(GAP_LIST))
    table["serial"] = np.arange(1, len(table) + 1)
    return table.astype({"priority": "Int64", **dict.fromkeys(_NUMBERS, "float64")})


def with_site_names(
    gaps: pd.DataFrame, sites: pd.DataFrame, zones: pd.DataFrame, *, lang: str
) -> pd.DataFrame:
    """Return the gap list with the column ``site``: the names of the sites that add to a row's indicator and serve its zone.

    A row of a finding is that of every site that serves a zone below it; all others are those that serve the very zone.
    The names stand in the order in which the sites (`tables.SITES`, those of one answer) open; empty where none serves.

    Examples
    --------
    >>> zones = pd.DataFrame({"parent_id": {"area/a": None, "community/c": "area/a", "community/d": "area/a"}})
    >>> sites = pd.DataFrame({"order": [1], "name": ["粮站"], "serves": [("community/c",)], "indicators": [("p.beds",)]})
    >>> gaps = pd.DataFrame({"rule_id": "p.beds", "part": ["flag", "flag", "finding"],
    ...                      "zone_id": ["community/c", "community/d", "area/a"]})
    >>> with_site_names(gaps, sites, zones, lang="zh")["site"].tolist()
    ['粮站', '', '粮站']
    """
    parents = zones["parent_id"].to_dict()
    exact: dict[tuple[str, str], dict[str, None]] = {}
    above: dict[tuple[str, str], dict[str, None]] = {}
    for site in sites.sort_values("order", kind="stable").to_dict("records"):
        for rule, zone in itertools.product(site["indicators"], site["serves"]):
            exact.setdefault((rule, zone), {})[site["name"]] = None
            for upper in _upwards(zone, parents):
                above.setdefault((rule, upper), {})[site["name"]] = None
    parts = gaps["part"] if "part" in gaps else [""] * len(gaps)
    joint = phrase("join_items", lang)
    found = [
        joint.join((above if part == "finding" else exact).get((rule, zone), {}))
        for rule, zone, part in zip(gaps["rule_id"], gaps["zone_id"], parts, strict=True)
    ]
    return gaps.assign(site=pd.Series(found, index=gaps.index, dtype=object))


def _upwards(zone: Any, parents: Mapping[Any, Any]) -> Iterator[Any]:  # noqa: ANN401 - ids and nulls
    """Yield a zone and all above it."""
    while zone in parents:
        yield zone
        zone = parents[zone]


def gap_list_with_sites(
    gaps: pd.DataFrame, sites: pd.DataFrame, zones: pd.DataFrame, after: Assessment, *, lang: str
) -> pd.DataFrame:
    """Return the gap list with the sites that close a row in the column ``site``.

    A site is named where it serves the row's zone and, once all are built (`after`), it is known that nothing is short
    there.
    """
    named = with_site_names(gaps, sites, zones, lang=lang)
    flags, findings = after.flags, after.findings
    open_flags = flags[flags["flagged"].astype("boolean").fillna(value=True)]
    open_findings = findings[findings["verdict"].isin(["not_met", "no_data"])]
    still_open = {
        pair
        for table in (open_flags, open_findings)
        for pair in zip(table["rule_id"], table["zone_id"], strict=True)
    }
    rows = zip(named["site"], named["rule_id"], named["zone_id"], strict=True)
    return named.assign(site=[site if (rule, zone) not in still_open else "" for site, rule, zone in rows])


class _Names:
    """Names of zones, rules and facilities, looked up once."""

    def __init__(self, zones: pd.DataFrame, rules: pd.DataFrame, facilities: pd.DataFrame, lang: str) -> None:
        self.lang = lang
        self.rules = rules.to_dict("index")
        self.zones = zones[["level", "name"]].to_dict("index")
        self.parents = zones["parent_id"].to_dict()
        self.facilities = facilities["name"].astype(object).to_dict()

    def above(self, zone: Any, level: str) -> str:  # noqa: ANN401 - ids and nulls
        """Return the name of the zone of `level` that `zone` is or lies in; empty where there is none."""
        rows = (self.zones[at] for at in _upwards(zone, self.parents))
        return next((str(row["name"]) for row in rows if row["level"] == level), "")

    def rule(self, rule_id: str, column: str) -> str:
        """Return one word of a rule, in the language where it has two."""
        told = self.rules.get(rule_id, {})
        value = told.get(f"{column}_{self.lang}", told.get(column, ""))
        return "" if value is None else str(value)

    def facility(self, facility_id: Any) -> str:  # noqa: ANN401 - ids and nulls
        """Return a facility's name."""
        name = self.facilities.get(facility_id)
        return "" if name is None or pd.isna(name) else str(name)


def finest_level(zones: pd.DataFrame) -> str:
    """Return the finest level that is flagged."""
    return next((name for name in LEVELS if (zones["level"] == name).any()), LEVELS[0])


def counting(flags: pd.DataFrame, zones: pd.DataFrame) -> pd.Series:
    """Return the rows of `tables.FLAGS` by which flags are counted: those of the finest level, and those of care homes at theirs.

    What is measured for reference only is no flag.
    """
    finest = flags["zone_id"].map(zones["level"]) == finest_level(zones)
    return (finest | flags["by_located"].astype(bool)) & (flags["flag_kind"] != "reference")


def _flagged(flags: pd.DataFrame, zones: pd.DataFrame) -> list[dict[Any, Any]]:
    """Return the flags of the finest level that is flagged, in the order of the zones' codes, then of the rules; then those of care homes.

    What is measured for reference only is no flag.
    """
    if flags.empty:
        return []
    level = flags["zone_id"].map(zones["level"])
    mine = flags[counting(flags, zones) & flags["flagged"].fillna(value=False).astype(bool)]
    codes = mine["zone_id"].map(zones["code"]).astype(str)
    coarser = (level[mine.index] != finest_level(zones)).to_numpy()
    order = np.lexsort((np.arange(len(mine)), mine["zone_id"].astype(str), codes, coarser))
    return list(mine.iloc[order].to_dict("records"))


def _lacking(members: pd.DataFrame) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """Return the members that certainly lack what a rule asks for, by (rule_id, zone_id)."""
    if members.empty:
        return {}
    lacks = ~members["has"].astype("boolean").fillna(value=True)
    lacks &= members["sure"].astype("boolean").fillna(value=True)
    found = members[lacks.to_numpy(dtype=bool)]
    return {key: part.to_dict("records") for key, part in found.groupby(["rule_id", "zone_id"], sort=False)}  # type: ignore[misc]


def _row(part: str, rule: str, zone: Any, names: _Names, basis: str) -> dict[str, Any]:  # noqa: ANN401 - ids and nulls
    """Return what every row has: names of the zone and the rule, and nothing in the other columns."""
    return {
        **dict.fromkeys(_NUMBERS, np.nan),
        "part": part, "rule_id": rule, "zone_id": zone, "member_id": "", "district": names.above(zone, "district"),
        "town": names.above(zone, "town"), "community": names.above(zone, "community"), "indicator": names.rule(rule, "indicator"),
        "clause": names.rule(rule, "cited") or names.rule(rule, "clause"), "attribute": names.rule(rule, "attribute"),
        "basis": phrase("join_semicolon", names.lang).join(filter(None, (names.rule(rule, "basis"), basis))),
        "format": names.rule(rule, "format"), "target": "", "nearest_facility": None, "nearest_name": "", "project": "", "note": "",
        "flag_kind": "", "grade": "", "affected_group": "", "funds": "", "responsible": names.rule(rule, "lead"), "advice": "",
        "priority": pd.NA, "caveats": (),
    }  # fmt: skip


def _flag_row(
    row: Mapping[Any, Any], names: _Names, years: Mapping[Any, Any], adviser: Adviser | None
) -> dict[str, Any]:
    rule = row["rule_id"]
    told = measure(row, names.rule(rule, "facilities"), names.lang)
    same = (
        "required", "shortfall", "unit", "people_affected", "affected_group", "affected_whole", "reached_share", "grade", "flag_kind",
        "nearest_facility", "minutes", "cause",
    )  # fmt: skip
    is_located = row["by_located"]
    ends = [row[f"{'located' if is_located else 'reachable'}_{end}"] for end in ("low", "high")]
    return {
        **_row("flag", rule, row["zone_id"], names, row.get("basis", "")),
        **{key: row[key] for key in same}, "actual": ends[0], "actual_low": ends[0], "actual_high": ends[1],
        "verdict": "flagged", "nearest_name": names.facility(row["nearest_facility"]),
        "target": names.rule(rule, "target_text"), "measures": told, "net_shortfall": row["shortfall"],
        "phase": _phase(years.get(rule), row["year"], names.lang), "note": row.get(f"note_{names.lang}", ""),
        "caveats": row.get("caveats", ()), **({} if adviser is None else _of_list(adviser.columns(row, told))),
    }  # fmt: skip


def _of_list(told: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in told.items() if key in GAP_LIST}


def _finding_row(row: Mapping[Any, Any], names: _Names) -> dict[str, Any]:
    rule = str(row["rule_id"])
    same = ("actual_low", "actual_high", "required", "shortfall", "gross_shortfall", "unit", "affected_group", "people_affected", "cause")  # fmt: skip
    return {
        **_row("finding", rule, row["zone_id"], names, row["basis"]),
        **{key: row[key] for key in same},
        "actual": row["actual_low"], "verdict": "not_met", "target": row.get(f"target_{names.lang}", ""),
        "measures": _finding_measure(row, names.rule(rule, "remedy"), names.lang),
        "phase": _phase(row["target_year"], row["year"], names.lang), "caveats": row.get("caveats", ()),
    }  # fmt: skip


def _member_row(member: Mapping[Any, Any], finding: Mapping[Any, Any], names: _Names) -> dict[str, Any]:
    rule, at = str(finding["rule_id"]), member["member_id"]
    is_facility = at in names.facilities
    usual = _row("member", rule, finding["zone_id"] if is_facility else at, names, finding["basis"])
    near = at if is_facility and pd.isna(member["nearest_facility"]) else member["nearest_facility"]
    gap = names.rules.get(rule, {}).get("member_gap", np.nan)
    lacks = {"shortfall": gap, "net_shortfall": gap, "unit": finding["unit"], "cause": member["cause"]}
    target = names.rule(rule, "member_target")
    if target and finding["local"]:  # what the study asks of each
        target = finding[f"target_{names.lang}"]
    # that it lacks it is certain, whatever is not known of the reason
    known = {**lacks, "cause": "" if lacks["cause"] == "no_data" else lacks["cause"]}
    remedy = names.rule(rule, "member_remedy") or measure(known, names.rule(rule, "facilities"), names.lang)
    return {
        **usual, **lacks, "member_id": at, "actual": member["value"], "actual_low": member["value"],
        "actual_high": member["value_high"], "verdict": "has_not", "nearest_facility": near, "nearest_name": names.facility(near),
        "flag_kind": "" if is_facility else "clause", "affected_group": member["affected_group"],
        "affected_whole": member["affected_whole"], "people_affected": member["affected_whole"],
        "minutes": member["minutes"], "format": names.rule(rule, "member_format"), "target": target,
        "measures": remedy, "phase": _phase(finding["target_year"], finding["year"], names.lang),
        "note": "" if is_facility or usual["community"] or usual["town"] else names.above(at, "estate"),
        "caveats": finding.get("caveats", ()),
    }  # fmt: skip


def measure(row: Mapping[Any, Any], what: str, lang: str) -> str:
    """Return what to do about one shortfall, from its cause and amount, in words.

    Parameters
    ----------
    row
        ``shortfall, unit, cause``.
    what
        Facilities that count, in words.
    """
    amount, unit = row["shortfall"], str(row["unit"])
    words = ""
    if pd.notna(amount) and float(amount) > 0:
        code = f"measure_amount_{unit}" if unit in ("m", "people") else "measure_amount"
        words = phrase(code, lang, amount=_shown(row), unit=label("units", unit, lang))
    cause = str(row["cause"]) or "none"
    return phrase(f"measure_{cause}", lang, what=what or phrase("rule_facilities", lang), amount=words)


def _finding_measure(row: Mapping[Any, Any], remedy: str, lang: str) -> str:
    """Return what to do about a finding: the rule's own remedy, or that no more is to be built above an upper limit."""
    amount = ""
    if pd.notna(row["shortfall"]):
        amount = phrase("gap_amount", lang, amount=_shown(row), unit=label("units", str(row["unit"]), lang))
    if row.get("surplus") is True:
        return phrase("gap_surplus", lang, amount=amount)
    return remedy.format(amount=amount)


def _shown(row: Mapping[Any, Any]) -> str:
    """Return a shortfall as a figure: where all that the plan asks for is missing, with the digits of the plan.

    Examples
    --------
    >>> [_shown({"shortfall": short, "required": 1900.6, "unit": "m2"}) for short in (1900.6, 1500.6)]
    ['1,900.6', '1,501']
    """
    short, unit = float(row["shortfall"]), str(row["unit"])
    return (
        format_exact(short, amount_format(unit))
        if short == row.get("required")
        else format_number(short, amount_format(unit))
    )


def _phase(target_year: Any, year: Any, lang: str) -> str:  # noqa: ANN401 - numbers and nulls
    """Return near term for what is due by the study's year, long term for later targets."""
    if target_year is None or pd.isna(target_year) or not target_year:
        return ""
    return phrase("gap_near_term" if int(target_year) <= int(year) else "gap_long_term", lang)
