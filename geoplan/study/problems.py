"""What is wrong with a study file, in the planner's words: pydantic's problems with the line, once per entry."""

import difflib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ValidationError

from geoplan.words.catalogue import catalogue
from geoplan.words.errors import Note, StudyError
from geoplan.words.strict_yaml import lines_of, repeated

Model = TypeVar("Model", bound=BaseModel)


def read_strict(path: Path, model: type[Model], *, empty: str) -> tuple[Model, dict[str, int]]:
    """Read a YAML file into `model`, and return it with the line of every entry.

    Parameters
    ----------
    path
        YAML, UTF-8, with or without a byte order mark.
    model
        Strict pydantic model of the whole file.
    empty
        Code of the note for a file that holds no entries.

    Raises
    ------
    StudyError
        With every wrong entry: line, entry, what was found, what is expected.
    """
    if not path.is_file():
        raise StudyError(Note.of("file_missing", file=str(path), severity="error"))
    try:
        text = path.read_text(encoding="utf-8-sig")
        tree, data = yaml.compose(text, Loader=yaml.SafeLoader), yaml.safe_load(text)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        note = Note.of("study_not_yaml", file=str(path), why=one_line(error), severity="error")
        raise StudyError(note) from error
    if not isinstance(data, dict):
        raise StudyError(Note.of(empty, file=str(path), severity="error"))
    root = tree.start_mark.line + 1 if tree is not None else 1
    lines = {"": root, **dict(lines_of(tree))}
    notes = [
        Note.of("study_twice", file=str(path), row=line, entry=entry, severity="error")
        for entry, line in repeated(tree)
    ]
    read = None
    try:
        read = model.model_validate_json(json.dumps(data, default=str))
    except ValidationError as error:
        notes += [
            problem_note(problem, model=model, path=path, lines=lines) for problem in plain_problems(error)
        ]
    if notes or read is None:
        raise StudyError(*sorted(notes, key=lambda note: note.row or 0))
    return read, lines


def one_line(error: Exception) -> str:
    """Return the text of an error on one line."""
    return " ".join(str(error).split())


def plain_problems(error: ValidationError) -> Iterator[dict[str, Any]]:
    """Yield pydantic's problems once per entry: where an entry may have several forms, only the form that came closest."""
    best: dict[str, dict[str, Any]] = {}
    for problem in error.errors(include_url=False):
        steps = [str(step) for step in problem["loc"] if not _is_form(step)]
        entry = ".".join(steps)
        forms = tuple(str(step) for step in problem["loc"] if _is_form(step))
        coarser = [key for key in best if entry.startswith(f"{key}.") and best[key]["forms"]]
        for key in coarser:
            del best[key]
        best.setdefault(entry, {**problem, "entry": entry, "forms": forms})
    yield from best.values()


def _is_form(step: str | int) -> bool:
    """Return True for the names that pydantic gives to the forms of a union (``str``, ``list[ControlPoint]`` …)."""
    return isinstance(step, str) and (step in _FORMS or "[" in step)


_FORMS = {"str", "float", "constrained-str", "constrained-float", "Rate", "Text", "literal['tobler']"}


def problem_note(
    problem: Mapping[str, Any], *, model: type[BaseModel], path: Path, lines: Mapping[str, int]
) -> Note:
    """Return pydantic's problem in the planner's words."""
    entry = problem["entry"]
    parent, _, last = entry.rpartition(".")
    line = lines.get(entry, lines.get(parent, 1))
    kind, context, got = problem["type"], problem.get("ctx", {}), problem["input"]
    where: dict[str, Any] = {"file": str(path), "row": line, "severity": "error"}
    if kind == "extra_forbidden":
        guess = meant(last, [*_known_entries(model, parent), *_all_entries(model)])
        return Note.of("study_unknown_meant" if guess else "study_unknown", entry=entry, guess=guess, **where)
    if kind == "missing":
        return Note.of("study_missing", entry=entry, **where)
    bounds = {"greater_than": "gt", "greater_than_equal": "ge", "less_than": "lt", "less_than_equal": "le"}
    if kind in bounds:
        sign = {"gt": ">", "ge": "≥", "lt": "<", "le": "≤"}[bounds[kind]]
        return Note.of(
            "study_bound", entry=entry, sign=sign, bound=f"{context[bounds[kind]]:g}", got=got, **where
        )
    if kind == "literal_error":
        return Note.of("study_choice", entry=entry, choices=context["expected"], got=got, **where)
    if kind in catalogue():  # a rule of ours, between entries
        return Note.of(kind, entry=entry or "study", **context, **where)
    zh, en = _KINDS.get(kind, (kind, kind.replace("_", " ")))
    shown = json.dumps(got, ensure_ascii=False, default=str)
    return Note.of("study_type", entry=entry, kind_zh=zh, kind_en=en, got=shown, **where)


#: pydantic's kind of problem -> what was expected, in Chinese and English.
_KINDS = {
    "string_type": ("文本", "text"),
    "string_too_short": ("非空文本", "text that is not empty"),
    "bool_type": ("true 或 false", "true or false"),
    "dict_type": ("映射（键: 值）", "a mapping"),
    "model_type": ("映射（键: 值）", "a mapping"),
    "list_type": ("列表", "a list"),
    "tuple_type": ("列表", "a list"),
    "too_short": ("至少一项", "at least one entry"),
    "int_type": ("整数", "a whole number"),
    "int_from_float": ("整数", "a whole number"),
    "float_type": ("数字", "a number"),
}


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
    """Return the names of all entries of `model` and of the models inside it."""
    if isinstance(model, type) and issubclass(model, BaseModel):
        inner = [_all_entries(field.annotation) for field in model.model_fields.values()]
        return set(model.model_fields).union(*inner)
    return set().union(*(_all_entries(part) for part in get_args(model)))


def meant(word: str, known: Iterable[str]) -> str:
    """Return the entry that was probably meant; empty if none is close.

    Examples
    --------
    >>> meant("walk_minute", ["walk_minutes", "walk_kmh"]), meant("x", ["walk_kmh"])
    ('walk_minutes', '')
    """
    close = difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.6)
    return close[0] if close else ""
