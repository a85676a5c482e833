"""Packs: the rules of one plan, read strictly from one YAML file, every wrong entry in one error."""

import difflib
import json
from collections.abc import Iterable, Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

import pandas as pd
import yaml
from pydantic import Field, ValidationError, field_validator

from geoplan.errors import Note, PackError
from geoplan.standards.kinds import kinds
from geoplan.standards.rules import Entry, Rule, Text
from geoplan.standards.vocabulary import label


class NotAssessed(Entry):
    """A clause that no place or capacity can answer."""

    clause: Text
    """Section of the plan."""
    zh: Text
    """What it asks, in Chinese."""
    en: Text
    """What it asks, in English."""


class Pack(Entry):
    """The rules of one plan."""

    title_zh: Text
    """Title in Chinese."""
    title_en: Text
    """Title in English."""
    document: Text
    """Document number, or ``not found``."""
    issuer_zh: Text
    """Issuing body, in Chinese."""
    issuer_en: Text
    """Issuing body, in English."""
    issued: Text
    """Date of issue, or ``not found``."""
    years: Annotated[list[int], Field(min_length=2, max_length=2)]
    """First and last year of the plan."""
    area_zh: Text
    """Area that the plan is for, in Chinese."""
    area_en: Text
    """Area that the plan is for, in English."""
    level: Literal["city", "district"]
    """What the area is."""
    source: Text
    """Where the text was read."""
    note: str = ""
    """What a reader must know."""
    rules: list[Any] = Field(default_factory=list)
    """One entry a rule."""
    not_assessed: list[NotAssessed] = Field(default_factory=list)
    """Clauses that are not rules here."""
    name: str = ""
    """Set when read: name of the pack."""

    @field_validator("years")
    @classmethod
    def _in_order(cls, years: list[int]) -> list[int]:
        if years[0] > years[1]:
            raise ValueError("the first year stands first")
        return years


def shipped() -> tuple[str, ...]:
    """Return the names of the packs that come with geoplan."""
    folder = resources.files("geoplan.standards") / "packs"
    return tuple(sorted(f.name.removesuffix(".yaml") for f in folder.iterdir() if f.name.endswith(".yaml")))


def read_pack(name_or_path: str | Path) -> Pack:
    """Return the pack of a shipped name or of a file; its rules are typed (`geoplan.standards.rules.Rule`).

    Raises
    ------
    PackError
        If there is no such pack, or it has wrong entries; the error lists every one with file and line.

    Examples
    --------
    >>> pack = read_pack("huzhong")
    >>> pack.document, pack.rules[1].targets[0].floor
    ('呼政办规〔2023〕1号', 20.0)
    """
    file, text = _open(str(name_or_path))
    name = Path(file).stem
    try:
        node = yaml.compose(text)
        entries = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        row = mark.line + 1 if mark else None
        why = str(getattr(error, "problem", None) or error)
        raise PackError(Note.of("pack_not_yaml", file=file, row=row, why=why, severity="error")) from None
    if not isinstance(entries, dict):
        raise PackError(Note.of("pack_not_mapping", file=file, severity="error"))
    lines = dict(_lines(node))
    problems = [_note(entry, "pack_twice", file, line) for entry, line in _repeated(node)]
    pack, found = _pack(entries, name)
    rules, wrong = _rules(entries, name)
    problems += [_plain(problem, file, lines) for problem in (*found, *wrong)]
    if problems or pack is None:
        raise PackError(*sorted(problems, key=lambda note: note.row or 0))
    return pack.model_copy(update={"rules": rules})


def rules_of(packs: Iterable[Pack]) -> tuple[Rule, ...]:
    """Return the rules of several packs in their order.

    Raises
    ------
    PackError
        If two packs have one name.
    """
    packs = tuple(packs)
    names = [pack.name for pack in packs]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise PackError(Note.of("pack_name_twice", names=", ".join(twice), severity="error"))
    return tuple(rule for pack in packs for rule in pack.rules)


def rules_table(packs: Iterable[Pack], extra: Iterable[Rule] = ()) -> pd.DataFrame:
    """Return every rule as a row for reports, indexed by ``rule_id`` = ``pack.rule``.

    Parameters
    ----------
    extra
        Rules that stand in no pack, such as the study's own circles (`geoplan.standards.flags.study_circles`).

    Returns
    -------
    rules
        ``pack, id, kind, level, indicator`` (also as ``indicator_zh``), ``title_en`` (also as ``indicator_en``), ``unit``
        (in which one builds), ``facilities_zh, facilities_en`` (that count), ``unit_zh, unit_en`` (of the value),
        ``gap_unit_zh, gap_unit_en, percent, attribute, base, base_value, base_year, target, target_text_zh,
        target_text_en, clause, document, cited_zh, cited_en`` (document and section), ``quote, lead, note, counts, per,
        basis_zh, basis_en`` (what counts and per whom).
    """
    packs = tuple(packs)
    documents = {pack.name: (pack.document, pack.title_zh, pack.title_en) for pack in packs}
    every = (*rules_of(packs), *extra)
    names = {rule.rule_id: (rule.indicator, rule.title_en) for rule in every}
    rows = [_row(rule, documents, names) for rule in every]
    return pd.DataFrame(rows, columns=_COLUMNS).set_index("rule_id")


def not_assessed_table(packs: Iterable[Pack]) -> pd.DataFrame:
    """Return the clauses that are not rules here: ``pack, clause, what_zh, what_en``."""
    rows = [(pack.name, item.clause, item.zh, item.en) for pack in packs for item in pack.not_assessed]
    return pd.DataFrame(rows, columns=["pack", "clause", "what_zh", "what_en"])


def cite(rule: Rule, documents: Mapping[str, tuple[str, str, str]], lang: str = "zh") -> str:
    """Return document and section of a rule."""
    number, zh, en = documents.get(rule.pack, ("", "", ""))
    # without a document number the title stands in for it, without what it says of itself in brackets
    title = zh.partition("（题名")[0] if lang == "zh" else en.partition(" (title")[0]
    return " ".join(part for part in (number if number != "not found" else title, rule.clause) if part)


_COLUMNS = [
    "rule_id", "pack", "id", "kind", "level", "indicator", "title_en", "indicator_zh", "indicator_en", "unit",
    "facilities_zh", "facilities_en", "unit_zh", "unit_en", "gap_unit_zh", "gap_unit_en", "percent", "attribute", "base",
    "base_value", "base_year", "target", "target_text_zh", "target_text_en", "clause", "document", "cited_zh", "cited_en",
    "quote", "lead", "note", "counts", "per", "basis_zh", "basis_en",
]  # fmt: skip


def _row(
    rule: Rule, documents: Mapping[str, tuple[str, str, str]], names: Mapping[str, tuple[str, str]]
) -> dict[str, Any]:
    from geoplan.standards.printing import basis_text, facilities_text, target_text, value_unit

    start = rule.start
    return {
        "rule_id": rule.rule_id, "pack": rule.pack, "id": rule.id, "kind": rule.kind, "level": rule.level,
        "indicator": rule.indicator, "title_en": rule.title_en, "indicator_zh": rule.indicator, "indicator_en": rule.title_en,
        "unit": rule.unit, "facilities_zh": facilities_text(rule, "zh", short=True), "facilities_en": facilities_text(rule, "en", short=True),
        "unit_zh": value_unit(rule, "zh"), "unit_en": value_unit(rule, "en"),
        "gap_unit_zh": label("units", rule.unit, "zh"), "gap_unit_en": label("units", rule.unit, "en"),
        "percent": rule.percent, "attribute": rule.attribute, "base": rule.base or "",
        "base_value": start.value if start else float("nan"), "base_year": start.year if start else pd.NA,
        "target": rule.target, "target_text_zh": target_text(rule, "zh"), "target_text_en": target_text(rule, "en"),
        "clause": rule.clause, "document": documents.get(rule.pack, ("", "", ""))[0],
        "cited_zh": cite(rule, documents, "zh"), "cited_en": cite(rule, documents, "en"),
        "quote": rule.quote, "lead": rule.lead, "note": rule.note, "counts": rule.counts, "per": rule.per or "",
        "basis_zh": basis_text(rule, "zh", names), "basis_en": basis_text(rule, "en", names),
    }  # fmt: skip


def _open(name: str) -> tuple[str, str]:
    if name in shipped():
        file = resources.files("geoplan.standards") / "packs" / f"{name}.yaml"
        return f"{name}.yaml", file.read_text(encoding="utf-8")
    path = Path(name)
    if not path.is_file():
        guess = difflib.get_close_matches(name, shipped(), n=1, cutoff=0.6)
        names = ", ".join(shipped())
        code = "pack_unknown_meant" if guess else "pack_unknown"
        raise PackError(
            Note.of(code, name=name, guess=guess[0] if guess else "", names=names, severity="error")
        )
    try:
        return str(path), path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise PackError(Note.of("pack_not_utf8", file=str(path), severity="error")) from None


def _pack(entries: Mapping[str, Any], name: str) -> tuple[Pack | None, list[dict[str, Any]]]:
    given = {key: value for key, value in entries.items() if key != "rules"}
    if "name" in given:
        return None, [_problem(("name",), "extra_forbidden", given["name"], list(Pack.model_fields))]
    try:
        return Pack.model_validate({**given, "name": name}), []
    except ValidationError as error:
        return None, [_from_pydantic(item, (), Pack) for item in error.errors(include_url=False)]


def _rules(entries: Mapping[str, Any], pack: str) -> tuple[list[Rule], list[dict[str, Any]]]:
    """Return the typed rules and every problem in their entries."""
    given = entries.get("rules", [])
    if not isinstance(given, list):
        return [], [_problem(("rules",), "list_type", given)]
    rules: list[Rule] = []
    problems: list[dict[str, Any]] = []
    seen: set[str] = set()
    years = entries.get("years")
    context = {"pack": pack, "plan_level": entries.get("level"), "years": years}
    for at, entry in enumerate(given):
        if not isinstance(entry, dict):
            problems.append(_problem(("rules", at), "dict_type", entry))
            continue
        rule, found = _rule(entry, at, context)
        problems += found
        if entry.get("id") in seen:
            problems.append(_problem(("rules", at, "id"), "id_twice", entry["id"]))
        seen.add(str(entry.get("id")))
        if rule is not None:
            rules.append(rule)
    return rules, problems


_SET_WHEN_READ = ("pack", "plan_level", "years")


def _rule(
    entry: dict[str, Any], at: int, context: Mapping[str, Any]
) -> tuple[Rule | None, list[dict[str, Any]]]:
    kind = entry.get("kind")
    model = kinds().get(str(kind))
    if model is None:
        code = "missing" if kind is None else "literal_error"
        problem = _problem(("rules", at, "kind"), code, kind)
        return None, [{**problem, "expected": ", ".join(sorted(kinds()))}]
    allowed = [name for name in model.model_fields if name not in _SET_WHEN_READ]
    given = {key: value for key, value in entry.items() if key not in _SET_WHEN_READ}
    problems = [
        _problem(("rules", at, key), "extra_forbidden", entry[key], allowed)
        for key in _SET_WHEN_READ
        if key in entry
    ]
    years = context["years"]
    told = {"pack": context["pack"]}
    if context["plan_level"] in ("city", "district"):
        told["plan_level"] = context["plan_level"]
    if isinstance(years, list) and len(years) == 2 and all(type(year) is int for year in years):
        told["years"] = tuple(years)
    try:
        rule = model.model_validate({**given, **told})
    except ValidationError as error:
        problems += [_from_pydantic(item, ("rules", at), model) for item in error.errors(include_url=False)]
        return None, problems
    return (None if problems else rule), problems


def _problem(
    loc: tuple[str | int, ...], kind: str, got: object, allowed: list[str] | None = None
) -> dict[str, Any]:
    return {"loc": loc, "type": kind, "input": got, "allowed": allowed or []}


def _from_pydantic(item: Any, before: tuple[str | int, ...], model: type[Entry]) -> dict[str, Any]:  # noqa: ANN401
    expected = (item.get("ctx") or {}).get("expected", "")
    why = str((item.get("ctx") or {}).get("error", item["msg"]))
    loc = (*before, *(step for step in item["loc"] if not _is_form(step)))
    allowed = [name for name in model.model_fields if name not in _SET_WHEN_READ]
    return {
        "loc": loc,
        "type": item["type"],
        "input": item["input"],
        "expected": expected,
        "why": why,
        "allowed": allowed,
    }


def _is_form(step: str | int) -> bool:
    """Return True for the names that pydantic gives to validators and forms inside a location."""
    return isinstance(step, str) and ("[" in step or "(" in step)


#: pydantic's kind of problem -> what was expected, in Chinese and English.
_KINDS = {
    "string_type": ("文本", "text"), "string_too_short": ("非空文本", "text that is not empty"),
    "string_pattern_mismatch": ("小写字母、数字和下划线组成的名称", "a name of small letters, digits and underscores"),
    "bool_type": ("true 或 false", "true or false"), "dict_type": ("映射（键: 值）", "a mapping"),
    "model_type": ("映射（键: 值）", "a mapping"), "list_type": ("列表", "a list"),
    "too_short": ("更多项", "more entries"), "too_long": ("更少项", "fewer entries"),
    "int_type": ("整数", "a whole number"), "int_from_float": ("整数", "a whole number"), "float_type": ("数字", "a number"),
}  # fmt: skip


def _plain(problem: Mapping[str, Any], file: str, lines: Mapping[str, int]) -> Note:
    """Return one problem in the planner's words, with its line."""
    entry = ".".join(map(str, problem["loc"]))
    line = _line(entry, lines)
    last, kind, got = str(problem["loc"][-1]) if problem["loc"] else "", problem["type"], problem["input"]
    where: dict[str, Any] = {"file": file, "row": line, "severity": "error", "entry": entry or "pack"}
    shown = json.dumps(got, ensure_ascii=False, default=str)
    if kind == "extra_forbidden":
        guess = difflib.get_close_matches(last, problem["allowed"], n=1, cutoff=0.6)
        return Note.of(
            "pack_unknown_entry_meant" if guess else "pack_unknown_entry", guess=(guess or [""])[0], **where
        )
    if kind == "missing":
        return Note.of("pack_missing", **where)
    if kind == "id_twice":
        return Note.of("pack_id_twice", id=got, **where)
    if kind == "literal_error":
        return Note.of("pack_choice", choices=problem.get("expected", ""), got=shown, **where)
    if kind in _KINDS:
        return Note.of("pack_type", kind_zh=_KINDS[kind][0], kind_en=_KINDS[kind][1], got=shown, **where)
    return Note.of("pack_wrong", why=problem.get("why", kind), **where)


def _line(entry: str, lines: Mapping[str, int]) -> int:
    while entry and entry not in lines:
        entry = entry.rpartition(".")[0]
    return lines.get(entry, 1)


def _note(entry: str, code: str, file: str, line: int) -> Note:
    return Note.of(code, file=file, row=line, entry=entry, severity="error")


def _lines(node: yaml.Node | None, entry: str = "") -> Iterator[tuple[str, int]]:
    """Yield every entry with its line, the first being 1."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            name = f"{entry}.{key.value}".lstrip(".")
            yield name, key.start_mark.line + 1
            yield from _lines(value, name)
    elif isinstance(node, yaml.SequenceNode):
        for position, value in enumerate(node.value):
            name = f"{entry}.{position}".lstrip(".")
            yield name, value.start_mark.line + 1
            yield from _lines(value, name)


def _repeated(node: yaml.Node | None, entry: str = "") -> Iterator[tuple[str, int]]:
    """Yield every entry that stands twice in one mapping; YAML itself would silently keep the last."""
    if isinstance(node, yaml.MappingNode):
        seen = set()
        for key, value in node.value:
            name = f"{entry}.{key.value}".lstrip(".")
            if key.value in seen:
                yield name, key.start_mark.line + 1
            seen.add(key.value)
            yield from _repeated(value, name)
    elif isinstance(node, yaml.SequenceNode):
        for position, value in enumerate(node.value):
            yield from _repeated(value, f"{entry}.{position}".lstrip("."))
