"""Registers and tables as offices write them: total rows, headers, coordinates, types, hidden rows, damaged workbooks, people by community."""

import openpyxl
from small_town import HOME, lonlat, write_csv
from variants import AS_BEFORE, Right, check, named, right, variants

HEAD = ["机构名称", "所属社区", "经度", "纬度", "床位数"]
ROW = ["一号日间照料中心", "西社区", *lonlat(*HOME), 30]


def workbook(town, rows, change=None):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    if change is not None:
        change(book.active)
    book.save(town.path("homes.xlsx"))
    town.study["facilities"][0]["file"] = "homes.xlsx"


def in_either(town, rng, *rows):
    """Write rows as CSV or as a workbook."""
    if rng.random() < 0.5:
        town.write_homes(*rows)
    else:
        workbook(town, rows)


def rows_of_totals(town, rng):
    word = rng.choice(["小计", "合计", "总计", "合 计", "总计："])
    total = [word, None, None, None, 30]
    in_either(
        town,
        rng,
        HEAD,
        *(
            [total, ROW]
            if rng.random() < 0.3
            else [ROW, total, *([["总计", None, None, None, 30]] * rng.randrange(2))]
        ),
    )
    return right()


def header_of_two_rows(town, rng):
    first, second = (
        ["机构名称", "所属社区", "经度", "纬度", "床位数", None, None],
        [None, None, None, None, "合计", "护理型", "普通型"],
    )
    merged = rng.random() < 0.5

    def merge(page):
        for column in range(1, 5):
            page.merge_cells(start_row=1, end_row=2, start_column=column, end_column=column)
        page.merge_cells(start_row=1, end_row=1, start_column=5, end_column=7)

    workbook(town, [first, second, [*ROW[:4], 30, 10, 20]], merge if merged else None)
    return right("list_headers_rival")


def title_above_the_header(town, rng):
    titles = rng.sample(
        [["示例区养老机构台账"], ["单位：张", None], ["填报日期：2025年1月"]], rng.choice([1, 2, 3])
    )
    in_either(town, rng, *titles, HEAD, ROW)
    return right()


def headers_in_other_writing(town, rng):
    head = list(HEAD)
    for at, others in ((0, ["機構名稱", "名称", "机 构 名 称", "单位名称"]), (2, ["經度", "Lon", "经度（E）", "ＬＯＮ"]), (3, ["緯度", "lat", "纬度（N）", "ＬＡＴ"]), (4, ["床位數", "床位数（张）", "床位总数", "床 位 数"])):  # fmt: skip
        if rng.random() < 0.6:
            head[at] = rng.choice(others)
    in_either(town, rng, head, ROW)
    return right("list_fields_lacking", "list_columns_unread", "amount_column_absent")


def coordinates_in_usual_writings(town, rng):
    lon, lat = lonlat(*HOME)

    def minutes(value):
        return f"{int(value)}°{(value - int(value)) * 60:.4f}′"

    def seconds(value):
        left = (value - int(value)) * 60
        return f"{int(value)}°{int(left)}′{(left - int(left)) * 60:.2f}″"

    both = [
        f"{lon},{lat}", f"({lon}, {lat})", f"POINT ({lon} {lat})", f"经度：{lon}，纬度：{lat}", f"{lon}/{lat}", f"{lon} {lat}", f"[{lon},{lat}]",
        f"E{lon} N{lat}",
    ]  # fmt: skip
    apart = [
        (minutes(lon), minutes(lat)),
        (seconds(lon), seconds(lat)),
        (f"{lon}°E", f"{lat}°N"),
        (f"{int(lon)}度{(lon - int(lon)) * 60:.4f}分", f"{int(lat)}度{(lat - int(lat)) * 60:.4f}分"),
    ]
    if rng.random() < 0.6:
        in_either(town, rng, ["机构名称", "所属社区", "经纬度", "床位数"], [*ROW[:2], rng.choice(both), 30])
    else:
        in_either(town, rng, HEAD, [*ROW[:2], *rng.choice(apart), 30])
    return right("coordinates_unreadable", within=0.02)


def amounts_in_words(town, rng):
    word = rng.choice(["30张", "30 张", "三十", "30.0", "３０", "30（护理型10）", "约30", "'30", "30床"])
    in_either(town, rng, HEAD, [*ROW[:4], word])
    return right("amount_worded", "amount_unreadable", "amount_range", "amount_format")


def amounts_that_are_none(town, rng):
    in_either(town, rng, HEAD, [*ROW[:4], rng.choice(["-5", "很多", "2024-03-05", "30+20?", "#REF!", "1e9"])])
    return named(
        "amount_unreadable",
        "amount_negative",
        "amount_implausible",
        "amount_format",
        "amount_range",
        "amount_worded",
    )


def type_of_another_spelling(town, rng):
    word = rng.choice(["elder_homes", "eldercare_home", "day_care_elder", "elder-day-care"])
    town.study["facilities"][0]["type"] = word
    town.study["services"]["eldercare"]["facilities"] = [word]
    return named("entry_name_unknown", "entry_name_unknown_meant")


def words_of_types_that_no_list_has(town, rng):
    town.study["facilities"][0] = {"file": "homes.csv", "types": {"日间照料": "elder_day_care"}}
    town.write_homes([*HEAD, "类型"], [*ROW, rng.choice(["老年食堂", "", "日照"])])
    return named("type_unknown", "type_blank", "register_silent")


def names_that_say_closed(town, rng):
    word = rng.choice(["（停用）", "（暂停）", "(已注销)", "【停业】", "（已关闭）"])
    in_either(town, rng, HEAD, [ROW[0] + word, *ROW[1:]])
    return named("name_status", "status_unknown")


def rows_that_are_hidden(town, rng):
    def hide(page):
        page.row_dimensions[3].hidden = True

    workbook(town, [HEAD, ROW, ["二号", "东社区", *lonlat(1520, 530), rng.choice([5, 20])]], hide)
    return named("sheet_hidden_rows")


def formula_without_a_value(town, rng):
    workbook(town, [HEAD, [*ROW[:4], rng.choice(["=10+20", "=SUM(F2:G2)"])]])
    return right("sheet_formulas", "amount_formula")


def stray_cell_far_below(town, rng):
    def stray(page):
        page.cell(rng.choice([40_000, 1_048_576]), rng.choice([1, 30])).value = rng.choice(["x", " ", None])

    workbook(town, [HEAD, ROW], stray)
    return right(
        "sheet_stray_rows", "coordinates_missing", "counts_nowhere", "list_columns_unread", "sheet_too_wide"
    )


def text_of_any_encoding(town, rng):
    how = rng.choice(
        [
            {"encoding": "gbk"},
            {"encoding": "utf-8"},
            {"encoding": "utf-16"},
            {"delimiter": "\t"},
            {"delimiter": ";"},
            {"encoding": "gb18030", "delimiter": "\t"},
        ]
    )
    town.write_homes(HEAD, [ROW[0], "西社区", *ROW[2:]], **how)
    return right()


def line_that_states_the_separator(town, rng):
    mark = rng.choice(";|,")
    path = town.path("homes.csv")
    write_csv(path, [HEAD, ROW], delimiter=mark, encoding="utf-8")
    path.write_text(
        f"sep={mark}\n" + path.read_text(encoding="utf-8"), encoding=rng.choice(["utf-8", "utf-8-sig"])
    )
    return right()


def register_without_rows(town, rng):
    in_either(town, rng, HEAD, *([["合计", None, None, None, 0]] * rng.randrange(2)))
    return named("register_silent", "table_empty")


def two_at_one_point(town, rng):
    in_either(town, rng, HEAD, ROW, ["二号日间照料中心", *ROW[1:4], 30])
    return Right(AS_BEFORE | {"beds.low": 60.0, "beds.high": 60.0, "facilities": 2.0}, frozenset())


def one_row_twice(town, rng):
    in_either(town, rng, HEAD, ROW, list(ROW))
    return right("duplicate_same_name", "duplicate_same_point")


def damaged_workbook(town, rng):
    workbook(town, [HEAD, ROW])
    path = town.path("homes.xlsx")
    data = bytearray(path.read_bytes())
    how = rng.choice(["cut", "page", "flip", "empty"])
    if how == "cut":
        data = data[: rng.randrange(1, len(data) - 10)]
    elif how == "flip":
        for _ in range(40):
            data[rng.randrange(60, len(data))] = rng.randrange(256)
    path.write_bytes(
        b""
        if how == "empty"
        else b"<html><table><tr><td>1</td></tr></table></html>"
        if how == "page"
        else bytes(data)
    )
    return right("file_damaged", "file_is_page", "file_unreadable", "file_not_as_named")


# --- people of communities from an office's table -----------------------------------------------------------------------


def people_table(town, rng, rows, **table):
    if rng.random() < 0.5:
        write_csv(town.path("people.csv"), rows)
    else:
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append(row)
        book.save(town.path("people.xlsx"))
        table["file"] = "people.xlsx"
    entry = {"file": "people.csv", "zone": "社区", "date": "2024-12-31"} | table
    town.study["population"] = {
        "residents": {"raster": "pop.tif", "rake_to": "community", "basis": "户籍", "table": entry},
        "elders_60": {"of": "residents", "rate": 0.2},
    }  # fmt: skip
    return Right({"residents.W": 1200.0, "residents.E": 600.0}, within=1e-4)


def table_of_people(town, rng):
    name = rng.choice(
        [["西社区", "东社区"], ["W", "E"], ["西社区居委会", "东社区居委会"], ["西 社区", "東社區"]]
    )
    rows = [["社区", "人数"], [name[0], 1200], [name[1], rng.choice([600, "600", "６００", "600人"])]]
    rng.shuffle(rows[1:])
    found = people_table(town, rng, rows, count="人数")
    return Right(found.figures, frozenset({"zone_rows_unknown", "table_unknown"}), found.within)


def table_of_people_with_totals(town, rng):
    rows = [["社区", "人数"], ["西社区", 1200], ["东社区", 600], [rng.choice(["合计", "总计", "小计"]), 1800]]
    return people_table(town, rng, rows, count="人数")


def table_of_people_in_bands(town, rng):
    rows = [["社区", "0-17岁", "18-59岁", "60岁及以上"], ["西社区", 200, 800, 200], ["东社区", 100, 400, 100]]
    return people_table(town, rng, rows, **rng.choice([{"count": rows[0][1:]}, {"ages": "0+"}]))


def table_that_lacks_a_community(town, rng):
    rows = [["社区", "人数"], ["西社区", 1200], *([["东社区", None]] if rng.random() < 0.5 else [])]
    people_table(town, rng, rows, count="人数")
    return named(
        "zone_rows_absent", "table_unknown", "zone_rows_cell", "rake_unknown_totals", "group_unknown"
    )


def table_with_a_name_that_nothing_has(town, rng):
    rows = [
        ["社区", "人数"],
        ["西社区", 1200],
        ["东社区", 600],
        [rng.choice(["北社区", "未知", "南新村"]), 50],
    ]
    people_table(town, rng, rows, count="人数")
    return named("zone_rows_unknown")


def table_in_which_a_name_stands_twice(town, rng):
    rows = [["社区", "人数"], ["西社区", 1200], ["东社区", 600], ["东社区", rng.choice([600, 700])]]
    people_table(town, rng, rows, count="人数")
    return named("zone_rows_twice")


@variants(
    rows_of_totals, header_of_two_rows, title_above_the_header, headers_in_other_writing, coordinates_in_usual_writings, amounts_in_words,
    amounts_that_are_none, type_of_another_spelling, words_of_types_that_no_list_has, names_that_say_closed, rows_that_are_hidden,
    formula_without_a_value, text_of_any_encoding, line_that_states_the_separator, register_without_rows, two_at_one_point, one_row_twice,
    damaged_workbook,
    seeds=2,
)  # fmt: skip
def test_registers(mutator, seed, tmp_path):
    check(mutator, seed, tmp_path)


@variants(stray_cell_far_below, seeds=2)
def test_stray_cells(mutator, seed, tmp_path):
    check(mutator, seed, tmp_path)


@variants(
    table_of_people, table_of_people_with_totals, table_of_people_in_bands, table_that_lacks_a_community, table_with_a_name_that_nothing_has,
    table_in_which_a_name_stands_twice,
    seeds=2,
)  # fmt: skip
def test_people_of_tables(mutator, seed, tmp_path):
    check(mutator, seed, tmp_path)
