"""Is a file in the datum that it claims? Measured by where its points lie best on the streets.

Facilities stand on streets, and boundaries run along them: in the right datum points lie much closer to the nearest street than
anywhere else. How close is closer by chance is measured too, on copies of the points moved by 400-1,200 m in all directions:
a datum counts as found only if it fits far better than those copies, and on nearly every resample of the points. Points that have
nothing to do with streets (middles of communities) fit no datum better than the copies: the answer is *cannot tell*.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pyproj import CRS
from scipy.stats import binomtest

from geoplan.inputs.datum import move as datums
from geoplan.inputs.datum.move import Datum
from geoplan.words.catalogue import phrase
from geoplan.words.errors import Note

Floats = npt.NDArray[np.float64]

#: How fast the score of a point falls with its distance from the nearest line: exp(-metres / SCALE_M). Half a street's width and
#: a forecourt; hundreds of metres score nothing, so that far outliers do not weigh.
SCALE_M = 30.0
#: Copies of the points that show what chance gives: how many, how far they are moved (metres), and by what angle each is turned from
#: the one before. The golden angle spreads them evenly and keeps them off the axes of a street grid, along which a move changes little.
COPIES, NEAREST_COPY_M, FARTHEST_COPY_M, GOLDEN_ANGLE = 30, 400.0, 1200.0, np.pi * (3 - 5**0.5)
#: A datum is found if its score exceeds the copies' median by this many of their (robust) standard deviations. On Wuhan's registers
#: and polygons the right datum has 10-21 and wrong ones at most 2.6; middles of communities, which fit nothing, at most 2.4.
CLEAR = 5.0
#: … or by this many where the district column of the register speaks for the same datum.
CLEAR_WITH_DISTRICTS = 3.0
#: … and if it has the best score in this share of bootstrap resamples.
SUPPORT = 0.95
RESAMPLES = 400
#: The district column speaks for a datum if so few points would speak for another by chance (two-sided sign test).
SIGN_LEVEL = 0.01
#: Larger inputs are thinned evenly to this many points.
MOST_POINTS = 1200
#: Fewer points than this say nothing.
FEWEST_POINTS = 8
#: Datums that put the points in one place are one candidate (abroad GCJ-02 is WGS 84), metres.
SAME_M = 10.0

#: What points are laid on: levels and streets, which the catalogue names; other layers under their own names.
NAMED_LAYERS = ("streets", "district", "town", "community", "estate")

#: Fixed, so that the same points get the same answer.
_SEED = 20231122


@dataclass(frozen=True)
class DatumFit:
    """How well points lie under each datum.

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
        Candidate -> by how many standard deviations it fits better than moved copies.
    support
        Share of resamples (0-1) in which the best candidate is best.
    inside
        Candidate -> share of points inside the district that they name; empty without districts.
    against
        What the points were laid on: ``streets`` or another layer's name.
    points
        How many points lie near a line under some datum.
    file
        The file's name, for the note.
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

    def note(self) -> Note:
        """Return the verdict as a note: a warning where the file looks like another datum."""
        against_zh, against_en = (
            phrase(f"datum_fit_{self.against}", lang) if self.against in NAMED_LAYERS else self.against
            for lang in ("zh", "en")
        )
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
            against_zh=against_zh,
            against_en=against_en,
        )


def fit_points(
    points: gpd.GeoSeries,
    *,
    street_geometry: gpd.GeoSeries,
    declared: Datum | None,
    named_districts: pd.Series | None = None,
    districts: gpd.GeoSeries | None = None,
    file: str = "",
) -> DatumFit:
    """Return under which datum points lie best on the streets.

    Parameters
    ----------
    points
        As the file has them: longitudes and latitudes, or in the file's own CRS (`Register.declared`).
    street_geometry
        Lines in the study's metric CRS.
    declared
        What the points are said to be in, as for `datum.to_crs`.
    named_districts, districts
        Zone id of the district that each point's row names, indexed like `points`; polygons by zone id, in the study's CRS.

    Returns
    -------
    fit
        Candidates are the declared datum and ``wgs84``, ``gcj02``, ``bd09`` where they put the points elsewhere.
    """
    points = points[points.notna()]
    thinned = points.iloc[_thin(len(points))]
    moved = _candidates(thinned, declared, CRS.from_user_input(street_geometry.crs))
    votes, inside = _district_votes(moved, thinned.index, named_districts, districts)
    fit = _judge(moved, {"streets": street_geometry}, declared=_name(declared), votes=votes, inside=inside)
    return replace(fit, file=file)


def fit_polygons(
    polygons: gpd.GeoSeries,
    *,
    street_geometry: gpd.GeoSeries | None,
    declared: Datum | None,
    others: Mapping[str, gpd.GeoSeries] | None = None,
    file: str = "",
) -> DatumFit:
    """Return under which datum the boundaries of polygons lie best on the streets or on other layers' boundaries.

    Parameters
    ----------
    polygons
        As the file has them, with the file's CRS.
    street_geometry
        Lines in the study's metric CRS, or None.
    declared
        What the polygons are said to be in; None: what the file says.
    others
        Other layers of polygons or lines in the study's metric CRS, by name; the reference that tells most decides.

    Raises
    ------
    ValueError
        If there is neither a street nor another layer.
    """
    references = dict(others or {})
    if street_geometry is not None and len(street_geometry):
        references = {"streets": street_geometry, **references}
    if not references:
        raise ValueError("give streets or another layer to lay the polygons on")
    vertices = shapely.get_coordinates(polygons[polygons.notna()].array)
    points = gpd.GeoSeries(shapely.points(vertices[_thin(len(vertices))]), crs=polygons.crs)
    target = CRS.from_user_input(next(iter(references.values())).crs)
    moved = _candidates(points, declared, target)
    return replace(_judge(moved, references, declared=_name(declared), votes={}, inside={}), file=file)


def _candidates(points: gpd.GeoSeries, declared: Datum | None, target: CRS) -> dict[str, Floats]:
    """Return metric coordinates of the points under the declared datum first, then under each other one."""
    if points.empty:
        return {}
    as_declared = datums.to_crs(points, datum=declared, crs=target)
    # the degrees as they stand in the file, whatever they are said to be; a local grid has none: its map gives WGS 84
    named = declared is None or (isinstance(declared, str) and declared.lower() in datums.DATUMS)
    degrees = points if named else datums.to_crs(as_declared, datum=None, crs=datums.WGS84)
    moved = {_name(declared): shapely.get_coordinates(as_declared.array)}
    for name in ("wgs84", "gcj02", "bd09"):
        there = shapely.get_coordinates(datums.to_crs(degrees, datum=name, crs=target).array)
        if all(np.median(np.linalg.norm(there - known, axis=1)) > SAME_M for known in moved.values()):
            moved[name] = there
    return moved


def _judge(
    moved: Mapping[str, Floats],
    references: Mapping[str, gpd.GeoSeries],
    *,
    declared: str,
    votes: Mapping[str, float],
    inside: Mapping[str, float],
) -> DatumFit:
    if not moved:
        return DatumFit("cannot_tell", declared, "", 0.0, {}, {}, 0.0, inside, next(iter(references)), 0)
    measured = {name: _measure(moved, lines) for name, lines in references.items()}
    against, best = max(measured.items(), key=lambda item: max(item[1].clearness.values()))
    likely = max(best.clearness, key=lambda name: best.clearness[name])
    spoken_for = votes.get(likely, 1.0) < SIGN_LEVEL
    spoken_against = any(p < SIGN_LEVEL for name, p in votes.items() if name != likely)
    needed = CLEAR_WITH_DISTRICTS if spoken_for else CLEAR
    clear = best.clearness[likely] >= needed and best.support >= SUPPORT and best.points >= FEWEST_POINTS
    found = clear and not spoken_against
    shift = float(np.median(np.linalg.norm(moved[likely] - moved[declared], axis=1)))
    return DatumFit(
        verdict=("fits" if likely == declared else "looks_like") if found else "cannot_tell",
        declared=declared,
        likely=likely if found else "",
        metres=shift if found else 0.0,
        median_m=best.median_m,
        clearness=best.clearness,
        support=best.support,
        inside=inside,
        against=against,
        points=best.points,
    )


@dataclass(frozen=True)
class _Measured:
    median_m: dict[str, float]
    clearness: dict[str, float]
    support: float
    points: int


def _measure(moved: Mapping[str, Floats], lines: gpd.GeoSeries) -> _Measured:
    """Lay the candidates and moved copies of the first on `lines`, and compare their scores."""
    tree = shapely.STRtree(_pieces(lines))
    names = list(moved)
    metres = {name: _nearest(tree, moved[name]) for name in names}
    scores = np.array([np.exp(-metres[name] / SCALE_M) for name in names])
    chance = np.array([np.exp(-_nearest(tree, moved[names[0]] + step) / SCALE_M).mean() for step in _steps()])
    middle = np.median(chance)
    spread = 1.4826 * np.median(np.abs(chance - middle))
    clearness = (scores.mean(axis=1) - middle) / spread if spread > 0 else np.zeros(len(names))
    best = int(np.argmax(clearness))

    random = np.random.default_rng(_SEED)
    draws = random.integers(0, scores.shape[1], (RESAMPLES, scores.shape[1]))
    wins = scores[:, draws].mean(axis=2).argmax(axis=0) == best
    near = scores.max(axis=0) > np.exp(-NEAREST_COPY_M / SCALE_M)
    medians = {n: float(np.median(metres[n][near])) if near.any() else float("nan") for n in names}
    return _Measured(
        medians, dict(zip(names, clearness.tolist(), strict=True)), float(wins.mean()), int(near.sum())
    )


def _pieces(lines: gpd.GeoSeries) -> npt.NDArray[np.object_]:
    """Return lines as they are and polygons' rings cut into their segments, which a tree searches quickly."""
    shapes = np.asarray(lines[lines.notna() & ~lines.is_empty].array, dtype=object)
    areal = np.isin(shapely.get_type_id(shapes), (3, 6))
    if not areal.any():
        return shapes
    rings = shapely.get_rings(shapely.get_parts(shapes[areal]))
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    joined = ring[1:] == ring[:-1]
    segments = shapely.linestrings(np.stack([xy[:-1][joined], xy[1:][joined]], axis=1))
    return np.concatenate([shapes[~areal], segments])


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


def _district_votes(
    moved: Mapping[str, Floats], index: pd.Index, named: pd.Series | None, districts: gpd.GeoSeries | None
) -> tuple[dict[str, float], dict[str, float]]:
    """Return the sign test's p for each candidate that beats every other, and the share of points inside their district."""
    if named is None or districts is None or not moved:
        return {}, {}
    zone = named.reindex(index)
    known = (zone.notna() & zone.isin(districts.index[districts.notna()])).to_numpy()
    if known.sum() < FEWEST_POINTS:
        return {}, {}
    polygons = districts.reindex(zone[known]).to_numpy()
    within = {name: shapely.intersects(polygons, shapely.points(xy[known])) for name, xy in moved.items()}
    inside = {name: float(hits.mean()) for name, hits in within.items()}
    best = max(inside, key=lambda name: inside[name])
    # two-sided sign test of the points that lie inside under one of two candidates only
    rivals = []
    for name in within.keys() - {best}:
        wins, differ = int((within[best] & ~within[name]).sum()), int((within[best] != within[name]).sum())
        rivals.append(float(binomtest(wins, differ).pvalue) if differ else 1.0)
    return ({best: max(rivals)} if rivals else {}), inside


def _thin(count: int) -> npt.NDArray[np.int64]:
    """Return evenly spaced positions, at most `MOST_POINTS`."""
    return np.linspace(0, count - 1, min(count, MOST_POINTS)).round().astype(np.int64)


def _name(declared: Datum | None) -> str:
    """Return what a note calls a datum; CGCS2000 is WGS 84 here, but keeps its name."""
    if declared is None:
        return "wgs84"
    return declared if isinstance(declared, str) else f"{len(declared)} control points"
