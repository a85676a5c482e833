"""Commands in a shell of their own, in an encoding that lacks half the characters, and what each error ends with."""

import pytest
import yaml

import geoplan as gp
from geoplan.cli import commands as cli
from geoplan.cli import demo as samples
from geoplan.words import errors

CHILDREN = errors.GeoplanError.__subclasses__()


def ends_with(arguments, capsys):
    """Run the command line in this process; return its exit code and what stands on standard error."""
    with pytest.raises(SystemExit) as end:
        cli.main([str(argument) for argument in arguments])
    return end.value.code, capsys.readouterr().err


class TestANewStudy:
    def test_is_checked_and_runs_under_gbk(self, shell, tmp_path):
        folder = tmp_path / "我的区"
        new = shell("new", folder, encoding="gbk:strict")
        assert (new.returncode, new.stderr) == (0, b"")
        assert "geoplan check" in new.stdout.decode("gbk")
        text = (folder / "study.yaml").read_text(encoding="utf-8")
        assert text.count(" # ") >= 20  # commented
        assert ".." not in text  # stands on its own
        named = yaml.safe_load(text)
        assert (folder / named["streets"]["file"]).is_file()
        assert all((folder / pack).is_file() for pack in named["packs"] if pack.endswith(".yaml"))

        run = shell("run", folder / "study.yaml", encoding="gbk:strict")
        assert (run.returncode, run.stderr) == (0, b"")
        said = run.stdout.decode("gbk")  # what GBK lacks (m², é) is replaced, and stops nothing
        assert "短板社区" in said
        assert (folder / "out" / "latest.json").is_file()

    def test_check_says_what_it_found_and_leaves_the_list_of_it_alone(self, town, command):
        before = set(town.study.parent.rglob("*"))
        done = command("check", town.study)
        assert done.exit_code == 0, done.output
        out = town.study.parent / "out"
        assert set(town.study.parent.rglob("*")) - before == {out, out / "check.csv"}
        for words in ("12,000", "3,164", "EPSG:4550", "待落点 1", "错误 0", "huzhong_eldercare_register.xlsx", "没有坐标"):  # fmt: skip
            assert words in done.output
        english = command("check", town.study, "--lang", "en")
        assert "Data check" in english.output
        assert "no coordinates" in english.output

    def test_a_folder_in_use_is_left_alone(self, tmp_path, capsys):
        (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
        code, said = ends_with(["new", tmp_path], capsys)
        assert (code, [path.name for path in tmp_path.iterdir()]) == (7, ["mine.txt"])
        assert str(tmp_path) in said.replace("\n", "")

    @pytest.mark.parametrize("name", ["mine.txt", "mine.txt/town"])
    def test_a_file_where_the_folder_should_be(self, name, tmp_path, capsys):
        (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
        code, said = ends_with(["new", tmp_path / name], capsys)
        assert code == 7
        assert "mine.txt" in said
        assert (tmp_path / "mine.txt").read_text(encoding="utf-8") == "mine"


class TestExitCodes:
    def test_each_error_has_its_own(self):
        codes = [kind.exit_code for kind in CHILDREN]
        assert sorted(codes) == [2, 3, 4, 5, 6, 7, 8]
        for kind in CHILDREN:  # as the tree in the module's text says
            assert f"{kind.__name__}(" in errors.__doc__
            line = next(line for line in errors.__doc__.splitlines() if f"{kind.__name__}(" in line)
            assert line.endswith(f"exit code {kind.exit_code}")

    @pytest.mark.parametrize("kind", CHILDREN)
    def test_the_command_line_ends_with_it_and_no_traceback(self, kind, monkeypatch, capsys, tmp_path):
        def fails(_folder):
            raise kind(*(errors.Note.of("file_missing", file=name) for name in ("a.xlsx", "b.xlsx")))

        monkeypatch.setattr(samples, "write_new", fails)
        code, said = ends_with(["new", tmp_path / "x"], capsys)
        assert code == kind.exit_code
        assert "a.xlsx" in said
        assert "b.xlsx" in said
        assert "Traceback" not in said

    @pytest.mark.parametrize(
        ("command", "file", "old", "new", "codes", "says"),
        [
            ("run", "study.yaml", "year: 2025 ", "yaer: 2025 ", {2}, ["yaer", "year"]),
            ("check", "study.yaml", "data/streets.osm ", "data/empty.osm ", {3, 5}, ["empty.osm"]),
            ("check", "local_rules.yaml", "kind: ", "kind: x", {6}, ["local_rules.yaml"]),
        ],
    )
    def test_what_is_wrong_is_named(self, town, capsys, command, file, old, new, codes, says):
        town.rewrite(file, old, new, count=None)
        (town.data / "empty.osm").write_text('<osm version="0.6"/>', encoding="utf-8")
        code, said = ends_with([command, town.study], capsys)
        assert code in codes
        assert all(word in said for word in says)

    def test_missing_files_are_all_named(self, town, capsys):
        for name in ("population.tif", "huzhong_towns.geojson"):
            (town.data / name).unlink()
        for command in ("check", "run"):
            code, said = ends_with([command, town.study], capsys)
            assert code == 3
            assert "population.tif" in said
            assert "huzhong_towns.geojson" in said

    def test_a_study_that_is_not_there(self, tmp_path, capsys):
        code, said = ends_with(["check", tmp_path / "none.yaml"], capsys)
        assert code == 2
        assert "none.yaml" in said

    def test_an_output_folder_that_is_a_file(self, demo, tmp_path):
        (tmp_path / "out").write_text("mine", encoding="utf-8")
        with pytest.raises(errors.OutputError):
            demo.save(tmp_path / "out")
        assert (tmp_path / "out").read_text(encoding="utf-8") == "mine"


def test_gather_reads_what_check_prints(town):
    inputs = gp.gather(gp.read_study(town.study))
    assert inputs.people.groups["total"]["residents"] == pytest.approx(12_000)
    assert not [note for note in inputs.notes if note.severity == "error"]
    assert {source.role for source in inputs.sources} == {"zones", "streets", "population", "facilities", "projects", "pack"}  # fmt: skip
