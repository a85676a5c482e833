"""The base map: what every map of a delivery draws, whichever renderer draws it.

Web map, atlas, pictures of the papers and the comparison take zones, streets, facilities, isochrones and people outside the
circle from here, so that a facility has one mark, one name and one size in all of them. Geometry is in the study's CRS.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geoplan.coverage.circle import in_circle
from geoplan.inputs.streets.walk_table import ACROSS
from geoplan.report import look
from geoplan.report.content.names import level_order, whole_zones
from geoplan.report.content.table import Amount
from geoplan.tables import LEVELS, Outcome
from geoplan.words.labels import facility_label, label

#: Street classes that keep their weight when the whole city is in view.
MAJOR = frozenset({"motorway", "trunk", "primary", "secondary"})

#: Candidates that are drawn at most; a map that draws fewer than there are says so.
MOST_CANDIDATES = 3000

Lines = npt.NDArray[np.object_]


@dataclass(frozen=True)
class Kind:
    """One kind of facility as the legend shows it.

    Parameters
    ----------
    code, label
        Facility type, and its name in the outcome's language.
    service
        Place of its service among the study's; -1 for none.
    shape, colour
        Its mark: one of `look.MARK_SHAPES`, and the colour of its service.
    """

    code: str
    label: str
    service: int
    shape: str
    colour: str


@dataclass(frozen=True, eq=False)
class PeopleOutside:
    """Demand points with people outside the circle of one service.

    Parameters
    ----------
    points
        Their points, study CRS.
    people
        People at each point, shape (n,), > 0.
    total
        All of them, as the circle's table has it; NaN where it has none.
    """

    points: gpd.GeoSeries
    people: npt.NDArray[np.float64]
    total: float


class BaseMap:
    """What the maps of one outcome are drawn from; each part is made when it is first asked for."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome, self.lang = outcome, outcome.lang
        partition = [level for level in LEVELS[1:4] if (outcome.zones["level"] == level).any()]
        self.finest = partition[-1] if partition else LEVELS[0]
        self.coarse = tuple(partition[:-1])
        self._boundaries: dict[str, Lines] = {}

    # --- zones ------------------------------------------------------------------------------------------------------

    @cached_property
    def levels(self) -> tuple[str, ...]:
        """Levels present, coarse to fine, estates too."""
        return tuple(level_order(self.outcome.zones["level"]))

    def zones(self, level: str) -> gpd.GeoDataFrame:
        """Return the zones of a level."""
        return self.outcome.zones[self.outcome.zones["level"] == level]

    def above(self, zone_id: str) -> npt.NDArray[np.bool_]:
        """Return for each finest zone whether it lies in `zone_id` (or is it)."""
        parents = self.outcome.zones["parent_id"]
        at = pd.Series(self.zones(self.finest).index, index=self.zones(self.finest).index)
        found = at == zone_id
        for _ in LEVELS:
            at = at.map(parents)
            found |= at == zone_id
        return found.to_numpy(dtype=bool)

    def below(self, zone_id: str) -> gpd.GeoDataFrame:
        """Return the finest zones inside `zone_id`."""
        return self.zones(self.finest).loc[self.above(zone_id)]

    def boundary_lines(self, level: str) -> Lines:
        """Return the zones' edges of a level as lines."""
        if level not in self._boundaries:
            self._boundaries[level] = shapely.boundary(np.asarray(self.zones(level).geometry.array))
        return self._boundaries[level]

    @cached_property
    def ground(self) -> Mapping[str, Lines]:
        """Water, green, rail and other barriers that the inputs hold, in the order in which they are drawn; what there is none of is left out."""
        table = self.outcome.ground
        of = {kind: table.geometry[table["kind"] == kind] for kind in look.GROUND_STYLES}
        return {kind: np.asarray(shapes.array, dtype=object) for kind, shapes in of.items() if len(shapes)}

    # --- streets ----------------------------------------------------------------------------------------------------

    @cached_property
    def street_lines(self) -> tuple[Lines, Lines]:
        """Minor and major streets as the network has them; slip roads go with their main road. Lines across squares are none."""
        table = self.outcome.streets
        table = table[table["highway"] != ACROSS]
        lines = np.asarray(table.geometry.array)
        kept = shapely.length(lines) > 0
        highway = table["highway"].astype(object)
        main = highway.map(lambda word: str(word).removesuffix("_link") in MAJOR).to_numpy(dtype=bool)
        return lines[kept & ~main], lines[kept & main]

    @cached_property
    def streets(self) -> tuple[Lines, Lines]:
        """`street_lines` merged end to end."""
        minor, main = self.street_lines
        return _merged(minor), _merged(main)

    # --- facilities -------------------------------------------------------------------------------------------------

    @cached_property
    def kinds(self) -> tuple[Kind, ...]:
        """Kinds of the facilities that are drawn: the services' types in the study's order, then the others by name."""
        service_of = self._service_of
        present = set(self.facilities["kind"])
        order = [*service_of, *sorted(present - set(service_of))]
        return tuple(
            Kind(
                code,
                facility_label(code, self.lang),
                service_of.get(code, -1),
                look.MARK_SHAPES[place % len(look.MARK_SHAPES)],
                look.SERVICE_COLOURS[service_of.get(code, -1) % len(look.SERVICE_COLOURS)],
            )
            for place, code in enumerate(order)
            if code in present
        )

    @cached_property
    def _service_of(self) -> dict[str, int]:
        services = self.outcome.services.values()
        return {kind: place for place, entry in enumerate(services) for kind in entry.facilities}

    @cached_property
    def facilities(self) -> gpd.GeoDataFrame:
        """Facilities that have a point and are not closed.

        Indexed by ``facility_id``: ``name, kind, service`` (place, -1 for none), ``status, approximate, inside`` (of the study
        area), ``radius`` (pixels at 1), ``capacity`` (its known amounts in words), ``source`` (file and row), ``geometry``.
        """
        every = self.outcome.facilities
        shown = every[every.geometry.notna() & (every["status"] != "closed")]
        kinds = [self._kind_of(services) for services in shown["services"]]
        sizes, words = self._capacities
        columns = {
            "name": shown["name"].map(str),
            "kind": kinds,
            "service": [self._service_of.get(kind, -1) for kind in kinds],
            "status": shown["status"],
            "approximate": shown["location_quality"] == "approximate",
            "inside": shown["zone_id"].notna(),
            "radius": [look.mark_radius(sizes.get(key)) for key in shown.index],
            "capacity": [" · ".join(words.get(key, [])) for key in shown.index],
            "source": [
                f"{file} #{row}" for file, row in zip(shown["source_file"], shown["source_row"], strict=True)
            ],
        }
        return gpd.GeoDataFrame(
            pd.DataFrame(columns, index=shown.index), geometry=shown.geometry, crs=self.outcome.crs
        )

    def _kind_of(self, services: tuple[str, ...]) -> str:
        """Return the type that a facility is drawn as: the first that a service counts."""
        kinds = list(services)
        return next((kind for kind in kinds if kind in self._service_of), kinds[0] if kinds else "")

    @cached_property
    def _capacities(self) -> tuple[dict[str, float], dict[str, list[str]]]:
        """Beds or places (the larger) that size a mark, and every amount in words, by facility."""
        amounts = self.outcome.supplies.groupby(["facility_id", "supply"], sort=False)[["low", "high"]].sum()
        words: dict[str, list[str]] = {}
        sizes: dict[str, float] = {}
        for (facility, supply), low, high in zip(amounts.index, amounts["low"], amounts["high"], strict=True):
            unknown = low == 0 and np.isinf(high)
            shown = label("unknown", self.lang) if unknown else Amount(low, high, "count").text(self.lang)
            words.setdefault(facility, []).append(f"{label(supply, self.lang)} {shown}")
            if supply in ("beds", "places"):
                sizes[facility] = max(float(low), sizes.get(facility, 0.0))
        return sizes, words

    @cached_property
    def planned(self) -> gpd.GeoDataFrame:
        """Facilities under construction or planned that have a point: ``name, status, geometry``."""
        table = self.outcome.planned
        if not len(table):
            return gpd.GeoDataFrame({"name": [], "status": []}, geometry=[], crs=self.outcome.crs)
        shown = table[table.geometry.notna() & table["status"].isin(["building", "planned"])]
        return gpd.GeoDataFrame(
            {"name": shown["name"].map(str), "status": shown["status"]},
            geometry=shown.geometry,
            crs=self.outcome.crs,
        )

    def candidates_left(self, chosen: Collection[str]) -> tuple[gpd.GeoDataFrame, int]:
        """Return the candidates with a point that are not `chosen`, at most `MOST_CANDIDATES` of them, and how many there are."""
        table = self.outcome.candidates
        if not len(table):
            return gpd.GeoDataFrame({"name": []}, geometry=[], crs=self.outcome.crs), 0
        own = table[~table.index.isin(list(chosen)) & table.geometry.notna()]
        total = len(own)
        if total > MOST_CANDIDATES:
            # taken evenly, the first and the last among them
            own = own.iloc[np.linspace(0, total - 1, MOST_CANDIDATES).round().astype(int)]
        return own, total

    # --- reach ------------------------------------------------------------------------------------------------------

    def isochrones(self, service: str) -> gpd.GeoDataFrame:
        """Return the bands of one service, ``minutes, geometry``, the widest first."""
        return bands_inward(self.outcome.isochrones, service)

    def people_outside(self, service: str) -> PeopleOutside:
        """Return the people outside the circle of one service, by demand point of the study area; none off the network."""
        outcome, entry = self.outcome, self.outcome.services[service]
        snaps = outcome.snaps[outcome.snaps["of"] == "demand"]
        off = outcome.demand.index.map(str).isin(snaps.index[(snaps["chain"] < 0).to_numpy()])
        inner = ~outcome.demand["halo"].to_numpy(dtype=bool) & ~off
        own = outcome.nearest[outcome.nearest["service"] == service].set_index("demand_id")["seconds"]
        seconds = own.reindex(outcome.demand.index).to_numpy(dtype=np.float64, na_value=np.inf)
        seconds = np.where(np.isnan(seconds), np.inf, seconds)
        people = outcome.demand[entry.group].to_numpy(dtype=np.float64)
        covered = np.asarray(in_circle(seconds, walk_minutes=entry.walk_minutes))
        out = inner & (people > 0) & ~covered
        total = self.circle(service)["outside"].reindex(self.zones("area").index).sum(min_count=1)
        return PeopleOutside(outcome.demand.geometry[out], people[out], float(total))

    def circle(self, service: str, measure: str = "network") -> pd.DataFrame:
        """Return the circle's rows of whole zones, by ``zone_id``."""
        return whole_zones(self.outcome, service=service, measure=measure).set_index("zone_id")


def bands_inward(isochrones: gpd.GeoDataFrame, service: str) -> gpd.GeoDataFrame:
    """Return the isochrones of one service, the widest first, so that nearer bands are drawn above."""
    own = isochrones[isochrones["service"] == service]
    return own.sort_values("minutes", ascending=False, kind="stable")


def _merged(lines: Lines) -> Lines:
    if not len(lines):
        return lines
    whole = shapely.line_merge(shapely.multilinestrings(shapely.get_parts(lines)))
    return np.asarray(shapely.get_parts(whole))
