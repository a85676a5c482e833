"""A new sheet is one module in report/content, with its words file beside it: no renderer is touched."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import geoplan

MODULE = '''"""How many zones there are, by level."""

from geoplan.report.content.registry import listed
from geoplan.report.content.table import Amount, Coded, Table, column
from geoplan.tables import Outcome
from geoplan.words.catalogue import phrase


@listed(5, "workbook", "csv")
def levels(outcome: Outcome) -> Table:
    """Return a row a level."""
    lang = outcome.lang
    rows = [[Coded(str(k)), Amount.of(n, "count")] for k, n in outcome.zones["level"].value_counts(sort=False).items()]
    return Table.of("levels", phrase("levels_title", lang), [column("level", lang), column("levels_count", lang)], rows)
'''
WORDS = """column_levels_count: {zh: 单元数, en: Zones, format: count, width: 8}
levels_title: {zh: 评价单元数, en: Zones by level}
"""
SCRIPT = """
import importlib.util, json, sys, openpyxl
spec = importlib.util.spec_from_file_location("fixture", sys.argv[1])
fixture = importlib.util.module_from_spec(spec)
spec.loader.exec_module(fixture)
from pathlib import Path
from geoplan.report.workbook.csv_files import write_csv
from geoplan.report.workbook.workbook import write_workbook
out = Path(sys.argv[2])
outcome = fixture.make_outcome()
write_workbook(outcome, out / "a.xlsx")
write_csv(outcome, out)
sheet = openpyxl.load_workbook(out / "a.xlsx").worksheets[0]
described = json.loads((out / "datapackage.json").read_text(encoding="utf-8"))["resources"][0]
print(sheet.title, [cell.value for cell in list(sheet.rows)[-1]], described["title"], flush=True)
"""


def test_it_stands_in_the_workbook_and_among_the_csv_files(tmp_path):
    package = Path(geoplan.__file__).parent
    shutil.copytree(package, tmp_path / "geoplan", ignore=shutil.ignore_patterns("__pycache__"))
    content = tmp_path / "geoplan" / "report" / "content"
    (content / "levels.py").write_text(MODULE, encoding="utf-8")
    (content / "levels.words.yaml").write_text(WORDS, encoding="utf-8")
    fixture = Path(__file__).parents[1] / "outcome_fixture.py"
    done = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", SCRIPT, str(fixture), str(tmp_path)],
        env=os.environ | {"PYTHONPATH": str(tmp_path)}, cwd=tmp_path, capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "评价单元数 ['社区（村）', 12] 评价单元数"
    assert (tmp_path / "levels.csv").read_text(encoding="utf-8-sig").splitlines()[
        -1
    ] == "community,12,演示数据，不作为决策依据"
