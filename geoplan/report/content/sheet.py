"""What the workbook and the CSV files share: a sheet as plain cells, and the names that stand in it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from geoplan.report import look
from geoplan.tables import LEVELS, Outcome
from geoplan.words.catalogue import phrase

#: A cell: text, a number, or a number with the format it asks for.
Value = str | float | int | None


@dataclass(frozen=True)
class Column:
    """One column: its header, how its numbers are written (key of `look.EXCEL_FORMATS`), and its width in characters."""

    header: str
    kind: str = "text"
    width: float = 12.0
    mark: str = ""
    """What colours it: ``flag`` (a shortfall), ``share`` (classes of a covered share), ``verdict``, ``severity`` or nothing."""


@dataclass(frozen=True)
class Cell:
    """A number whose format differs from its column's."""

    value: float
    kind: str


@dataclass(frozen=True)
class Block:
    """A table: columns and rows, with a heading where a sheet holds several."""

    columns: tuple[Column, ...]
    rows: list[list[Value | Cell]]
    heading: str = ""


@dataclass(frozen=True)
class Chart:
    """A line chart beside the first block, over some of its rows: positions of rows and columns count from 0."""

    title: str
    first: int
    last: int
    x: int
    lines: tuple[int, ...]
    """Columns that are drawn: the first solid, the others dashed; their headers name the lines."""
    axes: tuple[str, str]
    """What the x axis and the y axis show."""
    low: float = 0.0
    """Where the y axis begins."""


@dataclass(frozen=True)
class Sheet:
    """One sheet: a name for its tab, lines of explanation, and blocks one under the other."""

    name: str
    blocks: tuple[Block, ...]
    notes: tuple[str, ...] = ()
    frozen_columns: int = 0
    values: Mapping[str, str] = field(default_factory=dict)
    """Text in a cell -> key of a colour; for `mark` verdict and severity."""
    listed: int = -1
    """Block that is filtered and whose headers stand on every page, where there are several; -1: none of them."""
    charts: tuple[Chart, ...] = ()


def word(code: str, lang: str, **values: object) -> str:
    """Return the words ``papers_<code>`` in `lang`.

    Examples
    --------
    >>> word("year", "en", year=2025)
    'Year judged: 2025'
    """
    return phrase(f"papers_{code}", lang, **values)


#: Longest name of a tab, and what may not stand in it (limits of the file format).
_TAB, _NOT_IN_TAB = 31, str.maketrans(dict.fromkeys("[]:*?/\\", "·") | {chr(c): " " for c in range(32)})


def safe_names(names: Sequence[str]) -> list[str]:
    """Return names of tabs that a workbook takes: short enough, without what it forbids, no two alike.

    Examples
    --------
    >>> safe_names(["a/b", "A/B", "'quoted'", "", "History"])
    ['a·b', 'A·B (2)', 'quoted', '–', 'History–']
    """
    found: list[str] = []
    taken: set[str] = set()
    for name in names:
        plain = name.translate(_NOT_IN_TAB).strip().strip("'").strip() or "–"
        # a name that Excel keeps for itself
        plain = f"{plain}–" if plain.casefold() == "history" else plain
        tries = (plain, *(f"{_cut(plain, f' ({k})')} ({k})" for k in range(2, len(names) + 2)))
        tab = next(_cut(t, "") for t in tries if _cut(t, "").casefold() not in taken)
        taken.add(tab.casefold())
        found.append(tab)
    return found


def _cut(name: str, ending: str) -> str:
    """Return `name` so short that `ending` fits behind it; a sign beyond the first 65,536 counts twice."""
    while len((name + ending).encode("utf-16-le")) > 2 * _TAB:
        name = name[:-1]
    # an apostrophe may end no name
    return name if ending else name.rstrip("' ")


def present(value: object) -> bool:
    """Return whether `value` is neither None, NaN, NA nor empty text."""
    return not look.missing(value) and value != ""


def text(value: object) -> str:
    """Return `value` as text, nothing where it is missing."""
    return str(value) if present(value) else ""


def number(value: object, kind: str) -> Value | Cell:
    """Return a cell for a number, None where it is missing; infinity has no number."""
    if look.missing(value) or math.isinf(float(value)):  # type: ignore[arg-type]
        return None
    return Cell(float(value), kind)  # type: ignore[arg-type]


def between(low: object, high: object, kind: str) -> Value | Cell:
    """Return one number where `low` and `high` agree, else ``low–high`` as text.

    Examples
    --------
    >>> between(3.0, 3.0, "whole"), between(0.5, 0.75, "share"), between(3.0, float("inf"), "whole")
    (Cell(value=3.0, kind='whole'), '50.0%–75.0%', '≥ 3')
    """
    if look.missing(low):
        return None
    if look.missing(high) or low == high:
        return number(low, kind)
    as_kind = {"share": "share", "rate": "provision"}.get(kind, "")
    return look.interval(float(low), float(high), kind=as_kind)  # type: ignore[arg-type]


class Names:
    """Names of zones, facilities and rules of one outcome, as they are printed."""

    def __init__(self, outcome: Outcome) -> None:
        self.lang = outcome.lang
        self._name: dict[str, str] = dict(
            zip(outcome.zones.index, outcome.zones["name"].map(text), strict=True)
        )
        self._level: dict[str, str] = outcome.zones["level"].to_dict()
        self._parent: dict[str, Any] = outcome.zones["parent_id"].to_dict()
        self._facility: dict[str, str] = outcome.facilities["name"].map(text).to_dict()
        self._rules = outcome.rules
        self._of_rule: dict[str, dict[str, Any]] = {
            str(key): row for key, row in zip(outcome.rules.index, rows_of(outcome.rules), strict=True)
        }
        self._rule: dict[str, str] = {}
        known = list(outcome.rules.index) if not empty(outcome.rules) else []
        told = [self._indicator(str(rule)) for rule in known]
        for rule, name in zip(known, told, strict=True):
            # two packs may call two rules alike
            self._rule[str(rule)] = f"{name}{self._pack(str(rule))}" if told.count(name) > 1 else name

    def zone(self, zone_id: object) -> str:
        """Return a zone's name, its id where it has none."""
        return self._name.get(str(zone_id)) or text(zone_id)

    def level(self, zone_id: object) -> str:
        """Return a zone's level, nothing for an id that is no zone's."""
        return self._level.get(str(zone_id), "")

    def above(self, zone_id: object, level: str) -> str:
        """Return the name of the zone of `level` that holds `zone_id` (or is it); nothing where there is none."""
        at = zone_id
        while present(at) and str(at) in self._level:
            if self._level[str(at)] == level:
                return self._name[str(at)]
            at = self._parent[str(at)]
        return ""

    def facility(self, facility_id: object) -> str:
        """Return a facility's name, its id where it has none."""
        return self._facility.get(str(facility_id)) or text(facility_id)

    def rule(self, rule_id: str) -> str:
        """Return the indicator's name, with its document where two have one name."""
        return self._rule.get(rule_id) or self._indicator(rule_id)

    def _indicator(self, rule_id: str) -> str:
        own = self.of_rule(rule_id, f"indicator_{self.lang}")
        return str(own) if own else look.rule_label(self._rules, rule_id, self.lang)

    def _pack(self, rule_id: str) -> str:
        pack = text(self.of_rule(rule_id, "pack"))
        source = (
            word("own_setting", self.lang)
            if pack == "study"
            else text(self.of_rule(rule_id, "document")) or pack
        )
        return f"（{source}）" if self.lang == "zh" else f" ({source})"

    def of_rule(self, rule_id: str, column: str) -> Any:  # noqa: ANN401 - whatever the pack holds
        """Return a column of the rule, None where the pack gives nothing."""
        value = self._of_rule.get(rule_id, {}).get(column)
        return value if present(value) else None

    def finest(self) -> str:
        """Return the finest partition level present: usually communities."""
        return [level for level in LEVELS[:4] if level in set(self._level.values())][-1]

    def levels_between(self) -> list[str]:
        """Return the partition levels present below the area and above the finest, coarse to fine."""
        partition = [level for level in LEVELS[1:4] if level in set(self._level.values())]
        return partition[:-1]


def rule_kind(names: Names, rule_id: str) -> str:
    """Return the kind of a rule, nothing where it is not known."""
    return text(names.of_rule(rule_id, "kind"))


def value_kind(names: Names, rule_id: str) -> str:
    """Return the number format of a rule's values: ``share``, ``rate`` or ``whole``."""
    kind = rule_kind(names, rule_id)
    percent = names.of_rule(rule_id, "percent")
    if kind in ("share", "presence", "compliance", "circle") or (percent is not None and bool(percent)):
        return "share"
    if kind == "rate":
        return "share" if percent is None else "rate"
    return "rate" if kind in ("provision", "floor_area") else "whole"


def block_of(headers: Sequence[Column], rows: list[list[Value | Cell]], heading: str = "") -> Block:
    """Return a block, checking that every row has a cell for every column."""
    for row in rows:
        if len(row) != len(headers):
            raise ValueError(f"{heading}: a row of {len(row)} cells under {len(headers)} columns")
    return Block(tuple(headers), rows, heading)


def empty(table: pd.DataFrame) -> bool:
    """Return whether `table` has no rows or no columns."""
    return len(table) == 0 or len(table.columns) == 0


def rows_of(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a table's rows as dicts of column -> value, in order."""
    return [{str(key): value for key, value in row.items()} for row in table.to_dict("records")]
