"""Rules in words: units, targets and counting bases as reports print them."""

from collections.abc import Mapping

from geoplan.standards.grammar import Target
from geoplan.standards.rules import Condition, Rule, Selection
from geoplan.words.vocabulary import label, narrower

_SIGNS = {">=": "≥", ">": "＞", "<=": "≤", "<": "＜", "=": "=", "": ""}


def value_unit(rule: Rule, lang: str) -> str:
    """Return the unit of a rule's value: per cent, beds per 1,000 people, the unit in which one builds …."""
    if rule.percent:
        return "%"
    unit = label("units", rule.unit, lang)
    if lang == "zh" and rule.unit == "places":
        unit = "个"
    if rule.people is None:
        return unit
    n = int(rule.people.n)
    household = rule.people.group in ("households", "dwellings")
    if lang == "zh":
        return f"{unit}/{'' if n == 1 else _chinese(n)}{'户' if household else '人'}"
    return (
        f"{unit} per {'household' if household else 'person'}"
        if n == 1
        else f"{unit} per {n:,} {'households' if household else 'people'}"
    )


def _chinese(n: int) -> str:
    return {100: "百", 1000: "千", 10_000: "万"}.get(n, str(n))


def number(value: float, *, percent: bool) -> str:
    """Return a value as it is printed in a sentence: shares to 0.1 %, others to at most two decimals.

    Examples
    --------
    >>> number(0.36363, percent=True), number(50.0, percent=False), number(4.55, percent=False)
    ('36.4%', '50', '4.55')
    """
    if percent:
        return (
            f"{100 * value:.1f}".rstrip("0").rstrip(".") + "%"
            if round(value * 1000) % 10 == 0
            else f"{100 * value:.1f}%"
        )
    return f"{value:,.2f}".rstrip("0").rstrip(".")


def target_text(rule: Rule, lang: str) -> str:
    """Return what a rule asks for, in words: ``≥50（2025年）``."""
    joint = "；" if lang == "zh" else "; "
    return joint.join(f"{_one(rule, target, lang)}{_year(target.year, lang)}" for target in rule.targets)


def _year(year: int, lang: str) -> str:
    return f"（{year}年）" if lang == "zh" else f" ({year})"


def _one(rule: Rule, target: Target, lang: str) -> str:
    if target.floor is None:
        return "规划未量化" if lang == "zh" else "not quantified"
    low = number(target.floor, percent=target.percent)
    if target.comparison == "range":
        high = number(target.upper or 0.0, percent=target.percent)
        if rule.range_is == "limits":
            return f"{low}–{high}"
        return f"≥{low}，宜 {high}" if lang == "zh" else f"≥{low}, better {high}"
    if target.either:
        high = number(target.upper or 0.0, percent=target.percent)
        return f"≥{high} 或 ≥{low}（分区确定）" if lang == "zh" else f"≥{high} or ≥{low} by district"
    if target.floor == 1.0 and target.percent and rule.target.startswith("all"):
        return "全部" if lang == "zh" else "all"
    return f"{_SIGNS[target.comparison]}{low}"


def selection_text(selection: Selection, lang: str) -> str:
    """Return the facilities that a selection counts, in words."""
    joint = "、" if lang == "zh" else ", "
    names = joint.join(label("types", name, lang) for name in selection.facilities)
    if selection.in_zones:
        names = (
            f"{joint.join(selection.in_zones)}{names}"
            if lang == "zh"
            else f"{names} of {joint.join(selection.in_zones)}"
        )
    if selection.where is None:
        return names
    told = condition_text(selection.where, lang)
    return f"{names}（{told}）" if lang == "zh" else f"{names} ({told})"


def condition_text(condition: Condition, lang: str) -> str:
    """Return a condition in words."""
    if condition.attribute is not None:
        name = label("attributes", condition.attribute, lang)
        return name if condition.holds else (f"非{name}" if lang == "zh" else f"not {name}")
    if condition.supply is not None:
        name = label("supplies", condition.supply, lang)
        bound = str(condition.bound)
        for sign in (">=", "<="):
            bound = bound.replace(sign, _SIGNS[sign])
        return f"{name}{bound}" if lang == "zh" else f"{name} {bound}"
    parts = condition.any or condition.all or []
    joint = {("zh", True): "或", ("zh", False): "且", ("en", True): " or ", ("en", False): " and "}[
        lang, condition.any is not None
    ]
    return joint.join(condition_text(part, lang) for part in parts)


#: More names than this are replaced by the family's where there is little room.
SHORT = 3


def facilities_text(rule: Rule, lang: str, *, short: bool = False) -> str:
    """Return the facilities that a rule counts, in words; the rooms of an estate where it counts those.

    With `short`, many types of one family are named by the family.
    """
    of = getattr(rule, "of", None) or getattr(rule, "has", None) or getattr(rule, "flag_by", None)
    if of and short and sum(len(selection.facilities) for selection in of) > SHORT:
        types = frozenset().union(*(selection.types for selection in of))
        for family in ("eldercare", "childcare_service"):
            if types <= narrower(family):
                return label("types", family, lang)
    if of:
        return " + ".join(selection_text(selection, lang) for selection in of)
    column = getattr(rule, "estate_column", None) or getattr(rule, "has_rooms", None)
    return label("supplies", column, lang) if column else ""


def basis_text(rule: Rule, lang: str, names: Mapping[str, tuple[str, str]] | None = None) -> str:
    """Return what a rule counts and per whom, without the people's basis, which a study gives.

    Parameters
    ----------
    names
        rule_id -> indicator in Chinese and English, for rules that name others.

    Examples
    --------
    >>> from geoplan.standards.packs.read import read_pack
    >>> basis_text(read_pack("huzhong").rules[5], "zh")
    '护理型床位/养老床位；养老机构'
    """
    joint = "；" if lang == "zh" else "; "
    parts = [
        _amount_text(rule, lang),
        facilities_text(rule, lang) if _counts_facilities(rule) else "",
        _condition(rule, lang),
    ]
    meets = getattr(rule, "meets", None)
    if meets:
        known = [
            (names or {}).get(name if "." in name else f"{rule.pack}.{name}", (name, name)) for name in meets
        ]
        shown = [both[0 if lang == "zh" else 1] for both in known]
        parts.append("达到：" + "、".join(shown) if lang == "zh" else "meeting: " + ", ".join(shown))
    if getattr(rule, "standard", None):
        parts.append("规划未写明达标标准" if lang == "zh" else "the plan does not state the standard")
    marked = getattr(rule, "communities", None)
    if marked:
        parts.append(f"标记为 {marked} 的社区" if lang == "zh" else f"communities marked {marked}")
    parts.append(_whom(rule, lang))
    return joint.join(part for part in parts if part)


def _counts_facilities(rule: Rule) -> bool:
    return bool(getattr(rule, "of", None) or getattr(rule, "has", None) or getattr(rule, "has_rooms", None))


def _amount_text(rule: Rule, lang: str) -> str:
    names = [getattr(rule, name, None) for name in ("part", "supply", "estate_column", "measured")]
    what = ("、" if lang == "zh" else ", ").join(label("supplies", name, lang) for name in names if name)
    whole = getattr(rule, "whole", None) or getattr(rule, "over", None)
    return f"{what}/{label('supplies', whole, lang)}" if whole and what else what


def _condition(rule: Rule, lang: str) -> str:
    condition = getattr(rule, "part_where", None) or getattr(rule, "must", None)
    return "" if condition is None else condition_text(condition, lang)


def _whom(rule: Rule, lang: str) -> str:
    per = rule.people
    if per is not None:
        name, n = label("groups", per.group, lang), int(per.n)
        if lang == "en":
            return f"per {n:,} {name}" if n > 1 else f"per head of {name}"
        return f"每{'' if n == 1 else _chinese(n)}{'户' if per.group == 'households' else '套住宅' if per.group == 'dwellings' else '人'}：{name}"
    group = getattr(rule, "group", None)
    return label("groups", group, lang) if group else ""
