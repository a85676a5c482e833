"""One study as rules see it: its tables, and who and what stands in which zone.

An :class:`AssessmentData` is made once a run and never changed; the kinds of rule ask it for zones, people and supplies. It knows
no rules.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geoplan.coverage.circle import TOLERANCE_SHARE
from geoplan.coverage.provision import facility_places
from geoplan.coverage.zone_sums import ZoneSums, lineage, zone_sums
from geoplan.tables import (
    CIRCLE,
    GROUPS,
    MAX_OFF_NETWORK_SHARE,
    NEAREST,
    REPORTED,
    Service,
    assumed_people,
    people_unknown,
)
from geoplan.words.vocabulary import narrower, vocabulary

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Found = TypeVar("Found")

#: Least share of a coarser zone that must have communities for a verdict.
LEAST_COVERED = 0.95


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
class AssessmentData:
    """The tables of one study, as `geoplan.tables` describes them, with what follows from them.

    Parameters
    ----------
    pairs, nearest
        ``service, demand_id, facility_id, seconds``: every pair within the service's circle, halo included; and the
        nearest facility within the search limit.
    services
        Service -> its terms.
    groups
        ``basis, year`` by group.
    year
        Year that is judged.
    thresholds
        rule_id -> local threshold (本地设定) for rules that the plan does not quantify; circles: share of people.
    zone_supplies
        Supplies without a point: ``zone_id, supply, low, high``.
    reported
        Figures that departments report (`geoplan.tables.REPORTED`), of any year.
    register_types
        Facility types for which the registers have a word, though perhaps no row: of these there are none, while of a
        type that no register lists nothing is known.
    off_network, facilities_off_network
        demand_ids of the points, and facility_ids of the facilities with a point, that do not join the network: what these
        people reach, and who reaches these facilities, is not known.
    max_off_network_share
        Largest share (0-1) of a zone's people off the network at which those on it still stand for the zone.
    """

    zones: pd.DataFrame
    demand: pd.DataFrame
    facilities: pd.DataFrame
    supplies: pd.DataFrame
    year: int
    overlay: pd.DataFrame | None = None
    pairs: pd.DataFrame = field(default_factory=NEAREST.empty)
    circle: pd.DataFrame = field(default_factory=CIRCLE.empty)
    nearest: pd.DataFrame = field(default_factory=NEAREST.empty)
    services: Mapping[str, Service] = field(default_factory=dict)
    groups: pd.DataFrame = field(default_factory=pd.DataFrame)
    thresholds: Mapping[str, float] = field(default_factory=dict)
    zone_supplies: pd.DataFrame | None = None
    reported: pd.DataFrame = field(default_factory=REPORTED.empty)
    register_types: frozenset[str] = frozenset()
    off_network: Collection[int] = ()
    facilities_off_network: Collection[str] = ()
    max_off_network_share: float = MAX_OFF_NETWORK_SHARE
    _memo: dict[Any, Any] = field(default_factory=dict, init=False, compare=False, repr=False)

    def once(self, key: tuple[object, ...], work: Callable[[], Found]) -> Found:
        """Return what `work` returns, worked out once for `key`."""
        if key not in self._memo:
            self._memo[key] = work()
        found: Found = self._memo[key]
        return found

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
        return {
            name: people.where((partition | known) & ~self.unknown_people(name))
            for name, people in totals.items()
        }

    def unknown_people(self, group: str) -> Bools:
        """Return True for the zones whose people of `group` are not known, shape (n_zones,)."""
        return people_unknown(self.zones, group)

    def people(self, group: str) -> pd.Series | None:
        """Return the people of `group` in each zone; None where the study has no such group.

        Where no overlay says who lives in the estates, their people are not known (NaN); nor are those of zones that no
        table knows.
        """
        return self._people.get(group)

    @cached_property
    def is_off_network(self) -> Bools:
        """True for the demand points inside that do not join the network, shape (n_points,)."""
        return np.asarray(self.places.points.isin(list(self.off_network)), dtype=bool)

    def on_network(self, group: str) -> Floats:
        """Return the people of `group` at each demand point inside, 0 off the network: those of whom it is known what they reach."""
        return np.where(self.is_off_network, 0.0, self.points(group))

    def people_off_network(self, group: str) -> pd.Series:
        """Return the people of `group` off the network in each zone: what they reach is not known."""
        return self.once(
            ("people_off_network", group),
            lambda: self.zone_totals(np.where(self.is_off_network, self.points(group), 0.0)),
        )

    def lacks_streets(self, group: str) -> pd.Series:
        """Return the zones of which too many people are off the network for a mean: over `max_off_network_share`."""
        people = self.zone_totals(self.points(group))
        limit = (self.max_off_network_share + TOLERANCE_SHARE) * people
        return self.people_off_network(group) > limit

    def basis(self, group: str) -> str:
        """Return basis and year of a group's people, e.g. ``常住 2010``."""
        if group not in self.groups.index:
            return ""
        row = self.groups.loc[group]
        return " ".join(str(row[key]) for key in ("basis", "year") if key in row and not _empty(row[key]))

    def has_basis(self, group: str) -> bool:
        """Return whether the study says on which basis a group is counted (常住, 户籍 …)."""
        return "basis" in self.groups and not _empty(self.groups["basis"].get(group))

    @cached_property
    def assumed(self) -> Bools:
        """True for demand points outside of the study area that nobody counted: assumed, so that no verdict stands on them."""
        return assumed_people(self.demand)

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
    def facility_places(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Pairs (position of a facility, position of a zone that it counts in)."""
        return facility_places(self.facilities, self.zones)

    @cached_property
    def without_point(self) -> Bools:
        """True for facilities without a usable point, shape (n_facilities,)."""
        return np.asarray(self.facilities["location_quality"].isin(["missing", "rejected"]), dtype=bool)

    @cached_property
    def without_street(self) -> Bools:
        """True for facilities with a point that does not join the network, shape (n_facilities,)."""
        return np.asarray(self.facilities.index.isin(list(self.facilities_off_network)), dtype=bool)

    @cached_property
    def unlocated(self) -> Bools:
        """True for facilities of which no zone is known and no point either: in the study area, at an unknown place."""
        return (self.facility_zone < 0) & self.without_point

    @cached_property
    def may_stand(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Pairs (position of a facility, position of a zone) where a facility without a point may stand, and may not.

        Below the zone that is known of it these are all zones; where none is known, all zones of the study.
        """
        zone, upper = self.above
        below = pd.DataFrame({"zone": zone, "known": upper})[zone != upper]
        at = np.flatnonzero(self.without_point & (self.facility_zone >= 0))
        coarse = pd.DataFrame({"facility": at, "known": self.facility_zone[at]}).merge(below, on="known")
        lost, n = np.flatnonzero(self.unlocated), len(self.zones)
        facility = np.concatenate([coarse["facility"].to_numpy(), np.repeat(lost, n)]).astype(np.int64)
        place = np.concatenate([coarse["zone"].to_numpy(), np.tile(np.arange(n), len(lost))]).astype(np.int64)
        return facility, place

    def may_stand_in(self, zone_id: str) -> Bools:
        """Return which facilities may stand in a zone though that is not known, shape (n_facilities,)."""
        facility, zone = self.may_stand
        out = np.zeros(len(self.facilities), dtype=bool)
        out[facility[zone == self.zones.index.get_indexer(pd.Index([zone_id]))[0]]] = True
        return out

    def points_within(self, facilities: pd.Index, metres: float) -> Bools:
        """Return which demand points inside have one of `facilities` within `metres` in a straight line, inclusive."""
        found = np.zeros(len(self.places.points), dtype=bool)
        places = self.facilities.loc[facilities, "geometry"]
        places = places[places.notna()]
        if len(places):
            tree = shapely.STRtree(places.to_numpy())
            homes = self.demand.loc[self.places.points, "geometry"].to_numpy()
            found[np.unique(tree.query(homes, predicate="dwithin", distance=metres + 1e-6)[0])] = True
        return found

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
        return types_of_service(self.services[service])

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


def types_of_service(terms: Service) -> frozenset[str]:
    """Return every facility type that offers a service, narrower ones included."""
    known, names = vocabulary("types"), terms.facilities
    return frozenset().union(*(narrower(name) if name in known else frozenset({name}) for name in names))


def _empty(value: Any) -> bool:  # noqa: ANN401 - a cell of the table of groups
    return bool(pd.isna(value)) or value == ""
