"""Siting questions and what was found: each question's value, bound and proof, the gain curve, and the zones that keep a gap."""

import math
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from geoplan.report.content.build import table_of
from geoplan.report.content.names import Names, empty, present, rows_of, text
from geoplan.report.content.registry import listed
from geoplan.report.content.table import Amount, Cell, Chart, Coded, Figure, Table, column, unit_cell
from geoplan.report.look import curve_chart
from geoplan.tables import Outcome
from geoplan.words.catalogue import phrase
from geoplan.words.labels import label, unit
from geoplan.words.numbers import format_number

#: Half widths that a chart's title has room for.
_TITLE = 84
#: How a search may have been stopped before its end.
_STOPS = ("gap", "nodes", "clock", "interrupt")


@dataclass(frozen=True)
class SitingAnswer:
    """One row of the outcome's `answers` (`geoplan.tables.ANSWERS`); a number that is not known is NaN."""

    question: str
    ask: str
    label: str
    status: str
    stopped: str
    aim: str
    unit: str
    objective: float
    bound: float
    gap: float
    recount: float
    before: float
    sites: float
    cost: float
    candidates: float
    nodes: float
    repeatable: bool
    adopted: bool

    @property
    def title(self) -> str:
        """The question in words, its name where the study gives none."""
        return self.label or self.question

    def amount(self, value: float) -> Amount | None:
        """Return a value of the objective as a cell."""
        return Amount.of(value, amount_format(self.unit))

    def value(self, value: float, lang: str) -> str:
        """Return a value of the objective with its unit; an em dash where it is not known."""
        return amount_text(value, self.unit, lang)

    def proof(self, lang: str) -> str:
        """Return what is proven of the answer, in words."""
        return proof(
            self.status, gap=self.gap, bound=self.bound, stopped=self.stopped, repeatable=self.repeatable, lang=lang
        )  # fmt: skip

    def model(self, lang: str) -> str:
        """Return the model behind the kind of question, in words."""
        return phrase(f"siting_model_{self.ask}", lang)

    def bound_name(self, lang: str) -> str:
        """Return whether the bound lies above (理论上限) or below (理论下限) what an answer may reach."""
        if self.bound != self.objective and not math.isnan(self.bound - self.objective):
            upper = self.bound > self.objective
        else:
            upper = not self.objective < self.before
        return phrase("answers_upper_bound" if upper else "answers_lower_bound", lang)


_TEXTS = ("question", "ask", "label", "status", "stopped", "aim", "unit")
_NUMBERS = ("objective", "bound", "gap", "recount", "before", "sites", "cost", "candidates", "nodes")


def answers(outcome: Outcome) -> tuple[SitingAnswer, ...]:
    """Return every answer in the order of the study's questions."""
    return tuple(map(_answer, rows_of(outcome.answers)))


def _answer(row: Mapping[str, Any]) -> SitingAnswer:
    texts: dict[str, Any] = {key: text(row[key]) for key in _TEXTS}
    numbers: dict[str, Any] = {key: float(row[key]) if present(row[key]) else math.nan for key in _NUMBERS}
    # only what is said to be unrepeatable is
    repeatable = not present(row["repeatable"]) or bool(row["repeatable"])
    adopted = present(row["adopted"]) and bool(row["adopted"])
    return SitingAnswer(**texts, **numbers, repeatable=repeatable, adopted=adopted)


def titles(outcome: Outcome) -> dict[str, str]:
    """Return question -> the question in words."""
    return {answer.question: answer.title for answer in answers(outcome)}


def adopted(outcome: Outcome) -> SitingAnswer | None:
    """Return the answer whose sites stand on the map; None where there is none."""
    return next((answer for answer in answers(outcome) if answer.adopted), None)


def amount_format(unit_code: str) -> str:
    """Return the number format of an amount in a unit: shares in per cent, minutes with decimals, all else whole.

    Examples
    --------
    >>> amount_format("beds"), amount_format("share"), amount_format("person_minutes")
    ('count', 'percent', 'decimal')
    """
    return "percent" if unit_code == "share" else "decimal" if "minute" in unit_code else "count"


def amount_text(value: float, unit_code: str, lang: str) -> str:
    """Return an amount with its unit as it stands in a sentence; a share has none beside its per cent.

    Examples
    --------
    >>> amount_text(111.0, "beds", "zh"), amount_text(0.5, "share", "zh"), amount_text(math.nan, "beds", "en")
    ('111 张', '50.0%', '—')
    """
    known = Amount.of(value, amount_format(unit_code))
    named = "" if known is None or unit_code == "share" else unit(unit_code, lang)
    return Figure("", known, named).text(lang) if known else label("none", lang)


def gap_text(gap: float) -> str:
    """Return how far an answer may be from the best possible, rounded up to 0.1 % so that it is never understated.

    Examples
    --------
    >>> gap_text(0.01), gap_text(0.0101), gap_text(0.00001)
    ('1.0%', '1.1%', '0.1%')
    """
    return format_number(_rounded_up(gap), "percent")


def _rounded_up(gap: float) -> float:
    return math.ceil(round(gap * 1000, 6)) / 1000 if math.isfinite(gap) else gap


def proof(
    status: str, *, gap: float, bound: float, stopped: str, repeatable: bool, lang: str
) -> str:  # fmt: skip
    """Return what is proven of an answer; 已验证最优 only where its status says so; how it was stopped behind it.

    Parameters
    ----------
    status
        ``optimal``, ``within``, ``infeasible`` or ``none``.
    gap, bound
        Share by which the answer may fall short, and the bound; NaN where none was found.
    stopped
        ``gap``, ``nodes``, ``clock``, ``interrupt`` or nothing.
    repeatable
        Whether the same inputs give the same answer.
    lang
        Language.

    Raises
    ------
    KeyError
        If there is no such status.
    """
    if status != "within":
        parts = [phrase(f"answers_status_{status}", lang)]
    elif math.isnan(bound) or not math.isfinite(gap):
        parts = [phrase("answers_no_bound", lang)]
    elif gap == 0.0:
        parts = [phrase("answers_first_proven", lang)]
    else:
        parts = [phrase("answers_within", lang, gap=gap_text(gap))]
    if stopped in _STOPS:
        parts.append(phrase(f"answers_stopped_{stopped}", lang))
    if not repeatable and stopped not in ("clock", "interrupt"):
        parts.append(phrase("answers_unrepeatable", lang))
    return phrase("join_comma", lang).join(parts)


@listed(140, "workbook", "csv")
def answers_table(outcome: Outcome) -> Table | None:
    """Return 选址问题: a row a question, with what was found and what is proven of it; None where none was asked."""
    if empty(outcome.answers):
        return None
    lang = outcome.lang
    keys = (
        "serial", "question", "question_text", "model", "status", "adopted", "aim", "unit", "before", "objective",
        "bound", "gap", "recount", "site_count", "cost", "candidate_count", "nodes", "repeatable",
    )  # fmt: skip
    rows: list[list[Cell]] = [
        [
            answer.question, answer.label, Coded(answer.ask, answer.model(lang)),
            Coded(answer.status, answer.proof(lang)), Coded("yes" if answer.adopted else "no"), answer.aim,
            unit_cell(answer.unit, lang),
            *(answer.amount(value) for value in (answer.before, answer.objective, answer.bound)),
            Amount.of(_rounded_up(answer.gap), "percent"), answer.amount(answer.recount),
            Amount.of(answer.sites, "count"), Amount.of(answer.cost, "cost"), Amount.of(answer.candidates, "count"),
            Amount.of(answer.nodes, "count"), Coded("yes" if answer.repeatable else "no"),
        ]
        for answer in answers(outcome)
    ]  # fmt: skip
    notes = (phrase("answers_note", lang), phrase("answers_recount_note", lang))
    return table_of("answers", lang, keys, rows, notes=notes, frozen=3)


def _question_notes(outcome: Outcome, questions: Iterable[object]) -> tuple[str, ...]:
    """Return a line a question: its name and its words."""
    words = titles(outcome)
    return tuple(
        phrase("answers_question_line", outcome.lang, name=name, question=words.get(str(name), str(name)))
        for name in dict.fromkeys(questions)
    )


# --- gain curve -----------------------------------------------------------------------------------------------------


@listed(150, "workbook", "csv")
def curve_table(outcome: Outcome) -> Table | None:
    """Return 选址增益曲线: what so many sites achieve and the bound, with a chart a question; None without any."""
    if empty(outcome.curve):
        return None
    lang = outcome.lang
    units = {answer.question: answer.unit for answer in answers(outcome)}
    keys = ("question", "site_count", "best_found", "unit", "marginal", "bound", "curve_share")
    headers = {key: column(key, lang).header for key in keys}
    table = outcome.curve.sort_values("sites", kind="stable")
    rows: list[list[Cell]] = []
    charts = []
    for question in dict.fromkeys(outcome.curve["question"]):
        own = table[table["question"] == question]
        unit_code, first = units.get(str(question), ""), len(rows)
        form = amount_format(unit_code)
        for row, gain in zip(rows_of(own), gains(own["objective"].astype(float)), strict=True):
            bound = row["bound"] if present(row["bound"]) and math.isfinite(float(row["bound"])) else None
            rows.append([
                str(question), Amount.of(row["sites"], "count"), Amount.of(row["objective"], form),
                unit_cell(unit_code, lang), Amount.of(gain, form), Amount.of(bound, form),
                Amount.of(row["share"], "percent"),
            ])  # fmt: skip
        title = _cut(phrase("answers_curve_title", lang, question=question), _TITLE)
        # of a question in phases the curve counts the last one, and its aim all: the axis names neither
        y = phrase("answers_curve_y", lang, what=headers["best_found"], unit=unit(unit_code, lang))
        low = _axis_start(own[["objective", "bound"]].to_numpy(dtype=float))
        axes = (headers["site_count"], y)
        charts.append(Chart(title, first, len(rows) - 1, "site_count", ("best_found", "bound"), axes, low))
    notes = (*_question_notes(outcome, outcome.curve["question"]), phrase("answers_curve_note", lang))
    if any(chart.low for chart in charts):
        notes = (*notes, phrase("answers_curve_cut", lang))
    title = phrase("answers_curve_sheet", lang)
    return table_of("curve", lang, keys, rows, title=title, notes=notes, frozen=2, charts=tuple(charts))


def _cut(shown: str, most: int) -> str:
    """Return a text in at most so many half widths: a Chinese character takes two.

    Examples
    --------
    >>> _cut("增益曲线", 8), _cut("增益曲线", 7), _cut("gain", 3)
    ('增益曲线', '增益曲…', 'ga…')
    """
    widths = np.cumsum([2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in shown])
    if not len(shown) or widths[-1] <= most:
        return shown
    return shown[: int((widths < most).sum())] + "…"


def _axis_start(values: npt.NDArray[np.float64]) -> float:
    """Return where the axis of a curve begins: at zero, or at a round value where all of it lies far above."""
    known = values[np.isfinite(values)]
    if not len(known):
        return 0.0
    low, high = float(known.min()), float(known.max())
    if not curve_chart.FROM_ZERO * high < low < high:
        return 0.0
    return curve_chart.ticks(low, high)[0]


def gains(objective: pd.Series) -> list[float]:
    """Return what each further site adds: the rise where more is better, the fall where less is; NaN where nothing stands before.

    Examples
    --------
    >>> gains(pd.Series([10.0, 60.0, 80.0])), gains(pd.Series([math.nan, 9.0, 7.0]))
    ([nan, 50.0, 20.0], [nan, nan, 2.0])
    """
    steps = objective.diff()
    return [float(step) for step in (-steps if steps.sum() < 0 else steps)]


@dataclass(frozen=True, eq=False)
class GainCurve:
    """One drawn curve (`geoplan.report.look.curve_chart.gain_curve`): points, words, and the mark of what was adopted."""

    title: str
    points: pd.DataFrame
    words: curve_chart.Said
    adopted: int | None
    value: float | None
    percent: bool
    note: str


def gain_curves(outcome: Outcome) -> tuple[GainCurve, ...]:
    """Return the gain curves of at least two points, that of the adopted question first."""
    if empty(outcome.curve):
        return ()
    known = outcome.curve[outcome.curve["objective"].notna()].sort_values("sites", kind="stable")
    ordered = sorted(answers(outcome), key=lambda answer: not answer.adopted)
    points = {answer.question: known[known["question"] == answer.question] for answer in ordered}
    return tuple(
        _gain_curve(outcome, answer, points[answer.question])
        for answer in ordered
        if len(points[answer.question]) > 1
    )


def _gain_curve(outcome: Outcome, answer: SitingAnswer, points: pd.DataFrame) -> GainCurve:
    lang, value, unit_code = outcome.lang, _own_value(outcome, answer, points), gain_unit(outcome, answer)
    solved = not math.isnan(answer.sites) and not math.isnan(answer.objective)
    count = int(answer.sites) if solved else None
    ends = points["objective"].to_numpy()
    bound = phrase("answers_upper_bound" if ends[-1] >= ends[0] else "answers_lower_bound", lang)
    # a question in phases sums over them, and its curve has only the last one
    at = points.loc[points["sites"] == answer.sites, "objective"]
    same = len(at) > 0 and np.isclose(at.iloc[0], answer.objective)
    summed = answer.objective > points["objective"].max() * (1 + 1e-6) and not same
    axis = phrase("answers_curve_once", lang) if summed else answer.aim
    words = curve_chart.Said(
        y=phrase("answers_curve_y", lang, what=axis, unit=unit(unit_code, lang)) if unit_code else axis,
        x=column("site_count", lang).header,
        best=column("best_found", lang).header,
        bound=phrase("answers_curve_bound", lang, bound=bound),
        met=phrase("answers_curve_met", lang, bound=bound),
        cut=phrase("in_brackets", lang, text=phrase("answers_curve_cut", lang)),
        adopted=_mark_text(answer, points, count, lang, value=value, unit_code=unit_code),
    )
    note = phrase("answers_curve_below", lang) if value is not None else ""
    return GainCurve(answer.title, points, words, count, value, unit_code == "share", note)


def gain_unit(outcome: Outcome, answer: SitingAnswer) -> str:
    """Return the unit of what an answer's sites add: their own, else the objective's."""
    sites = outcome.sites
    if empty(sites) or "gain_unit" not in sites.columns:
        return answer.unit
    own = sites.loc[sites["question"] == answer.question, "gain_unit"]
    return next(filter(None, map(text, own)), answer.unit)


def _own_value(outcome: Outcome, answer: SitingAnswer, points: pd.DataFrame) -> float | None:
    """Return what an answer's sites reach in all where that is not what its curve has for so many; else None."""
    if empty(outcome.sites):
        return None
    own = outcome.sites[outcome.sites["question"] == answer.question].sort_values("order", kind="stable")
    at = points.loc[points["sites"] == len(own), "objective"]
    if own.empty or at.empty or not present(own["total"].iloc[-1]):
        return None
    reached, best = float(own["total"].iloc[-1]), float(at.iloc[0])
    return None if np.isclose(reached, best, rtol=1e-6) else reached


def _mark_text(
    answer: SitingAnswer, points: pd.DataFrame, count: int | None, lang: str, *, value: float | None, unit_code: str
) -> str:  # fmt: skip
    """Return what stands beside the mark: number of sites, value, and its share of what all candidates reach."""
    at = points[points["sites"] == count]
    if at.empty or count is None:
        return ""
    share, best = at["share"].iloc[0], float(at["objective"].iloc[0])
    reached = best if value is None else value
    parts = [phrase("answers_curve_sites", lang, count=count), amount_text(reached, unit_code, lang)]
    if present(share) and best > 0:
        shown = format_number(float(share) * reached / best, "percent")
        parts.append(phrase("answers_curve_share", lang, share=shown))
    said = phrase("join_comma", lang).join(parts)
    return phrase("answers_curve_adopted", lang, text=said) if answer.adopted else said


# --- what stays unmet -----------------------------------------------------------------------------------------------


@listed(160, "workbook", "csv")
def unmet_table(outcome: Outcome) -> Table | None:
    """Return 未补齐单元: zones that keep a gap or stay out of reach, by question and phase, and why; None where there are none."""
    return _unmet_table(outcome, outcome.unmet, _question_notes(outcome, outcome.unmet.get("question", ())))


def unmet_at_end(outcome: Outcome) -> Table | None:
    """Return what the adopted answer leaves unmet when its last phase is open, largest first within a unit; None without any."""
    return _unmet_table(outcome, unmet_rows(outcome), ())


def _unmet_table(outcome: Outcome, table: pd.DataFrame, notes: tuple[str, ...]) -> Table | None:
    if empty(table):
        return None
    lang, names = outcome.lang, Names(outcome)
    above = names.levels_between()
    keys = ("serial", "question", *above, "zone", "zone_code", "phase_end", "gap_left", "unit", "why")
    rows: list[list[Cell]] = []
    for row in rows_of(table):
        zone, unit_code = row["zone_id"], text(row["unit"])
        rows.append([
            text(row["question"]), *names.above_of(zone, above), names.zone(zone), names.code(zone), Amount.of(row["phase"], "year"),
            Amount.of(row["gap"], amount_format(unit_code)), unit_cell(unit_code, lang), why_cell(row["why"], lang),
        ])  # fmt: skip
    return table_of("unmet", lang, keys, rows, notes=(*notes, phrase("unmet_note", lang)), frozen=2)


def why_cell(why: object, lang: str) -> Coded:
    """Return why a zone keeps its gap."""
    code = text(why) or "none"
    return Coded(code, phrase(f"unmet_why_{code}", lang))


def unmet_rows(outcome: Outcome) -> pd.DataFrame:
    """Return the rows of `unmet` that the adopted answer leaves at the end, largest first within a unit."""
    answer, table = adopted(outcome), outcome.unmet
    if answer is None or empty(table):
        return table.iloc[:0]
    own = table[(table["question"] == answer.question) & ~(table["gap"] <= 0)]
    # a gap that a later phase closes does not stay
    years = outcome.sites.loc[outcome.sites["question"] == answer.question, "phase"].dropna()
    last = max(years if len(years) else own["phase"].dropna(), default=math.nan)
    own = own[~(own["phase"] < last)]
    units = {code: place for place, code in enumerate(dict.fromkeys(own["unit"]))}
    own = own.assign(place=own["unit"].map(units))
    return own.sort_values(["place", "gap"], ascending=[True, False], kind="stable").drop(columns="place")


def unmet_sentence(outcome: Outcome) -> str:
    """Return how many zones stay unmet at the end, by reason; nothing where none does."""
    lang, own = outcome.lang, unmet_rows(outcome)
    if own.empty:
        return ""
    reasons = own["why"].map(lambda why: text(why) or "none")
    counts = own.groupby(reasons, sort=False)["zone_id"].nunique().sort_values(ascending=False, kind="stable")
    parts = [
        phrase("unmet_part", lang, why=why_cell(why, lang).text(lang), count=format_number(count, "count"))
        for why, count in counts.items()
    ]
    zones = format_number(own["zone_id"].nunique(), "count")
    return phrase("unmet_sentence", lang, count=zones, parts=phrase("join_comma", lang).join(parts))


def how_found(outcome: Outcome) -> tuple[str, ...]:
    """Return how the sites were found: a sentence a question on its model and candidates, then where the walks come from."""
    lang = outcome.lang
    asked = tuple(
        phrase(
            "answers_how", lang, question=answer.title, model=answer.model(lang),
            candidates=format_number(answer.candidates, "count"),
        )
        for answer in answers(outcome)
    )  # fmt: skip
    return (*asked, phrase("answers_how_walks", lang))
