"""Questions and aims in words, as tables, report and papers print them."""

from collections.abc import Mapping

import pandas as pd

from geoplan.siting.question import Phase, Question
from geoplan.tables import Service

#: What the objective of each kind of question counts.
AIMS: Mapping[str, tuple[str, str]] = {
    "cover": ("服务圈内人数", "people in the circle"),
    "cover phased": ("各期服务圈内人数之和", "people in the circle, summed over the phases"),
    "worst_off": ("覆盖率最低社区的覆盖率", "share covered in the worst-off community"),
    "worst_part": ("覆盖率最低的一部分人口的平均覆盖率", "mean share covered of the worst-off part of the people"),
    "least_spread": ("各社区覆盖率与总覆盖率之差（按人口加权平均）", "mean difference of communities' shares from the share of all"),
    "share sites": ("规划点位数", "number of sites"),
    "share cost": ("投资估算", "cost"),
    "median": ("人均步行分钟数", "mean walk, minutes"),
    "center": ("最远步行分钟数", "farthest walk, minutes"),
    "capacity": ("圈内得到满足的需求", "need met within the circle"),
    "sizes": ("仍未补齐的缺口", "shortfall that stays"),
}  # fmt: skip


def aim_words(question: Question, lang: str) -> str:
    """Return what the objective of a question counts.

    Examples
    --------
    >>> aim_words(Question("a", "cover", ("eldercare",), (Phase(2025, 3),)), "en")
    'people in the circle'
    """
    key = question.ask
    if question.ask == "cover":
        key = question.fair if question.fair != "total" else "cover phased" if question.is_phased else "cover"
    if question.ask == "share":
        key = f"share {question.minimise}"
    return AIMS[key][0 if lang == "zh" else 1]


def question_words(
    question: Question, services: Mapping[str, Service], rules: pd.DataFrame, lang: str
) -> str:
    """Return a question in one sentence.

    Parameters
    ----------
    services
        Service -> its terms.
    rules
        Printed rules by rule_id, with ``indicator`` and ``title_en``.
    """
    if question.label:
        return question.label
    zh = lang == "zh"
    named = ("、" if zh else ", ").join(services[s].label(lang) for s in question.services)
    minutes = question.minutes(services[question.services[0]])
    limits = ("；" if zh else "; ").join(
        told for phase in question.phases if (told := _limit(phase, phased=question.is_phased, zh=zh))
    )
    column = "indicator" if zh else "title_en"
    asked = ("、" if zh else ", ").join(str(rules[column].get(rule, rule)) for rule in question.rules)
    percent = " / ".join(
        f"{100 * value:g}%" + word
        for value, word in (
            (question.share, "" if zh else " of all people"),
            (question.min_share_per_community, "（每个社区）" if zh else " of every community"),
        )
        if value is not None
    )
    sentence = {
        "cover": (f"{named}：{minutes:g}分钟圈内人数最多", f"{named}: most people within {minutes:g} minutes"),
        "worst_off": (f"{named}：先提高覆盖率最低的社区", f"{named}: the worst-off community first"),
        "worst_part": (f"{named}：先提高覆盖率最低的{question.worst_share:.0%}人口", f"{named}: the worst-off {question.worst_share:.0%} of the people first"),
        "least_spread": (f"{named}：各社区覆盖率最均衡", f"{named}: least spread between communities"),
        "share": (f"{named}：覆盖{percent}的人口，{'点位最少' if question.minimise == 'sites' else '投资最省'}",
                  f"{named}: {'fewest sites' if question.minimise == 'sites' else 'least cost'} that cover {percent}"),
        "median": (f"{named}：人均步行时间最短", f"{named}: least walking"),
        "center": (f"{named}：最远的人步行时间最短", f"{named}: least farthest walk"),
        "capacity": (f"{named}：每张床位（托位）只给一人，满足的需求最多", f"{named}: most need met, each bed or place given out once"),
        "sizes": (f"建在哪里、建多大，补齐：{asked}", f"where and how large, to clear: {asked}"),
    }[question.fair if question.ask == "cover" and question.fair != "total" else question.ask]  # fmt: skip
    text = sentence[0 if zh else 1]
    if not limits:
        return text
    return f"{text}（{limits}）" if zh else f"{text} ({limits})"


def _limit(phase: Phase, *, phased: bool, zh: bool) -> str:
    parts = []
    if phase.sites is not None:
        parts.append(f"不超过{phase.sites}处" if zh else f"at most {phase.sites} sites")
    if phase.budget is not None:
        parts.append(f"不超过{phase.budget:g}万元" if zh else f"at most {phase.budget:g} (10,000 yuan)")
    if not parts:
        return ""
    said = ("、" if zh else ", ").join(parts)
    if not phased:
        return said
    return f"到{phase.by}年{said}" if zh else f"by {phase.by} {said}"
