"""A scenario (方案): named changes to a study, read from YAML.

::

    scenario:
      base: study.yaml
      name: 开放西门并新建日间照料中心
      open: [已停用的示例托育点]                     # stands in a register and does not count in the year
      close: [碧水镇松鹤养老院]
      enlarge: [{facility: 呼中区社会福利院, add: {beds: 20, nursing_beds: 10}}]
      add: [{name: 新建日间照料中心, services: [elder_day_care], lonlat: [123.57, 52.03], supplies: {beds: 10}}]
      move: [{facility: 示例托育点, lonlat: [123.58, 52.03]}]
      links: [{name: 河滨步道, line: [[123.57, 52.03], [123.58, 52.035]]}]
      housing: [{name: 东区新建住宅, lonlat: [123.58, 52.04], people: {residents: 900, elders_60: 150, under_3: 20, households: 320}}]
      minutes: {eldercare: 20}
      gates: {林场家属院西门: true}
      walk_kmh: {eldercare: 3.2}
      packs: [huzhong]
      year: 2030

Facilities are named by id (the register's code, else ``name@file``) or by name. What no input has is an error that names every such entry at once.
"""

import json
from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from geoplan.study.entry import Datum, Entry, FilePath, PackName, PlannerFile, Text, one_of
from geoplan.words.errors import StudyError
from geoplan.words.quantities import Amount, Coordinate, Minutes, Ordinal, Pace, Year
from geoplan.words.strict_yaml import Format, parse_yaml, read_yaml


class Enlargement(Entry):
    """One facility that becomes larger."""

    facility: Text
    """Facility by id or name."""
    service: Text | None = None
    """Facility type that gets it, where the facility has several that could."""
    add: dict[Text, Amount] = {}
    """Supply -> how much more (``beds, nursing_beds, places, floor_area_m2`` …)."""
    to: dict[Text, Amount] = {}
    """Supply -> how much there is then."""

    @model_validator(mode="after")
    def _one_way(self) -> "Enlargement":
        if bool(self.add) == bool(self.to):
            raise one_of("`add`, `to`")
        return self

    def amounts(self) -> str:
        """Return what changes as text: ``beds +20, places = 40``."""
        grown = [f"{name} +{value:g}" for name, value in self.add.items()]
        return ", ".join(grown + [f"{name} = {value:g}" for name, value in self.to.items()])


class NewFacility(Entry):
    """One facility that no register has."""

    name: Text
    """Name on maps and tables."""
    services: Annotated[list[Text], Field(min_length=1)]
    """Facility types that it offers."""
    lonlat: tuple[Coordinate, Coordinate] | None = None
    """Its point: longitude and latitude, or x and y of `datum`."""
    datum: Datum = "wgs84"
    """What `lonlat` is in."""
    zone: Text | None = None
    """Zone (id or name) in which it counts where it has no point yet."""
    supplies: dict[Text, Amount] = {}
    """Supply -> amount; what is not said is unknown."""
    attributes: dict[Text, bool] = {}
    """Attribute -> whether it has it (``public, inclusive, registered`` …); what is not said is unknown."""

    @model_validator(mode="after")
    def _somewhere(self) -> "NewFacility":
        if self.lonlat is None and self.zone is None:
            raise one_of("`lonlat`, `zone`")
        return self


class Relocation(Entry):
    """One facility that moves."""

    facility: Text
    """Facility by id or name."""
    lonlat: tuple[Coordinate, Coordinate]
    """Where it moves to: longitude and latitude, or x and y of `datum`."""
    datum: Datum = "wgs84"
    """What `lonlat` is in."""


class Link(Entry):
    """A way for walkers that the streets do not have yet: a footpath, a passage, a bridge."""

    name: Text
    """What it is called."""
    line: Annotated[list[tuple[Coordinate, Coordinate]], Field(min_length=2)]
    """Its points, longitude and latitude, or x and y of `datum`. Its ends join the nearest street on the ground within 50 m; nothing else on its
    way does. It is walked both ways, flat."""
    datum: Datum = "wgs84"
    """What `line` is in."""


class NewHousing(Entry):
    """Planned housing: people who will live at a place where the study counts none of them yet."""

    name: Text
    """Name of the estate or plot."""
    lonlat: tuple[Coordinate, Coordinate]
    """Where they will live: longitude and latitude, or x and y of `datum`."""
    datum: Datum = "wgs84"
    """What `lonlat` is in."""
    people: Annotated[dict[Text, Amount], Field(min_length=1)]
    """Group -> how many come to live there; every group that the study counts, 0 where none do."""

    def amounts(self) -> str:
        """Return the people as text: ``residents 900, under_3 20``."""
        return ", ".join(f"{name} {value:g}" for name, value in self.people.items())


class Scenario(PlannerFile):
    """Named changes to a study."""

    base: FilePath
    """Study file, relative to this file."""
    name: Text
    """What the scenario is called; stands behind the study's name on every page."""
    open: list[Text] = []
    """Facilities of the registers that do not count in the year (planned, building, closed) and shall count."""
    close: list[Text] = []
    """Facilities that count in the year and shall not."""
    enlarge: list[Enlargement] = []
    """Facilities that become larger."""
    add: list[NewFacility] = []
    """Facilities that no register has."""
    move: list[Relocation] = []
    """Facilities that move to another place."""
    links: list[Link] = []
    """Ways that the streets do not have yet."""
    housing: list[NewHousing] = []
    """Planned housing: people beside those of the study."""
    gates: dict[Text, bool] = {}
    """Gates by id or name: true opens, false closes."""
    walk_kmh: dict[Text, Pace] = {}
    """Service -> walking speed on the flat, km/h."""
    minutes: dict[Text, Minutes] = {}
    """Service -> longest walk that counts, minutes, inclusive."""
    packs: list[PackName] | None = None
    """Packs of rules in place of the study's."""
    year: Year | None = None
    """Year that is judged."""

    @property
    def lang(self) -> None:
        """No language of its own: the base study's."""
        return

    @property
    def out_folder(self) -> Path:
        """Folder of results: ``out/<name of this file>`` beside it."""
        return self.path.parent / "out" / self.path.stem

    def title(self, study: str) -> str:
        """Return the name on every page: the study's, then the scenario's."""
        return f"{study} · {self.name}"

    def changes(self) -> dict[str, str]:
        """Return every change as text, for the sheet of parameters: ``scenario.close`` -> what is closed."""
        rows: dict[str, str] = {}
        for entry in ("open", "close"):
            if getattr(self, entry):
                rows[f"scenario.{entry}"] = ", ".join(getattr(self, entry))
        for number, larger in enumerate(self.enlarge):
            rows[f"scenario.enlarge.{number}"] = f"{larger.facility}: {larger.amounts()}"
        for number, new in enumerate(self.add):
            at = new.zone if new.lonlat is None else place_text(new)
            amounts = [f"{name} {value:g}" for name, value in new.supplies.items()]
            rows[f"scenario.add.{number}"] = ", ".join([new.name, *new.services, str(at), *amounts])
        for number, moved in enumerate(self.move):
            rows[f"scenario.move.{number}"] = f"{moved.facility}: {place_text(moved)}"
        for number, link in enumerate(self.links):
            points = ", ".join(f"{x:g} {y:g}" for x, y in link.line)
            rows[f"scenario.links.{number}"] = f"{link.name}, {points} ({link.datum})"
        for number, plot in enumerate(self.housing):
            rows[f"scenario.housing.{number}"] = ", ".join([plot.name, place_text(plot), plot.amounts()])
        for gate, is_open in self.gates.items():
            rows[f"scenario.gates.{gate}"] = "open" if is_open else "closed"
        rows |= {f"scenario.walk_kmh.{service}": f"{kmh:g}" for service, kmh in self.walk_kmh.items()}
        rows |= {f"scenario.minutes.{service}": f"{minutes:g}" for service, minutes in self.minutes.items()}
        if self.packs is not None:
            rows["scenario.packs"] = ", ".join(
                p if isinstance(p, str) else self.stated(p) for p in self.packs
            )
        return rows | ({} if self.year is None else {"scenario.year": str(self.year)})


def scenario_text(scenario: Scenario) -> tuple[str, dict[str, int]]:
    """Return a scenario as the text of its file, and the line of each entry in it; facilities that it adds stand first.

    Lists have one item a line, so that a later change moves few lines.
    """
    told = scenario.model_dump(mode="json", exclude_defaults=True, exclude={"base", "name", "packs"})
    told = {"base": scenario.stated(scenario.base), "name": scenario.name, "add": told.pop("add", []), **told}
    if scenario.packs is not None:
        told["packs"] = [pack if isinstance(pack, str) else scenario.stated(pack) for pack in scenario.packs]
    text, lines = ["scenario:"], dict[str, int]()
    for entry, value in told.items():
        if value in ([], {}):
            continue
        text.append(f"  {entry}:" if isinstance(value, list) else f"  {entry}: {_flow(value)}")
        lines[entry] = len(text)
        for number, item in enumerate(value if isinstance(value, list) else []):
            text.append(f"    - {_flow(item)}")
            lines[f"{entry}.{number}"] = len(text)
    return "\n".join(text) + "\n", lines


def _flow(value: object) -> str:
    """Return a value in YAML's flow style, of which JSON is a part."""
    return json.dumps(value, ensure_ascii=False)


def place_text(entry: NewFacility | Relocation | NewHousing) -> str:
    """Return the point of an entry as text, with what it is in."""
    x, y = entry.lonlat or (None, None)
    return f"{x:g} {y:g} ({entry.datum})"


#: Forms of the scenario file.
SCENARIO_FORMAT = Format(newest=1)


class _File(Entry):
    """The scenario file: one entry that marks it as such."""

    format: Ordinal = 1
    scenario: Scenario


def is_scenario(path: Path) -> bool:
    """Return whether `path` is a scenario file (and not a study file): YAML with the one entry ``scenario``."""
    try:
        entries = parse_yaml(path, error=StudyError).entries
    except StudyError:  # who reads it as a study says what is wrong
        return False
    return "scenario" in entries and "zones" not in entries


def read_scenario(path: str | Path) -> Scenario:
    """Read and check a scenario file.

    Raises
    ------
    StudyError
        With every wrong entry: line, entry, what was found, what is expected.
    """
    path = Path(path)
    read = read_yaml(path, _File, error=StudyError, form=SCENARIO_FORMAT, empty="scenario_empty")
    lines = {entry.removeprefix("scenario."): line for entry, line in read.lines.items()}
    return read.value.scenario.from_file(path, lines)
