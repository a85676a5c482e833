"""What differs between two registers of one study, and which facility types that touches."""

from collections.abc import Mapping

import pandas as pd

from geoplan.inputs.facilities.register import Register
from geoplan.standards.data import types_of_service
from geoplan.tables import Service


def changed_types(former: Register, register: Register, services: Mapping[str, Service]) -> frozenset[str]:
    """Return the facility types of which a facility or supply differs, and those that share a service of the study with one.

    Walks, circles and rules that read none of these types are the same under both registers.
    """
    before, after = _facts(former), _facts(register)
    differ = {one for one in before.keys() | after.keys() if before.get(one) != after.get(one)}
    tables = (former.facilities["services"], register.facilities["services"])
    types = {kind for kinds in tables for offered in kinds[kinds.index.isin(differ)] for kind in offered}
    shared = (types_of_service(terms) for terms in services.values())
    return frozenset(types).union(*(mine for mine in shared if mine & types))


def _facts(register: Register) -> dict[str, list[str]]:
    """Return everything that a register says of each facility, by facility_id; floats with all their digits."""
    table = register.facilities
    said = pd.DataFrame(table.drop(columns=table.geometry.name)).assign(point=table.geometry.to_wkb())
    facts = {row[0]: [repr(row)] for row in said.itertuples(name=None)}
    columns = ["facility_id", "service", "supply", "low", "high"]
    for row in register.supplies[columns].itertuples(index=False, name=None):
        facts[row[0]].append(repr(row))
    return facts
