"""The one reader of YAML that a planner writes (study, scenario, pack, totals): strict, with every wrong entry in one error.

YAML itself reads ``yes`` as true, keeps the last of two entries of one name and ignores what nobody reads. Here a file is
parsed, brought to the present format, and checked against a pydantic model; what is wrong is told in the planner's words
with the line, and with the entry that was probably meant.
"""

import difflib
import fnmatch
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar, get_args

import yaml
from pydantic import BaseModel, ValidationError

from geoplan.words.catalogue import Phrase, catalogue
from geoplan.words.errors import GeoplanError, Note

Model = TypeVar("Model", bound=BaseModel)

#: Largest file that is read, bytes; most entries that it may hold once its aliases are written out; most entries inside each other.
MOST_BYTES = 4 * 1024 * 1024
MOST_ENTRIES = 200_000
MOST_DEPTH = 40
#: Most characters of a wrong value that a message repeats.
MOST_SHOWN = 80

_Safe: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # in C where PyYAML was built with libyaml
_DATE = "tag:yaml.org,2002:timestamp"


class Loader(_Safe):  # type: ignore[misc]  # PyYAML has no types for its loaders
    """YAML as a planner writes it: a date stays text, and a number that is none has a line."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - as PyYAML declares it
        first: [(tag, form) for tag, form in forms if tag != _DATE]
        for first, forms in _Safe.yaml_implicit_resolvers.items()
    }


def _whole_number(loader: Any, node: Any) -> int:  # noqa: ANN401 - PyYAML has no types
    try:
        return int(loader.construct_yaml_int(node))
    except ValueError as error:  # `0x`, or thousands of digits
        raise yaml.constructor.ConstructorError(None, None, "no whole number", node.start_mark) from error


Loader.add_constructor("tag:yaml.org,2002:int", _whole_number)


@dataclass(frozen=True)
class Format:
    """The numbered forms of a kind of file.

    Parameters
    ----------
    newest
        Number that files of today carry in ``format``; a file without the entry is of form 1.
    migrations
        Form n -> function that takes its entries and returns those of form n + 1.
    renamed
        Pattern of an entry's full name (``siting.questions.*.least``) -> what it is called now. Old names are refused.
    """

    newest: int = 1
    migrations: Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]] = field(default_factory=dict)
    renamed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Parsed:
    """A file as plain entries, the line of each by its full name (``services.childcare.walk_kmh``), and entries given twice."""

    entries: dict[str, Any]
    lines: Mapping[str, int]
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class Read(Generic[Model]):
    """A checked file: the model, and the line of every entry by its full name."""

    value: Model
    lines: Mapping[str, int]


def read_yaml(
    path: str | Path,
    model: type[Model],
    *,
    error: type[GeoplanError],
    form: Format | None = None,
    empty: str = "yaml_empty",
) -> Read[Model]:
    """Read a YAML file into `model`.

    Parameters
    ----------
    path
        YAML, UTF-8, with or without a byte order mark, of at most `MOST_BYTES`.
    model
        Strict pydantic model of the whole file; its validators find the file's folder in ``info.context["folder"]``.
    error
        Kind of error to raise.
    form
        Forms of this kind of file.
    empty
        Code of the note for a file that holds no entries.

    Raises
    ------
    GeoplanError
        An `error` with every wrong entry: line, entry, what was found, what is expected.
    """
    path = Path(path)
    parsed = parse_yaml(path, error=error, empty=empty)
    return Read(checked(parsed, model, path=path, error=error, form=form), parsed.lines)


def checked(
    parsed: Parsed, model: type[Model], *, path: Path, error: type[GeoplanError], form: Format | None = None
) -> Model:
    """Return the entries of the file `path` as a `model`, in the present form. Raises as :func:`read_yaml`."""
    form, notes, read = form or Format(), list(parsed.notes), None
    entries = migrated(parsed.entries, form, file=str(path), error=error)
    try:
        read = model.model_validate_json(
            json.dumps(entries, default=str), context={"folder": path.resolve().parent}
        )
    except ValidationError as wrong:
        notes += entry_notes(wrong, model=model, file=str(path), lines=parsed.lines, renamed=form.renamed)
    if notes or read is None:
        raise error(*sorted(notes, key=lambda note: note.row or 0))
    return read


def parse_yaml(path: Path, *, error: type[GeoplanError], empty: str = "yaml_empty") -> Parsed:
    """Return a file's entries as they stand, before any check.

    Raises
    ------
    GeoplanError
        An `error` if there is no file, it is too large, is no YAML or holds no entries.
    """
    file = str(path)
    try:
        if not path.is_file():
            raise error(Note.of("file_missing", file=file, severity="error"))
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise error(Note.of("yaml_too_large", file=file, size=size, most=MOST_BYTES, severity="error"))
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as wrong:
        raise error(Note.of("yaml_not_utf8", file=file, severity="error")) from wrong
    except OSError as wrong:
        raise error(Note.of("file_held", file=file, why=one_line(wrong), severity="error")) from wrong
    return parse_text(text, file=file, error=error, empty=empty)


def parse_text(text: str, *, file: str, error: type[GeoplanError], empty: str = "yaml_empty") -> Parsed:
    """Return the entries of a YAML text; `file` is its name in messages. Raises as :func:`parse_yaml`."""
    try:
        _check_events(text, file=file, error=error)
        tree = yaml.compose(text, Loader=Loader)
        if tree is not None and _size(tree, {}) > MOST_ENTRIES:
            raise error(Note.of("yaml_too_many", file=file, most=MOST_ENTRIES, severity="error"))
        data = yaml.load(text, Loader=Loader)  # noqa: S506 - a safe loader
    except yaml.YAMLError as wrong:
        mark = getattr(wrong, "problem_mark", None)
        row = None if mark is None else mark.line + 1
        raise error(
            Note.of("yaml_wrong", file=file, row=row, why=one_line(wrong), severity="error")
        ) from wrong
    if tree is None or not isinstance(data, dict):
        raise error(Note.of(empty, file=file, severity="error"))
    notes = tuple(
        Note.of("yaml_twice", file=file, row=line, entry=entry, severity="error")
        for entry, line in repeated(tree)
    )
    return Parsed(data, {"": tree.start_mark.line + 1, **dict(lines_of(tree))}, notes)


def _check_events(text: str, *, file: str, error: type[GeoplanError]) -> None:
    """Raise an `error` where entries stand too deep inside each other, or a tag (``!!set``) asks for more than plain entries."""
    depth = 0
    for event in yaml.parse(text, Loader=Loader):
        row = event.start_mark.line + 1 if event.start_mark else None
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MOST_DEPTH:
            raise error(Note.of("yaml_too_deep", file=file, row=row, most=MOST_DEPTH, severity="error"))
        tag = getattr(event, "tag", None)
        if tag not in (None, "!"):  # "!": a quoted text
            raise error(Note.of("yaml_tag", file=file, row=row, tag=tag, severity="error"))


def migrated(
    entries: dict[str, Any], form: Format, *, file: str, error: type[GeoplanError]
) -> dict[str, Any]:
    """Return the entries of a file in the present form; an `error` if it is of a newer form than this program knows."""
    stated = entries.get("format", 1)
    if not isinstance(stated, int) or isinstance(stated, bool):
        return entries  # the model says what is wrong with it
    if stated > form.newest:
        raise error(Note.of("yaml_newer", file=file, stated=stated, newest=form.newest, severity="error"))
    for number in range(max(stated, 1), form.newest):
        entries = {**form.migrations[number](entries), "format": number + 1}
    return entries


def entry_notes(
    wrong: ValidationError,
    *,
    model: type[BaseModel],
    file: str,
    lines: Mapping[str, int],
    renamed: Mapping[str, str] | None = None,
    before: str = "",
) -> list[Note]:
    """Return pydantic's problems in the planner's words, one or more notes an entry, each with its line.

    Parameters
    ----------
    model
        Model that was read: its entries are the ones that an unknown entry may have meant.
    lines
        Line of each entry by its full name; empty where the entries stand in no file.
    renamed
        As in `Format`.
    before
        Full name of the entry that `model` is read from, where that is not the whole file (``rules.3``).
    """
    place = Place(file, lines, before)
    return [
        note
        for problem in _once_an_entry(wrong)
        for note in _notes(problem, model=model, place=place, renamed=renamed or {})
    ]


@dataclass(frozen=True)
class Place:
    """Where entries stand: the file, the line of each by its full name, and the entry that holds them all."""

    file: str
    lines: Mapping[str, int] = field(default_factory=dict)
    before: str = ""

    def note(self, code: str, entry: str, **values: Any) -> Note:  # noqa: ANN401 - whatever the message names
        """Return an error about one entry, named within `before`."""
        full = f"{self.before}.{entry}".strip(".")
        row = line_of(full, self.lines)
        return Note.of(code, file=self.file, row=row, severity="error", entry=full or "–", **values)

    def unknown(self, entry: str, known: Iterable[str], new: str = "") -> Note:
        """Return an error about an entry that there is not; `new` is its name of today, if it had another."""
        guess = new or meant(entry.rpartition(".")[2], known)
        code = "entry_renamed" if new else "entry_unknown_meant" if guess else "entry_unknown"
        return self.note(code, entry, guess=guess)

    def mistyped(self, entry: str, kind: str, got: object) -> Note:
        """Return an error about an entry of a wrong type; `kind` is pydantic's word for what was wrong."""
        shown = json.dumps(got, ensure_ascii=False, default=str)
        return self.note("entry_type", entry, kind=Phrase(f"expected_{kind}"), got=short(shown))


def one_line(error: Exception) -> str:
    """Return the text of an error on one line."""
    return " ".join(str(error).split())


def short(text: str) -> str:
    """Return a text, cut where it is long.

    Examples
    --------
    >>> short("9" * 5000)[-4:], short("15")
    ('999…', '15')
    """
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}…"


def meant(word: str, known: Iterable[str]) -> str:
    """Return the entry that was probably meant; empty if none is close.

    Examples
    --------
    >>> meant("walk_minute", ["walk_minutes", "walk_kmh"]), meant("x", ["walk_kmh"])
    ('walk_minutes', '')
    """
    close = difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.6)
    return close[0] if close else ""


def lines_of(node: yaml.Node | None, entry: str = "") -> Iterator[tuple[str, int]]:
    """Yield every entry with its line, the first being 1."""
    for name, line, value in _inner_entries(node, entry):
        yield name, line
        yield from lines_of(value, name)


def repeated(node: yaml.Node | None, entry: str = "") -> Iterator[tuple[str, int]]:
    """Yield every entry that stands twice in one mapping; YAML itself would silently keep the last."""
    seen = set()
    for name, line, value in _inner_entries(node, entry):
        if name in seen:
            yield name, line
        seen.add(name)
        yield from repeated(value, name)


def _inner_entries(node: yaml.Node | None, entry: str) -> Iterator[tuple[str, int, yaml.Node]]:
    """Yield full name, line and value of what stands directly in a mapping or list."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield f"{entry}.{key.value}".lstrip("."), key.start_mark.line + 1, value
    elif isinstance(node, yaml.SequenceNode):
        for position, value in enumerate(node.value):
            yield f"{entry}.{position}".lstrip("."), value.start_mark.line + 1, value


def _size(node: yaml.Node, known: dict[int, int]) -> int:
    """Return how many entries a node holds with its aliases written out; one that holds itself is too large."""
    if id(node) not in known:
        known[id(node)] = MOST_ENTRIES + 1  # while its parts are counted: only an alias of itself asks then
        known[id(node)] = 1 + sum(_size(value, known) for _, _, value in _inner_entries(node, ""))
    return known[id(node)]


def _once_an_entry(error: ValidationError) -> Iterator[dict[str, Any]]:
    """Yield pydantic's problems once per entry: where an entry may have several forms, only the form that came closest."""
    best: dict[str, dict[str, Any]] = {}
    for problem in error.errors(include_url=False):
        entry = ".".join(str(step) for step in problem["loc"] if not _is_form(step))
        forms = tuple(str(step) for step in problem["loc"] if _is_form(step))
        coarser = [key for key in best if entry.startswith(f"{key}.") and best[key]["forms"]]
        for key in coarser:
            del best[key]
        if forms and any(key.startswith(f"{entry}.") for key in best):
            continue
        best.setdefault(entry, {**problem, "entry": entry, "forms": forms})
    yield from best.values()


def _is_form(step: str | int) -> bool:
    """Return True for the names that pydantic gives to the forms of a union and validators (``str``, ``list[ControlPoint]`` …)."""
    return isinstance(step, str) and (step in _FORMS or "[" in step or "(" in step)


_FORMS = {
    "str",
    "float",
    "path",
    "constrained-str",
    "constrained-float",
    "constrained-int",
    "Rate",
    "RasterFile",
    "Text",
    "literal['tobler']",
}

#: pydantic's kind of problem -> sign of the bound and its name in the problem's context.
_BOUNDS = {
    "greater_than": (">", "gt"), "greater_than_equal": ("≥", "ge"), "less_than": ("<", "lt"), "less_than_equal": ("≤", "le"),
}  # fmt: skip


def _notes(
    problem: Mapping[str, Any], *, model: type[BaseModel], place: Place, renamed: Mapping[str, str]
) -> Iterator[Note]:
    """Yield one problem in the planner's words; a check between entries may hold several."""
    entry, kind, context, got = problem["entry"], problem["type"], problem.get("ctx", {}), problem["input"]

    def told(code: str, **values: object) -> Note:
        return place.note(code, entry, **values)

    if kind == "extra_forbidden":
        new = next((name for old, name in renamed.items() if fnmatch.fnmatchcase(entry, old)), "")
        known = [*_known_entries(model, entry.rpartition(".")[0]), *_all_entries(model)]
        yield place.unknown(entry, known, new)
    elif kind == "missing":
        yield told("entry_missing")
    elif kind in _BOUNDS:
        sign, name = _BOUNDS[kind]
        yield told("entry_bound", sign=sign, bound=f"{context[name]:g}", got=short(str(got)))
    elif kind == "literal_error":
        yield told("entry_choice", choices=context["expected"].replace(" or ", ", "), got=short(repr(got)))
    elif kind == "entry_names":  # a check of names between entries: entry, name and what was meant, each
        for inner, name, guess in context["names"]:
            code = "entry_name_unknown_meant" if guess else "entry_name_unknown"
            yield place.note(code, inner, name=name, guess=guess)
    elif kind in catalogue():  # a check of the model's own, between entries
        yield told(kind, **context)
    elif f"expected_{kind}" in catalogue():
        yield place.mistyped(entry, kind, got)
    else:
        yield told("entry_wrong", why=str(context.get("error", problem["msg"])))


def line_of(entry: str, lines: Mapping[str, int]) -> int | None:
    """Return the line of an entry, else of the nearest one that holds it; None where no file is read."""
    while entry and entry not in lines:
        entry = entry.rpartition(".")[0]
    return lines.get(entry)


def _known_entries(model: Any, parent: str) -> list[str]:  # noqa: ANN401 - walks type annotations
    """Return the entries that may stand under `parent` (``services.childcare`` -> those of a service)."""
    for step in parent.split(".") if parent else []:
        model = _inner(model, step)
    return list(model.model_fields) if isinstance(model, type) and issubclass(model, BaseModel) else []


def _inner(model: Any, step: str) -> Any:  # noqa: ANN401 - walks type annotations
    """Return the type of entry `step` inside `model`, following lists, mappings, options and unions to a model."""
    if isinstance(model, type) and issubclass(model, BaseModel):
        if step not in model.model_fields:
            return model  # a key or position of a mapping or list of models
        annotation = model.model_fields[step].annotation
        return _first_model(annotation) or annotation
    return model


def _first_model(annotation: Any) -> Any:  # noqa: ANN401 - walks type annotations
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _first_model(part))), None)


def _all_entries(model: Any) -> set[str]:  # noqa: ANN401 - walks type annotations
    """Return the names of all entries of `model` and of the models inside it, which may hold each other."""
    found: set[str] = set()
    seen: set[type[BaseModel]] = set()
    ahead = [model]
    while ahead:
        part = ahead.pop()
        if isinstance(part, type) and issubclass(part, BaseModel):
            if part not in seen:
                seen.add(part)
                found |= set(part.model_fields)
                ahead += [field.annotation for field in part.model_fields.values()]
        else:
            ahead += get_args(part)
    return found
