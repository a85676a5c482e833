"""Totals in rows of a CSV say the same as in YAML; wrong entries are told together, with their line."""

import pytest

from geoplan.standards.totals import assess_totals_file, read_totals
from geoplan.words.errors import InputError

HUZHONG = """section,name,supply,value,year,basis,attributes,planned,judges,source,note
people,residents,,12000,2022,演示假定,,,是,假定,
people,residents,,"16,359",2020,七普,,,,二手,
facilities,elder_home,count,2,2022,,,,,一(二)2,
facilities,elder_home,beds,22,2022,,,,,一(二)2,
facilities,elder_home,nursing_beds,8,2022,,,,,一(二)2,
facilities,kindergarten_class,count,1,2022,,public=是,,,一(二)2,
facilities,kindergarten_class,places,20,2022,,public=是,,,一(二)2,
facilities,elder_home,beds,100,2023,,,是,,三(一)1,
absent,childcare,,,,,,,,,
absent,childcare_station,,,,,,,,,
absent,workplace_childcare,,,,,,,,,
absent,home_childcare,,,,,,,,,
stated,community_day_care,,100%,2022,,,,,一(二)2,
"""


def test_csv_reads_as_yaml_does(tmp_path):
    path = tmp_path / "totals.csv"
    path.write_text(HUZHONG, encoding="utf-8-sig")
    totals = read_totals(path)
    assert [(p.value, p.basis, p.judges) for p in totals.people] == [
        (12000, "演示假定", True),
        (16359, "七普", False),
    ]
    assert [(f.type, f.count, f.amounts, f.planned) for f in totals.facilities] == [
        ("elder_home", 2, {"beds": 22, "nursing_beds": 8}, False),
        ("kindergarten_class", 1, {"places": 20}, False),
        ("elder_home", None, {"beds": 100}, True),
    ]
    found = assess_totals_file(path, "huzhong").findings.set_index(["rule_id", "basis"])
    assert found.loc[("huzhong.nursing_bed_share", ""), "actual_low"] == pytest.approx(8 / 22)
    assert found.loc[("huzhong.places_per_1000_residents", "演示假定 2022"), "shortfall"] == 34
    assert found.loc[("huzhong.community_day_care", ""), "from"] == "stated"


HEAD = "title_zh: 甲\ntitle_en: A\narea_zh: 甲\narea_en: A\n"
PEOPLE = "people:\n  - {group: resident, value: 1, basis: b, year: 2020, source: s}\n"
HOMES = "facilities:\n  - {type: elder_home, count: 3, year: 2020, source: s, parts: [{count: 1}]}\n"
MANY = HUZHONG.replace("elder_home,count,2,2022", "elder_hom,count,2,2022").replace("12000,2022", "many,2022")


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("wrong.csv", MANY, ["row 2", "people.0.value", "row 4", "elder_hom"]),
        ("section.csv", HUZHONG.replace("\npeople,", "\nfolk,"), ["folk"]),
        ("odd.yaml", "a: [1", ["not valid YAML"]),
        ("none.yaml", None, ["no such file"]),
        ("nameless.yaml", HEAD, ["no pack"]),
    ],
)
def test_what_is_wrong_is_told_together(tmp_path, name, text, says):
    if text is not None:
        (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as error:
        assess_totals_file(tmp_path / name)
    assert all(words in error.value.text("en") for words in says)


def test_yaml_errors_name_their_lines(tmp_path):
    path = tmp_path / "totals.yaml"
    path.write_text(f"{HEAD}{PEOPLE}absent: [childcare]\n{HOMES}extra: 1\n", encoding="utf-8")
    with pytest.raises(InputError) as error:
        read_totals(path)
    found = [(note.row, note.values["entry"]) for note in error.value.notes]
    assert found == [(6, "people.0.group"), (9, "facilities.0"), (10, "extra")]
