"""Facility types in words: as the study maps them, as names of projects and premises show them, and as geoplan prints them."""

import re
from collections.abc import Mapping, Sequence
from functools import cache

from geoplan.inputs.lists.cells import cell_text, split_words
from geoplan.inputs.lists.zone_names import clean_name
from geoplan.words.vocabulary import vocabulary

#: Word -> facility type(s), as a study states them.
Types = Mapping[str, str | Sequence[str]]

#: Types that a name shows, in the order in which they are tried: family, words, facility type.
NAMED_TYPES: tuple[tuple[str, str, str], ...] = (
    ("child", r"综合指导中心", "childcare_guidance_centre"),
    ("child", r"幼儿园|托班|托幼", "kindergarten_class"),
    ("child", r"单位办托|用人单位", "workplace_childcare"),
    ("child", r"驿站", "childcare_station"),
    ("child", r"家庭托育", "home_childcare"),
    ("child", r"托育|托位|早教|婴幼儿|托儿|母婴", "childcare"),
    ("elder", r"失能.*照护|集中照护", "disabled_care_centre"),
    ("elder", r"失智|认知障碍照护|认知症照护", "dementia_home"),
    ("elder", r"日间照料|日托", "elder_day_care"),
    ("elder", r"居家养老服务中心", "home_care_centre"),
    ("elder", r"居家养老", "home_care"),
    ("elder", r"综合养老服务中心|综合性养老", "combined_eldercare"),
    ("elder", r"助餐|食堂", "elder_canteen"),
    ("elder", r"敬老院|养老院|福利院|康养|怡康院|老年公寓|老年乐园|医养|颐养|养老服务中心|养老机构|护理院", "elder_home"),
)  # fmt: skip

#: Further words of names that tell one facility of a type from no other.
_COMMON = (
    r"综合|服务|中心|机构|设施|社区|养老|托育|照料|护理|照护|公办|普惠|项目|工程|[站点室部所处园院班楼家]"
)


def own_name(name: str) -> str:
    """Return what is left of a cleaned name without the words of its type: what tells it from others.

    Examples
    --------
    >>> own_name("向阳社区日间照料室"), own_name("社区居家养老服务站"), own_name("碧水镇松鹤养老院")
    ('向阳', '', '碧水镇松鹤')
    """
    for _, words, _ in NAMED_TYPES:
        name = re.sub(words, "", name)
    return re.sub(_COMMON, "", name)


def type_words(types: Types) -> dict[str, tuple[str, ...]]:
    """Return the words of a study's ``types`` as they are compared -> facility types."""
    return {
        clean_name(w): ((kinds,) if isinstance(kinds, str) else tuple(kinds)) for w, kinds in types.items()
    }


def named_type(name: str, family: str | None) -> str:
    """Return the facility type that a name shows, within `family` where one is known; may be empty.

    Examples
    --------
    >>> named_type("青杠幼儿园普惠托育服务项目", "child"), named_type("石家片区敬老院工程", None), named_type("体育设施", None)
    ('kindergarten_class', 'elder_home', '')
    """
    text = cell_text(name)
    hits = (kind for kin, words, kind in NAMED_TYPES if family in (None, kin) and re.search(words, text))
    return next(hits, "")


def printed_types(cell: str) -> tuple[str, ...]:
    """Return the facility types of a cell that holds nothing but names under which geoplan prints them; empty for any other.

    So a sheet of sites reads back as a list of projects.

    Examples
    --------
    >>> printed_types("社区日间照料设施、托育机构"), printed_types("养老"), printed_types("")
    (('elder_day_care', 'childcare'), (), ())
    """
    kinds = [_printed().get(clean_name(word)) for word in split_words(cell)]
    return tuple(kind for kind in kinds if kind is not None) if all(kinds) else ()


@cache
def _printed() -> dict[str, str]:
    """Return printed name -> facility type; a family of types is nothing that one builds."""
    types = vocabulary("types")
    return {clean_name(both["zh"]): kind for kind, both in types.items() if not both.get("family")}
