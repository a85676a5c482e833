"""Ids of the rows of an office's list that stay with the thing when rows are inserted, removed or moved.

A row's id is the code that the list states for it. Where it states none, or one code stands in several rows (a company's credit code),
the id is the name and the file: ``江城颐养院@register.xlsx``. Rows of one name are told apart by their order among themselves,
``江城颐养院#2@register.xlsx``, so that other rows do not matter; only a row without a code and a name is named by its number.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

import pandas as pd

_FORMER = re.compile(r"(?P<file>.+?)(?:@\d+)?#(?P<row>\d+|(?:node|way|relation)/\d+)")


def row_ids(file: str, *, codes: Sequence[str], names: Sequence[str], rows: Iterable[object]) -> list[str]:
    """Return an id for every row of a list, each once.

    Parameters
    ----------
    file
        The list's file name.
    codes
        Stated codes; empty for none. A running number (1, 2, 3 …) counts rows and is taken for none.
    names
        Names as printed; empty for none.
    rows
        Rows as the planner's program numbers them.

    Examples
    --------
    >>> row_ids("r.csv", codes=["E7", "", "", "E8", "E8"], names=["a", "b", "b", "c", "d"], rows=range(2, 7))
    ['E7', 'b#1@r.csv', 'b#2@r.csv', 'c@r.csv', 'd@r.csv']
    >>> row_ids("r.csv", codes=["1", "2", "3"], names=["a", "b", ""], rows=range(2, 5))
    ['a@r.csv', 'b@r.csv', '#4@r.csv']
    """
    counted = Counter() if _is_running(codes) else Counter(codes)
    marks = ["" if code and counted[code] == 1 else f"@{file}" for code in codes]  # a code needs no file
    stems = [
        name or f"#{row}" if mark else code
        for code, mark, name, row in zip(codes, marks, names, rows, strict=True)
    ]
    ties, seen = Counter(zip(stems, marks, strict=True)), Counter[tuple[str, str]]()
    ids = []
    for pair in zip(stems, marks, strict=True):
        seen[pair] += 1
        ids.append(f"{pair[0]}#{seen[pair]}{pair[1]}" if ties[pair] > 1 else "".join(pair))
    return ids


def former_id(reference: str, table: pd.DataFrame) -> str | None:
    """Return the id of the row that ``file#row`` named, the form of ids in former versions; None where there is no such row.

    Parameters
    ----------
    table
        Indexed by id, with ``source_file, source_row``.
    """
    found = _FORMER.fullmatch(reference)
    if found is None:
        return None
    if not found["row"].isdigit():
        return found["row"] if found["row"] in table.index else None
    there = (table["source_file"] == found["file"]) & (table["source_row"] == int(found["row"]))
    return str(table.index[there.fillna(value=False).to_numpy(dtype=bool)][0]) if there.any() else None


def _is_running(codes: Iterable[str]) -> bool:
    """Return True where the codes that are stated are 1, 2, 3 … in the order of rows."""
    stated = [code for code in codes if code]
    return bool(stated) and stated == [str(number) for number in range(1, len(stated) + 1)]
