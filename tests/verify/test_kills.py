"""Commands killed at seeded moments, and two at a time: what is published stays whole, and the next command works.

The unit tests stop the switch of files between any two of its steps; here whole processes end by a signal they cannot see, wherever they are.
"""

import json
import random
import shutil
import time

import pytest

#: Kills of each command at a moment of its whole time, and within the switch of files, which takes a blink.
ANYWHERE, SWITCHING = 16, 16
#: Longest delay after the first sign of a switch, seconds: about twice what it takes.
SWITCH_SECONDS = 0.4
OWN = {"runs", "latest.json", ".publish.lock"}


def is_whole(out):
    """Return whether what stands under fixed names is, byte by byte, what the pointer's delivery holds."""
    pointer = json.loads((out / "latest.json").read_text(encoding="utf-8"))
    run = out / pointer["folder"]
    shown = {
        path.relative_to(out).as_posix()
        for path in out.rglob("*")
        if path.is_file() and path.relative_to(out).parts[0] not in OWN
    }
    return shown == set(pointer["files"]) and all(
        (out / name).read_bytes() == (run / name).read_bytes() for name in shown
    )


def never_mixed(out):
    """Check that a pointer never stands beside files of another delivery, not even before anything has cleared up."""
    if (out / "latest.json").is_file():
        pointer = json.loads((out / "latest.json").read_text(encoding="utf-8"))
        run = out / pointer["folder"]
        for name in pointer["files"]:
            assert (out / name).read_bytes() == (run / name).read_bytes(), name


def wait_for(process, sign):
    """Wait until `sign()` or the process's end; return whether the process lives."""
    while process.poll() is None and not sign():
        time.sleep(0.001)
    return process.poll() is None


def killed(process, after):
    """Kill a process after some seconds; return whether it still lived."""
    wait = time.monotonic() + after
    alive = wait_for(process, lambda: time.monotonic() >= wait)
    process.kill()
    process.communicate()
    return alive


@pytest.mark.parametrize("command", ["run", "site"])
def test_a_killed_command_leaves_whole_results_and_the_next_one_works(
    start, end_well, study, tmp_path, command
):
    out, chance = tmp_path / "out", random.Random(f"{command} killed")

    def begin():
        return start(command, study("demo"), "--out", out)

    began = time.monotonic()
    end_well(begin())
    whole = time.monotonic() - began
    assert is_whole(out)
    first = json.loads((out / "latest.json").read_text(encoding="utf-8"))["run"]

    lived = sum(killed_once(begin, out, chance.uniform(0, whole)) for _ in range(ANYWHERE))
    assert lived > ANYWHERE / 2
    assert json.loads((out / "latest.json").read_text(encoding="utf-8"))["run"] >= first
    end_well(begin())
    assert_clean(out)

    hit = 0
    for number in range(SWITCHING):
        process = begin()
        journal = out / ".publish.json"
        if wait_for(process, journal.exists):
            hit += killed(process, chance.uniform(0, SWITCH_SECONDS))
        never_mixed(out)
        if number % 4 == 3:
            end_well(begin())
            assert_clean(out)
            shutil.rmtree(out)
            end_well(begin())
    assert hit > SWITCHING / 4


def killed_once(begin, out, after):
    alive = killed(begin(), after)
    never_mixed(out)
    return alive


def assert_clean(out):
    """Check that nothing is left of the dead: the results are whole, and no part, copy or lock stands beside them."""
    assert is_whole(out)
    left = [path.name for path in out.rglob(".*") if path.name != ".publish.lock"]
    assert left == []


def test_two_commands_at_once_in_one_folder(start, end_well, study, tmp_path):
    """Both end well, neither mixes its files with the other's, and each delivery is whole."""
    for pair in (("run", "run"), ("run", "site"), ("site", "site")):
        out = tmp_path / "-".join(pair)
        for process in [start(command, study("demo"), "--out", out) for command in pair]:
            end_well(process)
        assert_clean(out)
        deliveries = [path for path in (out / "runs").iterdir() if path.is_dir()]
        assert len(deliveries) == 2
        for command, delivery in zip(
            sorted(pair), sorted(deliveries, key=lambda path: (path / "after").exists()), strict=True
        ):
            assert (delivery / "after").is_dir() == (command == "site")
            assert (delivery / "map.html").stat().st_size > 100_000
