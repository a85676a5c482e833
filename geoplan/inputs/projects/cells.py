"""What a project list says, cell by cell: its headers, kinds of works, money, years, and amounts inside sentences.

Offices write project lists (项目库) for people to read: a cell of content says ``新增托位118个`` where a register has a column.
Every reader returns what it understood and, where something was odd, a code. Unknown is never zero.
"""

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from geoplan.inputs.facilities.cells import is_blank, plain, read_amount
from geoplan.inputs.facilities.columns import FIELDS as REGISTER_FIELDS
from geoplan.inputs.facilities.columns import FLAGS, clean_header
from geoplan.words.errors import InputError, Note

#: Field -> recognised headers, cleaned, the preferred one first.
HEADERS: Mapping[str, tuple[str, ...]] = {
    name: tuple(headers.split())
    for name, headers in {
        "id": "序号 编号 项目编号 项目序号 id",
        "name": "项目名称 名称 工程名称 建设项目 name",
        "type": "类别 项目类别 类型 项目类型 设施类型 设施类别 领域 type",
        "works": "建设性质 建设方式 建设类型 项目性质 works",
        "place": "建设地点 地点 建设地址 项目地点 位置 地址 所在地 place address",
        "town": "所属街道 所在街道 街道 街道乡镇 乡镇街道 乡镇 镇街 所属乡镇 所属镇 town",
        "community": "所属社区 所在社区 社区 社区村 所属村 community",
        "content": "建设内容及规模 建设规模及内容 建设规模和内容 建设内容和规模 建设内容 建设规模 主要建设内容 主要建设内容及规模 原文 content",
        "facilities": "处数 设施数 设施数量 个数 点位数 facilities",
        "beds": "新增床位 新增床位数 新增养老床位 床位 床位数 养老床位数 设计床位 beds",
        "nursing_beds": "新增护理型床位 新增护理型床位数 护理型床位 护理型床位数 nursing_beds",
        "places": "新增托位 新增托位数 托位 托位数 places",
        "inclusive_places": "新增普惠托位 新增普惠托位数 普惠托位 普惠托位数 inclusive_places",
        "floor_area_m2": "建筑面积 总建筑面积 新增建筑面积 floor_area_m2",
        "approximate": "面积为约数 约数 approximate",
        "area_scope": "面积口径 建筑面积口径 area_scope",
        "cost": "总投资 投资 投资额 投资总额 估算投资 投资估算 计划总投资 计划投资 总投资额 cost",
        "funds": "资金来源 资金渠道 资金筹措 funds",
        "years": "建设年限 建设起止年限 起止年限 建设周期 建设期限 起止时间 建设时间 years",
        "start_year": "开始年份 开工年份 开工时间 开始时间 计划开工时间 start_year",
        "open_year": "完成年份 完工年份 竣工年份 建成年份 完成时间 完工时间 竣工时间 建成时间 计划完成时间 投用年份 open_year",
        "unit": "责任单位 实施单位 建设单位 牵头单位 责任部门 项目单位 项目业主 unit",
        "serves": "服务社区 服务范围 覆盖社区 辐射社区 serves",
        "indicators": "支撑指标 对应指标 支撑的指标 指标名称 indicators",
        "extends": "依托设施 原设施 原机构 依托机构 改扩建对象 extends",
        "lon": "经度 东经 lon lng x",
        "lat": "纬度 北纬 lat y",
        "lonlat": "经纬度 坐标 lonlat",
        "note": "备注 说明 note",
        **{flag: " ".join(REGISTER_FIELDS[flag].headers) for flag in FLAGS},
    }.items()
}

#: Amounts that a project adds, in the order of `tables.PROJECTS`.
ADDED = ("beds", "nursing_beds", "places", "inclusive_places", "floor_area_m2")

#: Kinds of works as lists write them; the longest word that stands in the cell decides.
WORKS: Mapping[str, str] = {
    "新建": "new", "迁建": "new", "改扩建": "extend", "改建": "extend", "扩建": "extend", "改造": "extend", "提升": "extend",
    "装修": "extend", "购置": "buy", "购买": "buy", "回购": "buy", "置换": "swap", "租赁": "rent", "租用": "rent",
}  # fmt: skip

#: Types that a project's name shows, in the order in which they are tried: family, words, facility type.
NAMED_TYPES: tuple[tuple[str, str, str], ...] = (
    ("child", r"综合指导中心", "childcare_guidance_centre"),
    ("child", r"幼儿园|托班|托幼", "kindergarten_class"),
    ("child", r"单位办托|用人单位", "workplace_childcare"),
    ("child", r"驿站", "childcare_station"),
    ("child", r"家庭托育", "home_childcare"),
    ("child", r"托育|托位|早教|婴幼儿|托儿|母婴", "childcare"),
    ("elder", r"失能.*照护|集中照护", "disabled_care_centre"),
    ("elder", r"失智|认知障碍照护|认知症照护", "dementia_home"),
    ("elder", r"日间照料|日托", "elder_day_care"),
    ("elder", r"居家养老服务中心", "home_care_centre"),
    ("elder", r"居家养老", "home_care"),
    ("elder", r"综合养老服务中心|综合性养老", "combined_eldercare"),
    ("elder", r"助餐|食堂", "elder_canteen"),
    ("elder", r"敬老院|养老院|福利院|康养|怡康院|老年公寓|老年乐园|医养|颐养|养老服务中心|养老机构|护理院", "elder_home"),
)  # fmt: skip
#: Words of the category column -> family.
FAMILY_WORDS: Mapping[str, str] = {
    "托育": "child",
    "托幼": "child",
    "一小": "child",
    "养老": "elder",
    "一老": "elder",
    "老年": "elder",
}

#: Facility types as geoplan prints them (`standards/vocabulary.yaml`): a category column that holds such words alone means these
#: types, so that its own sheet of sites reads back as a project list.
PRINTED_TYPES: Mapping[str, str] = {
    "养老机构": "elder_home",
    "护理院（养老）": "nursing_home",
    "失智照护机构": "dementia_home",
    "失能特困人员集中照护中心": "disabled_care_centre",
    "社区日间照料设施": "elder_day_care",
    "居家养老服务中心": "home_care_centre",
    "居家养老服务站点": "home_care",
    "老年人托养护理照料机构": "elder_respite_care",
    "综合养老服务中心": "combined_eldercare",
    "老年助餐点": "elder_canteen",
    "医养康养结合服务机构": "medical_and_care",
    "医养融合康复服务中心": "medical_and_care_centre",
    "老年学校": "elder_school",
    "老年大学": "elder_university",
    "老年大学教学点": "elder_university_point",
    "托育机构": "childcare",
    "幼儿园托班": "kindergarten_class",
    "社区婴幼儿照护驿站": "childcare_station",
    "用人单位托育点": "workplace_childcare",
    "家庭托育点": "home_childcare",
    "区级托育服务综合指导中心": "childcare_guidance_centre",
    "市级托育服务综合指导中心": "city_childcare_guidance_centre",
    "幼儿园": "kindergarten",
    "基层医疗卫生机构": "primary_care",
    "医院": "hospital",
    "二级及以上综合医院": "general_hospital_2",
    "一老一小服务场景": "service_scene",
    "公共场所": "public_venue",
    "母婴设施": "nursing_room",
    "小区配建用房": "estate_rooms",
    "社区综合服务设施": "community_rooms",
    "社区嵌入式服务综合体": "embedded_centre",
}

#: Words of a place that name none.
VAGUE_PLACE = re.compile(r"相关|有关|各(乡|镇|街|区|社|村)|全(区|市|县|域)|若干|待定|未定|另行|部分")
#: A remark that the floor area is that of the whole house and not of what is added.
WHOLE_AREA = re.compile(r"整所|整园|全园|整栋|整个(园|院|楼)|原有建筑")
#: Rows that add up others.
TOTAL_ROW = re.compile(r"^(合计|总计|小计|共计|总合计)")

_AREA = r"(?:平方米|平米|m2|㎡)"
#: Amounts inside a sentence; each group 1 is the number.
IN_TEXT: Mapping[str, str] = {
    "beds": r"床位[^\d,。;，；]{0,4}(\d+)张|(\d+)张[^,。;，；]{0,4}床位",
    "nursing_beds": r"护理型床位[^\d,。;，；]{0,4}(\d+)张|(\d+)张护理型床位",
    "places": r"托位[^\d,。;，；]{0,4}(\d+)个|(\d+)个[^,。;，；]{0,4}托位",
    "floor_area_m2": rf"建筑面积[^\d,。;，；]{{0,3}}([\d.]+)(?:余|多)?{_AREA}",
}


@dataclass(frozen=True)
class ProjectColumns:
    """Which header holds which field, the factors of units (10,000 yuan; m²), and notes."""

    header: Mapping[str, str]
    factor: Mapping[str, float]
    notes: tuple[Note, ...]


def recognise_headers(headers: Iterable[str], *, mapped: Mapping[str, str], file: str) -> ProjectColumns:
    """Return which header of a project list holds which field; a mapped column wins.

    Raises
    ------
    InputError
        If a mapped column is missing, a mapping names an unknown field, or no column holds the projects' names.

    Examples
    --------
    >>> dict(recognise_headers(["项目名称", "总投资（亿元）"], mapped={}, file="").factor)
    {'cost': 10000.0}
    """
    headers = [str(header) for header in headers]
    problems = [
        Note.of("register_field_unknown", file=file, severity="error", field=field, known=", ".join(HEADERS))
        for field in mapped
        if field not in HEADERS
    ]
    problems += [
        Note.of("column_missing", file=file, severity="error", column=column, found=", ".join(headers))
        for column in mapped.values()
        if column not in headers
    ]
    free = [header for header in headers if header not in mapped.values()]
    found = dict(mapped)
    for field, known in HEADERS.items():
        options = [(known.index(_cleaned(h)), h) for h in free if _cleaned(h) in known]
        if field not in found and options:
            found[field] = min(options)[1]
            free.remove(found[field])
    if "name" not in found:
        problems.append(
            Note.of(
                "register_fields_lacking",
                file=file,
                severity="error",
                fields="name",
                found=", ".join(headers),
            )
        )
    if problems:
        raise InputError(*problems)
    factor = {field: _factor(found[field], field) for field in ("cost", *ADDED) if field in found}
    unread = [header for header in headers if header not in found.values()]
    notes = []
    if unread:
        notes.append(
            Note.of("register_columns_unread", file=file, severity="info", columns=", ".join(unread))
        )
    return ProjectColumns(found, {field: f for field, f in factor.items() if f != 1.0}, tuple(notes))


def _cleaned(header: str) -> str:
    return re.sub(r"(_|（|\()?(万元|亿元)(）|\))?$", "", clean_header(header))


def _factor(header: str, field: str) -> float:
    text = unicodedata.normalize("NFKC", header)
    if field == "cost":
        return 10_000.0 if "亿元" in text else 1.0 if "万元" in text else 1e-4 if "元" in text else 1.0
    return 10_000.0 if re.search(r"万\s*(m2|平方米|平米)", text) else 1.0


def read_works(cell: Any) -> tuple[str, bool]:  # noqa: ANN401 - a cell holds anything
    """Return the kind of works and whether the cell could be read; blank is an empty word.

    Examples
    --------
    >>> read_works("改扩建"), read_works("回购"), read_works(None), read_works("协调")
    (('extend', True), ('buy', True), ('', True), ('', False))
    """
    text = plain(cell)
    hits = sorted((word for word in WORKS if word in text), key=lambda word: (-len(word), text.index(word)))
    return (WORKS[hits[0]], True) if hits else ("", is_blank(cell))


def read_cost(cell: Any, factor: float = 1.0) -> tuple[float, str]:  # noqa: ANN401 - a cell holds anything
    """Return money in 10,000 yuan (NaN if none), and ``approximate`` or ``unreadable`` where it was odd.

    Examples
    --------
    >>> read_cost("1.05亿元"), read_cost("约500万元"), read_cost(""), read_cost("待专项债落实后")
    ((10500.0, ''), (500.0, 'approximate'), (nan, ''), (nan, 'unreadable'))
    """
    if is_blank(cell):
        return math.nan, ""
    text = plain(cell).replace(" ", "").replace(",", "")
    found = re.fullmatch(r"(约|大约|预计)?(\d+(?:\.\d+)?)(亿元?|万元?|元)?(左右|余|多)?", text)
    if not found:
        return math.nan, "unreadable"
    unit = found[3] or ""
    times = 10_000.0 if unit.startswith("亿") else 1.0 if unit.startswith("万") else 1e-4 if unit else factor
    return float(found[2]) * times, "approximate" if found[1] or found[4] else ""


def read_years(cell: Any) -> tuple[float, float]:  # noqa: ANN401 - a cell holds anything
    """Return the first and last year that a cell names; one year alone is the last.

    Examples
    --------
    >>> read_years("2021-2022"), read_years("2023年底前"), read_years("待定")
    ((2021.0, 2022.0), (nan, 2023.0), (nan, nan))
    """
    years = [float(year) for year in re.findall(r"(?<!\d)((?:19|20)\d{2})(?!\d)", plain(cell))]
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
    found = {a or b for a, b in (_two(hit) for hit in re.findall(IN_TEXT[supply], plain(text)))}
    return float(found.pop()) if len(found) == 1 else math.nan


def _two(hit: str | tuple[str, ...]) -> tuple[str, str]:
    return (hit, "") if isinstance(hit, str) else (hit[0], hit[1])


def approximate_words(text: str) -> list[str]:
    """Return the words of a sentence that say about how much.

    Examples
    --------
    >>> approximate_words("总用地面积800多平米,总体建筑面积为2100多平米,新增托位100个")
    ['800多平米', '2100多平米']
    """
    unit = r"(?:平方米|平米|亩|张|个|套|万元)?"
    found: list[str] = re.findall(rf"约[\d.]+万?{unit}|[\d.]+万?(?:多|余){unit}", plain(text))
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
    for part in re.split(r"[省市区县]", plain(text)):
        found = re.match(r"([\u4e00-\u9fff]{1,4}?(?:街道|镇|乡(?!村)))", part)
        if found:
            return found[1]
    return ""


def named_type(name: str, family: str | None) -> str:
    """Return the facility type that a project's name shows, within `family` where one is known; may be empty.

    Examples
    --------
    >>> named_type("青杠幼儿园普惠托育服务项目", "child"), named_type("石家片区敬老院工程", None), named_type("体育设施", None)
    ('kindergarten_class', 'elder_home', '')
    """
    text = plain(name)
    for kin, words, facility_type in NAMED_TYPES:
        if family in (None, kin) and re.search(words, text):
            return facility_type
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
