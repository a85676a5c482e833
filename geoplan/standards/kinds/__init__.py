"""The kinds of rule, one module each: its fields, how it is measured, and in a words file beside it how it reads.

Every module here defines one subclass of `geoplan.standards.rules.Rule` whose ``kind`` is a literal, and whose
``measure(data)`` returns what was measured at the rule's own zones. A kind is found by standing here.
"""

import pkgutil
from functools import cache
from importlib import import_module
from typing import get_args

from geoplan.standards.rules import Rule


@cache
def kinds() -> dict[str, type[Rule]]:
    """Return the kinds of rule: name -> class.

    Examples
    --------
    >>> sorted(kinds())[:3]
    ['circle', 'compliance', 'facility']
    """
    found: dict[str, type[Rule]] = {}
    for name in sorted(entry.name for entry in pkgutil.iter_modules(__path__)):
        module = import_module(f"{__name__}.{name}")
        for item in vars(module).values():
            if isinstance(item, type) and issubclass(item, Rule) and item.__module__ == module.__name__:
                found[get_args(item.model_fields["kind"].annotation)[0]] = item
    return found
