"""Outcomes of one small town (``tests/builders/report_town.py``), plain and with sites, and the demo's; and every output of one."""

import functools

import pytest
from report_town import make_outcome, with_projects, with_sites

from geoplan.cli.demo import demo_study
from geoplan.pipeline.evaluate import run
from geoplan.pipeline.plan_sites import site
from geoplan.report.content.comparison import compare
from geoplan.report.folder.save import write_comparison, write_outputs
from geoplan.report.layers.exports import FORMATS
from geoplan.study.study import read_study
from geoplan.words.progress import Stages


@pytest.fixture(scope="session")
def make():
    """Make an outcome once for each set of arguments; nothing that is tested here may change it."""
    return functools.cache(make_outcome)


@pytest.fixture(scope="session")
def outcome(make):
    """The town's outcome in Chinese."""
    return make()


@pytest.fixture(scope="session")
def nasty(make):
    """The same in English, every name holding text that must be escaped."""
    return make(lang="en", nasty=True)


@pytest.fixture(scope="session")
def make_sited():
    """Make an outcome with answered siting questions and projects anew at each call."""
    return lambda **given: with_projects(with_sites(make_outcome(**given)))


@pytest.fixture(scope="session")
def sited(make_sited):
    """The town's outcome with answered siting questions and projects."""
    return make_sited()


@pytest.fixture(scope="session")
def deliver():
    """Write every output of an outcome into a folder, and its comparison with itself into `compare`; return the folder."""

    def write(outcome, folder, *, papers=("word", "atlas"), formats=FORMATS):
        exports = {"formats": formats}
        write_outputs(
            outcome, folder, minutes={}, seconds={}, stages=Stages(), papers=papers, exports=exports
        )
        write_comparison(compare(outcome, outcome), folder / "compare")
        return folder

    return write


@pytest.fixture(scope="session")
def delivered(deliver, sited, tmp_path_factory):
    """The folder with every output of the town with sites and projects."""
    return deliver(sited, tmp_path_factory.mktemp("delivered"))


@pytest.fixture(scope="session")
def demo():
    """The demo's outcome."""
    return run(read_study(demo_study())).outcome


@pytest.fixture(scope="session")
def sited_demo():
    """The demo's outcome, its siting questions answered."""
    return site(read_study(demo_study())).before.outcome
