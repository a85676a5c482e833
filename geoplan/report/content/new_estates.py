"""新建住宅小区配套“四同步”: a row a new estate, its rooms, which of the four steps are done, and the first that is not."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from geoplan.inputs.boundaries.steps import STEPS, order_text
from geoplan.report.content.build import table_of
from geoplan.report.content.names import Names, empty, present, rows_of
from geoplan.report.content.registry import listed
from geoplan.report.content.table import Amount, Cell, Coded, Table
from geoplan.tables import Outcome
from geoplan.words.catalogue import phrase
from geoplan.words.numbers import missing


@listed(85, "workbook", "csv")
def new_estates(outcome: Outcome) -> Table | None:
    """Return one row a new estate; None where there is none, or the estate table says nothing of any step."""
    if empty(outcome.estate_steps):
        return None
    lang, names = outcome.lang, Names(outcome)
    above = [level for level in ("town", "community") if names.has(level)]
    rooms = [f"{one}_{what}" for one in ("eldercare", "childcare") for what in ("asked_m2", "rooms_m2")]
    dated = [f"{step}_date" for step in STEPS]
    more = [column for column in (*rooms, *dated) if outcome.estate_steps[column].map(present).any()]
    kept = [column for column in rooms if column in more]
    steps = [column for step in STEPS for column in (step, f"{step}_date") if column in (*STEPS, *more)]
    columns = (
        "serial",
        "zone_code",
        *above,
        "estate",
        "estate_households",
        *kept,
        *steps,
        "first_step_missing",
        "steps_remark",
    )
    rows = (_row(row, names, above) for row in rows_of(outcome.estate_steps))
    return table_of("estate_steps", lang, columns, rows, notes=tuple(_notes(outcome)), frozen=3 + len(above))


def steps_sentence(outcome: Outcome) -> str:
    """Return how many new estates there are, and how many have each step done; those of which it is not said apart."""
    lang, table = outcome.lang, outcome.estate_steps
    said = phrase("join_semicolon", lang).join(_step_said(table[step], step, lang) for step in STEPS)
    return phrase("estate_steps_sentence", lang, count=len(table), said=said)


def _step_said(answers: pd.Series, step: str, lang: str) -> str:
    """Return how many have a step done; of which nobody says it for any, only how many do not say."""
    unknown = int(answers.isna().sum())
    ending = "unknown" if unknown == len(answers) else "part" if unknown else "done"
    done = int(answers.fillna(value=False).sum())
    return phrase(
        f"estate_steps_{ending}", lang, step=phrase(f"estate_step_{step}", lang), done=done, unknown=unknown
    )


def _row(row: Mapping[str, Any], names: Names, above: list[str]) -> dict[str, Cell]:
    """Return the cells of one estate by their columns. Where rules ask for no rooms nothing stands, rooms that are not stated are said so."""
    lang, zone = names.lang, row["zone_id"]
    cells: dict[str, Cell] = {
        "zone_code": names.code(zone), "estate": names.zone(zone), "estate_households": Amount.of(row["households"], "count"),
        "first_step_missing": _first_missing(row, lang), "steps_remark": _remark(row, lang),
        **{level: names.above(zone, level) for level in above},
    }  # fmt: skip
    for service in ("eldercare", "childcare"):
        cells[f"{service}_asked_m2"] = Amount.of(row[f"{service}_asked_m2"], "decimal")
        cells[f"{service}_rooms_m2"] = Amount.of(row[f"{service}_rooms_m2"], "decimal") or _not_reported(lang)
    for step in STEPS:
        cells[step] = _not_reported(lang) if missing(row[step]) else Coded("yes" if row[step] else "no")
        cells[f"{step}_date"] = row[f"{step}_date"]
    return cells


def _not_reported(lang: str) -> Coded:
    return Coded("not_reported", phrase("estate_not_reported", lang))


def _first_missing(row: Mapping[str, Any], lang: str) -> Coded:
    """Return the first step that is certainly not done; without one, that some are not known, or that all are done."""
    step = next((step for step in STEPS if not missing(row[step]) and not row[step]), "")
    if step:
        return Coded(step, phrase(f"estate_step_{step}", lang))
    unknown = any(missing(row[step]) for step in STEPS)
    return Coded("no_data") if unknown else Coded("none", phrase("estate_steps_all", lang))


def _remark(row: Mapping[str, Any], lang: str) -> str:
    dates = {step: row[f"{step}_date"] for step in STEPS}
    pairs = (pair.split(">") for pair in row["out_of_order"])
    said = phrase("join_semicolon", lang).join(
        order_text((earlier, later), dates, lang) for earlier, later in pairs
    )
    return phrase("estate_steps_contradict", lang, said=said) if said else ""


def _notes(outcome: Outcome) -> list[str]:
    """Return the summary, how the table is read, and how many estates of unknown kind are left out."""
    lang, zones = outcome.lang, outcome.zones
    kinds = zones.loc[zones["level"] == "estate", "kind"]
    unknown = sum(not {"new", "existing"} & set(words) for words in kinds)
    notes = [steps_sentence(outcome), phrase("estate_steps_note", lang, year=outcome.year)]
    return [*notes, phrase("estate_steps_kind_unknown", lang, count=unknown)] if unknown else notes
