"""The catalogue: every message, sentence and column header of geoplan in Chinese and English.

Words stand beside the code that uses them, in a file whose name ends in ``words.yaml``; messages of several rooms stand in
``geoplan/words/messages``. One code is defined once in the whole package.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

import yaml

LANGUAGES = ("zh", "en")


@cache
def catalogue() -> dict[str, dict[str, Any]]:
    """Return every message: code -> ``zh, en`` (what was found) and ``do_zh, do_en`` (what was done or is to do).

    It collects ``words/messages/*.yaml`` and every ``*words.yaml`` that stands beside the code that uses it.

    Raises
    ------
    ValueError
        If two files of the catalogue define one code.
    """
    messages: dict[str, dict[str, Any]] = {}
    for file in _word_files(resources.files("geoplan")):
        for code, words in (yaml.load(file.read_text(encoding="utf-8"), Loader=_Loader) or {}).items():  # noqa: S506
            if code in messages:
                raise ValueError(f"{file.name}: message `{code}` is defined twice")
            messages[code] = words
    return messages


#: The same as yaml.safe_load, in C where PyYAML was built with libyaml.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _word_files(folder: Traversable) -> Iterator[Traversable]:
    """Yield the word files below a folder of the package, in the order of their names."""
    for entry in sorted(folder.iterdir(), key=lambda one: one.name):
        if entry.is_dir():
            yield from _word_files(entry)
        elif entry.name.endswith("words.yaml") or (
            folder.name == "messages" and entry.name.endswith(".yaml")
        ):
            yield entry


def phrase(code: str, lang: str, **values: object) -> str:
    """Return a sentence of the catalogue in `lang` (``zh`` or ``en``), its ``{…}`` filled in.

    A `Phrase` among the values is written in `lang`, a tuple as a list of words.

    Raises
    ------
    KeyError
        If the catalogue has no such code, or the sentence names a value that is not given.

    Examples
    --------
    >>> phrase("tally_whole", "en", count=3, judged=10)
    '3 / 10'
    """
    return filled(str(catalogue()[code][lang]), lang, values)


@dataclass(frozen=True)
class Phrase:
    """A sentence of the catalogue whose language is not yet known, such as a part of a message in two languages."""

    code: str
    values: Mapping[str, object] = field(default_factory=dict, hash=False)

    def text(self, lang: str) -> str:
        """Return the sentence in `lang`."""
        return phrase(self.code, lang, **self.values)


def filled(template: str, lang: str, values: Mapping[str, object]) -> str:
    """Return a text with its ``{…}`` filled in, as :func:`phrase` does."""
    return template.format(**{name: _shown(value, lang) for name, value in values.items()})


def _shown(value: object, lang: str) -> object:
    """Return a value as it fills in a text: a `Phrase` in `lang`, a tuple as a list of words."""
    if isinstance(value, Phrase):
        return value.text(lang)
    if isinstance(value, tuple):
        return phrase("join_items", lang).join(str(_shown(part, lang)) for part in value)
    return value
