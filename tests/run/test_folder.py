"""The output folder is whole or not there."""

import json
import os

import pytest

from geoplan.report.folder import folder
from geoplan.words.errors import OutputError


def fill(out, run_id, text):
    with folder.run_folder(out, run_id) as part:
        (part / "map.html").write_text(text, encoding="utf-8")
    folder.publish(out, run_id)


def test_latest_names_the_run_and_copies_stand_under_fixed_names(tmp_path):
    fill(tmp_path, "a", "first")
    fill(tmp_path, "b", "second")
    latest = json.loads((tmp_path / "latest.json").read_text(encoding="utf-8"))
    assert latest == {"run": "b", "folder": "runs/b", "files": ["map.html"]}
    assert (tmp_path / "map.html").read_text(encoding="utf-8") == "second"
    assert (tmp_path / "runs/a/map.html").read_text(encoding="utf-8") == "first"


def test_a_run_that_fails_leaves_the_last_one_whole(tmp_path):
    fill(tmp_path, "a", "first")
    with pytest.raises(RuntimeError), folder.run_folder(tmp_path, "b") as part:  # noqa: PT012
        (part / "map.html").write_text("half", encoding="utf-8")
        raise RuntimeError
    assert json.loads((tmp_path / "latest.json").read_text(encoding="utf-8"))["run"] == "a"
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["a"]
    assert (tmp_path / "map.html").read_text(encoding="utf-8") == "first"


def test_a_file_held_open_costs_the_copy_and_not_the_results(tmp_path, monkeypatch):
    fill(tmp_path, "a", "first")
    real = os.replace

    def held(source, target):
        if str(target).endswith("map.html"):
            raise PermissionError(13, "held by Excel", str(target))
        real(source, target)

    monkeypatch.setattr(os, "replace", held)
    with pytest.raises(OutputError, match=r"map\.html.*runs.b"):
        fill(tmp_path, "b", "second")
    assert (tmp_path / "map.html").read_text(encoding="utf-8") == "first"
    assert (tmp_path / "runs/b/map.html").read_text(encoding="utf-8") == "second"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["latest.json", "map.html", "runs"]


def test_two_runs_in_one_second_get_two_ids(tmp_path):
    fill(tmp_path, "t", "first")
    (tmp_path / "runs/.t-2.part").mkdir()  # another one under way
    assert folder.new_run_id(tmp_path, "t") == "t-3"
