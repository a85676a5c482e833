"""One study as rules see it: its tables, and who and what stands in which zone.

A :class:`Case` is made once a run and never changed; the kinds of rule ask it for zones, people and supplies.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from geoplan.coverage.zone_sums import ZoneSums, lineage, zone_sums
from geoplan.standards.grammar import KIND_WORDS, Where
from geoplan.tables import GROUPS, LEVELS, Service
from geoplan.words.errors import Note
from geoplan.words.vocabulary import narrower, vocabulary

if TYPE_CHECKING:
    from geoplan.standards.rules import Rule

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

#: Words of which a zone has one or the other: where it has one, the other is known not to hold.
OPPOSITES = {
    "urban": "rural",
    "rural": "urban",
    "new": "existing",
    "existing": "new",
    "township": "street",
    "street": "township",
}

#: A complete community (完整居住社区) has 5,000 to 12,000 residents where no list names it; the band stands in the
#: Yantai plan, 一(二) 托育10, and in 完整居住社区建设标准(试行) 2020.
COMPLETE_BAND = ("residents", 5_000.0, 12_000.0)

#: Least share of a coarser zone that must have communities for a verdict.
LEAST_COVERED = 0.95


@dataclass(frozen=True)
class Zoned:
    """Zones that a rule means.

    Parameters
    ----------
    sure, maybe
        zone_ids that certainly fit the filter, and those of which the tables do not say.
    missing
        Why there is nothing to judge although there should be; empty otherwise.
    notes
        How a filter was read.
    """

    sure: tuple[str, ...]
    maybe: tuple[str, ...] = ()
    missing: tuple[Note, ...] = ()
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class Steps:
    """Walks from points inside the area, sorted by point, seconds and facility; arrays of one length.

    Parameters
    ----------
    service
        Position of the service in the study.
    point, facility
        Positions in the demand points inside, and in the facilities table.
    seconds
        Walk, seconds.
    near
        True for a pair within the service's circle, False for the nearest facility beyond or within it.
    """

    service: npt.NDArray[np.int64]
    point: npt.NDArray[np.int64]
    facility: npt.NDArray[np.int64]
    seconds: Floats
    near: Bools


@dataclass(frozen=True)
class Case:
    """The tables of one study, as `geoplan.tables` describes them, with what follows from them."""

    zones: pd.DataFrame
    demand: pd.DataFrame
    overlay: pd.DataFrame | None
    facilities: pd.DataFrame
    supplies: pd.DataFrame
    pairs: pd.DataFrame
    circle: pd.DataFrame
    nearest: pd.DataFrame
    services: Mapping[str, Service]
    groups: pd.DataFrame
    year: int
    thresholds: Mapping[str, float] = field(default_factory=dict)
    zone_supplies: pd.DataFrame | None = None
    rules: Mapping[str, "Rule"] = field(default_factory=dict)
    register_types: frozenset[str] = frozenset()

    # --- zones -----------------------------------------------------------------------------------------------

    @cached_property
    def area(self) -> str:
        """zone_id of the study area."""
        return str(self.zones.index[self.zones["level"] == "area"][0])

    @cached_property
    def above(self) -> npt.NDArray[np.int64]:
        """Pairs (position of a zone, position of itself or of a zone above it)."""
        return lineage(self.zones)

    @cached_property
    def by_level(self) -> dict[str, tuple[str, ...]]:
        """zone_ids of each level, in the table's order."""
        return {
            str(level): tuple(ids) for level, ids in self.zones.groupby("level", sort=False).groups.items()
        }

    def level(self, name: str) -> tuple[str, ...]:
        """Return the zone_ids of one level; empty where the study has none."""
        return self.by_level.get(name, ())

    @cached_property
    def finest(self) -> str:
        """Finest partition level of the study."""
        return next(level for level in ("community", "town", "district", "area") if self.level(level))

    def up(self, level: str) -> pd.Series:
        """Return the zone of `level` that each zone lies in (itself for its own level), by zone_id; null where none."""
        zone, upper = self.above
        keep = (self.zones["level"] == level).to_numpy()[upper]
        found = pd.Series(self.zones.index[upper[keep]], index=self.zones.index[zone[keep]], dtype=object)
        return found.reindex(self.zones.index)

    def below(self, zone_id: str) -> pd.Index:
        """Return every zone inside `zone_id`, itself included."""
        zone, upper = self.above
        at = self.zones.index.get_indexer(pd.Index([zone_id]))[0]
        found: pd.Index = self.zones.index[zone[upper == at]]
        return found

    def plan_zones(self, rule: "Rule") -> tuple[str, ...]:
        """Return the zones that the plan of `rule` speaks for: the area for a city's, the districts for a district's.

        A study that has no district level is one district itself.
        """
        return (rule.plan_level == "district" and self.level("district")) or (self.area,)

    def zones_of(self, rule: "Rule", where: Where | None = None) -> Zoned:
        """Return the zones at the own level of `rule` (or at `where`) that fit its filter."""
        where = where or rule.where
        levels = where.levels
        ids = [zone for level in levels for zone in self._at(level, rule)]
        if not ids:
            missing = (Note.of("rule_no_estates"),) if "estate" in levels and not self.level("estate") else ()
            return Zoned((), missing=missing)
        sure, maybe, notes = self._fits(pd.Index(ids), rule, where)
        return Zoned(
            tuple(np.array(ids, dtype=object)[sure]),
            tuple(np.array(ids, dtype=object)[maybe & ~sure]),
            missing=() if sure.any() or not maybe.any() else (_kind_unknown(where),),
            notes=notes,
        )

    def _at(self, level: str, rule: "Rule") -> tuple[str, ...]:
        if level == "district" and not self.level("district") and rule.plan_level == "district":
            return (self.area,)
        ids = self.level(level) if level in LEVELS else ()
        if level == "estate" and "built_year" in self.zones:
            later = self.zones.loc[list(ids), "built_year"].to_numpy(dtype=float) > self.year
            ids = tuple(
                zone for zone, is_later in zip(ids, later, strict=True) if not is_later
            )  # not yet due
        return ids

    def _fits(self, ids: pd.Index, rule: "Rule", where: Where) -> tuple[Bools, Bools, tuple[Note, ...]]:
        sure, maybe, notes = np.ones(len(ids), bool), np.ones(len(ids), bool), []
        bands = [where.band] if where.band else []
        for word in where.words:
            if word == "complete" and self._says(ids, "complete").any():
                bands = []  # the housing bureau's list stands in for the band
            elif word == "complete":
                bands = bands or [COMPLETE_BAND]
                notes.append(Note.of("rule_complete_by_band", zone="", severity="info", rule=rule.rule_id))
                continue
            yes, perhaps = self._word(ids, word, rule)
            sure, maybe = sure & yes, maybe & perhaps
        for group, least, most in bands[:1]:
            people = self.people(group)
            if people is None:
                sure = np.zeros(len(ids), bool)
            else:
                inside = people.loc[ids].between(least, most).to_numpy()
                sure, maybe = sure & inside, maybe & inside
        return sure, maybe, tuple(notes)

    def _says(self, ids: pd.Index, word: str) -> Bools:
        told = {word, *(long for long, short in KIND_WORDS.items() if short == word)}
        return np.array([bool(told & set(kind)) for kind in self.zones.loc[ids, "kind"]], dtype=bool)

    def _word(self, ids: pd.Index, word: str, rule: "Rule") -> tuple[Bools, Bools]:
        """Return which zones certainly and possibly are `word`."""
        yes = self._says(ids, word)
        # a word without an opposite is known not to hold where other zones of the level have it
        no = self._says(ids, OPPOSITES[word]) if word in OPPOSITES else ~yes & yes.any()
        if word in ("new", "existing") and "built_year" in self.zones and rule.years is not None:
            built = self.zones.loc[ids, "built_year"].to_numpy(dtype=float)
            new = (built >= rule.years[0]) & (built <= rule.years[1])
            said = yes | no | np.isnan(built)
            yes = yes | (~said & (new == (word == "new")))
            no = no | (~said & (new != (word == "new")))
        return yes & ~no, yes | ~no

    def covered(self, zone_id: str) -> float:
        """Return how much of a zone has communities (0-1)."""
        return float(self.zones["covered_share"][zone_id])

    # --- people ----------------------------------------------------------------------------------------------

    @cached_property
    def places(self) -> ZoneSums:
        """Where every demand point counts."""
        return zone_sums(self.demand, self.zones, self.overlay)

    @cached_property
    def whole_rows(self) -> npt.NDArray[np.int64]:
        """Rows of `places` that are whole zones (not their urban or rural part), in the order of zones."""
        return np.flatnonzero((self.places.rows["kind"] == "").to_numpy())

    def zone_totals(self, values: Floats) -> pd.Series:
        """Return the sum of `values` (one a demand point inside) in each zone, by zone_id."""
        return pd.Series(self.places.sums(values)[self.whole_rows], index=self.zones.index)

    def points(self, column: str) -> Floats:
        """Return one column of the demand points inside the study area."""
        return np.asarray(self.demand.loc[self.places.points, column].to_numpy(dtype=float), dtype=np.float64)

    @cached_property
    def _people(self) -> dict[str, pd.Series]:
        known = self.overlay is not None and len(self.overlay) > 0
        partition = (self.zones["level"] != "estate").to_numpy()
        totals = {name: self.zone_totals(self.points(name)) for name in GROUPS if name in self.demand}
        return {name: people if known else people.where(partition) for name, people in totals.items()}

    def people(self, group: str) -> pd.Series | None:
        """Return the people of `group` in each zone; None where the study has no such group.

        Where no overlay says who lives in the estates, their people are not known (NaN).
        """
        return self._people.get(group)

    def basis(self, group: str) -> str:
        """Return basis and year of a group's people, e.g. ``常住 2010``."""
        if group not in self.groups.index:
            return ""
        row = self.groups.loc[group]
        return " ".join(str(row[key]) for key in ("basis", "year") if key in row and not _empty(row[key]))

    # --- facilities ------------------------------------------------------------------------------------------

    @cached_property
    def in_year(self) -> Bools:
        """True for facilities that count in the study's year, shape (n_facilities,).

        From the open year on and before the close year, whatever the status word: what is handed over counts in the year
        (a joined register leaves out what is not built by then, a scenario hands over what it builds). Closed ones
        without a year do not count.
        """
        opened = self.facilities["open_year"].to_numpy(dtype=float)
        closes = self.facilities["close_year"].to_numpy(dtype=float)
        status = self.facilities["status"].to_numpy(dtype=object)
        shut = (closes <= self.year) | ((status == "closed") & np.isnan(closes))
        return np.asarray(~shut & ~(opened > self.year), dtype=bool)

    @cached_property
    def listed(self) -> frozenset[str]:
        """Facility types that some register lists, whatever the status, or has a word for (`register_types`).

        Of a type that stands here without a facility there are none (0); of any other type nothing is known.
        """
        return (
            frozenset(kind for kinds in self.facilities["services"] for kind in kinds) | self.register_types
        )

    @cached_property
    def offers(self) -> pd.DataFrame:
        """One row a facility and type that it offers: ``facility_id, service``; facilities of the year only."""
        found = self.facilities.loc[self.in_year, "services"].explode().dropna()
        return pd.DataFrame({"facility_id": found.index, "service": found.to_numpy(dtype=object)})

    @cached_property
    def facility_zone(self) -> npt.NDArray[np.int64]:
        """Position of the zone that each facility stands in; -1 where none is known."""
        named = self.facilities["zone_id"]
        return np.where(named.notna(), self.zones.index.get_indexer(pd.Index(named)), -1).astype(np.int64)

    @cached_property
    def homeless(self) -> Bools:
        """True for facilities of which no zone is known and no point either: in the area, nobody knows where."""
        return (self.facility_zone < 0) & self.facilities["location_quality"].isin(
            ["missing", "rejected"]
        ).to_numpy()

    # --- walks -----------------------------------------------------------------------------------------------

    def services_with(self, types: Iterable[str]) -> list[str]:
        """Return the study's services that any of these facility types offers, the best fit first."""
        wanted = frozenset(types)
        fit = {name: len(wanted & self.service_types(name)) for name in self.services}
        return sorted(
            (name for name in fit if fit[name]), key=lambda name: (-fit[name], list(fit).index(name))
        )

    def service_types(self, service: str) -> frozenset[str]:
        """Return every facility type that offers a service of the study, narrower ones included."""
        known = vocabulary("types")
        names = self.services[service].facilities
        return frozenset().union(*(narrower(name) if name in known else frozenset({name}) for name in names))

    @cached_property
    def steps(self) -> "Steps":
        """Every walk to a facility that the tables give, in the order of points, seconds and facilities."""
        every = [self.pairs.assign(near=True), self.nearest.assign(near=False)]
        kept = [
            table[["service", "demand_id", "facility_id", "seconds", "near"]] for table in every if len(table)
        ]
        if not kept:
            none = np.empty(0, dtype=np.int64)
            return Steps(none, none, none, none.astype(float), none.astype(bool))
        rows = pd.concat(kept, ignore_index=True)
        point = self.places.points.get_indexer(pd.Index(rows["demand_id"]))
        facility = self.facilities.index.get_indexer(pd.Index(rows["facility_id"]))
        seconds = rows["seconds"].to_numpy(dtype=float)
        order = np.lexsort((facility, seconds, point))
        order = order[(point >= 0)[order] & (facility >= 0)[order] & ~np.isnan(seconds)[order]]
        service = pd.Index(list(self.services)).get_indexer(pd.Index(rows["service"]))
        return Steps(
            service[order],
            point[order], facility[order], seconds[order], rows["near"].to_numpy(dtype=bool)[order],
        )  # fmt: skip

    def mask(self, facilities: pd.Index) -> Bools:
        """Return which facilities of the table are in `facilities`."""
        out = np.zeros(len(self.facilities), dtype=bool)
        out[self.facilities.index.get_indexer(facilities)] = True
        return out

    def steps_of(self, types: Iterable[str], facilities: pd.Index) -> Bools:
        """Return which of `steps` lead to `facilities` by a service that `types` offer."""
        offered = [list(self.services).index(name) for name in self.services_with(types)]
        service = np.zeros(len(self.services) + 1, dtype=bool)
        service[offered] = True
        return service[self.steps.service] & self.mask(facilities)[self.steps.facility]

    def walks(self, types: Iterable[str]) -> tuple[pd.DataFrame, float] | None:
        """Return the pairs within the circles of every service that `types` offer, and the longest such walk.

        Returns
        -------
        pairs, walk_minutes
            ``demand_id, facility_id, seconds``, one row a pair; None where no service of the study has the types.
        """
        names = self.services_with(types)
        if not names:
            return None
        found = self.pairs[self.pairs["service"].isin(names)]
        if len(names) > 1:
            found = found.sort_values(["demand_id", "facility_id", "seconds"], kind="stable")
            found = found.drop_duplicates(["demand_id", "facility_id"])
        minutes = max(self.services[name].walk_minutes for name in names)
        return found[["demand_id", "facility_id", "seconds"]], minutes

    def decay(self, types: Iterable[str]) -> Mapping[float, float] | None:
        """Return the decay bands (minutes -> weight) that every service that `types` offer shares; None for no decay."""
        stated = [self.services[name].decay for name in self.services_with(types)]
        return stated[0] if stated and all(bands == stated[0] for bands in stated) else None


def _kind_unknown(where: Where) -> Note:
    words = ", ".join(where.words)
    return Note.of("rule_kind_unknown", words=words)


def _empty(value: Any) -> bool:  # noqa: ANN401 - a cell of the table of groups
    return value is None or value == "" or bool(pd.isna(value))
