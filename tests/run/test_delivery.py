"""The folder of results: each delivery whole or not there, and its files switched in one step."""

import errno
import json
import multiprocessing
import os
import shutil
import sqlite3
from pathlib import Path

import pytest
from filelock import FileLock

from geoplan.report.folder import delivery as room
from geoplan.report.folder.delivery import delivery, latest_run
from geoplan.words.errors import OutputError

OWN = {"latest.json", "runs", ".publish.lock"}


class Killed(BaseException):
    """Stands for a process that ends at once: nothing that comes after it runs."""


def fill(out, stamp, files):
    with delivery(out, stamp=stamp) as made:
        for name, text in files.items():
            path = made.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return made.run


def shown(out):
    """Return the files under fixed names with their text."""
    return {
        path.relative_to(out).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(out.rglob("*"))
        if path.is_file() and path.relative_to(out).parts[0] not in OWN
    }


def is_whole(out):
    """Return whether what stands under fixed names is what the pointer's delivery holds, no more and no less."""
    record = json.loads((out / "latest.json").read_text(encoding="utf-8"))
    run = out / record["folder"]
    return shown(out) == {name: (run / name).read_text(encoding="utf-8") for name in record["files"]}


def test_the_pointer_names_the_delivery_whose_files_stand_under_fixed_names(tmp_path):
    for stamp, word in (("a", "first"), ("b", "second")):
        files = {"map.html": word, "after/map.html": f"{word} after", "outcome/zones.parquet": "stored"}
        run = fill(tmp_path, stamp, files)
    assert json.loads((tmp_path / "latest.json").read_text(encoding="utf-8")) == {
        "format": 1, "run": "b", "folder": "runs/b", "files": ["after/map.html", "map.html"],
    }  # fmt: skip
    assert shown(tmp_path) == {"after/map.html": "second after", "map.html": "second"}
    assert (tmp_path / "runs/a/map.html").read_text(encoding="utf-8") == "first"
    assert latest_run(tmp_path) == run
    assert latest_run(tmp_path / "after") == run / "after"


def test_what_the_new_delivery_does_not_make_is_taken_away_and_what_is_not_ours_stays(tmp_path):
    fill(tmp_path, "a", {"map.html": "first", "atlas.pdf": "first", "after/map.html": "first"})
    (tmp_path / "notes.txt").write_text("the planner's own", encoding="utf-8")
    fill(tmp_path, "b", {"map.html": "second"})
    assert shown(tmp_path) == {"map.html": "second", "notes.txt": "the planner's own"}
    assert not (tmp_path / "after").exists()


def test_a_pointer_that_leads_out_of_the_folder_removes_nothing_there(tmp_path):
    out = tmp_path / "out"
    fill(out, "a", {"map.html": "first"})
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    record = json.loads((out / "latest.json").read_text(encoding="utf-8"))
    record["files"] += ["../mine.txt", str(tmp_path / "mine.txt")]
    (out / "latest.json").write_text(json.dumps(record), encoding="utf-8")
    fill(out, "b", {"map.html": "second"})
    assert (tmp_path / "mine.txt").read_text(encoding="utf-8") == "mine"


def test_a_delivery_that_fails_leaves_the_last_one_whole(tmp_path):
    fill(tmp_path, "a", {"map.html": "first"})
    with pytest.raises(RuntimeError), delivery(tmp_path, stamp="b") as made:  # noqa: PT012
        (made.folder / "map.html").write_text("half", encoding="utf-8")
        raise RuntimeError
    assert is_whole(tmp_path)
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["a"]


def test_a_file_held_open_undoes_the_switch_and_keeps_the_new_results(tmp_path, monkeypatch):
    fill(tmp_path, "a", {"gap_list.xlsx": "first", "map.html": "first", "old.csv": "first"})
    real = os.replace

    def held(source, target):
        if str(source).endswith("map.html"):
            raise PermissionError(13, "held by Excel", str(target))
        real(source, target)

    monkeypatch.setattr(os, "replace", held)
    with pytest.raises(OutputError, match=r"map\.html.*runs.b"):
        fill(tmp_path, "b", {"gap_list.xlsx": "second", "map.html": "second"})
    assert shown(tmp_path) == {"gap_list.xlsx": "first", "map.html": "first", "old.csv": "first"}
    assert is_whole(tmp_path)
    assert (tmp_path / "runs/b/map.html").read_text(encoding="utf-8") == "second"


#: Everything in `delivery` that changes the folder of results: a kill is tried before and after each call of each.
STEPS = ("_stage", "_write", "_set_aside", "_complete")


def killed_at(monkeypatch, step, number, *, after):
    """Let the `number`-th call of a step end the process, before or after its work."""
    real, calls = getattr(room, step), []

    def once(*given):
        calls.append(given)
        if len(calls) == number and not after:
            raise Killed
        found = real(*given)
        if len(calls) == number:
            raise Killed
        return found

    monkeypatch.setattr(room, step, once)
    return calls


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("step", STEPS)
def test_a_kill_at_any_step_leaves_one_delivery_whole(tmp_path, monkeypatch, step, after):
    first = dict.fromkeys(("a.csv", "b.csv", "c.csv", "sub/d.csv"), "first")
    second = dict.fromkeys(("a.csv", "b.csv", "e.csv", "sub/d.csv"), "second")
    for number in range(1, 9):
        out = tmp_path / f"{number}"
        fill(out, "a", first)
        with monkeypatch.context() as patch:
            calls = killed_at(patch, step, number, after=after)
            try:
                fill(out, "b", second)
                killed = False
            except Killed:
                killed = True
        # a pointer never stands beside files of another delivery, not even before the next command
        if (out / "latest.json").is_file():
            there = {name: text for name, text in shown(out).items() if "/." not in f"/{name}"}
            assert there in (first, second)
        # the next command completes the switch
        latest_run(out)
        assert is_whole(out), (step, number)
        assert not list(out.rglob("*.old"))
        fill(out, "c", second)
        assert is_whole(out)
        if not killed:
            assert len(calls) < number
            return
    pytest.fail("the step was called more often than it was killed")


def test_a_kill_while_a_switch_is_undone_leaves_the_old_delivery_whole(tmp_path, monkeypatch):
    first, second = (dict.fromkeys(("a.csv", "b.csv", "c.csv"), word) for word in ("first", "second"))
    fill(tmp_path, "a", first)
    real, aside = Path.replace, room._set_aside
    with monkeypatch.context() as patch:
        patch.setattr(room, "_set_aside", lambda target: target.name != "c.csv" and aside(target))

        def once(self, target):
            if self.name.endswith(".old"):
                raise Killed
            return real(self, target)

        patch.setattr(Path, "replace", once)
        with pytest.raises(Killed):
            fill(tmp_path, "b", second)
    latest_run(tmp_path)
    assert shown(tmp_path) == first
    assert is_whole(tmp_path)


def write_many(out, word, rounds):
    for number in range(rounds):
        fill(Path(out), "t", {f"{k}.csv": f"{word}{number}" for k in range(12)})


def test_two_processes_in_one_folder_never_mix_their_files(tmp_path):
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=write_many, args=(str(tmp_path), word, 12)) for word in "xy"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert is_whole(tmp_path)
    runs = [path for path in (tmp_path / "runs").iterdir() if path.is_dir()]
    assert len(runs) == 24
    assert all(len({file.read_text(encoding="utf-8") for file in run.iterdir()}) == 1 for run in runs)


def test_part_folders_of_dead_processes_go_and_those_of_living_ones_stay(tmp_path):
    fill(tmp_path, "a", {"map.html": "first"})
    runs = tmp_path / "runs"
    (runs / ".dead.part").mkdir()
    (runs / ".dead.part/map.html").write_text("half", encoding="utf-8")
    (runs / ".alive.part").mkdir()
    with FileLock(runs / ".alive.lock"):
        assert fill(tmp_path, "alive", {"map.html": "second"}).name == "alive-2"
        assert sorted(path.name for path in runs.iterdir() if path.is_dir()) == [".alive.part", "a", "alive-2"]  # fmt: skip
    fill(tmp_path, "c", {"map.html": "third"})
    assert not (runs / ".alive.part").exists()


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege on Windows")
def test_links_in_the_folder_are_not_followed(tmp_path):
    out, away = tmp_path / "out", tmp_path / "away"
    away.mkdir()
    (away / "target.txt").write_text("theirs", encoding="utf-8")
    fill(out, "a", {"map.html": "first"})
    for name in ("map.html", ".map.html.part"):
        (out / name).unlink(missing_ok=True)
        (out / name).symlink_to(away / "target.txt")
    fill(out, "b", {"map.html": "second"})
    assert (away / "target.txt").read_text(encoding="utf-8") == "theirs"
    assert not (out / "map.html").is_symlink()
    (out / "after").symlink_to(away, target_is_directory=True)
    with pytest.raises(OutputError, match="link"):
        fill(out, "c", {"map.html": "third", "after/map.html": "third"})
    assert sorted(path.name for path in away.iterdir()) == ["target.txt"]
    assert is_whole(out) or (out / "after").is_symlink()
    shutil.rmtree(out / "runs")
    (out / "runs").symlink_to(away, target_is_directory=True)
    with pytest.raises(OutputError, match="link"):
        fill(out, "d", {"map.html": "fourth"})


FULL = OSError(errno.ENOSPC, "No space left on device"), sqlite3.OperationalError("database or disk is full")


@pytest.mark.parametrize("error", [*FULL, RuntimeError("GDAL: write failed")])
def test_a_full_disk_is_called_that_whatever_the_writer_says(tmp_path, monkeypatch, error):
    fill(tmp_path, "a", {"map.html": "first"})
    if getattr(error, "errno", None) is None:  # the library does not say; the disk does
        usage = type("Usage", (), {"free": 0})
        monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(OutputError, match="the disk is full"), delivery(tmp_path, stamp="b"):
        raise error
    assert is_whole(tmp_path)


def test_an_error_of_the_program_stays_itself(tmp_path):
    with pytest.raises(KeyError), delivery(tmp_path, stamp="a"):
        raise KeyError("column")
    with pytest.raises(OutputError, match="cannot be written"), delivery(tmp_path, stamp="a"):
        raise PermissionError(13, "denied")


def test_the_same_files_give_the_same_bytes(tmp_path):
    for name in ("x", "y"):
        fill(tmp_path / name, "a", {"map.html": "text"})
    one, two = ((tmp_path / name / "latest.json").read_bytes() for name in ("x", "y"))
    assert one == two
