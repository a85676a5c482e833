"""People that a plan's own figures imply: a stock over a stated rate, beside the people that are stated.

A stock of 11,500 places at 1.6 per 1,000 residents implies 7,187,500 residents. Where the census has twice as many, the rate counts more
places than the stock does, or fewer people: said aloud, not mended. A stock of some of the types that a rule counts implies nothing.
"""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from geoplan.standards.counts import both_labels
from geoplan.standards.rules import Rule, types_of
from geoplan.standards.totals.data import is_of_area, of_year
from geoplan.standards.totals.file import Totals, bounds
from geoplan.words.errors import Note
from geoplan.words.vocabulary import narrower

#: Columns of the table of implied people.
IMPLIED = {
    "rule_id": "provision rule whose rate is used, or empty for a share of groups",
    "year": "year of stock and rate",
    "amount": "stock that the totals give for the types of the rule, in `unit`",
    "unit": "beds, places …; people for a share",
    "rate": "per `per`, as the plan states it; for a share the share",
    "per": "N of the rate; 1 for a share",
    "group": "group that is implied",
    "implied": "amount / rate x per; for `at least` shares the most",
    "implied_low": "least that the rounding of the rate allows",
    "implied_high": "most",
    "stated": "people as stated; NaN where none is",
    "basis": "its basis and year",
    "ratio": "implied / stated",
    "fits": "True, False or NA (nothing stated): within the rounding of the rate and `TOLERANCE`",
}

#: Implied and stated people may differ by this share: years apart, rounded stocks.
TOLERANCE = 0.1


def implied_people(totals: Totals, rules: Sequence[Rule]) -> tuple[pd.DataFrame, tuple[Note, ...]]:
    """Return the people implied by the totals and the rates of `rules` (`IMPLIED`), and a note for each misfit.

    Rates are the base and the targets of provision rules and what the totals state; stocks those of the same year, planned ones
    included: what the plan aims at on both sides must fit as well.
    """
    rows = [row for rule in rules for row in _of_rule(totals, rule)]
    rows += [row for share in totals.shares for row in _of_share(totals, share)]
    table = pd.DataFrame(rows, columns=list(IMPLIED)).astype({"fits": "boolean"})
    return table, tuple(_note(row) for row in table.to_dict("records") if row["fits"] is False)


def _of_rule(totals: Totals, rule: Rule) -> Iterator[dict[str, Any]]:
    if rule.is_share or rule.people is None or len(rule.supplies) != 1 or not is_of_area(rule):
        return
    types = types_of(rule.selections)
    supply = rule.supplies[0]
    for year, (rate, step) in sorted(_rates(totals, rule).items()):
        entries = [e for e in totals.facilities if e.type in types and e.year == year and supply in e.amounts]
        stocks = [bounds(entry.amounts[supply]) for entry in entries]
        stocks += [
            bounds(one.value)
            for one in totals.amounts
            if not types and one.supply == supply and one.year == year
        ]
        told = (narrower(name) for e in entries for name in (e.type, *e.includes))
        whole = types <= frozenset().union(*told)
        if not stocks or not whole or rate <= 0 or any(low != high for low, high in stocks):
            continue
        amount = sum(low for low, _ in stocks)
        n = rule.people.n
        row = {"rule_id": rule.rule_id, "year": year, "amount": amount, "unit": rule.unit, "rate": rate, "per": n,
               "group": rule.people.group, "implied": amount / rate * n, "implied_low": amount / (rate + step) * n,
               "implied_high": amount / (rate - step) * n if rate > step else math.inf}  # fmt: skip
        yield from _beside(totals, row)


def _rates(totals: Totals, rule: Rule) -> dict[int, tuple[float, float]]:
    """Return the rates that a plan states for a rule by year, each with half of its last digit's step."""
    found = {
        target.year: target.floor
        for target in rule.targets
        if target.floor is not None and target.comparison == ">="
    }
    found |= {rule.start.year: rule.start.value} if rule.start is not None else {}
    found |= {told.year: told.value for told in totals.stated if told.rule in (rule.id, rule.rule_id)}
    return {year: (float(rate), _half_step(float(rate))) for year, rate in found.items()}


def _half_step(rate: float) -> float:
    """Return half of the step of a figure's last digit.

    Examples
    --------
    >>> _half_step(1.6), _half_step(50.0), _half_step(4.55)
    (0.05, 0.5, 0.005)
    """
    digits = len(f"{rate:g}".partition(".")[2])
    return 0.5 * 10.0**-digits


def _of_share(totals: Totals, share: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - file.Share
    parts = of_year(
        [one for one in totals.people if one.group == share.group], share.year, lambda one: one.basis
    )
    for part in parts:
        row = {"rule_id": "", "year": share.year, "amount": part.value, "unit": "people", "rate": share.at_least, "per": 1.0,
               "group": share.of, "implied": part.value / share.at_least, "implied_low": 0.0,
               "implied_high": part.value / share.at_least}  # fmt: skip
        yield from _beside(totals, row)


def _beside(totals: Totals, row: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the row beside each basis of its group; once without any where none is stated."""
    stated = [one for one in totals.people if one.group == row["group"]]
    if not stated:
        yield {**row, "stated": math.nan, "basis": "", "ratio": math.nan, "fits": pd.NA}
    for one in stated:
        slack = TOLERANCE if row["rule_id"] else 0.0
        fits = row["implied_low"] * (1 - slack) <= one.value <= row["implied_high"] * (1 + slack)
        yield {
            **row,
            "stated": one.value,
            "basis": f"{one.basis} {one.year}",
            "ratio": row["implied"] / one.value,
            "fits": fits,
        }


def _note(row: dict[Any, Any]) -> Note:
    words = both_labels("group", "groups", [row["group"]]) | both_labels("unit", "units", [row["unit"]])
    values: dict[str, Any] = {"year": row["year"], "amount": f"{row['amount']:,.0f}", "rate": f"{row['rate']:g}", "per": f"{row['per']:,.0f}",
              "implied": f"{row['implied']:,.0f}", "stated": f"{row['stated']:,.0f}", "basis": row["basis"],
              "share": f"{row['rate']:.0%}", "ratio": f"{row['ratio']:.0%}"}  # fmt: skip
    return Note.of("totals_misfit" if row["rule_id"] else "totals_share_misfit", **words, **values)
