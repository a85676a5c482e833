"""Tags that hold at certain hours only: ``foot:conditional=no @ (22:00-06:00)``, for a stated hour of the week.

What is understood of https://wiki.openstreetmap.org/wiki/Conditional_restrictions and of the opening hours in it: days of the week,
clock times, sunrise and sunset. A study states no date, so that seasons, months and holidays, and conditions such as
``wet``, are not decided: the way is then judged by its other tags, and counted. The hour is taken as that of a day that is no holiday.
"""

import re
from collections.abc import Iterator, Mapping

from geoplan.words.periods import DAYS, Hour

#: Keys that may hold conditions.
CONDITIONAL_KEYS = ("foot:conditional", "access:conditional")
DAY_MINUTES = 24 * 60

_DAY = "(?:Mo|Tu|We|Th|Fr|Sa|Su|PH|SH)"
_RULE = re.compile(
    rf"(?P<days>{_DAY}(?:-{_DAY})?(?:\s*,\s*{_DAY}(?:-{_DAY})?)*)?:?\s*"
    r"(?P<times>[\d:\-,\s]+|(?:sunrise|sunset|dawn|dusk|[\d:])+-(?:sunrise|sunset|dawn|dusk|[\d:])+)?\s*(?P<off>off|closed)?"
)
_CLAUSE = re.compile(r"(?P<value>[^@()]+?)\s*@\s*(?:\((?P<inside>[^()]*)\)|(?P<bare>[^();]+))\s*(?:;|$)")
#: Between which minutes of the day the sun rises and sets through the year, where people live: before, during, after.
_SUN = {"dawn": (210, 510), "sunrise": (240, 540), "sunset": (930, 1350), "dusk": (960, 1380)}


#: A minute of the day that moves with the sun: the least and the most that it may be.
_Edge = tuple[int, int]
_Spans = list[tuple[_Edge | int, _Edge | int]]
_WHOLE_DAY: _Spans = [(0, DAY_MINUTES)]


def at_hour(tags: Mapping[str, str], at: Hour | None) -> Mapping[str, str]:
    """Return `tags` with ``foot`` and ``access`` as they are at an hour; None: as they stand without conditions.

    Examples
    --------
    >>> from geoplan.words.periods import parse_hour
    >>> at_hour({"foot": "yes", "foot:conditional": "no @ (22:00-06:00)"}, parse_hour("We 23:00"))["foot"]
    'no'
    """
    if at is None:
        return tags
    changed = {}
    for key in CONDITIONAL_KEYS:
        # the last condition that holds counts
        held = [value for value, condition in _clauses(tags.get(key, "")) if holds(condition, at)]
        if held:
            changed[key.removesuffix(":conditional")] = held[-1]
    return {**tags, **changed} if changed else tags


def undecided(tags: Mapping[str, str], at: Hour | None) -> bool:
    """Return whether a condition of `tags` is not decided: no hour is stated, or it is not understood."""
    texts = [tags[key] for key in CONDITIONAL_KEYS if tags.get(key)]
    clauses = [clause for text in texts for clause in _clauses(text)]
    if at is None or not all(any(True for _ in _clauses(text)) for text in texts):
        return bool(texts)
    return any(holds(condition, at) is None for _, condition in clauses)


def _clauses(text: str) -> Iterator[tuple[str, str]]:
    """Yield value and condition of each part of a conditional tag."""
    for found in _CLAUSE.finditer(text):
        yield (
            found["value"].strip(" ;"),
            (found["inside"] if found["inside"] is not None else found["bare"]).strip(),
        )


def holds(condition: str, at: Hour) -> bool | None:
    """Return whether a condition holds at an hour; None where that cannot be told.

    Examples
    --------
    >>> from geoplan.words.periods import parse_hour
    >>> night = parse_hour("Th 00:30")
    >>> holds("22:00-06:00", night), holds("We 22:00-02:00", night), holds("Mo-Fr 08:00-18:00", night), holds("wet", night)
    (True, True, False, None)
    """
    parts = [_hours(part.strip(), at) for part in re.split(r"\s+AND\s+", condition)]
    if False in parts:
        return False
    return None if None in parts else True


def _hours(text: str, at: Hour) -> bool | None:
    """Return whether opening hours hold; of several rules for a day the last counts, and nights reach into the next day."""
    if text == "24/7":
        return True
    today: bool | None = False
    last_night: bool | None = False
    for rule in filter(None, (rule.strip() for rule in text.split(";"))):
        found = _RULE.fullmatch(rule)
        if not found or not (found["days"] or found["times"]):
            return None
        days = _days(found["days"])
        spans = _WHOLE_DAY if not (found["times"] or "").strip() else _spans(found["times"])
        if spans is None:
            return None
        if at.day in days:
            today = not found["off"] and _within(spans, at.minute)
        if (at.day - 1) % 7 in days:
            last_night = not found["off"] and _within(spans, at.minute + DAY_MINUTES)
    if today or last_night:
        return True
    return None if None in (today, last_night) else False


def _days(text: str | None) -> set[int]:
    """Return days of the week; holidays are none of them."""
    if text is None:
        return set(range(7))
    days: set[int] = set()
    for part in text.split(","):
        ends = [end.strip() for end in part.split("-")]
        if set(ends) <= set(DAYS):
            first, last = DAYS.index(ends[0]), DAYS.index(ends[-1])
            days |= {(first + k) % 7 for k in range((last - first) % 7 + 1)}
    return days


def _spans(text: str) -> _Spans | None:
    """Return spans of minutes, an end that moves with the sun as the least and the most it may be; None if it is not understood."""
    spans: _Spans = []
    for part in text.split(","):
        ends = [_minute(end.strip()) for end in part.split("-")]
        if len(ends) != 2 or ends[0] is None or ends[1] is None:
            return None
        spans.append((ends[0], ends[1]))
    return spans


def _minute(text: str) -> _Edge | int | None:
    if text in _SUN:
        return _SUN[text]
    found = re.fullmatch(r"(\d{1,2}):(\d\d)", text)
    return 60 * int(found[1]) + int(found[2]) if found else None


def _within(spans: _Spans, minute: int) -> bool | None:
    """Return whether a minute lies in a span, the end excluded; None where that hangs on the sun. A span may end on the next day."""
    answers = set()
    for start, end in spans:
        starts = start if isinstance(start, tuple) else (start, start)
        ends = end if isinstance(end, tuple) else (end, end)
        answers.add(_agreed({_in_span(a, b, minute) for a in starts for b in ends}))
    return True if True in answers else None if None in answers else False


def _in_span(start: int, end: int, minute: int) -> bool:
    return start <= minute < (end if end > start else end + DAY_MINUTES)


def _agreed(answers: set[bool]) -> bool | None:
    return answers.pop() if len(answers) == 1 else None
