"""Tolerances of siting, each with its reason.

| name | value | relative to | why this value |
| --- | --- | --- | --- |
| `ROUNDING_TOLERANCE` | 1e-9 | a limit or 1, the larger | sums of floats in another order differ by less; a limit, size or share that is reached exactly counts as reached |
| `GAIN_TOLERANCE` | 1e-11 | all people or person-seconds | an exchange that gains less is an exchange of equals, which would never end; must lie below the smallest true gain, so below `ROUNDING_TOLERANCE` |
| `SOLVER_TOLERANCE` | 1e-6 | absolute, in the units of the model | HiGHS lets rows, bounds and whole numbers be missed by up to this much |
| `HELD_AIM_TOLERANCE` | 1e-8 | an earlier aim | an aim held as a row while the next one is pursued must stay feasible: above `ROUNDING_TOLERANCE`, since its sum runs over every pair |
| `PROOF` | 1e-6 | the objective | a gap between objective and bound below this is none |
"""

import numpy as np
from numpy.typing import NDArray

ROUNDING_TOLERANCE = 1e-9
GAIN_TOLERANCE = 1e-11
SOLVER_TOLERANCE = 1e-6
HELD_AIM_TOLERANCE = 1e-8
PROOF = 1e-6


def limit_tolerance(limit: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return by how much each limit may be exceeded within rounding; of one that is not finite, as of 1.

    Examples
    --------
    >>> limit_tolerance(np.array([0.0, 5000.0, np.inf])).tolist()
    [1e-09, 5e-06, 1e-09]
    """
    tolerance: NDArray[np.float64] = ROUNDING_TOLERANCE * np.maximum(
        1.0, np.abs(np.where(np.isfinite(limit), limit, 1.0))
    )
    return tolerance
