"""Write docs/study.md and docs/scenario.md, the references of study and scenario files, from the docstrings of their entries."""

from pathlib import Path
from typing import Any, get_args

from pydantic_core import PydanticUndefined

from geoplan.study.entry import Entry
from geoplan.study.scenario import Scenario
from geoplan.study.study import Study
from geoplan.words.quantities import numbers

HEAD = """\
# The study file

One YAML file says everything that a run needs. Paths are relative to the file. Entries that geoplan does not know are
errors, and so is a number where text is due. Every number has a unit and a range, which stand behind its meaning; what is no
number, or lies beyond, is an error that names the entry. Shares are written as 0 to 1, never as per cent. A file is one of this machine,
no address. This page is made from the code: `python docs/make_reference.py`.
"""


SCENARIO_HEAD = """\
# The scenario file

A scenario (方案) is a file of named changes to a study: one entry `scenario`, which holds those of the first table. `geoplan run scenario.yaml`
runs it, `geoplan compare study.yaml scenario.yaml` tells what changes. Facilities are named by id (the register's code, else
`name@file`) or by name; what nothing in the inputs has is an error that names every such entry at once. This page is made from the code:
`python docs/make_reference.py`.

In Python a *live run* holds a run in memory and answers each change at once; it writes the changes as such a file, of which `geoplan.run`
gives the same tables:

```python
import geoplan as gp

town = gp.live(gp.read_study("study.yaml"), file="plan.yaml")
new = town.add(name="新站", services=["elder_day_care"], lonlat=(123.57, 52.03), supplies={"beds": 10.0})
town.move(new, (123.58, 52.03))
town.close("碧水镇松鹤养老院")
town.evaluation.assessment.flags  # flags, findings and members with the changes
town.outcome  # all tables, but those of `town.stale`, which `town.refresh()` computes anew
town.export()  # plan.yaml
```
"""
#: Page -> its head, and the entry that its file holds.
PAGES: dict[str, tuple[str, type[Entry]]] = {
    "study.md": (HEAD, Study),
    "scenario.md": (SCENARIO_HEAD, Scenario),
}


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


def reference(page: str) -> str:
    """Return one of `PAGES`."""
    head, whole = PAGES[page]
    lines = [head]
    for model in models(whole, []):
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
    for page in PAGES:
        (Path(__file__).parent / page).write_text(reference(page), encoding="utf-8", newline="\n")
