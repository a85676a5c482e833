"""Campaigns that take minutes, in whole processes as a planner starts them: ``make verify``, not part of ``make test``.

A skip is a failure here: whoever verifies has the data and the programs.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport():
    report = yield
    if report.skipped:
        report.outcome = "failed"
    return report


def started(*arguments, **environment):
    """Start the command line in a process of its own; what it prints goes nowhere but to its pipes."""
    return subprocess.Popen(
        [sys.executable, "-c", "from geoplan.cli.commands import main; main()", *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def finished(process):
    """Wait for a process that must end well; return what it printed."""
    said, wrong = process.communicate()
    assert process.returncode == 0, wrong.decode("utf-8", "replace")
    return said.decode("utf-8", "replace")


@pytest.fixture(scope="session")
def geoplan():
    """Return a call that runs the command line to its end."""
    return lambda *arguments, **environment: finished(started(*arguments, **environment))


@pytest.fixture(scope="session")
def start():
    """Return a call that starts the command line and comes back at once."""
    return started


@pytest.fixture(scope="session")
def end_well():
    """Return a call that waits for a started command, which must end well."""
    return finished


@pytest.fixture(scope="session")
def data():
    """Return the folder of real data; without them there is nothing to verify."""
    assert DATA.is_dir(), f"no real data at {DATA}"
    return DATA


@pytest.fixture(scope="session")
def study(data):
    """Return the path of a study by its name: ``demo``, ``wuhan``, ``porto_alegre`` or ``las_palmas``."""
    return lambda name: ROOT / "studies" / ("huzhong/study.yaml" if name == "demo" else f"{name}.yaml")


@pytest.fixture(scope="session")
def results(geoplan, study, tmp_path_factory):
    """Return the folder of results of ``run`` or ``site`` on a study by its name; each is started once."""
    found = {}

    def of(name, command="run"):
        if (name, command) not in found:
            out = tmp_path_factory.mktemp(f"{name}_{command}") / "out"
            geoplan(command, study(name), "--out", out)
            found[name, command] = out
        return found[name, command]

    return of
