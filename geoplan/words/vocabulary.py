"""The words that rules may use: facility types with what they are a kind of, attributes, supplies, units, groups, kinds of zone.

The tables stand in ``vocabulary.yaml``; labels in Chinese and English are the ones that reports print.
"""

from functools import cache
from importlib import resources
from typing import Any

import yaml


@cache
def vocabulary(section: str) -> dict[str, dict[str, Any]]:
    """Return one table of ``vocabulary.yaml``.

    These are ``types``, ``tiers``, ``attributes``, ``supplies``, ``units``, ``groups`` and ``zone_kinds``.

    Raises
    ------
    KeyError
        If there is no such table.
    """
    return _tables()[section]


@cache
def _tables() -> dict[str, dict[str, dict[str, Any]]]:
    """Return every table, parsed once."""
    text = (resources.files("geoplan.words") / "vocabulary.yaml").read_text(encoding="utf-8")
    tables: dict[str, dict[str, dict[str, Any]]] = yaml.safe_load(text)
    return tables


@cache
def narrower(name: str) -> frozenset[str]:
    """Return facility type `name` and every type that is a kind of it.

    Raises
    ------
    KeyError
        If `name` is no facility type.

    Examples
    --------
    >>> sorted(narrower("home_care"))
    ['home_care', 'home_care_centre']
    """
    types = vocabulary("types")
    if name not in types:
        raise KeyError(name)
    found = {name}
    while more := {kind for kind, row in types.items() if found & set(row.get("is_a", []))} - found:
        found |= more
    return frozenset(found)


@cache
def wider(name: str) -> frozenset[str]:
    """Return facility type `name` and every type that it is a kind of; a type that is not listed is only itself.

    Examples
    --------
    >>> sorted(wider("elder_home"))
    ['elder_home', 'eldercare', 'institution']
    """
    above = vocabulary("types").get(name, {}).get("is_a", [])
    return frozenset({name}).union(*(wider(kind) for kind in above)) if above else frozenset({name})


@cache
def tier_of(name: str) -> str:
    """Return the tier of the service network of a facility type: its own, else that of what it is a kind of; empty for none.

    Examples
    --------
    >>> tier_of("elder_day_care"), tier_of("home_care_centre"), tier_of("childcare")
    ('community', 'town', '')
    """
    entry = vocabulary("types").get(name, {})
    above = (tier_of(kind) for kind in entry.get("is_a", []))
    return str(entry.get("tier") or next(filter(None, above), ""))


@cache
def types_of_tier(tier: str) -> frozenset[str]:
    """Return the facility types of one tier of the service network.

    Examples
    --------
    >>> sorted(types_of_tier("town"))
    ['combined_eldercare', 'elder_respite_care', 'home_care_centre']
    """
    return frozenset(name for name in vocabulary("types") if tier_of(name) == tier)


def label(section: str, name: str, lang: str) -> str:
    """Return the printed word for `name` of one table in `lang` (``zh`` or ``en``); an unlisted name as it stands."""
    return str(vocabulary(section).get(name, {}).get(lang, name))
