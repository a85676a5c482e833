"""The workbook that departments fill: written from the packs, filled, read back."""

import openpyxl
import pytest

from geoplan.inputs.lists.reporting import FIELDS, read_period, read_reporting
from geoplan.report.folder.save import write_reporting_form
from geoplan.standards.packs.read import read_pack
from geoplan.words.errors import InputError, OutputError

PACKS = [read_pack(name) for name in ("yinzhou", "qianjiang")]
RULES = {rule.rule_id: rule for pack in PACKS for rule in pack.rules}
SHARES = {rule_id: rule.value_format == "percent" for rule_id, rule in RULES.items()}
CHECKS, DEFECTS, BEDS = "yinzhou.elder_health_checks", "yinzhou.birth_defects", "yinzhou.beds_per_1000_elders"


def rows_of(book):
    """Yield sheet, row and cells by field of every row of a form."""
    names = {text: name for name, field in FIELDS.items() for text in (field.zh, field.en)}
    for sheet in book:
        top = next(row[0].row for row in sheet.iter_rows() if row[-1].value in ("指标编号", "rule_id"))
        heads = [names[cell.value] for cell in sheet[top]]
        for row in sheet.iter_rows(min_row=top + 1):
            yield sheet, dict(zip(heads, row, strict=True))


@pytest.fixture(params=["zh", "en"])
def form(tmp_path, request):
    path = tmp_path / "reporting.xlsx"
    write_reporting_form(PACKS, path, year=2025, lang=request.param)
    return path


def filled(path, answers):
    """Fill a form: rule -> cells by field."""
    book = openpyxl.load_workbook(path)
    for _, row in rows_of(book):
        for name, value in answers.get(row["rule_id"].value, {}).items():
            row[name].value = value
    book.save(path)
    return read_reporting(path, shares=SHARES, leads={rule_id: rule.lead for rule_id, rule in RULES.items()})


def test_a_form_has_every_row_of_the_annexes_and_what_else_is_reported_once_on_the_sheet_of_its_first_office(
    form,
):
    found = [(sheet.title, row["rule_id"].value) for sheet, row in rows_of(openpyxl.load_workbook(form))]
    asked = [rule for rule in RULES.values() if rule.annex or rule.is_reported]
    assert sorted(rule for _, rule in found) == sorted(rule.rule_id for rule in asked)
    office = {rule: sheet for sheet, rule in found}
    for rule in asked:
        first = rule.lead.split("、")[0]
        assert office[rule.rule_id] in (first, f"区{first}")
    # 民政局, as three rows print it, is 区民政局
    assert "民政局" not in office.values()


def test_the_rows_of_an_office_stand_in_the_plans_order(form):
    rows = [row for sheet, row in rows_of(openpyxl.load_workbook(form)) if sheet.title == "区卫健局"]
    assert [row["annex"].value for row in rows] == [
        "养老9", "养老17", "养老21", "养老22", *(f"托育{number}" for number in range(1, 17) if number != 13),
    ]  # fmt: skip
    # 区卫健局 comes second in others, which say so
    assert all(cell["value"].value is None for cell in rows)


def test_what_is_filled_in_is_read_back(form):
    answers = {
        CHECKS: {"value": 68, "adopt": "部门填报值", "reason": "体检口径不同", "by": "张三"},
        DEFECTS: {"value": 8.1, "period": "2025年二季度"},
        BEDS: {"value": "49.5"},
        "qianjiang.leading_eldercare_firms": {"value": 0},
        "qianjiang.lottery_funds": {"value": "81.5%"},
    }
    found = filled(form, answers)
    assert found.notes == ()
    table = found.table.set_index("rule_id")
    assert table["value"].to_dict() == pytest.approx({
        CHECKS: 0.68, DEFECTS: 8.1, BEDS: 49.5, "qianjiang.leading_eldercare_firms": 0.0, "qianjiang.lottery_funds": 0.815,
    })  # fmt: skip
    assert table.loc[CHECKS, ["adopt", "reason", "by", "period", "source"]].tolist() == ["reported", "体检口径不同", "张三", "2025", "reporting.xlsx"]  # fmt: skip
    assert table.loc[DEFECTS, ["period", "by"]].tolist() == ["2025Q2", "区卫健局"]


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ({"value": 0.68}, "reporting_percent"),  # 68 % of a cell formatted so, or 0.68 %
        ({"value": 1}, "reporting_percent"),
        ({"value": 101}, "reporting_over"),
        ({"value": "约70"}, ""),
        ({"value": "70以上"}, "reporting_value"),
        ({"value": "待统计"}, "reporting_value"),
        ({"value": -3}, "reporting_value"),
        ({"value": 68, "period": "年底"}, "reporting_period"),
        ({"value": 68, "adopt": "两者"}, "reporting_adopt"),
        ({"value": "/"}, ""),
        ({"value": 0}, ""),
    ],
)
def test_what_cannot_be_used_is_said_and_never_guessed(form, cells, code):
    found = filled(form, {CHECKS: cells})
    assert [note.code for note in found.notes] == ([code] if code else [])
    used = not code or code == "reporting_adopt"
    assert len(found.table) == (used and cells["value"] != "/")


def test_a_rule_of_no_pack_and_two_figures_of_one_period(tmp_path):
    path = tmp_path / "told.csv"
    lines = [
        "指标编号,填报期,填报值",
        f"{CHECKS},2025,68",
        f"{CHECKS},2025,69",
        f"{CHECKS},2024,66",
        "yinzhou.nothing,2025,1",
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    found = read_reporting(path, shares=SHARES)
    assert [note.code for note in found.notes] == ["reporting_twice", "reporting_rule"]
    assert found.table[["value", "period"]].to_numpy().tolist() == [[0.68, "2025"], [0.66, "2024"]]


def test_a_sheet_without_its_columns(tmp_path):
    path = tmp_path / "told.csv"
    path.write_text("指标,数\na,1\n", encoding="utf-8")
    with pytest.raises(InputError, match="rule_id"):
        read_reporting(path, shares=SHARES)


def test_a_form_is_never_overwritten(form):
    before = form.read_bytes()
    with pytest.raises(OutputError):
        write_reporting_form(PACKS, form, year=2025, lang="zh")
    assert form.read_bytes() == before


def test_the_same_form_has_the_same_bytes(tmp_path):
    paths = [tmp_path / name for name in ("a.xlsx", "b.xlsx")]
    for path in paths:
        write_reporting_form(PACKS, path, year=2025, lang="zh")
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_a_plan_without_an_annex_asks_for_every_indicator(tmp_path):
    path = tmp_path / "reporting.xlsx"
    write_reporting_form([read_pack("huzhong")], path, year=2023, lang="zh")
    asked = {row["rule_id"].value for _, row in rows_of(openpyxl.load_workbook(path))}
    assert asked == {rule.rule_id for rule in read_pack("huzhong").rules}


@pytest.mark.parametrize("cell", ["", None, "第二季度", "2025年13月", "二〇二五年"])
def test_what_names_no_period(cell):
    assert read_period(cell) is None
