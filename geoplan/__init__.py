"""geoplan: who can walk to care in 15 minutes, what is short of which clause, and by how much.

>>> import geoplan as gp
>>> study = gp.read_study(gp.demo_study())
>>> study.services["eldercare"].walk_minutes
15.0
"""

from typing import TYPE_CHECKING, Any

from geoplan.version import __version__

if TYPE_CHECKING:
    from geoplan.cli.demo import demo_study
    from geoplan.pipeline.evaluate import run
    from geoplan.pipeline.gather import gather
    from geoplan.pipeline.live import Live, live
    from geoplan.pipeline.plan_sites import SiteResult, site
    from geoplan.pipeline.result import Result
    from geoplan.study.scenario import Scenario, read_scenario
    from geoplan.study.study import Study, read_study

__all__ = [
    "Live",
    "Result",
    "Scenario",
    "SiteResult",
    "Study",
    "__version__",
    "demo_study",
    "gather",
    "live",
    "read_scenario",
    "read_study",
    "run",
    "site",
]

_WHERE = {
    "Live": "geoplan.pipeline.live",
    "Result": "geoplan.pipeline.result",
    "Scenario": "geoplan.study.scenario",
    "SiteResult": "geoplan.pipeline.plan_sites",
    "Study": "geoplan.study.study",
    "demo_study": "geoplan.cli.demo",
    "gather": "geoplan.pipeline.gather",
    "live": "geoplan.pipeline.live",
    "read_scenario": "geoplan.study.scenario",
    "read_study": "geoplan.study.study",
    "run": "geoplan.pipeline.evaluate",
    "site": "geoplan.pipeline.plan_sites",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever is asked for
    """Import the public names when they are first asked for, so that ``geoplan --help`` starts at once."""
    if name not in _WHERE:
        raise AttributeError(f"module `geoplan` has no attribute `{name}`")
    from importlib import import_module

    return getattr(import_module(_WHERE[name]), name)
