"""Every path, module and name of the code that the documentation gives exists."""

import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
FOLDERS = ("benchmarks", "data", "docs", "geoplan", "notebooks", "studies", "tests")
MODULES = {path.name for path in (ROOT / "geoplan").rglob("*.py")} | {
    path.name for folder in ("benchmarks", "docs", "studies") for path in (ROOT / folder).rglob("*.py")
}


def code_of(text):
    """Return every word in code marks, outside blocks of code."""
    prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    return [word for code in re.findall(r"`([^`\n]+)`", prose) for word in code.split()]


def is_missing(word):
    """Return whether a word is the name of a file, folder, module or object of the project that there is not."""
    word = word.strip("(),;:")
    if "<" in word or "…" in word:
        return False  # stands for several
    if re.fullmatch(rf"({'|'.join(FOLDERS)})/[\w./*-]*", word):
        return not any(ROOT.glob(word.rstrip("/")))
    if re.fullmatch(r"[\w/]+\.py", word):
        return word.rpartition("/")[2] not in MODULES or not any((ROOT / "geoplan").rglob(word))
    if re.fullmatch(r"geoplan(\.\w+)+", word):
        return not is_name(word)
    return False


def is_name(word):
    """Return whether a dotted name is a module, or an object of one."""
    parts = word.split(".")
    for n in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:n]))
        except ModuleNotFoundError:
            continue
        for part in parts[n:]:
            if not hasattr(found, part):
                return False
            found = getattr(found, part)
        return True
    return False


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_what_a_page_names_exists(path):
    assert sorted({word for word in code_of(path.read_text(encoding="utf-8")) if is_missing(word)}) == []


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_what_a_page_links_to_exists(path):
    links = re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)[^)]*\)", path.read_text(encoding="utf-8"))
    assert [link for link in links if not (path.parent / link).exists()] == []


@pytest.mark.parametrize(
    "path", sorted((ROOT / "geoplan").rglob("*.py")), ids=lambda path: path.relative_to(ROOT).as_posix()
)
def test_what_a_docstring_refers_to_exists(path):
    named = re.findall(r"`~?(geoplan(?:\.\w+)+)`", path.read_text(encoding="utf-8"))
    assert sorted({word for word in named if not is_name(word)}) == []
