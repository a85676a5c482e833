"""The workbook that departments fill (部门填报表): one table an office, its indicators in the plan's own order.

What `geoplan.inputs.lists.reporting` reads: its columns have the same names and headers.
"""

from collections.abc import Iterator, Sequence

import pandas as pd

from geoplan.inputs.lists.reporting import FIELDS
from geoplan.report.content.names import present, text
from geoplan.report.content.offices import offices_of
from geoplan.report.content.table import Column, Table
from geoplan.standards.packs.read import Pack, rules_table
from geoplan.words.catalogue import phrase

#: Widths of the columns, in characters.
_WIDTHS = {
    "annex": 8, "indicator": 34, "unit": 9, "attribute": 9, "base": 10, "target": 24, "with": 16, "counted": 16, "period": 10, "value": 12,
    "adopt": 12, "reason": 26, "by": 12, "rule_id": 30,
}  # fmt: skip
#: Columns that a department fills; the others tell it what is asked.
FILLED = ("period", "value", "adopt", "reason", "by")
#: What stands between two offices in a cell, as plans write it.
_OFFICES = phrase("join_items", "zh")


def reporting_tables(packs: Sequence[Pack], *, year: int, lang: str) -> tuple[Table, ...]:
    """Return the table of each office that leads an indicator, in the order of their first rows.

    Asked for are the rows of each plan's annex and what only departments can say; of a plan without an annex every indicator. An
    indicator stands with the first office that the plan names, the others beside it. Where the plan names none, the rows stand on a
    table of their own.
    """
    rules = rules_table(packs)
    rows: dict[str, list[list[str]]] = {}
    strong: dict[str, set[int]] = {}
    named = dict(zip(rules.index, offices_of(rules["lead"]), strict=True))
    for rule_id, rule in _asked(rules):
        told = named[rule_id]
        first, *others = (*told.leads, *told.supports) or (phrase("reporting_no_lead", lang),)
        own = rows.setdefault(first, [])
        if rule["is_binding"]:
            strong.setdefault(first, set()).add(len(own))
        own.append(
            [
                text(rule["annex"]), text(rule[f"indicator_{lang}"]), text(rule[f"unit_{lang}"]), text(rule[f"attribute_{lang}"]),
                _base(rule), text(rule[f"target_text_{lang}"]), _OFFICES.join(others), phrase(f"reported_{rule['counted']}", lang),
                str(year), "", "", "", "", rule_id,
            ]
        )  # fmt: skip
    columns = [Column(name, field.zh if lang == "zh" else field.en, width=_WIDTHS[name]) for name, field in FIELDS.items()]  # fmt: skip
    title = phrase("join_items", lang).join(pack.short_title(lang) for pack in packs)
    notes = (phrase("reporting_how", lang), phrase("reporting_how_periods", lang))
    return tuple(
        Table.of(
            f"reporting_{number}", phrase("reporting_title", lang, plan=title, year=year, office=office), columns, own, notes=notes,
            page=office, frozen=2, strong=frozenset(strong.get(office, ())),
        )
        for number, (office, own) in enumerate(rows.items(), start=1)
    )  # fmt: skip


def _asked(rules: pd.DataFrame) -> Iterator[tuple[str, pd.Series]]:
    """Yield the rules that departments report on, pack by pack, the rows of an annex in its order."""
    for _, own in rules.groupby("pack", sort=False):
        asked = own[(own["annex"] != "") | own["is_reported"]]
        ordered = (asked if len(asked) else own).sort_values("annex_order", kind="stable")
        yield from ((str(name), rule) for name, rule in ordered.iterrows())


def _base(rule: pd.Series) -> str:
    """Return the base value as the plan writes it, with its year."""
    value, _, year = text(rule["base"]).partition("@")
    return f"{value} ({year})" if present(value) else ""
