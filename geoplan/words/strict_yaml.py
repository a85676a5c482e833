"""Where the entries of a YAML file stand, for messages that name a line."""

from collections.abc import Iterator

import yaml


def lines_of(node: yaml.Node | None, entry: str = "") -> Iterator[tuple[str, int]]:
    """Yield every entry with its line, the first being 1."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            name = f"{entry}.{key.value}".lstrip(".")
            yield name, key.start_mark.line + 1
            yield from lines_of(value, name)
    elif isinstance(node, yaml.SequenceNode):
        for position, value in enumerate(node.value):
            name = f"{entry}.{position}".lstrip(".")
            yield name, value.start_mark.line + 1
            yield from lines_of(value, name)


def repeated(node: yaml.Node | None, entry: str = "") -> Iterator[tuple[str, int]]:
    """Yield every entry that stands twice in one mapping; YAML itself would silently keep the last."""
    if isinstance(node, yaml.MappingNode):
        seen = set()
        for key, value in node.value:
            name = f"{entry}.{key.value}".lstrip(".")
            if key.value in seen:
                yield name, key.start_mark.line + 1
            seen.add(key.value)
            yield from repeated(value, name)
    elif isinstance(node, yaml.SequenceNode):
        for position, value in enumerate(node.value):
            yield from repeated(value, f"{entry}.{position}".lstrip("."))
