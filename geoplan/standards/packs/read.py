"""Packs: the rules of one plan, read strictly from one YAML file or workbook, every wrong entry in one error."""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import pandas as pd
from pydantic import Field, ValidationError, field_validator

from geoplan.standards.kinds import kinds
from geoplan.standards.packs.sheet import is_workbook, read_workbook
from geoplan.standards.packs.source import SET_WHEN_READ, PackFile, named
from geoplan.standards.requirement import SIGNS
from geoplan.standards.rules import Entry, Rule, Text, linked
from geoplan.study.formats import PACK_FILES, ending
from geoplan.words.catalogue import LANGUAGES, phrase
from geoplan.words.errors import Note, PackError
from geoplan.words.quantities import Ordinal, Year
from geoplan.words.strict_yaml import (
    Format,
    Place,
    entry_notes,
    meant,
    migrated,
    parse_text,
    parse_yaml,
    short,
)
from geoplan.words.vocabulary import label

Where = TypeVar("Where")

#: What stands in a pack for a document number or a date that is not known.
NOT_FOUND = "not found"
#: Forms of the file of a pack.
PACK_FORMAT = Format(newest=1)


class NotAssessed(Entry):
    """A clause that no place or capacity can answer."""

    clause: Text
    """Section of the plan."""
    zh: Text
    """What it asks, in Chinese."""
    en: str = ""
    """What it asks, in English."""

    def text(self, lang: str) -> str:
        """Return what it asks: in Chinese where no English is given."""
        return self.zh if lang == "zh" else self.en or self.zh


class Pack(Entry):
    """The rules of one plan."""

    format: Ordinal = 1
    """Form of this file; a file without it is of form 1."""
    title_zh: Text
    """Title in Chinese."""
    title_en: str = ""
    """Title in English; without one, outputs in English show the Chinese title."""
    short_title_zh: str = ""
    """Short title in Chinese, beside the names of rules that two packs share; default: the title."""
    short_title_en: str = ""
    """Short title in English."""
    document: Text
    """Document number, or ``not found``."""
    issuer_zh: Text
    """Issuing body, in Chinese, or ``not found``."""
    issuer_en: str = ""
    """Issuing body, in English; default: as in Chinese."""
    issued: Text
    """Date of issue, or ``not found``."""
    years: Annotated[list[Year], Field(min_length=2, max_length=2)]
    """First and last year of the plan."""
    area_zh: Text
    """Area that the plan is for, in Chinese."""
    area_en: str = ""
    """Area that the plan is for, in English; default: as in Chinese."""
    level: Literal["city", "district"]
    """What the area is."""
    source: Text
    """Where the text was read."""
    note: str = ""
    """What a reader must know."""
    extends: Text | None = None
    """Pack whose rules this one takes over; a rule given here by the id of one of them changes only the entries given."""
    rules: list[Any] = Field(default_factory=list)
    """One entry a rule."""
    not_assessed: list[NotAssessed] = Field(default_factory=list)
    """Clauses that are not rules here."""
    name: str = ""
    """Set when read: name of the pack."""
    entries: dict[str, Any] = Field(default_factory=dict, repr=False)
    """Set when read: every entry as it stands in the file, those of the pack that it extends included."""
    based_on: "Pack | None" = Field(default=None, repr=False)
    """Set when read: the pack that it extends."""

    @property
    def number(self) -> str:
        """Document number; empty where it is not known."""
        return "" if self.document == NOT_FOUND else self.document

    def title(self, lang: str) -> str:
        """Return the title: in Chinese where no English one is given."""
        return self.title_zh if lang == "zh" else self.title_en or self.title_zh

    def plain_title(self, lang: str) -> str:
        """Return the title, without what it says of itself in brackets."""
        return self.title(lang).partition("（题名")[0].partition(" (title")[0]

    def issuer(self, lang: str) -> str:
        """Return the issuing body; that it is not known where the pack says so."""
        if self.issuer_zh == NOT_FOUND:
            return phrase("pack_no_issuer", lang)
        return self.issuer_zh if lang == "zh" else self.issuer_en or self.issuer_zh

    def area(self, lang: str) -> str:
        """Return the area that the plan is for."""
        return self.area_zh if lang == "zh" else self.area_en or self.area_zh

    def short_title(self, lang: str) -> str:
        """Return the short title, else the title."""
        if lang == "en" and (self.title_en or self.short_title_en):
            return self.short_title_en or self.plain_title(lang)
        return self.short_title_zh or self.plain_title(lang)

    @field_validator("years")
    @classmethod
    def _in_order(cls, years: list[int]) -> list[int]:
        if years[0] > years[1]:
            raise ValueError("the first year stands first")
        return years


def shipped() -> tuple[str, ...]:
    """Return the names of the packs that come with geoplan."""
    names = (file.name for file in (resources.files("geoplan.standards") / "packs").iterdir())
    return tuple(
        sorted(n.removesuffix(".yaml") for n in names if n.endswith(".yaml") and not n.endswith("words.yaml"))
    )


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
    return _read(str(name_or_path), ())


def _read(name_or_path: str, above: tuple[str, ...]) -> Pack:
    """Return a pack; `above` holds the packs that extend it, by file."""
    source = open_pack(name_or_path)
    file, parsed, cells = source.file, source.parsed, source.cells
    entries = migrated(parsed.entries, PACK_FORMAT, file=file, error=PackError)
    lines = parsed.lines
    problems = [named(note, entries, cells) for note in parsed.notes]
    if file in above:
        raise PackError(Place(file, lines).note("pack_extends_itself", "extends"))
    own, base = entries, None
    if isinstance(entries.get("extends"), str):
        base = _read(_beside(file, entries["extends"]), (*above, file))
        entries, places = extended(own, base.entries)
        lines, cells = moved(lines, places), moved(cells, places)
    place = Place(file, lines)
    pack, found = _pack(entries, Path(file).stem, place)
    rules, wrong = _rules(entries, Path(file).stem, own if base is not None else {}, place)
    told = {note.values.get("entry") for note in parsed.notes} if base is None else set()
    problems += [
        named(note, entries, cells)
        for note in (*found, *wrong)
        if note.code != "entry_missing" or note.values["entry"] not in told
    ]
    if problems or pack is None:
        raise PackError(*sorted(problems, key=lambda note: note.row or 0))
    return pack.model_copy(update={"rules": rules, "entries": entries, "based_on": base})


def _beside(file: str, name: str) -> str:
    """Return a pack's name as it stands, a path relative to the file that names it."""
    is_file = name not in shipped() and ending(name) in PACK_FILES
    return str(Path(file).parent / name) if is_file else name


# --- a planner's pack that extends a shipped one, on the entries as they stand in the files: a changed rule is checked as a whole


def extended(own: Mapping[str, Any], base: Mapping[str, Any]) -> tuple[dict[str, Any], dict[int, int]]:
    """Return the entries of a pack laid over those of the pack that it extends.

    A rule with the id of one of the base changes only the entries that it gives; one with an entry of null takes that
    entry away; others are added behind. `not_assessed` of both are joined. Where a Chinese title is changed alone, the
    English one of the base is dropped. A pack with a title of its own is a document of its own: where it gives no number,
    issuer or date, these are not found.

    Returns
    -------
    entries, places
        The entries, and for each rule that the pack itself gives its place in the file by its place in the result.

    Examples
    --------
    >>> own = {"extends": "a", "rules": [{"id": "y", "target": ">=2@2030"}, {"id": "z"}]}
    >>> base = {"title_zh": "甲", "rules": [{"id": "x"}, {"id": "y", "unit": "beds", "target": ">=1@2025"}]}
    >>> entries, places = extended(own, base)
    >>> entries["rules"], places
    ([{'id': 'x'}, {'id': 'y', 'unit': 'beds', 'target': '>=2@2030'}, {'id': 'z'}], {1: 0, 2: 1})
    """
    entries = {**_without_stale(base, own, _FOLLOW_PACK), **own}
    if "title_zh" in own and own["title_zh"] != base.get("title_zh"):
        entries |= {entry: own.get(entry, NOT_FOUND) for entry in _OF_DOCUMENT}
    given = own.get("rules", [])
    if not isinstance(given, list):
        return entries, {}
    rules = [dict(rule) if isinstance(rule, dict) else rule for rule in base.get("rules", [])]
    place = {rule.get("id"): at for at, rule in enumerate(rules) if isinstance(rule, dict)}
    places: dict[int, int] = {}
    for at, rule in enumerate(given):
        to = place.get(rule.get("id")) if isinstance(rule, dict) else None
        if to is None or to in places:  # a new rule; or an id that stands twice, which is told of later
            to = len(rules)
            rules.append(rule)
        else:
            kept = _without_stale(rules[to], rule, _FOLLOW_RULE)
            rules[to] = {key: value for key, value in {**kept, **rule}.items() if value is not None}
        places[to] = at
    entries["rules"] = rules
    entries["not_assessed"] = [*base.get("not_assessed", []), *own.get("not_assessed", [])]
    return entries, places


#: Entry -> those that say the same in another form: where a pack changes the first alone, the others of its base no longer hold.
_FOLLOW_PACK = {
    "title_zh": ("title_en", "short_title_zh", "short_title_en", "issuer_en"), "short_title_zh": ("short_title_en",),
    "issuer_zh": ("issuer_en",), "area_zh": ("area_en",),
}  # fmt: skip
#: Entries that say which document a pack is.
_OF_DOCUMENT = ("document", "issued", "issuer_zh")
_FOLLOW_RULE = {"indicator": ("title_en",), "place": ("place_en",)}


def _without_stale(
    base: Mapping[str, Any], own: Mapping[str, Any], follow: Mapping[str, tuple[str, ...]]
) -> dict[str, Any]:
    """Return the entries of `base` without those that follow an entry which `own` changes."""
    stale = {
        later
        for entry, others in follow.items()
        if entry in own and own[entry] != base.get(entry)
        for later in others
    }
    return {key: value for key, value in base.items() if key not in stale}


def moved(lines: Mapping[str, Where], places: Mapping[int, int]) -> dict[str, Where]:
    """Return where the entries of a file stand, its rules under their places in the pack that extends another."""
    out = {entry: line for entry, line in lines.items() if not entry.startswith("rules.")}
    for to, at in places.items():
        old, new = f"rules.{at}", f"rules.{to}"
        out |= {
            new + entry.removeprefix(old): line
            for entry, line in lines.items()
            if entry == old or entry.startswith(old + ".")
        }
    return out


def local_entries(own: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Return which entries a pack that extends another gives itself, by the id of the rule (本地设定)."""
    rules = own.get("rules", [])
    if not isinstance(rules, list):
        return {}
    return {
        str(rule.get("id")): tuple(key for key in rule if key != "id")
        for rule in rules
        if isinstance(rule, dict)
    }


def rules_of(packs: Iterable[Pack], *, switched_on: Iterable[str] = ()) -> tuple[Rule, ...]:
    """Return the rules of several packs in their order, without those that are off and not `switched_on` by rule_id.

    Off are unverified figures and figures of one place.

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
    wanted = frozenset(switched_on)
    return linked(rule for pack in packs for rule in pack.rules if rule.is_on or rule.rule_id in wanted)


def rules_table(
    packs: Iterable[Pack], extra: Iterable[Rule] = (), *, switched_on: Iterable[str] = ()
) -> pd.DataFrame:
    """Return every rule as a row for reports (`RULES`), indexed by ``rule_id`` = ``pack.rule``.

    `extra` are rules that stand in no pack, such as the study's own circles (`geoplan.standards.flags.study_circles`).
    """
    named = {pack.name: pack for pack in packs}
    every = (*rules_of(named.values(), switched_on=switched_on), *extra)
    places = {pack.name: annex_places(pack) for pack in named.values()}
    rows = [
        _row(rule, named.get(rule.pack)) | {"annex_order": places.get(rule.pack, {}).get(rule.id, math.nan)}
        for rule in every
    ]
    return pd.DataFrame(rows, columns=["rule_id", *RULES]).set_index("rule_id")


def annex_places(pack: Pack) -> dict[str, int]:
    """Return the place of each rule in the plan's annex of indicators, from 1, by the rule's id.

    Parts of the annex (养老, 托育) stand in the order in which the pack names them first, rows by their number.
    """
    rows = [(rule.id, *_part_and_number(rule.annex)) for rule in pack.rules if rule.annex]
    parts = list(dict.fromkeys(part for _, part, _ in rows))
    ordered = sorted(rows, key=lambda row: (parts.index(row[1]), row[2]))
    return {name: place for place, (name, _, _) in enumerate(ordered, start=1)}


def _part_and_number(annex: str) -> tuple[str, int]:
    number = re.search(r"\d+$", annex)
    assert number is not None  # noqa: S101 - checked when read
    return annex[: number.start()], int(number[0])


def not_assessed_table(packs: Iterable[Pack]) -> pd.DataFrame:
    """Return the clauses that are not rules here: ``pack, clause, what_zh, what_en``."""
    rows = [
        (pack.name, item.clause, *map(item.text, LANGUAGES)) for pack in packs for item in pack.not_assessed
    ]
    return pd.DataFrame(rows, columns=["pack", "clause", "what_zh", "what_en"])


def cite(rule: Rule, pack: Pack | None, lang: str = "zh") -> str:
    """Return document and section of a rule; for a circle of the study's own, the study file."""
    if rule.pack == "study":
        return phrase("study_clause", lang)
    stated = None if pack is None else stated_in(rule, pack)
    # without a document number the title stands in for it
    document = "" if stated is None else stated.number or stated.plain_title(lang)
    return " ".join(part for part in (document, rule.clause) if part)


def stated_in(rule: Rule, pack: Pack) -> Pack:
    """Return the pack whose document has the clause of a rule: of a pack that extends another, the other unless it gives `clause`."""
    by_id = {} if pack.based_on is None else {one.id: one for one in pack.based_on.rules}
    if pack.based_on is None or "clause" in rule.local_entries or rule.id not in by_id:
        return pack
    return stated_in(by_id[rule.id], pack.based_on)


#: Columns of the rules table; ``_*`` stands for a text in Chinese (``_zh``) and one in English (``_en``); formats are names of `geoplan.words.numbers.FORMATS`.
_RULES = {
    "pack": "name of the pack; ``study`` for what the study sets itself",
    "pack_title_*": "short title of the pack, with the place of a figure of one place: tells rules with one name apart",
    "id": "unique in the pack",
    "annex": "part and number of its row in the plan's annex of indicators; empty where it is none",
    "annex_order": "place of that row in the annex, from 1; NaN where it is none",
    "kind": "kind of rule; outputs print `kind_zh`, `kind_en` and compare nothing with it",
    "kind_*": "name of the kind",
    "level": "where it is judged, as the pack says",
    "indicator": "name in the plan's own words",
    "title_en": "in English; in the plan's own words where the pack has no English",
    "indicator_zh": "as `indicator`",
    "indicator_en": "as `title_en`",
    "unit": "unit in which one builds, of shortfalls",
    "gap_unit_*": "in words",
    "unit_*": "unit of the value, the target and what flags measure: %, 张/千人 …",
    "format": "number format of the value, the target and what flags measure",
    "member_format": "number format of the value of one member",
    "counts_members": "True where members (zones, estates, facilities) are counted, each of which meets the rule or does not",
    "member_gap": "how much of the shortfall one member is that lacks it; NaN where the shortfall counts another thing",
    "grade_limits": "upper limits, not included, of the grades of a flag: shares (0-1) of the standard that is reached, with spaces between",
    "family": "family of services that its facilities belong to; of none, the first of their types; empty without facilities",
    "measures_zones": "True where communities and towns are measured: by their circle or by what they can reach",
    "target": "as the pack says",
    "target_text_*": "in words, with the years: ≥50（2025年）, 1–2（2025年）, 每处≤150 个托位（2025年）",
    "member_target_*": "what one member must meet by itself: ≤150 个托位, ≥12 平方米/托位; empty where it has no target of its own",
    "beside": "attributes of the register that stand beside what one member has (``medical_unit, medical_contract``); empty where none",
    "remedy_*": "what to do where the rule falls short; ``{amount}`` in it is the shortfall with its unit",
    "member_remedy_*": "what to do where one member falls short; empty where that follows from the cause",
    "affected_*": "whom `people_affected` counts; ``{group}`` in it is the group; empty where nobody is counted",
    "gap_*": "what the shortfall counts",
    "group": "group of people that the rule is about; empty where it is about none",
    "facilities_*": "facilities that count, short",
    "basis_*": "what is counted, and per whom",
    "counts": "the same as the pack says",
    "per": "group and N, as the pack says; empty where there is none",
    "attribute": "约束, 预期, 未标注 …, as the plan says",
    "attribute_*": "the same",
    "base": "value and year that the plan starts from, as the pack says",
    "base_value": "value, at which the straight path to the targets begins; shares 0-1; NaN where there is none",
    "base_year": "year; NA where there is none",
    "base_sign": "≥, ＞, ≤, ＜ where the plan bounds the base value; else empty",
    "is_reported": "True where only a department can say the value (部门填报)",
    "counted": "what a reported figure counts: ``level`` at the end of a period, ``yearly`` in a year, ``cumulative`` since the base",
    "is_binding": "True where the plan binds (约束性)",
    "clause": "section of the plan",
    "document": "number of the document that has the clause; empty where it is not known",
    "cited_*": "document and section",
    "quote": "the clause in the plan's own words",
    "lead": "responsible unit",
    "note": "what a reader must know",
    "local": "entries that a planner's pack changed (本地设定); empty where none",
    "status": "how far the figure was checked",
    "place": "where it holds, if not nationwide",
    "source": "where it was read",
}
RULES = {
    column.replace("*", lang): text
    for column, text in _RULES.items()
    for lang in (LANGUAGES if column.endswith("_*") else ("",))
}
#: Columns that are an entry or a property of the rule as it stands.
_SAME = (
    "pack", "id", "kind", "level", "indicator", "unit", "counts_members", "member_gap", "measures_zones", "target",
    "counts", "attribute", "clause", "quote", "lead", "note", "place", "source", "is_reported", "family",
)  # fmt: skip


def _pack_title(rule: Rule, pack: Pack | None, lang: str) -> str:
    """Return the short title of a rule's pack, with the place where a figure of one place holds."""
    title = phrase("study_pack", lang) if pack is None else pack.short_title(lang)
    place = rule.place_text(lang)
    return phrase("rule_pack_place", lang, title=title, place=place) if place else title


def _row(rule: Rule, pack: Pack | None) -> dict[str, Any]:
    start = rule.start
    row: dict[str, Any] = {
        **{name: getattr(rule, name) for name in _SAME}, "rule_id": rule.rule_id, "format": rule.value_format,
        "member_format": rule.member_format(), "group": rule.counted_group, "per": rule.per or "", "base": rule.base or "",
        "base_value": start.value if start else math.nan, "base_year": start.year if start else pd.NA,
        "base_sign": SIGNS[start.comparison] if start else "", "annex": rule.annex or "", "grade_limits": " ".join(f"{limit:.6g}" for limit in rule.grade_limits), "is_binding": rule.is_binding,
        "counted": rule.counts_over, "title_en": rule.indicator_text("en"),
        "document": "" if pack is None else stated_in(rule, pack).number,
        "local": ", ".join(rule.local_entries), "status": rule.status or "", "beside": ", ".join(getattr(rule, "beside", None) or ()),
    }  # fmt: skip
    for lang in LANGUAGES:
        row |= {f"{column}_{lang}": text for column, text in {
            "pack_title": _pack_title(rule, pack, lang),
            "attribute": rule.attribute_text(lang), "kind": rule.kind_text(lang), "indicator": rule.indicator_text(lang), "gap_unit": label("units", rule.unit, lang),
            "unit": rule.unit_text(lang), "target_text": rule.target_text(lang),
            "member_target": rule.member_target_text(lang), "remedy": rule.remedy_text(lang),
            "member_remedy": rule.remedy_text(lang, member=True), "affected": rule.affected_text(lang),
            "gap": rule.gap_text(lang), "facilities": rule.facilities_text(lang, short=True),
            "basis": rule.basis_text(lang), "cited": cite(rule, pack, lang),
        }.items()}  # fmt: skip
    return row


def open_pack(name: str) -> PackFile:
    """Return the entries of a shipped pack or of a file, as they stand there.

    Raises
    ------
    PackError
        If there is no such pack, or the file cannot be read.
    """
    if name in shipped():
        file = resources.files("geoplan.standards") / "packs" / f"{name}.yaml"
        text = file.read_text(encoding="utf-8")
        return PackFile(file.name, parse_text(text, file=file.name, error=PackError))
    path = Path(name)
    if not path.is_file():
        guess = meant(name, shipped())
        names = ", ".join(shipped())
        code = "pack_unknown_meant" if guess else "pack_unknown"
        raise PackError(Note.of(code, name=name, guess=guess, names=names, severity="error"))
    if is_workbook(path):
        return read_workbook(path)
    return PackFile(str(path), parse_yaml(path, error=PackError, empty="pack_not_mapping"))


def _pack(entries: Mapping[str, Any], name: str, place: Place) -> tuple[Pack | None, list[Note]]:
    given = {key: value for key, value in entries.items() if key != "rules"}
    for key in ("name", "entries", "based_on"):
        if key in given:
            return None, [place.unknown(key, Pack.model_fields)]
    try:
        return Pack.model_validate({**given, "name": name}), []
    except ValidationError as wrong:
        return None, entry_notes(wrong, model=Pack, file=place.file, lines=place.lines)


def _rules(
    entries: Mapping[str, Any], pack: str, own: Mapping[str, Any], place: Place
) -> tuple[list[Rule], list[Note]]:
    """Return the typed rules and every problem in their entries; `own` is what a pack that extends another says itself."""
    changed = local_entries(own)
    given = entries.get("rules", [])
    if not isinstance(given, list):
        return [], [place.mistyped("rules", "list_type", given)]
    rules: list[Rule] = []
    problems: list[Note] = []
    seen: set[str] = set()
    rows: set[str] = set()
    years = entries.get("years")
    told: dict[str, Any] = {"pack": pack}
    if entries.get("level") in ("city", "district"):
        told["plan_level"] = entries["level"]
    if isinstance(years, list) and len(years) == 2 and all(type(year) is int for year in years):
        told["years"] = tuple(years)
    for at, entry in enumerate(given):
        if not isinstance(entry, dict):
            problems.append(place.mistyped(f"rules.{at}", "dict_type", entry))
            continue
        rule, found = _rule(entry, told, replace(place, before=f"rules.{at}"))
        problems += found
        if entry.get("id") in seen:
            problems.append(place.note("pack_id_twice", f"rules.{at}.id", id=entry["id"]))
        seen.add(str(entry.get("id")))
        if rule is not None and rule.annex in rows:
            problems.append(place.note("pack_annex_twice", f"rules.{at}.annex", annex=rule.annex))
        if rule is not None:
            rows |= {rule.annex} if rule.annex else set()
            rules.append(rule.model_copy(update={"local_entries": changed.get(rule.id, ())}))
    return rules, problems


def _rule(entry: dict[str, Any], told: Mapping[str, Any], place: Place) -> tuple[Rule | None, list[Note]]:
    """Return a rule and the problems in its entries; `told` is what its pack says of every rule."""
    kind = entry.get("kind")
    model = kinds().get(str(kind))
    if model is None and kind is None:
        return None, [place.note("entry_missing", "kind")]
    if model is None:
        return None, [
            place.note("entry_choice", "kind", choices=", ".join(sorted(kinds())), got=short(repr(kind)))
        ]
    known = [name for name in model.model_fields if name not in SET_WHEN_READ]
    problems = [place.unknown(key, known) for key in SET_WHEN_READ if key in entry]
    given = {key: value for key, value in entry.items() if key not in SET_WHEN_READ}
    try:
        rule = model.model_validate({**given, **told})
    except ValidationError as wrong:
        return None, problems + entry_notes(
            wrong, model=model, file=place.file, lines=place.lines, before=place.before
        )
    return (None if problems else rule), problems
