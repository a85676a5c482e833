"""How long a search may go on, who is told of its progress, and how it is stopped from outside."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event

from geoplan.siting.problems import Stopped


@dataclass
class SearchControl:
    """Limits of one search, its listener, and the flag that a key press sets.

    Parameters
    ----------
    gap
        Relative gap at which the search may end, 0 for a proof.
    nodes
        Most nodes of the tree; None: no limit. The same limit gives the same answer again.
    seconds
        Most seconds of wall clock; None: no limit. An answer that the clock ended is not repeatable.
    listen
        Told of the best so far and its bound whenever one of them improves.
    """

    gap: float = 0.0
    nodes: int | None = None
    seconds: float | None = None
    listen: Callable[[float, float], None] = lambda _objective, _bound: None
    interrupted: Event = field(default_factory=Event)
    started: float = field(default_factory=time.monotonic)

    def interrupt(self) -> None:
        """Ask the search to end with the best so far."""
        self.interrupted.set()

    def left(self) -> float:
        """Return the seconds left; inf without a limit."""
        return float("inf") if self.seconds is None else self.seconds - (time.monotonic() - self.started)

    def stopped(self, *, nodes: int = 0) -> Stopped:
        """Return why the search must end now; empty if it may go on."""
        if self.interrupted.is_set():
            return "interrupt"
        if self.left() <= 0.0:
            return "clock"
        return "nodes" if self.nodes is not None and nodes >= self.nodes else ""
