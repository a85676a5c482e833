"""Which figures of a pack a newer national pack replaces, and how they stand in the pack of the next plan."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from geoplan.standards.packs.read import Pack, read_pack, shipped
from geoplan.standards.rules import Rule, types_of
from geoplan.words.catalogue import phrase

#: The pack whose rules `replaces` names.
STANDARDS = "national"


@dataclass(frozen=True)
class Replacement:
    """A figure of a pack and the newer national one.

    Parameters
    ----------
    old, new
        The rule of the pack, and that of the newer national pack.
    same
        True where both measure the same, so that only the target changes; else the new rule stands beside the old one.
    """

    old: Rule
    new: Rule
    same: bool

    def target_text(self, lang: str) -> str:
        """Return the newer target in words; one that rises from its base as so many points, since the base is each area's own."""
        last = self.new.targets[-1]
        if last.rise is None:
            return self.new.target_text(lang)
        return phrase("pack_replaced_rise", lang, points=f"{100 * last.rise:g}", year=last.year)

    def new_text(self, lang: str) -> str:
        """Return the newer figure in words: its target and pack, with its name where it measures something else."""
        name = "" if self.same else self.new.indicator_text(lang)
        return phrase(
            "pack_replaced_new_text", lang, name=name, target=self.target_text(lang), pack=self.new.pack
        ).strip()


def replacements(pack: Pack, *, year: int) -> tuple[Replacement, ...]:
    """Return the figures of `pack` that a newer national pack replaces in a plan that ends in `year`, in the pack's order.

    A figure is replaced where it measures what the newer one measures, or what one of the rules measures that the newer
    one names in `replaces`, and is due before it. A promise that is at least as high as the newer figure is not replaced.

    Examples
    --------
    >>> [(one.old.id, one.new.rule_id) for one in replacements(read_pack("huzhong"), year=2030)]
    [('nursing_bed_share', 'national2030.nursing_bed_share'), ('places_per_1000_residents', 'national2030.under_3_enrolment')]
    >>> replacements(read_pack("huzhong"), year=2028)
    ()
    """
    standards = {rule.id: rule for rule in read_pack(STANDARDS).rules}
    newer = [
        rule for name in shipped() if name != pack.name for rule in read_pack(name).rules if rule.replaces
    ]
    found = []
    for rule in (rule for rule in pack.rules if rule.is_on and _is_of_the_area(rule)):
        for new in newer:
            if not rule.targets[-1].year < new.targets[-1].year <= year:
                continue
            same = _same_measure(rule, new)
            if same and _is_as_high(rule, new):
                continue
            if same or _stands_for(rule, new, standards):
                found.append(Replacement(rule, new, same))
    return tuple(found)


def replaced_entries(
    entry: Mapping[str, Any], replacement: Replacement, *, taken: bool, others: Iterable[Rule]
) -> list[dict[str, Any]]:
    """Return the entries of a rule of the next plan's pack whose figure a newer national one replaces.

    Parameters
    ----------
    entry
        Entries as they would be carried over.
    taken
        Whether the newer figure is taken; else the entry stands as it is, and its note names the newer figure.
    others
        Every rule of the pack: where one of them measures what the new rule measures, no second one is added.
    """
    old, new = replacement.old, replacement.new
    words = {"new": replacement.new_text("zh"), "former": old.target_text("zh")}
    code = "kept" if not taken else "taken" if replacement.same else "other"
    told = [str(entry["note"])] if entry.get("note") and not taken else []
    told.append(phrase(f"pack_replaced_note_{code}", "zh", **words))
    own = dict(entry) | {"note": phrase("join_semicolon", "zh").join(told)}
    if not taken:
        return [own]
    if replacement.same:
        basis = {"target": new.target, "clause": new.clause, "quote": new.quote, "source": new.source}
        return [own | basis]
    own["active"] = False
    if any(_same_measure(rule, new) or rule.id == new.id for rule in others):
        return [own]
    return [own, _added(new, old)]


def _added(new: Rule, old: Rule) -> dict[str, Any]:
    """Return the entries of a rule of a national pack as one of a plan: at the level and with the office of the rule it replaces."""
    (entry,) = (dict(one) for one in read_pack(new.pack).entries["rules"] if one["id"] == new.id)
    entry.pop("replaces")
    entry |= {"level": old.level}
    return entry | ({"lead": old.lead} if old.lead else {})


def _is_of_the_area(rule: Rule) -> bool:
    """Whether a rule is judged for the plan's area as a whole."""
    return set(rule.where.levels) <= {"area", "district"} and not rule.where.words


def _same_measure(one: Rule, other: Rule) -> bool:
    """Whether two rules measure the same: one kind, the same amounts per the same people, facilities in common."""
    mine, theirs = (
        (rule.kind, rule.supplies, rule.people, getattr(rule, "group", None)) for rule in (one, other)
    )
    return (
        bool(one.supplies) and mine == theirs and bool(types_of(one.selections) & types_of(other.selections))
    )


def _stands_for(rule: Rule, new: Rule, standards: Mapping[str, Rule]) -> bool:
    """Whether a rule is, or measures the same as, one of the rules that a newer one names."""
    return any(
        rule.id == name or (name in standards and _same_measure(rule, standards[name]))
        for name in new.replaces or ()
    )


def _is_as_high(rule: Rule, new: Rule) -> bool:
    """Whether the last target of a rule is at least the newer one; a newer one that rises from the base never is reached by it."""
    mine, other = rule.targets[-1], new.targets[-1]
    return (
        other.rise is None
        and mine.floor is not None
        and other.floor is not None
        and mine.floor >= other.floor
    )
