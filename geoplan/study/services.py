"""The services of a study: whose circle is measured, and at which rate people need them."""

from typing import Annotated

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from geoplan import tables
from geoplan.study.entry import Entry, Text
from geoplan.words.labels import service_label
from geoplan.words.quantities import Metres, Minutes, Pace, Per1000, Share


class Need(Entry):
    """How many beds or places people need: the rate at which need is set against supply."""

    supply: Text
    """What is given out: beds, places …"""
    per_1000: Per1000
    """Needed per 1,000 people of the group, e.g. 50 beds per 1,000 elders."""
    of: Text | None = None
    """Group that the rate counts; default: the service's group."""
    further: dict[Text, Per1000] = {}
    """Needed on top of that by groups with needs of their own, per 1,000 people of each (``{elders_disabled: 600}`` nursing beds)."""


class Service(Entry):
    """One service whose circle is measured."""

    facilities: Annotated[list[Text], Field(min_length=1)]
    """Facility types that offer it."""
    group: Text
    """Group that walks to it."""
    walk_minutes: Minutes
    """Longest walk that counts, minutes, inclusive."""
    walk_kmh: Pace
    """Walking speed on the flat, km/h."""
    label: Text | None = None
    """Name on maps and tables; default: the usual Chinese name."""
    straight_m: Metres | None = None
    """Radius as the crow flies shown beside it; default: walk_minutes at walk_kmh in metres."""
    flag_share: Share = 0.2
    """A community with a larger share of people outside the circle is flagged."""
    decay: dict[Text, Share] | None = None
    """Minutes -> weight of a facility that far (``{"5": 1.0, "10": 0.68, "15": 0.22}``), non-increasing; default: all in the circle
    count alike."""
    need: Need | None = None
    """Rate of need; with it the run says who is served when each place is given out once."""
    bands_minutes: Annotated[list[Minutes], Field(max_length=20)] = [5.0, 10.0, 15.0]
    """Isochrone bands, minutes."""

    @model_validator(mode="after")
    def _decay_falls(self) -> "Service":
        if self.decay is not None:
            try:
                steps = sorted((float(minutes), weight) for minutes, weight in self.decay.items())
            except ValueError:
                steps = []
            weights = [weight for _, weight in steps]
            if (
                not steps
                or not all(0 < minutes <= 120 for minutes, _ in steps)
                or weights != sorted(weights, reverse=True)
            ):
                raise PydanticCustomError("study_decay", "{given}", {"given": str(self.decay)})
        return self

    def measured(self, name: str, frail_kmh: float) -> tables.Service:
        """Return the service as the stages take it."""
        need = self.need
        return tables.Service(
            name=name,
            label_zh=self.label or service_label(name, "zh"),
            label_en=self.label or service_label(name, "en"),
            facilities=tuple(self.facilities),
            group=self.group,
            walk_minutes=self.walk_minutes,
            walk_kmh=self.walk_kmh,
            stated_straight_m=self.straight_m,
            flag_share=self.flag_share,
            decay=None if self.decay is None else {float(m): weight for m, weight in self.decay.items()},
            frail_kmh=frail_kmh,
            bands_minutes=tuple(self.bands_minutes),
            need=None
            if need is None
            else tables.NeedRate(need.per_1000, need.supply, need.of or self.group, need.further),
        )
