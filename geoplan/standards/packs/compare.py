"""How the rules of two packs differ."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Literal, NamedTuple

from geoplan.standards.packs.read import Pack
from geoplan.standards.packs.sheet import cells_of, columns
from geoplan.standards.rules import Rule


class Difference(NamedTuple):
    """One thing in which two packs differ.

    Parameters
    ----------
    rule
        Id of the rule.
    found
        ``both``: an entry differs; ``first``, ``second``: only this pack has the rule.
    entry
        Entry that differs; empty where only one pack has the rule.
    values
        What each pack gives, as it stands there; empty where it gives none.
    """

    rule: str
    found: Literal["both", "first", "second"]
    entry: str = ""
    values: tuple[str, str] = ("", "")


def diff(before: Pack, after: Pack, lang: str = "zh") -> tuple[Difference, ...]:
    """Return how the rules of two packs differ, rule by rule in the order of the first pack, then those that only the second has.

    Rules are the same rule where they have the same id. What is written in another form and means the same is no difference.
    Values are those of the packs, codes with their names in `lang`.

    Examples
    --------
    >>> from geoplan.standards.packs.read import read_pack
    >>> pack = read_pack("huzhong")
    >>> diff(pack, pack)
    ()
    >>> shorter = pack.model_copy(update={"rules": pack.rules[1:]})
    >>> diff(pack, shorter)[0]
    Difference(rule='new_estate_fitted', found='first', entry='', values=('', ''))
    """
    rules = [{rule.id: rule for rule in pack.rules} for pack in (before, after)]
    given = [{entry["id"]: entry for entry in pack.entries.get("rules", [])} for pack in (before, after)]
    found: list[Difference] = []
    for name, rule in rules[0].items():
        if name in rules[1]:
            cells = cells_of(given[0][name], lang), cells_of(given[1][name], lang)
            found += _entries(rule, rules[1][name], *cells)
        else:
            found.append(Difference(name, "first"))
    found += [Difference(name, "second") for name in rules[1] if name not in rules[0]]
    return tuple(found)


def _entries(before: Rule, after: Rule, *cells: dict[str, str]) -> Iterator[Difference]:
    """Yield the entries in which two rules of one id differ; `cells` are those of each pack."""
    for column in columns():
        entry = column.partition(".")[0]
        a, b = getattr(before, entry, None), getattr(after, entry, None)
        values = cells[0].get(column, ""), cells[1].get(column, "")
        if a != b and values[0] != values[1]:
            yield Difference(before.id, "both", column, values)


def by_rule(rows: Sequence[tuple[str, ...]]) -> list[list[tuple[str, ...]]]:
    """Return rows with those of one rule together, the rule being their first entry."""
    return [list(found) for _, found in groupby(rows, key=lambda row: row[0])]
