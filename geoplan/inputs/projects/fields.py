"""What a project list says: the table of its fields, and amounts, years and towns inside sentences.

Offices write project lists (项目库) for people to read: a cell of content says ``新增托位118个`` where a register has a column. A new
field is one line of the table.
"""

import math
import re
from collections.abc import Mapping
from typing import Any

from geoplan.inputs.facilities.fields import ATTRIBUTES
from geoplan.inputs.facilities.fields import FIELDS as REGISTER_FIELDS
from geoplan.inputs.lists.cells import cell_text, read_amount
from geoplan.inputs.lists.fields import PLACE_FIELDS, Fields, field, table

#: Every field by name, in the order of the documentation.
FIELDS: Fields = table(
    field("id", "text", "序号 编号 项目编号 项目序号 id"),
    field("name", "text", "项目名称 名称 工程名称 建设项目 name"),
    field("type", "text", "类别 项目类别 类型 项目类型 设施类型 设施类别 领域 type"),
    field("works", "text", "建设性质 建设方式 建设类型 项目性质 works"),
    field("place", "text", "建设地点 地点 建设地址 项目地点 位置 地址 所在地 place address"),
    field("content", "text", "建设内容及规模 建设规模及内容 建设规模和内容 建设内容和规模 建设内容 建设规模 主要建设内容 主要建设内容及规模 原文 content"),
    field("facilities", "amount", "处数 设施数 设施数量 个数 点位数 facilities"),
    field("beds", "amount", "新增床位 新增床位数 新增养老床位 床位 床位数 养老床位数 设计床位 beds"),
    field("nursing_beds", "amount", "新增护理型床位 新增护理型床位数 护理型床位 护理型床位数 nursing_beds"),
    field("places", "amount", "新增托位 新增托位数 托位 托位数 places"),
    field("inclusive_places", "amount", "新增普惠托位 新增普惠托位数 普惠托位 普惠托位数 inclusive_places"),
    field("floor_area_m2", "area", "建筑面积 总建筑面积 新增建筑面积 floor_area_m2"),
    field("approximate", "text", "面积为约数 约数 approximate"),
    field("area_scope", "text", "面积口径 建筑面积口径 area_scope"),
    field("cost", "money", "总投资 投资 投资额 投资总额 估算投资 投资估算 计划总投资 计划投资 总投资额 cost"),
    field("funds", "text", "资金来源 资金渠道 资金筹措 funds"),
    field("years", "text", "建设年限 建设起止年限 起止年限 建设周期 建设期限 起止时间 建设时间 years"),
    field("start_year", "year", "开始年份 开工年份 开工时间 开始时间 计划开工时间 start_year"),
    field("open_year", "year", "完成年份 完工年份 竣工年份 建成年份 完成时间 完工时间 竣工时间 建成时间 计划完成时间 投用年份 open_year"),
    field("unit", "text", "责任单位 实施单位 建设单位 牵头单位 责任部门 项目单位 项目业主 unit"),
    field("serves", "text", "服务社区 服务范围 覆盖社区 辐射社区 serves"),
    field("indicators", "text", "支撑指标 对应指标 支撑的指标 指标名称 indicators"),
    field("extends", "text", "依托设施 原设施 原机构 依托机构 改扩建对象 extends"),
    field("note", "text", "备注 说明 note"),
    *PLACE_FIELDS,
    *(REGISTER_FIELDS[name] for name in ATTRIBUTES),
)  # fmt: skip

#: Amounts that a project adds, in the order of `tables.PROJECTS`.
ADDED = ("beds", "nursing_beds", "places", "inclusive_places", "floor_area_m2")

#: Words of the category column -> family.
FAMILY_WORDS: Mapping[str, str] = {
    "托育": "child", "托幼": "child", "一小": "child", "养老": "elder", "一老": "elder", "老年": "elder",
}  # fmt: skip

#: Words of a place that name none.
VAGUE_PLACE = re.compile(r"相关|有关|各(乡|镇|街|区|社|村)|全(区|市|县|域)|若干|待定|未定|另行|部分")
#: A remark that the floor area is that of the whole house and not of what is added.
WHOLE_AREA = re.compile(r"整所|整园|全园|整栋|整个(园|院|楼)|原有建筑")

_AREA = r"(?:平方米|平米|m2|㎡)"
#: Amounts inside a sentence; each group 1 is the number.
IN_TEXT: Mapping[str, str] = {
    "beds": r"床位[^\d,。;，；]{0,4}(\d+)张|(\d+)张[^,。;，；]{0,4}床位",
    "nursing_beds": r"护理型床位[^\d,。;，；]{0,4}(\d+)张|(\d+)张护理型床位",
    "places": r"托位[^\d,。;，；]{0,4}(\d+)个|(\d+)个[^,。;，；]{0,4}托位",
    "floor_area_m2": rf"建筑面积[^\d,。;，；]{{0,3}}([\d.]+)(?:余|多)?{_AREA}",
}


def read_span(cell: Any) -> tuple[float, float]:  # noqa: ANN401 - a cell holds anything
    """Return the first and last year that a cell names; one year alone is the last.

    Examples
    --------
    >>> read_span("2021-2022"), read_span("2023年底前"), read_span("待定")
    ((2021.0, 2022.0), (nan, 2023.0), (nan, nan))
    """
    years = [float(year) for year in re.findall(r"(?<!\d)((?:19|20)\d{2})(?!\d)", cell_text(cell))]
    if not years:
        return math.nan, math.nan
    return (years[0] if len(years) > 1 else math.nan), years[-1]


def amount_in_text(text: str, supply: str) -> float:
    """Return the one amount of `supply` that a sentence states; NaN where it states none, several, or one for each of several.

    Examples
    --------
    >>> amount_in_text("新增托位118个", "places"), amount_in_text("3处分别设计床位150张", "beds")
    (118.0, nan)
    """
    if supply not in IN_TEXT or re.search(r"分别|各(自|新增|设)", text):
        return math.nan
    found = {next(filter(None, hit.groups())) for hit in re.finditer(IN_TEXT[supply], cell_text(text))}
    return float(found.pop()) if len(found) == 1 else math.nan


def approximate_words(text: str) -> list[str]:
    """Return the words of a sentence that say about how much.

    Examples
    --------
    >>> approximate_words("总用地面积800多平米,总体建筑面积为2100多平米,新增托位100个")
    ['800多平米', '2100多平米']
    """
    unit = r"(?:平方米|平米|亩|张|个|套|万元)?"
    found: list[str] = re.findall(rf"约[\d.]+万?{unit}|[\d.]+万?(?:多|余){unit}", cell_text(text))
    return found


def town_named(text: str) -> str:
    """Return the town or street office that a project's name begins with, behind province, city and district; may be empty.

    Examples
    --------
    >>> town_named("重庆市黔江区城东街道汉尼贝贝托育中心"), town_named("金溪、马喇、石家片区敬老院"), town_named("相关乡镇")
    ('城东街道', '', '')
    """
    if VAGUE_PLACE.search(text):
        return ""
    for part in re.split(r"[省市区县]", cell_text(text)):
        found = re.match(r"([\u4e00-\u9fff]{1,4}?(?:街道|镇|乡(?!村)))", part)
        if found:
            return found[1]
    return ""


def family_of_word(word: str) -> str | None:
    """Return ``elder`` or ``child`` for a category such as 养老 or 托育; None for any other word."""
    return next((family for key, family in FAMILY_WORDS.items() if key in word), None)


def read_added(cell: Any, factor: float) -> tuple[float, float, str]:  # noqa: ANN401 - a cell holds anything
    """Return least and most of an amount (NaN where the cell says nothing) and what was odd."""
    amount = read_amount(cell)
    if amount.low == 0 and math.isinf(amount.high):
        return math.nan, math.nan, "" if amount.code == "amount_blank" else amount.code
    return amount.low * factor, amount.high * factor, amount.code
