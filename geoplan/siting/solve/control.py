"""Search limits, progress callback and interrupt."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from threading import Event

from geoplan.siting.solve.problems import Stopped

#: Called with the objective of the incumbent and the bound.
Listen = Callable[[float, float], None]


def _ignore(_objective: float, _bound: float) -> None:
    """Ignore the progress."""


@dataclass
class SearchControl:
    """Limits of one search, its progress callback, and the flag that interrupts it.

    Parameters
    ----------
    gap
        Relative gap at which the search may end, 0 for a proof.
    nodes
        Most nodes of the tree; None: no limit. The same limit gives the same answer again.
    seconds
        Most seconds of wall clock; None: no limit. An answer that the clock ended is not repeatable.
    listen
        Called with the incumbent's objective and the bound whenever one of them improves.
    """

    gap: float = 0.0
    nodes: int | None = None
    seconds: float | None = None
    listen: Listen = _ignore
    interrupted: Event = field(default_factory=Event)
    started: float = field(default_factory=time.monotonic)

    def interrupt(self) -> None:
        """End the search with the incumbent."""
        self.interrupted.set()

    def left(self) -> float:
        """Return the seconds left; inf without a limit."""
        return float("inf") if self.seconds is None else self.seconds - (time.monotonic() - self.started)

    def stopped(self, *, nodes: int = -1) -> Stopped:
        """Return why the search must end now, empty if it may go on; the limit of nodes counts where `nodes` are given."""
        if self.interrupted.is_set():
            return "interrupt"
        if self.left() <= 0.0:
            return "clock"
        return "nodes" if self.nodes is not None and nodes >= self.nodes else ""

    def after(self, nodes: int) -> "SearchControl":
        """Return the same control with the nodes that are left after `nodes`."""
        return self if self.nodes is None else replace(self, nodes=max(0, self.nodes - nodes))

    def silent(self) -> "SearchControl":
        """Return the same control without progress: for a search within the search."""
        return replace(self, listen=_ignore)

    def heard_as(self, listen: Listen) -> "SearchControl":
        """Return the same control with another callback, which turns the progress into that of the whole search."""
        return replace(self, listen=listen)
