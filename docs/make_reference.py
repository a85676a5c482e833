"""Write docs/study.md, the reference of the study file, from the docstrings of `geoplan.study.study`."""

from pathlib import Path
from typing import Any, get_args

from pydantic_core import PydanticUndefined

from geoplan.study.entry import Entry
from geoplan.study.study import Study
from geoplan.words.quantities import numbers

TARGET = Path(__file__).parent / "study.md"
HEAD = """\
# The study file

One YAML file says everything that a run needs. Paths are relative to the file. Entries that geoplan does not know are
errors, and so is a number where text is due. Every number has a unit and a range, which stand behind its meaning; what is no
number, or lies beyond, is an error that names the entry. Shares are written as 0 to 1, never as per cent. A file is one of this machine,
no address. This page is made from the code: `python docs/make_reference.py`.
"""


def models(entry: Any, seen: list[type[Entry]]) -> list[type[Entry]]:
    """Return `entry` and every part of it, in the order in which they are named."""
    if isinstance(entry, type) and issubclass(entry, Entry) and entry not in seen:
        seen.append(entry)
        for field in entry.model_fields.values():
            models(field.annotation, seen)
    for part in get_args(entry):
        models(part, seen)
    return seen


def default(field: Any) -> str:
    """Return a field's default as it would stand in YAML."""
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if value is PydanticUndefined or value is None or value in ({}, []):
        return "–"
    if isinstance(value, Entry):
        return "see below"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def bounds(field: Any) -> str:
    """Return unit and range of the numbers that a field holds."""
    parts = dict.fromkeys(number.text() for number in numbers(field.annotation, tuple(field.metadata)))
    return f" ({' / '.join(parts)})" if parts else ""


def reference() -> str:
    """Return the page."""
    lines = [HEAD]
    for model in models(Study, []):
        lines += [
            f"## {model.__name__}",
            (model.__doc__ or "").strip(),
            "",
            "| entry | default | meaning |",
            "|---|---|---|",
        ]
        for name, field in model.model_fields.items():
            meaning = " ".join((field.description or "").split()).replace("|", "\\|")
            lines.append(f"| `{field.alias or name}` | {default(field)} | {meaning}{bounds(field)} |")
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    TARGET.write_text(reference(), encoding="utf-8", newline="\n")
