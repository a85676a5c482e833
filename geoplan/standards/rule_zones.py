"""Which zones a rule means: those of its level that fit its filter, certainly, possibly or not at all."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from geoplan.standards.data import AssessmentData, Bools
from geoplan.standards.grammar import KIND_WORDS, Where
from geoplan.tables import LEVELS
from geoplan.words.errors import Note

#: Words of which a zone has one or the other: where it has one, the other is known not to hold.
OPPOSITES = {
    "urban": "rural", "rural": "urban", "new": "existing", "existing": "new", "township": "street", "street": "township",
}  # fmt: skip

#: A complete community (完整居住社区) has 5,000 to 12,000 residents where no list names it; the band stands in the
#: Yantai plan, 一(二) 托育10, and in 完整居住社区建设标准(试行) 2020.
COMPLETE_BAND = ("residents", 5_000.0, 12_000.0)


@dataclass(frozen=True)
class RuleZones:
    """Zones that a rule means.

    `sure` certainly fit the filter, of `maybe` the tables do not say; `missing` tells why there is nothing to judge although
    there should be. `by_band` is True where no list names the complete communities, so that those in `COMPLETE_BAND` were
    taken.
    """

    sure: tuple[str, ...]
    maybe: tuple[str, ...] = ()
    missing: tuple[Note, ...] = ()
    by_band: bool = False

    @property
    def every(self) -> list[str]:
        """Zones that certainly fit, then those that possibly do."""
        return [*self.sure, *self.maybe]

    @property
    def is_sure(self) -> Bools:
        """True for each of `every` that certainly fits, shape (n_zones,)."""
        return np.arange(len(self.every)) < len(self.sure)


def plan_zones(data: AssessmentData, *, plan_level: str) -> tuple[str, ...]:
    """Return the zones that a plan speaks for: the area for a city's plan, the districts for a district's.

    A study that has no district level is one district itself.
    """
    return (plan_level == "district" and data.level("district")) or (data.area,)


def rule_zones(
    data: AssessmentData, where: Where, *, plan_level: str, years: tuple[int, int] | None
) -> RuleZones:
    """Return the zones of the levels of `where` that fit its filter.

    `plan_level` says what the plan's area is, ``city`` or ``district``; `years` its first and last year, in which a new
    estate is built; None where nothing counts as new by its year.
    """
    key = ("rule_zones", where, plan_level, years)
    return data.once(key, lambda: _rule_zones(data, where, plan_level, years))


def _rule_zones(
    data: AssessmentData, where: Where, plan_level: str, years: tuple[int, int] | None
) -> RuleZones:
    ids = np.array([zone for level in where.levels for zone in _at(data, level, plan_level)], dtype=object)
    if not len(ids):
        missing = "estate" in where.levels and not data.level("estate")
        return RuleZones((), missing=(Note.of("rule_no_estates"),) if missing else ())
    sure, maybe, by_band = _fits(data, pd.Index(ids), where, years)
    unknown = not sure.any() and maybe.any()
    return RuleZones(
        tuple(ids[sure]), tuple(ids[maybe & ~sure]),
        missing=(Note.of("rule_kind_unknown", words=", ".join(where.words)),) if unknown else (), by_band=by_band,
    )  # fmt: skip


def _at(data: AssessmentData, level: str, plan_level: str) -> tuple[str, ...]:
    """Return the zones of one level that are due: estates only when built."""
    if level == "district" and not data.level("district") and plan_level == "district":
        return (data.area,)
    ids = data.level(level) if level in LEVELS else ()
    if level == "estate" and "built_year" in data.zones:
        later = data.zones.loc[list(ids), "built_year"].to_numpy(dtype=float) > data.year
        ids = tuple(zone for zone, is_later in zip(ids, later, strict=True) if not is_later)
    return ids


def _fits(
    data: AssessmentData, ids: pd.Index, where: Where, years: tuple[int, int] | None
) -> tuple[Bools, Bools, bool]:
    """Return which zones certainly and possibly fit, and whether the band of complete communities was taken."""
    sure, maybe, by_band = np.ones(len(ids), bool), np.ones(len(ids), bool), False
    band = where.band
    for word in where.words:
        if word == "complete" and _says(data, ids, "complete").any():
            band = None  # the housing bureau's list stands in for the band
        elif word == "complete":
            band, by_band = band or COMPLETE_BAND, True
            continue
        yes, perhaps = _word(data, ids, word, years)
        sure, maybe = sure & yes, maybe & perhaps
    if band is not None:
        group, least, most = band
        people = data.people(group)
        if people is None:
            sure = np.zeros(len(ids), bool)
        else:
            inside = people.loc[ids].between(least, most).to_numpy()
            sure, maybe = sure & inside, maybe & inside
    return sure, maybe, by_band


def _says(data: AssessmentData, ids: pd.Index, word: str) -> Bools:
    names = {word, *(long for long, short in KIND_WORDS.items() if short == word)}
    return np.array([bool(names & set(kind)) for kind in data.zones.loc[ids, "kind"]], dtype=bool)


def _word(
    data: AssessmentData, ids: pd.Index, word: str, years: tuple[int, int] | None
) -> tuple[Bools, Bools]:
    """Return which zones certainly and possibly are `word`."""
    yes = _says(data, ids, word)
    # a word without an opposite is known not to hold where other zones of the level have it
    no = _says(data, ids, OPPOSITES[word]) if word in OPPOSITES else ~yes & yes.any()
    if word in ("new", "existing") and "built_year" in data.zones and years is not None:
        built = data.zones.loc[ids, "built_year"].to_numpy(dtype=float)
        fits = ((built >= years[0]) & (built <= years[1])) == (word == "new")
        is_said = yes | no | np.isnan(built)
        yes, no = yes | (~is_said & fits), no | (~is_said & ~fits)
    return yes & ~no, yes | ~no
