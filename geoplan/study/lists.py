"""The lists of a study: facility registers, projects, supplies by zone, reported figures."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from geoplan.study.entry import Datum, Entry, FilePath, Level, Text, one_of
from geoplan.study.formats import kind_of
from geoplan.words.periods import parse_period
from geoplan.words.quantities import RuleValue


class Register(Entry):
    """One facility register."""

    file: FilePath | None = None
    """A workbook (.xlsx, .xls, .et, .xlsb, .ods), CSV (UTF-8 or GB18030), GeoJSON, GeoPackage, Shapefile, or an OSM extract (.osm.pbf,
    .osm)."""
    none: Literal[True] | None = None
    """True instead of a file: there is no facility of `type` or `types` in the study area. A file without a row says nothing of the kind."""
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
    lacks: list[Text] = []
    """Supplies that its facilities do not have, so that they are 0 and not unknown, e.g. ``[beds]`` of day care without beds."""
    lookup: FilePath | None = None
    """The office's own table of addresses or names with coordinates (name, lon, lat)."""
    accepted: FilePath | None = None
    """File of accepted points (id, lon, lat), as a run writes them."""

    @model_validator(mode="after")
    def _types(self) -> "Register":
        if (self.file is None) != (self.none is True):
            raise one_of("`file`, `none: true`")
        if (self.types is None) == (self.type is None) and (self.file is None or kind_of(self.file) != "osm"):
            raise one_of("`types`, `type`")
        return self

    def kinds(self) -> list[str]:
        """Return the facility types that it names."""
        return named_types([self.type] if self.type is not None else self.types)


def named_types(types: Iterable[str] | Mapping[str, str | list[str]] | None) -> list[str]:
    """Return the facility types of ``type`` or ``types``, each once."""
    kinds = types.values() if isinstance(types, Mapping) else types or ()
    return list(dict.fromkeys(name for kind in kinds for name in ([kind] if isinstance(kind, str) else kind)))


class ProjectList(Entry):
    """A list of planned projects (项目库), an input like a register."""

    file: FilePath
    """A workbook or CSV."""
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

    file: FilePath
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


def _period(text: str) -> str:
    parse_period(text)
    return text


class Reported(Entry):
    """A figure that a department reports (部门填报值), shown beside the computed one."""

    rule: Text
    """pack.rule."""
    value: RuleValue
    """As reported, in the rule's unit."""
    by: Text | None = None
    """Who reports it."""
    period: Annotated[Text, AfterValidator(_period)] | None = None
    """Year, quarter or month that it is of (``2025``, ``2025Q2``, ``2025-06``); default: every year that is judged."""
    adopt: Literal["measured", "reported"] | None = None
    """Which figure counts in the annex table (采用值); default: the measured one where it is known."""
    reason: Text | None = None
    """Why it differs from the measured figure."""


class ReportingTable(Entry):
    """A workbook that departments have filled, as ``geoplan template reporting`` writes it: one sheet an office."""

    file: FilePath
    """The workbook (.xlsx, .xls, .et, .xlsb, .ods)."""
    source: Text | None = None
    """Who collected it, as the sources sheet prints it."""
