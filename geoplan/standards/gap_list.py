"""The gap list (缺口清单): flagged communities first, then findings not met with the members that lack it."""

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from geoplan.standards.assess import Assessment
from geoplan.standards.flags import LEVELS
from geoplan.words.catalogue import phrase
from geoplan.words.vocabulary import label

#: Columns as an office hands them in: key -> header in Chinese and English.
GAP_COLUMNS: Mapping[str, tuple[str, str]] = {
    "serial": ("序号", "No."),
    "town": ("街道（乡镇）", "Town"),
    "community": ("社区（村）", "Community"),
    "indicator": ("指标名称", "Indicator"),
    "clause": ("依据条文", "Clause"),
    "attribute": ("指标属性", "Attribute"),
    "basis": ("统计口径", "Counting basis"),
    "actual": ("现状值", "Actual"),
    "required": ("目标值", "Target"),
    "shortfall": ("缺口", "Shortfall"),
    "unit": ("计量单位", "Unit"),
    "verdict": ("评价结论", "Verdict"),
    "people_affected": ("涉及人数", "People affected"),
    "nearest_facility": ("最近设施", "Nearest facility"),
    "minutes": ("步行时间（分钟）", "Walk (minutes)"),
    "cause": ("成因", "Cause"),
    "measures": ("建议措施", "Measure proposed"),
    "project": ("对应项目", "Project"),
    "phase": ("建设时序", "Phase"),
}

#: Further columns, which are not printed as such: names of things by id, the two ends of the value, the rank.
MORE_COLUMNS = ("rank", "district", "rule_id", "zone_id", "member_id", "part", "actual_low", "actual_high",
                "gross_shortfall", "nearest_name", "note")  # fmt: skip

#: Header of the column of sites, behind that of projects; only where sites were chosen (`with_site_names`).
SITE = ("规划点位", "Site")

#: Header of the district column, which stands before the town where the study has no towns.
DISTRICT = ("区（县）", "District")

_CAUSES = {
    "none_in_circle": ("圈内无设施", "none in the circle"), "full": ("圈内设施已满", "facilities in the circle are full"),
    "too_small": ("单体规模不足", "facilities are too small"), "wrong_type": ("类型不符", "wrong type"),
    "not_connected": ("路网不通", "not connected"), "no_data": ("数据不足", "no data"), "": ("", ""),
}  # fmt: skip
_VERDICTS = {
    "flagged": ("短板", "short"), "not_met": ("未达标", "not met"), "has_not": ("未达标成员", "member that lacks it"),
}  # fmt: skip
_PHASES = {"near": ("近期", "near term"), "far": ("远期", "long term"), "": ("", "")}


def gap_list(
    findings: pd.DataFrame, members: pd.DataFrame, flags: pd.DataFrame, zones: pd.DataFrame, rules: pd.DataFrame,
    facilities: pd.DataFrame, *, lang: str,
) -> pd.DataFrame:  # fmt: skip
    """Return the gap list: flagged communities in the order of their codes, then findings not met with their members.

    Parameters
    ----------
    findings, members, flags
        From `geoplan.standards.assess.assess`.
    zones, facilities
        As in `geoplan.tables`.
    rules
        From `geoplan.standards.packs.read.rules_table`, the study's own circles included.
    lang
        ``zh`` or ``en``, for the words.

    Returns
    -------
    gap_list
        The columns of `GAP_COLUMNS` and `MORE_COLUMNS`; ``verdict, cause, unit`` as codes, ``nearest_facility`` as
        facility_id, numbers as numbers: `printed` gives the words. `rank` orders flagged communities by people affected,
        1 being the most. `part` is flag, finding or member.
    """
    names = _Names(zones, rules, facilities, lang)
    years = findings.set_index("rule_id")["target_year"].to_dict() if "target_year" in findings else {}
    rows = [_flag_row(row, names, years) for row in _flagged(flags, zones)]
    affected = pd.Series([row["people_affected"] for row in rows], dtype=float)
    for row, rank in zip(rows, affected.rank(method="min", ascending=False), strict=True):
        row["rank"] = rank
    lacking = _lacking(members)
    for finding in findings[findings["verdict"] == "not_met"].to_dict("records"):
        rows.append(_finding_row(finding, names))
        mine = lacking.get((finding["rule_id"], finding["zone_id"]), [])
        rows += [_member_row(member, finding, names) for member in mine]
    table = pd.DataFrame(rows, columns=[*GAP_COLUMNS, *MORE_COLUMNS])
    table["serial"] = np.arange(1, len(table) + 1)
    return table.astype({"rank": "Int64", **dict.fromkeys(_NUMBERS, "float64")})


_NUMBERS = (
    "actual",
    "actual_low",
    "actual_high",
    "required",
    "shortfall",
    "gross_shortfall",
    "people_affected",
    "minutes",
)


def with_site_names(gaps: pd.DataFrame, sites: pd.DataFrame, zones: pd.DataFrame) -> pd.DataFrame:
    """Return the gap list with the column ``site``: the names of the sites that add to a row's indicator and serve its zone.

    A row of a finding is that of every site that serves a zone below it; all others are those that serve the very zone.

    Parameters
    ----------
    gaps
        From `gap_list`.
    sites
        `tables.SITES`: those of one answer.
    zones
        `tables.ZONES`.

    Returns
    -------
    gaps
        The same rows; names in the order in which the sites open, joined by 、; empty where none serves.

    Examples
    --------
    >>> zones = pd.DataFrame({"parent_id": {"area/a": None, "community/c": "area/a", "community/d": "area/a"}})
    >>> sites = pd.DataFrame({"order": [1], "name": ["粮站"], "serves": [("community/c",)], "indicators": [("p.beds",)]})
    >>> gaps = pd.DataFrame({"rule_id": "p.beds", "part": ["flag", "flag", "finding"],
    ...                      "zone_id": ["community/c", "community/d", "area/a"]})
    >>> with_site_names(gaps, sites, zones)["site"].tolist()
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
    found = [
        "、".join((above if part == "finding" else exact).get((rule, zone), {}))
        for rule, zone, part in zip(gaps["rule_id"], gaps["zone_id"], parts, strict=True)
    ]
    return gaps.assign(site=pd.Series(found, index=gaps.index, dtype=object))


def _upwards(zone: Any, parents: Mapping[Any, Any]) -> Iterator[Any]:  # noqa: ANN401 - ids and nulls
    """Yield a zone and all above it."""
    while zone in parents:
        yield zone
        zone = parents[zone]


def printed(table: pd.DataFrame, *, lang: str) -> pd.DataFrame:
    """Return the gap list with its headers and words in `lang`: exactly the columns that an office hands in.

    The district stands before the town where the study has no towns.
    """
    at = 0 if lang == "zh" else 1
    out = pd.DataFrame(index=table.index)
    if len(table) and (table["town"] == "").all() and (table["district"] != "").any():
        out[DISTRICT[at]] = table["district"]
    for key, header in GAP_COLUMNS.items():
        out[header[at]] = table[key]
        if key == "project" and "site" in table:
            out[SITE[at]] = table["site"]
    notes = table["note"].fillna("").astype(str)
    verdict = [_VERDICTS[code][at] for code in table["verdict"]]
    joint = "（{}）" if lang == "zh" else " ({})"
    out[GAP_COLUMNS["verdict"][at]] = [
        v + (joint.format(n) if n else "") for v, n in zip(verdict, notes, strict=True)
    ]
    out[GAP_COLUMNS["cause"][at]] = [_CAUSES[code][at] for code in table["cause"]]
    out[GAP_COLUMNS["unit"][at]] = [label("units", unit, lang) for unit in table["unit"]]
    out[GAP_COLUMNS["nearest_facility"][at]] = table["nearest_name"]
    return out


class _Names:
    """Names of zones, rules and facilities, looked up once."""

    def __init__(self, zones: pd.DataFrame, rules: pd.DataFrame, facilities: pd.DataFrame, lang: str) -> None:
        self.lang = lang
        self.rules = rules.to_dict("index")
        self.zones = zones[["level", "name", "parent_id"]].to_dict("index")
        self.facilities = facilities["name"].astype(object).to_dict()

    def above(self, zone: Any, level: str) -> str:  # noqa: ANN401 - ids and nulls
        """Return the name of the zone of `level` that `zone` is or lies in; empty where there is none."""
        at = zone
        while at in self.zones:
            if self.zones[at]["level"] == level:
                return str(self.zones[at]["name"])
            at = self.zones[at]["parent_id"]
        return ""

    def rule(self, rule_id: str, column: str) -> str:
        """Return one word of a rule, in the language where it has two."""
        told = self.rules.get(rule_id, {})
        value = told.get(f"{column}_{self.lang}", told.get(column, ""))
        return "" if value is None else str(value)

    def facility(self, facility_id: Any) -> str:  # noqa: ANN401 - ids and nulls
        """Return a facility's name."""
        name = self.facilities.get(facility_id)
        return "" if name is None or pd.isna(name) else str(name)


def _flagged(flags: pd.DataFrame, zones: pd.DataFrame) -> list[dict[Any, Any]]:
    """Return the flags of the finest level that is flagged, in the order of the zones' codes, then of the rules."""
    if flags.empty:
        return []
    level = next((name for name in LEVELS if (zones["level"] == name).any()), LEVELS[0])
    mine = flags[
        flags["flagged"].fillna(value=False).astype(bool) & flags["zone_id"].map(zones["level"]).eq(level)
    ]
    codes = mine["zone_id"].map(zones["code"]).astype(str)
    order = np.lexsort((np.arange(len(mine)), mine["zone_id"].astype(str), codes))
    return list(mine.iloc[order].to_dict("records"))


def _lacking(members: pd.DataFrame) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """Return the members that certainly lack what a rule asks for, by (rule_id, zone_id)."""
    if members.empty:
        return {}
    lacks = ~members["has"].astype("boolean").fillna(value=True)
    found = members[lacks.to_numpy(dtype=bool)]
    return {key: part.to_dict("records") for key, part in found.groupby(["rule_id", "zone_id"], sort=False)}  # type: ignore[misc]


def _usual(rule: str, zone: Any, names: _Names, basis: str) -> dict[str, Any]:  # noqa: ANN401 - ids and nulls
    joint = "；" if names.lang == "zh" else "; "
    return {
        "district": names.above(zone, "district"), "town": names.above(zone, "town"),
        "community": names.above(zone, "community"), "indicator": names.rule(rule, "indicator"),
        "clause": names.rule(rule, "cited") or names.rule(rule, "clause"), "attribute": names.rule(rule, "attribute"),
        "basis": joint.join(part for part in (names.rule(rule, "basis"), basis) if part), "rule_id": rule, "zone_id": zone,
        "member_id": "", "project": "", "note": "", "rank": pd.NA, "gross_shortfall": np.nan,
    }  # fmt: skip


def _flag_row(row: Mapping[Any, Any], names: _Names, years: Mapping[Any, Any]) -> dict[str, Any]:
    rule = row["rule_id"]
    target = years.get(rule)
    return {
        **_usual(rule, row["zone_id"], names, row.get("basis", "")),
        "part": "flag", "actual": row["reachable_low"], "actual_low": row["reachable_low"],
        "actual_high": row["reachable_high"], "required": row["required"], "shortfall": row["shortfall"],
        "unit": row["unit"], "verdict": "flagged", "people_affected": row["people_affected"],
        "nearest_facility": row["nearest_facility"], "nearest_name": names.facility(row["nearest_facility"]),
        "minutes": row["minutes"], "cause": row["cause"], "measures": measure(row, names.rule(rule, "facilities"), names.lang),
        "phase": _phase(target, row["year"], names.lang), "note": row.get(f"note_{names.lang}", ""),
    }  # fmt: skip


def _finding_row(row: Mapping[Any, Any], names: _Names) -> dict[str, Any]:
    rule = str(row["rule_id"])
    return {
        **_usual(rule, row["zone_id"], names, row["basis"]),
        "part": "finding", "actual": row["actual_low"], "actual_low": row["actual_low"], "actual_high": row["actual_high"],
        "required": row["required"], "shortfall": row["shortfall"], "gross_shortfall": row["gross_shortfall"],
        "unit": row["unit"], "verdict": "not_met", "people_affected": row["people_affected"], "nearest_facility": None,
        "nearest_name": "", "minutes": np.nan, "cause": row["cause"],
        "measures": _finding_measure(row, names.rule(rule, "remedy"), names.lang),
        "phase": _phase(row["target_year"], row["year"], names.lang),
    }  # fmt: skip


def _member_row(member: Mapping[Any, Any], finding: Mapping[Any, Any], names: _Names) -> dict[str, Any]:
    rule, at = str(finding["rule_id"]), member["member_id"]
    is_facility = at in names.facilities
    zone = finding["zone_id"] if is_facility else at
    usual = _usual(rule, zone, names, finding["basis"])
    near = at if is_facility else member["nearest_facility"]
    shown = {
        "shortfall": names.rules.get(rule, {}).get("member_gap", np.nan),
        "unit": finding["unit"],
        "cause": member["cause"],
    }
    return {
        **usual, **shown, "part": "member", "member_id": at, "actual": member["value"], "actual_low": member["value"],
        "actual_high": member["value"], "required": np.nan, "verdict": "has_not", "people_affected": np.nan,
        "nearest_facility": near, "nearest_name": names.facility(near), "minutes": member["minutes"],
        "measures": names.rule(rule, "member_remedy") or measure(shown, names.rule(rule, "facilities"), names.lang),
        "phase": _phase(finding["target_year"], finding["year"], names.lang),
        "note": "" if is_facility or usual["community"] or usual["town"] else names.above(at, "estate"),
    }  # fmt: skip


#: What to do by cause, with the amount; {what} the facilities that count, {amount} with its unit.
_MEASURES = {
    "none_in_circle": ("在步行范围内新建或改建{what}{amount}", "build or convert {what} within walking distance{amount}"),
    "full": ("圈内设施共用后不足，扩建或增设{what}{amount}", "what is in the circle is shared out: enlarge or add {what}{amount}"),
    "too_small": ("扩建圈内设施或就近增设{what}{amount}", "enlarge what is in the circle or add {what} nearby{amount}"),
    "wrong_type": ("将圈内同类设施改造为{what}，或另行增设{amount}", "turn facilities in the circle into {what}, or add some{amount}"),
    "not_connected": ("打通步行通道或开放出入口，使{what}可达{amount}", "open a way or a gate so that {what} can be reached{amount}"),
    "no_data": ("补充数据后再核", "complete the data first"),
    "": ("补足{what}{amount}", "make up {what}{amount}"),
}  # fmt: skip


def measure(row: Mapping[Any, Any], what: str, lang: str) -> str:
    """Return what to do about one shortfall, from its cause and amount, in plain words."""
    at = 0 if lang == "zh" else 1
    amount, unit = row["shortfall"], str(row["unit"])
    words = ""
    if pd.notna(amount) and float(amount) > 0:
        shown = f"{float(amount):,.0f}"
        if unit == "m":
            words = f"，覆盖圈外街道{shown}米" if lang == "zh" else f", to cover {shown} m of street outside"
        elif unit == "people":
            words = f"，覆盖圈外{shown}人" if lang == "zh" else f", to cover {shown} people outside"
        else:
            name = label("units", unit, lang)
            words = f"，补足{shown}{name}" if lang == "zh" else f", {shown} {name}"
    template = _MEASURES.get(str(row["cause"]), _MEASURES[""])[at]
    return template.format(what=what or ("设施" if lang == "zh" else "facilities"), amount=words)


def _finding_measure(row: Mapping[Any, Any], remedy: str, lang: str) -> str:
    """Return what to do about a finding: the rule's own remedy, or that no more is to be built above an upper limit."""
    known = pd.notna(row["shortfall"])
    unit = label("units", str(row["unit"]), lang)
    amount = f"{float(row['shortfall']):,.0f}{'' if lang == 'zh' else ' '}{unit}" if known else ""
    if row.get("surplus") is True:
        return phrase("gap_surplus", lang, amount=amount)
    return remedy.format(amount=amount)


def _phase(target_year: Any, year: Any, lang: str) -> str:  # noqa: ANN401 - numbers and nulls
    """Return near term for what is due by the study's year, long term for later targets."""
    if target_year is None or pd.isna(target_year) or not target_year:
        return ""
    return _PHASES["near" if int(target_year) <= int(year) else "far"][0 if lang == "zh" else 1]


def gap_list_with_sites(
    gaps: pd.DataFrame, sites: pd.DataFrame, zones: pd.DataFrame, after: Assessment
) -> pd.DataFrame:
    """Return the gap list with the sites that close a row in the column ``site``.

    A site is named where it serves the row's zone and, once all are built, it is known that nothing is short there.

    Parameters
    ----------
    gaps
        From `gap_list`.
    sites
        `tables.SITES`: those of one answer.
    zones
        `tables.ZONES`.
    after
        The assessment with all sites built.
    """
    named = with_site_names(gaps, sites, zones)
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
