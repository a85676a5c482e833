"""Which column of a register holds what: the table of recognised headers, and the reading of a header row.

Offices write one thing in many ways (床位数, 核定床位数, 总床位（张）). Headers are compared in full after a light cleaning: full
width to half width, case, spaces, underlines, 是否 in front, units and remarks in brackets. ``docs/registers.md`` lists this table.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from geoplan.words.errors import InputError, Note


@dataclass(frozen=True)
class Field:
    """One thing that a register may say of a facility.

    `kind` is ``text``, ``type``, ``status``, ``coordinate``, ``year``, ``flag`` or ``amount``; `headers` are cleaned, the
    preferred one first.
    """

    name: str
    kind: str
    zh: str
    en: str
    headers: tuple[str, ...]


def _field(name: str, kind: str, zh: str, en: str, headers: str) -> Field:
    return Field(name, kind, zh, en, tuple(headers.split()))


_TABLE = (
    _field("id", "text", "编号", "the register's own id", "编号 设施编号 机构编号 机构代码 统一社会信用代码 id code"),
    _field("name", "text", "名称", "name", "机构名称 设施名称 名称 单位名称 养老机构名称 托育机构名称 幼儿园名称 项目名称 机构全称 name"),
    _field("type", "type", "类型", "type word", "机构类型 设施类型 设施类别 机构类别 类型 类别 服务类型 业务类型 type"),
    _field("lon", "coordinate", "经度", "longitude, or easting", "经度 东经 lng lon long longitude 东坐标 x"),
    _field("lat", "coordinate", "纬度", "latitude, or northing", "纬度 北纬 lat latitude 北坐标 y"),
    _field("lonlat", "coordinate", "经纬度", "longitude and latitude in one cell", "经纬度 坐标 经纬度坐标 地理坐标 位置坐标 lonlat"),
    _field("address", "text", "地址", "address", "地址 详细地址 机构地址 设施地址 所在地址 服务地址 经营地址 机构住所 住所 坐落 address"),
    _field("district", "text", "所在区", "district", "所在区 区县 所属区 所属区县 所在区县 行政区 行政区划 县区 区 县 县市区 市区县 district"),
    _field("town", "text", "所属街道", "town", "所属街道 所在街道 街道 街道乡镇 乡镇街道 乡镇 镇街 街镇 所属乡镇 所属街镇 所在街镇 所属街道乡镇 town"),
    _field("community", "text", "所属社区", "community", "所属社区 所在社区 社区 社区村 村社区 村居 居委会 所属村 所属社区村 所属居委会 community"),
    _field("estate", "text", "所属小区", "estate", "所属小区 所在小区 小区 小区名称 楼盘 住宅小区 estate"),
    _field("serves", "text", "服务社区", "communities that it serves", "服务社区 服务范围 覆盖社区 辐射社区 服务覆盖社区 服务的社区 serves"),
    _field("status", "status", "运营状态", "status", "运营状态 状态 经营状态 机构状态 建设状态 运营情况 建设情况 使用状态 status"),
    _field("open_year", "year", "启用年份", "first year that counts", "启用年份 启用时间 启用日期 投用年份 投用时间 投入使用时间 投入使用年份 建成投用年份 开业时间 开业年份 开办时间 成立时间 成立日期 建成年份 建成时间 竣工时间 open_year"),
    _field("close_year", "year", "停用年份", "first year that no longer counts", "停用年份 停用时间 停用日期 关闭年份 关闭时间 关停时间 停业时间 注销时间 close_year"),
    _field("ownership", "text", "性质", "ownership", "性质 机构性质 办园性质 办学性质 单位性质 举办性质 经营性质 运营性质 运营方式 ownership"),
    _field("beds", "amount", "床位数", "beds", "床位数 床位 总床位数 总床位 床位总数 养老床位数 养老床位 机构床位数 核定床位数 设计床位数 beds"),
    _field("nursing_beds", "amount", "护理型床位数", "nursing beds", "护理型床位数 护理型床位 护理床位数 护理床位 护理型养老床位数 nursing_beds"),
    _field("dementia_beds", "amount", "认知障碍床位数", "dementia beds", "认知障碍床位数 认知障碍床位 认知障碍照护床位数 认知障碍照护床位 失智床位数 失智照护床位数 认知症床位数 认知症照护床位数 dementia_beds"),
    _field("family_beds", "amount", "家庭养老床位数", "family beds", "家庭养老床位数 家庭养老床位 家庭照护床位数 family_beds"),
    _field("medical_rehab_beds", "amount", "医疗康复床位数", "medical and rehabilitation beds", "医疗康复床位数 医疗康复护理床位数 医疗床位数 medical_rehab_beds"),
    _field("inclusive_beds", "amount", "普惠床位数", "inclusive beds", "普惠床位数 普惠床位 普惠性床位数 普惠养老床位数 普惠性养老床位数 inclusive_beds"),
    _field("places", "amount", "托位数", "childcare places", "托位数 托位 总托位数 托位总数 核定托位数 备案托位数 设计托位数 places"),
    _field("inclusive_places", "amount", "普惠托位数", "inclusive places", "普惠托位数 普惠托位 普惠性托位数 普惠性托位 inclusive_places"),
    _field("floor_area_m2", "amount", "建筑面积", "floor area, m²", "建筑面积 总建筑面积 房屋建筑面积 设施建筑面积 floor_area_m2 floor_area"),
    _field("occupied", "amount", "入住人数", "people living in", "入住人数 在住人数 入住老人数 在院人数 收住老人数 occupied"),
    _field("enrolled", "amount", "在托人数", "children enrolled", "在托人数 入托人数 实际收托人数 在托婴幼儿数 收托人数 enrolled"),
    _field("staff", "amount", "工作人员数", "staff", "工作人员数 工作人员 从业人员数 职工人数 员工数 staff"),
    _field("doctors", "amount", "执业医师数", "doctors", "执业医师数 医师数 医生数 doctors"),
    _field("nurses", "amount", "护士数", "nurses", "护士数 注册护士数 nurses"),
    _field("social_workers", "amount", "社会工作者数", "social workers", "社会工作者数 社工数 social_workers"),
    _field("care_workers", "amount", "养老护理员数", "care workers", "养老护理员数 护理员数 护理人员数 care_workers"),
    _field("certified_care_workers", "amount", "持证护理员数", "certified care workers", "持证养老护理员数 持证护理员数 certified_care_workers"),
    _field("childcare_staff", "amount", "托育从业人员数", "childcare staff", "托育从业人员数 托育人员数 保育人员数 childcare_staff"),
    _field("certified_childcare_staff", "amount", "持证托育人员数", "certified childcare staff", "持证托育人员数 持证托育从业人员数 持证保育人员数 certified_childcare_staff"),
    _field("public", "flag", "公办", "public", "公办 公立 public"),
    _field("inclusive", "flag", "普惠", "inclusive", "普惠 普惠性 普惠机构 普惠性机构 普惠托育机构 普惠性托育机构 普惠养老机构 普惠性幼儿园 普惠幼儿园 普惠情况 inclusive"),
    _field("registered", "flag", "备案", "registered", "备案 已备案 备案情况 备案状态 登记备案 registered"),
    _field("medical_unit", "flag", "内设医疗机构", "with a medical unit", "内设医疗机构 内设医疗机构情况 内设医务室 内设医疗卫生机构 medical_unit"),
    _field("medical_contract", "flag", "签约医疗机构", "with a medical contract", "签约医疗机构 医疗签约 与医疗机构签约 签约合作医疗机构 medical_contract"),
    _field("model", "flag", "示范", "model", "示范 示范性 示范机构 示范性机构 示范托育机构 model"),
    _field("five_star", "flag", "五星级", "five-star", "五星级 五星 星级 等级 评定等级 等级评定 机构等级 五星级机构 five_star"),
    _field("smart", "flag", "智慧养老", "smart", "智慧养老 智慧 智能化 智慧养老院 人工智能 smart"),
    _field("safety_net", "flag", "兜底保障", "safety-net", "兜底保障 兜底 兜底线 特困供养 特困人员供养 safety_net"),
    _field("standard", "flag", "标准化", "up to standard", "标准化 达标 标准化建设 standard"),
    _field("admits_2_3", "flag", "招收2至3岁幼儿", "admitting children of two to three", "招收2至3岁幼儿 招收2-3岁幼儿 招收2~3岁幼儿 admits_2_3"),
)  # fmt: skip

#: Every field by name, in the order of the documentation.
FIELDS: Mapping[str, Field] = {field.name: field for field in _TABLE}

#: Words in front of a coordinate header that say which datum the numbers are in.
DATUM_WORDS: Mapping[str, str] = {
    "百度": "bd09", "bd09": "bd09", "bd-09": "bd09", "高德": "gcj02", "腾讯": "gcj02", "火星": "gcj02", "gcj02": "gcj02",
    "gcj-02": "gcj02", "gps": "wgs84", "wgs84": "wgs84", "wgs-84": "wgs84", "天地图": "cgcs2000", "国家2000": "cgcs2000",
    "cgcs2000": "cgcs2000", "2000": "cgcs2000",
}  # fmt: skip

#: Fields that are true or false, in the order of the table.
FLAGS = tuple(field.name for field in _TABLE if field.kind == "flag")
#: Fields that are amounts, in the order of the table.
AMOUNTS = tuple(field.name for field in _TABLE if field.kind == "amount")


@dataclass(frozen=True)
class Columns:
    """What was recognised: `header` of each field, the datum that the coordinate headers name, factors of units, notes."""

    header: Mapping[str, str]
    datum: str | None
    factor: Mapping[str, float]
    notes: tuple[Note, ...]


def clean_header(header: str) -> str:
    """Return a header as it is compared.

    Examples
    --------
    >>> clean_header("建筑面积（㎡）"), clean_header(" 是否 普惠 "), clean_header("ＬＮＧ"), clean_header("*床位数_张")
    ('建筑面积', '普惠', 'lng', '床位数')
    """
    text = unicodedata.normalize("NFKC", str(header)).lower().strip()
    if text in _ASCII_HEADERS:
        return text
    text = re.sub(r"\(.*?\)|\[.*?\]|【.*?】", "", text)
    text = re.sub(r"_(张|个|人|m2|平方米|平米)$", "", text)
    text = re.sub(r"[\s_*:：、/.]", "", text)
    return re.sub(r"^是否(为|属于)?|^(其中)(?=.{3,})", "", text) or text


def recognise(
    headers: Iterable[str], *, mapped: Mapping[str, str], datum: str | None = None, file: str = ""
) -> Columns:
    """Return which header holds which field.

    A mapped column wins. Where several headers mean one field, the first of the table is taken and the others are noted;
    of several pairs of coordinates the one in the stated datum.

    Raises
    ------
    InputError
        If a mapped column is missing, or a mapping names an unknown field; every one at once.

    Examples
    --------
    >>> dict(recognise(["机构名称", "百度经度", "百度纬度"], mapped={}).header)
    {'name': '机构名称', 'lon': '百度经度', 'lat': '百度纬度'}
    """
    headers = [str(h) for h in headers]
    _check_mapping(headers, mapped, file)
    candidates: dict[str, list[tuple[bool, int, str, str | None]]] = {}
    for header in headers:
        named, rest = _datum_word(clean_header(header), header)
        for field in _TABLE:
            usable = field.name not in mapped and header not in mapped.values()
            if usable and rest in field.headers and (named is None or field.kind == "coordinate"):
                other = (
                    named != datum
                    if datum in DATUM_WORDS.values() and named is not None
                    else named is not None
                )
                candidates.setdefault(field.name, []).append(
                    (other, field.headers.index(rest), header, named)
                )
    found: dict[str, str] = {}
    named_datum, notes = None, []
    for name, options in candidates.items():
        _, _, found[name], named = min(options, key=lambda option: (option[3] != datum, *option[:2]))
        named_datum = named or named_datum
        if len(options) > 1:
            others = ", ".join(option[2] for option in options if option[2] != found[name])
            notes.append(
                Note.of(
                    "register_headers_rival", file=file, severity="info", column=found[name], others=others
                )
            )
    ordered = {
        name: mapped.get(name, found.get(name, "")) for name in FIELDS if name in mapped or name in found
    }
    factor = {name: _factor(header) for name, header in ordered.items() if FIELDS[name].kind == "amount"}
    unread = [h for h in headers if h not in ordered.values()]
    if unread:
        notes.append(
            Note.of("register_columns_unread", file=file, severity="info", columns=", ".join(unread))
        )
    return Columns(ordered, named_datum, factor, tuple(notes))


def _check_mapping(headers: list[str], mapped: Mapping[str, str], file: str) -> None:
    problems = [
        Note.of("register_field_unknown", file=file, severity="error", field=field, known=", ".join(FIELDS))
        for field in mapped
        if field not in FIELDS
    ]
    problems += [
        Note.of("column_missing", file=file, severity="error", column=column, found=", ".join(headers))
        for column in mapped.values()
        if column not in headers
    ]
    if problems:
        raise InputError(*problems)


def _datum_word(cleaned: str, header: str) -> tuple[str | None, str]:
    """Return the datum that a header names, in front or in brackets, and the header without it."""
    for word, datum in DATUM_WORDS.items():
        if cleaned.startswith(word) and len(cleaned) > len(word):
            return datum, cleaned.removeprefix(word)
    inner = re.findall(r"\((.*?)\)", unicodedata.normalize("NFKC", header).lower())
    for word, datum in DATUM_WORDS.items():
        if any(word in part for part in inner):
            return datum, cleaned
    return None, cleaned


def _factor(header: str) -> float:
    """Return 10,000 where the header's unit is 万平方米 and the like, else 1."""
    return (
        10_000.0
        if re.search(r"万\s*(m2|平方米|平米|㎡|张|个|人)", unicodedata.normalize("NFKC", header))
        else 1.0
    )


_ASCII_HEADERS = frozenset(h for field in _TABLE for h in field.headers if h.isascii())
