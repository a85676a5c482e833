"""四同步 of new estates: their rooms are planned, built, accepted and handed over in step with the dwellings.

Each step is a column of the estate table that says yes, no or a date. A step with a date is done from that date on: in the study's year
where the date does not lie behind the year's end.
"""

from collections.abc import Mapping

from geoplan.inputs.lists.fields import Fields, field, table
from geoplan.words.catalogue import LANGUAGES, phrase
from geoplan.words.numbers import missing

#: The steps in their order, with the headers that are recognised.
STEP_FIELDS: Fields = table(
    field("planned", "step", "同步规划 规划 已规划 规划情况 规划许可 规划许可时间 规划许可日期 规划时间 规划日期 planned", "规划", "planned"),
    field("built", "step", "同步建设 建成 已建成 竣工 建成情况 建成时间 建成日期 竣工时间 竣工日期 built", "建成", "built"),
    field("accepted", "step", "同步验收 验收 已验收 通过验收 验收情况 验收时间 验收日期 accepted", "验收", "accepted"),
    field("handed_over", "step", "同步交付 同步移交 移交 交付 已移交 已交付 移交情况 交付情况 移交时间 移交日期 交付时间 交付日期 handed_over", "移交", "handed over"),
)  # fmt: skip
STEPS = tuple(STEP_FIELDS)


def out_of_order(
    answers: Mapping[str, object], dates: Mapping[str, str | None]
) -> tuple[tuple[str, str], ...]:
    """Return pairs (earlier, later) of steps of which the later one is said to be done before the earlier one.

    Of two dates the less exact one decides how far they are compared. Without them a step that is done contradicts an earlier one that
    is not. For each step the nearest of the earlier ones that it contradicts.

    Parameters
    ----------
    answers
        Step -> True, False, or missing.
    dates
        Step -> ``2024-03-15``, ``2024-03`` or ``2024``; empty or None where none is stated.

    Examples
    --------
    >>> out_of_order({"built": False, "accepted": True}, {})
    (('built', 'accepted'),)
    >>> out_of_order({}, {"built": "2024-03", "accepted": "2023-12-31"}), out_of_order({}, {"built": "2024-03", "accepted": "2024"})
    ((('built', 'accepted'),), ())
    """
    found = []
    for place, later in enumerate(STEPS):
        wrong = (one for one in reversed(STEPS[:place]) if _is_before(later, one, answers, dates))
        found += [(earlier, later) for earlier in list(wrong)[:1]]
    return tuple(found)


def _is_before(
    later: str, earlier: str, answers: Mapping[str, object], dates: Mapping[str, str | None]
) -> bool:
    last, first = dates.get(later), dates.get(earlier)
    if last and first:
        exact = min(len(last), len(first))
        return last[:exact] < first[:exact]
    done, before = answers.get(later), answers.get(earlier)
    return not missing(done) and not missing(before) and bool(done) and not before


def order_text(pair: tuple[str, str], dates: Mapping[str, str | None], lang: str) -> str:
    """Return in words what is contradictory of a pair of steps."""
    earlier, later = pair
    names = {"earlier": STEP_FIELDS[earlier], "later": STEP_FIELDS[later]}
    words = {key: one.zh if lang == "zh" else one.en for key, one in names.items()}
    first, last = dates.get(earlier), dates.get(later)
    code = "estate_step_before" if first and last else "estate_step_without"
    return phrase(code, lang, **words, first=first, last=last)


def order_values(pairs: tuple[tuple[str, str], ...], dates: Mapping[str, str | None]) -> dict[str, str]:
    """Return what is contradictory as the values ``order_zh`` and ``order_en`` of a note."""
    return {
        f"order_{lang}": phrase("join_semicolon", lang).join(order_text(pair, dates, lang) for pair in pairs)
        for lang in LANGUAGES
    }
