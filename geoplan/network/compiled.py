"""Compiled code: numba without the interpreter's lock, kept on disk where a folder for it can be written."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

from geoplan.words.errors import Note

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Compile `function` on first use, release the lock while it runs, and keep the machine code on disk.

    numba looks for a folder that it can write: ``NUMBA_CACHE_DIR``, ``__pycache__`` beside the source, the user's
    cache folder. Where none can be written it refuses to compile at all; then the code is compiled anew in each
    process instead, and `cache_note` says so.

    Examples
    --------
    >>> @compiled
    ... def double(x):
    ...     return 2 * x
    >>> double(21)
    42
    """
    try:
        return cast("Function", numba.njit(cache=True, nogil=True, error_model="numpy")(function))
    except RuntimeError:  # "cannot cache function …: no locator available"
        return cast("Function", numba.njit(nogil=True, error_model="numpy")(function))


def _probe(x: float) -> float:
    return x


def cache_note() -> Note | None:
    """Return a note where compiled code cannot be kept on disk (every start then compiles anew), else None."""
    try:
        numba.njit(cache=True)(_probe)
    except RuntimeError:
        return Note.of("network_cache_unwritable")
    return None
