"""A pack as a workbook: both ways without loss; what is wrong in it is told with rule, sheet, row and column."""

from pathlib import Path

import openpyxl
import pytest
from pydantic import TypeAdapter

import geoplan
from geoplan.pipeline.provenance import read_packs
from geoplan.report.folder.save import write_pack
from geoplan.standards.kinds import kinds
from geoplan.standards.packs import sheet
from geoplan.standards.packs.read import Pack, read_pack, shipped
from geoplan.standards.packs.source import SET_WHEN_READ
from geoplan.standards.packs.tools import check
from geoplan.study.entry import PackName
from geoplan.study.study import read_study
from geoplan.words.catalogue import catalogue
from geoplan.words.errors import OutputError, PackError


def same(one, two):
    """Whether two packs say the same, whatever form their files have, and in whatever order."""

    def plain(pack):
        rules = [
            rule.model_copy(update={"local_entries": tuple(sorted(rule.local_entries))})
            for rule in pack.rules
        ]
        return pack.model_copy(update={"entries": {}, "extends": None, "rules": rules})

    return plain(one) == plain(two)


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("name", shipped())
def test_a_shipped_pack_goes_to_a_workbook_and_back(name, lang, tmp_path):
    pack = read_pack(name)
    book = write_pack(name, tmp_path / f"{name}.xlsx", lang=lang)
    read = check(book)
    assert read.rules == pack.rules
    assert same(read, pack)
    text = write_pack(book, tmp_path / "yaml" / f"{name}.yaml", lang=lang)
    assert same(check(text), pack)
    assert read_pack(text).rules == pack.rules


def test_a_pack_that_extends_another_keeps_only_what_it_says_itself(tmp_path):
    own = tmp_path / "own.yaml"
    own.write_text(
        "extends: yantai\ntitle_zh: 细则\nrules:\n  - {id: total_places, target: '+5@2025', base: '1@2021'}\n"
        "  - {id: complete_community_childcare, standard: null, meets: [total_places]}\n  - {id: circle_eldercare, active: false}\n",
        encoding="utf-8",
    )
    second = tmp_path / "second.yaml"
    second.write_text("extends: own.yaml\nrules:\n  - {id: total_places, note: x}\n", encoding="utf-8")
    pack = read_pack(own)
    book = write_pack(own, tmp_path / "a" / "own.xlsx", lang="zh")
    assert same(read_pack(book), pack)
    rule = next(rule for rule in read_pack(book).rules if rule.id == "total_places")
    assert (rule.target, set(rule.local_entries)) == ("+5@2025", {"target", "base"})
    moved = write_pack(second, tmp_path / "b" / "second.xlsx", lang="zh")
    assert same(read_pack(moved), read_pack(second))
    upon = tmp_path / "a" / "upon.yaml"
    upon.write_text("extends: own.xlsx\n", encoding="utf-8")
    assert [rule.target for rule in read_pack(upon).rules] == [rule.target for rule in pack.rules]


def test_every_entry_has_a_column_with_words_in_both_languages():
    every = {name for kind in kinds().values() for name in kind.model_fields} - set(SET_WHEN_READ)
    assert {entry.partition(".")[0] for entry in sheet.columns()} == every
    assert set(sheet.PLAN) == set(Pack.model_fields) - {
        "rules",
        "not_assessed",
        "name",
        "entries",
        "based_on",
    }
    for entry in (*sheet.columns(), *sheet.PLAN, *sheet.NOT_ASSESSED):
        assert {"zh", "en", "do_zh", "do_en"} <= set(catalogue()[f"pack_field_{entry.replace('.', '_')}"]), (
            entry
        )
    for entries in (sheet.columns(), sheet.PLAN, sheet.NOT_ASSESSED):  # a title means one entry
        for lang in ("zh", "en"):
            assert len({sheet.header(entry, lang) for entry in entries}) == len(entries)


def test_the_workbook_has_lists_to_choose_from_text_cells_and_explanations(tmp_path):
    book = openpyxl.load_workbook(write_pack("huzhong", tmp_path / "a.xlsx", lang="zh"))
    assert book.sheetnames == ["指标", "规划信息", "不评价条文", "填写说明", "可选词"]
    rules = book["指标"]
    titles = [cell.value for cell in rules[1]]
    listed = {str(found.sqref).split(":")[0]: found for found in rules.data_validations.dataValidation}
    for title in ("指标类型", "层级", "属性", "计量单位"):
        cell = rules.cell(2, titles.index(title) + 1)
        assert cell.coordinate in listed, title
        assert cell.number_format == "@"
    source = listed[rules.cell(2, titles.index("计量单位") + 1).coordinate].formula1
    area = source.replace("'", "").replace("$", "").split("!")
    assert [row[0].value for row in book[area[0]][area[1]]][:2] == ["beds 张", "places 个托位"]
    explained = {row[0].value: row[1].value for row in book["填写说明"].iter_rows(min_row=5)}
    assert explained["人均口径"] == "人群/数量，如 elders_60/1000、households/100"
    assert "{facilities: [elder_day_care]}" in explained["短板测算设施"]


def test_the_same_pack_gives_the_same_bytes(tmp_path):
    one, two = (write_pack("huzhong", tmp_path / f"{n}.xlsx", lang="zh").read_bytes() for n in "ab")
    assert one == two


@pytest.fixture
def changed(tmp_path):
    """Return a function that writes a workbook of Huzhong with cells changed: (column, row) -> value; a plan's entry -> value."""

    def change(cells=(), plan=(), more=None):
        file = tmp_path / "own.xlsx"
        if not file.exists():
            write_pack("huzhong", file, lang="zh")
        book = openpyxl.load_workbook(file)
        titles = [cell.value for cell in book["指标"][1]]
        for (title, row), value in dict(cells).items():
            book["指标"].cell(row, titles.index(title) + 1).value = value
        for row in book["规划信息"].iter_rows(min_row=2):
            if row[0].value in dict(plan):
                row[1].value = dict(plan)[row[0].value]
        if more is not None:
            more(book)
        book.save(file)
        return file

    return change


def test_cells_may_hold_names_numbers_and_marks(changed):
    shipped_rules = {rule.id: rule for rule in read_pack("huzhong").rules}
    at = list(shipped_rules).index("nursing_bed_share") + 2
    pack = check(changed({
        ("计量单位", at): "张", ("指标类型", at): "占比", ("分子", at): "护理型床位", ("启用", at): "是", ("计入设施", at): "institution；医院",
        ("附件序号", at): 12,
    }, {"规划期": "2021—2025"}))  # fmt: skip
    rule = next(rule for rule in pack.rules if rule.id == "nursing_bed_share")
    old = shipped_rules["nursing_bed_share"]
    assert (rule.unit, rule.kind, rule.part, rule.active, rule.annex) == (
        old.unit,
        old.kind,
        old.part,
        True,
        "12",
    )
    assert rule.of[0].facilities == ["institution", "hospital"]


WRONG = [
    ({("目标值", 2): "50@2025"}, "第2行：指标 new_estate_fitted（工作表“指标”“目标值”列）"),
    ({("设施条件", 3): "{attribute: "}, "第3行：指标 new_estate_rooms（工作表“指标”“设施条件”列）：无法读作 YAML"),
    ({("步行分钟", 3): "15"}, "第3行：指标 new_estate_rooms（工作表“指标”“步行分钟”列）：该类指标没有这一项"),
    ({("计入设施", 4): "elder_homes"}, "第4行：指标 existing_estate_rooms（工作表“指标”“计入设施”列）"),
    ({("计入设施（多组）", 5): "[{facilities: [hospital]}]"}, "第5行：指标 community_rooms_added（工作表“指标”“计入设施（多组）”列）：已分列"),
    ({("指标类型", 6): "总和"}, "第6行：指标 public_beds_added（工作表“指标”“指标类型”列）：应为"),
    ({("启用", 6): "也许"}, "“启用”列）"),
    ({("编号", 6): None}, "第6行：指标 公办养老服务中心新增床位(张)（工作表“指标”“编号”列）：必填"),
    ({("编号", 6): "new_estate_rooms"}, "指标编号 `new_estate_rooms` 重复"),
    ({("条文", 1): "Target"}, "工作表“指标”的列“Target”与另一列重复"),
    ({("目标值", 1): "目标"}, "工作表“指标”有不认识的列“目标”，是否应为“目标值”"),
]  # fmt: skip


@pytest.mark.parametrize(("cells", "told"), WRONG)
def test_a_wrong_cell_is_told_with_rule_sheet_row_and_column(cells, told, changed):
    with pytest.raises(PackError) as caught:
        check(changed(cells))
    assert any(told in line for line in caught.value.text("zh").splitlines()), caught.value.text("zh")
    assert all(note.file.endswith("own.xlsx") for note in caught.value.notes)


@pytest.mark.parametrize(
    ("plan", "told"),
    [
        ({"规划期": "2021"}, "工作表“规划信息”“规划期”：应为起止年份，如 2021-2025；实为 2021"),
        ({"层级": "county"}, "工作表“规划信息”“层级”"),
        ({"规划名称": None}, "工作表“规划信息”“规划名称”：必填"),
    ],
)
def test_a_wrong_entry_of_the_plan_is_told_with_its_cell(plan, told, changed):
    with pytest.raises(PackError) as caught:
        check(changed(plan=plan))
    assert told in caught.value.text("zh")
    assert len(caught.value.notes) == 1


def test_a_workbook_without_the_sheets_and_a_file_that_is_none(changed, tmp_path):
    with pytest.raises(PackError, match="no sheet `Plan`; it has: 指标"):
        read_pack(changed(more=lambda book: book.remove(book["规划信息"])))
    broken = tmp_path / "broken.xlsx"
    broken.write_bytes(b"no workbook")
    with pytest.raises(PackError, match=r"broken\.xlsx"):
        read_pack(broken)


def test_a_formula_is_no_text(changed):
    with pytest.raises(PackError, match="write it as text"):
        check(changed({("目标值", 2): "=5+1"}))


def test_an_export_overwrites_nothing_and_knows_its_endings(tmp_path):
    file = write_pack("huzhong", tmp_path / "a.yaml", lang="zh")
    with pytest.raises(OutputError, match="already"):
        write_pack("huzhong", file, lang="zh")
    with pytest.raises(OutputError, match=r"\.xlsx, \.yaml or \.yml"):
        write_pack("huzhong", tmp_path / "a.docx", lang="zh")


def test_a_study_and_a_scenario_name_a_workbook(tmp_path):
    pack = TypeAdapter(list[PackName])
    found = pack.validate_python(["own.xlsx", "OWN.XLSX", "huzhong"], context={"folder": tmp_path})
    assert found == [tmp_path / "own.xlsx", tmp_path / "OWN.XLSX", "huzhong"]
    folder = Path(geoplan.__file__).parents[1] / "studies" / "huzhong"
    study = read_study(folder / "study.yaml")
    write_pack("huzhong", tmp_path / "own.xlsx", lang="zh")
    (own,) = read_packs(study.with_packs([tmp_path / "own.xlsx"]))
    assert [rule.rule_id for rule in own.rules] == [f"own.{rule.id}" for rule in read_pack("huzhong").rules]
