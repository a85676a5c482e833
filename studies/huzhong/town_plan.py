"""What the demo town holds: its places, people, estates and registers, as tables.

The plan's own figures (呼政办规〔2023〕1号, as of July 2022) are 3,164 people of 60 and over; 2 homes with 22 beds, 8 of
them for nursing; 5 day-care rooms with 15 beds, of which only 向阳 and 北秀 are named; 1 public kindergarten with 20
places; a centre of 100 beds still being built. Everything else - where things stand, how people are spread, the 12,000
residents, the estates, floor areas, years - is assumed for the demonstration.
"""

from dataclasses import dataclass

SEED = 20230307
#: Middle of the town (WGS 84) and the metric CRS in which it is drawn (CGCS2000, 3-degree zone, 123 E).
MIDDLE = (123.57, 52.04)
CRS = 4550
#: Half axes of the town's outline, metres.
OUTLINE_M = (2050.0, 1650.0)
#: Middles of the two cores, where blocks are small and most people live, metres from the middle.
CORES = ((-450.0, -500.0), (-800.0, 800.0), (1100.0, 850.0))
#: Where else people live close together: the walled compound the blocks by the station, a village, the bridgehead.
LIVED_IN = (*CORES, (620.0, -760.0), (-1350.0, -650.0), (1600.0, 300.0), (20.0, 460.0))
#: Assumed, for people in estates.
PEOPLE_PER_HOUSEHOLD = 2.3
RIVER_WIDTH_M = 64.0
#: The one bridge stands where the river has this x.
BRIDGE_X = -120.0
#: Hill: x, y, radius (metres), height above the valley (metres).
HILLS = ((1250.0, -900.0, 520.0, 95.0), (-1750.0, 300.0, 430.0, 70.0))


@dataclass(frozen=True)
class Community:
    """One community: where it lies, metres from the middle, and its given totals."""

    code: str
    name: str
    town: str
    kind: str
    x: float
    y: float
    residents: int
    elders_60: int
    households: int


TOWNS = {"HZ01": "呼中镇", "HZ02": "碧水镇"}
#: Residents add up to 12,000 (assumed), elders to 3,164 (as published).
COMMUNITIES = (
    Community("HZ0101", "向阳社区", "呼中镇", "城镇完整社区", -500, -430, 2350, 610, 1020),
    Community("HZ0102", "北秀社区", "呼中镇", "城镇完整社区", -800, 800, 2100, 545, 910),
    Community("HZ0103", "南苑社区", "呼中镇", "城镇社区", -420, -1200, 1480, 372, 640),
    Community("HZ0104", "东山社区", "呼中镇", "城镇社区", 480, -760, 1150, 318, 500),
    Community("HZ0105", "站前社区", "呼中镇", "城镇社区", -1350, -550, 1260, 305, 550),
    Community("HZ0106", "松岭村", "呼中镇", "村", -1600, 900, 430, 131, 185),
    Community("HZ0201", "碧水社区", "碧水镇", "城镇社区", 1050, 800, 1420, 372, 620),
    Community("HZ0202", "河湾社区", "碧水镇", "城镇社区", 150, 850, 980, 262, 425),
    Community("HZ0203", "桦林村", "碧水镇", "村", 1650, 400, 390, 121, 170),
    Community("HZ0204", "石坡村", "碧水镇", "村", 1450, -700, 440, 128, 190),
)

#: Estates (小区台账): id, name, community, type, year built, households, dwellings, eldercare rooms m2, childcare rooms m2,
#: handed over, and where. A blank is unknown. Those with more than one block are walled.
ESTATE_COLUMNS = (
    "小区编号", "小区名称", "所属社区", "类型", "建成年份", "户数", "住宅套数",
    "养老服务用房面积", "托育用房面积", "是否移交",
)  # fmt: skip
ESTATES = (
    ("XQ01", "桦苑小区", "向阳社区", "新建", 2023, 160, 168, 48.0, 30.0, "是", (-760, -250)),
    ("XQ02", "向阳新城", "向阳社区", "新建", 2024, 140, 148, 18.2, 0.0, "是", (-250, -700)),
    ("XQ03", "北秀家园", "北秀社区", "新建", 2024, 120, 124, 36.0, 0.0, "否", (-560, 1060)),
    ("XQ04", "站前小区", "站前社区", "已建成具备条件", 2006, 130, 134, 23.4, 0.0, "是", (-1250, -800)),
    ("XQ05", "林场家属院", "东山社区", "已建成具备条件", 1998, 260, 264, 20.0, 0.0, "是", (620, -760)),
    ("XQ06", "南苑小区", "南苑社区", "已建成不具备条件", 1989, 150, 154, 0.0, 0.0, "否", (-520, -1150)),
    ("XQ07", "河湾小区", "河湾社区", "已建成具备条件", 2001, 110, 112, 0.0, 0.0, "是", (180, 900)),
    ("XQ08", "碧水小区", "碧水社区", "新建", 2022, 100, 104, None, 0.0, "是", (950, 1000)),
)
#: The walled compound (林场家属院) takes in every block whose middle lies in this ellipse: x, y, half axes (metres).
COMPOUND = (640.0, -760.0, 330.0, 260.0)
CLOSED_GATE, OPEN_GATE = "林场家属院西门", "林场家属院东门"

ELDER_COLUMNS = (
    "机构名称", "机构类型", "所属镇", "所属社区", "服务社区", "经度", "纬度", "床位数", "护理型床位数", "入住人数",
    "建筑面积", "性质", "是否普惠", "内设医疗机构", "运营状态", "启用年份", "地址", "备注",
)  # fmt: skip
#: Eldercare register. x, y in metres from the middle, None: no coordinates in the register.
ELDERCARE = (
    ("呼中区社会福利院", "养老机构", "呼中镇", "北秀社区", "", (-1060, 760), 10, 6, 7, 620.0, "公办", "是", "是", "运营", 2009, "", ""),
    ("碧水镇松鹤养老院", "养老机构", "碧水镇", "碧水社区", "", (1250, 720), 12, 2, 6, 480.0, "民办", "否", "否", "运营", 2016, "", "名称为示例"),
    ("向阳社区日间照料室", "日间照料室", "呼中镇", "向阳社区", "向阳社区", (-170, -60), 3, 0, 0, 260.0, "公办", "是", "否", "运营", 2019, "", ""),
    ("北秀社区日间照料室", "日间照料室", "呼中镇", "北秀社区", "北秀社区、松岭村", (-930, 860), 3, 0, 0, 220.0, "公办", "是", "否", "运营", 2019, "", ""),
    ("日间照料室3", "日间照料室", "呼中镇", "东山社区", "东山社区", (270, -740), 3, 0, 0, 180.0, "公办", "是", "否", "运营", 2020, "", "位置为示例"),
    ("日间照料室4", "日间照料室", "碧水镇", "碧水社区", "碧水社区", (880, 800), 3, 0, 0, 160.0, "公办", "是", "否", "运营", 2021, "", "位置为示例"),
    ("日间照料室5", "日间照料室", "碧水镇", "石坡村", "石坡村", None, 3, 0, 0, 120.0, "公办", "是", "否", "运营", 2021, "石坡村村委会院内", "无坐标"),
    ("向阳居家养老服务站", "居家养老服务站", "呼中镇", "向阳社区", "向阳社区", (-420, -520), 0, 0, 0, 90.0, "公办", "是", "否", "运营", 2020, "", "示例"),
    ("碧水居家养老服务站", "居家养老服务站", "碧水镇", "碧水社区", "碧水社区", (900, 650), 0, 0, 0, 80.0, "公办", "是", "否", "运营", 2021, "", "示例"),
    ("呼中区公办养老服务中心", "养老机构", "呼中镇", "站前社区", "", (-1480, -420), 100, None, 0, 4909.14, "公办", "是", "是", "在建", None, "", "方案拟2023年完工"),
)  # fmt: skip
CHILD_COLUMNS = (
    "机构名称", "机构类型", "所属镇", "所属社区", "百度经度", "百度纬度", "托位数", "普惠托位数", "建筑面积", "性质",
    "是否备案", "运营状态", "启用年份",
)  # fmt: skip
CHILDCARE = (
    ("呼中区示例公办幼儿园托班", "幼儿园托班", "呼中镇", "向阳社区", (-640, -470), 20, 20, 410.0, "公办", "是", "运营", 2021),
    ("示例托育点（已停用）", "托育机构", "碧水镇", "碧水社区", (1020, 620), 15, 0, 150.0, "民办", "否", "停用", 2018),
)  # fmt: skip
