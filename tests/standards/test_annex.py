"""The annexes of the plans, row by row: number, name, figures, attribute and lead as the published text has them."""

import re
from pathlib import Path

import pytest
from rule_cases import rule as written

from geoplan.standards.packs.read import annex_places, read_pack, rules_table
from geoplan.words.errors import PackError

PLANS = Path(__file__).resolve().parents[3] / "shared" / "plans"
needs_plans = pytest.mark.skipif(
    not PLANS.is_dir(), reason="../shared/plans, the published plans, is not there"
)
#: Rows of the annex of each plan, part by part.
ROWS = {"yinzhou": {"养老": 22, "托育": 16}, "qianjiang": {"": 39}, "yantai": {"养老": 14, "托育": 11}}
#: Names that the pack shortens, or writes out, for its readers.
SHORTER = {"qianjiang 15": "“一刻钟”居家养老服务圈服务机制覆盖率"}
NAME = re.compile(r"[（(](%|张|个|人|家|岁|‰|万人|人次/年)[)）]$")


def in_order(name):
    pack = read_pack(name)
    places = annex_places(pack)
    return sorted((rule for rule in pack.rules if rule.id in places), key=lambda rule: places[rule.id])


@pytest.mark.parametrize("name", ROWS)
def test_every_row_of_the_annex_stands_once_in_its_order(name):
    wanted = [f"{part}{number}" for part, count in ROWS[name].items() for number in range(1, count + 1)]
    assert [rule.annex for rule in in_order(name)] == wanted
    table = rules_table([read_pack(name)])
    rows = table[table["annex"] != ""].sort_values("annex_order")
    assert rows["annex"].tolist() == wanted
    assert rows["annex_order"].tolist() == list(range(1, len(wanted) + 1))
    assert table.loc[table["annex"] == "", "annex_order"].isna().all()


def test_a_row_of_the_annex_is_one_rule(rules_from):
    two = [written("reported", ">=1", f"id: {name}", 'annex: "12"', "unit: firms") for name in "ab"]
    with pytest.raises(PackError, match="the row 12 of the annex stands twice"):
        rules_from(*two)


def test_rows_stand_by_their_numbers_and_parts_as_the_pack_names_them_first(rules_from):
    bodies = [
        written("reported", ">=1", f"id: r{at}", f'annex: "{annex}"', "unit: firms")
        for at, annex in enumerate(("托育2", "养老10", "托育1", "养老9"))
    ]
    places = annex_places(type("Pack", (), {"rules": rules_from(*bodies)}))
    assert places == {"r2": 1, "r0": 2, "r3": 3, "r1": 4}


# --- the texts, read by other code than the packs ---------------------------------------------------------------------


def yinzhou():
    """Yield number, name, 2023, 2025, attribute and lead: a row is a line, its further leads lines of their own."""
    text = (
        (PLANS / "yinzhou.txt")
        .read_text(encoding="utf-8")
        .partition("主要指标清单\n类别")[2]
        .partition("附件2")[0]
    )
    row = re.compile(r"(?:(养老|托育)方面 )?(\d+) (.+) (\S+) (\S+) (约束|预期)性 (\S+)")
    rows, part = [], ""
    for line in text.splitlines():
        if found := row.fullmatch(line.strip()):
            part = found[1] or part
            rows.append([f"{part}{found[2]}", *found.groups()[2:]])
        elif rows and re.fullmatch(r"\S*局", line.strip()):
            rows[-1][-1] += f"、{line.strip()}"
    return rows


def cells(name, start, end):
    text = (PLANS / f"{name}.txt").read_text(encoding="utf-8").rpartition(start)[2].partition(end)[0]
    return [line.strip() for line in text.splitlines() if line.strip()]


def by_cells(given, part, *, leads):
    """Yield the rows of a table of which each cell is a line: a number, a name, one figure or two, the attribute, perhaps the lead."""
    rows, at = [], 0
    while at < len(given):
        number, name, *rest = given[at : at + 6]
        assert number == str(len(rows) + 1), given[at : at + 6]
        figures = rest[: next(k for k, cell in enumerate(rest) if cell.endswith("性"))]
        attribute = rest[len(figures)].removesuffix("性")
        lead = rest[len(figures) + 1] if leads else ""
        rows.append(
            [f"{part}{number}", name, *(["", *figures] if len(figures) == 1 else figures), attribute, lead]
        )
        at += 3 + len(figures) + leads
    return rows


def qianjiang():
    given = cells("qianjiang", "附件1\n\n养老托育服务健康发展主要指标", "附件2")
    return by_cells(given[given.index("责任部门") + 1 :], "", leads=True)


def yantai():
    given = cells("yantai", "养老服务发展指标表", "二、重点任务")
    middle = given.index("托育服务发展指标表")
    elders, children = given[:middle], given[middle + 1 :]
    return [
        row
        for part, table in (("养老", elders), ("托育", children))
        for row in by_cells(table[table.index("指标属性") + 1 :], part, leads=False)
    ]


def amount(cell, *, percent):
    """Return how a figure of a cell is bounded and what it is: shares 0-1."""
    text = cell.replace("稳定在", "").replace("以上", "").replace("左右", "").removesuffix("人")
    sign = next((sign for sign in ("≥", "≤", ">", "<") if text.startswith(sign)), "")
    number = text.removeprefix(sign)
    low, _, high = number.rstrip("%").partition("-")
    share = 100 if percent or number.endswith("%") else 1
    return {"≥": ">=", "≤": "<="}.get(sign, sign), float(low) / share, float(high) / share if high else None


@needs_plans
@pytest.mark.parametrize(("name", "read", "first"), [("yinzhou", yinzhou, 2023), ("qianjiang", qianjiang, 2020), ("yantai", yantai, 2021)])  # fmt: skip
def test_every_row_is_that_of_the_text(name, read, first):
    rows, rules = read(), in_order(name)
    assert len(rows) == len(rules) == sum(ROWS[name].values())
    for (number, title, start, due, attribute, lead), rule in zip(rows, rules, strict=True):
        assert (rule.annex, rule.attribute) == (number, attribute)
        plain = NAME.sub("", title)
        assert NAME.sub("", rule.indicator) == SHORTER.get(f"{name} {number}", plain)
        if lead:
            assert set(lead.split("、")) == set(rule.lead.split("、")), number
        percent = "%" in title or rule.value_format == "percent"
        sign, value, upper = amount(due, percent=percent)
        target = next(one for one in rule.targets if one.year == 2025)
        assert target.floor == pytest.approx(value), number
        assert target.comparison == ("range" if upper else sign or ">="), number
        assert upper is None or target.upper == upper
        if not start:
            assert rule.start is None, number
            continue
        sign, value, _ = amount(start, percent=percent)
        # the first column is a base, or where the plan sets it as one a target
        told = [(one.floor, one.comparison) for one in rule.targets if one.year == first]
        told += (
            [(rule.start.value, rule.start.comparison or "")]
            if rule.start and rule.start.year == first
            else []
        )
        assert told, number
        for figure, comparison in told:
            assert figure == pytest.approx(value), number
            assert comparison in (sign, sign or ">="), number
