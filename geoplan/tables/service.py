"""A service as every stage and output knows it: who walks to what, how far, and at which pace."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class NeedRate:
    """A service's stated rate of need: people x ``per_1000`` / 1,000 units of ``supply``, summed over its groups."""

    per_1000: float
    supply: str
    """``beds``, ``nursing_beds``, ``places`` …"""
    group: str
    """Group whose people are counted."""
    further: Mapping[str, float] = field(default_factory=dict)
    """Group -> what its people need on top of that, per 1,000."""

    @property
    def rates(self) -> tuple[tuple[str, float], ...]:
        """Every group with its rate per 1,000 people."""
        return (self.group, self.per_1000), *self.further.items()

    @property
    def unit(self) -> str:
        """Unit in which the supply is built."""
        return "m2" if self.supply == "floor_area_m2" else self.supply


@dataclass(frozen=True, kw_only=True)
class Service:
    """One service of a study, with every figure that its circle stands on.

    Examples
    --------
    >>> meals = Service(name="meals", facilities=("elder_canteen",), group="elders_60", walk_minutes=15, walk_kmh=4)
    >>> meals.limit_seconds, meals.straight_m, meals.label("en")
    (900.0, 1000.0, 'meals')
    """

    name: str
    label_zh: str = ""
    label_en: str = ""
    facilities: tuple[str, ...]
    """Facility types that offer it."""
    group: str
    """Group that walks to it."""
    walk_minutes: float
    """Longest walk that counts, minutes, inclusive."""
    walk_kmh: float
    """Pace on the flat, km/h."""
    stated_straight_m: float | None = None
    """Radius in a straight line that the study states, metres."""
    flag_share: float = 0.2
    """Share (0-1) of a community's people that may lie outside the circle before it is flagged."""
    decay: Mapping[float, float] | None = None
    """Minutes -> weight (0-1) of a facility that far; None: all in the circle count alike."""
    frail_kmh: float = 2.736
    """Pace of frail elders, km/h."""
    bands_minutes: tuple[float, ...] = (5.0, 10.0, 15.0)
    """Isochrone bands, minutes."""
    need: NeedRate | None = None
    """Rate of need; None where the study states none."""

    @property
    def limit_seconds(self) -> float:
        """Longest walk that counts, seconds, inclusive."""
        return 60.0 * self.walk_minutes

    @property
    def walk_m(self) -> float:
        """Metres that one walks on the flat in `walk_minutes`."""
        return self.walk_minutes * self.walk_kmh / 0.06

    @property
    def straight_m(self) -> float:
        """Radius in a straight line, metres: as stated, else `walk_m`."""
        return self.walk_m if self.stated_straight_m is None else self.stated_straight_m

    @property
    def straight_minutes(self) -> float:
        """Minutes that a walk of `straight_m` takes at the service's pace."""
        return self.straight_m * 0.06 / self.walk_kmh

    @property
    def frail_m(self) -> float:
        """Metres that a frail elder walks on the flat in `walk_minutes`."""
        return self.walk_minutes * self.frail_kmh / 0.06

    def label(self, lang: str) -> str:
        """Return its name in `lang` (``zh`` or ``en``); the study's own key where it has none."""
        return (self.label_zh if lang == "zh" else self.label_en) or self.name
