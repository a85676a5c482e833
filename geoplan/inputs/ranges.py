"""Numbering inside of groups that lie one after another in an array."""

import numpy as np
from numpy.typing import NDArray


def ranges(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return 0..n-1 for each n of `counts`, one after another; shape (sum of counts,).

    Examples
    --------
    >>> ranges(np.array([2, 0, 3])).tolist()
    [0, 1, 0, 1, 2]
    """
    ends = np.cumsum(counts)
    return np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - counts, counts)
