"""Count the structure of the house: rooms, imports between them, lines, and where columns are described.

Run from the root of the repository: ``python docs/measures.py``. Another folder that holds a `geoplan` package may be named.
"""

import ast
import re
import sys
from collections import defaultdict
from pathlib import Path

RENDERERS = ("atlas", "booklet", "compare", "layers", "webmap", "word", "workbook")


def modules(root: Path) -> dict[str, Path]:
    """Return module name -> file of the package below `root`."""
    found = {}
    for path in sorted((root / "geoplan").rglob("*.py")):
        name = ".".join(path.relative_to(root).with_suffix("").parts)
        found[name.removesuffix(".__init__")] = path
    return found


def imports(files: dict[str, Path]) -> dict[str, set[str]]:
    """Return module -> modules of the package that it imports, imports inside functions included."""
    found: dict[str, set[str]] = defaultdict(set)
    for name, path in files.items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("geoplan"):
                for alias in node.names:
                    full = f"{node.module}.{alias.name}"
                    found[name].add(full if full in files else str(node.module))
            elif isinstance(node, ast.Import):
                found[name] |= {alias.name for alias in node.names if alias.name.startswith("geoplan")}
    return found


def room(module: str, depth: int = 1) -> str:
    """Return the room of a module: its first parts below the package."""
    return ".".join(module.split(".")[1 : 1 + depth])


def circles(arrows: set[tuple[str, str]]) -> int:
    """Return how many pairs of rooms reach each other."""
    reach: dict[str, set[str]] = defaultdict(set)
    for one, other in arrows:
        reach[one].add(other)
    changed = True
    while changed:
        changed = False
        for one in list(reach):
            more = set().union(*(reach[other] for other in list(reach[one]) if other in reach)) - reach[one]
            if more:
                reach[one] |= more
                changed = True
    return sum(one in reach[one] for one in reach)


def main(root: Path) -> None:
    """Print every measure."""
    files = modules(root)
    edges = imports(files)
    between = {
        (room(one), room(other))
        for one, many in edges.items()
        for other in many
        if room(one) and room(other) and room(one) != room(other)
    }
    rooms = {room(name) for name in files if room(name)}
    print(f"rooms {len(rooms)}, arrows between rooms {len(between)}, rooms in a circle {circles(between)}")

    report = {name: many for name, many in edges.items() if name.startswith("geoplan.report.")}
    inside = [
        (one, other) for one, many in report.items() for other in many if other.startswith("geoplan.report.")
    ]
    crossing = sorted(
        f"{one} -> {other}"
        for one, other in inside
        if room(one, 2).split(".")[-1] in RENDERERS
        and room(other, 2).split(".")[-1] in RENDERERS
        and room(one, 2) != room(other, 2)
    )
    print(f"report: files {len(report)}, arrows {len(inside)}, renderer to renderer {len(crossing)}")
    print("\n".join(f"  {line}" for line in crossing))

    walking = [name for name, path in files.items() if "walk_minutes" in path.read_text(encoding="utf-8")]
    print(f"files that name walk_minutes {len(walking)}")

    words = list((root / "geoplan").rglob("*words.yaml"))
    described = [
        key for path in words for key in re.findall(r"(?m)^column_(\w+):", path.read_text(encoding="utf-8"))
    ]
    by_hand = sum(
        len(re.findall(r"\b(?:Column|Col)\(", path.read_text(encoding="utf-8")))
        for name, path in files.items()
        if name.startswith("geoplan.report.") and name != "geoplan.report.content.table"
    )
    print(
        f"columns described in words files {len(described)} ({len(set(described))} keys), made by hand in report {by_hand}"
    )

    code = sum(len(path.read_text(encoding="utf-8").splitlines()) for path in files.values())
    tests = sum(len(path.read_text(encoding="utf-8").splitlines()) for path in (root / "tests").rglob("*.py"))
    print(f"lines of code {code}, of tests {tests}, modules {len(files)}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path())
