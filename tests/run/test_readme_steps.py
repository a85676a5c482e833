"""The steps of README, README.zh.md and of an installed copy are run as they are written."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from geoplan.cli.commands import main

ROOT = Path(__file__).parents[2]
FOLDER = "我的区"


def commands(file):
    """Return the geoplan commands in the blocks of a page, without their remarks."""
    blocks = re.findall(r"```\w*\n(.*?)```", (ROOT / file).read_text(encoding="utf-8"), flags=re.DOTALL)
    lines = (line.split("#")[0].strip() for block in blocks for line in block.splitlines())
    return [line for line in lines if line.startswith("geoplan ")]


def test_both_languages_have_the_same_steps():
    assert commands("README.md") == [line.replace(FOLDER, "my-district") for line in commands("README.zh.md")]
    assert [line.split()[1] for line in commands("README.md")] == ["new", "check", "run", "site", "compare"]


def test_a_new_user_can_do_every_step(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for line in commands("README.zh.md"):  # the same, in a folder with a Chinese name
        with pytest.raises(SystemExit) as ended:
            main(shlex.split(line)[1:])
        assert ended.value.code in (0, None), line
    assert (tmp_path / "out" / "compare" / "compare.html").is_file()
    assert "scenario.yaml" in {file.name for file in (tmp_path / FOLDER).iterdir()}
    assert capsys.readouterr().out


def test_totals_ship_under_their_name(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        main(["assess", "--totals", "huzhong"])
    assert ended.value.code in (0, None)
    told = capsys.readouterr().out
    assert "54个托位" in told
    assert "34个托位" in told


def test_the_module_is_the_command(tmp_path):
    told = subprocess.run(
        [sys.executable, "-m", "geoplan", "--version"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=True,
    )
    assert told.stdout.startswith("geoplan ")
