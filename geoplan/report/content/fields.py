"""Tables as fields for programs: what a column of a CSV file and a field of a layer are called, and which values they hold.

An interval is two fields, ``<key>_low`` and ``<key>_high``; a tally three, ``<key>``, ``<key>_judged`` and ``<key>_no_data``. A share is
0-1, a coded cell its code, several words their codes with semicolons between. What has no value is None.
"""

from geoplan.report.content.table import Amount, Cell, Coded, Column, Computed, Listed, Tally, cell_text
from geoplan.words.catalogue import phrase
from geoplan.words.numbers import FORMATS

Value = float | str | None


def field_names(column: Column) -> tuple[str, ...]:
    """Return the fields that a column is to programs.

    Examples
    --------
    >>> field_names(Column("actual", "Actual", "count", interval=True)), field_names(Column("met", "Met", "tally"))
    (('actual_low', 'actual_high'), ('met', 'met_judged', 'met_no_data'))
    """
    if column.interval:
        return (f"{column.key}_low", f"{column.key}_high")
    if column.format == "tally":
        return (column.key, f"{column.key}_judged", f"{column.key}_no_data")
    return (column.key,)


def field_titles(column: Column, lang: str) -> tuple[str, ...]:
    """Return what people call each field of a column."""
    header = column.header.replace("\n", " ")
    if column.interval:
        return tuple(phrase(f"field_{end}", lang, name=header) for end in ("low", "high"))
    if column.format == "tally":
        return (header, *(phrase(f"field_{part}", lang, name=header) for part in ("judged", "no_data")))
    return (header,)


def field_values(cell: Cell, column: Column) -> tuple[Value, ...]:
    """Return the value of each field of a cell; infinity where nothing bounds an interval."""
    if column.format == "tally":
        if not isinstance(cell, Tally):
            return (None, None, None)
        return (cell.count if cell.judged else None, cell.judged, cell.no_data)
    cell = cell.value if isinstance(cell, Computed) else cell
    if isinstance(cell, Amount):
        return (cell.low, cell.high) if column.interval else (cell.low,)
    if column.interval:
        return (None, None)
    if column.format in FORMATS or cell is None:
        return (None,)  # a word in the place of a number: there is none
    if isinstance(cell, Listed):
        return (";".join(_code(item) for item in cell.items),)
    return (_code(cell),)


def _code(cell: Cell) -> str:
    return cell.code if isinstance(cell, Coded) else cell_text(cell, "en")
