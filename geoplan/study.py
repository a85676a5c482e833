"""The study file: every parameter with its unit, range and default, and one error that lists every wrong entry.

One YAML file says everything that a run needs. It is read strictly (``yes`` is no number, ``4`` is no text, unknown
entries are named with a guess of what was meant) into a frozen :class:`Study`. The attribute docstrings below are the
reference: ``docs/study.md`` is made from them.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from geoplan.errors import Note, StudyError
from geoplan.study_problems import (
    entry_lines,
    meant,
    one_line,
    plain_problems,
    problem_note,
    repeated_entries,
)
from geoplan.tables import GROUPS

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


class Rate(Entry):
    """A rate taken cell by cell: one raster over another."""

    raster: PathText
    """Numerator."""
    over: PathText
    """Denominator, on the same grid."""
    times: Positive = 1.0
    """Factor on the ratio."""


class Group(Entry):
    """One group of people: a raster, a rate of another group, zone totals, or street metres."""

    raster: PathText | None = None
    """People per cell."""
    rake_to: Level | None = None
    """Level whose given totals the cells are scaled to; without a raster the totals are spread."""
    spread: Literal["streets", "point"] = "streets"
    """Where zone totals without a raster go: along the zone's streets, or to its representative point."""
    source: Text | None = None
    """Who made it, when, under which licence, as the sources sheet and the map print it."""
    of: Text | None = None
    """Group that this one is a part of."""
    rate: Share | Rate | None = None
    """Part of `of`, 0-1: a number, or one raster over another."""
    people_per_household: Positive | None = None
    """`of` divided by this gives households."""
    street_m: bool = False
    """True: metres of walkable street stand in for people."""
    basis: Text | None = None
    """常住, 户籍, 七普 …; a derived group takes that of `of`."""
    year: Annotated[int, Field(ge=1900, le=2100)] | None = None
    """Year of the figures; a derived group takes that of `of`."""

    @model_validator(mode="after")
    def _one_kind(self) -> "Group":
        sources = [self.raster is not None or self.rake_to is not None, self.of is not None, self.street_m]
        if sum(sources) != 1:
            forms = "`raster` (`rake_to`), `of`, `street_m: true`"
            raise PydanticCustomError("study_one_of", "one of {forms}", {"forms": forms})
        if (self.of is not None) != ((self.rate is not None) + (self.people_per_household is not None) == 1):
            forms = "`of` + `rate`, `of` + `people_per_household`"
            raise PydanticCustomError("study_one_of", "one of {forms}", {"forms": forms})
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
        osm = self.file.endswith((".pbf", ".osm"))
        if (self.types is None) == (self.type is None) and not osm:
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
    need: Need | None = None
    """Rate of need; with it the run says who is served when each place is given out once."""
    bands_minutes: list[Positive] = [5.0, 10.0, 15.0]
    """Isochrone bands, minutes."""


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


class Study(Entry):
    """Everything that a run needs, from one YAML file."""

    name: Text
    """Title on every page."""
    year: Annotated[int, Field(ge=1990, le=2100)]
    """Year that is judged: facilities and targets count as of it."""
    lang: Literal["zh", "en"] = "zh"
    """Language of the outputs."""
    synthetic: bool = False
    """True prints 演示数据，不作为决策依据 on every page."""
    crs: Text | None = None
    """Metric CRS of computation and layers; default: the CGCS2000 3-degree zone in China, UTM elsewhere."""
    zones: Annotated[list[ZoneLayer], Field(min_length=1)]
    """Polygon layers, coarse to fine."""
    streets: Streets
    """The streets."""
    population: Annotated[dict[Text, Group], Field(min_length=1)]
    """Groups of people."""
    facilities: list[Register] = []
    """Facility registers."""
    services: Annotated[dict[Text, Service], Field(min_length=1)]
    """Services whose circles are measured."""
    land: Land | None = None
    """Residential land."""
    packs: list[Text] = []
    """Packs of rules: names of shipped ones, or files."""
    flag_rules: list[Text] | None = None
    """Only these rules (pack.rule) flag; default: every per-person and per-household standard and circle."""
    thresholds: dict[Text, float] = {}
    """Local thresholds (本地设定) for rules that the plan does not quantify, pack.rule -> value."""
    reported: list[Reported] = []
    """Figures that departments report."""
    frail_ms: Annotated[float, Field(gt=0, le=3)] = 0.76
    """Pace of frail elders shown beside the stated one, m/s (mean over 65 with limited mobility, n = 768)."""
    out: PathText = "out"
    """Folder of results."""

    _folder: Path = PrivateAttr(default=Path())
    _path: Path = PrivateAttr(default=Path())

    @property
    def folder(self) -> Path:
        """Folder of the study file, to which its paths are relative."""
        return self._folder

    @property
    def path(self) -> Path:
        """The study file."""
        return self._path

    def in_language(self, lang: Literal["zh", "en"]) -> "Study":
        """Return the same study with its outputs in `lang`."""
        return self.model_copy(update={"lang": lang})

    def resolve(self, file: str) -> Path:
        """Return a path of the study as it is on this machine."""
        return self.folder / file

    @model_validator(mode="after")
    def _names_fit(self) -> "Study":
        problems = list(self._unknown_names())
        if problems:
            raise PydanticCustomError("study_names", "{names}", {"names": "; ".join(problems)})
        return self

    def _unknown_names(self) -> Iterator[str]:
        for name in self.population:
            if name not in GROUPS:
                yield f"population.{name} ✗{_did_you_mean(name, GROUPS)}"
        for name, group in self.population.items():
            if group.of is not None and group.of not in self.population:
                yield f"population.{name}.of: `{group.of}` ✗{_did_you_mean(group.of, self.population)}"
        for name, service in self.services.items():
            if service.group not in self.population:
                yield f"services.{name}.group: `{service.group}` ✗{_did_you_mean(service.group, self.population)}"
            if (
                service.need is not None
                and service.need.of is not None
                and service.need.of not in self.population
            ):
                yield f"services.{name}.need.of: `{service.need.of}` ✗{_did_you_mean(service.need.of, self.population)}"
        offered = set(self._offered_types())
        for name, service in self.services.items():
            for kind in service.facilities if offered else []:
                if kind not in offered:
                    yield f"services.{name}.facilities: `{kind}` ✗{_did_you_mean(kind, offered)}"

    def register_types(self) -> tuple[str, ...]:
        """Return every facility type that a register can hold: with none in it, there are none (and not: unknown)."""
        return tuple(sorted(set(self._offered_types())))

    def _offered_types(self) -> Iterator[str]:
        """Yield every facility type that a register names; nothing where an OSM extract's own tags decide."""
        for register in self.facilities:
            if register.type is None and register.types is None:
                return
        for register in self.facilities:
            yield from [register.type] if register.type is not None else []
            for types in (register.types or {}).values():
                yield from [types] if isinstance(types, str) else types


def _did_you_mean(word: str, known: Iterable[str]) -> str:
    guess = meant(word, known)
    return f" → `{guess}` ?" if guess else ""


def read_study(path: str | Path) -> "Study":
    """Read and check a study file.

    Parameters
    ----------
    path
        YAML file, UTF-8.

    Returns
    -------
    study
        Frozen; `study.folder` is the file's folder, to which its paths are relative.

    Raises
    ------
    StudyError
        With every wrong entry: line, entry, what was found, what is expected.
    """
    path = Path(path)
    if not path.is_file():
        raise StudyError(Note.of("file_missing", file=str(path), severity="error"))
    try:
        text = path.read_text(encoding="utf-8-sig")
        tree = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise StudyError(
            Note.of("study_not_yaml", file=str(path), why=one_line(error), severity="error")
        ) from error
    if not isinstance(data, dict):
        raise StudyError(Note.of("study_empty", file=str(path), severity="error"))
    lines = dict(entry_lines(tree))
    notes = [
        Note.of("study_twice", file=str(path), row=line, entry=entry, severity="error")
        for entry, line in repeated_entries(tree)
    ]
    study = None
    try:
        study = Study.model_validate_json(json.dumps(data, default=str))
    except ValidationError as error:
        notes += [
            problem_note(problem, model=Study, path=path, lines=lines) for problem in plain_problems(error)
        ]
    if notes or study is None:
        raise StudyError(*sorted(notes, key=lambda note: note.row or 0))
    study._folder = path.resolve().parent
    study._path = path
    return study
