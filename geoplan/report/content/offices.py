"""Who leads and who supports (牵头、配合), read from a plan's own words."""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from geoplan.report.content.names import text
from geoplan.words.catalogue import LANGUAGES, phrase

#: A sign inside brackets, of half or full width, separates nothing: 各镇（街道、园区）.
_OUTSIDE = r"(?![^()\uff08\uff09]*[)\uff09])"
#: Between two clauses (comma, semicolon, full stop), and between two offices of one.
_CLAUSES, _OFFICES = re.compile(rf"[,\uff0c;\uff1b\u3002]{_OUTSIDE}"), re.compile(rf"[\u3001/]{_OUTSIDE}")


@dataclass(frozen=True)
class Offices:
    """The offices of one task, each once; both empty where the plan names none."""

    leads: tuple[str, ...] = ()
    supports: tuple[str, ...] = ()


def offices(lead: object) -> Offices:
    """Return who leads and who supports.

    A word behind offices (牵头, 配合) speaks for all of its clause that have none of their own; one before them (牵头单位：, 配合单位：,
    会同) for those up to the next such word. Where no office is said to lead, the first without a word leads. Every other office
    supports, those too that are responsible by their duties (按职责分工负责).

    Examples
    --------
    >>> offices("区民政局、区卫健局")
    Offices(leads=('区民政局',), supports=('区卫健局',))
    >>> offices("区住建局、区民政局牵头,区卫生健康委、各镇（街道、园区）配合")
    Offices(leads=('区住建局', '区民政局'), supports=('区卫生健康委', '各镇（街道、园区）'))
    >>> offices("未载")
    Offices(leads=(), supports=())
    """
    said = list(_said(_words("beside").sub("", text(lead))))
    leads = [office for office, role in said if role == "leads"]
    leads = leads or [office for office, role in said if not role][:1]
    others = [office for office, _ in said if office not in leads]
    return Offices(tuple(dict.fromkeys(leads)), tuple(dict.fromkeys(others)))


def offices_of(leads: Iterable[object]) -> list[Offices]:
    """Return who leads and who supports each of several tasks; an office is called as a plan names it in full: 区民政局 for 民政局."""
    found = [offices(lead) for lead in leads]
    every = sorted({office for one in found for office in (*one.leads, *one.supports)})
    return [
        Offices(*(tuple(_full(office, every) for office in named) for named in (one.leads, one.supports)))
        for one in found
    ]


def _full(office: str, every: Collection[str]) -> str:
    """Return an office as the plan names it elsewhere with its level in front."""
    return next((other for other in every if other[1:] == office), office)


def _said(lead: str) -> Iterator[tuple[str, str]]:
    """Yield each office with its role: ``leads``, ``supports`` or nothing."""
    ahead = ""
    for clause in _CLAUSES.split(lead):
        for role, part in _parts(clause):
            ahead = role or ahead
            unsaid: list[str] = []
            for word in _OFFICES.split(part):
                behind = next((one for one in ("leads", "supports") if _behind(one).search(word)), "")
                office = (_behind(behind).sub("", word) if behind else word).strip()
                unsaid += [office] if office and not _words("none").fullmatch(office) else []
                if behind:
                    yield from ((one, behind) for one in unsaid)
                    unsaid = []
            yield from ((one, ahead) for one in unsaid)


def _parts(clause: str) -> Iterator[tuple[str, str]]:
    """Yield the parts of a clause, each with the role that a word before its offices gives them."""
    role, at = "", 0
    for found in _ahead().finditer(clause):
        yield role, clause[at : found.start()]
        role, at = str(found.lastgroup), found.end()
    yield role, clause[at:]


def _either(which: str) -> str:
    """Return the words of a kind, in both languages, as a pattern."""
    return "|".join(phrase(f"offices_{which}", lang) for lang in LANGUAGES)


@cache
def _words(which: str) -> re.Pattern[str]:
    return re.compile(_either(which))


@cache
def _behind(role: str) -> re.Pattern[str]:
    return re.compile(rf"\s*[(\uff08]?(?:{_either(role)})[)\uff09]?\s*$")


@cache
def _ahead() -> re.Pattern[str]:
    return re.compile("|".join(f"(?P<{role}>{_either(f'{role}_ahead')})" for role in ("leads", "supports")))
