"""主要指标完成情况表: every row of a plan's annex in the plan's own order and numbering.

What was measured stands beside what departments report, with the difference, its reason, and the figure that counts (采用值); 完成率,
序时进度 and the conclusion are of that figure. Rows that the plan binds are in bold.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from geoplan.report.content.adopted import adopted_from, adopted_of, difference_of, measured_of, reason_of
from geoplan.report.content.build import table_of
from geoplan.report.content.findings import base_of, completion, unit_of_value
from geoplan.report.content.names import Names, caveats_of, field_name, rows_of, text
from geoplan.report.content.progress import progress_text
from geoplan.report.content.registry import listed
from geoplan.report.content.table import Amount, Cell, Coded, Table
from geoplan.tables import VERDICTS, Outcome
from geoplan.words.catalogue import phrase
from geoplan.words.labels import label

#: Columns that fit on a page upright.
ON_PAPER = (
    "annex_no", "indicator", "unit_of_value", "attribute", "base", "annex_target", "actual", "reported", "reported_period",
    "adopted_value", "completion", "done_and_due", "adopted_verdict", "caveats",
)  # fmt: skip


@listed(29, "workbook", "csv")
def annexes(outcome: Outcome) -> Iterator[Table]:
    """Yield the table of each plan whose rules are rows of an annex."""
    rules, lang = outcome.rules, outcome.lang
    if "annex" not in rules:
        return
    packs = dict.fromkeys(rules.loc[rules["annex"].fillna("") != "", "pack"])
    for pack in packs:
        yield _annex(outcome, str(pack), title=_title(rules, str(pack), lang, several=len(packs) > 1))


def annex_sentence(table: Table, outcome: Outcome) -> str:
    """Return how many rows an annex has, how many of them bind, and how many of each conclusion there are."""
    lang = outcome.lang
    verdicts = [cell.code for cell in table.cells("adopted_verdict") if isinstance(cell, Coded)]
    items = phrase("join_items", lang)

    def told(codes: list[str]) -> str:
        counts = Counter(codes)
        parts = [
            phrase("paper_verdicts", lang, verdict=label(code, lang), count=counts[code])
            for code in VERDICTS
            if counts[code]
        ]
        return items.join(parts)

    binding = [code for at, code in enumerate(verdicts) if at in table.strong]
    return phrase(
        "paper_annex", lang, title=table.title, rows=len(verdicts), said=told(verdicts), binding=len(binding),
        said_binding=told(binding) or phrase("annex_none", lang),
    )  # fmt: skip


def _title(rules: pd.DataFrame, pack: str, lang: str, *, several: bool) -> str:
    title = phrase("annex_title", lang)
    if not several:
        return title
    return title + phrase("in_brackets", lang, text=str(rules.loc[rules["pack"] == pack, f"pack_title_{lang}"].iloc[0]))  # fmt: skip


def _annex(outcome: Outcome, pack: str, *, title: str) -> Table:
    """Return the table of one plan: one row a row of the annex, for each zone that the plan speaks for."""
    lang, names, rules = outcome.lang, Names(outcome), outcome.rules
    own = rules[(rules["pack"] == pack) & (rules["annex"].fillna("") != "")].sort_values("annex_order", kind="stable")  # fmt: skip
    place = {rule: number for number, rule in enumerate(own.index)}
    found = [row for row in rows_of(outcome.findings) if row["rule_id"] in place]
    found.sort(key=lambda row: place[row["rule_id"]])
    several = len({row["zone_id"] for row in found}) > 1
    keys = (
        "annex_no", "indicator", "rule_id", "zone", "unit_of_value", "attribute", "base", "annex_target", "actual", "reported",
        "reported_period", "annex_difference", "annex_reason", "adopted_value", "adopted_from", "completion", "done_and_due",
        "adopted_progress", "adopted_verdict", "lead", "reported_by", "clause", "finding_note", "caveats",
    )  # fmt: skip
    depths: dict[str, Any] = {"rule_id": 4} | ({} if several else {"zone": 4})
    strong = frozenset(at for at, row in enumerate(found) if names.of_rule(row["rule_id"], "is_binding"))
    notes = (phrase("annex_note", lang), phrase("annex_note_adopted", lang))
    rows = (_row(row, names) for row in found)
    return table_of(
        f"annex_{field_name(pack)}",
        lang,
        keys,
        rows,
        title=title,
        depths=depths,
        notes=notes,
        frozen=2,
        strong=strong,
    )


def _row(row: Mapping[str, Any], names: Names) -> list[Cell]:
    lang, rule = names.lang, str(row["rule_id"])
    form, measured, adopted = names.format(rule), measured_of(names, row), adopted_of(names, row)
    low, high = (row["adopted_low"], row["adopted_high"]) if adopted else (None, None)
    missing = text(row[f"missing_{lang}"]) if row["adopted_verdict"] == "no_data" else ""
    return [
        text(names.of_rule(rule, "annex")), text(names.of_rule(rule, f"indicator_{lang}")), rule, names.zone(row["zone_id"]),
        unit_of_value(names, rule, row["unit"]), names.attribute(rule), base_of(names, rule),
        text(names.of_rule(rule, f"target_text_{lang}")), measured,
        Amount.between(row["reported"], row["reported_high"], form), text(row["reported_period"]),
        difference_of(row, measured, form), reason_of(row, measured, lang), adopted,
        adopted_from(row, lang),
        completion(row, low, high), progress_text(names, row, low, high), Coded.of(row["adopted_on_path"]),
        Coded(row["adopted_verdict"]), text(names.of_rule(rule, "lead")), text(row["reported_by"]), names.clause(rule), missing,
        phrase("join_semicolon", lang).join(caveats_of(row, lang)),
    ]  # fmt: skip
