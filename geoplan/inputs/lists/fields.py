"""Which column of an office list holds what: one recogniser of headers for every list.

Offices write one thing in many ways (床位数, 核定床位数, 总床位（张）). A list names its fields in a table of `Field` with the headers that
mean each. Headers are compared in full after a light cleaning: full width to half width, case, spaces, underlines, 是否 in front,
units and remarks in brackets. A header that says one thing in two ways (地址/位置) is known by either.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from functools import cache
from typing import Any

from geoplan.inputs.lists.cells import money_factor
from geoplan.inputs.sheets import GROUP_MARK
from geoplan.words.errors import InputError, Note
from geoplan.words.text import folded

#: Words in front of a coordinate header that say which datum the numbers are in.
DATUM_WORDS: Mapping[str, str] = {
    "百度": "bd09", "bd09": "bd09", "bd-09": "bd09", "高德": "gcj02", "腾讯": "gcj02", "火星": "gcj02", "gcj02": "gcj02",
    "gcj-02": "gcj02", "gps": "wgs84", "wgs84": "wgs84", "wgs-84": "wgs84", "天地图": "cgcs2000", "国家2000": "cgcs2000",
    "cgcs2000": "cgcs2000", "2000": "cgcs2000",
}  # fmt: skip
#: Units of area -> m².
AREA_UNITS: Mapping[str, float] = {
    "万平方米": 1e4, "万平米": 1e4, "万m2": 1e4, "公顷": 1e4, "hm2": 1e4, "ha": 1e4, "亩": 10_000 / 15,
    "平方公里": 1e6, "km2": 1e6,
}  # fmt: skip
#: What a row, or a column of a group, is called that adds up others.
TOTAL_WORDS = r"合计|总计|小计|共计|总合计|汇总|sub-?total|total"
#: A unit at the end of a header, behind an underline or not.
_UNIT_AT_END = re.compile(r"_(张|个|人|m2|平方米|平米)$|_?(万元|亿元|元|亩|公顷)(年|月|m2|㎡|平方米)*$")


@dataclass(frozen=True)
class Field:
    """One thing that a list may say in a column.

    Parameters
    ----------
    kind
        ``text``, ``type``, ``status``, ``coordinate``, ``year``, ``flag``, ``amount``, ``area`` (m²) or ``money`` (10,000 yuan).
    headers
        Recognised headers, cleaned, the preferred one first.
    zh, en
        What the field is called.
    part_of
        The amount that this amount is a part of, and so never above; empty if none.
    held_by
        ``elder`` or ``child``: only services of this kind have such an amount; empty: any.
    """

    name: str
    kind: str
    headers: tuple[str, ...]
    zh: str = ""
    en: str = ""
    part_of: str = ""
    held_by: str = ""


Fields = Mapping[str, Field]


def table(*fields: Field) -> Fields:
    """Return fields by name, in the order given."""
    return {field.name: field for field in fields}


def field(name: str, kind: str, headers: str, zh: str = "", en: str = "", **more: str) -> Field:
    """Return a field from its headers in one text, separated by blanks."""
    return Field(name, kind, tuple(headers.split()), zh, en, **more)


#: Where a row is: the same headers in every list.
PLACE_FIELDS = (
    field("lon", "coordinate", "经度 东经 lng lon long longitude 东坐标 x", "经度", "longitude, or easting"),
    field("lat", "coordinate", "纬度 北纬 lat latitude 北坐标 y", "纬度", "latitude, or northing"),
    field("lonlat", "coordinate", "经纬度 坐标 经纬度坐标 地理坐标 位置坐标 lonlat", "经纬度", "longitude and latitude in one cell"),
    field("district", "text", "所在区 区县 所属区 所属区县 所在区县 行政区 行政区划 县区 区 县 县市区 市区县 district", "所在区", "district"),
    field("town", "text", "所属街道 所在街道 街道 街道乡镇 乡镇街道 乡镇 镇街 街镇 所属乡镇 所属镇 所属街镇 所在街镇 所属街道乡镇 town", "所属街道", "town"),
    field("community", "text", "所属社区 所在社区 社区 社区村 村社区 村居 居委会 所属村 所属社区村 所属居委会 community", "所属社区", "community"),
    field("estate", "text", "所属小区 所在小区 小区 小区名称 楼盘 住宅小区 estate", "所属小区", "estate"),
)  # fmt: skip


@dataclass(frozen=True)
class Columns:
    """What was recognised: `header` of each field, the datum that coordinate headers name, factors of units that are not 1."""

    header: Mapping[str, str]
    datum: str | None = None
    factor: Mapping[str, float] = dataclass_field(default_factory=dict)
    notes: tuple[Note, ...] = ()
    unread: tuple[str, ...] = ()
    """Headers that were not recognised."""


def clean_header(header: str) -> str:
    """Return a header as it is compared.

    Examples
    --------
    >>> clean_header("建筑面积（㎡）"), clean_header(" 是否 普惠 "), clean_header("ＬＮＧ"), clean_header("*床位数_张"), clean_header("总投资_万元")
    ('建筑面积', '普惠', 'lng', '床位数', '总投资')
    """
    text = folded(str(header)).strip()
    if text.isascii() and re.fullmatch(r"\w+", text):
        return text
    text = re.sub(r"\(.*?\)|\[.*?\]|【.*?】", "", text)
    text = _UNIT_AT_END.sub("", text) or text
    text = re.sub(r"[\s_*:：、/.]", "", text)
    return re.sub(r"^是否(为|属于)?|^(其中)(?=.{3,})", "", text) or text


def recognise(
    headers: Iterable[str], fields: Fields, *, mapped: Mapping[str, str],
    needs: Iterable[Collection[str]] | None = None, datum: str | None = None, file: str = "",
) -> Columns:  # fmt: skip
    """Return which header holds which field.

    A mapped column wins. Where several headers mean one field, the first of the field's table is taken and the others are noted;
    of several pairs of coordinates the one in the stated datum, else one whose header names no datum.

    Parameters
    ----------
    headers
        As the file has them.
    fields
        The fields of this list.
    mapped
        Field -> header, from the study.
    needs
        Fields of which at least one must be there, one set a need; None: headers alone, which need nothing.
    datum
        The datum that the study states.
    file
        For notes.

    Raises
    ------
    InputError
        If a mapped column is missing, a mapping names an unknown field, a need is not met, or only one of longitude and latitude is
        there; every problem at once.

    Examples
    --------
    >>> known = table(*PLACE_FIELDS, field("cost", "money", "投资估算"))
    >>> found = recognise(["百度经度", "百度纬度", "投资估算（亿元）"], known, mapped={})
    >>> found.header["lon"], found.datum, dict(found.factor)
    ('百度经度', 'bd09', {'cost': 10000.0})
    """
    headers = [str(header) for header in headers]
    problems = _mapping_problems(headers, fields, mapped, file)
    options: dict[str, list[tuple[bool, bool, int, str, str | None]]] = {}
    for header in headers:
        if header in mapped.values():
            continue
        cleaned = _one_of(header, fields)
        named, bare = _without_datum(cleaned, header)
        for name in _meanings(fields).get(cleaned, ()) or _meanings(fields).get(bare, ()):
            coordinate = fields[name].kind == "coordinate"
            if name in mapped or (not coordinate and cleaned not in fields[name].headers):
                continue
            word = named if coordinate else None
            at = fields[name].headers.index(bare if coordinate else cleaned)
            options.setdefault(name, []).append((word != datum, word is not None, at, header, word))
    best = {name: min(found, key=lambda option: option[:3]) for name, found in options.items()}
    header_of = {name: mapped.get(name) or best[name][3] for name in fields if name in mapped or name in best}
    problems += [] if needs is None else _unmet(needs, header_of, file)
    if problems:
        raise InputError(*problems)
    notes = [
        Note.of(
            "list_headers_rival", file=file, severity="info", column=best[name][3],
            others=", ".join(option[3] for option in found if option[3] != best[name][3]),
        )
        for name, found in options.items()
        if len(found) > 1
    ]  # fmt: skip
    unread = [header for header in headers if header not in header_of.values()]
    if unread:
        notes.append(Note.of("list_columns_unread", file=file, severity="info", columns=", ".join(unread)))
    factors = {name: _factor(header, fields[name].kind) for name, header in header_of.items()}
    places = (header for name, header in header_of.items() if fields[name].kind == "coordinate")
    said = [_without_datum(_one_of(header, fields), header)[0] for header in places]
    return Columns(
        header_of,
        next((word for word in said if word), None),
        {name: by for name, by in factors.items() if by != 1.0},
        tuple(notes),
        tuple(unread),
    )


@cache
def _meanings_of(items: tuple[Field, ...]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for one in items:
        for header in one.headers:
            found[header] = (*found.get(header, ()), one.name)
    return found


def _meanings(fields: Fields) -> dict[str, tuple[str, ...]]:
    """Return the fields that each cleaned header may mean."""
    return _meanings_of(tuple(fields.values()))


def _mapping_problems(headers: list[str], fields: Fields, mapped: Mapping[str, str], file: str) -> list[Note]:
    how: dict[str, Any] = {"file": file, "severity": "error"}
    known, found = ", ".join(fields), ", ".join(headers)
    return [
        *(
            Note.of("list_field_unknown", **how, field=name, known=known)
            for name in mapped
            if name not in fields
        ),
        *(
            Note.of("column_missing", **how, column=c, found=found)
            for c in mapped.values()
            if c not in headers
        ),
    ]


def _unmet(needs: Iterable[Collection[str]], header: Mapping[str, str], file: str) -> list[Note]:
    """Return an error that names every column that the list must have and lacks."""
    lacking = ["/".join(need) for need in needs if not set(need) & set(header)]
    if ("lon" in header) != ("lat" in header) and "lonlat" not in header:
        lacking.append("lat" if "lon" in header else "lon")
    if not lacking:
        return []
    found = ", ".join(f"{name}={column}" for name, column in header.items()) or "–"
    named = ", ".join(lacking)
    return [Note.of("list_fields_lacking", file=file, severity="error", fields=named, found=found)]


def _one_of(header: str, fields: Fields) -> str:
    """Return a header as it is compared; of one that says a thing in two ways (地址/位置, 产权或权属) the first.

    Of a column in a group (床位数 above 护理型, 坐标 above 经度) it is whatever is known: the two together, the column's own title, or
    the group's where the column is its sum (合计).
    """
    known = _meanings(fields)
    if GROUP_MARK in header:
        group, _, own = header.rpartition(GROUP_MARK)
        if re.fullmatch(TOTAL_WORDS, clean_header(own)):
            return _one_of(group, fields)
        forms = [_one_of(f"{a}{b}", fields) for a, b in ((own, group), (own, ""), (group, own))]
        return next((form for form in forms if form in known), forms[0])
    whole = clean_header(header)
    if whole in known:
        return whole
    bare = re.sub(r"\(.*?\)", "", unicodedata.normalize("NFKC", header))
    parts = [clean_header(part) for part in re.split(r"[/、或]", bare)]
    meant = {name for part in parts for name in known.get(part, ())}
    return parts[0] if len(parts) > 1 and len(meant) == 1 and all(parts) and parts[0] in known else whole


def _without_datum(cleaned: str, header: str) -> tuple[str | None, str]:
    """Return the datum that a header names, in front or in brackets, and the header without it."""
    for word, datum in DATUM_WORDS.items():
        if cleaned.startswith(word) and len(cleaned) > len(word):
            return datum, cleaned.removeprefix(word)
    inner = " ".join(re.findall(r"\((.*?)\)", unicodedata.normalize("NFKC", header).lower()))
    return next((datum for word, datum in DATUM_WORDS.items() if word in inner), None), cleaned


def _factor(header: str, kind: str) -> float:
    """Return what a number under this header is multiplied by: to m², to 10,000 yuan, from 万张 to 张."""
    text = unicodedata.normalize("NFKC", header).lower().replace(" ", "")
    if kind == "money":
        return money_factor("".join(re.findall("亿元|万元|元", text)), 1.0)
    if kind == "area":
        hits = (by for word, by in AREA_UNITS.items() if re.search(rf"(?<![a-z]){word}(?![a-z])", text))
        return next(hits, 1.0)
    return 1e4 if kind == "amount" and re.search(r"万(张|个|人)", text) else 1.0
