"""Facility registers: every row read, placed or listed."""

from geoplan.inputs.facilities.neighbours import outside_of_context
from geoplan.inputs.facilities.placing import write_accepted
from geoplan.inputs.facilities.register import Register, join_registers, read_register

__all__ = ["Register", "join_registers", "outside_of_context", "read_register", "write_accepted"]
