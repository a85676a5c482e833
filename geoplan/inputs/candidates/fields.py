"""What a list of candidates says: the table of its fields, and what only its cells say: areas, rents, years of use, services, rules.

A new field is one line of the table. Every reader of a cell returns what it understood and, where something was odd, a code. Unknown
is never zero.
"""

import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from geoplan.inputs.lists.cells import (
    cell_text,
    is_blank,
    money_factor,
    read_amount,
    split_words,
    without_thousands,
)
from geoplan.inputs.lists.fields import AREA_UNITS, PLACE_FIELDS, Fields, field, table
from geoplan.inputs.lists.types import named_type
from geoplan.inputs.lists.zone_names import clean_name

#: Every field by name, in the order of the documentation.
FIELDS: Fields = table(
    field("id", "text", "序号 编号 点位编号 房屋编号 地块编号 地块号 宗地编号 宗地号 id"),
    field("name", "text", "名称 点位名称 房屋名称 用房名称 物业名称 资产名称 地块名称 宗地名称 备选点位 备选点位名称 备选地块 存量用房 项目名称 name"),
    field("place", "text", "地址 位置 坐落 详细地址 房屋地址 房屋坐落 地块位置 宗地坐落 用地位置 地点 所在地 place address"),
    field("floor_area_m2", "area", "建筑面积 可用面积 可用建筑面积 可利用面积 房屋面积 使用面积 规划建筑面积 计容建筑面积 面积 floor_area_m2"),
    field("parcel_m2", "area", "用地面积 地块面积 土地面积 宗地面积 占地面积 parcel_m2"),
    field("storey", "text", "楼层 所在楼层 层次 storey"),
    field("ownership", "text", "产权 权属 产权单位 权属单位 产权人 权利人 产权性质 权属性质 土地权属 产权归属 ownership"),
    field("usable_years", "text", "可使用年限 可用年限 使用年限 剩余年限 剩余使用年限 租期 可租年限 usable_years"),
    field("rent", "money", "租金 年租金 月租金 租金标准 参考租金 rent"),
    field("cost", "money", "造价 投资 投资估算 改造投资估算 改造投资 改造费用 改造造价 估算投资 估算造价 总投资 建设投资 投资额 购置价 购置费用 租金或造价 造价或租金 cost"),
    field("cost_unit", "money", "单位造价 单方造价 单位投资 cost_unit"),
    field("services", "text", "可设服务 拟设服务 可设设施 拟设设施 可设功能 拟设功能 适宜服务 适宜设施 适宜功能 设施类型 服务类型 拟用途 services"),
    field("works", "text", "建设性质 建设方式 利用方式 works"),
    field("most_beds", "text", "最多床位 最多床位数 可设床位 可设床位数 床位上限 床位数上限 床位 床位数 most_beds"),
    field("most_places", "text", "最多托位 最多托位数 可设托位 可设托位数 托位上限 托位数上限 托位 托位数 most_places"),
    field("most", "text", "最多床位托位 最多床位或托位 床位托位上限 可设床位托位 可设规模 规模上限 most"),
    field("rule", "text", "必选禁选 必选或禁选 选择要求 选用要求 rule"),
    field("required", "text", "必选 必建 required"),
    field("forbidden", "text", "禁选 禁止 不可用 forbidden"),
    field("either_or", "text", "二选一组 二选一 互斥组 互斥 二选一编号 either_or"),
    field("extends", "text", "依托设施 原设施 原机构 依托机构 改扩建对象 extends"),
    field("from_year", "year", "可用年份 可启用年份 最早可用年份 可交付年份 交付年份 腾退年份 可用时间 可交付时间 from_year"),
    field("land_code", "text", "用地代码 地类代码 用地性质代码 用地分类代码 地类编码 用途代码 用地编码 地类 用地性质 用地类型 land_code dlbm ydfldm"),
    field("note", "text", "备注 说明 note"),
    field("datum", "text", "坐标系 坐标系统 坐标基准 datum"),
    *PLACE_FIELDS,
)  # fmt: skip
#: The same of a layer of parcels, in which 面积 is the land's.
PARCEL_FIELDS: Fields = {
    **FIELDS,
    "floor_area_m2": replace(FIELDS["floor_area_m2"], headers=tuple(h for h in FIELDS["floor_area_m2"].headers if h != "面积")),
    "parcel_m2": replace(FIELDS["parcel_m2"], headers=(*FIELDS["parcel_m2"].headers, "面积")),
}  # fmt: skip

#: Words of services that are no facility's name, as offices write what a house may hold -> facility types.
SERVICE_WORDS: Mapping[str, tuple[str, ...]] = {
    "养老": ("elder_home", "elder_day_care"), "养老服务": ("elder_home", "elder_day_care"),
    "老年服务": ("elder_home", "elder_day_care"), "社区养老": ("elder_day_care",), "日照": ("elder_day_care",),
    "养老机构": ("elder_home",), "机构养老": ("elder_home",), "托育": ("childcare",), "托幼": ("childcare",),
    "婴幼儿照护": ("childcare",), "一老一小": ("elder_day_care", "childcare"),
}  # fmt: skip
#: Words that say any service.
ANY_SERVICE = frozenset(["不限", "均可", "任意", "任何", "都可以", "皆可", "any"])

REQUIRED = re.compile(r"必选|必建|必须|required", re.IGNORECASE)
FORBIDDEN = re.compile(r"禁选|禁止|不得|不可|不能|排除|forbidden", re.IGNORECASE)
#: Words of a column of rules that say neither.
NO_RULE = frozenset(["可选", "可", "否", "无", "一般", "备选", "optional"])

#: Words of a header that say what a unit cost is of, the first that stands in it.
UNIT_WORDS = {"floor_area_m2": ("㎡", "m2", "平方米", "平米", "单方"), "beds": ("床",), "places": ("托位",)}


def cost_unit_per(header: str) -> str:
    """Return what a unit cost is of by its header; empty where it does not say.

    Examples
    --------
    >>> cost_unit_per("单位造价（万元/平方米）"), cost_unit_per("单位造价（万元/托位）"), cost_unit_per("单位造价")
    ('floor_area_m2', 'places', '')
    """
    text = f"{header}{unicodedata.normalize('NFKC', header)}".lower()
    return next((supply for supply, words in UNIT_WORDS.items() if any(word in text for word in words)), "")


_PER = {"年": 1.0, "月": 12.0, "天": 365.0, "日": 365.0}
_NUMBER = r"(\d+(?:\.\d+)?)"
#: A yearly, monthly or daily price: number, unit of money, per square metre, per time.
_PRICE = re.compile(
    rf"(?:约|每)?{_NUMBER}(亿元?|万元?|元)?(?:每?/?(平方米|平米|m2))?(?:[·.*]?每?/?(年|月|天|日))?(?:左右)?"
)


def read_area(cell: Any, factor: float = 1.0) -> tuple[float, str]:  # noqa: ANN401 - a cell holds anything
    """Return an area in m² (NaN if none) and what was odd; of a range the least, for so much is sure.

    Examples
    --------
    >>> read_area("1.5亩"), read_area("300㎡"), read_area("200-300"), read_area(""), read_area(0), read_area(-5)
    ((1000.0, ''), (300.0, 'amount_format'), (200.0, 'amount_range'), (nan, ''), (nan, 'amount_zero'), (nan, 'amount_negative'))
    """
    if is_blank(cell):
        return math.nan, ""
    text, by = cell_text(cell).lower().replace(" ", ""), factor
    unit = next((word for word in AREA_UNITS if text.endswith(word)), None)
    if unit is not None:
        cell, by = text.removesuffix(unit), AREA_UNITS[unit]
    elif re.search(r"(平方米|平米|平方|平|m2)$", text):
        by = 1.0
    amount = read_amount(cell)
    if amount.low == amount.high == 0:
        return math.nan, "amount_zero"
    return (amount.low * by, amount.code) if amount.low > 0 else (math.nan, amount.code)


def read_most(cell: Any) -> tuple[float, str]:  # noqa: ANN401 - a cell holds anything
    """Return the most of something that a candidate may hold (NaN if not stated) and what was odd; of a range the least.

    Examples
    --------
    >>> read_most(20), read_most("不超过30"), read_most("20-30张"), read_most("0"), read_most("若干")
    ((20.0, ''), (30.0, 'amount_worded'), (20.0, 'amount_range'), (0.0, ''), (nan, 'amount_unreadable'))
    """
    if is_blank(cell):
        return math.nan, ""
    amount = read_amount(cell)
    if amount.low > 0 or amount.low == amount.high:
        return amount.low, amount.code
    return (amount.high, amount.code) if math.isfinite(amount.high) else (math.nan, amount.code)


def is_rent(cell: Any) -> bool:  # noqa: ANN401 - a cell holds anything
    """Return whether money in a cell is said to be paid by the year, month or day.

    Examples
    --------
    >>> is_rent("12万元/年"), is_rent("120万元")
    (True, False)
    """
    return re.search(r"[/每](年|月|天|日)", cell_text(cell)) is not None


def is_free(cell: Any) -> bool:  # noqa: ANN401 - a cell holds anything
    """Return whether a cell says that nothing is paid (免费、无偿); a bare 0 does not say so.

    Examples
    --------
    >>> is_free("免费"), is_free("0元（无偿使用）"), is_free(0), is_free("不免费"), is_free("前3年免费")
    (True, True, False, False, False)
    """
    text = cell_text(cell).lower()
    return re.search(r"免费|无偿|\bfree\b", text) is not None and re.search(r"[不非未1-9]", text) is None


def read_rent(
    cell: Any, *, factor: float = 1.0, header: str = "", floor_area_m2: float = math.nan  # noqa: ANN401
) -> tuple[float, str]:  # fmt: skip
    """Return the rent of one year in 10,000 yuan (NaN if none) and what was odd.

    Parameters
    ----------
    cell
        A number in the header's unit, or with its own: ``3万元/年``, ``2500元/月``, ``20元/㎡·月``.
    factor
        10,000 yuan that one unit of money of the header is worth.
    header
        As printed; it may name month, day or m².
    floor_area_m2
        For rents by the m²; where it is unknown, so is the rent.

    Examples
    --------
    >>> read_rent("3万元/年"), read_rent(2500, factor=1e-4, header="月租金（元）")
    ((3.0, ''), (3.0, ''))
    >>> read_rent("20元/㎡·月", floor_area_m2=100.0), read_rent("20元/㎡·月"), read_rent("面议"), read_rent(-3)
    ((2.4, ''), (nan, 'needs_area'), (nan, 'unreadable'), (nan, 'negative'))
    """
    if is_blank(cell):
        return math.nan, ""
    text = without_thousands(cell_text(cell).replace(" ", "").lower())
    if re.match(rf"-{_NUMBER}", text):
        return math.nan, "negative"
    found = _PRICE.fullmatch(text)
    if not found:
        return math.nan, "unreadable"
    number, unit, area, time = found.groups()
    heading = cell_text(header).lower().replace(" ", "")
    time = time or next((word for word in ("月", "天", "日") if word in heading), "年")
    value = float(number) * money_factor(unit or "", factor) * _PER[time]
    if area or (unit is None and re.search(r"/(平方米|平米|m2)", heading)):
        if math.isnan(floor_area_m2):
            return math.nan, "needs_area"
        value *= floor_area_m2
    return round(value, 10), ""


def read_money(cell: Any, factor: float = 1.0) -> tuple[float, str]:  # noqa: ANN401 - a cell holds anything
    """Return a price of each unit in 10,000 yuan (NaN if none) and what was odd; see `read_rent` for the units.

    Examples
    --------
    >>> read_money("3000元/㎡"), read_money(0.3), read_money("2万元")
    ((0.3, ''), (0.3, ''), (2.0, ''))
    """
    text = re.sub(r"/.*$", "", cell_text(cell))
    return read_rent(text, factor=factor) if text else (math.nan, "")


def read_usable_years(cell: Any, *, from_year: float) -> tuple[float, str]:  # noqa: ANN401 - a cell holds anything
    """Return for how many years a candidate may be used (NaN if not stated) and what was odd.

    A year in which the use ends counts from `from_year`, the first year of use.

    Examples
    --------
    >>> read_usable_years("10年", from_year=math.nan), read_usable_years("至2035年", from_year=2025.0)
    ((10.0, ''), (10.0, ''))
    >>> read_usable_years("长期", from_year=math.nan), read_usable_years("至2035年", from_year=math.nan)
    ((nan, 'years_unlimited'), (nan, 'years_end'))
    """
    if is_blank(cell):
        return math.nan, ""
    text = cell_text(cell).replace(" ", "")
    if re.search(r"长期|永久|无限|不限|无期限", text):
        return math.nan, "years_unlimited"
    if end := re.search(r"(?<!\d)((?:19|20)\d{2})(?!\d)", text):
        years = float(end[1]) - from_year
        odd = "" if years > 0 else "years_end" if math.isnan(years) else "years_unreadable"
        return (math.nan if odd else years), odd
    amount = read_amount(re.sub(r"(?<=\d)年", "", text))
    if amount.low <= 0:
        return math.nan, "years_unreadable"
    return amount.low, "" if amount.code in ("", "amount_format") else amount.code


def read_services(cell: Any, types: Mapping[str, Sequence[str]]) -> tuple[tuple[str, ...], list[str]]:  # noqa: ANN401
    """Return the facility types that a candidate may hold, in the order of the cell, and the words that mean none.

    Parameters
    ----------
    cell
        Words such as 日间照料、托育. ``不限`` is no type at all: any.
    types
        Cleaned word -> facility types, before the usual words; a word that contains one means it too.

    Examples
    --------
    >>> read_services("日间照料/托育", {}), read_services("健身", {}), read_services("不限", {})
    ((('elder_day_care', 'childcare'), []), ((), ['健身']), ((), []))
    """
    found: list[str] = []
    unknown = []
    whole = clean_name(cell)
    words = [whole] if whole in types else split_words(re.sub(r"[或和及与]", "、", cell_text(cell)))
    for word in map(clean_name, words):
        if word in ANY_SERVICE:
            return (), []
        kinds = _types_of(word, types)
        found += kinds
        if not kinds:
            unknown.append(word)
    return tuple(dict.fromkeys(found)), unknown


def _types_of(word: str, types: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    if word in types:
        return tuple(types[word])
    inside = sorted((key for key in types if key and key in word), key=lambda key: (-len(key), key))
    if inside:
        return tuple(types[inside[0]])
    if word in SERVICE_WORDS:
        return SERVICE_WORDS[word]
    named = named_type(word, None)
    return (named,) if named else ()


def read_rule(cell: Any) -> tuple[str, str]:  # noqa: ANN401 - a cell holds anything
    """Return ``required``, ``forbidden`` or nothing, and what was odd: ``unknown``, or ``both``, which forbids.

    A word with a question mark says nothing yet.

    Examples
    --------
    >>> read_rule("必选"), read_rule("禁选（危房）"), read_rule(None), read_rule("可选"), read_rule("必选、禁选"), read_rule("必选？")
    (('required', ''), ('forbidden', ''), ('', ''), ('', ''), ('forbidden', 'both'), ('', 'unknown'))
    """
    text = cell_text(cell)
    if re.search(r"[?？]", text):
        return "", "unknown"
    must, never = REQUIRED.search(text) is not None, FORBIDDEN.search(text) is not None
    if must and never:
        return "forbidden", "both"
    if must or never:
        return ("required" if must else "forbidden"), ""
    return "", "" if is_blank(cell) or text.lower() in NO_RULE else "unknown"


def land_codes_in(cell: Any) -> tuple[str, ...]:  # noqa: ANN401 - a cell holds anything
    """Return the land use codes of a cell, upper case; digits of odd number have lost a leading 0 and get it back.

    Codes are those of 国土空间调查、规划、用途管制用地用海分类 (two, four or six digits) or of GB 50137 (letters).

    Examples
    --------
    >>> land_codes_in("0708 社会福利用地"), land_codes_in(708), land_codes_in("A6"), land_codes_in("R2/B1"), land_codes_in("耕地")
    (('0708',), ('0708',), ('A6',), ('R2', 'B1'), ())
    """
    codes = re.findall(r"[A-Z]+\d*|\d{1,6}", cell_text(cell).upper())
    return tuple(f"0{code}" if code.isdigit() and len(code) % 2 else code for code in codes)


def begins_with(cell: Any, wanted: Sequence[str]) -> bool:  # noqa: ANN401 - a cell holds anything
    """Return whether one of a cell's land use codes begins with one of those wanted.

    Examples
    --------
    >>> begins_with("0708", ["07"]), begins_with("0809", ["0708", "080"]), begins_with("A6", ["a"]), begins_with("", ["08"])
    (True, True, True, False)
    """
    prefixes = tuple(cell_text(code).upper() for code in wanted)
    return any(code.startswith(prefixes) for code in land_codes_in(cell))
