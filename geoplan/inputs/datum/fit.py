"""Is every file in the datum that it claims? All layers and lists of a study are judged together by how they lie on each other.

Boundaries run along streets and along each other, and facilities stand on streets: in the right datum they lie much closer
than anywhere else. How close is closer by chance is measured too, on copies moved by 400-1,200 m in all directions. What a pair of
layers says is counted in (robust) standard deviations of those copies, for each two datums that the pair may really be in. A shift
has a sign, so that a pair alone mostly tells which of the two lies wrong: streets are accused like any other layer.

The best explanation is the one with the most evidence over all pairs and the fewest layers in another datum than declared; it must beat
what is declared by `CLEAR`. Layers that share lines come from one source and say one thing: how they lie on each other proves nothing, and
their evidence counts once. So do lists of one source. The district column of a register helps where the streets are faint, but it
never outvotes them. Points that have nothing to do with streets (middles of communities) say nothing: *cannot tell*.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations, product

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pyproj import CRS
from scipy.stats import binomtest, norm

from geoplan.inputs.datum.move import WGS84, Datum, project, reread
from geoplan.words.catalogue import phrase
from geoplan.words.errors import Note
from geoplan.words.labels import listed

Floats = npt.NDArray[np.float64]

#: How fast the score of a point falls with its distance from the nearest line: exp(-metres / SCALE_M). Half a street's width and
#: a forecourt; hundreds of metres score nothing, so that far outliers do not weigh.
SCALE_M = 30.0
#: Copies of the points that show what chance gives: how many, how far they are moved (metres), and by what angle each is turned from
#: the one before. The golden angle spreads them evenly and keeps them off the axes of a street grid, along which a move changes little.
COPIES, NEAREST_COPY_M, FARTHEST_COPY_M, GOLDEN_ANGLE = 30, 400.0, 1200.0, np.pi * (3 - 5**0.5)
#: What it takes to say that a layer is in a datum, or in another than declared, in standard deviations of the copies. On Wuhan's
#: registers and boundaries the right datum has 7-21 and wrong ones at most 2.6; middles of communities, which fit nothing, 2.4.
CLEAR = 5.0
#: A pair that says less than this, or whose best datum is best in fewer of the bootstrap resamples than `SUPPORT`, says nothing.
FAINT = 3.0
SUPPORT = 0.95
RESAMPLES = 400
#: Of explanations that are equally good, the one with the fewest wrong layers is taken, and with the streets as declared: most are
#: OpenStreetMap's. In standard deviations, for each wrong layer, and more for streets.
EACH_WRONG, STREETS_WRONG = 1.0, 1.0
#: The district column says something if so few points would say it by chance (two-sided sign test).
SIGN_LEVEL = 0.01
#: Larger inputs are thinned evenly to this many points.
MOST_POINTS = 1200
#: Fewer points than this say nothing.
FEWEST_POINTS = 8
#: Datums that put the points in one place are one candidate (abroad GCJ-02 is WGS 84), metres.
SAME_M = 10.0
#: Two layers are of one source if this share of the one's corners lies on the other's lines, within the rounding of files.
SHARED, SHARED_M = 0.5, 0.5

#: Of more sources (a file a district) not every explanation is tried.
FEW_SOURCES = 6

#: Datums that a file may really be in; all others are WGS 84 to within metres.
REAL = ("wgs84", "gcj02", "bd09")
#: What layers are called in a note, by the catalogue; other things go under their own names.
NAMED_LAYERS = ("streets", "district", "town", "community", "estate")

#: Fixed, so that the same points get the same answer.
_SEED = 20231122


@dataclass(frozen=True, eq=False)
class Placed:
    """Something with a place that is judged: streets, a layer of zones, or the points of a list.

    Parameters
    ----------
    geometry
        As declared, in the study's metric CRS: lines, polygons or points.
    declared
        What the file is said to be in, as for `datum.to_crs`; None: nothing was stated.
    role
        ``streets``, a level, or ``list``.
    file
        The file's name, for the note.
    source
        Who made it; lists of one source and datum count once.
    known
        The datum of `REAL` that it is in, where that is beyond doubt (OpenStreetMap's own files are WGS 84); empty: to be judged.
    named_districts
        Of a list: the zone id of the district that each row names, indexed like `geometry`.
    """

    geometry: gpd.GeoSeries
    declared: Datum | None
    role: str
    file: str = ""
    source: str = ""
    known: str = ""
    named_districts: pd.Series | None = None

    @property
    def name(self) -> str:
        """What a note calls the declared datum."""
        if self.declared is None:
            return "wgs84"
        return self.declared if isinstance(self.declared, str) else f"{len(self.declared)} control points"

    @property
    def read_as(self) -> str:
        """The datum of `REAL` from which it was moved."""
        return self.name.lower() if self.name.lower() in REAL else "wgs84"

    @property
    def candidates(self) -> tuple[str, ...]:
        """The datums that it may really be in, the declared one first."""
        return (self.known,) if self.known else tuple(sorted(REAL, key=lambda name: name != self.read_as))

    def called(self, real: str) -> str:
        """Return what a note calls a datum of `REAL`: the declared one goes under its own name."""
        return self.name if real == self.read_as else real

    @cached_property
    def lonlat(self) -> Floats:
        """Points, or places along boundaries, evenly thinned, as declared: WGS 84, degrees, shape (n, 2)."""
        return project(self._sample[0], CRS(self.geometry.crs), WGS84)

    @property
    def kept(self) -> pd.Index:
        """The rows of `geometry` from which `lonlat` are."""
        kept: pd.Index = self.geometry.index[self._sample[1]]
        return kept

    @cached_property
    def _sample(self) -> tuple[Floats, npt.NDArray[np.int64]]:
        """Points of a list, or corners of boundaries and as many places at even distances along them; and the row of each."""
        shapes = np.asarray(self.geometry.array, dtype=object)
        most = MOST_POINTS if self.role == "list" else MOST_POINTS // 2
        xy, row = shapely.get_coordinates(shapes, return_index=True)
        thinned = np.linspace(0, len(xy) - 1, min(len(xy), most)).round().astype(np.int64)
        xy, row = xy[thinned], row[thinned]
        if self.role == "list" or not len(xy):
            return xy, row
        areal = shapely.get_dimensions(shapes) == 2
        lines, line_row = shapely.get_parts(
            np.where(areal, shapely.boundary(shapes), shapes), return_index=True
        )
        ends = np.cumsum(shapely.length(lines))
        along = (np.arange(most) + 0.5) / most * ends[-1]
        line = np.searchsorted(ends, along)
        places = shapely.line_interpolate_point(lines[line], along - np.concatenate([[0.0], ends])[line])
        return np.vstack([xy, shapely.get_coordinates(places)]), np.concatenate([row, line_row[line]])

    @cached_property
    def tree(self) -> shapely.STRtree:
        """Its lines, ready to be searched; rings of polygons are cut into their segments."""
        shapes = np.asarray(self.geometry.array, dtype=object)
        shapes = shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
        areal = np.isin(shapely.get_type_id(shapes), (3, 6))
        xy, ring = shapely.get_coordinates(
            shapely.get_rings(shapely.get_parts(shapes[areal])), return_index=True
        )
        joined = ring[1:] == ring[:-1]
        segments = shapely.linestrings(np.stack([xy[:-1][joined], xy[1:][joined]], axis=1))
        return shapely.STRtree(np.concatenate([shapes[~areal], segments]))


@dataclass(frozen=True)
class DatumFit:
    """How well a layer or list lies under each datum, the others being what they most likely are.

    Parameters
    ----------
    verdict
        ``fits``, ``looks_like`` (another than declared) or ``cannot_tell``.
    declared, likely
        What the file is said to be in; what it looks like (empty where it cannot be told).
    metres
        How far the points move between the two (median); 0 where they agree or it cannot be told.
    median_m
        Candidate -> median distance to the nearest line, metres, of the points that are near one under some datum.
    clearness
        Candidate -> by how many standard deviations it fits better than moved copies, over all that it was laid on.
    support
        Share of resamples (0-1) in which the best candidate is best.
    inside
        Candidate -> share of points inside the district that they name; empty without districts.
    against
        What tells most about it: ``streets`` or a level; empty where there is nothing of another source.
    points
        How many points lie near a line under some datum.
    file, role
        As `Placed` has them.
    """

    verdict: str
    declared: str
    likely: str
    metres: float
    median_m: Mapping[str, float]
    clearness: Mapping[str, float]
    support: float
    inside: Mapping[str, float]
    against: str
    points: int
    file: str = ""
    role: str = ""

    def note(self) -> Note:
        """Return the verdict as a note: a warning where the file looks like another datum."""
        if not self.against:
            return Note.of("datum_alone", file=self.file, declared=self.declared, severity="info")
        medians = ", ".join(f"{name} {metres:.0f} m" for name, metres in self.median_m.items())
        return Note.of(
            f"datum_{self.verdict}",
            file=self.file,
            severity="warning" if self.verdict == "looks_like" else "info",
            declared=self.declared,
            likely=self.likely,
            metres=f"{self.metres:.0f}",
            medians=medians or "–",
            support=f"{self.support:.0%}",
            points=self.points,
            against_zh=_called(self.against, "zh"),
            against_en=_called(self.against, "en"),
        )


@dataclass(frozen=True)
class Judgement:
    """What is said of every layer and list.

    `fits` (of streets only where they look like another datum), the datum of `REAL` that each layer most likely is in, and
    notes: one a fit, and which layers were counted once.
    """

    fits: tuple[DatumFit, ...]
    real: tuple[str, ...]
    notes: tuple[Note, ...]


def judge(layers: Sequence[Placed], lists: Sequence[Placed] = ()) -> Judgement:
    """Return under which datum each layer and each list lies best on the others.

    Parameters
    ----------
    layers
        Streets and zones.
    lists
        Points of registers and lists, which are laid on the streets and never on each other.
    """
    pairs = {
        (a, b): _laid_both_ways(layers[a], layers[b])
        for a, b in combinations(range(len(layers)), 2)
        if _meet(layers[a], layers[b])
    }
    group = _groups(layers, pairs)
    pairs = {(a, b): pair for (a, b), pair in pairs.items() if group[a] != group[b]}
    heard = [_Heard.of(one, layers) for one in lists]
    real = _best(layers, group, pairs, heard)
    fits = []
    for at, layer in enumerate(layers):
        views = [_View(pair, 0, real[b], layers[b].role) for (a, b), pair in pairs.items() if a == at]
        views += [_View(pair, 1, real[a], layers[a].role) for (a, b), pair in pairs.items() if b == at]
        fits.append(_fit(layer, real[at], views))
    fits += [_fit(one.placed, one.best(real)[0], one.views(real), one.inside(real)) for one in heard]
    told = tuple(fit for fit in fits if fit.role != "streets" or fit.verdict == "looks_like")
    return Judgement(told, real, (*(fit.note() for fit in told), *_shared_notes(layers, group)))


# --- what a pair says -----------------------------------------------------------------------------------------------

#: The datums that the first and the second of a pair are really in.
Both = tuple[str, str]


@dataclass(frozen=True)
class _Pair:
    """How one lies on the other, by the datums that the two are really in; `shared` is the share (0-1) of corners in common."""

    clearness: Mapping[Both, float]
    median_m: Mapping[Both, float]
    support: float = 0.0
    points: int = 0
    shared: float = 0.0

    @cached_property
    def evidence(self) -> dict[Both, float]:
        """Standard deviations in favour of each two datums; 0 for all where the pair says nothing."""
        clear = max(self.clearness.values()) >= FAINT and self.support >= SUPPORT
        heard = clear and self.points >= FEWEST_POINTS
        return {both: max(value, 0.0) if heard else 0.0 for both, value in self.clearness.items()}

    def turned(self) -> "_Pair":
        """Return the same, seen from the second."""
        clearness, median_m = (
            {(a, b): value for (b, a), value in of.items()} for of in (self.clearness, self.median_m)
        )
        return replace(self, clearness=clearness, median_m=median_m)


@dataclass(frozen=True)
class _View:
    """A pair seen from one `side` (0, 1), the other, of role `against`, being in the datum `other`."""

    pair: _Pair
    side: int
    other: str
    against: str

    def of(self, values: Mapping[Both, float]) -> dict[str, float]:
        """Return what `values` give for each datum of this side."""
        return {both[self.side]: value for both, value in values.items() if both[1 - self.side] == self.other}

    @property
    def evidence(self) -> dict[str, float]:
        """Standard deviations in favour of each datum of this side."""
        return self.of(self.pair.evidence)


def _places(a: Placed, b: Placed) -> tuple[list[Floats], dict[Both, int]]:
    """Return where the points of `a` lie on `b` as declared, metric, and which of these places each two datums give."""
    target = CRS(b.geometry.crs)
    places: list[Floats] = []
    at = {}
    for real_a, real_b in product(a.candidates, b.candidates):
        lonlat = reread(reread(a.lonlat, a.read_as, real_a), real_b, b.read_as)
        there = project(lonlat, WGS84, target)
        same = (i for i, known in enumerate(places) if _median_m(there, known) <= SAME_M)
        at[real_a, real_b] = next(same, len(places))
        places += [there] if at[real_a, real_b] == len(places) else []
    return places, at


def _median_m(one: Floats, other: Floats) -> float:
    return float(np.median(np.linalg.norm(one - other, axis=1))) if len(one) else 0.0


def _meet(a: Placed, b: Placed) -> bool:
    """Return whether two layers can say something of each other: files of one level beside each other cannot, nor distant ones."""
    boxes = [shapely.box(*one.geometry.total_bounds).buffer(FARTHEST_COPY_M) for one in (a, b)]
    return a.role != b.role and bool(boxes[0].intersects(boxes[1]))


def _laid_both_ways(a: Placed, b: Placed) -> _Pair:
    """Return how two layers lie on each other: what tells more of the one on the other and the other on the one.

    Corners of streets are everywhere: streets are never laid on zones.
    """
    ways = [] if a.role == "streets" else [_laid(a, b)]
    ways += [] if b.role == "streets" else [_laid(b, a).turned()]
    most = max(ways, key=lambda pair: max(pair.evidence.values()))
    return replace(most, shared=max(pair.shared for pair in ways))


def _laid(a: Placed, b: Placed) -> _Pair:
    """Lay the points of `a` under every two datums, and copies moved at random, on the lines of `b`; compare the scores."""
    places, at = _places(a, b)
    nothing = dict.fromkeys(at, 0.0)
    if not len(a.lonlat) or not len(b.tree):
        return _Pair(nothing, {})
    metres = [_nearest(b.tree, place) for place in places]
    scores = np.exp(-np.array(metres) / SCALE_M)
    chance = np.array([np.exp(-_nearest(b.tree, places[0] + step) / SCALE_M).mean() for step in _steps()])
    middle = np.median(chance)
    spread = 1.4826 * np.median(np.abs(chance - middle))
    clearness = (scores.mean(axis=1) - middle) / spread if spread > 0 else np.zeros(len(places))

    random = np.random.default_rng(_SEED)
    draws = random.integers(0, scores.shape[1], (RESAMPLES, scores.shape[1]))
    wins = scores[:, draws].mean(axis=2).argmax(axis=0) == int(np.argmax(clearness))
    near = scores.max(axis=0) > np.exp(-NEAREST_COPY_M / SCALE_M)
    medians = [float(np.median(m[near])) if near.any() else float("nan") for m in metres]
    return _Pair(
        {both: float(clearness[i]) for both, i in at.items()},
        {both: medians[i] for both, i in at.items()},
        float(wins.mean()),
        int(near.sum()),
        float(np.mean(metres[0] <= SHARED_M)),
    )


def _nearest(tree: shapely.STRtree, xy: Floats) -> Floats:
    """Return metres from each point to the nearest line; inf for points that are nowhere."""
    metres = np.full(len(xy), np.inf)
    real = np.isfinite(xy).all(axis=1)
    if len(tree) and real.any():
        _, metres[real] = tree.query_nearest(
            shapely.points(xy[real]), return_distance=True, all_matches=False
        )
    return metres


def _steps() -> list[Floats]:
    """Return the moves of the copies, metres east and north."""
    angles = GOLDEN_ANGLE * np.arange(COPIES)
    metres = np.linspace(NEAREST_COPY_M, FARTHEST_COPY_M, COPIES)
    return list(np.column_stack([metres * np.cos(angles), metres * np.sin(angles)]))


# --- what a list says -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Heard:
    """What is known of a list: how it lies on the streets, and whether its points lie in the districts that their rows name."""

    placed: Placed
    laid: Mapping[int, _Pair]
    votes: Mapping[int, Mapping[Both, float]]
    shares: Mapping[int, Mapping[Both, float]]
    roles: Mapping[int, str]

    @classmethod
    def of(cls, placed: Placed, layers: Sequence[Placed]) -> "_Heard":
        """Lay a list on the streets, and count its points inside the districts that they name."""
        laid = {at: _laid(placed, layer) for at, layer in enumerate(layers) if layer.role == "streets"}
        counted = {
            at: _district_votes(placed, layer) for at, layer in enumerate(layers) if layer.role == "district"
        }
        votes, shares = ({at: both[i] for at, both in counted.items() if both[1]} for i in (0, 1))
        return cls(placed, laid, votes, shares, {at: layer.role for at, layer in enumerate(layers)})

    def views(self, real: Sequence[str]) -> list[_View]:
        """Return the list's view of the streets, the layers being in the datums `real`."""
        return [_View(pair, 0, real[at], self.roles[at]) for at, pair in self.laid.items()]

    def inside(self, real: Sequence[str]) -> dict[str, float]:
        """Return the share of points inside the district that they name, by the list's datum."""
        return {a: share for at, of in self.shares.items() for (a, b), share in of.items() if b == real[at]}

    def best(self, real: Sequence[str]) -> tuple[str, float]:
        """Return the list's most likely datum and what speaks for it, the layers being in the datums `real`.

        The district column speaks only where it does not contradict the streets.
        """
        total = dict.fromkeys(self.placed.candidates, 0.0)
        for view in self.views(real):
            total = {name: value + view.evidence[name] for name, value in total.items()}
        votes = {a: z for at, of in self.votes.items() for (a, b), z in of.items() if b == real[at]}
        most = max(total, key=lambda name: total[name])
        if votes and (not total[most] or votes[most] == max(votes.values())):
            total = {name: value + votes[name] for name, value in total.items()}
        own = self.placed.candidates[0]
        worth = {name: value - (_price(self.placed) if name != own else 0.0) for name, value in total.items()}
        best = max(worth, key=lambda name: worth[name])
        return best if total[best] - total[own] >= CLEAR else own, worth[best]


def _district_votes(one: Placed, districts: Placed) -> tuple[dict[Both, float], dict[Both, float]]:
    """Return what speaks for each two datums, and the share of points inside their district.

    Standard deviations of a two-sided sign test of the points that lie inside under one of two places only, the best place
    against its nearest rival; 0 for all others, and for all where the test says nothing.
    """
    if one.named_districts is None:
        return {}, {}
    zone = one.named_districts.reindex(one.kept)
    known = (zone.notna() & zone.isin(districts.geometry.index[districts.geometry.notna()])).to_numpy()
    if known.sum() < FEWEST_POINTS:
        return {}, {}
    places, at = _places(one, districts)
    polygons = districts.geometry.reindex(zone[known]).to_numpy()
    within = np.array([shapely.intersects(polygons, shapely.points(place[known])) for place in places])
    best = int(within.sum(axis=1).argmax())
    chances = []
    for rival in np.delete(within, best, axis=0):
        wins, differ = int((within[best] & ~rival).sum()), int((within[best] != rival).sum())
        chances.append(binomtest(wins, differ).pvalue if differ else 1.0)
    chance = max(chances, default=1.0)
    z = float(norm.isf(max(chance, 1e-300) / 2)) if chance < SIGN_LEVEL else 0.0
    shares = within.mean(axis=1)
    return {both: z * (i == best) for both, i in at.items()}, {
        both: float(shares[i]) for both, i in at.items()
    }


# --- what explains all ----------------------------------------------------------------------------------------------


def _groups(layers: Sequence[Placed], pairs: Mapping[tuple[int, int], _Pair]) -> list[int]:
    """Return the number of the source of each layer: layers that share lines, read alike, are of one."""
    group = list(range(len(layers)))
    for (a, b), pair in pairs.items():
        if pair.shared >= SHARED and layers[a].read_as == layers[b].read_as:
            group = [group[a] if of == group[b] else of for of in group]
    return group


def _price(placed: Placed) -> float:
    """Return what an explanation loses by a layer in another datum than declared."""
    return EACH_WRONG + (STREETS_WRONG if placed.role == "streets" else 0.0)


def _best(
    layers: Sequence[Placed],
    group: Sequence[int],
    pairs: Mapping[tuple[int, int], _Pair],
    heard: Sequence[_Heard],
) -> tuple[str, ...]:
    """Return the datum of each layer in the best explanation of all pairs."""
    sources = sorted(set(group))
    members = {source: [layers[i] for i, of in enumerate(group) if of == source] for source in sources}
    candidates = [min((one.candidates for one in members[source]), key=len) for source in sources]
    price = {source: max(map(_price, members[source])) for source in sources}

    def worth(choice: Iterable[str]) -> float:
        of = dict(zip(sources, choice, strict=True))
        real = [of[source] for source in group]
        # one source says one thing: what its clearest layer says
        most: dict[tuple[int | str, ...], float] = {}
        for (a, b), pair in pairs.items():
            between = tuple(sorted((group[a], group[b])))
            most[between] = max(most.get(between, 0.0), pair.evidence[real[a], real[b]])
        for one in heard:
            lineage = ("list", one.placed.source or one.placed.file, one.placed.name)
            most[lineage] = max(most.get(lineage, -np.inf), one.best(real)[1])
        changed = [price[s] for s, name in of.items() if name != members[s][0].read_as]
        return sum(most.values()) - sum(changed)

    declared, best = [names[0] for names in candidates], max(_explanations(candidates), key=worth)
    choice = best if worth(best) - worth(declared) >= CLEAR else declared
    return tuple(choice[sources.index(source)] for source in group)


def _explanations(candidates: Sequence[Sequence[str]]) -> Iterator[tuple[str, ...]]:
    """Yield what sources may be in, the declared datums first: everything of few; of many, up to two wrong ones, or all alike."""
    if len(candidates) <= FEW_SOURCES:
        yield from product(*candidates)
        return
    declared = [names[0] for names in candidates]
    for count in (0, 1, 2):
        for wrong in combinations(range(len(candidates)), count):
            for names in product(*(candidates[i][1:] for i in wrong)):
                changed = dict(zip(wrong, names, strict=True))
                yield tuple(changed.get(i, name) for i, name in enumerate(declared))
    for name in REAL:
        yield tuple(name if name in names else names[0] for names in candidates)


def _fit(
    placed: Placed, real: str, views: Sequence[_View], inside: Mapping[str, float] | None = None
) -> DatumFit:
    """Return the verdict on one layer or list, its most likely datum and its views of the others being known."""
    if not views or not len(placed.lonlat):
        return DatumFit("cannot_tell", placed.name, "", 0.0, {}, {}, 0.0, {}, "", 0, placed.file, placed.role)
    crs, lonlat = CRS(placed.geometry.crs), placed.lonlat
    places = {name: project(reread(lonlat, placed.read_as, name), WGS84, crs) for name in placed.candidates}
    shifts = {name: _median_m(place, places[placed.candidates[0]]) for name, place in places.items()}
    # datums that move nothing (abroad) are the declared one
    names = [name for name, metres in shifts.items() if metres > SAME_M or name == placed.candidates[0]]
    total = {name: sum(view.evidence[name] for view in views) for name in names}
    rivals = [value for name, value in total.items() if name != real]
    # another datum than declared was found by all pairs together, on a list with its district column: its own must only not be faint
    wrong = real != placed.candidates[0]
    margin = total[real] - max(rivals, default=0.0)
    found = margin >= (FAINT if wrong else CLEAR) or (wrong and placed.role == "list")

    def telling(view: _View) -> tuple[bool, float, float]:
        clear = view.evidence[real]
        return view.against == "streets" and clear >= CLEAR, clear, max(view.of(view.pair.clearness).values())

    view = max(views, key=telling)
    clearness, medians = view.of(view.pair.clearness), view.of(view.pair.median_m)
    return DatumFit(
        verdict=("fits" if real == placed.read_as else "looks_like") if found else "cannot_tell",
        declared=placed.name,
        likely=placed.called(real) if found else "",
        metres=shifts[real] if found else 0.0,
        median_m={placed.called(name): medians[name] for name in names if medians},
        clearness={placed.called(name): clearness[name] for name in names},
        support=view.pair.support,
        inside={placed.called(name): share for name, share in (inside or {}).items() if name in names},
        against=view.against,
        points=view.pair.points,
        file=placed.file,
        role=placed.role,
    )


def _called(layer: str, lang: str) -> str:
    return phrase(f"datum_fit_{layer}", lang) if layer in NAMED_LAYERS else layer


def _shared_notes(layers: Sequence[Placed], group: Sequence[int]) -> Iterator[Note]:
    """Yield which layers share lines and were counted once."""
    for source in sorted(set(group)):
        roles = [layer.role for layer, of in zip(layers, group, strict=True) if of == source]
        if len(roles) > 1:
            zh, en = (listed((_called(role, lang) for role in roles), lang) for lang in ("zh", "en"))
            yield Note.of("datum_shared_lines", severity="info", layers_zh=zh, layers_en=en)
