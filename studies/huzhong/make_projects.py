"""Make the demo town's project list (项目库), the same bytes every time.

Run it from anywhere: ``python studies/huzhong/make_projects.py``. The published plan names annexes with its projects that are not in
the stored text; only the public centre of 100 beds (4,909.14 m²) and the 75 places are its own. Everything else is made up.
"""

import datetime as dt
import json
import zipfile
from pathlib import Path

import openpyxl
import shapely

DATA = Path(__file__).resolve().parents[2] / "data"
FILE = DATA / "facilities" / "huzhong_projects.xlsx"


def community_points() -> dict[str, tuple[float, float]]:
    """Return a point (WGS 84 longitude, latitude) inside each community of the demo town, by name."""
    text = (DATA / "boundaries" / "huzhong_communities.geojson").read_text(encoding="utf-8")
    shapes = {
        f["properties"]["社区名称"]: shapely.from_geojson(json.dumps(f["geometry"]))
        for f in json.loads(text)["features"]
    }
    points = {name: shape.representative_point() for name, shape in shapes.items()}
    return {name: (round(point.x, 6), round(point.y, 6)) for name, point in points.items()}


POINT = community_points()
HEADERS = (
    "序号", "项目名称", "类别", "建设性质", "建设地点", "建设内容及规模", "新增床位", "新增护理型床位", "新增托位", "建筑面积", "总投资（万元）",
    "资金来源", "建设年限", "责任单位", "服务社区", "支撑指标", "依托设施", "是否备案", "是否普惠", "公办", "经度", "纬度", "备注",
)  # fmt: skip
#: One project a row; a project's point is one inside its community.
ROWS = (
    (1, "呼中区托育综合服务中心", "托育", "新建", "南苑社区", "新建托育综合服务中心1处，新增托位40个", None, None, 40, 520, 120,
     "中央预算内投资、区级财政", "2023-2025", "区卫健局", "南苑社区、东山社区", "每千人口拥有3岁以下婴幼儿托位数(个)、登记备案的托育机构(家)", None,
     "是", "是", "是", *POINT["南苑社区"], "示例"),
    (2, "碧水镇松鹤养老院护理型床位改造", "养老", "改扩建", "碧水社区", "将5张普通床位改造为护理型床位，不增加床位总数", 0, 5, None, 0, 15,
     "福利彩票公益金", "2024-2025", "区民政局", None, "养老机构护理型床位占比", "碧水镇松鹤养老院", None, None, None, None, None, "示例"),
    (3, "南苑社区日间照料室", "养老", "租赁", "南苑社区", "租赁用房设日间照料室1处", 3, 0, None, 160, None,
     "区级财政", "2024-2025", "区民政局", "南苑社区", "社区日间照料机构覆盖率", None, None, "是", "是", *POINT["南苑社区"], "投资未载明"),
    (4, "站前社区日间照料室", "养老", "购置", "站前社区", "购置用房设日间照料室1处", 3, 0, None, 180, None,
     "区级财政", "2024-2025", "区民政局", "站前社区", "社区日间照料机构覆盖率", None, None, "是", "是", *POINT["站前社区"], "投资未载明"),
    (5, "河湾社区日间照料室", "养老", "置换", "河湾社区", "置换用房设日间照料室1处", 3, 0, None, 150, None,
     "区级财政", "2025-2026", "区民政局", "河湾社区", "社区日间照料机构覆盖率", None, None, "是", "是", None, None, "2026年完成，2025年不计"),
    (6, "南苑社区居家养老服务站", "养老", "租赁", "南苑社区", "租赁用房设居家养老服务站1处", 0, 0, None, 80, 8,
     "区级财政", "2024", "区民政局", "南苑社区", "城市社区居家养老覆盖率", None, None, "是", "是", *POINT["南苑社区"], "示例"),
    (7, "呼中镇幼儿园托班", "托育", "改扩建", "相关社区", "利用幼儿园空余用房设托班1个", None, None, 20, None, None,
     "区级财政", "2024-2025", "区教育局", None, "拟设置托位(个)", None, "是", "是", "是", None, None, "地点待定"),
    ("合计", None, None, None, None, None, None, None, None, None, 143, None, None, None, None, None, None, None, None, None, None, None, None),
)  # fmt: skip
#: Workbooks carry dates of making; this one keeps the plan's.
MADE = dt.datetime(2023, 3, 7, tzinfo=dt.UTC).replace(tzinfo=None)


def main() -> None:
    """Write the workbook."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "项目库"
    sheet.append(["呼中区“一老一小”项目库（演示数据，不作为决策依据）"])
    sheet.append(HEADERS)
    for row in ROWS:
        sheet.append(row)
    book.properties.created = book.properties.modified = MADE
    book.save(FILE)
    _without_clock(FILE)


def _without_clock(path: Path) -> None:
    """Write the parts of the workbook again in their order under one date: openpyxl takes that of the clock."""
    with zipfile.ZipFile(path) as file:
        parts = [(name, file.read(name)) for name in file.namelist()]
    stamp = MADE.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in parts:
            if name == "docProps/core.xml":
                head, _, tail = content.partition(b"<dcterms:modified")
                inner = tail.partition(b">")[0]
                rest = tail.partition(b"</dcterms:modified>")[2]
                content = head + b"<dcterms:modified" + inner + b">" + stamp + b"</dcterms:modified>" + rest  # noqa: PLW2901
            info = zipfile.ZipInfo(name, date_time=MADE.timetuple()[:6])
            info.compress_type = zipfile.ZIP_DEFLATED
            file.writestr(info, content)


if __name__ == "__main__":
    main()
