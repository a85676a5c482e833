"""Names of zones, facilities and rules as every output prints them, the number formats of rules, and how tables are read."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from geoplan.tables import LEVELS, Outcome
from geoplan.words.catalogue import phrase
from geoplan.words.labels import label, of_group, unit
from geoplan.words.numbers import missing


def present(value: object) -> bool:
    """Return whether `value` is neither None, NaN, NA nor empty text."""
    return not missing(value) and value != ""


def text(value: object) -> str:
    """Return `value` as text, nothing where it is missing."""
    return str(value) if present(value) else ""


def empty(table: pd.DataFrame) -> bool:
    """Return whether `table` has no rows or no columns."""
    return len(table) == 0 or len(table.columns) == 0


def rows_of(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a table's rows as dicts of column -> value, in order; None stands for NA."""
    keys = [str(key) for key in table.columns]
    return [dict(zip(keys, row, strict=True)) for row in zip(*map(_values, table.items()), strict=True)]


def _values(column: tuple[Any, pd.Series]) -> list[Any]:
    array = column[1].array
    masked = array.dtype.na_value is pd.NA
    return (array.to_numpy(dtype=object, na_value=None) if masked else column[1]).tolist()


def whole_zones(
    outcome: Outcome, *, service: str | None = None, measure: str | None = None, zone: str | None = None
) -> pd.DataFrame:
    """Return the rows of the circle's table for whole zones, not for their urban or rural part; of one service, measure or zone."""
    own = outcome.circle[outcome.circle["kind"].fillna("") == ""]
    for key, wanted in (("service", service), ("measure", measure), ("zone_id", zone)):
        own = own if wanted is None else own[own[key] == wanted]
    return own


def level_order(levels: Iterable[str]) -> list[str]:
    """Return the levels present, coarse to fine."""
    present_levels = set(levels)
    return [level for level in LEVELS if level in present_levels]


def field_name(*parts: str) -> str:
    """Return parts as one field name for programs: letters, digits and underscores.

    Examples
    --------
    >>> field_name("wuhan.beds_per_1000_elders", "short")
    'wuhan_beds_per_1000_elders_short'
    """
    return "_".join("".join(c if c.isalnum() else "_" for c in part) for part in parts)


def caveats_of(row: Mapping[str, Any], lang: str) -> tuple[str, ...]:
    """Return what qualifies the figures of a finding or flag, in words: each stands wherever the figures are printed."""
    return tuple(phrase(code, lang) for code in row["caveats"])


#: Zone that is the study area as a whole.
AREA = "area/area"


class Names:
    """Names of zones, facilities and rules of one outcome, as they are printed."""

    def __init__(self, outcome: Outcome) -> None:
        self.lang = outcome.lang
        zones, rules = outcome.zones, outcome.rules
        self._name: dict[str, str] = dict(zip(zones.index, zones["name"].map(text), strict=True))
        self._code: dict[str, str] = dict(zip(zones.index, zones["code"].map(text), strict=True))
        self._level: dict[str, str] = zones["level"].to_dict()
        self._parent: dict[str, Any] = zones["parent_id"].to_dict()
        self._facility: dict[str, str] = outcome.facilities["name"].map(text).to_dict()
        self._of_rule: dict[str, dict[str, Any]] = {
            str(key): row for key, row in zip(rules.index, rows_of(rules), strict=True)
        }
        called = {rule: self._indicator(rule) for rule in self._of_rule}
        alike = Counter(called.values())
        # rules of one name are told apart by the short title of their pack
        self._rule = {
            rule: f"{name}{self._pack(rule)}" if alike[name] > 1 else name for rule, name in called.items()
        }

    def zone(self, zone_id: object) -> str:
        """Return a zone's name, its id where it has none."""
        return self._name.get(str(zone_id)) or text(zone_id)

    def code(self, zone_id: object) -> str:
        """Return a zone's code in the source file (区划代码), nothing for an id that is no zone's."""
        return self._code.get(str(zone_id), "")

    def level(self, zone_id: object) -> str:
        """Return a zone's level, nothing for an id that is no zone's."""
        return self._level.get(str(zone_id), "")

    def has(self, level: str) -> bool:
        """Return whether the study has zones of a level."""
        return level in self._level.values()

    def at(self, zone_id: object, level: str) -> str:
        """Return the id of the zone of `level` that holds `zone_id` (or is it); nothing where there is none."""
        at = zone_id
        while present(at) and str(at) in self._level:
            if self._level[str(at)] == level:
                return str(at)
            at = self._parent[str(at)]
        return ""

    def above(self, zone_id: object, level: str) -> str:
        """Return the name of the zone of `level` that holds `zone_id` (or is it); nothing where there is none."""
        return self._name.get(self.at(zone_id, level), "")

    def above_of(self, zone_id: object, levels: Iterable[str]) -> list[str]:
        """Return the names of the zones of `levels` that hold `zone_id`; nothing for its own level."""
        own = self.level(zone_id)
        return [self.above(zone_id, level) if level != own else "" for level in levels]

    def facility(self, facility_id: object) -> str:
        """Return a facility's name, its id where it has none."""
        return self._facility.get(str(facility_id)) or text(facility_id)

    def rule(self, rule_id: str) -> str:
        """Return the indicator's name, with its pack where two have one name."""
        return self._rule.get(rule_id) or self._indicator(rule_id)

    def _indicator(self, rule_id: str) -> str:
        return text(self.of_rule(rule_id, f"indicator_{self.lang}")) or rule_id

    def _pack(self, rule_id: str) -> str:
        pack = text(self.of_rule(rule_id, "pack"))
        if pack == "study":
            source = phrase("papers_own_setting", self.lang)
        else:
            source = text(self.of_rule(rule_id, f"pack_title_{self.lang}")) or pack
        return phrase("in_brackets", self.lang, text=source)

    def of_rule(self, rule_id: str, column: str) -> Any:  # noqa: ANN401 - whatever the pack holds
        """Return a column of the rule, None where the pack gives nothing."""
        value = self._of_rule.get(rule_id, {}).get(column)
        return value if present(value) else None

    def format(self, rule_id: str) -> str:
        """Return the number format of a rule's values."""
        return str(self._of_rule[rule_id]["format"])

    def member_format(self, rule_id: str) -> str:
        """Return the number format of what a rule measures of each member; nothing where a member only has it or not."""
        own = self._of_rule.get(rule_id, {}).get("member_format")
        return self.format(rule_id) if own is None else text(own)

    def group(self, rule_id: str) -> str:
        """Return the group that a rule is per, or that its circle counts; nothing where it counts no people."""
        return text(self.of_rule(rule_id, "group"))

    def affected(self, rule_id: str, group: object) -> str:
        """Return whom the people affected under a rule are, with their unit; nothing where a rule counts nobody.

        `group` is the group that a row counts (``affected_group``), which may be narrower than the rule's own.
        """
        counted = text(group) or self.group(rule_id)
        named = label(counted, self.lang) if counted else phrase("rule_people", self.lang)
        whom = text(self.of_rule(rule_id, f"affected_{self.lang}")).format(group=named)
        return whom and whom + phrase("in_brackets", self.lang, text=people_unit(counted, self.lang))

    def gap_unit(self, rule_id: str, units: pd.Series) -> str:
        """Return the unit of a rule's shortfall, `units` being those of its rows: beds, places, people or metres of street."""
        own = units.dropna()
        code = text(own.iloc[0]) if len(own) else ""
        if code == "people":
            return of_group("unit_people", self.group(rule_id), self.lang)
        return text(self.of_rule(rule_id, f"gap_unit_{self.lang}")) or unit(code, self.lang)

    def member_target(self, rule_id: str) -> str:
        """Return what one member must meet by itself (``≤150 个托位``), nothing where members have no target of their own."""
        return text(self.of_rule(rule_id, f"member_target_{self.lang}"))

    def unit(self, rule_id: str) -> str:
        """Return the unit of a rule's values: %, 张/千人 …; nothing where the pack gives none."""
        return text(self.of_rule(rule_id, f"unit_{self.lang}"))

    def gap(self, rule_id: str) -> str:
        """Return what the rule's shortfall counts."""
        return text(self.of_rule(rule_id, f"gap_{self.lang}")) or label("shortfall", self.lang)

    def attribute(self, rule_id: str) -> str:
        """Return what the plan says of a rule: 约束性, 预期性 …."""
        return text(self.of_rule(rule_id, f"attribute_{self.lang}"))

    def facilities(self, rule_id: str) -> str:
        """Return the facilities that a rule counts, in words."""
        return text(self.of_rule(rule_id, f"facilities_{self.lang}")) or phrase("rule_facilities", self.lang)

    def clause(self, rule_id: str) -> str:
        """Return document and section of a rule."""
        return text(self.of_rule(rule_id, f"cited_{self.lang}"))

    def finest(self) -> str:
        """Return the finest partition level present: usually communities."""
        return [level for level in LEVELS[:4] if level in set(self._level.values())][-1]

    def levels_between(self) -> list[str]:
        """Return the partition levels present below the area and above the finest, coarse to fine."""
        partition = [level for level in LEVELS[1:4] if level in set(self._level.values())]
        return partition[:-1]


def people_unit(group: str, lang: str) -> str:
    """Return the unit in which a group is counted: people, households, dwellings, or metres of street that stand in for people."""
    own = group in ("households", "dwellings")
    return phrase(f"paper_unit_{group}", lang) if own else of_group("unit_people", group, lang)
