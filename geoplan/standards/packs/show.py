"""Packs as people read them: the list of a pack's rules, the card of one rule, and how two packs differ."""

from collections.abc import Iterator, Sequence

from geoplan.standards.grammar import Target
from geoplan.standards.packs.compare import Difference, by_rule
from geoplan.standards.packs.read import Pack, cite
from geoplan.standards.packs.sheet import cells_of, header
from geoplan.standards.requirement import SIGNS
from geoplan.standards.rules import Rule
from geoplan.words.catalogue import catalogue, phrase
from geoplan.words.errors import Note, PackError
from geoplan.words.labels import zone_kind_label
from geoplan.words.strict_yaml import meant
from geoplan.words.text import width
from geoplan.words.vocabulary import label

#: Entries that a card says in words, and those that it gives as the pack does, where the pack gives them.
_IN_WORDS = frozenset({
    "id", "indicator", "title_en", "kind", "level", "counts", "per", "base", "target", "range_is", "unit", "attribute", "lead", "clause", "quote",
    "note", "annex", "advisory", "active", "status", "place", "place_en", "source", "of.facilities", "of.where", "of.in_zones", "of", "supply",
    "part", "part_where", "whole", "must", "nearest",
})  # fmt: skip


def show(pack: Pack, lang: str = "zh") -> str:
    """Return a pack as text for the console: what it is, its rules with base, target and attribute, and the clauses that are no rules.

    Examples
    --------
    >>> from geoplan.standards.packs.read import read_pack
    >>> print(show(read_pack("huzhong"), "en").splitlines()[0])
    Huzhong District, overall plan for the old and the young (呼政办规〔2023〕1号)
    """
    first, last = pack.years
    about = {"issuer": pack.issuer(lang), "area": pack.area(lang), "first": first, "last": last}
    lines = [_title(pack, lang), phrase("pack_show_about", lang, rules=len(pack.rules), **about)]
    if pack.based_on is not None:
        lines.append(phrase("pack_show_based_on", lang, base=_title(pack.based_on, lang)))
    lines += [phrase("pack_show_note", lang, note=pack.note)] if pack.note else []
    for rule in pack.rules:
        said = (
            _annex(rule, lang), base_text(rule, lang), targets_text(rule, lang), attribute_text(rule, lang), level_text(rule, lang),
            phrase("pack_show_at", lang, clause=rule.clause), remarks(rule, lang),
        )  # fmt: skip
        lines += ["", phrase("pack_show_head", lang, id=rule.id, name=rule.indicator_text(lang))]
        lines.append("    " + phrase("join_semicolon", lang).join(filter(None, said)))
    if pack.not_assessed:
        lines += ["", phrase("pack_show_not_assessed", lang)]
        lines += [f"  {item.clause}  {item.text(lang)}" for item in pack.not_assessed]
    return "\n".join(lines) + "\n"


def rule_named(pack: Pack, name: str) -> Rule:
    """Return the rule of an id, with or without the pack's name before it, or of an indicator's name.

    Raises
    ------
    PackError
        If the pack has no such rule.
    """
    rules: list[Rule] = pack.rules
    for rule in rules:
        if name in (rule.id, rule.rule_id, rule.indicator, rule.title_en):
            return rule
    ids = [rule.id for rule in pack.rules]
    guess = meant(name, ids)
    code = "pack_rule_unknown_meant" if guess else "pack_rule_unknown"
    raise PackError(
        Note.of(code, severity="error", pack=pack.name, rule=name, guess=guess, ids=", ".join(ids))
    )


def card(pack: Pack, rule: Rule, lang: str = "zh") -> str:
    """Return all that a pack says of one rule, an entry a line.

    Examples
    --------
    >>> from geoplan.standards.packs.read import read_pack
    >>> pack = read_pack("huzhong")
    >>> print(card(pack, rule_named(pack, "nursing_bed_share"), "en").splitlines()[6:8])
    ['Base               base 36.4% in 2022', 'Target             target ≥55% in 2025']
    """
    rows = [(title, text) for title, text in _card_rows(pack, rule, lang) if text]
    broad = max(width(title) for title, _ in rows) + 2
    lines = [rule.indicator_text(lang), ""]
    lines += [title + " " * (broad - width(title)) + " ".join(text.split()) for title, text in rows]
    return "\n".join(lines) + "\n"


def _card_rows(pack: Pack, rule: Rule, lang: str) -> Iterator[tuple[str, str]]:
    """Yield title and text of each line of a card; one without text is left out."""
    entries = next(dict(entry) for entry in pack.entries["rules"] if entry.get("id") == rule.id)
    yield header("id", lang), rule.rule_id
    yield header("annex", lang), rule.annex or ""
    yield header("kind", lang), rule.kind_text(lang)
    yield header("level", lang), level_text(rule, lang)
    yield phrase("pack_show_basis", lang), _basis(rule, lang)
    yield header("base", lang), base_text(rule, lang)
    yield header("target", lang), targets_text(rule, lang)
    yield phrase("pack_show_value_unit", lang), rule.unit_text(lang)
    yield phrase("pack_show_gap_unit", lang), label("units", rule.unit, lang)
    yield header("attribute", lang), attribute_text(rule, lang)
    yield header("lead", lang), rule.lead
    yield header("clause", lang), cite(rule, pack, lang)
    yield header("quote", lang), rule.quote
    yield header("note", lang), rule.note
    for entry, text in cells_of(entries, lang).items():
        if entry not in _IN_WORDS:
            yield header(entry, lang), text
    yield header("source", lang), rule.source
    yield phrase("pack_show_remark", lang), remarks(rule, lang)


def _basis(rule: Rule, lang: str) -> str:
    """Return the counting rule in words, with the pack's own short text behind it."""
    said = rule.basis_text(lang)
    if rule.is_reported or not said:
        return said or rule.kind_text(lang)
    return phrase("pack_show_counts", lang, basis=said, counts=rule.counts)


def _title(pack: Pack, lang: str) -> str:
    number = pack.number or phrase("pack_show_no_number", lang)
    return phrase("pack_show_title", lang, title=pack.title(lang), number=number)


def _annex(rule: Rule, lang: str) -> str:
    return phrase("pack_show_annex", lang, annex=rule.annex) if rule.annex else ""


def attribute_text(rule: Rule, lang: str) -> str:
    """Return whether the plan binds as an office writes it: 约束性, 预期性; any other word as the plan has it."""
    code = f"pack_{_attribute_code(rule)}"
    return phrase(code, lang) if code in catalogue() else rule.attribute_text(lang)


def _attribute_code(rule: Rule) -> str:
    codes = (
        code
        for code, words in catalogue().items()
        if code.startswith("attribute_") and words["zh"] == rule.attribute
    )
    return next(codes, "")


def base_text(rule: Rule, lang: str) -> str:
    """Return the base with its year: ``2021年基数39,000``; empty where there is none."""
    if rule.start is None:
        return ""
    value = SIGNS.get(rule.start.comparison, "") + exact(rule.start.value, percent=rule.start.percent)
    return phrase("pack_show_base_year", lang, value=value, year=rule.start.year)


def targets_text(rule: Rule, lang: str) -> str:
    """Return the targets with their years: ``2025年目标 ≥55%``."""
    return phrase("join_semicolon", lang).join(
        phrase("pack_show_target_open", lang, year=target.year)
        if target.floor is None
        else phrase("pack_show_target_year", lang, value=_target(rule, target, lang), year=target.year)
        for target in rule.targets
    )


def _target(rule: Rule, target: Target, lang: str) -> str:
    """Return what a target asks for, with every digit that the plan gives; where a kind has words of its own, in those."""
    asked = rule.asked(target)
    own = rule.required_text(asked, lang)
    if own != asked.text(rule.value_format, lang):
        return own
    if target.percent and target.floor == 1.0 and target.rise is None:  # no share is more
        return exact(1.0, percent=True)
    low = exact(target.floor or 0.0, percent=target.percent)
    high = "" if target.upper is None else exact(target.upper, percent=target.percent)
    if target.rise is not None:
        code = "pack_show_rise_points" if target.percent else "pack_show_rise"
        rise = exact(target.rise * (100 if target.percent else 1), percent=False)
        return phrase(code, lang, rise=rise, low=low)
    if target.either:
        return phrase("rule_target_either", lang, low=low, either=high)
    if target.comparison == "range":
        return f"{low}–{high}" if rule.range_is == "limits" else phrase("rule_target_aim", lang, low=low, aim=high)  # fmt: skip
    return SIGNS[target.comparison] + low


def exact(value: float, *, percent: bool) -> str:
    """Return a figure with the digits that it has.

    Examples
    --------
    >>> exact(39000.0, percent=False), exact(0.364, percent=True), exact(0.5048, percent=True), exact(4.5, percent=False)
    ('39,000', '36.4%', '50.48%', '4.5')
    """
    text = f"{round(100 * value if percent else value, 9):,.12g}"
    return f"{text}%" if percent else text


def remarks(rule: Rule, lang: str) -> str:
    """Return what else a reader must know: how far the figure was checked, where it holds, whether it counts."""
    said = (
        phrase("pack_show_advisory", lang) if rule.advisory else "", phrase(f"pack_status_{rule.status}", lang) if rule.status else "",
        rule.place_text(lang), "" if rule.is_on else phrase("pack_show_off", lang),
        phrase("caveat_local", lang) if rule.local_entries else "",
    )  # fmt: skip
    return phrase("join_items", lang).join(filter(None, said))


def level_text(rule: Rule, lang: str) -> str:
    """Return a rule's level and filter in words; a planner's own word as she wrote it."""
    levels = "+".join(phrase(f"pack_level_{level}", lang) for level in rule.where.levels)
    words = [zone_kind_label(word, lang) for word in rule.where.words]
    if rule.where.band:
        _, least, most = rule.where.band
        words.append(phrase("pack_level_band", lang, least=f"{least:g}", most=f"{most:g}"))
    joined = phrase("join_items", lang).join(words)
    return phrase("pack_level_words", lang, levels=levels, words=joined) if words else levels


# --- two packs ------------------------------------------------------------------------------------------------------


def value_text(rule: Rule, difference: Difference, value: str, lang: str) -> str:
    """Return the value of an entry of a rule in words, where it has words; else as the pack has it."""
    words = {
        "base": base_text, "target": targets_text, "level": level_text, "attribute": attribute_text, "kind": Rule.kind_text,
    }  # fmt: skip
    write = words.get(difference.entry)
    return write(rule, lang) if write is not None and value else " ".join(value.split())


def difference_rows(
    before: Pack, after: Pack, differences: Sequence[Difference], lang: str
) -> list[tuple[str, ...]]:
    """Return differences as rows of texts: rule, its name, where it stands, entry, value in the first pack, value in the second."""
    of = [{rule.id: rule for rule in pack.rules} for pack in (before, after)]
    rows: list[tuple[str, ...]] = []
    for one in differences:
        rule = (of[1] if one.found == "second" else of[0])[one.rule]
        values = ("", "")
        if one.found == "both":
            a, b = one.values
            values = value_text(of[0][one.rule], one, a, lang), value_text(of[1][one.rule], one, b, lang)
        entry = header(one.entry, lang) if one.entry else ""
        rows.append((one.rule, rule.indicator_text(lang), phrase(f"pack_diff_{one.found}", lang), entry, *values))  # fmt: skip
    return rows


def difference_header(lang: str) -> tuple[str, ...]:
    """Return the titles of the columns of `difference_rows`."""
    columns = ("entry", "a", "b")
    return (
        header("id", lang), header("indicator", lang), phrase("pack_diff_where", lang), *(phrase(f"pack_diff_{name}", lang) for name in columns),
    )  # fmt: skip


def difference_text(before: Pack, after: Pack, differences: Sequence[Difference], lang: str = "zh") -> str:
    """Return how two packs differ as text for the console: rules of which entries differ, then those that only one of them has."""
    rows = difference_rows(before, after, differences, lang)
    lines = [f"A  {_title(before, lang)}", f"B  {_title(after, lang)}"]
    both = [row for row, one in zip(rows, differences, strict=True) if one.found == "both"]
    nothing = phrase("pack_diff_nothing_given", lang)
    if both:
        changed = by_rule(both)
        lines += ["", phrase("pack_diff_changed", lang, count=len(changed))]
        for found in changed:
            lines.append("  " + phrase("pack_show_head", lang, id=found[0][0], name=found[0][1]))
            for *_, entry, a, b in found:
                lines += [f"    {entry}", f"      A  {a or nothing}", f"      B  {b or nothing}"]
    for side in ("first", "second"):
        own = [row for row, one in zip(rows, differences, strict=True) if one.found == side]
        if own:
            lines += ["", phrase(f"pack_diff_only_{side}", lang, count=len(own))]
            lines += ["  " + phrase("pack_show_head", lang, id=row[0], name=row[1]) for row in own]
    if not differences:
        lines += ["", phrase("pack_diff_none", lang, count=len(before.rules))]
    return "\n".join(lines) + "\n"
