"""养老服务网络分级表: what a planner reads of the tiers, and that what is not known is never called missing."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from geoplan.report.content.table import cell_text
from geoplan.report.content.tiers import tiers
from geoplan.tables import TIERS


def row(
    zone,
    tier,
    present,
    tally=(None, None, None),
    *,
    due=True,
    way="located",
    count=(1.0, 1.0),
    beds=(10.0, 10.0),
):
    return dict(zip(TIERS, (zone, tier, due, present, way, *count, *tally, *beds), strict=True))


def table_of(outcome, *rows, lang="zh"):
    return tiers(
        dataclasses.replace(outcome, lang=lang, tiers=TIERS.typed(pd.DataFrame(rows, columns=list(TIERS))))
    )


HOME = {"way": "", "count": (np.nan, np.nan)}
UNKNOWN = {"count": (np.nan, np.nan), "beds": (np.nan, np.nan)}


def test_missing_partly_missing_and_unknown_are_three_things(outcome):
    table = table_of(
        outcome,
        row("district/D1", "district", True), row("district/D1", "town", True, (2, 1, 2)),
        row("district/D1", "community", True, (6, 3, 5)), row("district/D1", "home", pd.NA, **HOME),
        row("town/T1", "district", False, due=False, count=(0.0, 0.0)), row("town/T1", "town", False, count=(0.0, 0.0)),
        row("town/T1", "community", True, (3, 3, 3)), row("town/T1", "home", True, **HOME),
        row("town/T2", "district", True, due=False), row("town/T2", "town", pd.NA, **UNKNOWN),
        row("town/T2", "community", True, (3, 2, 2), beds=(4.0, np.inf)), row("town/T2", "home", False, **HOME),
    )  # fmt: skip
    assert [cell_text(cell, "zh") for cell in table.cells("tiers_missing")] == [
        "乡镇（街道）级（部分没有）、社区（村）级（部分没有）、家庭（数据不足）",
        "乡镇（街道）级",
        "乡镇（街道）级（数据不足）、社区（村）级（部分数据不足）、家庭",
    ]
    # the district's tier is nobody else's
    assert [cell_text(cell, "zh") for cell in table.cells("district_present")] == ["是", "", ""]
    assert [cell_text(cell, "zh") for cell in table.cells("town_facilities")] == ["1", "0", "数据不足"]
    assert [cell_text(cell, "zh") for cell in table.cells("community_units")] == [
        "3 / 5（另 1 个数据不足）",
        "3 / 3",
        "2 / 2（另 1 个数据不足）",
    ]
    assert cell_text(table.cells("community_capacity")[2], "zh") == "≥ 4"
    assert table.strong == {0}
    assert any("台账的类型" in note for note in table.notes)


@pytest.mark.parametrize(
    ("lang", "nothing", "served"),
    [("zh", "无", "服务范围判定"), ("en", "none", "zones that the register says")],
)
def test_a_town_with_every_tier_lacks_nothing(outcome, lang, nothing, served):
    rows = [row("town/T1", "district", False, due=False), row("town/T1", "town", True, way="assigned"),
            row("town/T1", "community", True, (3, 3, 3)), row("town/T1", "home", True, **HOME)]  # fmt: skip
    table = table_of(outcome, *rows, lang=lang)
    assert [cell_text(cell, lang) for cell in table.cells("tiers_missing")] == [nothing]
    notes = "".join(table.notes)
    assert served in notes
    assert "none: true" not in notes


def test_no_table_without_eldercare(outcome):
    assert tiers(dataclasses.replace(outcome, tiers=TIERS.empty())) is None


def test_the_town_of_the_reports_has_its_rows_in_order(outcome):
    table = tiers(outcome)
    assert [cell.code for cell in table.cells("level")] == [
        "district",
        "town",
        "town",
        "district",
        "town",
        "town",
    ]
