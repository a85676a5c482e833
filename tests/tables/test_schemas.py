"""Schemas: every fault of a table is named at once, empty tables have their types."""

import geopandas as gpd
import pandas as pd
import pytest
from shapely.geometry import Point

from geoplan import tables
from geoplan.tables.schemas import OUTCOME
from geoplan.words.errors import TableError

PEOPLE = tables.Schema(
    "people",
    {
        "age": tables.Column("int", "years"), "pay": tables.Column("float", "a month", "yuan", null=True),
        "name": tables.Column("text", "as printed"), "sex": tables.Column("text", "", values=("f", "m"), null=True),
        "lives": tables.Column("flag", "True, False or NA", null=True), "paid": tables.Column("bool", ""),
        "roles": tables.Column("tuple", ""), "words": tables.Column("set", ""), "home": tables.Column("any", "zone_id", null=True),
        "geometry": tables.Column("geometry", "", null=True),
    },
    index="id",
    further={"given_*": tables.Column("float", "", null=True)},
)  # fmt: skip


def people(**columns):
    whole = {
        "age": [3, 40], "pay": [None, 2.5], "name": ["a", ""], "sex": ["f", None], "lives": pd.array([True, pd.NA], dtype="boolean"),
        "paid": [True, False], "roles": [(), ("x",)], "words": [frozenset(), frozenset({"y"})], "home": [7, None],
    }  # fmt: skip
    table = pd.DataFrame(whole | columns, index=pd.Index(["p", "q"], name="id"))
    return gpd.GeoDataFrame(table, geometry=[Point(0, 0), None])


def codes(table, *only, **more):
    return [
        (fault.code, fault.values.get("column", "")) for fault in PEOPLE.faults(table, only or None, **more)
    ]


def test_a_table_as_described_has_no_fault():
    assert codes(people()) == []
    assert codes(people(pay=[1, 2], age=pd.array([1, 2], dtype="Int64"), lives=[True, False])) == []
    PEOPLE.check(PEOPLE.empty_shapes("EPSG:4326"), strict=True)


@pytest.mark.parametrize(
    ("columns", "code"),
    [
        ({"age": [1, None]}, "null"), ({"age": [1, 1.5]}, "kind"), ({"age": ["1", "2"]}, "kind"), ({"pay": ["1", "2"]}, "kind"),
        ({"pay": [True, False]}, "kind"), ({"name": [None, "b"]}, "null"), ({"name": [1, 2]}, "kind"), ({"sex": ["f", "x"]}, "value"),
        ({"lives": ["yes", None]}, "kind"), ({"paid": [1, 0]}, "kind"), ({"paid": pd.array([True, pd.NA], dtype="boolean")}, "null"),
        ({"roles": ["x", ()]}, "kind"), ({"words": [{"x": 1}, frozenset()]}, "kind"),
    ],
)  # fmt: skip
def test_each_fault_of_a_column(columns, code):
    assert codes(people(**columns)) == [(f"table_column_{code}", next(iter(columns)))]


def test_every_fault_is_named_in_one_error():
    table = people(age=[1, None], more=[1, 2], given_x=[1.0, None]).drop(columns=["pay", "paid"])
    table.index = pd.Index(["p", "p"])
    with pytest.raises(TableError) as caught:
        PEOPLE.check(table, strict=True, home=pd.Index([1, 2], name="zones"))
    assert [note.code for note in caught.value.notes] == [
        "table_column_missing", "table_column_null", "table_column_undeclared", "table_duplicate_key", "table_unknown_id",
    ]  # fmt: skip
    for lang in ("zh", "en"):
        assert "{" not in caught.value.text(lang)
    assert "lacks the columns: pay, paid" in caught.value.text("en")
    # who reads two columns needs no more
    assert codes(people()[["name", "sex"]], "name", "sex") == []


def test_a_key_of_columns_names_a_row():
    twice = pd.DataFrame(
        {"question": ["a", "a"], "sites": [1, 1], "objective": 0.0, "bound": 0.0, "share": 0.0}
    )
    assert [fault.code for fault in tables.CURVE.faults(twice)] == ["table_duplicate_key"]
    assert tables.CURVE.faults(twice.iloc[:1]) == []


@pytest.mark.parametrize("name", OUTCOME)
def test_an_empty_table_is_as_described_and_a_joined_one_has_its_types(name):
    schema = OUTCOME[name]
    empty = schema.empty_shapes() if "geometry" in schema else schema.empty()
    schema.check(empty, strict=True)
    assert set(empty.columns) == set(schema)
    assert schema.completed(empty.iloc[:, :0]).columns.difference(list(schema)).empty
    plain = schema.empty().reset_index(drop=True)
    pd.testing.assert_series_equal(schema.joined([plain]).dtypes, schema.joined([]).dtypes)
