"""What one cell of a list of candidates says: areas, rents, years of use, services, what must or must not be chosen, land codes.

Every reader returns what it understood and, where something was odd, a code. Unknown is never zero.
"""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from geoplan.inputs.candidates.columns import AREA_UNITS
from geoplan.inputs.facilities.cells import is_blank, plain, read_amount, split_words
from geoplan.inputs.facilities.zone_names import clean_name
from geoplan.inputs.projects.cells import named_type

#: Words of services that are no facility's name, as offices write what a house may hold -> facility types.
SERVICE_WORDS: Mapping[str, tuple[str, ...]] = {
    "养老": ("elder_home", "elder_day_care"),
    "养老服务": ("elder_home", "elder_day_care"),
    "老年服务": ("elder_home", "elder_day_care"),
    "社区养老": ("elder_day_care",),
    "日照": ("elder_day_care",),
    "养老机构": ("elder_home",),
    "机构养老": ("elder_home",),
    "托育": ("childcare",),
    "托幼": ("childcare",),
    "婴幼儿照护": ("childcare",),
    "一老一小": ("elder_day_care", "childcare"),
}
#: Words that say any service.
ANY_SERVICE = frozenset(["不限", "均可", "任意", "任何", "都可以", "皆可", "any"])

REQUIRED = re.compile(r"必选|必建|必须|required", re.IGNORECASE)
FORBIDDEN = re.compile(r"禁选|禁止|不得|不可|不能|排除|forbidden", re.IGNORECASE)
#: Words of a column of rules that say neither.
NO_RULE = frozenset(["可选", "可", "否", "无", "一般", "备选", "optional"])

#: What a datum is called in a column of coordinate systems -> the datum.
DATUM_CELLS: Mapping[str, str] = {
    "wgs84": "wgs84", "wgs1984": "wgs84", "gps": "wgs84", "地球坐标": "wgs84", "cgcs2000": "cgcs2000", "国家2000": "cgcs2000",
    "2000国家大地坐标系": "cgcs2000", "2000": "cgcs2000", "天地图": "cgcs2000", "gcj02": "gcj02", "高德": "gcj02",
    "腾讯": "gcj02", "火星": "gcj02", "火星坐标": "gcj02", "百度": "bd09", "bd09": "bd09", "bd09ll": "bd09", "百度坐标": "bd09",
}  # fmt: skip

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
    text, by = plain(cell).lower().replace(" ", ""), factor
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
    return re.search(r"[/每](年|月|天|日)", plain(cell)) is not None


def read_rent(
    cell: Any,  # noqa: ANN401 - a cell holds anything
    *,
    factor: float = 1.0,
    header: str = "",
    floor_area_m2: float = math.nan,
) -> tuple[float, str]:
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
    text = plain(cell).replace(" ", "").replace(",", "").lower()
    if re.match(rf"-{_NUMBER}", text):
        return math.nan, "negative"
    found = _PRICE.fullmatch(text)
    if not found:
        return math.nan, "unreadable"
    number, unit, area, time = found.groups()
    heading = plain(header).lower().replace(" ", "")
    money = (
        factor if unit is None else 1e4 if unit.startswith("亿") else 1.0 if unit.startswith("万") else 1e-4
    )
    if time is None:
        time = next((word for word in ("月", "天", "日") if word in heading), "年")
    value = float(number) * money * _PER[time]
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
    text = re.sub(r"/.*$", "", plain(cell))
    return read_rent(text, factor=factor) if text else (math.nan, "")


def read_usable_years(cell: Any, *, from_year: float) -> tuple[float, str]:  # noqa: ANN401 - a cell holds anything
    """Return for how many years a candidate may be used (NaN if not stated) and what was odd.

    A year in which the use ends counts from `from_year`, the first year of use.

    Examples
    --------
    >>> read_usable_years("10年", from_year=math.nan), read_usable_years("至2035年", from_year=2025.0)
    ((10.0, ''), (10.0, ''))
    >>> read_usable_years("长期", from_year=math.nan), read_usable_years("至2035年", from_year=math.nan)
    ((nan, 'unlimited'), (nan, 'years_end'))
    """
    if is_blank(cell):
        return math.nan, ""
    text = plain(cell).replace(" ", "")
    if re.search(r"长期|永久|无限|不限|无期限", text):
        return math.nan, "unlimited"
    if end := re.search(r"(?<!\d)((?:19|20)\d{2})(?!\d)", text):
        years = float(end[1]) - from_year
        return (
            (years, "") if years > 0 else (math.nan, "years_end" if math.isnan(years) else "years_unreadable")
        )
    amount = read_amount(re.sub(r"(?<=\d)年", "", text))
    if amount.low <= 0:
        return math.nan, "years_unreadable"
    return amount.low, "" if amount.code in ("", "amount_format") else amount.code


def read_services(
    cell: Any,  # noqa: ANN401 - a cell holds anything
    types: Mapping[str, Sequence[str]],
) -> tuple[tuple[str, ...], list[str]]:
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
    words = (
        [whole]
        if whole in types
        else [clean_name(word) for word in split_words(re.sub(r"[或和及与]", "、", plain(cell)))]
    )
    for word in words:
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

    Examples
    --------
    >>> read_rule("必选"), read_rule("禁选（危房）"), read_rule(None), read_rule("可选"), read_rule("必选、禁选"), read_rule("待议")
    (('required', ''), ('forbidden', ''), ('', ''), ('', ''), ('forbidden', 'both'), ('', 'unknown'))
    """
    text = plain(cell)
    must, never = REQUIRED.search(text) is not None, FORBIDDEN.search(text) is not None
    if must and never:
        return "forbidden", "both"
    if must or never:
        return ("required" if must else "forbidden"), ""
    return "", "" if is_blank(cell) or text.lower() in NO_RULE else "unknown"


def read_datum(cell: Any) -> str | None:  # noqa: ANN401 - a cell holds anything
    """Return the datum that a cell names: an EPSG code as it stands, else a known word; None if it means none.

    Examples
    --------
    >>> read_datum("GCJ-02"), read_datum("百度坐标系"), read_datum("EPSG:4547"), read_datum("北京54")
    ('gcj02', 'bd09', 'EPSG:4547', None)
    """
    text = re.sub(r"[\s\-_()]", "", plain(cell).lower())
    if re.fullmatch(r"epsg:\d{4,5}", text):
        return text.upper()
    return DATUM_CELLS.get(text) or DATUM_CELLS.get(re.sub(r"坐标系?$", "", text))


def land_codes_in(cell: Any) -> tuple[str, ...]:  # noqa: ANN401 - a cell holds anything
    """Return the land use codes of a cell, upper case; digits of odd number have lost a leading 0 and get it back.

    Codes are those of 国土空间调查、规划、用途管制用地用海分类 (two, four or six digits) or of GB 50137 (letters).

    Examples
    --------
    >>> land_codes_in("0708 社会福利用地"), land_codes_in(708), land_codes_in("A6"), land_codes_in("R2/B1"), land_codes_in("耕地")
    (('0708',), ('0708',), ('A6',), ('R2', 'B1'), ())
    """
    codes = re.findall(r"[A-Z]+\d*|\d{1,6}", plain(cell).upper())
    return tuple(f"0{code}" if code.isdigit() and len(code) % 2 else code for code in codes)


def begins_with(cell: Any, wanted: Sequence[str]) -> bool:  # noqa: ANN401 - a cell holds anything
    """Return whether one of a cell's land use codes begins with one of those wanted.

    Examples
    --------
    >>> begins_with("0708", ["07"]), begins_with("0809", ["0708", "080"]), begins_with("A6", ["a"]), begins_with("", ["08"])
    (True, True, True, False)
    """
    prefixes = tuple(plain(code).upper() for code in wanted)
    return any(code.startswith(prefixes) for code in land_codes_in(cell))
