"""Supplies without a point, read from a table by zone."""

import openpyxl
import pytest

from geoplan.inputs.lists.zone_rows import read_zone_supplies
from geoplan.words.errors import InputError
from geoplan.words.vocabulary import vocabulary

INF = float("inf")
COLUMNS = {"social_workers": "社工人数", "family_beds": "家庭养老床位"}


def table(tmp_path, rows, name="staff.xlsx", header=("街道", "社工人数", "家庭养老床位")):
    book = openpyxl.Workbook()
    for row in [header, *rows]:
        book.active.append(row)
    book.save(tmp_path / name)
    return tmp_path / name


def read(town, file, **more):
    return read_zone_supplies(
        file, zones=town.zones, **{"level": "town", "zone": "街道", "columns": COLUMNS, **more}
    )


def as_dict(found):
    return {(r.zone_id, r.supply): (r.low, r.high) for r in found.table.itertuples()}


def test_one_row_a_zone_and_supply_unknown_where_nothing_is_said(town, tmp_path):
    found = read(town, table(tmp_path, [("东街道", 3, "约40"), ("西镇", None, "50余")]))
    assert as_dict(found) == {
        ("town/1", "social_workers"): (3.0, 3.0), ("town/2", "social_workers"): (0.0, INF),
        ("town/1", "family_beds"): (40.0, 40.0), ("town/2", "family_beds"): (50.0, 60.0),
    }  # fmt: skip
    assert [(note.code, note.row) for note in found.notes] == [("amount_worded", 2), ("amount_worded", 3)]


def test_a_town_that_is_not_in_the_table_leaves_the_sum_open(town, tmp_path, rules_from):
    found = read(town, table(tmp_path, [("东街道", 3, 4)]))
    assert as_dict(found)[("town/2", "family_beds")] == (0.0, INF)
    assert [note.code for note in found.notes] == ["zone_rows_absent"]
    assert "西镇" in found.notes[0].found("zh")
    rules = rules_from("kind: increase\nsupply: family_beds\nsince: 2020\ntarget: '>=5@2025'")
    assert town.finding(rules, zone_supplies=found.table)["verdict"] == "no_data"
    full = read(town, table(tmp_path, [("东街道", 3, 4), ("西镇", 0, 1)], "full.xlsx"))
    assert town.finding(rules, zone_supplies=full.table)["verdict"] == "met"


def test_a_row_of_totals_is_left_out(town, tmp_path):
    found = read(town, table(tmp_path, [("东街道", 3, 4), ("西镇", 1, 2), ("合计", 4, 6)]))
    assert as_dict(found)[("town/2", "social_workers")] == (1.0, 1.0)
    assert [(note.code, note.row) for note in found.notes] == [("list_total_row", 4)]


def test_rows_that_name_no_zone_or_one_twice_are_left_out_and_said(town, tmp_path):
    rows = [("东街道", 3, 4), ("南街道", 9, 9), ("东街道", 5, 5), ("西镇", "abc", -1), (None, 7, 7)]
    found = read(town, table(tmp_path, rows))
    assert as_dict(found)[("town/1", "social_workers")] == (3.0, 3.0)
    assert as_dict(found)[("town/2", "social_workers")] == (0.0, INF)
    assert [(note.code, note.row) for note in found.notes] == [
        ("zone_rows_unknown", None), ("zone_rows_twice", None), ("amount_unreadable", 5), ("amount_negative", 5),
    ]  # fmt: skip


def test_a_name_that_may_be_several_is_decided_by_the_zone_above(town, tmp_path):
    several = town.zones.index.isin(["community/A", "community/C"])
    twins = town.with_zones(name=town.zones["name"].where(~several, "中心社区"))
    file = table(
        tmp_path, [("中心社区", "西镇", 2), ("中心社区", None, 1)], header=("社区", "镇街", "社工人数")
    )
    columns = {"social_workers": "社工人数"}
    found = read(twins, file, level="community", zone="社区", columns=columns, parent="镇街")
    assert as_dict(found)[("community/C", "social_workers")] == (2.0, 2.0)
    assert [note.code for note in found.notes] == ["zone_rows_ambiguous", "zone_rows_absent"]


def test_one_error_lists_what_makes_the_table_unusable(town, tmp_path):
    file = table(tmp_path, [("东街道", 3, 4)])
    wrong = {"level": "district", "zone": "区", "columns": {"family_bed": "家庭养老床位"}}
    with pytest.raises(InputError) as caught:
        read(town, file, **wrong, known=vocabulary("supplies"))
    assert [note.code for note in caught.value.notes] == ["zone_supply_not_known", "zone_supply_no_zones", "column_missing"]  # fmt: skip
    assert "街道" in str(caught.value)


def test_every_note_has_words_in_both_languages(town, tmp_path):
    found = read(town, table(tmp_path, [("南街道", "约3", 4)]))
    for note in found.notes:
        for lang in ("zh", "en"):
            assert "{" not in note.text(lang)
