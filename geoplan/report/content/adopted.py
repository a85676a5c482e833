"""Measured and reported value of a finding side by side: the difference, its reason, and which of the two counts (采用值)."""

from collections.abc import Mapping
from typing import Any

from geoplan.report.content.names import Names, present, text
from geoplan.report.content.table import Amount, Coded
from geoplan.words.catalogue import phrase
from geoplan.words.numbers import change_format


def measured_of(names: Names, row: Mapping[str, Any]) -> Amount | None:
    """Return the measured value of a finding; None where only a department can say it."""
    if names.of_rule(row["rule_id"], "is_reported"):
        return None
    return Amount.between(row["actual_low"], row["actual_high"], names.format(row["rule_id"]))


def adopted_of(names: Names, row: Mapping[str, Any]) -> Amount | None:
    """Return 采用值 of a finding; None where it is neither measured nor reported."""
    if not present(row["adopted"]):
        return None
    return Amount.between(row["adopted_low"], row["adopted_high"], names.format(row["rule_id"]))


def adopted_from(row: Mapping[str, Any], lang: str) -> Coded | None:
    """Return which of the two figures counts; None where there is neither."""
    return Coded(row["adopted"], phrase(f"adopt_{row['adopted']}", lang)) if present(row["adopted"]) else None


def difference_of(row: Mapping[str, Any], measured: Amount | None, form: str) -> Amount | None:
    """Return what is reported less what was measured, an interval where either is one; None where one of them is not known."""
    if measured is None or not present(row["reported"]):
        return None
    return Amount.between(
        row["reported"] - measured.high, row["reported_high"] - measured.low, change_format(form)
    )


def reason_of(row: Mapping[str, Any], measured: Amount | None, lang: str) -> str:
    """Return why the two figures differ: what the department says, and what the registers leave open; or that nobody has said it."""
    if measured is None or not present(row["reported"]):
        return ""
    said = [text(row["reported_reason"])]
    if row["unknown_rows"]:
        said.append(phrase("annex_rows_unknown", lang, count=int(row["unknown_rows"]), rows=int(row["rows"])))
    told = phrase("join_semicolon", lang).join(filter(None, said))
    differs = not measured.low - 1e-9 <= row["reported"] <= measured.high + 1e-9
    return told or (phrase("annex_not_explained", lang) if differs else "")
