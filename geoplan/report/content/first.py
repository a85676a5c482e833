"""优先建设清单: where to act first, by a score that the reader can follow and change."""

from collections.abc import Mapping
from typing import Any

from geoplan.report.content.build import table_of
from geoplan.report.content.gaps import grade_cell, kind_cell
from geoplan.report.content.names import Names, empty, people_unit, present, rows_of, text
from geoplan.report.content.premises import Premises
from geoplan.report.content.registry import listed
from geoplan.report.content.table import Amount, Cell, Coded, Computed, Table, unit_cell
from geoplan.study.priority import Priority
from geoplan.tables import Outcome
from geoplan.words.catalogue import phrase
from geoplan.words.labels import label, planner_word

#: Names by which the score's formula knows the weights.
WEIGHTS = {
    "affected": "weight_affected",
    "depth": "weight_depth",
    "without_premise": "factor_without_premise",
}
#: Columns that a page holds.
ON_PAPER = (
    "rank", "town", "community", "family", "indicator", "flag_kind", "grade", "net_affected", "whom", "depth", "premise", "score",
    "net_shortfall", "unit", "measure",
)  # fmt: skip


@listed(5, "workbook", "csv")
def priority_list(outcome: Outcome) -> Table | None:
    """Return the communities in the order in which to act, people before households; None where none is short of anything."""
    if empty(outcome.priorities):
        return None
    lang, names = outcome.lang, Names(outcome)
    upper = "town" if names.has("town") else "district"
    paper = [upper if key == "town" else key for key in ON_PAPER]
    keys = (*paper, "zone_code", "clause_flags", "feasibility", "shortfall", "premises_near", "rule_id")
    premises = Premises(outcome)
    rows = (_row(names, row, upper, premises) for row in rows_of(outcome.priorities))
    no_list = outcome.priorities["premise"].isna().all()
    notes = [phrase("first_note", lang), phrase("first_note_units", lang)]
    notes += [phrase("first_no_premises", lang)] if no_list else []
    return table_of(
        "priorities", lang, keys, rows, title=phrase("first_title", lang), depths={"rule_id": 4}, notes=tuple(notes), frozen=4,
        on_paper=len(paper), opens=True, filtered=True, below=(_weights(outcome),), page=phrase("first_title", lang),
    )  # fmt: skip


def _row(names: Names, row: Mapping[str, Any], upper: str, premises: Premises) -> dict[str, Cell]:
    lang, rule, zone = names.lang, str(row["rule_id"]), str(row["zone_id"])
    no = phrase("first_premise_false", lang)
    factor = Amount.of(row["feasibility"], "decimal")
    score = Amount.of(row["score"], "decimal")
    assert factor is not None and score is not None  # noqa: S101, PT018 - the table has them
    power = "{net_affected}^weight_affected*{depth}^weight_depth*{feasibility}"
    return {
        "rank": Amount.of(row["rank"], "count"),
        upper: names.above(zone, upper),
        "community": names.zone(zone),
        "family": family_cell(row["family"], lang),
        "indicator": names.rule(rule),
        "flag_kind": kind_cell(row["flag_kind"], lang),
        "grade": grade_cell(row["grade"], lang),
        "net_affected": Amount.of(row["people_affected"], "count"),
        "whom": label(row["affected_group"], lang) + phrase("in_brackets", lang, text=people_unit(row["affected_group"], lang)),
        "depth": Amount.of(row["depth"], "percent"),
        "premise": premise_cell(row["premise"], lang),
        "score": Computed(score, power),
        "net_shortfall": Amount.of(row["net_shortfall"], "count") or Coded("no_data"),
        "unit": unit_cell(row["gap_unit"], lang),
        "measure": text(row["measures"]),
        "premises_near": premises.named(zone, str(row["family"]), lang),
        "zone_code": names.code(zone),
        "clause_flags": Amount.of(row["clause_flags"], "count"),
        "feasibility": Computed(factor, f'IF({{premise}}="{no}",factor_without_premise,1)'),
        "shortfall": Amount.of(row["shortfall"], "count"),
        "rule_id": rule,
    }  # fmt: skip


def premise_cell(premise: object, lang: str) -> Coded:
    """Return whether a premise lies within reach as a cell; that nobody lists premises where it is missing."""
    code = str(bool(premise)).lower() if present(premise) else "unknown"
    return Coded(code, phrase(f"first_premise_{code}", lang))


def family_cell(code: object, lang: str) -> Coded:
    """Return a family of services as a cell."""
    return Coded(str(code), planner_word(code, lang, "types"))


def _weights(outcome: Outcome) -> Table:
    """Return the weights of the score as the study has them: cells that a reader may change."""
    lang = outcome.lang
    rows: list[list[Cell]] = [
        [phrase(f"first_weight_{key}", lang), Amount.of(weight_of(outcome, key), "decimal")]
        for key in WEIGHTS
    ]
    return table_of(
        "priority_weights", lang, ("serial", "weight", "weight_value"), rows, title=phrase("first_weights", lang), named=tuple(WEIGHTS.values())
    )  # fmt: skip


def weight_of(outcome: Outcome, key: str) -> float:
    """Return one weight of the score (`WEIGHTS`), as the study states it or by default."""
    told = outcome.parameters.set_index("entry")["value"]
    return float(told.get(f"priority.{key}", getattr(Priority(), key)))
