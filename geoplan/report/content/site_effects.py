"""选址方案复核: what each answer's model says beside what the run judges with its sites; what closes, what stays, what would do as well."""

import math
from collections.abc import Iterator
from typing import Any

import pandas as pd

from geoplan.report.content import answers
from geoplan.report.content.answers import amount_format, amount_text, gap_text
from geoplan.report.content.build import table_of
from geoplan.report.content.names import Names, empty, present, rows_of, text
from geoplan.report.content.registry import listed
from geoplan.report.content.table import Amount, Cell, Coded, Listed, Table, unit_cell
from geoplan.standards.gaps import counting
from geoplan.tables import Outcome
from geoplan.words.catalogue import phrase
from geoplan.words.labels import label, of_group
from geoplan.words.numbers import format_number

#: Columns of the table of one answer's flags.
FLAGS_OF_ONE = (
    "indicator", "effect_flagged_before", "effect_closed", "effect_mean_met", "effect_unknown", "effect_flagged_after", "shortfall_before",
    "effect_shortfall_after", "unit",
)  # fmt: skip


@listed(143, "workbook", "csv")
def judged_table(outcome: Outcome) -> Table | None:
    """Return 选址方案复核: a row a figure of each answer, without the sites, by the model and judged again; None without any."""
    own, lang = outcome.site_judged, outcome.lang
    if empty(own):
        return None
    titles = answers.titles(outcome)
    keys = (
        "question", "question_text", "judged_figure", "unit", "before", "model_value", "judged_value", "judged_difference", "judged_reason",
    )  # fmt: skip
    rows: list[list[Cell]] = []
    for row in rows_of(own):
        form = amount_format(row["unit"])
        rows.append([
            text(row["question"]), titles[row["question"]], _figure(outcome, row), unit_cell(row["unit"], lang),
            *(Amount.of(row[key], form) for key in ("before", "model", "judged")),
            Amount.of(row["judged"] - row["model"], "change"), _reason(row["reason"], lang),
        ])  # fmt: skip
    return table_of("site_judged", lang, keys, rows, notes=(phrase("site_judged_note", lang),), frozen=2)


def _of(table: pd.DataFrame, question: str) -> pd.DataFrame:
    """Return the rows of one answer."""
    return table[table["question"] == question]


def _figure(outcome: Outcome, row: dict[str, Any]) -> Coded:
    """Return what a figure counts: people inside a service's circle, the gap that is left, the need met."""
    service = outcome.services.get(row["subject"])
    named = "" if service is None else service.label(outcome.lang)
    return Coded(
        f"{row['measure']}:{row['subject']}",
        phrase(f"site_measure_{row['measure']}", outcome.lang, service=named),
    )


def _reason(code: object, lang: str) -> Coded | None:
    return Coded(text(code), phrase(f"site_reason_{code}", lang)) if present(code) else None


@listed(144, "workbook", "csv")
def flags_table(outcome: Outcome) -> Table | None:
    """Return 选址方案与短板: how many zones each rule flags before and after the sites of each answer; None without any."""
    own = outcome.site_flags
    return None if empty(own) else _flags(outcome, own, answers.titles(outcome))


def flags_of(outcome: Outcome, question: str) -> Table | None:
    """Return the rows of one answer; None without any."""
    own = _of(outcome.site_flags, question)
    if empty(own):
        return None
    return _flags(outcome, own, answers.titles(outcome)).only(*FLAGS_OF_ONE)


def _flags(outcome: Outcome, own: pd.DataFrame, titles: dict[str, str]) -> Table:
    lang, names = outcome.lang, Names(outcome)
    counts = ("flagged_before", "closed", "mean_met", "unknown", "new", "flagged_after")
    keys = (
        "question", "question_text", "rule_id", "indicator", *(f"effect_{key}" for key in counts), "shortfall_before",
        "effect_shortfall_after", "unit", "affected", "effect_affected_before", "effect_affected_after",
    )  # fmt: skip
    rows: list[list[Cell]] = [
        [
            text(row["question"]), titles[row["question"]], text(row["rule_id"]), names.rule(row["rule_id"]),
            *(Amount.of(row[key], "count") for key in counts),
            Amount.of(row["shortfall_before"], amount_format(row["unit"])), _after(row, "shortfall_after", amount_format(row["unit"])),
            unit_cell(row["unit"], lang), names.affected(row["rule_id"], row["affected_group"]),
            Amount.of(row["affected_before"], "count"), _after(row, "affected_after", "count"),
        ]
        for row in rows_of(own)
    ]  # fmt: skip
    return table_of("site_flags", lang, keys, rows, notes=(phrase("site_flags_note", lang),), frozen=2)


def _after(row: dict[str, Any], key: str, form: str) -> Amount | None:
    """Return a sum over the zones flagged after: the least, without an upper end where some zone is not known."""
    known = Amount.of(row[key], form)
    return known if known is None or not row["unknown"] else Amount(known.low, math.inf, form)


@listed(145, "csv")
def left_table(outcome: Outcome) -> Table | None:
    """Return 选址后仍存短板: every zone that the sites of an answer do not close, rule by rule; None without any."""
    own = outcome.site_left
    return None if empty(own) else _left(outcome, own)


def _left(outcome: Outcome, own: pd.DataFrame) -> Table:
    lang, names = outcome.lang, Names(outcome)
    above = names.levels_between()
    keys = (
        "question", *above, "zone", "zone_code", "rule_id", "indicator", "left_state", "left_new", "shortfall", "unit", "left_affected",
        "affected",
    )  # fmt: skip
    rows: list[list[Cell]] = [
        [
            text(row["question"]), *names.above_of(row["zone_id"], above), names.zone(row["zone_id"]), names.code(row["zone_id"]),
            text(row["rule_id"]), names.rule(row["rule_id"]), Coded(row["state"], phrase(f"site_left_{row['state']}", lang)),
            Coded("yes" if row["is_new"] else "no"), Amount.of(row["shortfall"], amount_format(row["unit"])), unit_cell(row["unit"], lang),
            Amount.of(row["affected"], "count"), names.affected(row["rule_id"], row["affected_group"]),
        ]
        for row in rows_of(own)
    ]  # fmt: skip
    return table_of("site_left", lang, keys, rows, notes=(phrase("site_left_note", lang),), frozen=1)


@listed(146, "workbook", "csv")
def alternatives_table(outcome: Outcome) -> Table | None:
    """Return 相近方案: plans within a hundredth of an answer that open other sites; None without any."""
    own, lang = outcome.alternatives, outcome.lang
    if empty(own):
        return None
    titles = answers.titles(outcome)
    units = {answer.question: answer.unit for answer in answers.answers(outcome)}
    candidates, sites = outcome.candidates["name"].astype(str), outcome.sites["name"].astype(str)
    keys = (
        "question", "question_text", "alternative_without", "alternative_closes", "alternative_opens", "objective", "unit",
        "alternative_loss", "cost",
    )  # fmt: skip
    rows: list[list[Cell]] = [
        [
            text(row["question"]), titles[row["question"]], Coded(row["without"], sites[row["without"]]),
            Listed(tuple(Coded(one, sites[one]) for one in row["closes"][1:])),
            Listed(tuple(Coded(one, candidates[one]) for one in row["opens"])),
            Amount.of(row["objective"], amount_format(units[row["question"]])), unit_cell(units[row["question"]], lang),
            Amount.of(row["loss"], "percent"), Amount.of(row["cost"], "cost"),
        ]
        for row in rows_of(own)
    ]  # fmt: skip
    return table_of("alternatives", lang, keys, rows, notes=(phrase("alternatives_note", lang),), frozen=2)


def zone_states(outcome: Outcome, question: str) -> dict[str, str]:
    """Return what becomes of each zone that some rule flags before or after the sites of an answer.

    States are ``closed``, ``mean_met`` and ``unknown`` (of some rule, and nothing worse), ``partly`` (some rule's flag is closed and
    another's is not) and ``flagged``.
    """
    left, asked = _of(outcome.site_left, question), set(_of(outcome.site_flags, question)["rule_id"])
    before = outcome.flags[counting(outcome.flags, outcome.zones) & (outcome.flags["state"] == "flagged")]
    short = before[before["rule_id"].isin(asked)]
    stays = {state: set(part["zone_id"]) for state, part in left.groupby("state")}
    open_pairs = set(zip(left["rule_id"], left["zone_id"], strict=True))
    closes = {
        zone
        for rule, zone in zip(short["rule_id"], short["zone_id"], strict=True)
        if (rule, zone) not in open_pairs
    }
    found = dict.fromkeys(short["zone_id"], "closed")
    for state in ("mean_met", "unknown", "flagged"):  # the last counts most
        found |= dict.fromkeys(stays.get(state, ()), state)
    return found | dict.fromkeys(closes & stays.get("flagged", set()), "partly")


# --- sentences ------------------------------------------------------------------------------------------------------


def effect_sentences(outcome: Outcome, question: str) -> tuple[str, ...]:
    """Return what the model says and what is judged again, and rule by rule what closes and what stays."""
    return (*judged_sentences(outcome, question), *_flag_sentences(outcome, question))


def judged_sentences(outcome: Outcome, question: str) -> Iterator[str]:
    """Yield each figure of an answer: without the sites, by the model, and judged again."""
    lang = outcome.lang
    for row in rows_of(_of(outcome.site_judged, question)):
        model = present(row["model"])
        reason = (
            phrase("in_brackets", lang, text=phrase(f"site_reason_{row['reason']}", lang))
            if row["reason"]
            else ""
        )
        values = {
            key: amount_text(_number(row[key]), row["unit"], lang) for key in ("before", "model", "judged")
        }
        yield phrase(
            "site_judged_sentence" if model else "site_judged_only", lang, figure=_figure(outcome, row).text(lang), reason=reason, **values
        )  # fmt: skip


def _number(value: object) -> float:
    return float(value) if present(value) else float("nan")  # type: ignore[arg-type]


def _flag_sentences(outcome: Outcome, question: str) -> Iterator[str]:
    lang, names = outcome.lang, Names(outcome)
    for row in rows_of(_of(outcome.site_flags, question)):
        parts = [
            phrase(f"site_flags_{key}", lang, count=row[key])
            for key in ("closed", "mean_met", "unknown", "new")
            if row[key] or key == "closed"
        ]
        yield phrase(
            "site_flags_sentence", lang, indicator=names.rule(row["rule_id"]), before=row["flagged_before"], after=row["flagged_after"],
            parts=phrase("join_comma", lang).join(parts),
        )  # fmt: skip


def outside_sentence(outcome: Outcome, question: str, *, most: int) -> str:
    """Return who stays affected where, most people first; nothing where nobody does."""
    lang, names = outcome.lang, Names(outcome)
    own = outcome.site_left
    own = (
        own
        if empty(own)
        else own[(own["question"] == question) & own["affected"].notna() & (own["affected"] >= 0.5)]
    )
    if empty(own):
        return ""
    # one zone may stay short by several rules: it is named once, by the rule that affects most
    first = own.sort_values("affected", ascending=False, kind="stable").drop_duplicates("zone_id")
    parts = [
        phrase(
            "site_outside_part", lang, zone=names.zone(row["zone_id"]), indicator=names.rule(row["rule_id"]),
            count=format_number(row["affected"], "count"), group=label(row["affected_group"], lang),
            unit=of_group("unit_people", row["affected_group"], lang),
        )
        for row in rows_of(first.head(most))
    ]  # fmt: skip
    more = len(first) - most
    rest = phrase("site_outside_more", lang, count=more) if more > 0 else ""
    return phrase("site_outside", lang, parts=phrase("join_semicolon", lang).join(parts), rest=rest)


def alternative_sentence(outcome: Outcome, question: str) -> str:
    """Return what could be opened instead at nearly no loss; nothing where none is known: it was not always looked for."""
    lang, own = outcome.lang, _of(outcome.alternatives, question)
    if empty(own):
        return ""
    candidates, sites = outcome.candidates["name"].astype(str), outcome.sites["name"].astype(str)
    parts = [
        phrase(
            "alternatives_part" if len(row["opens"]) else "alternatives_part_fewer", lang,
            closes=_names(sites, row["closes"], lang), opens=_names(candidates, row["opens"], lang), loss=gap_text(row["loss"]),
        )
        for row in rows_of(own)
    ]  # fmt: skip
    return phrase("alternatives_sentence", lang, parts=phrase("join_semicolon", lang).join(parts))


def _names(names: pd.Series, ids: tuple[str, ...], lang: str) -> str:
    return phrase("join_items", lang).join(names[one] for one in ids)
