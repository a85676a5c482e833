"""Every message has Chinese and English words that name the same values; every code that is used has words."""

import re
import string
from pathlib import Path

import pytest

import geoplan
from geoplan.words.catalogue import catalogue
from geoplan.words.errors import GeoplanError, Note, raise_errors

SOURCE = Path(geoplan.__file__).parent
USED = re.compile(r'\b(?:Note(?:\.of)?|[pP]hrase)\(\s*"([a-z0-9_]+)"')


#: Whole sentences and labels of printed papers, which end as sentences and abbreviations do.
PAPERS = ("meeting_", "paper_", "stop", "papers_", "atlas_", "column_", "note_", "console_")
#: What the description of a column holds beside its header (`geoplan.report.content.table.column`).
COLUMN_OPTIONS = ("format", "width", "mark", "depth", "interval")


def fields(text):
    return {name.partition("!")[0] for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("code", sorted(catalogue()))
def test_both_languages_say_the_same(code):
    words = catalogue()[code]
    if code.startswith("column_"):
        words = {key: value for key, value in words.items() if key not in COLUMN_OPTIONS}
    assert {"zh", "en"} <= set(words) <= {"zh", "en", "do_zh", "do_en"}
    assert ("do_zh" in words) == ("do_en" in words)
    shared = fields(words["en"]) | fields(words.get("do_en", ""))
    chinese = fields(words["zh"]) | fields(words.get("do_zh", ""))
    chinese, shared = (
        {name[:-3] if name[-3:] in ("_zh", "_en") else name for name in names} for names in (chinese, shared)
    )
    assert shared <= chinese if code.startswith(PAPERS) else shared == chinese
    for text in words.values() if not code.startswith(PAPERS) else ():
        assert not text.rstrip().endswith((".", "。"))
    bare = re.sub(r"\{[^}]*\}", "", words["zh"])  # words of its own, beside the values, are Chinese
    assert any("\u4e00" <= letter <= "\u9fff" for letter in bare) or not re.search("[A-Za-z]{2}", bare)


def test_every_code_that_is_used_has_words():
    used = {code for file in SOURCE.rglob("*.py") for code in USED.findall(file.read_text(encoding="utf-8"))}
    assert used - set(catalogue()) == set()


def test_an_error_lists_every_note_and_keeps_its_exit_code():
    places = [("file_missing", "a.xlsx", None, "error"), ("study_empty", "b.yaml", 3, "warning")]
    notes = [Note.of(code, file=file, row=row, severity=severity) for code, file, row, severity in places]
    error = GeoplanError(*notes)
    assert error.text("en").splitlines()[0].startswith("- a.xlsx: no such file.")
    assert error.text("zh").splitlines()[1].startswith("- b.yaml 第3行：")
    with pytest.raises(GeoplanError, match=r"a\.xlsx"):
        raise_errors(notes, GeoplanError)
    raise_errors(notes[1:], GeoplanError)  # a warning is no error
