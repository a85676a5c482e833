"""Facility registers: every row read, placed or listed."""

from geoplan.inputs.facilities.placing import write_accepted
from geoplan.inputs.facilities.register import Register, join_registers, read_register

__all__ = ["Register", "join_registers", "read_register", "write_accepted"]
