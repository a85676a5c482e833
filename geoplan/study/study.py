"""The study file: every parameter with its unit, range and default, and one error that lists every wrong entry.

One YAML file says everything that a run needs. It is read strictly (``yes`` is no number, ``4`` is no text, unknown
entries are named with a guess of what was meant) into a frozen :class:`Study`. The attribute docstrings below are the
reference: ``docs/study.md`` is made from them.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, PrivateAttr, model_validator
from pydantic_core import PydanticCustomError

from geoplan import tables
from geoplan.study.entries import (
    Entry,
    Exports,
    Land,
    PathText,
    ProjectList,
    Register,
    Reported,
    Service,
    Streets,
    Text,
    ZoneLayer,
    ZoneSupplies,
)
from geoplan.study.people import Group
from geoplan.study.problems import meant, read_strict
from geoplan.study.siting import Siting
from geoplan.tables import GROUPS


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
    zone_supplies: list[ZoneSupplies] = []
    """Supplies without a point, by zone."""
    projects: list[ProjectList] = []
    """Planned projects (项目库); the run says what they would meet."""
    siting: Siting | None = None
    """Where to build: candidates and questions, for `geoplan site`."""
    land: Land | None = None
    """Residential land."""
    packs: list[Text] = []
    """Packs of rules: names of shipped ones, or files."""
    switch_on: list[Text] = []
    """Rules (pack.rule) that a pack ships switched off, e.g. unverified figures of `national`, and that shall be judged."""
    flag_rules: list[Text] | None = None
    """Only these rules (pack.rule) flag; default: every per-person and per-household standard and circle."""
    thresholds: dict[Text, float] = {}
    """Local thresholds (本地设定) for rules that the plan does not quantify, pack.rule -> value."""
    reported: list[Reported] = []
    """Figures that departments report."""
    frail_kmh: Annotated[float, Field(gt=0, le=10)] = 2.736
    """Pace of frail elders shown beside the stated one, km/h (0.76 m/s: mean over 65 with limited mobility, n = 768)."""
    papers: list[Literal["word", "atlas"]] = ["word"]
    """Papers to hand in beside map, workbook and report: Word documents, atlas (needs the extra `papers`)."""
    exports: Exports | None = None
    """Further layers."""
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

    def in_language(self, lang: str) -> "Study":
        """Return the same study with its outputs in `lang`."""
        return self.model_copy(update={"lang": lang})

    def in_year(self, year: int) -> "Study":
        """Return the same study as of another year."""
        return self.model_copy(update={"year": year})

    def with_packs(self, packs: list[str]) -> "Study":
        """Return the same study judged by other packs."""
        return self.model_copy(update={"packs": packs})

    @property
    def out_folder(self) -> Path:
        """Folder of results."""
        return self.resolve(self.out)

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
        yield from self._unknown_in_services()
        if self.siting is not None:
            yield from self._unknown_in_siting(self.siting)

    def _unknown_in_services(self) -> Iterator[str]:
        for name, service in self.services.items():
            if service.group not in self.population:
                yield f"services.{name}.group: `{service.group}` ✗{_did_you_mean(service.group, self.population)}"
            if (
                service.need is not None
                and service.need.of is not None
                and service.need.of not in self.population
            ):
                yield f"services.{name}.need.of: `{service.need.of}` ✗{_did_you_mean(service.need.of, self.population)}"
        told = [supply for table in self.zone_supplies for supply in table.supplies]
        for supply in sorted({supply for supply in told if told.count(supply) > 1}):
            yield f"zone_supplies: `{supply}` × {told.count(supply)}"  # two levels of one supply would add up
        offered = set(self._offered_types())
        for name, service in self.services.items():
            for kind in service.facilities if offered else []:
                if kind not in offered:
                    yield f"services.{name}.facilities: `{kind}` ✗{_did_you_mean(kind, offered)}"

    def _unknown_in_siting(self, siting: Siting) -> Iterator[str]:
        if siting.adopted not in siting.questions:
            yield f"siting.adopt: `{siting.adopt}` ✗{_did_you_mean(siting.adopted, siting.questions)}"
        for name, question in siting.questions.items():
            for service in (*question.services, *question.build):
                if service not in self.services:
                    yield f"siting.questions.{name}: `{service}` ✗{_did_you_mean(service, self.services)}"
            for number in question.candidates or []:
                if not 1 <= number <= len(siting.candidates):
                    yield f"siting.questions.{name}.candidates: {number} ✗ 1..{len(siting.candidates)}"

    def measured_services(self) -> dict[str, tables.Service]:
        """Return every service as the stages take it, by name."""
        return {name: service.measured(name, self.frail_kmh) for name, service in self.services.items()}

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
    study, _ = read_strict(path, Study, empty="study_empty")
    study._folder = path.resolve().parent
    study._path = path
    return study
