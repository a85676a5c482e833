"""How a content module makes a table: rows of cells under columns that the catalogue describes."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from geoplan.report.content.table import Cell, Column, Depth, Table, column, numbered
from geoplan.words.catalogue import phrase


def table_of(
    key: str, lang: str, columns: Sequence[str | Column], rows: Iterable[Sequence[Cell] | Mapping[str, Cell]], *,
    title: str = "", depths: Mapping[str, Depth] | None = None, **more: Any,  # noqa: ANN401 - fields of `Table`
) -> Table:  # fmt: skip
    """Return a table, its rows numbered where the first column is ``serial``.

    Parameters
    ----------
    key
        Name for programs.
    lang
        Language of title and headers.
    columns
        Keys of the catalogue; a column that needs more than its key as it is.
    rows
        The cells of a row in the order of the columns, or by their keys, of which those of the columns are taken; without the
        serial number.
    title
        Title; else the catalogue's ``<key>_title``.
    depths
        Depths that differ from the catalogue's.
    more
        What else `Table` takes.
    """
    depths = depths or {}
    made = [
        entry if isinstance(entry, Column) else column(entry, lang, depth=depths.get(entry))
        for entry in columns
    ]
    serial = made[0].key == "serial"
    keys = [entry.key for entry in made[serial:]]
    cells = ([row[one] for one in keys] if isinstance(row, Mapping) else row for row in rows)
    shown = title or phrase(f"{key}_title", lang)
    return Table.of(key, shown, made, numbered(cells) if serial else cells, **more)
