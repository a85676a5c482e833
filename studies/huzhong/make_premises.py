"""Make the demo town's list of premises (存量用房): where day care and childcare may go, the same bytes every time.

Run it from anywhere: ``python studies/huzhong/make_premises.py``. Everything in it is made up. The premises stand beside the demo's
streets where most of its gaps can be closed, but none closes all: 东山社区 needs two, for its compound's west gate is shut.
"""

import datetime as dt
from pathlib import Path

import xlsxwriter
from town_write import gcj02, to_lonlat

FILE = Path(__file__).resolve().parents[2] / "data" / "facilities" / "huzhong_premises.xlsx"
TITLE = "呼中区示例城镇存量用房清单（演示数据，均为虚构，不作为决策依据）"
HEADERS = (
    "序号", "名称", "地址", "所属镇", "所属社区", "经度", "纬度", "建筑面积（平方米）", "楼层", "权属", "可使用年限", "可设服务", "建设性质",
    "改造投资估算（万元）", "年租金（万元）", "最多床位", "最多托位", "必选/禁选", "二选一组", "依托设施", "可用年份", "备注",
)  # fmt: skip
#: Where in the row longitude and latitude stand (GCJ-02); here metres from the middle of the town in one cell.
AT = HEADERS.index("经度")
AREA, COST = HEADERS.index("建筑面积（平方米）"), HEADERS.index("改造投资估算（万元）")

#: One premises a row: name, address, town, community, where, area, storey, owner, years, services, works, cost, rent, beds, places,
#: rule, either-or, enlarged facility, first year, remark.
PREMISES = (
    ("南苑社区闲置综合楼", "中央路南段", "呼中镇", "南苑社区", (-393, -1300), 260, "一至二层", "社区集体", 15, "日间照料、托育", "改扩建",
     45, None, 10, 16, None, None, None, None, None),
    ("南苑小区物业用房", "中央路与南苑路路口", "呼中镇", "南苑社区", (-432, -1172), 110, "一层", "物业公司", 10, "日间照料", "改扩建",
     22, None, 4, 0, None, None, None, None, None),
    ("原客运站候车室", "站前路", "呼中镇", "站前社区", (-1263, -690), 380, "一层", "区交通局", 20, "日间照料、托育", "置换",
     64, None, 14, 20, None, "站前", None, None, "与站前社区用房二选一"),
    ("站前社区用房", "站前路", "呼中镇", "站前社区", (-1245, -604), 150, "一层", "社区集体", 15, "日间照料、托育", "改扩建",
     30, None, 5, 9, None, "站前", None, None, "与原客运站候车室二选一"),
    ("东山社区闲置校舍", "兴安大街东段", "呼中镇", "东山社区", (655, -549), 640, "一至二层", "区教育局", 20, "养老、托育", "改扩建",
     96, None, 20, 30, None, None, None, None, "原东山小学"),
    ("林场旧办公楼", "兴安大街东段", "呼中镇", "东山社区", (922, -437), 520, "一至二层", "林场", 20, "养老、托育", "改扩建",
     88, None, 16, 24, None, None, None, 2027, "林场2026年底腾退"),
    ("林场家属院底层商铺", "林场家属院内", "呼中镇", "东山社区", (612, -752), 130, "一层", "林场", 8, "日间照料、托育", "租赁",
     None, 2.4, 4, 8, None, None, None, None, "只有租金"),
    ("石坡村原村小", "兴安大街东端", "碧水镇", "石坡村", (1517, -427), 210, "一层", "区教育局", 20, "日间照料、托育", "改扩建",
     34, None, 6, 12, None, None, None, None, None),
    ("石坡村村委会旧办公室", "石坡村村委会院内", "碧水镇", "石坡村", None, 90, "一层", "村集体", 20, "日间照料", "改扩建",
     12, None, 4, 0, None, None, None, None, "无坐标"),
    ("桦林村闲置校舍", "桦林村西口", "碧水镇", "桦林村", (1436, 576), 240, "一层", "村集体", 20, "日间照料、托育", "改扩建",
     36, None, 8, 14, None, None, None, None, None),
    ("碧水社区综合服务楼二层", "北秀路东段", "碧水镇", "碧水社区", (1014, 892), 300, "二层", "社区集体", 15, "托育", "改扩建",
     None, None, 0, 20, None, None, None, None, "投资未载明"),
    ("松鹤养老院东侧用房", "北秀路东段", "碧水镇", "碧水社区", None, 200, "一层", "民办", 15, "养老", "改扩建",
     40, None, 8, 0, None, None, "碧水镇松鹤养老院", None, "在原院扩建，用原院点位"),
    ("河湾社区用房", "中央路北段", "碧水镇", "河湾社区", (-20, 818), 280, "一至二层", "社区集体", 15, "日间照料、托育", "改扩建",
     50, None, 8, 16, None, None, None, None, None),
    ("河湾小区物业用房", "河湾小区", "碧水镇", "河湾社区", (246, 990), 110, "一层", "物业公司", 10, "日间照料", "租赁",
     None, 1.8, 4, 0, None, None, None, None, "只有租金"),
    ("北秀闲置幼儿园", "北秀路", "呼中镇", "北秀社区", (-729, 839), 450, "一至二层", "区教育局", 20, "托育", "改扩建",
     72, None, 0, 36, "必选", None, None, None, "已列入区政府承诺事项"),
    ("松岭村原供销社", "北秀路西段", "呼中镇", "松岭村", (-1300, 771), None, "一层", "供销社", 15, "日间照料、托育", "改扩建",
     20, None, 4, 8, None, None, None, None, "面积待测绘"),
    ("向阳旧粮店", "兴安大街", "呼中镇", "向阳社区", (-505, -446), 340, "一层", "粮食公司", 5, "日间照料、托育", "改扩建",
     26, None, 10, 18, "禁选", None, None, None, "C级危房"),
    ("向阳新城配套用房", "中央路", "呼中镇", "向阳社区", (-252, -694), 160, "一层", "开发企业移交", 30, "日间照料、托育", "置换",
     24, None, 6, 10, None, None, None, None, None),
)  # fmt: skip


def rows() -> list[list[object]]:
    """Return the list as it is written: numbered, with longitude and latitude in GCJ-02, and a row of totals."""
    place = to_lonlat()
    out: list[list[object]] = []
    for number, premises in enumerate(PREMISES, start=1):
        row: list[object] = [number, *premises]
        where = premises[AT - 1]
        row[AT : AT + 1] = [None, None] if where is None else [round(v, 6) for v in gcj02(*place(*where))]
        out.append(row)
    total: list[object] = ["合计", *([None] * (len(HEADERS) - 1))]
    for column in (AREA, COST):
        total[column] = sum(row[column] for row in out if row[column] is not None)  # type: ignore[misc]
    return [*out, total]


def main() -> None:
    """Write the workbook."""
    book = xlsxwriter.Workbook(str(FILE))
    book.set_properties({"title": TITLE, "created": dt.datetime(2024, 3, 7, tzinfo=dt.UTC)})
    page = book.add_worksheet("存量用房")
    bold = book.add_format({"bold": True})
    page.write(0, 0, TITLE)
    page.write_row(1, 0, HEADERS, bold)
    for number, row in enumerate(rows(), start=2):
        for column, value in enumerate(row):
            if value is not None:
                page.write(number, column, value)
    page.freeze_panes(2, 2)
    page.set_column(0, 0, 6)
    page.set_column(1, 2, 22)
    page.set_column(3, len(HEADERS) - 1, 12)
    book.close()


if __name__ == "__main__":
    main()
