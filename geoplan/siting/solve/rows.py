"""The rows of a choice as compiled code reads them."""

import numpy as np

from geoplan.siting.problems import Floats, Ints, SelectionConstraints

#: The points of each option (pointer, indices), and the people of each point.
Points = tuple[Ints, Ints, Floats]


def sorted_rows(constraints: SelectionConstraints) -> tuple[Ints, Ints, Floats]:
    """Return the rows by option, as compiled code reads them: pointer, row, coefficient."""
    rows = constraints.rows.tocsc()
    rows.sum_duplicates()
    rows.eliminate_zeros()
    return rows.indptr, rows.indices, rows.data.astype(np.float64)


def loosened(constraints: SelectionConstraints) -> Floats:
    """Return the rows' limits with the hair of rounding that `SelectionConstraints.allows` lets pass (half of it: sums differ in order)."""
    finite = np.where(np.isfinite(constraints.most), constraints.most, 1.0)
    return constraints.most + 0.5e-9 * np.maximum(1.0, np.abs(finite))


def asked_for(constraints: SelectionConstraints) -> Floats:
    """Return what each row asks for at least, whole, as such rows count options."""
    return np.where(constraints.least > 0, constraints.least - 0.5e-9, 0.0)
