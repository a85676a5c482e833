"""Progress of a run: its stages, and the seconds that each took."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from geoplan.words.catalogue import phrase

#: Stages of a run in their order.
STAGES = (
    "zones", "streets", "registers", "people", "datum", "graph", "snap", "reach", "circle", "assess", "projects", "served",
    "isochrones", "minutes", "candidates", "siting", "judged", "map", "workbook", "layers", "report", "papers", "exports", "store",
)  # fmt: skip


def stage_name(key: str, lang: str) -> str:
    """Return the name of a stage.

    Examples
    --------
    >>> stage_name("reach", "zh"), stage_name("reach", "en")
    ('步行可达计算', 'reach')
    """
    return phrase(f"stage_{key}", lang)


@dataclass
class Stages:
    """The seconds of each stage of a run; a listener is called when one starts and ends.

    Parameters
    ----------
    listen
        Called with the stage's key and its seconds; None when it starts.
    """

    listen: Callable[[str, float | None], None] = lambda _key, _seconds: None
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def __call__(self, key: str) -> Iterator[None]:
        """Time the block as stage `key`."""
        self.listen(key, None)
        start = time.perf_counter()
        yield
        self.seconds[key] = self.seconds.get(key, 0.0) + time.perf_counter() - start
        self.listen(key, self.seconds[key])
