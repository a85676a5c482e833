"""The study file: every parameter with its unit, range and default, and one error that lists every wrong entry.

One YAML file says everything that a run needs. It is read strictly (``yes`` is no number, ``4`` is no text, unknown
entries are named with a guess of what was meant) into a frozen :class:`Study`. The attribute docstrings below are the
reference: ``docs/study.md`` is made from them.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from geoplan import tables
from geoplan.study.entry import ControlPoint, Entry, FilePath, PackName, PlannerFile, Text
from geoplan.study.lists import ProjectList, Register, Reported, ReportingTable, ZoneSupplies, named_types
from geoplan.study.map import MapBase
from geoplan.study.people import Group
from geoplan.study.priority import Priority
from geoplan.study.services import Service
from geoplan.study.siting import Siting
from geoplan.study.streets import Streets
from geoplan.study.zones import PARTITION, Land, ZoneLayer
from geoplan.tables import GROUPS
from geoplan.words.errors import StudyError
from geoplan.words.quantities import Ordinal, Pace, RuleValue, Year
from geoplan.words.strict_yaml import Format, meant, read_yaml
from geoplan.words.vocabulary import vocabulary

#: Forms of the study file: its newest number, and entries that have another name since geoplan 1.0.
STUDY_FORMAT = Format(
    newest=1,
    renamed={
        "frail_ms": "frail_kmh",
        "siting.candidates.*.works": "construction_type",
        "siting.questions.*.least": "minimise",
        "siting.questions.*.to": "size_target",
        "siting.questions.*.keep": "min_total_share",
        "siting.questions.*.part": "worst_share",
        "siting.questions.*.each": "min_share_per_community",
        "siting.questions.*.theta": "min_reach_share",
    },
)

#: Full name of an entry, the name in it that nothing has, and what was probably meant.
UnknownName = tuple[str, str, str]


class Exports(Entry):
    """Further layers for offices that do not use GeoPackage."""

    formats: Annotated[list[Literal["shp", "filegdb", "dxf"]], Field(min_length=1)]
    """Shapefile (UTF-8, with a field-name map), FileGDB, DXF."""
    crs: Text | list[ControlPoint] | None = None
    """EPSG code or PROJ string, or control points of the office's own grid; default: the study's CRS."""


class Study(PlannerFile):
    """Everything that a run needs, from one YAML file."""

    format: Ordinal = 1
    """Form of this file; a file without it is of form 1."""
    name: Text
    """Title on every page."""
    year: Year
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
    own_types: list[Text] = []
    """Facility types of this study's own, beside those of docs/registers.md, for other services (clinics, canteens, schools). They print
    as they are written here."""
    services: Annotated[dict[Text, Service], Field(min_length=1)]
    """Services whose circles are measured."""
    zone_supplies: list[ZoneSupplies] = []
    """Supplies without a point, by zone."""
    projects: list[ProjectList] = []
    """Planned projects (项目库); the run says what they would meet."""
    siting: Siting | None = None
    """Where to build: candidates and questions, for `geoplan site`."""
    land: Land | None = None
    """Residential land."""
    packs: list[PackName] = []
    """Packs of rules: names of shipped ones, or files."""
    switch_on: list[Text] = []
    """Rules (pack.rule) that a pack ships switched off, e.g. unverified figures of `national`, and that shall be judged."""
    flag_rules: list[Text] | None = None
    """Only these rules (pack.rule) flag; default: every per-person and per-household standard and circle, but for standards of new estates."""
    thresholds: dict[Text, RuleValue] = {}
    """Local thresholds (本地设定) for rules that the plan does not quantify, pack.rule -> value."""
    priority: Priority = Priority()
    """Where to act first, and what is advised."""
    reported: list[Reported] = []
    """Figures that departments report."""
    reporting: list[ReportingTable] = []
    """Workbooks of figures that departments have filled."""
    frail_kmh: Pace = 2.736
    """Pace of frail elders shown beside the stated one, km/h (0.76 m/s: mean over 65 with limited mobility, n = 768)."""
    papers: list[Literal["word", "atlas", "communities"]] = ["word"]
    """Papers to hand in beside map, workbook and report: Word documents, atlas, one page a community (the last two need the extra `papers`)."""
    exports: Exports | None = None
    """Further layers."""
    map: MapBase = MapBase()
    """Tiles beneath ``map.html``, and the approval number of the maps."""
    out: Annotated[FilePath, Field(validate_default=True)] = "out"  # type: ignore[assignment]  # as the file would state it
    """Folder of results."""

    @property
    def out_folder(self) -> Path:
        """Folder of results."""
        return self.out

    def in_language(self, lang: str) -> Self:
        """Return the same study with its outputs in `lang`; a StudyError if there are none in that language."""
        return self.changed(lang=lang)

    def in_year(self, year: int) -> Self:
        """Return the same study as of another year; a StudyError if it is none that a study may have."""
        return self.changed(year=year)

    def with_packs(self, packs: Iterable[str | Path]) -> Self:
        """Return the same study judged by other packs, each a shipped one's name or a file; a StudyError if a name is empty."""
        return self.changed(packs=list(packs))

    @model_validator(mode="after")
    def _names_fit(self) -> "Study":
        names = [
            *self._unknown_in_zones(), *self._unknown_groups(), *self._unknown_types(), *self._unknown_in_siting(),
        ]  # fmt: skip
        if names:
            raise PydanticCustomError("entry_names", "unknown names", {"names": names})
        if all(layer.role == "context" for layer in self.zones):
            raise PydanticCustomError("zones_none_judged", "only context zones")
        supplies = [supply for table in self.zone_supplies for supply in table.supplies]
        twice = sorted({supply for supply in supplies if supplies.count(supply) > 1})
        if twice:  # two tables, maybe of two levels, would add up
            raise PydanticCustomError("zone_supplies_twice", "twice", {"supplies": ", ".join(twice)})
        return self

    def _unknown_in_zones(self) -> Iterator[UnknownName]:
        """Yield what layers name and nothing has: groups of totals, levels to be joined, parents above the coarsest level."""
        for at, layer in enumerate(self.zones):
            beside = [other for other in self.zones if other.role == layer.role]
            read = {other.level for other in beside if other.file is not None}
            coarse_to_fine = [level for level in PARTITION if level in {other.level for other in beside}]
            for group in layer.totals:
                for _, name, guess in self._unknown_group("", group):
                    yield f"zones.{at}.totals", name, guess
            if layer.from_level is not None and layer.from_level not in read:
                yield f"zones.{at}.from", layer.from_level, ", ".join(sorted(read))
            # context zones name a parent of the study's own layers, say, and it is no fault that these are none of theirs
            if layer.parent is not None and layer.role == "study" and layer.level in coarse_to_fine[:1]:
                yield f"zones.{at}.parent", layer.parent, ""

    def _unknown_groups(self) -> Iterator[UnknownName]:
        for name, group in self.population.items():
            if name not in GROUPS:
                yield f"population.{name}", name, meant(name, GROUPS)
            if group.of is not None:
                yield from self._unknown_group(f"population.{name}.of", group.of)
        for name, service in self.services.items():
            yield from self._unknown_group(f"services.{name}.group", service.group)
            if service.need is not None and service.need.of is not None:
                yield from self._unknown_group(f"services.{name}.need.of", service.need.of)
            for needy in service.need.further if service.need is not None else ():
                yield from self._unknown_group(f"services.{name}.need.further", needy)

    def _unknown_group(self, entry: str, name: str) -> Iterator[UnknownName]:
        if name not in self.population:
            yield entry, name, meant(name, self.population)

    def _unknown_types(self) -> Iterator[UnknownName]:
        known = {*vocabulary("types"), *self.own_types}
        for entry, kinds in self._named_types():
            for kind in kinds:
                if kind not in known:
                    yield entry, kind, meant(kind, known)
        offered = set(self._offered_types()) or known
        for name, service in self.services.items():
            for kind in service.facilities:
                if kind not in offered:
                    yield f"services.{name}.facilities", kind, meant(kind, offered)
        for number, register in enumerate(self.facilities):
            for supply in register.lacks:
                if supply not in vocabulary("supplies"):
                    yield f"facilities.{number}.lacks", supply, meant(supply, vocabulary("supplies"))

    def _named_types(self) -> Iterator[tuple[str, list[str]]]:
        """Yield every entry of a list that names facility types, and the types."""
        for number, register in enumerate(self.facilities):
            yield f"facilities.{number}.{'type' if register.types is None else 'types'}", register.kinds()
        for number, listed in enumerate(self.projects):
            yield f"projects.{number}.types", named_types(listed.types)
        if self.siting is not None:
            for number, source in enumerate(self.siting.candidates):
                yield f"siting.candidates.{number}.types", named_types(source.types)
                yield f"siting.candidates.{number}.services", source.services
            for name, question in self.siting.questions.items():
                yield f"siting.questions.{name}.build", list(question.build.values())

    def _unknown_in_siting(self) -> Iterator[UnknownName]:
        if self.siting is None:
            return
        questions, sources = self.siting.questions, len(self.siting.candidates)
        if self.siting.adopted not in questions:
            yield "siting.adopt", self.siting.adopted, meant(self.siting.adopted, questions)
        for name, question in questions.items():
            for service in (*question.services, *question.build):
                if service not in self.services:
                    yield f"siting.questions.{name}", service, meant(service, self.services)
            for number in question.candidates or []:
                if not 1 <= number <= sources:
                    yield f"siting.questions.{name}.candidates", str(number), f"1…{sources}"

    def measured_services(self) -> dict[str, tables.Service]:
        """Return every service as the stages take it, by name."""
        return {name: service.measured(name, self.frail_kmh) for name, service in self.services.items()}

    def registers(self) -> list[Register]:
        """Return the registers that are read: those with a file."""
        return [register for register in self.facilities if register.file is not None]

    def register_types(self) -> tuple[str, ...]:
        """Return every facility type that a register can hold: with none in it, there are none (and not: unknown)."""
        return tuple(sorted(set(self._offered_types())))

    def _offered_types(self) -> Iterator[str]:
        """Yield every facility type that a register names; nothing where an OSM extract's own tags decide."""
        if all(register.kinds() for register in self.facilities):
            for register in self.facilities:
                yield from register.kinds()


def read_study(path: str | Path) -> Study:
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
    read = read_yaml(path, Study, error=StudyError, form=STUDY_FORMAT, empty="study_empty")
    return read.value.from_file(path, read.lines)
