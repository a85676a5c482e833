"""geoplan: who can walk to care in 15 minutes, what is short of which clause, and by how much.

>>> import geoplan as gp
>>> study = gp.read_study(gp.demo_study())
>>> study.services["eldercare"].walk_minutes
15.0
"""

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

from geoplan.version import __version__

if TYPE_CHECKING:
    from geoplan.gather import gather
    from geoplan.result import Result
    from geoplan.run import run
    from geoplan.samples import demo_study
    from geoplan.scenario import Scenario, read_scenario
    from geoplan.site import SiteResult, site
    from geoplan.study import Study, read_study

__all__ = [
    "Result",
    "Scenario",
    "SiteResult",
    "Study",
    "__version__",
    "demo_study",
    "gather",
    "read_scenario",
    "read_study",
    "run",
    "site",
]

_WHERE = {
    "Result": "geoplan.result",
    "Scenario": "geoplan.scenario",
    "SiteResult": "geoplan.site",
    "Study": "geoplan.study",
    "demo_study": "geoplan.samples",
    "gather": "geoplan.gather",
    "read_scenario": "geoplan.scenario",
    "read_study": "geoplan.study",
    "run": "geoplan.run",
    "site": "geoplan.site",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever is asked for
    """Import the public names when they are first asked for, so that ``geoplan --help`` starts at once."""
    if name not in _WHERE:
        raise AttributeError(f"module `geoplan` has no attribute `{name}`")
    from importlib import import_module

    return getattr(import_module(_WHERE[name]), name)


class _Package(ModuleType):
    """The package itself: `geoplan.run` stays the function when the module of the same name has been imported."""

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _WHERE and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
