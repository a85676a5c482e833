"""本册说明: the first sheet of the workbook, which says what each of the others answers."""

from collections.abc import Sequence

from geoplan.report.content.build import table_of
from geoplan.report.content.old_people import old_people_note
from geoplan.report.content.table import Amount, Cell, Table
from geoplan.tables import Outcome
from geoplan.words.catalogue import catalogue, phrase


def guide(tables: Sequence[Table], outcome: Outcome) -> Table:
    """Return a row a sheet: its name, the question that it answers, and how many rows it has; sheets of one kind share a row.

    `tables` are the sheets of the workbook in their order.
    """
    lang = outcome.lang
    kinds: dict[str, list[Table]] = {}
    for table in tables:
        kinds.setdefault(question_of(table.key), []).append(table)
    rows: list[list[Cell]] = []
    for code, own in kinds.items():
        name = own[0].page or own[0].title
        called = name if len(own) == 1 else phrase("guide_several", lang, name=name, count=len(own))
        long = sum(len(table.rows) for table in own)
        rows.append([called, phrase(code, lang), Amount.of(long, "count")])
    return table_of(
        "guide",
        lang,
        ("serial", "sheet", "sheet_answers", "sheet_rows"),
        rows,
        title=phrase("guide_title", lang),
        notes=tuple(filter(None, (old_people_note(outcome),))),
    )


def question_of(key: str) -> str:
    """Return the code of the sentence that says what a sheet answers: its key's, else that of the longest key that it begins with.

    Raises
    ------
    KeyError
        If no sentence says it.

    Examples
    --------
    >>> question_of("gap_list"), question_of("guidance_totals_HZ01"), question_of("annex_yantai")
    ('guide_gap_list', 'guide_guidance', 'guide_annex')
    """
    parts = key.split("_")
    for end in range(len(parts), 0, -1):
        code = f"guide_{'_'.join(parts[:end])}"
        if code in catalogue():
            return code
    raise KeyError(key)
