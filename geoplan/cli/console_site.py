"""What the command line prints of siting, and how Ctrl-C ends a search with the best so far."""

import re
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Any

import numpy as np

from geoplan.cli import console
from geoplan.pipeline.plan_sites import SiteResult
from geoplan.report.content.projects import construction_cell
from geoplan.report.content.sites_facts import gap_said, proof
from geoplan.report.content.table import cell_text
from geoplan.report.look.words import share
from geoplan.siting.objectives.ask import SitingResult, first_step
from geoplan.siting.solve.control import SearchControl
from geoplan.tables import Outcome
from geoplan.words.catalogue import wording
from geoplan.words.labels import unit

SearchListener = Callable[[str, SearchControl, SitingResult | None], None]


@contextmanager
def searches(lang: str) -> Iterator[SearchListener]:
    """Print each search as it goes; Ctrl-C ends the one that runs with its best so far, a second one ends the program."""
    running: list[SearchControl] = []

    def told(name: str, control: SearchControl, found: SitingResult | None) -> None:
        running[:] = [] if found is not None else [control]
        control.listen = _Progress(name, lang)
        if found is not None:
            console.say("siting_answered", lang=lang, name=name, status=status_words(found, lang), seconds=f"{found.seconds:.1f}")  # fmt: skip

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        if not running or running[0].interrupted.is_set():
            raise KeyboardInterrupt
        running[0].interrupt()
        console.say("siting_interrupted", lang=lang)

    before: Any = signal.signal(signal.SIGINT, interrupt)
    try:
        yield told
    finally:
        signal.signal(signal.SIGINT, before)


class _Progress:
    """Says every few seconds how far the best so far may be from the best possible."""

    def __init__(self, name: str, lang: str) -> None:
        self.name, self.lang, self.last = name, lang, time.monotonic()

    def __call__(self, objective: float, bound: float) -> None:
        size = max(abs(objective), abs(bound))
        if time.monotonic() - self.last < EVERY_SECONDS or not np.isfinite(size) or size == 0.0:
            return
        self.last = time.monotonic()
        console.say(
            "siting_so_far", lang=self.lang, name=self.name, gap=gap_said(abs(bound - objective) / size)
        )


#: How often a long search says where it is.
EVERY_SECONDS = 5.0


def status_words(found: SitingResult, lang: str) -> str:
    """Return what is proven of an answer, in the words of the report."""
    answer = found.answer
    step = first_step(answer, found.per)
    row = {
        "status": answer.status,
        "gap": np.nan if step is None else step.gap,
        "bound": np.nan if step is None else step.bound,
        "stopped": answer.stopped,
        "repeatable": answer.repeatable,
    }
    return proof(row, lang)


def print_sites(result: SiteResult, folder: object) -> None:
    """Print every answer, the sites of the adopted one, and what changes with them."""
    outcome = result.before.outcome
    lang = outcome.lang
    words = wording("console_site_", lang)
    by_name = {one.question.name: one for one in result.asked}
    console.table(
        words["answers"],
        [words["question"], words["sites"], words["cost"], words["aim"], words["before"], words["objective"], words["bound"], words["status"]],
        [
            (
                f"{row['label']}{' *' if row['adopted'] else ''}",
                f"{row['sites']}",
                _number(row["cost"]),
                str(row["aim"]),
                _amount(row["before"], str(row["unit"]), lang),
                _amount(row["objective"], str(row["unit"]), lang),
                _amount(row["bound"], str(row["unit"]), lang),
                status_words(by_name[str(row["question"])], lang),
            )
            for row in outcome.answers.to_dict("records")
        ],
        right={1, 2, 4, 5, 6},
    )  # fmt: skip
    adopted = outcome.sites[
        outcome.sites["question"].isin(outcome.answers.loc[outcome.answers["adopted"], "question"])
    ]
    console.table(
        words["listed"],
        [words["order"], words["name"], words["place"], words["works"], words["size"], words["cost"], words["phase"], words["adds"]],
        [
            (
                f"{row['order']}",
                str(row["name"]),
                str(row["place"]),
                cell_text(construction_cell(row["works"], lang), lang),
                _size(row, lang),
                _number(row["cost"]),
                f"{row['phase']:.0f}",
                share(row["marginal"]) if row["gain_unit"] == "share" else f"{row['marginal']:,.0f}",
            )
            for row in adopted.to_dict("records")
        ],
        right={0, 4, 5, 6, 7},
    )  # fmt: skip
    if result.after is not None:
        _print_change(result, words)
    console.out.print(f"{words['results']}  {folder}", highlight=False, soft_wrap=True)
    for name in FILES:
        if result.after is None and name.startswith(("after", "compare")):
            continue
        console.out.print(f"  {name:24} {words['file_' + re.sub('[./]', '_', name)]}", highlight=False)


def _print_change(result: SiteResult, words: Mapping[str, str]) -> None:
    """Print coverage and flags before and after."""
    assert result.after is not None  # noqa: S101 - the caller asked
    before, after = result.before.outcome, result.after.outcome
    rows = []
    for service, terms in before.services.items():
        shares = [_share_covered(outcome, service) for outcome in (before, after)]
        rows.append((terms.label(before.lang), share(shares[0]), share(shares[1])))
    for rule in dict.fromkeys(before.flags["rule_id"]):
        told = [_flagged(outcome, str(rule), words) for outcome in (before, after)]
        if told[0] != told[1]:
            column = "indicator" if before.lang == "zh" else "title_en"
            rows.append((str(before.rules[column].get(rule, rule)), told[0], told[1]))
    console.table(words["change"], [words["what"], words["before"], words["after"]], rows, right={1, 2})


def _flagged(outcome: Outcome, rule: str, words: Mapping[str, str]) -> str:
    """Return how many communities are flagged by a rule, and of how many it is not known."""
    communities = outcome.zones.index[outcome.zones["level"] == "community"]
    flags = outcome.flags[(outcome.flags["rule_id"] == rule) & outcome.flags["zone_id"].isin(communities)]
    short = int(flags["flagged"].fillna(False).astype(bool).sum())
    unknown = int(flags["flagged"].isna().sum())
    return f"{short}" + (f" ({words['unknown']} {unknown})" if unknown else "")


def _share_covered(outcome: Outcome, service: str) -> float:
    table = outcome.circle
    row = table[
        (table["service"] == service)
        & (table["measure"] == "network")
        & (table["zone_id"] == "area/area")
        & (table["kind"] == "")
    ]
    return float(row["share"].iloc[0])


def _size(row: Mapping[Any, Any], lang: str) -> str:
    """Return how large a site is: as the answer sizes it, else all that it may hold."""
    if row["unit"]:
        return _amount(row["size"], str(row["unit"]), lang)
    return " ".join(_amount(row[what], what, lang) for what in ("beds", "places") if row[what] > 0)


def _number(value: float) -> str:
    return "?" if value != value else f"{value:,.0f}"


def _amount(value: float, kind: str, lang: str) -> str:
    if value != value:
        return "–"
    if kind == "share":
        return share(value)
    if kind == "minutes":
        return f"{value:,.1f}"
    return f"{value:,.0f} {unit(kind, lang) if kind in UNITS else ''}".rstrip()


UNITS = ("people", "beds", "places", "m2")
FILES = ("map.html", "gap_list.xlsx", "report.html", "after", "compare/compare.html")
