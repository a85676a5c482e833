"""Notes of one kind are one line with their number and three examples, the gravest first."""

import pytest

from geoplan.words.errors import InputError, Note, kind_line, kinds_of


def blank(row, file="a.csv"):
    return Note.of("amount_blank", file=file, row=row, column="beds", cell="")


GENERAL = Note.of("sheet_hidden_rows", file="a.csv", count=2, rows="3, 4")
SLIGHT = Note.of("list_total_row", file="a.csv", row=9, severity="info")
WRONG = Note.of("table_empty", file="b.csv", severity="error")
ZONE = Note.of("zone_rows_twice", file="b.csv", zone="community/1", rows="2, 3")


def test_kinds_are_ordered_by_gravity_then_by_number():
    notes = [SLIGHT, *map(blank, range(2, 7)), blank(2, "b.csv"), ZONE, GENERAL, WRONG]
    kinds = kinds_of(note.said("en") for note in notes)
    assert [(kind[0].code, kind[0].file, len(kind)) for kind in kinds] == [
        ("table_empty", "b.csv", 1), ("zone_rows_twice", "b.csv", 1), ("sheet_hidden_rows", "a.csv", 1), ("amount_blank", "a.csv", 5),
        ("amount_blank", "b.csv", 1), ("list_total_row", "a.csv", 1),
    ]  # fmt: skip
    assert sum(map(len, kinds)) == len(notes)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_one_note_stands_as_it_is_and_many_with_three_examples(lang):
    one, many = [blank(7).said(lang)], [blank(row).said(lang) for row in range(2, 4217)]
    assert kind_line(one, lang) == blank(7).text(lang)
    line = kind_line(many, lang)
    assert "\n" not in line
    assert "4,215" in line
    rows = {"en": ("row 2", "row 3", "row 4", "row 5"), "zh": ("第2行", "第3行", "第4行", "第5行")}[lang]
    assert [row in line for row in rows] == [True, True, True, False]
    assert line.count(blank(2).action(lang)) == 1


@pytest.mark.parametrize(("count", "lines"), [(20, 21), (21, 2)])
def test_an_error_names_each_wrong_row_until_they_are_too_many(count, lines):
    error = InputError(WRONG, *map(blank, range(2, 2 + count)))
    assert len(error.text("en").splitlines()) == lines
    assert f"row {1 + count}" in error.text("en") or count > 20
