"""What a planner does with packs: list them, check a file, start the next plan's pack, write one as YAML."""

import os
import re
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from geoplan.standards.grammar import FIRST_YEAR, LAST_YEAR, NOT_QUANTIFIED, Target
from geoplan.standards.packs.read import NOT_FOUND, Pack, open_pack, read_pack, shipped
from geoplan.standards.packs.replaced import replaced_entries, replacements
from geoplan.standards.packs.sheet import Plain
from geoplan.standards.packs.source import PackFile, named
from geoplan.standards.rules import Rule, linked
from geoplan.words.catalogue import LANGUAGES, phrase
from geoplan.words.errors import Note, OutputError, PackError
from geoplan.words.strict_yaml import Place


def list_packs() -> pd.DataFrame:
    """Return the packs that come with geoplan, indexed by name.

    Returns
    -------
    packs
        ``title_zh, title_en, document`` (its number; empty where it is not known), ``area_zh, area_en, first_year, last_year, rules`` (how many), ``on`` (of them count
        without being switched on), ``not_assessed`` (clauses).

    Examples
    --------
    >>> list_packs().loc["huzhong", "document"]
    '呼政办规〔2023〕1号'
    """
    rows = {}
    for name in shipped():
        pack = read_pack(name)
        rows[name] = (*map(pack.title, LANGUAGES), pack.number, *map(pack.area, LANGUAGES), pack.years[0], pack.years[1],
                      len(pack.rules), sum(rule.is_on for rule in pack.rules), len(pack.not_assessed))  # fmt: skip
    columns = [
        "title_zh", "title_en", "document", "area_zh", "area_en", "first_year", "last_year", "rules", "on", "not_assessed",
    ]  # fmt: skip
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("name")


def check(file: str | Path) -> Pack:
    """Return the pack of a file when nothing in it is wrong.

    Beside what reading checks, every rule of its own that `meets` names must be there.

    Raises
    ------
    PackError
        With every wrong entry, its line, and what is expected.
    """
    pack = read_pack(file)
    ids = {rule.id for rule in pack.rules}
    source = open_pack(str(file))
    place = Place(source.file, source.parsed.lines)
    where = {str(rule.get("id")): at for at, rule in enumerate(own_rules(source))}
    problems = [
        place.note("pack_meets_unknown", f"rules.{where.get(rule.id, len(where))}.meets", rule=other)
        for rule in pack.rules
        for other in getattr(rule, "meets", None) or []
        for own in [other.removeprefix(f"{pack.name}.")]
        if "." not in own and own not in ids
    ]
    if problems:
        raise PackError(*(named(note, source.parsed.entries, source.cells) for note in problems))
    try:
        linked(pack.rules)
    except PackError as error:  # which knows no file
        raise PackError(
            *(replace(n, file=source.file) for n in error.notes if isinstance(n, Note))
        ) from error
    return pack


def copy(
    pack: Pack, to: str | Path, *, years: int = 2030, first: int | None = None, take_national: bool = False
) -> Path:
    """Write the next plan's pack: the rules of `pack` with their targets as the new base; return its path.

    The new base is the old target at its year, what the area has promised to have reached. The new target is the same
    figure at the end of the next plan: a level that may not fall is the usual floor, the copy can be run at once, and
    every target that was only carried over says so in its note. What the old plan did not quantify stays so.

    A figure that a newer national pack replaces (`geoplan.standards.packs.replaced.replacements`) is never carried over
    unsaid: either the newer one stands in the copy, or the note of the former one names it.

    Parameters
    ----------
    years
        Last year of the next plan.
    first
        Its first year; default: the year after the former plan's last.
    take_national
        Whether the newer national figures stand in for those that they replace.

    Raises
    ------
    OutputError
        If the file `to` is there already.
    """
    path = new_file(to)
    text = "".join(
        "# " + phrase(f"pack_next_head_{line}", lang, title=pack.title(lang), year=years,
                      document=pack.number or phrase("pack_show_no_number", lang)) + "\n"
        for lang in LANGUAGES
        for line in (1, 2, 3, 4)
    )  # fmt: skip
    entries = {
        key: value for key, value in pack.entries.items() if key not in ("extends", "rules", "not_assessed")
    }
    entries |= {
        **{f"title_{lang}": phrase("pack_next_title", lang, title=pack.title(lang), year=years)
           for lang in LANGUAGES if lang == "zh" or pack.title_en},
        "document": NOT_FOUND, "issued": NOT_FOUND, "years": [first or min(pack.years[1] + 1, years), years],
        "source": phrase("pack_next_source", "zh", source=pack.number or pack.title_zh),
    }  # fmt: skip
    by_id = {rule["id"]: rule for rule in pack.entries["rules"]}
    newer = {one.old.id: one for one in replacements(pack, year=years)}
    rules = []
    for rule in pack.rules:
        entry = _next(by_id[rule.id], rule, years)
        rules += (
            replaced_entries(entry, newer[rule.id], taken=take_national, others=pack.rules)
            if rule.id in newer
            else [entry]
        )
    entries["rules"] = rules
    entries["not_assessed"] = pack.entries.get("not_assessed", [])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text + to_yaml(entries), encoding="utf-8", newline="\n")
    return path


def new_file(to: str | Path) -> Path:
    """Return the path of a file that is to be written.

    Raises
    ------
    OutputError
        If it is there already.
    """
    path = Path(to)
    if path.exists():
        raise OutputError(Note.of("pack_exists", file=str(path), severity="error"))
    return path


def plan_years(text: str) -> tuple[int | None, int]:
    """Return first and last year of a plan; None for the first where only the last is named.

    Raises
    ------
    PackError
        If the text is neither a year nor two.

    Examples
    --------
    >>> plan_years("2026-2030"), plan_years("2030")
    ((2026, 2030), (None, 2030))
    """
    found = re.fullmatch(r"(?:(\d{4})-)?(\d{4})", text.strip())
    first, last = (int(found[1] or found[2]), int(found[2])) if found else (0, 0)
    if not FIRST_YEAR <= first <= last <= LAST_YEAR:
        raise PackError(Note.of("pack_years", got=text, severity="error"))
    return (first if found and found[1] else None), last


def to_yaml(entries: Mapping[str, Any]) -> str:
    """Return the entries of a pack as YAML: those of the plan, then the rules, then the clauses that are no rules.

    Examples
    --------
    >>> print(to_yaml({"years": [2021, 2025], "rules": [{"id": "a", "target": ">=1@2025"}]}), end="")
    years: [2021, 2025]
    rules:
      - id: a
        target: '>=1@2025'
    """
    lists = ("rules", "not_assessed")
    text = _dumped({key: value for key, value in entries.items() if key not in lists})
    for key, between in zip(lists, ("\n", ""), strict=True):
        if entries.get(key):
            text += (
                ("\n" if key != "rules" else "")
                + f"{key}:\n"
                + between.join(_item(dict(item)) for item in entries[key])
            )
    return text


def entries_for(name: str | Path, to: Path) -> dict[str, Any]:
    """Return the entries of a pack as they stand in its own file, to be written into the file `to`.

    Only what a pack itself gives, where it extends another; the path of that one is given from the folder of `to`.

    Raises
    ------
    PackError
        If there is no such pack, or it has wrong entries.
    """
    read_pack(name)
    source = open_pack(str(name))
    entries = dict(source.parsed.entries)
    base = entries.get("extends")
    if isinstance(base, str) and base not in shipped():
        entries["extends"] = Path(os.path.relpath(Path(source.file).parent / base, to.parent)).as_posix()
    return entries


def own_rules(source: PackFile) -> list[dict[str, Any]]:
    """Return the rules that a pack's file itself gives."""
    rules = source.parsed.entries.get("rules", [])
    return [rule for rule in rules if isinstance(rule, dict)]


def _next(entry: dict[str, Any], rule: Rule, year: int) -> dict[str, Any]:
    """Return a rule's entries for the next plan."""
    last, out = rule.targets[-1], dict(entry)
    text = rule.target.split(";")[-1].strip().rpartition("@")[0]
    if last.rise is not None:  # the level that was promised, as a figure
        text = f">={100 * (last.floor or 0.0):g}%" if last.percent else f">={last.floor:g}"
    out["target"] = f"{NOT_QUANTIFIED if last.floor is None else text}@{year}"
    told = [str(entry["note"])] if entry.get("note") else []
    if last.floor is None:
        out.pop("base", None)
    else:
        base = _base(last, text)
        if base:
            out["base"] = f"{base}@{last.year}"
        told.append(phrase("pack_next_note", "zh", year=year, last=last.year))
    if "since" in out:
        out["since"] = last.year
        out.pop("base", None)  # what is new counts from nothing
    out["note"] = phrase("join_semicolon", "zh").join(told)
    return {key: value for key, value in out.items() if value != ""}


def _base(target: Target, text: str) -> str:
    """Return the value of a target as a base; empty where two values are named."""
    if target.either:
        return ""
    found = re.search(r"\d+(?:\.\d+)?%?", text)
    return "100%" if text == "all" else found[0] if found else ""


def _dumped(entries: Mapping[str, Any]) -> str:
    """Return entries as YAML, one a line; lists and mappings in brackets."""
    text: Any = partial(yaml.dump, Dumper=Plain, allow_unicode=True, sort_keys=False, width=10_000)
    return "".join(
        f"{key}: {text(value, default_flow_style=True)}"
        if isinstance(value, list | dict)
        else text({key: value}, default_flow_style=False)
        for key, value in entries.items()
    )


def _item(entries: dict[str, Any]) -> str:
    lines = _dumped(entries).splitlines()
    return "  - " + "\n    ".join(lines) + "\n"
