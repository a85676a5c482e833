"""Files are read as they stand, whatever their encoding; what cannot be read says so."""

import csv
import hashlib
import io

import geopandas as gpd
import openpyxl
import pandas as pd
import pyogrio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from refusals import refused
from shapely import Point

from geoplan.inputs import readers
from geoplan.inputs.encodings import decode_text


def places(names=("向阳社区", "北秀社区")):
    columns = {"名称": list(names), "编号": [f"00{i}" for i in range(len(names))]}
    return gpd.GeoDataFrame(columns, geometry=[Point(114 + i, 30) for i in range(len(names))], crs=4326)


def mark(path, language_byte):
    """Set the dBASE language byte, which GDAL believes where there is no .cpg."""
    data = bytearray(path.with_suffix(".dbf").read_bytes())
    data[29] = language_byte
    path.with_suffix(".dbf").write_bytes(bytes(data))


@pytest.mark.parametrize("encoding", ["GBK", "UTF-8"])
@pytest.mark.parametrize("label", [None, "GBK", "UTF-8", "ISO-8859-1", "936"])
@pytest.mark.parametrize("language_byte", [0x00, 0x57])
def test_a_shapefile_reads_right_with_a_true_a_wrong_or_no_label(tmp_path, encoding, label, language_byte):
    path = tmp_path / "社区.shp"
    places().to_file(path, encoding=encoding)
    mark(path, language_byte)
    path.with_suffix(".cpg").unlink(missing_ok=True)
    if label:
        path.with_suffix(".cpg").write_text(label, encoding="ascii")
    layer = readers.read_layer(path)
    assert layer["名称"].tolist() == ["向阳社区", "北秀社区"]
    assert layer["编号"].tolist() == ["000", "001"]


def test_gbk_text_that_happens_to_be_valid_utf8_is_believed_to_be_what_the_label_says(tmp_path):
    path = tmp_path / "a.shp"
    gpd.GeoDataFrame({"n": ["联通"]}, geometry=[Point(0, 0)], crs=4326).to_file(path, encoding="GBK")
    assert readers.read_layer(path)["n"].tolist() == ["联通"]


def test_western_text_is_not_taken_for_chinese(tmp_path):
    path = tmp_path / "a.shp"
    names = ["Praça São João", "Bénédicte", "Größe"]
    places(names).rename(columns={"名称": "name", "编号": "code"}).to_file(path, encoding="ISO-8859-1")
    assert readers.read_layer(path)["name"].tolist() == names


def test_a_name_cut_off_by_the_width_of_its_field_does_not_change_the_encoding(tmp_path):
    path = tmp_path / "a.shp"
    layer = gpd.GeoDataFrame({"n": ["社区" * 60]}, geometry=[Point(0, 0)], crs=4326)  # 360 bytes into 254
    with pytest.warns(RuntimeWarning, match="truncated"):
        layer.to_file(path, encoding="UTF-8")
    path.with_suffix(".cpg").unlink()
    assert readers.read_layer(path)["n"].iloc[0].startswith("社区" * 40)


@pytest.mark.parametrize("name", ["a.gpkg", "a.gdb", "a.geojson", "a.parquet", "a.fgb"])
def test_layers_of_every_kind_read_alike(tmp_path, name):
    path = tmp_path / name
    if name.endswith("parquet"):
        places().to_parquet(path)
    else:
        places().to_file(path, **({"driver": "OpenFileGDB"} if name.endswith("gdb") else {}))
    layer = readers.read_layer(path).sort_values("编号")
    assert layer["名称"].tolist() == ["向阳社区", "北秀社区"]
    assert layer["编号"].tolist() == ["000", "001"]
    assert layer.geometry.x.tolist() == [114, 115]
    assert layer.crs == "EPSG:4326"


def test_a_geojson_in_gbk_is_read(tmp_path):
    path = tmp_path / "a.geojson"
    path.write_bytes(places().to_json(ensure_ascii=False).encode("gb18030"))
    assert readers.read_layer(path)["名称"].tolist() == ["向阳社区", "北秀社区"]


def test_null_geometry_stays_null(tmp_path):
    layer = places()
    layer.loc[0, "geometry"] = None
    layer.to_file(tmp_path / "a.gpkg")
    assert readers.read_layer(tmp_path / "a.gpkg").geometry.isna().tolist() == [True, False]


def test_several_layers_need_a_name_but_a_table_of_styles_is_no_layer(tmp_path):
    path = tmp_path / "a.gpkg"
    places().to_file(path, layer="社区")
    pyogrio.write_dataframe(pd.DataFrame({"style": ["x"]}), path, layer="layer_styles")
    assert len(readers.read_layer(path)) == 2
    places().to_file(path, layer="小区")
    error, found = refused(readers.read_layer, path)
    assert found == ["layer_not_named"]
    assert "社区, 小区" in error.text("zh")
    assert len(readers.read_layer(path, layer="小区")) == 2
    assert refused(readers.read_layer, path, layer="楼栋")[1] == ["layer_unknown"]


@pytest.mark.parametrize(
    ("read", "name", "content", "code"),
    [
        (readers.read_layer, "none.gpkg", None, "file_missing"), (readers.read_layer, "a.dwg", b"x", "file_kind_unknown"),
        (readers.read_layer, "a.gpkg", b"no database", "file_not_as_named"),
        (readers.read_layer, "a.shp", b"no shape", "file_not_as_named"),
        (readers.read_layer, "a.parquet", b"PAR1", "file_unreadable"),
        (readers.read_layer, "a.geojson", b"{", "file_unreadable"),
        (readers.read_layer, "a.json", b'{"rows": [{"name": "a"}]}', "json_no_layer"),
        (readers.read_layer, "a.json", b"[1, 2]", "json_no_layer"),
        (readers.read_layer, "a.geojson", b'{"a": "\xff\xff"}', "encoding_unknown"),
        (readers.read_rows, "none.csv", None, "file_missing"), (readers.read_rows, "a.xls", b"x", "file_damaged"),
        (readers.read_rows, "a.xlsx", b"x", "file_damaged"), (readers.read_rows, "a.csv", b"", "table_empty"),
        (readers.read_rows, "a.csv", b"a,b\n\xff\xff\xff,1\n", "encoding_unknown"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_one_clear_error(tmp_path, read, name, content, code):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    error, found = refused(read, path)
    assert found == [code]
    assert error.notes[0].file == name
    assert error.text("zh")


# --- tables ---------------------------------------------------------------------------------------------------------

TABLE = '编号,名称,床位数\r\n007,向阳养老院,50\r\n008,,\r\n,,\r\n010,"两行\n名称",0\r\n'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_csv_keeps_zeros_blanks_and_row_numbers_in_every_encoding(tmp_path, encoding):
    path = tmp_path / "a.csv"
    path.write_bytes(TABLE.encode(encoding))
    rows = readers.read_rows(path)
    assert rows.index.tolist() == [2, 3, 5]  # row 4 is blank; a cell of two lines is one row
    assert rows.to_dict("list") == {
        "编号": ["007", "008", "010"], "名称": ["向阳养老院", None, "两行\n名称"], "床位数": ["50", None, "0"],
    }  # fmt: skip


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_other_delimiters(tmp_path, delimiter):
    (tmp_path / "a.csv").write_text(f"id{delimiter}n\nA{delimiter}1\n", encoding="utf-8")
    assert readers.read_rows(tmp_path / "a.csv").to_dict("list") == {"id": ["A"], "n": ["1"]}


CELLS = st.text(st.sampled_from("a0 ,\"'\n托位=é"), max_size=4)


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=5), st.sampled_from(["utf-8", "gb18030"]))
def test_a_csv_gives_back_what_was_written(tmp_path_factory, rows, encoding):
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    text = io.StringIO()
    csv.writer(text).writerows([("标题一", "标题二"), *rows])
    path.write_bytes(text.getvalue().encode(encoding))
    want = {i: [v.strip() or None for v in row] for i, row in enumerate(rows, start=2)}
    want = {i: row for i, row in want.items() if any(row)}
    got = readers.read_rows(path)
    assert dict(zip(got.index, got.to_numpy().tolist(), strict=True)) == want


def book(path, rows, *, merge=(), more=()):
    made = openpyxl.Workbook()
    for row in rows:
        made.active.append(row)
    for area in merge:
        made.active.merge_cells(area)
    for name, other in more:
        sheet = made.create_sheet(name)
        for row in other:
            sheet.append(row)
    made.save(path)
    return path


def test_titles_above_the_header_are_skipped_and_rows_keep_their_numbers(tmp_path):
    rows = [
        ["某区养老机构台账"], ["单位：张", None, "2025年"], ["编号", "名称", "床位数", "备注"], ["007", "甲", 50], ["008", None, None],
    ]  # fmt: skip
    got = readers.read_rows(book(tmp_path / "a.xlsx", rows, merge=["A1:D1"]))
    assert got.index.tolist() == [4, 5]
    assert got["编号"].tolist() == ["007", "008"]
    assert got["床位数"].tolist() == [50, None]
    assert got["备注"].tolist() == [None, None]


def test_text_merged_over_rows_belongs_to_each_but_a_number_counts_once(tmp_path):
    rows = [["街道", "名称", "床位数"], ["向阳", "甲", 50], [None, "乙", None]]
    got = readers.read_rows(book(tmp_path / "a.xlsx", rows, merge=["A2:A3", "C2:C3"]))
    assert got["街道"].tolist() == ["向阳", "向阳"]
    assert got["床位数"].tolist() == [50, None]


def test_blank_sheets_do_not_count_and_several_filled_ones_need_a_name(tmp_path):
    rows = [["id"], ["A"]]
    assert readers.read_rows(book(tmp_path / "a.xlsx", rows, more=[("Sheet2", [])]))["id"].tolist() == ["A"]
    path = book(tmp_path / "b.xlsx", rows, more=[("托育", [["id"], ["B"]])])
    assert refused(readers.read_rows, path)[1] == ["layer_not_named"]
    assert readers.read_rows(path, layer="托育")["id"].tolist() == ["B"]


def test_headers_repeated_or_blank_get_names(tmp_path):
    got = readers.read_rows(book(tmp_path / "a.xlsx", [["n", "n", None, "m"], [1, 2, 3, 4]]))
    assert got.to_dict("list") == {"n": [1], "n_2": [2], "column 3": [3], "m": [4]}


def test_the_stated_encoding_is_used(tmp_path):
    (tmp_path / "a.csv").write_bytes("n\nSão\n".encode("cp1252"))
    assert readers.read_rows(tmp_path / "a.csv", encoding="cp1252")["n"].tolist() == ["São"]
    assert decode_text("\ufeffa".encode(), "utf-8") == "a"


def test_the_fingerprint_is_the_files_sha256_and_a_shapefiles_covers_its_attributes(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"abc")
    found = readers.source(path, role="facilities", rows=3, datum="gcj02")
    assert (found.sha256, found.bytes, found.rows) == (hashlib.sha256(b"abc").hexdigest(), 3, 3)
    shape = tmp_path / "z.shp"
    places().to_file(shape)
    before = readers.source(shape, role="zones").sha256
    dbf = shape.with_suffix(".dbf")
    dbf.write_bytes(dbf.read_bytes().replace(b"001", b"002"))
    assert readers.source(shape, role="zones").sha256 != before
    assert refused(readers.source, tmp_path / "none.csv", role="x")[1] == ["file_missing"]
