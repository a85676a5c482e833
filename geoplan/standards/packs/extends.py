"""A planner's pack that extends a shipped one: single entries of its rules changed, rules added.

Everything happens on the entries as they stand in the files, before they are typed, so that a changed rule is checked
as a whole.
"""

from collections.abc import Mapping
from typing import Any


def extended(own: Mapping[str, Any], base: Mapping[str, Any]) -> tuple[dict[str, Any], dict[int, int]]:
    """Return the entries of a pack laid over those of the pack that it extends.

    A rule with the id of one of the base changes only the entries that it gives; one with an entry of null takes that
    entry away; others are added behind. `not_assessed` of both are joined.

    Returns
    -------
    entries, places
        The entries, and for each rule that the pack itself gives its place in the file by its place in the result.

    Examples
    --------
    >>> own = {"extends": "a", "rules": [{"id": "y", "target": ">=2@2030"}, {"id": "z"}]}
    >>> base = {"title_zh": "甲", "rules": [{"id": "x"}, {"id": "y", "unit": "beds", "target": ">=1@2025"}]}
    >>> entries, places = extended(own, base)
    >>> entries["rules"], places
    ([{'id': 'x'}, {'id': 'y', 'unit': 'beds', 'target': '>=2@2030'}, {'id': 'z'}], {1: 0, 2: 1})
    """
    entries = {**base, **own}
    given = own.get("rules", [])
    if not isinstance(given, list):
        return entries, {}
    rules = [dict(rule) if isinstance(rule, dict) else rule for rule in base.get("rules", [])]
    place = {rule.get("id"): at for at, rule in enumerate(rules) if isinstance(rule, dict)}
    places: dict[int, int] = {}
    for at, rule in enumerate(given):
        to = place.get(rule.get("id")) if isinstance(rule, dict) else None
        if to is None or to in places:  # a new rule; or an id that stands twice, which is told of later
            to = len(rules)
            rules.append(rule)
        else:
            rules[to] = {key: value for key, value in {**rules[to], **rule}.items() if value is not None}
        places[to] = at
    entries["rules"] = rules
    entries["not_assessed"] = [*base.get("not_assessed", []), *own.get("not_assessed", [])]
    return entries, places


def moved(lines: Mapping[str, int], places: Mapping[int, int]) -> dict[str, int]:
    """Return the lines of the rules of a file under their places in the pack that extends another."""
    out: dict[str, int] = {}
    for to, at in places.items():
        old, new = f"rules.{at}", f"rules.{to}"
        out |= {
            new + entry.removeprefix(old): line
            for entry, line in lines.items()
            if entry == old or entry.startswith(old + ".")
        }
    return out


def local_entries(own: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Return which entries a pack that extends another gives itself, by the id of the rule (本地设定)."""
    rules = own.get("rules", [])
    if not isinstance(rules, list):
        return {}
    return {
        str(rule.get("id")): tuple(key for key in rule if key != "id")
        for rule in rules
        if isinstance(rule, dict)
    }
