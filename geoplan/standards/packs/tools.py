"""What a planner does with packs: list them, read one as a table, check a file, start the next plan's pack."""

import re
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from geoplan.standards.grammar import FIRST_YEAR, LAST_YEAR, NOT_QUANTIFIED, Target
from geoplan.standards.packs.read import NOT_FOUND, Pack, read_pack, shipped
from geoplan.standards.packs.replaced import replaced_entries, replacements
from geoplan.standards.rules import Rule
from geoplan.words.catalogue import LANGUAGES, catalogue, phrase
from geoplan.words.errors import Note, OutputError, PackError
from geoplan.words.strict_yaml import Place, parse_yaml
from geoplan.words.text import aligned, width

#: Columns of the table that `show` prints, and how wide each may be.
_SHOWN = {
    "id": 32, "name": 44, "kind": 20, "level": 28, "base": 12, "target": 26, "attribute": 14, "clause": 26, "remark": 30,
}  # fmt: skip


def list_packs() -> pd.DataFrame:
    """Return the packs that come with geoplan, indexed by name.

    Returns
    -------
    packs
        ``title_zh, title_en, document, area_zh, area_en, first_year, last_year, rules`` (how many), ``on`` (of them count
        without being switched on), ``not_assessed`` (clauses).

    Examples
    --------
    >>> list_packs().loc["huzhong", "document"]
    '呼政办规〔2023〕1号'
    """
    rows = {}
    for name in shipped():
        pack = read_pack(name)
        rows[name] = (pack.title_zh, pack.title_en, pack.document, pack.area_zh, pack.area_en, pack.years[0], pack.years[1],
                      len(pack.rules), sum(rule.is_on for rule in pack.rules), len(pack.not_assessed))  # fmt: skip
    columns = [
        "title_zh", "title_en", "document", "area_zh", "area_en", "first_year", "last_year", "rules", "on", "not_assessed",
    ]  # fmt: skip
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("name")


def show(pack: Pack, lang: str = "zh") -> str:
    """Return a pack as text for the console: what it is, its rules as a table, and the clauses that are no rules.

    Examples
    --------
    >>> print(show(read_pack("huzhong"), "en").splitlines()[0])
    Huzhong District, overall plan for the old and the young (呼政办规〔2023〕1号)
    """
    known = pack.document != NOT_FOUND
    number = pack.document if known else phrase("pack_show_no_number", lang)
    zh = lang == "zh"
    title, issuer, area = (
        (pack.title_zh, pack.issuer_zh, pack.area_zh) if zh else (pack.title_en, pack.issuer_en, pack.area_en)
    )
    rows = [_shown(rule, lang) for rule in pack.rules]
    used = [key for key in _SHOWN if any(row[key] for row in rows)]
    table = [
        [phrase(f"pack_show_{key}", lang) for key in used],
        *([row[key] for key in used] for row in rows),
    ]
    head, *body = aligned(table, [_SHOWN[key] for key in used])
    rule = "  ".join(
        "-" * min(max(width(row[k]) for row in table), _SHOWN[key]) for k, key in enumerate(used)
    )
    lines = [
        phrase("pack_show_title", lang, title=title, number=number),
        phrase("pack_show_about", lang, issuer=issuer, area=area, first=pack.years[0], last=pack.years[1]),
        "", head, rule, *body,
    ]  # fmt: skip
    if pack.not_assessed:
        lines += ["", phrase("pack_show_not_assessed", lang)]
        lines += [f"  {item.clause}  {item.zh if zh else item.en}" for item in pack.not_assessed]
    return "\n".join(lines) + "\n"


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
    path = Path(file)
    place = Place(str(file), parse_yaml(path, error=PackError).lines if path.is_file() else {})
    where = {str(rule.get("id")): at for at, rule in enumerate(_own_rules(path))}
    problems = [
        place.note("pack_meets_unknown", f"rules.{where.get(rule.id, -1)}.meets", rule=named)
        for rule in pack.rules
        for named in getattr(rule, "meets", None) or []
        for own in [named.removeprefix(f"{pack.name}.")]
        if "." not in own and own not in ids
    ]
    if problems:
        raise PackError(*problems)
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
    path = Path(to)
    if path.exists():
        raise OutputError(Note.of("pack_exists", file=str(path), severity="error"))
    number = pack.document if pack.document != NOT_FOUND else ""
    text = "".join(
        "# " + phrase(f"pack_next_head_{line}", lang, title=pack.title(lang), year=years,
                      document=number or phrase("pack_show_no_number", lang)) + "\n"
        for lang in LANGUAGES
        for line in (1, 2, 3, 4)
    )  # fmt: skip
    entries = {
        key: value for key, value in pack.entries.items() if key not in ("extends", "rules", "not_assessed")
    }
    entries |= {
        **{f"title_{lang}": phrase("pack_next_title", lang, title=pack.title(lang), year=years) for lang in LANGUAGES},
        "document": NOT_FOUND, "issued": NOT_FOUND, "years": [first or min(pack.years[1] + 1, years), years],
        "source": phrase("pack_next_source", "zh", source=number or pack.title_zh),
    }  # fmt: skip
    text += _dumped(entries) + "rules:\n"
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
    text += "\n".join(map(_item, rules))
    text += "\nnot_assessed:\n" + "".join(_item(dict(item)) for item in pack.entries.get("not_assessed", []))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")
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


def _own_rules(path: Path) -> list[dict[str, Any]]:
    if not path.is_file():
        return []
    rules = parse_yaml(path, error=PackError).entries.get("rules", [])
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


class _Plain(yaml.SafeDumper):
    """YAML without anchors: a list that several rules share is written out in each."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ANN401, ARG002 - yaml's own signature
        return True


def _dumped(entries: dict[str, Any]) -> str:
    """Return entries as YAML, one a line; lists and mappings in brackets."""
    text: Any = partial(yaml.dump, Dumper=_Plain, allow_unicode=True, sort_keys=False, width=10_000)
    return "".join(
        f"{key}: {text(value, default_flow_style=True)}"
        if isinstance(value, list | dict)
        else text({key: value}, default_flow_style=False)
        for key, value in entries.items()
    )


def _item(entries: dict[str, Any]) -> str:
    lines = _dumped(entries).splitlines()
    return "  - " + "\n    ".join(lines) + "\n"


def _shown(rule: Rule, lang: str) -> dict[str, str]:
    """Return one rule as the cells of the table."""
    remarks = (
        phrase(f"pack_status_{rule.status}", lang) if rule.status else "", rule.place_text(lang),
        "" if rule.is_on else phrase("pack_show_off", lang), phrase("caveat_local", lang) if rule.local_entries else "",
    )  # fmt: skip
    return {
        "id": rule.id, "name": rule.indicator_text(lang), "kind": rule.kind_text(lang), "level": _level(rule, lang),
        "base": rule.base or "", "target": rule.target_text(lang), "attribute": rule.attribute_text(lang),
        "clause": rule.clause, "remark": phrase("join_items", lang).join(filter(None, remarks)),
    }  # fmt: skip


def _level(rule: Rule, lang: str) -> str:
    """Return a rule's level and filter in words; a planner's own word as she wrote it."""
    known = {
        word: phrase(f"pack_level_{word}", lang)
        for word in (*rule.where.levels, *rule.where.words)
        if f"pack_level_{word}" in catalogue()
    }
    levels = "+".join(known[level] for level in rule.where.levels)
    words = [known.get(word, word) for word in rule.where.words]
    if rule.where.band:
        _, least, most = rule.where.band
        words.append(phrase("pack_level_band", lang, least=f"{least:g}", most=f"{most:g}"))
    joined = phrase("join_items", lang).join(words)
    return phrase("pack_level_words", lang, levels=levels, words=joined) if words else levels
