"""Every command, option, exit code and public name is documented, and the docs name no other."""

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main

import geoplan
from geoplan.cli.commands import app
from geoplan.words import errors

ROOT = Path(__file__).parents[2]
COMMANDS = typer.main.get_command(app).commands
PAGE = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
DOCS = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]


def section(name):
    """Return the text under the heading of a command."""
    return re.search(rf"^## {name}\n(.*?)(?=^## |\Z)", PAGE, flags=re.MULTILINE | re.DOTALL)[1]


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_has_help_in_both_languages_and_an_example(name):
    said = COMMANDS[name].help
    assert re.search(r"[\u4e00-\u9fff]", said)
    assert re.search(r"[A-Z][a-z]+ [a-z]", said)
    assert f"Example: geoplan {name}" in said
    for parameter in COMMANDS[name].params:
        assert parameter.help, parameter.name


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_documented_with_what_it_takes(name):
    assert f"geoplan {name}" in section(name)
    line = next(line for line in PAGE.splitlines() if line.startswith(f"| [`geoplan {name}`](#{name}) |"))
    taken = set(re.findall(r"`(--\w+|[A-Z]+)`", line.split("|")[2]))
    assert taken == {
        parameter.opts[0] if parameter.opts[0].startswith("--") else parameter.name.upper()
        for parameter in COMMANDS[name].params
        if parameter.name != "help"
    }


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_docs_name_no_other_command(path):
    code = "\n".join(code_of(path.read_text(encoding="utf-8")))
    named = re.findall(r"(?<!import)(?:^|[`/ ])geoplan ([a-z]+)(?= |`|$)", code, flags=re.MULTILINE)
    assert set(named) <= set(COMMANDS)


def code_of(text):
    """Return what stands in code blocks and between backticks."""
    blocks = re.findall(r"^```.*?\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    rest = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    return [*blocks, *re.findall(r"`([^`\n]+)`", rest)]


def test_exit_codes_are_documented():
    codes = {int(code) for code in re.findall(r"^\| (\d) \|", section("Exit codes"), flags=re.MULTILINE)}
    assert codes == {0, 1, *(kind.exit_code for kind in errors.GeoplanError.__subclasses__())}


@pytest.mark.parametrize("name", [name for name in geoplan.__all__ if name != "__version__"])
def test_a_public_name_is_documented(name):
    thing = getattr(geoplan, name)
    assert inspect.getdoc(thing)
    if inspect.isfunction(thing):
        assert thing.__annotations__["return"] is not None
    for part, value in vars(thing).items() if inspect.isclass(thing) else []:
        if not part.startswith(("_", "model_")) and (
            inspect.isfunction(value) or isinstance(value, property)
        ):
            assert inspect.getdoc(value), f"{name}.{part}"


def test_public_names_are_those_of_their_modules():
    for name in ("run", "site", "gather"):
        assert inspect.isfunction(getattr(geoplan, name))
    with pytest.raises(AttributeError, match="no attribute `nothing`"):
        geoplan.nothing  # noqa: B018


def test_importing_the_package_imports_nothing_heavy():
    code = "import sys, geoplan; print([m for m in sys.modules if m.startswith('geoplan.') or m in ('numba', 'pandas')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['geoplan.version']"


def test_pages_of_the_docs_link_only_to_what_is_there():
    for path in DOCS:
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", path.read_text(encoding="utf-8")):
            assert (path.parent / target).exists(), f"{path.name}: {target}"
