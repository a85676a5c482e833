"""What one cell of an office list says: amounts as intervals, money, yes and no, years, status words, coordinates, datum, works.

Each reader returns what it understood together with a code of what was odd (empty: nothing). Unknown is never zero. Lists may say
by an own message what a code means for them (`rows.Rows.read`).
"""

import datetime as dt
import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pandas as pd

from geoplan.inputs.sheets import Formula

INF = math.inf

#: Words that an office writes where it does not know: the same as a blank.
BLANK_WORDS = frozenset(["", "-", "--", "—", "——", "/", "\\", "无数据", "不详", "未知", "待定", "待核", "暂无", "暂缺", "nan", "none", "null", "n/a", "na", "?"])  # fmt: skip

#: Status words of registers, beside those that the study adds.
STATUS_WORDS: Mapping[str, str] = {
    **dict.fromkeys(["运营", "运营中", "正常", "正常运营", "正常运行", "在运营", "已运营", "营业", "营业中", "正常营业", "在营", "在业", "存续", "开业", "已开业", "现状", "已建", "建成", "已建成", "投用", "已投用", "建成投用", "使用", "使用中", "在用", "启用", "已启用", "开放", "正常开放", "operating", "existing", "open", "active"], "existing"),
    **dict.fromkeys(["在建", "建设中", "施工中", "装修中", "改造中", "筹建", "筹建中", "筹备", "筹备中", "建成未运营", "建成未投用", "未运营", "未投用", "待运营", "待开业", "building", "under construction"], "building"),
    **dict.fromkeys(["规划", "规划中", "拟建", "待建", "计划", "计划建设", "规划建设", "未建", "planned", "proposed"], "planned"),
    **dict.fromkeys(["停业", "已停业", "停用", "已停用", "停运", "已停运", "停办", "已停办", "停止运营", "暂停运营", "暂停营业", "关闭", "已关闭", "关停", "已关停", "歇业", "注销", "已注销", "撤销", "已撤销", "吊销", "拆除", "已拆除", "撤并", "closed"], "closed"),
}  # fmt: skip

YES = frozenset(["是", "有", "已", "对", "y", "yes", "true", "t", "1", "1.0", "√", "✓", "✔", "具备", "已备案", "备案", "已登记备案", "普惠", "普惠性", "公办", "公立", "已签约", "签约", "已设", "已设置", "内设", "示范", "达标", "已移交"])  # fmt: skip
NO = frozenset(["否", "无", "未", "没有", "不是", "n", "no", "false", "f", "0", "0.0", "×", "✗", "✘", "x", "不具备", "未备案", "非普惠", "非普惠性", "不普惠", "民办", "私立", "未签约", "未设", "未设置", "非示范", "未达标", "未移交"])  # fmt: skip

#: Words that say of a step of works whether it is done, beside those of yes and no.
STEP_YES = YES | frozenset(["完成", "已完成", "同步", "已规划", "已批复", "建成", "已建成", "已建", "竣工", "已竣工", "已验收", "通过", "已通过", "合格", "验收合格", "移交", "交付", "已交付"])  # fmt: skip
STEP_NO = NO | frozenset(["未完成", "未同步", "不同步", "未规划", "未批复", "未建成", "未建", "在建", "建设中", "未竣工", "未验收", "待验收", "未通过", "不合格", "待移交", "未交付", "待交付"])  # fmt: skip

#: Ownership words -> public. 公建民营 (built by government, run by others) counts as public, as civil affairs statistics
#: count it; the register's own word stays in the column `ownership`.
PUBLIC_WORDS: Mapping[str, bool] = {
    **dict.fromkeys(["公办", "公立", "国有", "国营", "公建公营", "公办公营", "公建民营", "公办民营", "政府办", "政府举办", "事业单位", "集体", "集体办", "public", "government"], True),
    **dict.fromkeys(["民办", "民营", "私立", "私营", "民建民营", "民办公助", "民办非企业", "民非", "社会力量", "社会办", "企业", "个体", "private"], False),
}  # fmt: skip

#: Kinds of works as lists write them; the longest word that stands in the cell decides.
WORKS: Mapping[str, str] = {
    "新建": "new", "迁建": "new", "改扩建": "extend", "改建": "extend", "扩建": "extend", "改造": "extend", "提升": "extend",
    "装修": "extend", "购置": "buy", "购买": "buy", "回购": "buy", "置换": "swap", "租赁": "rent", "租用": "rent",
}  # fmt: skip

#: What a datum is called in a column of coordinate systems -> the datum.
DATUM_CELLS: Mapping[str, str] = {
    "wgs84": "wgs84", "wgs1984": "wgs84", "gps": "wgs84", "地球坐标": "wgs84", "cgcs2000": "cgcs2000", "国家2000": "cgcs2000",
    "2000国家大地坐标系": "cgcs2000", "2000": "cgcs2000", "天地图": "cgcs2000", "gcj02": "gcj02", "高德": "gcj02",
    "腾讯": "gcj02", "火星": "gcj02", "火星坐标": "gcj02", "百度": "bd09", "bd09": "bd09", "bd09ll": "bd09", "百度坐标": "bd09",
}  # fmt: skip

_UNIT = r"(张|个|床|人|名|位|户|间|处|托位|床位|m2|m²|平方米|平米|平方|平|sqm)"
_NUMBER = r"(\d+(?:\.\d+)?|\.\d+)"


@dataclass(frozen=True)
class Amount:
    """What a cell says of an amount: at least `low`, at most `high`, and what was odd."""

    low: float
    high: float
    code: str = ""


UNKNOWN_BLANK = Amount(0.0, INF, "amount_blank")
UNREADABLE = Amount(0.0, INF, "amount_unreadable")


def cell_text(cell: Any) -> str:  # noqa: ANN401 - a cell holds anything
    """Return a cell as half-width text without outer blanks; missing is empty.

    Examples
    --------
    >>> cell_text(" １２０　张 "), cell_text(None), cell_text(50.0)
    ('120 张', '', '50')
    """
    if isinstance(cell, str):
        return _half_width_text(cell)
    if cell is None or cell is pd.NA or cell is pd.NaT or cell != cell:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return _half_width_text(str(cell))


@lru_cache(maxsize=1 << 16)
def _half_width_text(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).split())


def is_blank(cell: Any) -> bool:  # noqa: ANN401 - a cell holds anything
    """Return True where a cell is empty or says that nothing is known."""
    if isinstance(cell, int | float):
        return cell != cell
    return isinstance(cell, Formula) or cell_text(cell).lower() in BLANK_WORDS


def read_amount(cell: Any) -> Amount:  # noqa: ANN401 - a cell holds anything
    """Return the amount that a cell states.

    ========================== ============== ===================================================
    cell                       read as        code
    ========================== ============== ===================================================
    ``60``, ``'60'``           60             –
    blank, ``不详``, ``/``     0 .. inf       amount_blank
    a formula without value    0 .. inf       amount_formula
    ``300㎡``, ``1,200``       300, 1200      amount_format
    ``６０``                   60             amount_format
    ``约60``, ``60左右``       60             amount_worded
    ``60余``, ``60多``         60 .. 70       amount_worded
    ``近60``                   50 .. 60       amount_worded
    ``不少于60``, ``60以上``   60 .. inf      amount_worded
    ``不超过60``, ``60以下``   0 .. 60        amount_worded
    ``50-60``                  50 .. 60       amount_range
    ``-20``                    0 .. inf       amount_negative
    anything else              0 .. inf       amount_unreadable
    ========================== ============== ===================================================

    Examples
    --------
    >>> read_amount("约60"), read_amount(-20), read_amount("1,200㎡")
    (Amount(low=60.0, high=60.0, code='amount_worded'), Amount(low=0.0, high=inf, code='amount_negative'), Amount(low=1200.0, high=1200.0, code='amount_format'))
    """
    if isinstance(cell, Formula):
        return Amount(0.0, INF, "amount_formula")
    if is_blank(cell):
        return UNKNOWN_BLANK
    if isinstance(cell, bool | dt.date | dt.time):
        return UNREADABLE
    if not isinstance(cell, str):
        try:
            return _number(float(cell), "")
        except (TypeError, ValueError):
            return UNREADABLE
    stripped = cell.strip()
    if re.fullmatch(r"[+-]?\d+(\.\d+)?", stripped, flags=re.ASCII):
        return _number(float(stripped), "")
    return _worded(cell_text(cell).lower().replace(" ", ""))


def _number(value: float, code: str) -> Amount:
    if not math.isfinite(value):
        return UNREADABLE
    return Amount(0.0, INF, "amount_negative") if value < 0 else Amount(value, value, code)


def _worded(text: str) -> Amount:
    """Read an amount with words, units or separators in it; `text` is half-width, lower case, without blanks."""
    text = without_thousands(text)
    remark = re.sub(r"\([^)]*\)$", "", text)
    remarked, text = remark != text, remark
    factor = 10_000.0 if re.fullmatch(rf"{_NUMBER}万{_UNIT}?", text) else 1.0
    text = re.sub(
        rf"万?{_UNIT}$" if factor > 1 else rf"{_UNIT}(?=$|左右|以上|以下|以内|余|多)", "", text
    ).rstrip("万")
    if re.fullmatch(rf"-{_NUMBER}", text):
        return Amount(0.0, INF, "amount_negative")
    if match := re.fullmatch(_NUMBER, text):
        return _number(float(match[1]) * factor, "amount_worded" if remarked else "amount_format")
    if match := re.fullmatch(rf"{_NUMBER}{_UNIT}?(?:-|~|—|–|−|至|到){_NUMBER}", text):
        low, high = sorted((float(match[1]), float(match[3])))
        return Amount(low, high, "amount_range")
    for pattern, bounds in _WORDED:
        if match := re.fullmatch(pattern, text):
            return Amount(*bounds(float(next(filter(None, match.groups())))), "amount_worded")
    return UNREADABLE


def without_thousands(text: str) -> str:
    """Return a text without the commas that group thousands; any other comma stays, and makes a number unreadable.

    Examples
    --------
    >>> without_thousands("1,200,000元"), without_thousands("22,0"), without_thousands("1,2")
    ('1200000元', '22,0', '1,2')
    """
    return re.sub(r"(?<=\d),(?=\d{3}(\D|$))", "", text)


def _round_unit(value: float) -> float:
    """Return the unit of the last figure that is not zero: 60 -> 10, 800 -> 100, 65 -> 1."""
    unit = 1.0
    while value >= 10 * unit and value % (10 * unit) == 0:
        unit *= 10
    return unit


#: Words around a number -> least and most: 约60, 60余, 近60, 60以上, 60以下.
_WORDED: tuple[tuple[str, Callable[[float], tuple[float, float]]], ...] = (
    (rf"(?:大?约|大概|近似|大致|约为)+{_NUMBER}(?:左右|上下)?|{_NUMBER}(?:左右|上下)", lambda n: (n, n)),
    (rf"(?:大?约)?{_NUMBER}(?:余|多|几|\+)", lambda n: (n, n + _round_unit(n))),
    (rf"(?:将?近|接近){_NUMBER}", lambda n: (max(n - _round_unit(n), 0.0), n)),
    (rf"(?:不少于|不低于|至少|>=|≥|>|大于|超过|超){_NUMBER}|{_NUMBER}(?:以上|及以上)", lambda n: (n, INF)),
    (rf"(?:不超过|不多于|最多|至多|<=|≤|<|小于){_NUMBER}|{_NUMBER}(?:以下|以内|及以下)", lambda n: (0.0, n)),
)  # fmt: skip


def read_flag(cell: Any, *, field: str = "") -> tuple[bool | None, str]:  # noqa: ANN401 - a cell holds anything
    """Return True, False or None (unknown), and what was odd.

    Examples
    --------
    >>> read_flag("是"), read_flag("未备案"), read_flag(None), read_flag("申请中")
    ((True, ''), (False, ''), (None, ''), (None, 'flag_unreadable'))
    """
    if is_blank(cell):
        return None, ""
    text = cell_text(cell).lower().replace(" ", "")
    if field == "five_star" and (
        match := re.fullmatch(r"([一二三四五1-5])(?:星级?(?:机构|养老机构)?|级)|([1-5])", text)
    ):
        return (match[1] or match[2]) in {"五", "5"}, ""
    if text in YES:
        return True, ""
    if text in NO:
        return False, ""
    return None, "flag_unreadable"


def read_step(cell: Any) -> tuple[bool | None, str, str]:  # noqa: ANN401 - a cell holds anything
    """Return whether a step of works is done (True, False or None), its date where the cell states one, and what was odd.

    A date is ``2024-03-15``, ``2024-03`` or ``2024``; whether the step is done follows from the year that is asked for.

    Examples
    --------
    >>> read_step("已验收"), read_step("2024年3月"), read_step("2024/3/5"), read_step(2024), read_step("明年")
    ((True, '', ''), (None, '2024-03', ''), (None, '2024-03-05', ''), (None, '2024', ''), (None, '', 'step_unreadable'))
    """
    if isinstance(cell, dt.date) and cell is not pd.NaT:
        return None, f"{cell:%Y-%m-%d}", ""
    if is_blank(cell):
        return None, "", ""
    text = re.sub(r"[T ]\d{1,2}:\d{2}(:\d{2}.*)?$", "", cell_text(cell)).replace(" ", "")
    if text.lower() in STEP_YES:
        return True, "", ""
    if text.lower() in STEP_NO:
        return False, "", ""
    date = _date_in(text)
    return (None, date, "") if date else (None, "", "step_unreadable")


#: Year, month and day in a cell without blanks: 2024, 2024年3月, 2024-3-15, 20240315.
_DATES = (
    re.compile(r"(\d{4})(?:年(?:(\d{1,2})(?:月(?:(\d{1,2})日?)?)?)?)?"),
    re.compile(r"(\d{4})[-/.](\d{1,2})(?:[-/.](\d{1,2}))?"),
    re.compile(r"(\d{4})(\d{2})(\d{2})?"),
)


def _date_in(text: str) -> str:
    """Return the date that a text states (1900-2100), as exactly as it does; empty where it states none."""
    if re.fullmatch(r"[2-5]\d{4}", text):  # a date that a spreadsheet left as its serial number
        return f"{dt.date(1899, 12, 30) + dt.timedelta(days=int(text)):%Y-%m-%d}"
    found = next(filter(None, (form.fullmatch(text) for form in _DATES)), None)
    if found is None:
        return ""
    year, *parts = (int(part) for part in found.groups() if part is not None)
    try:
        dt.date(year, *[*parts, 1, 1][:2])
    except ValueError:
        return ""
    return "-".join([f"{year}", *(f"{part:02}" for part in parts)]) if 1900 <= year <= 2100 else ""


def read_ownership(cell: Any) -> tuple[bool | None, str]:  # noqa: ANN401 - a cell holds anything
    """Return whether an ownership word means public, and what was odd.

    Examples
    --------
    >>> read_ownership("公建民营"), read_ownership("普惠性民办"), read_ownership("其他")
    ((True, ''), (False, ''), (None, 'ownership_unknown'))
    """
    if is_blank(cell):
        return None, ""
    around = r"^(非?普惠性?)|(非?普惠性?|性质|机构|养老院|园|幼儿园)$"
    text = re.sub(around, "", cell_text(cell).lower().replace(" ", ""))
    if text in PUBLIC_WORDS:
        return PUBLIC_WORDS[text], ""
    return None, "ownership_unknown"


def read_year(cell: Any) -> tuple[float, str]:  # noqa: ANN401 - a cell holds anything
    """Return the year (1900-2100) that a cell states, NaN if none, and what was odd.

    Examples
    --------
    >>> read_year(2019), read_year("2021年3月"), read_year("2021-03-01"), read_year("去年")
    ((2019.0, ''), (2021.0, 'year_format'), (2021.0, 'year_format'), (nan, 'year_unreadable'))
    """
    if isinstance(cell, dt.date) and cell is not pd.NaT:
        return float(cell.year), "year_format"
    if is_blank(cell):
        return math.nan, ""
    text = cell_text(cell).replace(" ", "")
    odd = "" if isinstance(cell, int | float) or str(cell).strip() == text else "year_format"
    if re.fullmatch(r"\d{4}", text) and 1900 <= int(text) <= 2100:
        return float(text), odd
    match = re.fullmatch(r"(\d{4})(?:年|[-/.]\d{1,2}|\d{2}(?:\d{2})?$|年?\d{1,2}月).*", text)
    if match and 1900 <= int(match[1]) <= 2100:
        return float(match[1]), "year_format"
    if re.fullmatch(r"[2-5]\d{4}", text):  # a date that a spreadsheet left as its serial number: 1954-2064
        return float((dt.date(1899, 12, 30) + dt.timedelta(days=int(text))).year), "year_format"
    return math.nan, "year_unreadable"


def read_status(cell: Any, words: Mapping[str, str]) -> tuple[str, str]:  # noqa: ANN401 - a cell holds anything
    """Return ``existing, building, planned`` or ``closed`` and what was odd; blank and unknown words mean existing.

    Examples
    --------
    >>> read_status("停止运营", {}), read_status("停摆", {}), read_status("停摆", {"停摆": "closed"})
    (('closed', ''), ('existing', 'status_unknown'), ('closed', ''))
    """
    if is_blank(cell):
        return "existing", "status_blank"
    text = cell_text(cell).lower()
    for word, status in words.items():
        if cell_text(word).lower() == text:
            return status, ""
    known = STATUS_WORDS.get(text.replace(" ", "")) or STATUS_WORDS.get(text)
    return (known, "") if known else ("existing", "status_unknown")


#: Status words in a name: in brackets, or 已注销 and the like at its end.
_NAME_REMARK = re.compile(
    r"[(\[【](.+?)[)\]】]|(已(?:停业|停用|停办|停运|关闭|关停|注销|撤销|撤并|拆除|吊销|歇业)|暂停(?:运营|营业|服务)?)$"
)


def status_in_name(name: str) -> str:
    """Return the word in a facility's name that says that it does not operate; empty where there is none.

    Examples
    --------
    >>> status_in_name("康乐养老院（暂停）"), status_in_name("康乐养老院已注销"), status_in_name("康乐养老院（东区）")
    ('暂停', '已注销', '')
    """
    for found in _NAME_REMARK.finditer(cell_text(name)):
        word = found[1] or found[2]
        status = STATUS_WORDS.get(word) or STATUS_WORDS.get(word.removeprefix("已"), "existing")
        if word in ("暂停", "暂停服务") or status != "existing":
            return word
    return ""


#: Words and letters around a coordinate that say which of the two it is.
_SIDES = {"lon": r"东经|经度|longitude|long|lon|lng|[ex]", "lat": r"北纬|纬度|latitude|lat|[ny]"}
#: Degrees, with minutes and seconds or without: 114°25.02′, 114度25分1秒, 114-25-1.2, 114:25:1.2, 114.42°.
_DEGREES = re.compile(
    r"(-?\d+)(?:°|度|:|-)(\d+(?:\.\d+)?)(?:(?:['′分:]|-)(?:(\d+(?:\.\d+)?)(?:\"|″|秒|\'\'|′′)?)?)?|(-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)[°度]?"
)


def read_coordinate(cell: Any) -> tuple[float, bool]:  # noqa: ANN401 - a cell holds anything
    """Return a coordinate (NaN if none) and whether the cell was filled but unreadable.

    Examples
    --------
    >>> read_coordinate("114°16′12″E"), read_coordinate("东经114度16.2分"), read_coordinate("经度：114.27"), read_coordinate("旁边")
    ((114.27, False), (114.27, False), (114.27, False), (nan, True))
    """
    if is_blank(cell):
        return math.nan, False
    if isinstance(cell, bool | dt.date):
        return math.nan, True
    if isinstance(cell, int | float):
        return (float(cell), False) if math.isfinite(cell) else (math.nan, True)
    text = _half_width(cell)
    sides = "|".join(_SIDES.values())
    text = re.sub(rf"^(?:{sides})[:=]?|(?:{sides})$", "", text)
    found = _DEGREES.fullmatch(text)
    if not found:
        return math.nan, True
    if found[4] is not None:
        value = float(found[4])
        return (value, False) if math.isfinite(value) else (math.nan, True)
    minutes, seconds = float(found[2]), float(found[3] or 0)
    if minutes >= 60 or seconds >= 60:
        return math.nan, True
    whole = abs(int(found[1])) + minutes / 60 + seconds / 3600
    return round(-whole if found[1].startswith("-") else whole, 9), False


def read_pair(cell: Any) -> tuple[str, str] | None:  # noqa: ANN401 - a cell holds anything
    """Return the two coordinates of one cell, the longitude first where the cell says which is which; None where there are not two.

    Examples
    --------
    >>> read_pair("经度：114.42，纬度：30.63"), read_pair("（30.63N，114.42E）"), read_pair("POINT (114.42 30.63)")
    (('经度:114.42', '纬度:30.63'), ('114.42e', '30.63n'), ('114.42', '30.63'))
    >>> read_pair("114.42/30.63"), read_pair("114°25′1″30°38′3″"), read_pair("114.42"), read_pair("江汉路1号")
    (('114.42', '30.63'), ('114°25′1″', '30°38′3″'), None, None)
    """
    if is_blank(cell) or not isinstance(cell, str):
        return None
    text = " ".join(_half_width(cell, keep_blanks=True).split())
    text = re.sub(r"^(?:srid=\d+;)?point ?(?:zm?|m)?|[\[\](){}【】<>]", "", text).strip()
    text = re.sub(r" ?([°度'′分\"″秒:=])", r"\1", text)
    text = re.sub(r"([°度:=]) |(['′分]) (?=[\d.]+[\"″秒])", r"\1\2", text)
    text = re.sub(r"(?<=[\d°度'′分\"″秒])(?=东经|北纬|经度|纬度|lon|lat|lng)", " ", text)
    parts = [part for part in re.split(r"[\s,;、/|]+", text) if part]
    if len(parts) == 1:  # nothing between the two: 114°25′1″E30°38′3″N
        parts = re.findall(
            r"(?:[enxy]|东经|北纬|经度:?|纬度:?)?-?\d+(?:\.\d+)?[°度][^°度]*?(?:[″\"秒]|′′)[en]?", text
        )
    if len(parts) == 4 and not any(re.search(r"\d", part) for part in parts[::2]):  # 经度 114.42 纬度 30.63
        parts = [a + b for a, b in zip(parts[::2], parts[1::2], strict=True)]
    if len(parts) not in (2, 3) or any(read_coordinate(part)[1] for part in parts):  # a third is a height
        return None
    first, second = parts[:2]
    turned = re.search(_SIDES["lat"], first) and not re.search(_SIDES["lat"], second)
    return (second, first) if turned else (first, second)


def _half_width(cell: object, *, keep_blanks: bool = False) -> str:
    """Return a cell in lower case and half width, its signs of minutes and seconds as they stand."""
    text = str(cell).replace("″", "\x01").replace("′", "\x02").lower()  # NFKC would part ″ into two
    text = unicodedata.normalize("NFKC", text).replace("\x01", "″").replace("\x02", "′")
    text = (
        text.replace("’", "′")
        .replace("‘", "′")
        .replace("”", "″")
        .replace("“", "″")
        .replace("º", "°")
        .replace("˚", "°")
    )
    return text if keep_blanks else re.sub(r"\s", "", text)


def split_words(cell: Any) -> list[str]:  # noqa: ANN401 - a cell holds anything
    """Return the words of a cell that lists several.

    Examples
    --------
    >>> split_words("向阳社区、北秀社区；南湖社区")
    ['向阳社区', '北秀社区', '南湖社区']
    """
    return [] if is_blank(cell) else [w for w in re.split(r"[、,;/|+\n\s]+", cell_text(cell)) if w]


def read_works(cell: Any) -> tuple[str, str]:  # noqa: ANN401 - a cell holds anything
    """Return the kind of works and what was odd; blank is an empty word.

    Examples
    --------
    >>> read_works("改扩建"), read_works("回购"), read_works(None), read_works("协调")
    (('extend', ''), ('buy', ''), ('', ''), ('', 'works_unknown'))
    """
    text = cell_text(cell)
    hits = sorted((word for word in WORKS if word in text), key=lambda word: (-len(word), text.index(word)))
    return (WORKS[hits[0]], "") if hits else ("", "" if is_blank(cell) else "works_unknown")


def read_cost(cell: Any, factor: float = 1.0) -> tuple[float, str]:  # noqa: ANN401 - a cell holds anything
    """Return money in 10,000 yuan (NaN if none) and what was odd; `factor` is that of the header.

    Examples
    --------
    >>> read_cost("1.05亿元"), read_cost("约500万元"), read_cost(""), read_cost("22,0"), read_cost("-3万元")
    ((10500.0, ''), (500.0, 'cost_approximate'), (nan, ''), (nan, 'cost_unreadable'), (nan, 'cost_negative'))
    """
    if is_blank(cell):
        return math.nan, ""
    text = without_thousands(cell_text(cell).replace(" ", ""))
    found = re.fullmatch(r"(约|大约|预计)?(-?\d+(?:\.\d+)?)(亿元?|万元?|元)?(左右|余|多)?", text)
    if not found:
        return math.nan, "cost_unreadable"
    if found[2].startswith("-"):
        return math.nan, "cost_negative"
    value = float(found[2]) * money_factor(found[3] or "", factor)
    return value, "cost_approximate" if found[1] or found[4] else ""


def money_factor(words: str, otherwise: float) -> float:
    """Return the 10,000 yuan of one 亿元, 万元 or 元, the first of them that stands in `words`."""
    units = {"亿": 1e4, "万": 1.0, "元": 1e-4}
    return next((by for unit, by in units.items() if unit in words), otherwise)


def read_datum(cell: Any) -> str | None:  # noqa: ANN401 - a cell holds anything
    """Return the datum that a cell names: an EPSG code as it stands, else a known word; None if it means none.

    Examples
    --------
    >>> read_datum("GCJ-02"), read_datum("百度坐标系"), read_datum("EPSG:4547"), read_datum("北京54")
    ('gcj02', 'bd09', 'EPSG:4547', None)
    """
    text = re.sub(r"[\s\-_()]", "", cell_text(cell).lower())
    if re.fullmatch(r"epsg:\d{4,5}", text):
        return text.upper()
    return DATUM_CELLS.get(text) or DATUM_CELLS.get(re.sub(r"坐标系?$", "", text))


def read_count(cell: Any) -> tuple[float, bool]:  # noqa: ANN401 - a cell holds anything
    """Return a number of people or things (NaN if none) and whether the cell was filled but is no certain count.

    Examples
    --------
    >>> read_count("1,200人"), read_count("不详"), read_count("约60"), read_count(-2)
    ((1200.0, False), (nan, False), (nan, True), (nan, True))
    """
    amount = read_amount(cell)
    certain = amount.code in ("", "amount_format")
    return (amount.low, False) if certain else (math.nan, amount.code != "amount_blank")


def shown(value: float) -> str:
    """Return a bound of an interval as messages print it.

    Examples
    --------
    >>> shown(math.inf), shown(1234567.0), shown(2.5)
    ('∞', '1234567', '2.5')
    """
    return "∞" if value == INF else f"{value:g}" if value < 1e6 else f"{value:.0f}"
