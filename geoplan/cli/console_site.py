"""What the command line prints of siting, and how Ctrl-C ends a search with its incumbent."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np

from geoplan.cli import console
from geoplan.pipeline.plan_sites import SiteResult
from geoplan.report.content.answers import answers_table, gap_text, proof
from geoplan.report.content.comparison import area_table, totals_table
from geoplan.report.content.site_effects import flags_table, judged_table
from geoplan.report.content.sites import sites_table
from geoplan.report.content.table import Table
from geoplan.siting.answer import SearchListener
from geoplan.siting.result import SitingResult
from geoplan.siting.solve.control import SearchControl
from geoplan.words.catalogue import phrase


@contextmanager
def searches(lang: str) -> Iterator[SearchListener]:
    """Print each search as it goes; Ctrl-C ends the running one with its incumbent, a second one ends the program."""
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
    """Prints every few seconds how far the incumbent may be from the optimum."""

    def __init__(self, name: str, lang: str) -> None:
        self.name, self.lang, self.last = name, lang, time.monotonic()

    def __call__(self, objective: float, bound: float) -> None:
        size = max(abs(objective), abs(bound))
        if time.monotonic() - self.last < EVERY_SECONDS or not np.isfinite(size) or size == 0.0:
            return
        self.last = time.monotonic()
        console.say(
            "siting_so_far", lang=self.lang, name=self.name, gap=gap_text(abs(bound - objective) / size)
        )


#: How often a long search says where it is.
EVERY_SECONDS = 5.0


def status_words(found: SitingResult, lang: str) -> str:
    """Return what an answer reaches instead of what was asked, if so, and what is proven of it, in the words of the report."""
    answer, step = found.answer, found.first_step()
    gap, bound = (np.nan, np.nan) if step is None else (step.gap, step.bound)
    words = proof(
        answer.status, gap=gap, bound=bound, stopped=answer.stopped, repeatable=answer.repeatable, lang=lang
    )
    short = () if answer.short is None else (answer.short.text(lang),)
    return phrase("join_semicolon", lang).join((*short, words))


def print_sites(result: SiteResult, folder: Path) -> None:
    """Print every answer, the sites of the adopted one, and what changes with them."""
    outcome, comparison = result.before.outcome, result.compare()
    effects = [_named(table) for table in (judged_table(outcome), flags_table(outcome)) if table is not None]
    tables = [answers_table(outcome), *effects, sites_table(outcome)]
    if comparison is not None:
        tables += [area_table(comparison), totals_table(comparison, moved=True)]
    for table in tables:
        if table is not None:
            console.print_table(table, outcome.lang)
    console.print_files(folder, FILES, outcome.lang)
    console.print_warnings(outcome, folder)


def _named(table: Table) -> Table:
    """Return a table of answers with the names of the questions: their words stand in the first table."""
    shown = [entry.key for entry in table.to(1).columns if entry.key != "question_text"]
    return table.only("question", *shown)


#: Files that the summary names, in this order.
FILES = (
    "map.html",
    "gap_list.xlsx",
    "report.html",
    "siting_plans.docx",
    "after/map.html",
    "compare/compare.html",
)
