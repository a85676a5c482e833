"""What a planner does with packs: list them, read one as a table, check a file, start the next plan's pack."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from geoplan.standards.grammar import NOT_QUANTIFIED, Target
from geoplan.standards.packs.problems import note_at
from geoplan.standards.packs.read import Pack, read_pack, shipped
from geoplan.standards.rules import Rule
from geoplan.words.errors import Note, OutputError, PackError
from geoplan.words.strict_yaml import lines_of

#: Columns of the table that `show` prints: header in Chinese and English, widest column in half-width characters.
_SHOWN = {
    "id": (("编号", "Id"), 32), "name": (("指标", "Indicator"), 44), "kind": (("类型", "Kind"), 10), "level": (("层级", "Level"), 28),
    "base": (("基期值", "Base"), 12), "target": (("目标值", "Target"), 26), "attribute": (("属性", "Attribute"), 14),
    "clause": (("条文", "Clause"), 26), "remark": (("备注", "Remark"), 30),
}  # fmt: skip
_STATUS = {
    "read": ("查阅", "read"), "second_hand": ("转引", "second-hand"), "unverified": ("未核对", "unverified"), None: ("", ""),
}  # fmt: skip
_ATTRIBUTES = {
    "约束": "binding", "预期": "expected", "未标注": "not marked", "原文指标表未载": "table not stored", "标准": "standard",
}  # fmt: skip
_KINDS = {
    "provision": "配置水平", "floor_area": "用房面积", "share": "占比", "presence": "覆盖率", "compliance": "达标率", "circle": "服务圈",
    "total": "总量", "increase": "新增", "rate": "使用率", "facility": "单体要求",
}  # fmt: skip
_LEVELS = {
    "area": "全域", "district": "区县", "town": "街道（乡镇）", "community": "社区（村）", "estate": "小区", "facility": "设施",
    "urban": "城镇", "rural": "农村", "new": "新建", "existing": "已建成", "with_conditions": "具备条件", "complete": "完整",
    "future": "未来", "township": "乡镇",
}  # fmt: skip


def list_packs() -> pd.DataFrame:
    """Return the packs that come with geoplan, indexed by name.

    Returns
    -------
    packs
        ``title_zh, title_en, document, area_zh, area_en, first_year, last_year, rules`` (how many), ``on`` (of them count
        without being switched on), ``not_assessed`` (clauses).

    Examples
    --------
    >>> list_packs().loc["huzhong", "document"]
    '呼政办规〔2023〕1号'
    """
    rows = {}
    for name in shipped():
        pack = read_pack(name)
        rows[name] = (pack.title_zh, pack.title_en, pack.document, pack.area_zh, pack.area_en, pack.years[0], pack.years[1],
                      len(pack.rules), sum(rule.is_on for rule in pack.rules), len(pack.not_assessed))  # fmt: skip
    columns = [
        "title_zh",
        "title_en",
        "document",
        "area_zh",
        "area_en",
        "first_year",
        "last_year",
        "rules",
        "on",
        "not_assessed",
    ]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("name")


def show(pack: Pack, lang: str = "zh") -> str:
    """Return a pack as text for the console: what it is, its rules as a table, and the clauses that are no rules.

    Parameters
    ----------
    lang
        ``zh`` or ``en``.

    Examples
    --------
    >>> print(show(read_pack("huzhong"), "en").splitlines()[0])
    Huzhong District, overall plan for the old and the young (呼政办规〔2023〕1号)
    """
    at = 0 if lang == "zh" else 1
    number = pack.document if pack.document != "not found" else ("文号未载", "no document number")[at]
    title = f"{pack.title_zh}（{number}）" if lang == "zh" else f"{pack.title_en} ({number})"
    about = (f"{pack.issuer_zh}，{pack.area_zh}，{pack.years[0]}—{pack.years[1]}年" if lang == "zh"
             else f"{pack.issuer_en}; {pack.area_en}; {pack.years[0]}-{pack.years[1]}")  # fmt: skip
    lines = [title, about, "", *_table([_shown(rule, lang) for rule in pack.rules], at)]
    if pack.not_assessed:
        lines += ["", ("不作为指标评价的条文", "Clauses that are no rules here")[at]]
        lines += [f"  {item.clause}  {item.zh if lang == 'zh' else item.en}" for item in pack.not_assessed]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def check(file: str | Path) -> Pack:
    """Return the pack of a file when nothing in it is wrong.

    Beside what reading checks, every rule of its own that `meets` names must be there.

    Raises
    ------
    PackError
        With every wrong entry, its line, and what is expected.
    """
    pack = read_pack(file)
    ids = {rule.id for rule in pack.rules}
    path = Path(file)
    lines = dict(lines_of(yaml.compose(path.read_text(encoding="utf-8-sig")))) if path.is_file() else {}
    where = {str(rule.get("id")): at for at, rule in enumerate(_own_rules(path))}
    problems = []
    for rule in pack.rules:
        for named in getattr(rule, "meets", None) or []:
            own = named.removeprefix(f"{pack.name}.")
            if "." not in own and own not in ids:
                line = lines.get(f"rules.{where.get(rule.id, -1)}.meets", lines.get("rules", 1))
                note = note_at(f"{rule.id}.meets", "pack_meets_unknown", str(file), line)
                problems.append(Note.of(note.code, file=note.file, row=note.row, entry=note.values["entry"], rule=named,
                                        severity="error"))  # fmt: skip
    if problems:
        raise PackError(*problems)
    return pack


def copy(pack: Pack, to: str | Path, *, years: int = 2030) -> Path:
    """Write the next plan's pack: the rules of `pack` with their targets as the new base; return its path.

    The new base is the old target at its year, what the area has promised to have reached. The new target is the same
    figure at the end of the next plan: a level that may not fall is the usual floor, the copy can be run at once, and
    every target that was only carried over says so in its note. What the old plan did not quantify stays so.

    Parameters
    ----------
    to
        New file, ``.yaml``.
    years
        Last year of the next plan.

    Raises
    ------
    OutputError
        If the file is there already.
    """
    path = Path(to)
    if path.exists():
        raise OutputError(Note.of("pack_exists", file=str(path), severity="error"))
    text = _COPIED.format(document=pack.document, title=pack.title_zh, year=years)
    entries = {
        key: value for key, value in pack.entries.items() if key not in ("extends", "rules", "not_assessed")
    }
    entries |= {
        "title_zh": f"{pack.title_zh}（{years}年续编草稿）", "title_en": f"{pack.title_en} (draft to {years})",
        "document": "not found", "issued": "not found", "years": [min(pack.years[1] + 1, years), years],
        "source": f"续编自 {pack.document}" if pack.document != "not found" else f"续编自 {pack.title_zh}",
    }  # fmt: skip
    text += _dumped(entries) + "rules:\n"
    by_id = {rule["id"]: rule for rule in pack.entries["rules"]}
    text += "\n".join(_item(_next(by_id[rule.id], rule, years)) for rule in pack.rules)
    text += "\nnot_assessed:\n" + "".join(_item(dict(item)) for item in pack.entries.get("not_assessed", []))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")
    return path


#: Head of a copied pack.
_COPIED = """# 续编自 {title}（{document}），目标年 {year}。A draft: copied from the pack named above for the plan to {year}.
# base 为上一规划的目标值（@其目标年），请以实绩替换。The base is the former plan's target: put in what was reached.
# target 暂沿用同一数值，逐条确定后删去 note 中的“待定”。The target is the same figure, carried over until it is decided.
# quote、clause 仍为上一规划条文。quote and clause are still the former plan's.
"""


def _own_rules(path: Path) -> list[dict[str, Any]]:
    if not path.is_file():
        return []
    entries = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    return [rule for rule in entries.get("rules", []) if isinstance(rule, dict)]


def _next(entry: dict[str, Any], rule: Rule, year: int) -> dict[str, Any]:
    """Return a rule's entries for the next plan."""
    last, out = rule.targets[-1], dict(entry)
    text = rule.target.split(";")[-1].strip().rpartition("@")[0]
    out["target"] = f"{NOT_QUANTIFIED if last.floor is None else text}@{year}"
    told = [str(entry["note"])] if entry.get("note") else []
    if last.floor is None:
        out.pop("base", None)
    else:
        base = _base(last, text)
        if base:
            out["base"] = f"{base}@{last.year}"
        told.append(f"{year}年目标值暂沿用{last.year}年数值，待定")
    if "since" in out:
        out["since"] = last.year
        out.pop("base", None)  # what is new counts from nothing
    out["note"] = "；".join(told)
    return {key: value for key, value in out.items() if value != ""}


def _base(target: Target, text: str) -> str:
    """Return the value of a target as a base; empty where two values are named."""
    if target.either:
        return ""
    found = re.search(r"\d+(?:\.\d+)?%?", text)
    return "100%" if text == "all" else found[0] if found else ""


class _Plain(yaml.SafeDumper):
    """YAML without anchors: a list that several rules share is written out in each."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ANN401, ARG002 - yaml's own signature
        return True


def _dumped(entries: dict[str, Any]) -> str:
    """Return entries as YAML, one a line; lists and mappings in brackets."""

    def text(value: Any, *, flow: bool) -> str:  # noqa: ANN401 - whatever a pack holds
        return str(
            yaml.dump(
                value,
                Dumper=_Plain,
                allow_unicode=True,
                sort_keys=False,
                width=10_000,
                default_flow_style=flow,
            )
        )

    return "".join(
        f"{key}: {text(value, flow=True)}"
        if isinstance(value, list | dict)
        else text({key: value}, flow=False)
        for key, value in entries.items()
    )


def _item(entries: dict[str, Any]) -> str:
    lines = _dumped(entries).splitlines()
    return "  - " + "\n    ".join(lines) + "\n"


def _shown(rule: Rule, lang: str) -> dict[str, str]:
    at = 0 if lang == "zh" else 1
    off = "" if rule.is_on else ("未启用", "off")[at]
    local = ("本地设定", "local")[at] if rule.local_entries else ""
    remark = ("、" if lang == "zh" else ", ").join(
        x for x in (_STATUS[rule.status][at], rule.place, off, local) if x
    )
    attribute = rule.attribute if lang == "zh" else _ATTRIBUTES.get(rule.attribute, rule.attribute)
    return {
        "id": rule.id, "name": rule.indicator if lang == "zh" else rule.title_en, "kind": _KINDS.get(rule.kind, rule.kind) if lang == "zh" else rule.kind,
        "level": _level(rule) if lang == "zh" else rule.level, "base": rule.base or "", "target": rule.target_text(lang), "attribute": attribute, "clause": rule.clause, "remark": remark,
    }  # fmt: skip


def _level(rule: Rule) -> str:
    """Return a rule's level and filter in Chinese."""
    words = "、".join(_LEVELS.get(word, word) for word in rule.where.words)
    band = f"{rule.where.band[1]:g}至{rule.where.band[2]:g}人" if rule.where.band else ""
    told = "，".join(part for part in (words, band) if part)
    return "+".join(_LEVELS[level] for level in rule.where.levels) + (f"：{told}" if told else "")


def _table(rows: Sequence[dict[str, str]], at: int) -> Iterable[str]:
    """Return rows as lines whose columns stand below each other where a Chinese character is two columns wide."""
    head = {key: names[at] for key, (names, _) in _SHOWN.items()}
    used = [key for key in _SHOWN if any(row[key] for row in rows)]
    wide = {key: min(max(_width(row[key]) for row in [head, *rows]), _SHOWN[key][1]) for key in used}
    yield "  ".join(_fitted(head[key], wide[key]) for key in used)
    yield "  ".join("-" * wide[key] for key in used)
    for row in rows:
        yield "  ".join(_fitted(row[key], wide[key]) for key in used)


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def _fitted(text: str, width: int) -> str:
    """Return text cut or filled to a width in half-width characters."""
    while _width(text) > width:
        text = text.rstrip("…")[:-1] + "…"
    return text + " " * (width - _width(text))


__all__ = ["check", "copy", "list_packs", "show"]
