"""The cells of a table as they stand in its file: a sheet of a workbook, or text with separators.

calamine reads the values of every kind of workbook (.xlsx, .xlsb, .xls, .et, .ods). What it does not tell of an .xlsx is read from the
sheet's own XML in one pass: rows that are hidden, formulas of which no value is stored, cells of errors, and how far the cells reach.
Nothing is interpreted here; what is odd in the sheet as a whole is a note.
"""

import csv
import io
import re
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar
from xml.etree import ElementTree as ET
from xml.parsers import expat
from zipfile import BadZipFile, ZipFile, is_zipfile

import pandas as pd
from python_calamine import CalamineWorkbook, PasswordError, SheetVisibleEnum

from geoplan.inputs.opening import choose, fail, note, reason, text_of
from geoplan.study.formats import TEXT_TABLES, ending
from geoplan.words.errors import InputError, Note

Result = TypeVar("Result")

#: Titles above the header, and the header itself, are looked for in this many rows.
HEADER_SEARCH_ROWS = 15
#: A header takes at most this many rows.
MOST_HEADER_ROWS = 3
#: What stands between the title of a group of columns and that of one of them.
GROUP_MARK = "｜"
#: Cells that a sheet may span, from the first to the last that holds something, and bytes of a workbook once unpacked.
MOST_CELLS = 20_000_000
MOST_BYTES = 1 << 30
#: A sheet of fewer rows, and of columns named by one or two letters, never spans too much.
PLAIN_ROWS = 20_000
#: Cells that a message names.
FEW = 5


class Formula(str):
    """A formula of which the workbook stores no value: it was written by a program, not saved by a spreadsheet."""

    __slots__ = ()


@dataclass(frozen=True)
class Sheet:
    """The rows of a table below its header."""

    cells: pd.DataFrame
    """One object column a header; index ``row`` (int) as the planner's program shows it."""
    notes: tuple[Note, ...] = ()
    """What is odd in the sheet as a whole."""


@dataclass(frozen=True)
class Grid:
    """Cells row by row from the first row of the file, and text that is merged over several rows or columns.

    `merged` holds first row, first column, last row and last column, from 0.
    """

    cells: list[list[Any]]
    merged: Sequence[tuple[int, int, int, int]] = ()
    notes: tuple[Note, ...] = ()


def read_sheet(path: Path, *, layer: str | None = None, encoding: str | None = None) -> Sheet:
    """Return the rows of a table.

    Titles above the header are skipped: the header is the first row in which at least two thirds of the columns hold text. A header
    of several rows (床位数 above 护理型 and 合计) gives titles such as ``床位数｜护理型``. Rows without any cell are left out; the others
    keep their numbers. Text that is merged over several rows belongs to each of them (numbers do not: they would count twice).
    Blanks are None, never 0.

    Raises
    ------
    InputError
        If the file is damaged, protected or empty, spans more than `MOST_CELLS`, or holds several sheets and none is named.
    """
    grid = _text_grid(path, encoding) if ending(path) in TEXT_TABLES else _workbook_grid(path, layer)
    if not any(map(_filled, grid.cells)):
        fail("table_empty", path)
    top, titles = _header(grid)
    width = len(titles)
    body = {
        number: [*row, *[None] * (width - len(row))]
        for number, row in enumerate(grid.cells[top:], start=top + 1)
        if _filled(row)
    }
    data = pd.DataFrame(list(body.values()), columns=range(width), dtype=object)
    data.index = pd.Index(list(body), name="row", dtype="int64")
    kept = [i for i, title in enumerate(titles) if title is not None or data[i].notna().any()]
    data = data[kept]
    data.columns = pd.Index(_unique_titles([titles[i] for i in kept], kept), dtype=object)
    return Sheet(data, grid.notes)


def sheet_names(path: Path) -> list[str]:
    """Return the sheets of a workbook that are not hidden and hold something, in their order.

    Raises
    ------
    InputError
        If the file is damaged or protected.
    """
    data = path.read_bytes()
    book = _calamine(path, lambda: CalamineWorkbook.from_filelike(io.BytesIO(data)), data)
    shown = [meta.name for meta in book.sheets_metadata if meta.visible == SheetVisibleEnum.Visible]
    return [name for name in shown if _sheet(path, book, name)[0]]


# --- text -----------------------------------------------------------------------------------------------------------


def _text_grid(path: Path, encoding: str | None) -> Grid:
    """Return the cells of a text with separators; blank text is None."""
    text = text_of(path, encoding)
    stated = re.match(r"sep=(.)\r?\n", text)  # what Excel writes to tell the separator
    try:
        rows = list(
            csv.reader(io.StringIO(text, newline=""), delimiter=stated[1] if stated else _separator(text))
        )
    except csv.Error as error:
        raise InputError(note("file_unreadable", path, reason=reason(error))) from error
    cells = [[_cell(value) for value in row] for row in rows]
    return Grid([[], *cells[1:]] if stated else cells)


def _separator(text: str) -> str:
    r"""Return the separator that parts the first rows into most columns of one number; addresses hold commas too.

    Examples
    --------
    >>> _separator("name\tplace\nA\t1 Road, West, City"), _separator("name;x\nA;114,5"), _separator("a,b")
    ('\t', ';', ',')
    """
    head = text.splitlines()[: 2 * HEADER_SEARCH_ROWS]

    def parted(separator: str) -> tuple[int, int]:
        widths = [len(row) for row in csv.reader(head, delimiter=separator) if row]
        usual = max(set(widths), key=lambda width: (widths.count(width), width), default=1)
        return (widths.count(usual) if usual > 1 else 0), usual

    return max(",;\t", key=parted)


# --- workbooks ------------------------------------------------------------------------------------------------------

#: What reading a damaged package, or XML that is cut off, may raise.
DAMAGE = (BadZipFile, ET.ParseError, expat.ExpatError, zlib.error, EOFError, LookupError, NotImplementedError, OSError,
          RuntimeError, ValueError)  # fmt: skip


class _Marks:
    """What the XML of a sheet tells beside its values; rows and columns from 0.

    Parameters
    ----------
    xml
        The sheet's part of the package.
    """

    def __init__(self, xml: bytes) -> None:
        self.hidden: list[int] = []
        self.formulas: dict[tuple[int, int], str] = {}
        self.errors: dict[tuple[int, int], str] = {}
        #: rows that hold something, and the byte at which each begins
        self.rows: dict[int, int] = {}
        self.width = 0
        self._row, self._column, self._kind, self._begin = -1, -1, "", 0
        self._text: dict[str, str] = {}
        self._columns: dict[str, int] = {}
        if _is_plain(xml):
            self.rows = dict.fromkeys([0] if re.search(rb"<(\w+:)?(v|is)\b", xml) else [], 0)
            return
        prefix = re.search(rb"<(\w+:)?sheetData", xml)
        self._prefix = prefix[1].decode() if prefix and prefix[1] else ""
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler, self._parser.EndElementHandler = self._start, self._end
        self._parser.Parse(xml, True)

    @property
    def cells(self) -> int:
        """How many cells lie between the first and the last that holds something."""
        return (max(self.rows) - min(self.rows) + 1) * self.width if self.rows else 0

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        name = name.removeprefix(self._prefix)
        if name == "row":
            self._row = int(attributes["r"]) - 1 if "r" in attributes else self._row + 1
            self._column, self._begin = -1, self._parser.CurrentByteIndex
            if attributes.get("hidden") in ("1", "true"):
                self.hidden.append(self._row)
        elif name == "c":
            self._column = self._number(attributes["r"]) if "r" in attributes else self._column + 1
            self._kind, self._text = attributes.get("t", ""), {}
        elif name in ("v", "is", "f"):
            self._text[name] = ""
            if name == "f" or self._kind == "e" or "f" in self._text:
                self._parser.CharacterDataHandler = partial(self._more, name)

    def _more(self, name: str, text: str) -> None:
        self._text[name] += text

    def _end(self, name: str) -> None:
        name = name.removeprefix(self._prefix)
        if name in ("v", "f"):
            if self._parser.CharacterDataHandler is not None:
                self._parser.CharacterDataHandler = None
        elif name == "c" and self._text:
            self.rows.setdefault(self._row, self._begin)
            self.width = max(self.width, self._column + 1)
            if "f" in self._text and not self._text.get("v"):
                self.formulas[self._row, self._column] = self._text["f"]
            elif self._kind == "e":
                self.errors[self._row, self._column] = self._text.get("v", "")

    def _number(self, reference: str) -> int:
        """Return the column of ``AB12``, from 0."""
        letters = reference.rstrip("0123456789")
        if letters not in self._columns:
            number = 0
            for letter in letters:
                number = 26 * number + ord(letter) - ord("A") + 1
            self._columns[letters] = number - 1
        return self._columns[letters]


def _is_plain(xml: bytes) -> bool:
    """Return whether a sheet has nothing that its marks could tell: a look at the bytes, ten times as quick as parsing them.

    It ends as it should, hides nothing, holds no formula and no error, and has less than 703 columns and 20,000 rows.
    """
    if not re.search(rb"worksheet>\s*$", xml[-64:]) or re.search(
        rb"hidden=|<(?:\w+:)?f[\s>/]|\bt=\"e\"|\br=\"[A-Z]{3}", xml
    ):
        return False
    rows = re.findall(rb"<(?:\w+:)?row\b[^>]*?\br=\"(\d+)\"", xml[xml.rfind(b"row ") - 16 :])
    return all(int(row) < PLAIN_ROWS for row in rows) and xml.count(b"row>") < PLAIN_ROWS


def _workbook_grid(path: Path, layer: str | None) -> Grid:
    """Return the cells of one sheet of a workbook."""
    data = path.read_bytes()
    parts = _xlsx_parts(path, data)
    book = _calamine(path, lambda: CalamineWorkbook.from_filelike(io.BytesIO(data)), data)
    names, notes = list(book.sheet_names), list[Note]()
    marks = {name: marked for name, (_, marked) in parts.items()}
    used = [name for name in names if (marks[name].rows if name in marks else _sheet(path, book, name)[0])]
    shown = [meta.name for meta in book.sheets_metadata if meta.visible == SheetVisibleEnum.Visible]
    if layer is None and len(visible := [name for name in used if name in shown]) == 1 < len(used):
        hidden = ", ".join(name for name in used if name not in shown)
        notes.append(note("sheet_hidden", path, severity="info", found=hidden, read=visible[0]))
        used = visible
    name = choose(path, used if layer is None else names, layer) if used else names[0]
    mark = marks.get(name)
    if mark is None:
        notes.append(note("sheet_hidden_rows_unknown", path, severity="info", kind=ending(path)))
    elif mark.cells > MOST_CELLS:
        data = _without_stray_rows(path, data, parts[name][0], mark, notes)
        book = _calamine(path, lambda: CalamineWorkbook.from_filelike(io.BytesIO(data)), data)
    cells, merged = _sheet(path, book, name)
    if mark is not None:
        _add_marks(path, cells, mark, notes)
    for top, left, bottom, right in merged:
        value = cells[top][left] if top < len(cells) and left < len(cells[top]) else None
        if isinstance(value, str) and left == right:
            for row in range(top, min(bottom + 1, len(cells))):
                cells[row][left] = value
    return Grid(cells, merged, tuple(notes))


def _calamine(path: Path, call: Callable[[], Result], data: bytes) -> Result:
    """Return what calamine gives; what it cannot read is an error that says what the file is."""
    try:
        return call()
    except PasswordError as error:
        raise InputError(note("file_protected", path)) from error
    except Exception as error:
        code = "file_is_page" if data.lstrip().startswith(b"<") else "file_damaged"
        raise InputError(note(code, path, reason=reason(error))) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # what a fault inside of calamine raises is no Exception
            raise
        raise InputError(note("file_damaged", path, reason=reason(error))) from error


def _sheet(
    path: Path, book: CalamineWorkbook, name: str
) -> tuple[list[list[Any]], list[tuple[int, int, int, int]]]:
    """Return the cells of a sheet, none where it is empty or no sheet of cells, and what is merged in it."""

    def read() -> tuple[list[list[Any]], list[tuple[tuple[int, int], tuple[int, int]]] | None]:
        sheet = book.get_sheet_by_name(name)
        return sheet.to_python(skip_empty_area=False), sheet.merged_cell_ranges

    rows, merged = _calamine(path, read, b"")
    cells = [[_cell(value) for value in row] for row in rows] if any(map(any, rows)) else []
    return cells, [(*first, *last) for first, last in merged or ()]


def _xlsx_parts(path: Path, data: bytes) -> dict[str, tuple[str, _Marks]]:
    """Return the part of the package that holds each sheet of an .xlsx, and its marks; nothing for other workbooks."""
    if not is_zipfile(io.BytesIO(data)):
        return {}
    try:
        with ZipFile(io.BytesIO(data)) as package:
            parts = package.namelist()
            if sum(part.file_size for part in package.infolist()) > MOST_BYTES:
                fail("sheet_unpacks_too_large", path, most=MOST_BYTES >> 20)
            if "xl/workbook.xml" not in parts:
                return {}
            relations = ET.fromstring(package.read("xl/_rels/workbook.xml.rels"))  # noqa: S314 - expat bounds entities
            target = {
                r.get("Id"): r.get("Target", "")
                for r in relations
                if r.get("Type", "").endswith("/worksheet")
            }
            sheets = ET.fromstring(package.read("xl/workbook.xml")).findall(".//{*}sheet")  # noqa: S314
            for text in (part for part in parts if part == "xl/sharedStrings.xml"):
                expat.ParserCreate().Parse(package.read(text), True)  # cut off in a broken transfer
            found = {}
            for sheet in sheets:
                key = next((value for name, value in sheet.attrib.items() if name.endswith("}id")), "")
                if key in target:
                    part = target[key].lstrip("/") if target[key].startswith("/") else f"xl/{target[key]}"
                    found[sheet.get("name", "")] = part, _Marks(package.read(part))
            return found
    except DAMAGE as error:
        if isinstance(error, InputError):
            raise
        raise InputError(note("file_damaged", path, reason=reason(error))) from error


def _without_stray_rows(path: Path, data: bytes, part: str, mark: _Marks, notes: list[Note]) -> bytes:
    """Return the workbook without the rows below the widest gap, where a sheet spans too much to be read whole."""
    rows = sorted(mark.rows)
    gaps = [below - above for above, below in pairwise(rows)] or [0]
    last = gaps.index(max(gaps))
    if 2 * gaps[last] < rows[-1] - rows[0] or (rows[last] - rows[0] + 1) * mark.width > MOST_CELLS:
        fail("sheet_too_wide", path, last=rows[-1] + 1, columns=mark.width)
    stray = ", ".join(str(row + 1) for row in rows[last + 1 :][:FEW])
    notes.append(
        note(
            "sheet_stray_rows",
            path,
            severity="warning",
            count=len(rows) - last - 1,
            rows=stray,
            last=rows[last] + 1,
        )
    )
    with ZipFile(io.BytesIO(data)) as package:
        whole = {info.filename: package.read(info) for info in package.infolist()}
    xml = whole[part]
    end = max(found.start() for found in re.finditer(rb"</(\w+:)?sheetData>", xml))
    whole[part] = xml[: mark.rows[rows[last + 1]]] + xml[end:]
    with ZipFile(out := io.BytesIO(), "w") as package:
        for name, content in whole.items():
            package.writestr(name, content)
    return out.getvalue()


def _add_marks(path: Path, cells: list[list[Any]], mark: _Marks, notes: list[Note]) -> None:
    """Put formulas without a value and errors into the cells, and say which rows are hidden."""
    height, width = len(cells), max(map(len, cells), default=0)
    formulas = {at: text for at, text in mark.formulas.items() if at[0] < height and at[1] < width}
    for (row, column), text in formulas.items():
        cells[row][column] = Formula(f"={text}")
    for (row, column), text in mark.errors.items():
        if row < height and column < width:
            cells[row][column] = text
    if formulas:
        some = ", ".join(f"{_letters(column)}{row + 1}" for row, column in list(formulas)[:FEW])
        notes.append(note("sheet_formulas", path, severity="warning", count=len(formulas), cells=some))
    hidden = [row + 1 for row in mark.hidden if row in mark.rows and row < height]
    if hidden:
        some = ", ".join(map(str, hidden[:FEW]))
        notes.append(note("sheet_hidden_rows", path, severity="warning", count=len(hidden), rows=some))


def _letters(column: int) -> str:
    """Return a column's letters: 0 is A.

    Examples
    --------
    >>> _letters(0), _letters(27)
    ('A', 'AB')
    """
    text = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(ord("A") + rest) + text
    return text


def _cell(value: Any) -> Any:  # noqa: ANN401 - a cell holds anything
    """Return a cell's value; blank text is None, a whole number is one."""
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    return value


def _filled(row: Iterable[Any]) -> bool:
    return any(value is not None for value in row)


# --- the header -----------------------------------------------------------------------------------------------------


def _header(grid: Grid) -> tuple[int, list[Any]]:
    """Return where the rows below the header begin, and the titles of the columns.

    The header is the first row, with those that continue it, that has text in at least two thirds of the columns; without one the
    first row that holds anything.
    """
    width = max(map(len, grid.cells))
    head = [
        [*row, *[None] * (width - len(row))] for row in grid.cells[: HEADER_SEARCH_ROWS + MOST_HEADER_ROWS]
    ]
    most = max(sum(value is not None for value in row) for row in head[:HEADER_SEARCH_ROWS])
    tall = {top for top, left, bottom, right in grid.merged if bottom > top and left == right}
    for top, row in enumerate(head[:HEADER_SEARCH_ROWS]):
        titles, end = row, top + 1
        # a line of titles above the header (unit, date) fills few columns, and none of its cells reaches down
        may_go_on = top in tall or 3 * sum(value is not None for value in row) > most
        while may_go_on and end < min(top + MOST_HEADER_ROWS, len(head)) and _continues(titles, head[end]):
            titles, end = _joined(titles, head[end]), end + 1
        texts = sum(isinstance(value, str) for value in titles)
        if texts and 3 * texts >= 2 * most:
            return end, titles
    first = next(position for position, row in enumerate(grid.cells) if _filled(row))
    return first + 1, [*grid.cells[first], *[None] * (width - len(grid.cells[first]))]


def _continues(titles: Sequence[Any], below: Sequence[Any]) -> bool:
    """Return whether a row continues the header above it: it names columns under the titles of groups, and nothing else.

    A group's title stands above its first column, the further ones are blank there. Every other title has nothing below it (or, where
    cells are merged, itself), and at least one has.
    """
    if any(value is not None and not isinstance(value, str) for value in below):
        return False
    further = [above is None and under is not None for above, under in zip(titles, below, strict=True)]
    of_group = [not gap and after for gap, after in zip(further, [*further[1:], False], strict=True)]
    single = [
        (above, under)
        for above, under, gap, group in zip(titles, below, further, of_group, strict=True)
        if above is not None and not gap and not group
    ]
    return any(further) and bool(single) and all(under in (None, above) for above, under in single)


def _joined(titles: Sequence[Any], below: Sequence[Any]) -> list[Any]:
    """Return the titles of a header of two rows: ``床位数｜护理型`` in a group, as they are elsewhere."""
    joined, group = [], None
    for above, under in zip(titles, below, strict=True):
        group = above if above is not None else group
        joined.append(above if under is None or under == above else f"{group}{GROUP_MARK}{under}")
    return joined


def _unique_titles(titles: Iterable[Any], positions: Iterable[int]) -> list[str]:
    """Return titles as text; a blank one becomes ``column 3``, a repeated one gets ``_2``, ``_3``."""
    seen: dict[str, int] = {}
    names = []
    for title, position in zip(titles, positions, strict=True):
        name = f"column {position + 1}" if title is None else " ".join(str(title).split())
        seen[name] = seen.get(name, 0) + 1
        names.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
    return names
