"""Inputs of every siting question: people, candidates and walks; the eligible candidates; the problems in arrays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy.sparse import coo_array, csr_array, hstack
from scipy.spatial import cKDTree

from geoplan.coverage.circle import in_circle, offering
from geoplan.inputs.facilities.facts import CHILD_TYPES
from geoplan.network.graph import WalkGraph
from geoplan.network.reach import reach
from geoplan.siting.options import Options
from geoplan.siting.question import Question, opens_as
from geoplan.siting.solve.problems import Bools, CoverageProblem, DistanceProblem, Floats, Ints
from geoplan.siting.solve.tolerance import ROUNDING_TOLERANCE
from geoplan.standards.data import AssessmentData
from geoplan.standards.rules import Rule, types_of
from geoplan.tables import Service
from geoplan.words.errors import Note


@dataclass(frozen=True, eq=False)
class SitingInputs:
    """People, candidates, and the walks between them.

    Parameters
    ----------
    zones
        `tables.ZONES`.
    demand
        `tables.DEMAND` without the halo: people outside the study area are in no sum.
    demand_snaps, candidate_snaps
        `tables.SNAPS`, by demand_id and candidate_id.
    snaps_with_halo
        `tables.SNAPS` of all people, those of the halo too: they compete for what they reach.
    candidates
        `tables.CANDIDATES` with ``opening_cost``.
    source
        Number of the entry of the study from which each candidate comes, from 1, shape (n_candidates,).
    services
        Service -> its terms.
    graph
        Walking network.
    nearest
        ``service, demand_id, facility_id, seconds`` to the nearest existing facility within the search limit.
    facilities, facility_snaps, supplies
        What exists, as in `tables`.
    rules, flags
        Rules that are judged, and `tables.FLAGS`.
    data
        What the rules were judged on.
    """

    zones: gpd.GeoDataFrame
    demand: gpd.GeoDataFrame
    demand_snaps: pd.DataFrame
    snaps_with_halo: pd.DataFrame
    candidates: gpd.GeoDataFrame
    candidate_snaps: pd.DataFrame
    source: Ints
    services: Mapping[str, Service]
    graph: WalkGraph
    nearest: pd.DataFrame
    facilities: gpd.GeoDataFrame
    facility_snaps: pd.DataFrame
    supplies: pd.DataFrame
    rules: Sequence[Rule]
    flags: pd.DataFrame
    data: AssessmentData
    _walked: dict[tuple[float, float], csr_array] = field(default_factory=dict)

    @property
    def on_network(self) -> Bools:
        """Candidates that people can walk to, shape (n_candidates,)."""
        return np.asarray(self.candidate_snaps["chain"] >= 0, dtype=bool)

    @property
    def zone_id(self) -> pd.Index:
        """Finest zones that have people, in the order of the numbers in :meth:`zone_number`."""
        names: pd.Index = pd.Index(self.demand["zone_id"].dropna().unique()).sort_values()
        return names

    def zone_number(self) -> Ints:
        """Return the number of each point's zone, -1 for none, shape (n_points,)."""
        return self.zone_id.get_indexer(pd.Index(self.demand["zone_id"])).astype(np.int64)

    def people(self, group: str) -> Floats:
        """Return the people of a group at each point, shape (n_points,); unknown ones count as none here."""
        people: Floats = np.nan_to_num(self.demand[group].to_numpy(dtype=np.float64))
        return people

    def walks(self, service: str, minutes: float) -> csr_array:
        """Return the seconds from every point to every candidate within `minutes`, shape (n_candidates, n_points)."""
        kmh = self.services[service].walk_kmh
        if (kmh, minutes) not in self._walked:
            self._walked[kmh, minutes] = self._walks_to(self.candidate_snaps, kmh, minutes)
        return self._walked[kmh, minutes]

    def walks_to_existing(self, service: str, minutes: float) -> tuple[pd.Index, csr_array]:
        """Return the facilities that offer a service, and the seconds from every point to each, shape (n_facilities, n_points)."""
        ids = offering(self.facilities, self.services[service].facilities).index
        snaps = self.facility_snaps.loc[ids]
        snaps = snaps[snaps["chain"] >= 0]
        return snaps.index, self._walks_to(snaps, self.services[service].walk_kmh, minutes)

    def pairs_as_judged(self, rule: Rule, kinds: Mapping[str, str | None]) -> pd.DataFrame:
        """Return the walks to facilities opened at candidates as `geoplan.standards.reachable` will count them under a rule, halo included.

        A facility is walked to within the circle of every service of the study that offers it; one that enlarges another is walked to there.

        Parameters
        ----------
        rule
            A rule with `reached_by`.
        kinds
            candidate_id -> facility type that opens there, None for none.

        Returns
        -------
        pairs
            ``demand_id, facility_id, seconds``, the facility_id that of the candidate; one row a pair.
        """
        told = rule.reached_by()
        assert told is not None  # noqa: S101 - the caller asks for such a rule only
        tables = []
        for name in self.data.services_with(types_of(told[0])):
            terms, offered = self.services[name], self.data.service_types(name)
            opened = pd.Index(
                [candidate for candidate, kind in kinds.items() if kind in offered], dtype=object
            )
            snaps = self._where_judged(opened)
            found = reach(
                self.graph, self.snaps_with_halo, snaps[snaps["chain"] >= 0], walk_kmh=terms.walk_kmh, limit_seconds=terms.limit_seconds
            )  # fmt: skip
            tables.append(found.to_frame())
        pairs = pd.concat(tables, ignore_index=True)
        pairs = pairs.sort_values(["demand_id", "facility_id", "seconds"], kind="stable")
        return pairs.drop_duplicates(["demand_id", "facility_id"], ignore_index=True)

    def _where_judged(self, candidates: pd.Index) -> pd.DataFrame:
        """Return the snaps of candidates, those of the facilities that they enlarge where they do."""
        extends = self.candidates["extends"].reindex(candidates)
        enlarges = extends.isin(self.facility_snaps.index).to_numpy(dtype=bool)
        columns = ["chain", "offset_m", "leg_m"]
        snaps = self.candidate_snaps.loc[candidates, columns].copy()
        snaps.loc[enlarges] = self.facility_snaps.loc[extends[enlarges], columns].to_numpy()
        return snaps.astype(self.candidate_snaps.dtypes[columns].to_dict())

    def zone_weights(self, group: str) -> csr_array:
        """Return the share of its zone's people at each point, shape (n_points, n_zones); 0 in a zone without any."""
        zone, people = self.zone_number(), self.people(group)
        inside = np.flatnonzero(zone >= 0)
        total = np.bincount(zone[inside], weights=people[inside], minlength=len(self.zone_id))
        weight = people[inside] / np.where(total > 0, total, 1.0)[zone[inside]]
        return coo_array((weight, (inside, zone[inside])), shape=(len(zone), len(self.zone_id))).tocsr()

    def zone_shares(self, walks: csr_array, group: str) -> csr_array:
        """Return the share of each zone's people who walk to each candidate, shape (n_candidates, n_zones).

        Parameters
        ----------
        walks
            Seconds, shape (n_candidates, n_points); an entry is a walk within the limit.
        group
            Group of people.
        """
        walked = csr_array((np.ones(walks.nnz), walks.indices, walks.indptr), shape=walks.shape)
        return csr_array(walked @ self.zone_weights(group))

    def _walks_to(self, snaps: pd.DataFrame, kmh: float, minutes: float) -> csr_array:
        found = reach(self.graph, self.demand_snaps, snaps, walk_kmh=kmh, limit_seconds=60.0 * minutes)
        turned = csr_array(found.to_scipy().T.tocsr())
        turned.sort_indices()
        return turned

    def existing_seconds(self, service: str) -> Floats:
        """Return the seconds to the nearest existing facility, inf for none within the search limit, shape (n_points,)."""
        rows = self.nearest[self.nearest["service"] == service].set_index("demand_id")["seconds"]
        seconds = rows.reindex(self.demand.index).to_numpy(dtype=np.float64, na_value=np.nan)
        return np.where(np.isnan(seconds), np.inf, seconds)


#: So many candidates are named where some are left out.
NAMED = 8


@dataclass(frozen=True, eq=False)
class EligibleCandidates:
    """The candidates that a question considers, and what each would open.

    Parameters
    ----------
    use
        Candidates that may be chosen, shape (n_candidates,).
    kinds
        Service -> facility type of each candidate, None where it may not hold the service.
    notes
        Why others are left out, one note a reason.
    """

    use: Bools
    kinds: Mapping[str, list[str | None]]
    notes: tuple[Note, ...]


def eligible(inputs: SitingInputs, question: Question, *, costed: bool) -> EligibleCandidates:
    """Return the candidates that a question considers; required ones that cannot be chosen are listed like all others.

    Parameters
    ----------
    costed
        Whether candidates of unknown cost are left out.
    """
    candidates = inputs.candidates
    kinds = {
        name: [
            opens_as(holds, inputs.services[name].facilities, question.build.get(name))
            for holds in candidates["services"]
        ]
        for name in question.services
    }
    wrong_type = ~np.any([[kind is not None for kind in kinds[name]] for name in question.services], axis=0)
    last = question.phases[-1].by
    from_year = candidates["from_year"].astype(float).to_numpy()
    reasons = {
        "candidate_not_asked": np.array(
            [
                bool(question.candidates) and number not in (question.candidates or ())
                for number in inputs.source
            ],
            dtype=bool,
        ),
        "candidate_forbidden": (candidates["rule"] == "forbidden").to_numpy(dtype=bool),
        "candidate_wrong_type": wrong_type.astype(bool),
        "candidate_holds_nothing": holds_nothing(candidates, kinds),
        "candidate_off_network": ~inputs.on_network,
        "candidate_too_near": _near_existing(inputs, kinds, question.min_spacing_m),
        "candidate_too_late": np.nan_to_num(from_year, nan=-np.inf) > last,
        "candidate_cost_unknown": candidates["opening_cost"].isna().to_numpy(dtype=bool) & costed,
    }
    use = np.ones(len(candidates), dtype=bool)
    notes = []
    for code, out in reasons.items():
        newly = use & out
        use &= ~out
        if newly.any() and code != "candidate_not_asked":
            notes.append(left_out(code, candidates[newly], question))
    return EligibleCandidates(use, kinds, tuple(notes))


def holds_nothing(candidates: pd.DataFrame, kinds: Mapping[str, list[str | None]]) -> Bools:
    """Return the candidates that state a 0 and nothing above it, or no place for the children whom alone they would serve, shape (n,).

    `kinds` is service -> facility type of each candidate. What is not stated is unknown, and never 0.
    """
    sizes = candidates[["floor_area_m2", "most_beds", "most_places"]].to_numpy(dtype=np.float64)
    nothing = (sizes == 0).any(axis=1) & ~(sizes > 0).any(axis=1)
    opened = [[own[n] for own in kinds.values() if own[n] is not None] for n in range(len(candidates))]
    children = np.array([bool(own) and CHILD_TYPES.issuperset(own) for own in opened], dtype=bool)
    return np.asarray(nothing | (children & (sizes[:, 2] == 0)), dtype=bool)


def near_groups(inputs: SitingInputs, question: Question, eligibility: EligibleCandidates) -> list[Ints]:
    """Return groups of candidates of which at most one may open, for `min_spacing_m`: every pair that is too near stands in one.

    Candidates that enlarge a facility stand where they stand. Groups are cliques, grown from the lowest positions: fewer and tighter rows
    than a row a pair.
    """
    if question.min_spacing_m is None:
        return []
    place = inputs.candidates.geometry.centroid
    groups: dict[tuple[int, ...], None] = {}
    for kinds in eligibility.kinds.values():
        opens = np.array([kind is not None for kind in kinds], dtype=bool) & eligibility.use
        own = np.flatnonzero(opens & ~_enlarges(inputs.candidates))
        tree = cKDTree(np.column_stack([place.x, place.y])[own])
        near: dict[int, set[int]] = {}
        for i, j in sorted(tree.query_pairs(question.min_spacing_m * (1.0 - ROUNDING_TOLERANCE))):
            near.setdefault(int(i), set()).add(int(j))
        covered: set[tuple[int, int]] = set()
        for i, j in [(one, other) for one in sorted(near) for other in sorted(near[one])]:
            if (i, j) in covered:
                continue
            clique = [i, j]
            for k in sorted(near[i] & near.get(j, set())):
                if all(k in near.get(one, ()) for one in clique):
                    clique.append(k)
            covered.update(combinations(clique, 2))
            groups[tuple(own[clique].tolist())] = None
    return [np.array(group) for group in groups]


def _enlarges(candidates: pd.DataFrame) -> Bools:
    return np.array([isinstance(one, str) and one != "" for one in candidates["extends"]], dtype=bool)


def _near_existing(
    inputs: SitingInputs, kinds: Mapping[str, list[str | None]], metres: float | None
) -> Bools:
    """Return the candidates nearer than `metres` to a facility of a service that they would offer, shape (n_candidates,)."""
    near = np.zeros(len(inputs.candidates), dtype=bool)
    if metres is None:
        return near
    limit = metres * (1.0 - ROUNDING_TOLERANCE)
    for service, own in kinds.items():
        offers = np.array([kind is not None for kind in own], dtype=bool)
        near |= offers & (metres_to_existing(inputs, service) < limit)
    return np.asarray(near & ~_enlarges(inputs.candidates), dtype=bool)


def metres_to_existing(inputs: SitingInputs, service: str) -> Floats:
    """Return the straight line from each candidate to the nearest facility that offers a service; inf without one or without a point."""
    there = offering(inputs.facilities, inputs.services[service].facilities).geometry
    there, place = there[there.notna()].centroid, inputs.candidates.geometry.centroid
    metres = np.full(len(place), np.inf)
    has = np.asarray(place.notna() & ~place.is_empty, dtype=bool)
    if len(there) and has.any():
        tree = cKDTree(np.column_stack([there.x, there.y]))
        metres[has] = tree.query(np.column_stack([place.x, place.y])[has])[0]
    return metres


def left_out(code: str, rows: pd.DataFrame, question: Question) -> Note:
    """Return a note that names candidates which a question leaves out, and why."""
    names = tuple(rows["name"].astype(str))
    severity = "info" if code in ("candidate_forbidden", "candidate_wrong_type") else "warning"
    return Note.of(
        code,
        severity=severity,
        question=question.name,
        count=f"{len(rows):,}",
        names=names[:NAMED] + (("…",) if len(names) > NAMED else ()),
    )


def coverage_problem(
    inputs: SitingInputs, question: Question, eligibility: EligibleCandidates, options: Options
) -> CoverageProblem:
    """Return the points that each option covers: a block of points for each service and phase.

    Points of phase t are covered by options that open by then; the zone numbers of each block are its own, so that shares by
    community are shares of one service in one phase.
    """
    minutes = {service: question.minutes(inputs.services[service]) for service in question.services}
    covers, weight, zone = _blocks(inputs, question, eligibility, options, minutes)
    covered = [
        in_circle(inputs.existing_seconds(service), walk_minutes=minutes[service])
        for service in question.services
        for _ in question.phases
    ]
    return CoverageProblem(options.constraints, covers, weight, np.concatenate(covered), zone)


def distance_problem(
    inputs: SitingInputs, question: Question, eligibility: EligibleCandidates, options: Options
) -> DistanceProblem:
    """Return how far every point is from every option within `reach_minutes`: a block for each service and phase."""
    minutes = dict.fromkeys(question.services, question.reach_minutes)
    seconds, weight, zone = _blocks(inputs, question, eligibility, options, minutes)
    cutoff_seconds = 60.0 * question.reach_minutes
    # within rounding tolerance of the limit counts as within it
    seconds.data = np.minimum(seconds.data, cutoff_seconds)
    now = np.concatenate(
        [inputs.existing_seconds(service) for service in question.services for _ in question.phases]
    )
    now[now > cutoff_seconds] = np.inf
    return DistanceProblem(options.constraints, seconds, weight, now, cutoff_seconds, zone)


def _blocks(
    inputs: SitingInputs,
    question: Question,
    eligibility: EligibleCandidates,
    options: Options,
    minutes: Mapping[str, float],
) -> tuple[csr_array, Floats, Ints]:
    """Return the walks within each service's `minutes`, people and zone numbers: a block of points for each service and phase."""
    zones = inputs.zone_number()
    walks: list[csr_array] = []
    weight, numbers = [], []
    for service in question.services:
        seconds = inputs.walks(service, minutes[service])
        people = inputs.people(inputs.services[service].group)
        for phase in range(len(question.phases)):
            numbers.append(np.where(zones >= 0, zones + len(walks) * len(inputs.zone_id), -1))
            walks.append(_block(seconds, eligibility, options, service, phase))
            weight.append(people)
    return csr_array(hstack(walks, format="csr")), np.concatenate(weight), np.concatenate(numbers)


def _block(
    seconds: csr_array, eligibility: EligibleCandidates, options: Options, service: str, phase: int
) -> csr_array:
    """Return the walks of the options that open by `phase` and hold `service`, shape (n_options, n_points)."""
    holds = np.array([kind is not None for kind in eligibility.kinds[service]], dtype=bool)
    serves = (options.phase <= phase) & holds[options.candidate]
    mine = seconds[options.candidate]
    lengths = np.diff(mine.indptr)
    kept = np.repeat(serves, lengths)
    start = np.concatenate([[0], np.cumsum(np.where(serves, lengths, 0))])
    return csr_array((mine.data[kept], mine.indices[kept], start), shape=mine.shape)
