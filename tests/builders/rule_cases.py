"""Cases of rules in the town by hand: a few lines of a rule, a change of the town, and what the finding then holds."""

from collections.abc import Callable
from typing import NamedTuple

import pandas as pd
import pytest

HOMES = "of: {facilities: [institution]}"
EVERY = "of: {facilities: [institution, community]}"
NURSERIES = "of: {facilities: [childcare_service]}"


def rule(kind, target, *lines):
    due = target if "@" in target else f"{target}@2025"
    return "\n".join([f"kind: {kind}", *lines, f"target: '{due}'"])


def same(town):
    return town


def supplied(**amounts):
    return lambda town: town.supply(**amounts)


def zones(**columns):
    """Return a change of columns of the zones; a function makes the new column of the old one."""
    return lambda town: town.with_zones(
        **{name: value(town.zones[name]) if callable(value) else value for name, value in columns.items()}
    )


def of_zones(zone, supply, amount):
    table = pd.DataFrame({"zone_id": [zone], "supply": [supply], "low": [amount], "high": [amount]})
    return {"zone_supplies": table}


def communities(*has):
    return dict(zip(("community/A", "community/B", "community/C", "community/D"), has, strict=True))


class Case(NamedTuple):
    """Rules, a change of the town, the finding that is meant, what further is given, and what it holds."""

    bodies: tuple[str, ...]
    town: Callable[..., object]
    rule: str
    zone: str
    level: str
    given: dict[str, object]
    expected: dict[str, object]

    def check(self, town, rules_from):
        """Check the finding; beside its columns `verdicts` of all zones, what each member `has`, `values` of members, `notes`."""
        rules = rules_from(*self.bodies, level=self.level)
        result = self.town(town).assess(rules, flag_rules=(), **self.given)
        findings, members = (
            table[table["rule_id"] == self.rule] for table in (result.findings, result.members)
        )
        row, members = findings.set_index("zone_id").loc[self.zone], members.set_index("member_id")
        found = {
            "verdicts": findings.set_index("zone_id")["verdict"].to_dict(), "has": members["has"].to_dict(), "values": members["value"].to_dict(),
            "notes": [note.code for note in result.notes], **row,
        }  # fmt: skip
        for name, value in self.expected.items():
            if name.startswith("says_"):
                assert value in row[name.replace("says", "missing")]
            elif value is None:
                assert pd.isna(found[name]), name
            elif isinstance(value, float) or name == "values":
                assert found[name] == pytest.approx(value, nan_ok=True), name
            else:
                assert found[name] == value, name


def case(name, *bodies, town=same, rule="local.r", zone="area/1", level="district", given=None, **expected):
    return pytest.param(Case(bodies, town, rule, zone, level, given or {}, expected), id=name)
