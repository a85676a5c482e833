"""A city's own grid, tied to the study's CRS by control points: least squares, with its residuals.

Many Chinese cities keep coordinates in a local independent grid (地方独立坐标系) whose parameters are not given out. Two or more
points known in both tie it down: a similarity (shift, rotation, one scale; Helmert's four parameters), mirrored where the file
writes north before east, or an affine map where four or more points say that it predicts better.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geoplan.words.catalogue import phrase
from geoplan.words.errors import InputError, Note

Coordinates = npt.NDArray[np.float64]

#: Above this the points do not describe one grid (a mistyped point, a wrong datum): said as a warning, metres.
RESIDUAL_WARNING_M = 2.0

#: A metric grid has a scale near 1; beyond this share the units or points are in doubt.
SCALE_TOLERANCE = 0.01


@dataclass(frozen=True)
class LocalGrid:
    """A fitted grid: ``[x, y, 1] @ matrix`` gives metric coordinates; `residuals_m` per control point."""

    kind: str
    matrix: Coordinates
    residuals_m: Coordinates
    scale: float

    def apply(self, xy: Coordinates) -> Coordinates:
        """Return metric coordinates of local ones; shape (n, 2)."""
        moved: Coordinates = np.column_stack([xy, np.ones(len(xy))]) @ self.matrix
        return moved

    def note(self, *, file: str = "") -> Note:
        """Return what the fit is worth: kind, residuals in metres, scale."""
        rms = float(np.sqrt(np.mean(self.residuals_m**2)))
        worst = int(np.argmax(self.residuals_m)) + 1
        doubtful = rms > RESIDUAL_WARNING_M or abs(self.scale - 1) > SCALE_TOLERANCE
        return Note.of(
            "datum_control_points",
            file=file,
            severity="warning" if doubtful else "info",
            points=len(self.residuals_m),
            kind_zh=phrase(f"local_grid_{self.kind}", "zh"),
            kind_en=phrase(f"local_grid_{self.kind}", "en"),
            rms=f"{rms:.2f}",
            largest=f"{self.residuals_m.max():.2f}",
            worst=worst,
            scale=f"{self.scale:.6f}",
        )


def local_grid(local: Coordinates, metric: Coordinates) -> LocalGrid:
    """Return the grid that lays `local` best on `metric`; both shape (n, 2), n >= 2.

    Two points take a similarity; three, a similarity or its mirror image, whichever leaves less; from four an affine map is
    taken instead where it predicts left-out points better.

    Raises
    ------
    InputError
        If there are fewer than two points, or they coincide.

    Examples
    --------
    >>> grid = local_grid(np.array([[0.0, 0.0], [100.0, 0.0]]), np.array([[500.0, 10.0], [500.0, 110.0]]))
    >>> grid.kind, grid.apply(np.array([[0.0, 50.0]])).round(6).tolist()
    ('similarity', [[450.0, 10.0]])
    """
    if len(local) < 2 or len(np.unique(local, axis=0)) < 2 or not np.isfinite([local, metric]).all():
        raise InputError(Note.of("datum_control_points_few", points=len(local), severity="error"))
    kinds = ["similarity"] if len(local) < 3 else ["similarity", "mirrored"]
    kind = min(kinds, key=lambda k: _rms(_fit(k, local, metric), local, metric))
    if len(local) >= 4 and _left_out_rms("affine", local, metric) < _left_out_rms(kind, local, metric):
        kind = "affine"
    matrix = _fit(kind, local, metric)
    scale = float(np.sqrt(abs(np.linalg.det(matrix[:2]))))
    return LocalGrid(kind, matrix, _residuals(matrix, local, metric), scale)


def _fit(kind: str, local: Coordinates, metric: Coordinates) -> Coordinates:
    """Return the 3 x 2 matrix of the least-squares map of a kind, from centred points for numerical health."""
    from_mid, to_mid = local.mean(axis=0), metric.mean(axis=0)
    p, q = local - from_mid, metric - to_mid
    if kind == "affine":
        linear = np.linalg.lstsq(p, q, rcond=None)[0]
    else:
        # Helmert: the rows (a, b), (-b, a) turn and scale; a mirrored grid has its second axis turned over first
        flip = np.diag([1.0, -1.0 if kind == "mirrored" else 1.0])
        p = p @ flip
        a, b = (p * q).sum(), (p[:, 0] * q[:, 1] - p[:, 1] * q[:, 0]).sum()
        linear = flip @ (np.array([[a, b], [-b, a]]) / (p**2).sum())
    return np.vstack([linear, to_mid - from_mid @ linear])


def _residuals(matrix: Coordinates, local: Coordinates, metric: Coordinates) -> Coordinates:
    moved = np.column_stack([local, np.ones(len(local))]) @ matrix
    lengths: Coordinates = np.linalg.norm(moved - metric, axis=1)
    return lengths


def _rms(matrix: Coordinates, local: Coordinates, metric: Coordinates) -> float:
    return float(np.sqrt(np.mean(_residuals(matrix, local, metric) ** 2)))


def _left_out_rms(kind: str, local: Coordinates, metric: Coordinates) -> float:
    """Return the root mean square error at each point of the fit to the others; inf where others lie on a line."""
    errors = []
    for i in range(len(local)):
        others = np.arange(len(local)) != i
        flat = np.linalg.matrix_rank(local[others] - local[others].mean(axis=0), tol=1e-6) < 2
        if kind == "affine" and flat:
            return float("inf")
        errors.append(_rms(_fit(kind, local[others], metric[others]), local[[i]], metric[[i]]))
    return float(np.sqrt(np.mean(np.square(errors))))
