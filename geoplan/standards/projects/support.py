"""What a project list does for the indicators (项目库对指标的支撑测算): the findings without and with it, rule by rule."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from geoplan.standards.counts import amounts
from geoplan.standards.data import AssessmentData
from geoplan.standards.rules import Rule, linked, types_of
from geoplan.tables import DEMAND, FACILITIES, FINDINGS, SUPPLIES, SUPPORT
from geoplan.words.errors import Note
from geoplan.words.vocabulary import vocabulary


def support(
    before: pd.DataFrame,
    after: pd.DataFrame,
    projects: pd.DataFrame,
    rules: Sequence[Rule],
    *,
    zones: pd.DataFrame,
    facilities: pd.DataFrame,
    supplies: pd.DataFrame,
    year: int,
) -> pd.DataFrame:
    """Return which indicators are met with the projects, which are not, and what is still missing (`tables.SUPPORT`).

    One row a finding, in the order of `after`. `projects` names those that add to it by the year; a project adds to a rule
    if a facility that the rule counts has some of what it counts.

    Parameters
    ----------
    before, after
        Findings of `geoplan.standards.assess.assess` without and with the projects.
    facilities, supplies
        Of the registers and of every project with a year, from `facilities.with_projects` without a year; ``project_id`` is null for
        the registers' own.

    Raises
    ------
    TableError
        If a table lacks a column.
    """
    for name, table in (("before", before), ("after", after)):
        FINDINGS.check(
            table,
            ("rule_id", "zone_id", "verdict", "actual_low", "actual_high", "required", "shortfall"),
            name=name,
        )
    FACILITIES.check(facilities, ("services", "open_year", "project_id", "zone_id"))
    SUPPLIES.check(supplies, ("facility_id", "supply", "low", "high", "project_id"))
    keys = ["rule_id", "zone_id"]
    first = before.set_index(keys)
    helping = adding_projects(rules, projects, zones=zones, facilities=facilities, supplies=supplies)
    opened = projects["open_year"].astype(float)
    rows = []
    for row in after.to_dict("records"):
        key = row["rule_id"], row["zone_id"]
        was = first.loc[key] if key in first.index else None
        adds = helping.get((str(key[0]), str(key[1])), ())
        rows.append({
            "rule_id": key[0], "zone_id": key[1], "year": year,
            "verdict_before": "no_data" if was is None else was["verdict"], "verdict_after": row["verdict"],
            "actual_before": np.nan if was is None else was["actual_low"], "actual_after": row["actual_low"],
            "actual_high_before": np.nan if was is None else was["actual_high"], "actual_high_after": row["actual_high"],
            "required": row["required"], "shortfall_before": np.nan if was is None else was["shortfall"],
            "shortfall_after": row["shortfall"], "unit": row["unit"],
            "projects": tuple(p for p in adds if opened[p] <= year),
            "later": tuple(p for p in adds if not opened[p] <= year),
            "claimed_by": tuple(str(p) for p, named in projects["indicators"].items() if key[0] in named),
        })  # fmt: skip
    table = pd.DataFrame(rows, columns=list(SUPPORT))
    table["change"] = [_change(row) for row in table.to_dict("records")]
    return table


def _change(row: Mapping[object, object]) -> str:
    """Return what the projects do: won and lost are changes of the verdict, nearer and farther those of the shortfall."""
    was, now = str(row["verdict_before"]), str(row["verdict_after"])
    if was != now:
        return "won" if now == "met" else "lost" if was == "met" else "open"
    if now != "not_met":
        return "same"
    less = float(str(row["shortfall_before"])) - float(str(row["shortfall_after"]))
    return "nearer" if less > 1e-9 else "farther" if less < -1e-9 else "same"


def adding_projects(
    rules: Sequence[Rule],
    projects: pd.DataFrame,
    *,
    zones: pd.DataFrame,
    facilities: pd.DataFrame,
    supplies: pd.DataFrame,
) -> dict[tuple[str, str], tuple[str, ...]]:
    """Return the projects that add to each rule, by rule_id and zone_id, in the order of the list.

    A compliance rule is helped by what helps the rules that it counts.
    """
    known = projects["open_year"].astype(float)
    last = int(known.max()) if known.notna().any() else 0
    every = facilities.assign(open_year=facilities["open_year"].where(facilities["project_id"].isna(), last))
    data = AssessmentData(zones=zones, demand=DEMAND.empty(), facilities=every, supplies=supplies, year=last)
    places = _project_places(every, supplies)
    order = {str(project): at for at, project in enumerate(projects.index)}
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for rule in linked(rules):
        helping = sorted(_helping(data, rule, supplies), key=order.__getitem__)
        for zone in zones.index if helping else ():
            inside = {*data.below(str(zone)), *([None] if zone == data.area else [])}
            here = tuple(project for project in helping if places.get(project) in inside)
            if here:
                found[rule.rule_id, str(zone)] = here
    return found


def _project_places(facilities: pd.DataFrame, supplies: pd.DataFrame) -> dict[str, object]:
    """Return the zone of each project: its own facility's, or that of the facility that it enlarges."""
    own = facilities[facilities["project_id"].notna()]
    at = {str(project): zone for project, zone in zip(own["project_id"], own["zone_id"], strict=True)}
    more = supplies[supplies["project_id"].notna() & ~supplies["project_id"].isin(list(at))]
    zones = facilities["zone_id"].reindex(more["facility_id"])
    at |= {str(project): zone for project, zone in zip(more["project_id"], zones, strict=True)}
    return {project: zone if isinstance(zone, str) else None for project, zone in at.items()}


def _helping(data: AssessmentData, rule: Rule, supplies: pd.DataFrame) -> set[str]:
    """Return the projects that have some of what a rule counts."""
    for inner in rule.standards[:1]:
        return _helping(data, inner, supplies)
    if not types_of(rule.selections) & data.listed:
        return set()
    selected = amounts(data, rule.selections, None, where=rule.raised_where).table
    own = data.facilities["project_id"].reindex(selected.index)
    if rule.raised_by is None:
        return {str(project) for project in own.dropna()}
    rows = supplies[
        supplies["project_id"].notna() & supplies["facility_id"].isin(selected.index) & (supplies["high"] > 0)
    ]
    source = _sources(rule.raised_by)
    return {str(project) for project in rows.loc[rows["supply"].isin(source), "project_id"]}


def _sources(supply: str) -> tuple[str, ...]:
    derived = vocabulary("supplies").get(supply, {}).get("derived")
    return (supply, derived[0]) if derived else (supply,)


def support_notes(table: pd.DataFrame, projects: pd.DataFrame) -> tuple[Note, ...]:
    """Return a note for every indicator that a project says it supports and does not add to."""
    helped: dict[str, set[str]] = {}
    for rule_id, some, later in zip(table["rule_id"], table["projects"], table["later"], strict=True):
        helped.setdefault(str(rule_id), set()).update(some, later)
    notes = []
    for project_id, row in projects.iterrows():
        for rule_id in row["indicators"]:
            if rule_id in helped and project_id not in helped[rule_id]:
                where: dict[str, object] = {"file": row["source_file"], "row": int(row["source_row"])}
                notes.append(Note.of("project_supports_not", rule=rule_id, name=row["name"], **where))  # type: ignore[arg-type]
    return tuple(notes)


def rule_words(rules: Iterable[Rule]) -> dict[str, tuple[str, ...]]:
    """Return how a project list may name an indicator: rule_id, id, and its name in Chinese or English -> rule_ids."""
    words: dict[str, list[str]] = {}
    for rule in rules:
        for word in filter(None, (rule.rule_id, rule.id, rule.indicator, rule.title_en)):
            words.setdefault(word, []).append(rule.rule_id)
    return {word: tuple(dict.fromkeys(ids)) for word, ids in words.items()}
