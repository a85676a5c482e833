"""Chinese words stand in the catalogue, not in the code; each text stands once."""

import ast
import re
from pathlib import Path

import pytest

import geoplan

ROOT = Path(geoplan.__file__).parent
CHINESE = re.compile(r"[\u3000-\u303f\u3400-\u9fff\uff01-\uff60]")

#: Where Chinese stands in code on purpose.
EXEMPT = {
    # what offices write in their lists and files: compared with, never printed
    "inputs/": "recognisers",
    "study/ages.py": "recogniser of ages",
    "standards/grammar.py": "recogniser of targets",
    "standards/totals/file.py": "recogniser of yes and no",
    # descriptions of columns, for the reader of the code
    "tables/schemas.py": "descriptions",
    "standards/packs/read.py": "descriptions",
    "standards/totals/assess.py": "descriptions",
    "report/content/annual.py": "descriptions",
    # characters, not words
    "standards/requirement.py": "signs of comparison",
    "standards/packs/sheet.py": "signs between the words of a list",
    "report/look/fonts.py": "glyphs",
    "report/layers/dxf.py": "glyph for what GBK lacks",
    "report/workbook/csv_files.py": "signs that begin a formula",
}


def strings(file):
    """Yield line and text of every string of a module but docstrings and the help of the command line."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    prose = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        if node.body and isinstance(node.body[0], ast.Expr)
    }
    # docstrings of attributes, and the bilingual help that typer prints beside the docstring of a command
    prose |= {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    prose |= {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.keyword) and node.arg == "help"
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield node.lineno, node.value


FILES = [path.relative_to(ROOT).as_posix() for path in sorted(ROOT.rglob("*.py"))]


@pytest.mark.parametrize("file", [file for file in FILES if not file.startswith(tuple(EXEMPT))])
def test_no_chinese_stands_in_code(file):
    assert [found for found in strings(ROOT / file) if CHINESE.search(found[1])] == []
