"""The kinds of rule, one module each: its fields, and how it is measured.

Every module here defines one subclass of `geoplan.standards.rules.Rule` whose ``kind`` is a literal, and whose
``measure(data)`` returns what was measured at the rule's own zones. A kind is found by standing here.
"""

from functools import cache
from importlib import import_module, resources
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
    for file in sorted(entry.name for entry in resources.files(__name__).iterdir()):
        if not file.endswith(".py") or file.startswith("_"):
            continue
        module = import_module(f"{__name__}.{file.removesuffix('.py')}")
        for item in vars(module).values():
            if isinstance(item, type) and issubclass(item, Rule) and item.__module__ == module.__name__:
                found[get_args(item.model_fields["kind"].annotation)[0]] = item
    return found
