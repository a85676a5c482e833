"""Judge a pack from totals alone: each rule measured by its own kind, verdicts and gaps as everywhere."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from geoplan.inputs.projects import ProjectList, join_projects, read_projects
from geoplan.standards.counts import both_labels
from geoplan.standards.measure import NAN, Measured
from geoplan.standards.packs.read import read_pack, rules_of
from geoplan.standards.projects.facilities import as_facilities
from geoplan.standards.requirement import rounded
from geoplan.standards.rules import Rule, linked, share_notes
from geoplan.standards.totals.data import AREA, YearTotals, is_of_area
from geoplan.standards.totals.file import People, Totals, read_totals
from geoplan.standards.totals.implied import implied_people
from geoplan.standards.verdict import judge
from geoplan.words.catalogue import LANGUAGES, phrase
from geoplan.words.errors import InputError, Note, raise_errors

#: Columns of the findings: as `geoplan.tables.FINDINGS`, with what only totals have.
COLUMNS = {
    "rule_id": "pack.rule",
    "indicator_zh": "name of the indicator",
    "indicator_en": "in English",
    "year": "year that is judged",
    "as_of_first": "earliest year of the figures that count; NaN where none does",
    "as_of": "latest of these years",
    "projects": "True where project lists add to the figures",
    "basis": "people's basis and year; empty where the rule has no people",
    "decides": "False for a basis that is only shown beside the one that decides",
    "people": "people of the rule's group",
    "from": "computed, or stated (the plan's own share, taken as it is)",
    "actual_low": "least",
    "actual_high": "most",
    "comparison": ">=, >, <=, <, =, between or empty",
    "required": "target",
    "required_upper": "upper limit of a two-sided target; NaN where there is none",
    "target_zh": "what the rule asks for in words",
    "target_en": "in English",
    "format": "number format of the values (`geoplan.words.numbers.FORMATS`)",
    "have": "amount behind the value, in `unit`, least; NaN for shares",
    "need": "amount that the target asks for, in `unit`, rounded up; NaN for shares",
    "shortfall": "in `unit`; NaN unless not met",
    "surplus": "True where the shortfall is an amount above an upper limit",
    "unit": "unit in which one builds",
    "verdict": "met, not_met, no_data, not_applicable, not_quantified",
    "missing_zh": "what is missing",
    "missing_en": "in English",
    "attribute": "约束, 预期, 未标注",
    "clause": "section of the plan",
}


@dataclass(frozen=True)
class TotalsFound:
    """What totals say of a pack in a year.

    `findings` has one row a rule and basis (`COLUMNS`), the totals as they stand; `with_projects` the same with the project
    lists, empty where there is none. `implied` holds the people that the plan's own figures imply, beside those stated
    (`implied.IMPLIED`); `notes` what does not fit, and the faults of the lists.
    """

    totals: Totals
    year: int
    findings: pd.DataFrame
    with_projects: pd.DataFrame
    implied: pd.DataFrame
    projects: ProjectList
    notes: tuple[Note, ...] = field(default=())


def assess_totals(totals: Totals, rules: Sequence[Rule], *, year: int) -> TotalsFound:
    """Judge rules from totals alone.

    A rule is judged by its own kind where its level is the plan's own; where a plan counts communities or towns, only by a
    value that is stated. A facility type of which the totals say nothing is unknown, so that its rules stay open upwards.

    Parameters
    ----------
    year
        Year whose targets judge; of several years of a figure the latest up to it counts.

    Raises
    ------
    InputError
        If a project list cannot be read.
    """
    rules = linked(rules)
    lists = [
        read_projects(totals.folder / entry.file, types=entry.types, columns=entry.columns)
        for entry in totals.projects
    ]
    projects = join_projects(lists)
    findings = _table(YearTotals(totals, year), rules)
    after = findings.iloc[:0]
    if len(projects.projects):
        added = as_facilities(projects.projects, year=year, home=AREA)
        after = _table(YearTotals(totals, year, added), rules)
    implied, misfits = implied_people(totals, rules)
    names = {rule.rule_id for rule in rules} | {rule.id for rule in rules}
    unused = [told.rule for told in totals.stated if told.rule not in names]
    notes = (*projects.notes, *(Note.of("totals_stated_unused", rule=rule) for rule in unused), *misfits)
    return TotalsFound(totals, year, findings, after, implied, projects, notes)


def assess_totals_file(
    path: Path | str, pack: str | Path | None = None, year: int | None = None
) -> TotalsFound:
    """Judge a pack from a file of totals; without `pack` the one that the file names, without `year` the plan's last.

    Raises
    ------
    InputError
        If the file has wrong entries, or no pack is named at all.
    PackError
        If the pack cannot be read.
    """
    totals = read_totals(path)
    if pack is None and totals.pack is None:
        raise InputError(Note.of("totals_no_pack", file=str(path), severity="error"))
    chosen = read_pack(pack or str(totals.pack))
    notes = share_notes(chosen.rules, [("stated", told.rule, told.value) for told in totals.stated])
    raise_errors([replace(note, file=Path(path).name) for note in notes], InputError)
    return assess_totals(totals, rules_of([chosen]), year=chosen.years[1] if year is None else year)


def _table(case: YearTotals, rules: Sequence[Rule]) -> pd.DataFrame:
    return pd.DataFrame([row for rule in rules for row in _judged(case, rule)], columns=list(COLUMNS))


def _judged(case: YearTotals, rule: Rule) -> Iterator[dict[str, Any]]:
    """Yield the finding of a rule, one for each basis of its people."""
    group = rule.counted_group
    decides = case.deciding(group) if group else None
    told = case.stated(rule)
    sums = rule.people is None and not rule.is_share
    bases: list[People | None] = [*case.bases(group)] if group else []
    for basis in bases or [None]:
        people = case.people | ({group: basis.value} if basis is not None else {})
        found = _measured(case, rule, people)
        if told is not None and not _certain(found) and (sums or not case.adds_to(rule)):
            # a value that the plan states is per its own people, whatever they are; to a sum the projects add theirs
            stock = Measured(AREA, told.value, told.value, rule.gap_scale, rows=1)
            found = _with_projects(case, rule, stock) if case.adds_to(rule) else stock
            said = {
                "from": "stated",
                "decides": True,
                "as_of_first": float(told.year),
                "as_of": float(told.year),
            }
            yield _row(case, rule, found, basis=None) | said
            return
        first, last = case.years_of(rule)
        row = _row(case, rule, found, basis=basis)
        yield row | {"decides": basis is decides, "as_of_first": first, "as_of": last}


def _with_projects(case: YearTotals, rule: Rule, stock: Measured) -> Measured:
    """Return a sum that is stated with what the project lists add to it."""
    added = rule.measure(case.of_projects.data(rule, {}))[0]
    low, high = (added.low, added.high) if math.isfinite(added.low) else (0.0, math.inf)
    return replace(
        stock, low=stock.low + low, high=stock.high + high, rows=stock.rows + added.rows,
        unknown_rows=added.unknown_rows, have=stock.low + low, hints=added.hints,
    )  # fmt: skip


def _measured(case: YearTotals, rule: Rule, people: Mapping[str, float]) -> Measured:
    """Return what a rule's own kind measures in the totals."""
    if not _own_level(rule):
        return Measured(AREA, missing=(Note.of("totals_not_by_zone"),))
    return _open_upwards(case, rule, rule.measure(case.data(rule, people))[0])


def _certain(found: Measured) -> bool:
    return not found.missing and math.isfinite(found.low) and found.low == found.high


def _row(case: YearTotals, rule: Rule, found: Measured, *, basis: People | None) -> dict[str, Any]:
    what, asked = rule.measure_requirement(case.year), rule.requirement(case.year)
    row = judge(rule, found, year=case.year, what=what, covered=1.0)
    scale = NAN if rule.is_share or found.missing else found.scale
    return {
        "rule_id": rule.rule_id, "indicator_zh": rule.indicator, "indicator_en": rule.indicator_text("en"), "year": case.year,
        "basis": f"{basis.basis} {basis.year}" if basis else "", "people": basis.value if basis else NAN,
        "from": "computed", "projects": case.adds_to(rule), "format": rule.value_format,
        **{f"target_{lang}": rule.required_text(asked, lang) for lang in LANGUAGES},
        "have": row["actual_low"] * scale, "need": rounded(what.required * scale, unit=rule.unit),
        **{name: row[name] for name in ("actual_low", "actual_high", "comparison", "required", "required_upper", "shortfall", "surplus", "unit", "verdict")},
        **{f"missing_{lang}": phrase("join_semicolon", lang).join(note.found(lang) for note in row["missing"]) for lang in LANGUAGES},
        "attribute": rule.attribute, "clause": rule.clause,
    }  # fmt: skip


def _own_level(rule: Rule) -> bool:
    """Return True where a rule is judged by the plan's area as a whole, or by its single facilities wherever they stand."""
    return not rule.needs_zones and (is_of_area(rule) or set(rule.where.levels) == {"facility"})


def _open_upwards(case: YearTotals, rule: Rule, found: Measured) -> Measured:
    """Return a measure without an upper end where the totals lack a facility type, or the number of facilities, that counts."""
    if found.missing or (found.applicable and "facility" in rule.where.levels):
        return found
    unknown = case.uncovered(rule)
    hints = [Note.of("totals_types_unknown", **both_labels("types", "types", unknown))] if unknown else []
    hints += [Note.of("totals_no_count")] if case.uncounted(rule) else []
    if not hints:
        return found
    told = (*found.hints, *hints)
    if rule.is_share and not found.applicable:
        # none of the types that are told is there; of the others nobody knows
        return replace(found, applicable=True, missing=told)
    if found.known is not None:
        # a share of which the whole is not known
        return replace(found, low=0.0, high=1.0, scale=NAN, known=None, hints=told)
    if rule.is_share:
        return replace(found, low=0.0, high=1.0, unknown_rows=max(found.unknown_rows, 1), hints=told)
    return replace(found, high=math.inf, unknown_rows=found.unknown_rows + 1, rows=found.rows + 1, hints=told)
