"""docs/first_study.md shows what the commands print, and its figures are those of the runs that it tells of."""

import re
from pathlib import Path

import pytest
from outcomes import network_circle

PAGE = (Path(__file__).parents[2] / "docs" / "first_study.md").read_text(encoding="utf-8")
CHINESE, ENGLISH = PAGE.split("\n# A first study\n")


def shown(part):
    """Return the lines that stand as printed, spaces as one."""
    blocks = re.findall(r"^```text\n(.*?)^```", part, flags=re.MULTILINE | re.DOTALL)
    return [" ".join(line.split()) for block in blocks for line in block.splitlines() if line.strip()]


def flat(text):
    return " ".join(text.split())


@pytest.fixture(scope="module")
def checked(command):
    from geoplan.cli.demo import demo_study

    done = command("check", demo_study())
    assert done.exit_code == 0
    return flat(done.output)


def test_the_chinese_page_shows_what_is_printed(demo_run, checked):
    said = flat(demo_run.said)
    assert len(shown(CHINESE)) == 11
    assert [line for line in shown(CHINESE) if line not in said and line not in checked] == []


def test_the_english_page_shows_what_is_printed(english):
    said = flat(english[1])
    assert len(shown(ENGLISH)) == 6
    assert [line for line in shown(ENGLISH) if line not in said] == []


def test_the_gate_does_what_both_pages_say(demo, town):
    def figures(result):
        table = network_circle(result)
        whole, east = table.loc["area/area"], table.loc["community/HZ0104"]
        assert east["people"] == pytest.approx(318)
        return f"{100 * whole['share']:.1f}", f"{whole['outside']:.0f}", f"{east['covered']:.0f}"

    line = "gate_states: {林场家属院西门: true}"
    town.rewrite("study.yaml", f"# {line}", line)
    after = town.run()
    before_figures, after_figures = figures(demo), figures(after)
    assert before_figures == ("69.9", "952", "163")
    assert after_figures == ("73.6", "834", "281")
    gate_zh = CHINESE[CHINESE.index("去掉这一行") :]
    gate_en = ENGLISH[ENGLISH.index("locked west gate") :]
    for figure in (*before_figures, *after_figures):
        assert figure in gate_zh
        assert figure in gate_en
    for result, is_flagged in ((demo, True), (after, False)):
        flags = result.flags.set_index(["rule_id", "zone_id"])["flagged"]
        assert bool(flags["study.circle_eldercare", "community/HZ0104"]) == is_flagged
    for part in (CHINESE, ENGLISH):  # the line as it stands in the study file once the mark is taken away
        assert f"```yaml\n  {line}\n```" in part
