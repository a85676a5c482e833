"""Gap lists that street offices return: per row what they found (属实、设施未入台账、无用房用地、拟合建), who confirmed it and when.

A returned workbook is the one that a run wrote, saved by Excel, WPS or LibreOffice, or the sheet of the gap list alone. A blank opinion is no
answer. Several offices may each return a copy: rows are told apart later, by the run that they are matched against
(`geoplan.report.content.confirmations`).
"""

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from geoplan.inputs.lists.cells import cell_text, is_blank
from geoplan.inputs.lists.fields import field, recognise, table
from geoplan.inputs.opening import file_kind
from geoplan.inputs.sheets import read_sheet, sheet_names
from geoplan.study.formats import TEXT_TABLES, ending
from geoplan.tables import OPINIONS
from geoplan.words.catalogue import LANGUAGES, Phrase, phrase
from geoplan.words.errors import InputError, Note
from geoplan.words.labels import label
from geoplan.words.text import folded

#: Columns of the gap list that are read: those that find its row, those that name it to people, and those that are filled in.
FIELDS = table(
    field("serial", "text", "序号 no serial", "序号", "No."),
    field("rule_id", "text", "指标编号 rule rule_id ruleid", "指标编号", "Rule"),
    field("zone_code", "text", "区划代码 zonecode zone_code", "区划代码", "Zone code"),
    field("town", "text", "街道 district town 区县", "街道（乡镇）", "Town"),
    field("community", "text", "社区 community", "社区（村）", "Community"),
    field("indicator", "text", "指标名称 indicator", "指标名称", "Indicator"),
    field("verdict", "text", "评价结论 verdict", "评价结论", "Verdict"),
    field("nearest", "text", "最近设施 nearestfacility nearest_facility", "最近设施", "Nearest facility"),
    field("opinion", "text", "街道核实意见 核实意见 streetoffice'sopinion confirm_opinion", "街道核实意见", "Street office's opinion"),
    field("by", "text", "核实人 confirmedby confirm_by", "核实人", "Confirmed by"),
    field("date", "text", "核实日期 date confirm_date", "核实日期", "Date"),
)  # fmt: skip
#: Columns without which a sheet is not the gap list.
NEEDED = ("rule_id", "zone_code", "opinion")
_DATE = re.compile(r"(\d{4})(?:年|[-/.])(\d{1,2})(?:月|[-/.])(\d{1,2})日?(?: .*|t.*)?|(\d{4})(\d{2})(\d{2})")


@dataclass(frozen=True)
class Confirmation:
    """What one row of a returned gap list says.

    Parameters
    ----------
    rule_id, zone_code, serial, verdict, town, community, indicator, nearest
        The row as it stands in the file, in half width; `verdict` is ``flagged``, ``not_met`` or ``has_not``, empty for another word.
    told
        The opinion as it is filled in.
    opinion
        Its code (`geoplan.tables.OPINIONS`); empty where the cell is blank or holds another word.
    by, date
        Who confirmed it and when: an ISO date, or what is filled in where that is no date.
    file, sheet, row
        Where it stands.
    """

    rule_id: str
    zone_code: str
    serial: str
    verdict: str
    town: str
    community: str
    indicator: str
    nearest: str
    told: str
    opinion: str
    by: str
    date: str
    file: str
    sheet: str
    row: int

    def note(self, code: str, **values: Any) -> Note:  # noqa: ANN401 - whatever the message names
        """Return a warning about the row."""
        place = " ".join(filter(None, (self.community or self.town, self.indicator)))
        return Note.of(
            code,
            file=self.file,
            row=self.row,
            sheet=self.sheet or "–",
            place=place or "–",
            told=self.told,
            **values,
        )


@dataclass(frozen=True)
class Confirmations:
    """What street offices answered: a row each in which one of the three cells is filled in, the files, and what was found."""

    rows: tuple[Confirmation, ...]
    files: tuple[str, ...]
    notes: tuple[Note, ...]


def read_confirmations(paths: Sequence[str | Path]) -> Confirmations:
    """Return what the returned gap lists say, file by file.

    Parameters
    ----------
    paths
        Workbooks, or text with separators. Of a workbook the sheets named as the gap list are read; where none is, every visible sheet that
        has its columns.

    Raises
    ------
    InputError
        If a file cannot be read, or has no sheet with the columns of rule, zone code and opinion; every such file at once.
    """
    rows: list[Confirmation] = []
    notes: list[Note] = []
    faults: list[Note | str] = []
    called = _called([Path(path) for path in paths])
    for path, name in called.items():
        try:
            file_kind(path, "table")
            found, told = _read(path, name)
        except InputError as error:
            faults += [replace(note, file=name) if isinstance(note, Note) else note for note in error.notes]
            continue
        rows += found
        notes += told
    if faults:
        raise InputError(*faults)
    return Confirmations(tuple(rows), tuple(called.values()), tuple(notes))


def _called(paths: Sequence[Path]) -> dict[Path, str]:
    """Return what each file is called: by its name, by its folder too where several have one name, as copies that come back often do."""
    alike = Counter(path.name for path in dict.fromkeys(paths))
    return {path: path.name if alike[path.name] == 1 else f"{path.parent.name}/{path.name}" for path in paths}


def _read(path: Path, name: str) -> tuple[list[Confirmation], list[Note]]:
    """Return the rows and notes of one file; `name` is what it is called."""
    rows: list[Confirmation] = []
    notes: list[Note] = []
    is_read = False
    for layer in _layers(path):
        sheet = read_sheet(path, layer=layer)
        headers = [str(header) for header in sheet.cells.columns]
        columns = recognise(headers, FIELDS, mapped={})
        if not set(NEEDED) <= set(columns.header):
            continue
        is_read = True
        # what the street offices do not fill is not read on purpose
        odd = (*sheet.notes, *(note for note in columns.notes if note.code != "list_columns_unread"))
        notes += [replace(note, file=name) for note in odd]
        for number, cells in sheet.cells.iterrows():
            told = {key: cells[header] for key, header in columns.header.items()}
            row = _row(told, name, layer or "", int(str(number)))
            if row.told or row.by or row.date:
                rows.append(row)
                notes += _notes_on(row, told.get("date"))
    if not is_read:
        named = ", ".join(f"{FIELDS[key].zh} / {FIELDS[key].en}" for key in NEEDED)
        raise InputError(Note.of("confirm_no_sheet", file=name, columns=named, severity="error"))
    return rows, notes


def _layers(path: Path) -> list[str | None]:
    """Return the sheets to look at: those named as the gap list, else all; the file itself where it is text."""
    if ending(path) in TEXT_TABLES:
        return [None]
    names = sheet_names(path)
    titles = [phrase("gaps_title", lang) for lang in LANGUAGES]
    return [name for name in names if any(title in name for title in titles)] or [*names]


def _row(told: Mapping[str, Any], file: str, sheet: str, number: int) -> Confirmation:
    texts = {name: "" if is_blank(told.get(name)) else cell_text(told.get(name)) for name in FIELDS}
    date = read_date(told.get("date"))
    same = ("rule_id", "zone_code", "serial", "town", "community", "indicator", "nearest", "by")
    verdict, opinion = texts["verdict"], texts["opinion"]
    return Confirmation(
        **{name: texts[name] for name in same}, verdict=_coded(verdict, _verdict_words()), told=opinion,
        opinion=_coded(opinion, _opinion_words()), date=texts["date"] if date is None else date.isoformat(), file=file, sheet=sheet,
        row=number,
    )  # fmt: skip


def _notes_on(row: Confirmation, date: Any) -> Iterator[Note]:  # noqa: ANN401 - a cell holds anything
    """Yield what is odd in the three cells of one row; `date` is the cell as it stands."""
    if not row.told:
        yield row.note("confirm_without_opinion")
    elif not row.opinion:
        yield row.note("confirm_opinion_unknown", known=tuple(Phrase(f"confirm_{code}") for code in OPINIONS))
    if row.date and read_date(date) is None:
        yield row.note("confirm_date_unreadable", cell=row.date)


def _opinion_words() -> Iterator[tuple[str, str]]:
    """Yield opinions with the words that stand for them in either language."""
    return ((code, phrase(f"confirm_{code}", lang)) for code in OPINIONS for lang in LANGUAGES)


def _verdict_words() -> Iterator[tuple[str, str]]:
    """Yield verdicts of the gap list with the words that stand for them in either language."""
    for lang in LANGUAGES:
        yield from ((code, label(code, lang)) for code in ("flagged", "not_met"))
        yield "has_not", phrase("gaps_member", lang)


def _coded(text: str, words: Iterator[tuple[str, str]]) -> str:
    """Return the code whose word a cell holds, whatever its case, blanks and full stop; empty where it is none."""
    return next((code for code, word in words if text and _plain(text) == _plain(word)), "")


def _plain(text: str) -> str:
    return folded(text).replace(" ", "").rstrip("。.")


def read_date(cell: Any) -> dt.date | None:  # noqa: ANN401 - a cell holds anything
    """Return the date that a cell states; None where it is blank or states none.

    Examples
    --------
    >>> [str(read_date(cell)) for cell in ("2026年3月5日", "2026/3/5", "2026.03.05", 20260305, 46086, dt.datetime(2026, 3, 5, 9))]
    ['2026-03-05', '2026-03-05', '2026-03-05', '2026-03-05', '2026-03-05', '2026-03-05']
    >>> read_date("3月5日"), read_date("2026-02-30")
    (None, None)
    """
    if isinstance(cell, dt.datetime):
        return None if cell != cell else cell.date()
    if isinstance(cell, dt.date):
        return cell
    text = cell_text(cell).lower()
    if re.fullmatch(r"[2-5]\d{4}", text):  # a date that a spreadsheet left as its serial number: 1954-2064
        return dt.date(1899, 12, 30) + dt.timedelta(days=int(text))
    found = _DATE.fullmatch(text.replace("年 ", "年").replace("月 ", "月"))
    if found is None:
        return None
    try:
        return dt.date(*(int(part) for part in found.groups() if part))
    except ValueError:
        return None
