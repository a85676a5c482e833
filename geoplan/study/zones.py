"""The zones of a study: polygon layers and residential land."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from geoplan.study.entry import Datum, Entry, FilePath, Level, Text, one_of

#: Levels that partition the area, coarse to fine.
PARTITION = ("district", "town", "community")


class ZoneLayer(Entry):
    """One layer of polygons at one level: from a file, or made by joining the zones of a finer level by a column."""

    model_config = ConfigDict(validate_by_name=True)

    level: Level
    """district, town and community partition the area; estate (小区) is an overlay."""
    role: Literal["study", "context"] = "study"
    """``context``: neighbouring zones (周边参照单元) whose people and facilities share supply with those of the study, and which are never
    judged, summed or listed. What the study has itself is left out of them, so a layer of the whole city serves."""
    file: FilePath | None = None
    """GeoJSON, TopoJSON, GeoPackage, Shapefile, FileGDB, GeoParquet; a table (CSV, XLSX) of estates or H3 ids also serves."""
    from_level: Level | None = Field(None, alias="from")
    """Instead of a file: the finer level whose zones are joined (``{level: town, from: community, by: 所属街道}``)."""
    by: Text | None = None
    """With `from`: column of the finer layer that names the zone of this level."""
    layer: Text | None = None
    """Layer or TopoJSON object inside the file; needed where it holds several."""
    encoding: Text | None = None
    """Text encoding of a Shapefile or CSV; found out where it is not given."""
    datum: Datum | None = None
    """What the coordinates are in; default: what the file says."""
    id: Text | None = None
    """Column of ids, unique in the layer; needed with a file."""
    name: Text | None = None
    """Column of names; default: the ids."""
    h3: bool = False
    """True where `id` holds H3 cell ids and the polygons are made from them."""
    parent: Text | None = None
    """Column that names the zone one level up by id or name; where absent, the overlay decides. With `from`: a column of the finer
    layer, which also tells zones of one name in two parents apart."""
    kind: Text | dict[Text, Text | list[Text]] | None = None
    """One word for all (``urban``), or ``{column: 类型, 城镇: urban, 农村: rural}``."""
    totals: dict[Text, Text | Annotated[list[Text], Field(min_length=1)]] = {}
    """Given totals: group of the study -> column, or columns that are added up (``elders_60: [60-64岁, 65-69岁, 70岁及以上]``); ``1,000`` and
    full-width digits are read as registers read them."""
    source: Text | None = None
    """Who made it, when, under which licence, as the sources sheet and the map print it."""
    columns: dict[Text, Text] = {}
    """Further attributes: name -> column (estates: built_year, households, dwellings, eldercare_rooms_m2,
    childcare_rooms_m2, and the steps planned, built, accepted, handed_over: yes, no or a date)."""

    @model_validator(mode="after")
    def _one_origin(self) -> "ZoneLayer":
        read, made = (self.file, self.id), (self.from_level, self.by)
        whole = None not in (read if self.file is not None else made)
        if (
            not whole
            or (self.file is None) == (self.from_level is None)
            or (self.file is not None and self.by is not None)
        ):
            raise one_of("`file` + `id`, `from` + `by`")
        if self.file is None:
            self._only_joined()
        if self.role == "context" and self.level not in PARTITION:
            raise PydanticCustomError(
                "zones_context", "context zones partition their area", {"level": self.level}
            )
        return self

    def _only_joined(self) -> None:
        """Check what a level made of a finer one may state."""
        finer = PARTITION[PARTITION.index(self.level) + 1 :] if self.level in PARTITION else ()
        of_files = {"layer", "encoding", "datum", "id", "h3", "totals", "columns"} & self.model_fields_set
        if self.from_level not in finer or isinstance(self.kind, dict) or of_files:
            raise PydanticCustomError("zones_from", "a level is made of a finer one", {"level": self.level})


class Land(Entry):
    """Residential land for the third base of circles."""

    source: Text | None = None
    """Who made it, when, under which licence, as the sources sheet and the map print it."""

    file: FilePath
    """Polygons of residential land."""
    layer: Text | None = None
    """Layer inside the file."""
    datum: Datum | None = None
    """What the coordinates are in; default: what the file says."""
