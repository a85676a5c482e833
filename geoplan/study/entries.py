"""The parts of a study file: every parameter with its unit, range and default.

The attribute docstrings are the reference: ``docs/study.md`` is made from them.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from geoplan import tables
from geoplan.study.formats import kind_of
from geoplan.words.labels import service_label

Level = Literal["district", "town", "community", "estate"]
Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Text = Annotated[str, Field(min_length=1)]
PathText = Annotated[str, Field(min_length=1)]  # relative to the study file


class Entry(BaseModel):
    """Base of every part of a study: strict, frozen, no unknown entries."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", use_attribute_docstrings=True)


class ControlPoint(Entry):
    """One pair of points that ties a local city grid to WGS 84."""

    local: tuple[float, float]
    """x and y in the file's own grid, metres."""
    lonlat: tuple[float, float]
    """Longitude and latitude, WGS 84, degrees."""


Datum = Text | list[ControlPoint]
"""``wgs84``, ``cgcs2000``, ``gcj02``, ``bd09``, an EPSG code or PROJ string, or control points of a local grid."""


class ZoneLayer(Entry):
    """One layer of polygons at one level."""

    level: Level
    """district, town and community partition the area; estate (小区) is an overlay."""
    file: PathText
    """GeoJSON, GeoPackage, Shapefile, FileGDB, GeoParquet; a table (CSV, XLSX) of estates or H3 ids also serves."""
    layer: Text | None = None
    """Layer inside the file; needed where it holds several."""
    encoding: Text | None = None
    """Text encoding of a Shapefile or CSV; found out where it is not given."""
    datum: Datum | None = None
    """What the coordinates are in; default: what the file says."""
    id: Text
    """Column of ids, unique in the layer."""
    name: Text | None = None
    """Column of names; default: the ids."""
    h3: bool = False
    """True where `id` holds H3 cell ids and the polygons are made from them."""
    parent: Text | None = None
    """Column that names the zone one level up by id or name; where absent, the overlay decides."""
    kind: Text | dict[Text, Text | list[Text]] | None = None
    """One word for all (``urban``), or ``{column: 类型, 城镇: urban, 农村: rural}``."""
    totals: dict[Text, Text] = {}
    """Given totals: group -> column."""
    source: Text | None = None
    """Who made it, when, under which licence, as the sources sheet and the map print it."""
    columns: dict[Text, Text] = {}
    """Further attributes: name -> column (estates: built_year, households, dwellings, eldercare_rooms_m2,
    childcare_rooms_m2, handed_over)."""


class Crossing(Entry):
    """Fixed seconds that slow a walker beside the pace."""

    crossing_seconds: Annotated[float, Field(ge=0, le=300)] = 0.0
    """Seconds lost at each tagged crossing."""
    steps_factor: Annotated[float, Field(ge=1, le=5)] = 1.0
    """How many times longer a metre of steps takes than a metre of street."""


class Slope(Entry):
    """Heights that slow a walker uphill."""

    file: PathText
    """Elevation raster, metres."""
    rule: Literal["tobler"] | dict[Text, float] = "tobler"
    """``tobler``, or a stated table of slope (share, as text) -> factor on speed."""


class Streets(Entry):
    """The streets that people walk on."""

    file: PathText | None = None
    """.osm.pbf, .osm, .graphml, or any line layer."""
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
    barriers: PathText | None = None
    """Layer of lines or polygons (water, rail, motorway) that an access leg may not cross."""
    slope: Slope | None = None
    """Heights; none: flat."""
    delays: Crossing = Crossing()
    """Fixed seconds."""
    max_snap_m: Annotated[float, Field(gt=0, le=2000)] = 250.0
    """Longest access leg from a point to the network, metres."""
    island_nodes: Annotated[int, Field(ge=0)] = 50
    """A component with fewer nodes is an island."""

    @model_validator(mode="after")
    def _one_source(self) -> "Streets":
        if (self.file is None) == (self.place is None):
            raise PydanticCustomError("study_one_of", "one of {forms}", {"forms": "`file`, `place`"})
        return self


class Register(Entry):
    """One facility register."""

    file: PathText
    """XLSX, CSV (UTF-8 or GB18030), GeoJSON, GeoPackage, Shapefile, or an OSM extract (.osm.pbf, .osm)."""
    layer: Text | None = None
    """Sheet or layer; needed where the file holds several."""
    datum: Datum | None = None
    """What the coordinates are in; default: what the file says, else wgs84."""
    types: dict[Text, Text | list[Text]] | None = None
    """Word in the register -> facility type(s)."""
    type: Text | None = None
    """Facility type of every row, where the register has only one."""
    source: Text | None = None
    """Who made it, when, under which licence, as the sources sheet and the map print it."""
    where: Text | None = None
    """Column of counts or yes/no: only rows where it is above 0 (or 是) are facilities."""
    columns: dict[Text, Text] = {}
    """Field -> column, for columns whose headers are not recognised (see docs/registers.md)."""
    status: dict[Text, Literal["existing", "building", "planned", "closed"]] = {}
    """Word in the register -> status, beside the usual ones."""
    lookup: PathText | None = None
    """The office's own table of addresses or names with coordinates (name, lon, lat)."""
    accepted: PathText | None = None
    """File of accepted points (id, lon, lat), as a run writes them."""

    @model_validator(mode="after")
    def _types(self) -> "Register":
        if (self.types is None) == (self.type is None) and kind_of(self.file) != "osm":
            raise PydanticCustomError("study_one_of", "one of {forms}", {"forms": "`types`, `type`"})
        return self


class Need(Entry):
    """How many beds or places people need: the rate at which need is set against supply."""

    supply: Text
    """What is given out: beds, places …"""
    per_1000: Positive
    """Needed per 1,000 people of the group, e.g. 50 beds per 1,000 elders."""
    of: Text | None = None
    """Group that the rate counts; default: the service's group."""


class Service(Entry):
    """One service whose circle is measured."""

    facilities: Annotated[list[Text], Field(min_length=1)]
    """Facility types that offer it."""
    group: Text
    """Group that walks to it."""
    walk_minutes: Annotated[float, Field(gt=0, le=120)]
    """Longest walk that counts, minutes, inclusive."""
    walk_kmh: Annotated[float, Field(gt=0, le=10)]
    """Walking speed on the flat, km/h."""
    label: Text | None = None
    """Name on maps and tables; default: the usual Chinese name."""
    straight_m: Positive | None = None
    """Radius as the crow flies shown beside it; default: walk_minutes at walk_kmh in metres."""
    flag_share: Share = 0.2
    """A community with a larger share of people outside the circle is flagged."""
    decay: dict[Text, Share] | None = None
    """Minutes -> weight of a facility that far (``{"5": 1.0, "10": 0.68, "15": 0.22}``), non-increasing; default: all in the circle
    count alike."""
    need: Need | None = None
    """Rate of need; with it the run says who is served when each place is given out once."""
    bands_minutes: list[Positive] = [5.0, 10.0, 15.0]
    """Isochrone bands, minutes."""

    @model_validator(mode="after")
    def _decay_falls(self) -> "Service":
        if self.decay is not None:
            try:
                steps = sorted((float(minutes), weight) for minutes, weight in self.decay.items())
            except ValueError:
                steps = []
            weights = [weight for _, weight in steps]
            if not steps or steps[0][0] <= 0 or weights != sorted(weights, reverse=True):
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
            need=None if need is None else tables.NeedRate(need.per_1000, need.supply, need.of or self.group),
        )


class Land(Entry):
    """Residential land for the third base of circles."""

    source: Text | None = None
    """Who made it, when, under which licence, as the sources sheet and the map print it."""

    file: PathText
    """Polygons of residential land."""
    layer: Text | None = None
    """Layer inside the file."""
    datum: Datum | None = None
    """What the coordinates are in; default: what the file says."""


class Reported(Entry):
    """A figure that a department reports (部门填报值), shown beside the computed one."""

    rule: Text
    """pack.rule."""
    value: float
    """As reported, in the rule's unit."""
    by: Text | None = None
    """Who reports it."""


class ProjectList(Entry):
    """A list of planned projects (项目库), an input like a register."""

    file: PathText
    """XLSX or CSV."""
    layer: Text | None = None
    """Sheet; needed where the file holds several."""
    datum: Datum | None = None
    """What the coordinates are in, where the list gives any; default: wgs84."""
    columns: dict[Text, Text] = {}
    """Field -> column, for columns whose headers are not recognised."""
    types: dict[Text, Text | list[Text]] = {}
    """Word in the list -> facility type(s), beside the usual ones."""
    source: Text | None = None
    """Who made it, as the sources sheet prints it."""


class ZoneSupplies(Entry):
    """Supplies without a point (family beds, social workers …), by zone."""

    file: PathText
    """XLSX or CSV, one row a zone."""
    layer: Text | None = None
    """Sheet; needed where the file holds several."""
    level: Level
    """Level of the zones."""
    zone: Text
    """Column that names the zone by id or name."""
    parent: Text | None = None
    """Column that names the zone above, for names that stand more than once."""
    supplies: Annotated[dict[Text, Text], Field(min_length=1)]
    """Supply -> column, e.g. ``{family_beds: 家庭养老床位, social_workers: 社会工作者}``."""
    source: Text | None = None
    """Who made it, as the sources sheet prints it."""


class Exports(Entry):
    """Further layers for offices that do not use GeoPackage."""

    formats: Annotated[list[Literal["shp", "filegdb", "dxf"]], Field(min_length=1)]
    """Shapefile (UTF-8, with a field-name map), FileGDB, DXF."""
    crs: Text | list[ControlPoint] | None = None
    """EPSG code or PROJ string, or control points of the office's own grid; default: the study's CRS."""
