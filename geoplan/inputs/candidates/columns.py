"""Which column of a list of candidates holds what, and in what unit it is written."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from geoplan.inputs.facilities.columns import DATUM_WORDS, clean_header
from geoplan.words.errors import InputError, Note

#: Field -> recognised headers, cleaned, the preferred one first.
HEADERS: Mapping[str, tuple[str, ...]] = {
    name: tuple(headers.split())
    for name, headers in {
        "id": "序号 编号 点位编号 房屋编号 地块编号 地块号 宗地编号 宗地号 id",
        "name": "名称 点位名称 房屋名称 用房名称 物业名称 资产名称 地块名称 宗地名称 备选点位 备选点位名称 备选地块 存量用房 项目名称 name",
        "place": "地址 位置 坐落 详细地址 房屋地址 房屋坐落 地块位置 宗地坐落 用地位置 地点 所在地 place address",
        "district": "所在区 区县 所属区 所属区县 区 县 district",
        "town": "所属街道 所在街道 街道 街道乡镇 乡镇街道 乡镇 镇街 所属乡镇 所属镇 town",
        "community": "所属社区 所在社区 社区 社区村 所属村 村居 community",
        "estate": "所属小区 所在小区 小区 estate",
        "floor_area_m2": "建筑面积 可用面积 可用建筑面积 可利用面积 房屋面积 使用面积 规划建筑面积 计容建筑面积 面积 floor_area_m2",
        "parcel_m2": "用地面积 地块面积 土地面积 宗地面积 占地面积 parcel_m2",
        "storey": "楼层 所在楼层 层次 storey",
        "ownership": "产权 权属 产权单位 权属单位 产权人 权利人 产权性质 权属性质 土地权属 产权归属 ownership",
        "usable_years": "可使用年限 可用年限 使用年限 剩余年限 剩余使用年限 租期 可租年限 usable_years",
        "rent": "租金 年租金 月租金 租金标准 参考租金 rent",
        "cost": "造价 投资 投资估算 改造投资估算 改造投资 改造费用 改造造价 估算投资 估算造价 总投资 建设投资 投资额 购置价 购置费用 租金或造价 造价或租金 cost",
        "cost_unit": "单位造价 单方造价 单位投资 cost_unit",
        "services": "可设服务 拟设服务 可设设施 拟设设施 可设功能 拟设功能 适宜服务 适宜设施 适宜功能 设施类型 服务类型 拟用途 services",
        "works": "建设性质 建设方式 利用方式 works",
        "most_beds": "最多床位 最多床位数 可设床位 可设床位数 床位上限 床位数上限 床位 床位数 most_beds",
        "most_places": "最多托位 最多托位数 可设托位 可设托位数 托位上限 托位数上限 托位 托位数 most_places",
        "most": "最多床位托位 最多床位或托位 床位托位上限 可设床位托位 可设规模 规模上限 most",
        "rule": "必选禁选 必选或禁选 选择要求 选用要求 rule",
        "required": "必选 必建 required",
        "forbidden": "禁选 禁止 不可用 forbidden",
        "either_or": "二选一组 二选一 互斥组 互斥 二选一编号 either_or",
        "extends": "依托设施 原设施 原机构 依托机构 改扩建对象 extends",
        "from_year": "可用年份 可启用年份 最早可用年份 可交付年份 交付年份 腾退年份 可用时间 可交付时间 from_year",
        "land_code": "用地代码 地类代码 用地性质代码 用地分类代码 地类编码 用途代码 用地编码 地类 用地性质 用地类型 land_code dlbm ydfldm",
        "note": "备注 说明 note",
        "lon": "经度 东经 lon lng long longitude 东坐标 x",
        "lat": "纬度 北纬 lat latitude 北坐标 y",
        "lonlat": "经纬度 坐标 经纬度坐标 lonlat",
        "datum": "坐标系 坐标系统 坐标基准 datum",
    }.items()
}

#: Units of area -> m².
AREA_UNITS: Mapping[str, float] = {
    "万平方米": 1e4, "万平米": 1e4, "万m2": 1e4, "公顷": 1e4, "hm2": 1e4, "ha": 1e4, "亩": 10_000 / 15,
    "平方公里": 1e6, "km2": 1e6,
}  # fmt: skip
_COORDINATES = ("lon", "lat", "lonlat")


@dataclass(frozen=True)
class CandidateColumns:
    """Which header holds which field, factors of units (10,000 yuan; m²), the datum that coordinate headers name, and notes."""

    header: Mapping[str, str]
    factor: Mapping[str, float]
    datum: str | None
    notes: tuple[Note, ...]


def recognise_headers(
    headers: Iterable[str], *, mapped: Mapping[str, str], file: str, shapes: bool = False
) -> CandidateColumns:
    """Return which header of a list of candidates holds which field; a mapped column wins.

    A table must say of each row what it is or where: a name, a place or coordinates. A layer (`shapes`) has its geometry.

    Raises
    ------
    InputError
        If a mapped column is missing, a mapping names an unknown field, or a table has none of the columns that it must have.

    Examples
    --------
    >>> found = recognise_headers(["名称", "百度经度", "百度纬度", "改造投资估算（亿元）"], mapped={}, file="")
    >>> found.datum, dict(found.factor)
    ('bd09', {'cost': 10000.0})
    """
    headers = [str(header) for header in headers]
    problems = _mapping_problems(headers, mapped, file)
    free = [header for header in headers if header not in mapped.values()]
    found = dict(mapped)
    datum = None
    for field, known in HEADERS.items():
        options = []
        for header in free:
            word, cleaned = _without_datum(_one_of(header), header)
            if shapes and cleaned == "面积":
                cleaned = "用地面积"  # of a layer of parcels it is the land's
            if cleaned in known and (word is None or field in _COORDINATES):
                options.append((known.index(cleaned), header, word))
        if field not in found and options:
            _, found[field], word = min(options, key=lambda option: option[0])
            free.remove(found[field])
            datum = datum or word
    if not problems and not shapes and not {"name", "place", "lon", "lonlat"} & set(found):
        fields = "name, place, lon/lat"
        problems = [
            Note.of(
                "register_fields_lacking",
                file=file,
                severity="error",
                fields=fields,
                found=", ".join(headers),
            )
        ]
    if problems:
        raise InputError(*problems)
    factor = {field: _factor(found[field], field) for field in found}
    unread = [header for header in headers if header not in found.values()]
    notes = []
    if unread:
        notes.append(
            Note.of("register_columns_unread", file=file, severity="info", columns=", ".join(unread))
        )
    return CandidateColumns(found, {f: by for f, by in factor.items() if by != 1.0}, datum, tuple(notes))


def _mapping_problems(headers: list[str], mapped: Mapping[str, str], file: str) -> list[Note]:
    known, found = ", ".join(HEADERS), ", ".join(headers)
    problems = [
        Note.of("register_field_unknown", file=file, severity="error", field=field, known=known)
        for field in mapped
        if field not in HEADERS
    ]
    return problems + [
        Note.of("column_missing", file=file, severity="error", column=column, found=found)
        for column in mapped.values()
        if column not in headers
    ]


def _cleaned(header: str) -> str:
    return re.sub(
        r"_?(万元|亿元|元|亩|公顷)(年|月|m2|㎡|平方米)*$", "", clean_header(header)
    ) or clean_header(header)


def _one_of(header: str) -> str:
    """Return a header as it is compared; of one that says a thing in two ways (地址/位置, 产权或权属) the way that is known."""
    whole = _cleaned(header)
    if _known(whole):
        return whole
    bare = re.sub(r"\(.*?\)", "", unicodedata.normalize("NFKC", header))
    parts = [_cleaned(part) for part in re.split(r"[/、或]", bare)]
    fields = {field for part in parts for field, known in HEADERS.items() if part in known}
    return parts[0] if len(parts) > 1 and len(fields) == 1 and all(parts) and _known(parts[0]) else whole


def _known(cleaned: str) -> bool:
    return any(cleaned in known for known in HEADERS.values())


def _without_datum(cleaned: str, header: str) -> tuple[str | None, str]:
    """Return the datum that a header of coordinates names, in front or in brackets, and the header without it."""
    inner = " ".join(re.findall(r"\((.*?)\)", unicodedata.normalize("NFKC", header).lower()))
    for word, datum in DATUM_WORDS.items():
        if cleaned.startswith(word) and len(cleaned) > len(word):
            return datum, cleaned.removeprefix(word)
        if word in inner:
            return datum, cleaned
    return None, cleaned


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


def _factor(header: str, field: str) -> float:
    """Return what a number under this header is multiplied by."""
    text = unicodedata.normalize("NFKC", header).lower()
    if field in ("cost", "cost_unit", "rent"):
        return 1e4 if "亿元" in text else 1.0 if "万元" in text else 1e-4 if "元" in text else 1.0
    if field in ("floor_area_m2", "parcel_m2"):
        inner = " ".join(re.findall(r"\((.*?)\)", text)) or text
        return next(
            (by for word, by in AREA_UNITS.items() if re.search(rf"(?<![a-z]){word}(?![a-z])", inner)), 1.0
        )
    return 1.0
