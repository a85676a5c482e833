"""The streets of a study, and what slows a walker on them."""

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from geoplan.study.entry import Datum, Entry, FilePath, Text, one_of
from geoplan.tables import MAX_OFF_NETWORK_SHARE
from geoplan.words.periods import parse_hour
from geoplan.words.quantities import Count, Share, Unit

SpeedFactor = Annotated[float, Field(gt=0, le=5), Unit("factor")]


class Delays(Entry):
    """Fixed seconds that slow a walker beside the pace."""

    crossing_seconds: Annotated[float, Field(ge=0, le=300), Unit("s")] = 0.0
    """Seconds lost at each tagged crossing by who crosses the road there; who walks along it loses none."""
    steps_factor: Annotated[float, Field(ge=1, le=5), Unit("factor")] = 1.0
    """How many times longer a metre of steps takes than a metre of street."""


class Ferry(Entry):
    """How long a ferry takes, where ``walk: {ferry: true}`` lets people board."""

    wait_minutes: Annotated[float, Field(ge=0, le=240), Unit("min")] = 0.0
    """Wait at each boarding."""
    kmh: Annotated[float, Field(gt=0, le=100), Unit("km/h")] | None = None
    """Speed of boats whose map gives no ``duration``; none: they are not taken."""


class Slope(Entry):
    """Heights that slow a walker uphill."""

    file: FilePath
    """Elevation raster, metres."""
    rule: Literal["tobler"] | dict[Text, SpeedFactor] = "tobler"
    """``tobler``, or a stated table of slope (share, as text) -> factor on speed."""

    @model_validator(mode="after")
    def _slopes(self) -> "Slope":
        if isinstance(self.rule, dict) and not (self.rule and all(_is_slope(text) for text in self.rule)):
            raise PydanticCustomError("study_slopes", "{given}", {"given": str(self.rule)})
        return self


def _is_slope(text: str) -> bool:
    try:
        return -1 <= float(text) <= 1
    except ValueError:
        return False


class Streets(Entry):
    """The streets that people walk on."""

    file: FilePath | None = None
    """.osm.pbf, .osm or .osm.xml (also .gz, and as JOSM saves them), JSON of Overpass, .graphml, or any line layer."""
    place: Text | None = None
    """Instead of a file: a place name to download by `geoplan download` (the only use of the Internet)."""
    layer: Text | None = None
    """Layer inside the file; needed where it holds several."""
    datum: Datum | None = None
    """What the coordinates are in; default: what the file says."""
    source: Text | None = None
    """Who made it, when, under which licence, as the sources sheet and the map print it."""
    classes: Text | None = None
    """Column of street classes in a line layer, in OpenStreetMap's words (residential, trunk, steps …)."""
    walk: dict[Text, bool] = {}
    """Who may walk where, class by class, on top of the walk table (``{trunk: true}``)."""
    private: Literal["open", "residents", "closed"] = "open"
    """Private ways of compounds: open to all, to residents only (they end walks but carry no through traffic), closed."""
    gates: Literal["tagged", "open", "closed"] = "tagged"
    """Gates as tagged, or all open, or all closed."""
    gate_states: dict[Text, bool] = {}
    """Single gates by id or name: true opens, false closes."""
    join: Literal["ends", "crossings"] = "ends"
    """What meets without a shared vertex: ends within 0.5 m of a street, or also lines that cross (never bridges, tunnels, layers)."""
    components: Literal["one", "several"] = "one"
    """``several``: the streets do lie in pieces (islands); else a largest piece under half of the length is an error."""
    barriers: FilePath | None = None
    """Layer of lines or polygons (water, rail, motorway) that an access leg may not cross."""
    slope: Slope | None = None
    """Heights; none: flat."""
    delays: Delays = Delays()
    """Fixed seconds."""
    ferry: Ferry | None = None
    """Time of ferries; none: that of their tag ``duration``, without a wait."""
    at: Text | None = None
    """Hour (``We 22:00``) for which ``foot:conditional`` and ``access:conditional`` are judged; none: they say nothing."""
    max_snap_m: Annotated[float, Field(gt=0, le=2000), Unit("m")] = 250.0
    """Longest access leg from a point to the network, metres."""
    max_off_network_share: Share = MAX_OFF_NETWORK_SHARE
    """Largest share of a zone's people off the network at which supply in reach is measured by those on it; above: no data."""
    island_nodes: Count = 50
    """A component with fewer nodes is an island."""

    @field_validator("at")
    @classmethod
    def _hour(cls, text: str | None) -> str | None:
        try:
            if text is not None:
                parse_hour(text)
        except ValueError as error:
            raise PydanticCustomError("study_hour", "{given}", {"given": text}) from error
        return text

    @model_validator(mode="after")
    def _one_source(self) -> "Streets":
        if (self.file is None) == (self.place is None):
            raise one_of("`file`, `place`")
        return self
