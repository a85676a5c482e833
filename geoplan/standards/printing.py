"""Rules in words: units, targets and counting bases as reports print them."""

from geoplan.standards.grammar import Target
from geoplan.standards.rules import Condition, Rule, Selection
from geoplan.standards.vocabulary import label

_SIGNS = {">=": "≥", ">": "＞", "<=": "≤", "<": "＜", "=": "=", "": ""}


def value_unit(rule: Rule, lang: str) -> str:
    """Return the unit of a rule's value: per cent, beds per 1,000 people, the unit in which one builds …."""
    if rule.percent:
        return "%"
    unit = label("units", rule.unit, lang)
    if rule.people is None:
        return unit
    n = int(rule.people.n)
    household = rule.people.group in ("households", "dwellings")
    if lang == "zh":
        return f"{unit}/{'' if n == 1 else _chinese(n)}{'户' if household else '人'}"
    return f"{unit} per {'household' if household else 'person'}" if n == 1 else f"{unit} per {n:,} {'households' if household else 'people'}"


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
        return f"{100 * value:.1f}".rstrip("0").rstrip(".") + "%" if round(value * 1000) % 10 == 0 else f"{100 * value:.1f}%"
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
        names = f"{joint.join(selection.in_zones)}{names}" if lang == "zh" else f"{names} of {joint.join(selection.in_zones)}"
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
    joint = {("zh", True): "或", ("zh", False): "且", ("en", True): " or ", ("en", False): " and "}[lang, condition.any is not None]
    return joint.join(condition_text(part, lang) for part in parts)


def basis_text(rule: Rule, lang: str) -> str:
    """Return what a rule counts and per whom, without the people's basis, which a study gives."""
    supplies = [getattr(rule, name, None) for name in ("part", "supply", "estate_column")]
    whole = getattr(rule, "whole", None)
    what = [label("supplies", name, lang) for name in supplies if name]
    if whole:
        what = [f"{'、'.join(what)}/{label('supplies', whole, lang)}"]
    of = getattr(rule, "of", None)
    joint = "；" if lang == "zh" else "; "
    if of:
        union = " + "
        what.append(union.join(selection_text(selection, lang) for selection in of))
    condition = getattr(rule, "part_where", None) or getattr(rule, "must", None)
    if condition is not None:
        what.append(condition_text(condition, lang))
    per = rule.people
    if per is not None:
        group = label("groups", per.group, lang)
        what.append(f"每{_chinese(int(per.n))}：{group}" if lang == "zh" else f"per {int(per.n):,} {group}")
    group = getattr(rule, "group", None)
    if group and not rule.people:
        what.append(label("groups", group, lang))
    return joint.join(what)
