"""A scenario (方案) applied: a study and its inputs with named changes, and one error for every name that nothing has."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from pyproj import CRS
from shapely.geometry import Point

from geoplan.inputs import datum as datums
from geoplan.inputs.facilities.facts import (
    CHILD_TYPES,
    ELDER_TYPES,
    NO_CAPACITY_TYPES,
    may_hold,
    supplies_of,
)
from geoplan.inputs.facilities.fields import AMOUNTS, ATTRIBUTES, PARTS
from geoplan.inputs.facilities.register import Register
from geoplan.inputs.lists.rows import former_id, row_ids
from geoplan.inputs.lists.zone_names import NAMED_LEVELS, ZoneNames, clean_name, point_zones
from geoplan.inputs.population import People
from geoplan.pipeline.gather import Inputs, gather
from geoplan.pipeline.links import with_links
from geoplan.standards.packs.read import shipped
from geoplan.study.scenario import Enlargement, NewFacility, NewHousing, Relocation, Scenario
from geoplan.study.study import Study, read_study
from geoplan.tables import Service
from geoplan.words.errors import Note, StudyError
from geoplan.words.progress import Stages
from geoplan.words.strict_yaml import meant
from geoplan.words.vocabulary import vocabulary

Line = int | None
_ENDS = ["low", "high"]
#: Entry of a scenario -> unit of what it gives.
_UNITS = {"walk_kmh": "km/h", "minutes": "min"}
_SUPPLY = ["facility_id", "service", "supply", *_ENDS]


def changed_study(scenario: Scenario, study: Study) -> Study:
    """Return `study` with the scenario's gates, pace, minutes, packs and year, checked as if it had been read so.

    Services and packs that there are not are left for :func:`apply`, which names every unknown entry at once.

    Raises
    ------
    StudyError
        With every entry that is wrong together with the others.
    """
    entries: dict[str, object] = {}
    if scenario.gates:
        states = {**study.streets.gate_states, **scenario.gates}
        entries["streets"] = study.streets.changed(gate_states=states)
    if scenario.walk_kmh or scenario.minutes:
        entries["services"] = {
            name: service.changed(**_pace(scenario, name)) for name, service in study.services.items()
        }
    if scenario.packs is not None:
        entries["packs"] = [pack for pack in scenario.packs if _exists(pack)]
    if scenario.year is not None:
        entries["year"] = scenario.year
    return study.changed(**entries) if entries else study


def _pace(scenario: Scenario, service: str) -> dict[str, object]:
    """Return the entries of a service that the scenario changes."""
    told = {"walk_kmh": scenario.walk_kmh, "walk_minutes": scenario.minutes}
    return {entry: given[service] for entry, given in told.items() if service in given}


def _exists(pack: str | Path) -> bool:
    return pack.is_file() if isinstance(pack, Path) else pack in shipped()


def gather_scenario(scenario: Scenario, *, lang: str | None = None, stages: Stages | None = None) -> Inputs:
    """Return every input of the scenario's study with the changes applied; ``inputs.study`` is the changed study.

    Raises
    ------
    StudyError
        With every name that nothing in the inputs has.
    """
    study = changed_study(scenario, read_study(scenario.base))
    return apply(scenario, gather(study if lang is None else study.in_language(lang), stages=stages))


def apply(scenario: Scenario, inputs: Inputs) -> Inputs:
    """Return `inputs`, gathered for :func:`changed_study`, with other facilities, links and housing.

    Raises
    ------
    StudyError
        With every name that nothing in the inputs has, each with what was probably meant.
    """
    register, notes, wrong = change_register(
        inputs.register, scenario, zones=inputs.zones, crs=inputs.crs, year=inputs.study.year
    )
    people, told, lacking = with_housing(inputs.people, scenario, zones=inputs.zones, crs=inputs.crs)
    nodes, edges, linked, far = with_links(inputs.nodes, inputs.edges, scenario)
    if problems := [*_unknown(scenario, inputs), *wrong, *lacking, *far]:
        raise StudyError(*sorted(problems, key=lambda note: note.row or 0))
    every = (*inputs.notes, *notes, *linked, *told)
    return replace(inputs, register=register, people=people, nodes=nodes, edges=edges, notes=every)


def unreached_notes(
    scenario: Scenario,
    inputs: Inputs,
    services: Mapping[str, Service],
    *,
    snaps: pd.DataFrame,
    pairs: pd.DataFrame,
) -> tuple[Note, ...]:
    """Return why nobody walks to a facility that the scenario adds or opens, a note each; none where somebody does.

    `snaps` are those of the facilities (`tables.SNAPS`), `pairs` every walk within the circles (`tables.PAIRS`). Why there is
    no point the note on the facility itself says.
    """
    table, wanted = inputs.register.facilities, {clean_name(name) for name in scenario.open}
    opened = table.index.isin(scenario.open) | table["name"].map(clean_name).isin(wanted)
    mine = table[(table["source_file"] == scenario.path.name) | opened]
    notes = []
    for facility_id, row in mine[~mine.index.isin(pairs["facility_id"]) & mine.geometry.notna()].iterrows():
        snap = snaps.loc[facility_id]
        offered = [name for name, terms in services.items() if set(terms.facilities) & set(row["services"])]
        values: dict[str, Any] = {}
        if not offered:
            code = "scenario_no_service"
        elif snap["reason"]:
            metres = inputs.edges.geometry.distance(row.geometry).min()
            limit = inputs.study.streets.max_snap_m
            code, values = (
                f"scenario_{snap['reason']}",
                {"metres": f"{metres:.0f}", "max_snap_m": f"{limit:g}"},
            )
        else:
            minutes = max(services[name].walk_minutes for name in offered)
            code = "scenario_on_island" if snap["island"] else "scenario_nobody"
            values = {"minutes": f"{minutes:g}"}
        notes.append(Note.of(code, file=scenario.path.name, name=row["name"], **values))
    return tuple(notes)


def scenario_parameters(scenario: Scenario, table: pd.DataFrame) -> pd.DataFrame:
    """Return the table of parameters (``entry, value, unit, given``) with the scenario's changes behind it."""
    rows = [
        (entry, value, _UNITS.get(entry.split(".")[1], ""), True)
        for entry, value in scenario.changes().items()
    ]
    if not rows:
        return table
    more = pd.DataFrame(rows, columns=["entry", "value", "unit", "given"])
    return pd.concat([table, more], ignore_index=True)


def _unknown(scenario: Scenario, inputs: Inputs) -> Iterator[Note]:
    """Yield a note for every service, pack, gate, facility type, supply and attribute that there is not."""
    study = inputs.study
    for entry, given in (("walk_kmh", scenario.walk_kmh), ("minutes", scenario.minutes)):
        for service in given:
            if service not in study.services:
                yield _not_there(scenario, f"{entry}.{service}", service, study.services)
    for number, pack in enumerate(scenario.packs or []):
        if not _exists(pack):
            name = scenario.stated(pack) if isinstance(pack, Path) else pack
            yield _not_there(scenario, f"packs.{number}", name, dict.fromkeys(shipped()))
    barred = inputs.nodes[inputs.nodes["kind"].isin(["gate", "barrier"])]
    gates = dict.fromkeys([*barred["name"].astype(str), *barred.index.astype(str)])
    for gate in scenario.gates:
        if gate not in gates:
            yield _not_there(scenario, f"gates.{gate}", gate, gates)
    types = facility_types(study)
    for number, new in enumerate(scenario.add):
        for kind in new.services:
            if kind not in types:
                yield _not_there(scenario, f"add.{number}.services", kind, types)
        yield from _wrong_keys(scenario, f"add.{number}.supplies", new.supplies, AMOUNTS)
        yield from _wrong_keys(scenario, f"add.{number}.attributes", new.attributes, ATTRIBUTES)
    for number, larger in enumerate(scenario.enlarge):
        yield from _wrong_keys(scenario, f"enlarge.{number}.add", larger.add, AMOUNTS)
        yield from _wrong_keys(scenario, f"enlarge.{number}.to", larger.to, AMOUNTS)


def facility_types(study: Study) -> dict[str, None]:
    """Return every facility type that a study, a rule or a register may name."""
    used = [kind for service in study.services.values() for kind in service.facilities]
    own = [*sorted(ELDER_TYPES), *sorted(CHILD_TYPES), *sorted(NO_CAPACITY_TYPES)]
    return dict.fromkeys([*used, *study.register_types(), *vocabulary("types"), *own])


def _wrong_keys(
    scenario: Scenario, entry: str, given: Mapping[str, object], known: tuple[str, ...]
) -> Iterator[Note]:
    for name in given:
        if name not in known:
            yield _not_there(scenario, f"{entry}.{name}", name, dict.fromkeys(known))


def _not_there(scenario: Scenario, entry: str, name: str, known: Mapping[str, object]) -> Note:
    guess = meant(name, [word for word in known if word])
    return Note.of(
        "entry_name_unknown_meant" if guess else "entry_name_unknown",
        file=scenario.path.name,
        row=scenario.line(entry),
        entry=entry,
        name=name,
        guess=guess,
        severity="error",
    )


def change_register(
    register: Register, scenario: Scenario, *, zones: gpd.GeoDataFrame, crs: CRS, year: int
) -> tuple[Register, list[Note], list[Note]]:
    """Return the register with the scenario's facilities opened, closed, enlarged, moved and added, what was done, and what cannot be.

    An added facility's id is its name and the scenario file. The register is as given where something cannot be done;
    `done` has one note (info) a change, `wrong` one (error) an entry that names nothing, several, or what already is as
    it wants.
    """
    book = _Book(register, scenario)
    opened = book.find_all("open", scenario.open, counting=False)
    closed = book.find_all("close", scenario.close, counting=True)
    larger = [
        (facility_id, number, entry)
        for number, entry in enumerate(scenario.enlarge)
        if (facility_id := book.find(f"enlarge.{number}", entry.facility, also=opened))
    ]
    for facility_id, number, entry in larger:
        book.check_fit(facility_id, f"enlarge.{number}", entry, closed)
    moved = {}
    for number, move in enumerate(scenario.move):
        if facility_id := book.find(f"move.{number}", move.facility, also=opened):
            if facility_id in moved or facility_id in closed:
                book.note("scenario_moved_too", f"move.{number}", name=move.facility)
            moved[facility_id] = number, move
    added, file = scenario.add, scenario.path.name
    lines = [scenario.line(f"add.{number}") or number + 1 for number in range(len(added))]
    for number, new in enumerate(added):
        book.check_new(f"add.{number}", new)
    new_zones = _zones_of(added, zones, book)
    if book.wrong:
        return register, [], book.wrong
    if not (opened or closed or larger or moved or added):
        return register, [], []

    facilities, left_out = _reopened(register, opened, closed, year=year)
    whole = pd.concat([part.supplies for part in register.parts] or [register.supplies], ignore_index=True)
    supplies = pd.concat([register.supplies, whole[whole["facility_id"].isin(opened)]], ignore_index=True)
    supplies = supplies[~supplies["facility_id"].isin(closed)].reset_index(drop=True)
    for facility_id, _, entry in larger:
        supplies = _enlarged(supplies, facility_id, entry)
    for facility_id, (_, move) in moved.items():
        facilities = _relocated(facilities, facility_id, move, zones=zones)
    ids = row_ids(file, codes=[""] * len(added), names=[new.name for new in added], rows=lines)
    for number, (facility_id, new) in enumerate(zip(ids, added, strict=True)):
        place = (file, lines[number])
        row, own = _new_facility(
            facility_id, new, new_zones.get(number), facilities, zones=zones, crs=crs, place=place
        )
        facilities = gpd.GeoDataFrame(
            pd.concat([facilities, row.astype(_dtypes(facilities))]), geometry="geometry", crs=crs
        )
        supplies = pd.concat([supplies, own], ignore_index=True)
    waiting = pd.concat([part.unplaced for part in register.parts] or [register.unplaced])
    changed = replace(
        register,
        facilities=facilities,
        supplies=supplies,
        left_out=left_out,
        unplaced=waiting[waiting.index.isin(facilities.index) & ~waiting.index.isin(list(moved))],
    )
    nowhere = frozenset(facilities.index[facilities["zone_id"].isna()])
    outside = [number for number, facility_id in enumerate(ids) if facility_id in nowhere]
    moves = [(facility_id, number, facility_id in nowhere) for facility_id, (number, _) in moved.items()]
    return changed, book.done(opened, closed, larger, moves, outside=outside), []


@dataclass
class _Book:
    """Facilities by id and name, those that count and those that do not, and what is wrong with the scenario's entries."""

    register: Register
    scenario: Scenario
    wrong: list[Note] = field(default_factory=list)

    def __post_init__(self) -> None:
        counting, others = self.register.facilities, self.register.left_out
        self.names: dict[str, str] = {}
        for table in (counting, others):
            if len(table):
                self.names |= {str(i): str(name) for i, name in zip(table.index, table["name"], strict=True)}
        self.counting = set(map(str, counting.index))
        self.by_name: dict[str, list[str]] = {}
        for facility_id, name in self.names.items():
            self.by_name.setdefault(clean_name(name), []).append(facility_id)

    def find_all(self, entry: str, names: Iterable[str], *, counting: bool) -> list[str]:
        """Return the facilities that a list of names means, without those that cannot be had."""
        found = [self.find(f"{entry}.{n}", name, counting=counting) for n, name in enumerate(names)]
        return [facility_id for facility_id in found if facility_id]

    def find(self, entry: str, name: str, *, counting: bool = True, also: Iterable[str] = ()) -> str | None:
        """Return the facility that `name` means; where it cannot be had, note why and return None."""
        options = [name] if name in self.names else self.by_name.get(clean_name(name), [])
        fitting = [i for i in options if (i in self.counting) == counting or i in also]
        if len(fitting) == 1:
            return fitting[0]
        if len(fitting) > 1:
            self.note("scenario_ambiguous", entry, name=name, ids=", ".join(fitting))
        elif options:
            self.note("scenario_not_counting" if counting else "scenario_counting", entry, name=name)
        elif now := self._former(name):
            self.note("scenario_former_id", entry, name=name, id=now, called=self.names[now])
        else:
            guess = meant(name, [*self.names.values(), *self.names])
            code = "scenario_facility_meant" if guess else "scenario_facility"
            self.note(code, entry, name=name, guess=guess)
        return None

    def _former(self, name: str) -> str | None:
        """Return the id of the facility that stands in the row which `name` (``file#row``) says."""
        tables = [table for table in (self.register.facilities, self.register.left_out) if len(table)]
        return next((now for table in tables if (now := former_id(name, table))), None)

    def check_fit(self, facility_id: str, entry: str, larger: Enlargement, closed: Iterable[str]) -> None:
        """Note what a facility cannot hold, a type that it does not offer, and one that is closed as well."""
        table = self.register.facilities if facility_id in self.counting else self.register.left_out
        services = tuple(table.loc[facility_id, "services"])
        if facility_id in closed:
            self.note("scenario_closed_too", entry, name=larger.facility)
        if larger.service is not None and larger.service not in services:
            words = {"service": larger.service, "services": ", ".join(services)}
            self.note("scenario_not_offered", entry, name=larger.facility, **words)
            return
        for supply in [*larger.add, *larger.to]:
            if not may_hold((larger.service,) if larger.service else services, supply):
                self.note("scenario_unfit", entry, name=larger.facility, supply=supply)

    def check_new(self, entry: str, new: NewFacility) -> None:
        """Note what a new facility cannot hold."""
        for supply in new.supplies:
            if not may_hold(tuple(new.services), supply):
                self.note("scenario_unfit", entry, name=new.name, supply=supply)

    def note(self, code: str, entry: str, **values: object) -> None:
        """Keep an error."""
        self.wrong.append(self._note(code, self.scenario.line(entry), "error", values))

    def done(
        self,
        opened: Iterable[str],
        closed: Iterable[str],
        larger: Iterable[tuple[str, int, Enlargement]],
        moves: Iterable[tuple[str, int, bool]],
        *,
        outside: Collection[int],
    ) -> list[Note]:
        """Return a note a change.

        `moves` are facility_id, number of the entry, and whether it now lies outside of every zone; `outside` the numbers of the
        added facilities that do.
        """
        changes: list[tuple[str, Line, dict[str, Any]]] = [
            (code, None, {"name": self.names[i], "facility": i})
            for code, ids in (("scenario_opened", opened), ("scenario_closed", closed))
            for i in ids
        ]
        for facility_id, number, entry in larger:
            words = {"name": self.names[facility_id], "facility": facility_id, "amounts": entry.amounts()}
            changes.append(("scenario_enlarged", self.scenario.line(f"enlarge.{number}"), words))
        for facility_id, number, is_outside in moves:
            words = {"name": self.names[facility_id], "facility": facility_id}
            code = "scenario_moved_outside" if is_outside else "scenario_moved"
            changes.append((code, self.scenario.line(f"move.{number}"), words))
        for number, new in enumerate(self.scenario.add):
            code = "scenario_added" if new.lonlat else "scenario_added_zone"
            code = "scenario_added_outside" if number in outside else code
            changes.append((code, self.scenario.line(f"add.{number}"), {"name": new.name}))
        return [self._note(code, row, "info", words) for code, row, words in changes]

    def _note(self, code: str, row: Line, severity: str, values: Mapping[str, Any]) -> Note:
        return Note.of(code, file=self.scenario.path.name, row=row, severity=severity, **values)


def _reopened(
    register: Register, opened: list[str], closed: list[str], *, year: int
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Return the facilities that count and those that do not, in the order of the registers."""
    own, others = register.facilities, register.left_out
    came = others[others.index.isin(opened)].drop(columns="end", errors="ignore")
    came = came.assign(
        status="existing",
        open_year=np.where(came["open_year"] > year, float(year), came["open_year"]) if len(came) else [],
        close_year=np.nan,
    )
    went = own[own.index.isin(closed)].assign(status="closed", close_year=float(year), end="closed")
    order = [i for part in register.parts for i in part.facilities.index] or [*own.index, *others.index]
    return _joined(own[~own.index.isin(closed)], came, order), _joined(
        others[~others.index.isin(opened)] if len(others) else others, went, order
    )


def _joined(kept: gpd.GeoDataFrame, came: gpd.GeoDataFrame, order: list[str]) -> gpd.GeoDataFrame:
    if not len(came):
        return kept
    if not len(kept.columns):
        return came
    table = pd.concat([kept, came.astype(_dtypes(kept))]) if len(kept) else came
    placed = table.loc[[i for i in order if i in table.index]]
    return gpd.GeoDataFrame(placed, geometry="geometry", crs=came.crs)


def _dtypes(table: pd.DataFrame) -> dict[str, Any]:
    return {str(name): kind for name, kind in table.dtypes.items() if name != "geometry"}


def _enlarged(supplies: pd.DataFrame, facility_id: str, entry: Enlargement) -> pd.DataFrame:
    """Return the supplies with one facility enlarged.

    A part whose share of the new amount is not said may be anything from none to all of it: unknown is never zero.
    """
    table = supplies.copy()
    for supply, value in {**entry.add, **entry.to}.items():
        own = (table["facility_id"] == facility_id) & (table["supply"] == supply)
        if entry.service is not None:
            own &= table["service"] == entry.service
        if not own.any():
            service = entry.service or table.loc[table["facility_id"] == facility_id, "service"].iloc[0]
            row = pd.DataFrame([(facility_id, service, supply, 0.0, 0.0)], columns=_SUPPLY)
            table = pd.concat([table, row.astype(_dtypes(table))], ignore_index=True)
            own = pd.Series(table.index == len(table) - 1)
        # of several services each may have it, or none
        least = value if own.sum() == 1 else 0.0
        before = 0.0 if supply in entry.to else table.loc[own, _ENDS]
        table.loc[own, _ENDS] = before + np.array([least, value])
        for part, whole in PARTS.items():
            if whole == supply and part not in entry.add and part not in entry.to:
                mine = (table["facility_id"] == facility_id) & (table["supply"] == part)
                if supply in entry.add:
                    table.loc[mine, "high"] += value
                else:
                    table.loc[mine, _ENDS] = table.loc[mine, _ENDS].clip(upper=value)
    return table


def _point(entry: NewFacility | Relocation | NewHousing, crs: CRS) -> gpd.GeoSeries:
    """Return the point of an entry in `crs`, as a series of one."""
    datum = entry.datum if isinstance(entry.datum, str) else [point.model_dump() for point in entry.datum]
    return datums.to_crs(gpd.GeoSeries([Point(entry.lonlat)]), datum=datum, crs=crs)


def _zone_at(geometry: gpd.GeoSeries, zones: gpd.GeoDataFrame) -> str | None:
    """Return the zone in which the one point of `geometry` lies; None outside of all."""
    lies = point_zones(geometry, zones).iloc[0]
    return lies if isinstance(lies, str) else None


def _relocated(
    facilities: gpd.GeoDataFrame, facility_id: str, move: Relocation, *, zones: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """Return the facilities with one at its new point: it counts in the zone in which that lies, whatever its register names."""
    at = _point(move, facilities.crs)
    inside = _zone_at(at, zones)
    table, geometry = facilities.copy(), facilities.geometry.copy()
    geometry[facility_id] = at.iloc[0]
    told = {"zone_id": inside, "zone_from": None if inside is None else "point", "location_quality": "exact"}
    for column, value in told.items():
        table.loc[facility_id, column] = value
    return table.set_geometry(geometry)


def with_housing(
    people: People, scenario: Scenario, *, zones: gpd.GeoDataFrame, crs: CRS
) -> tuple[People, list[Note], list[Note]]:
    """Return the people with those of planned housing, what was added, and what cannot be.

    The people of an entry are one demand point more, behind all others, in the finest zone in which it lies; nobody else moves. What the
    zones' tables give as totals stays.
    """
    notes, wrong, rows = list[Note](), list[Note](), []
    finest, file = zones[zones["level"] != "estate"], scenario.path.name
    groups = list(people.groups.index)
    for number, plot in enumerate(scenario.housing):
        entry, line = f"housing.{number}", scenario.line(f"housing.{number}")
        wrong += _wrong_keys(scenario, f"{entry}.people", plot.people, tuple(groups))
        at = _point(plot, crs)
        zone = _zone_at(at, finest)
        missing = ", ".join(group for group in groups if group not in plot.people)
        told: dict[str, Any] = {"file": file, "row": line, "name": plot.name}
        if missing:
            wrong.append(Note.of("scenario_housing_groups", groups=missing, severity="error", **told))
        if zone is None:
            wrong.append(Note.of("scenario_housing_outside", severity="error", **told))
        counted = {group: float(plot.people.get(group, 0.0)) for group in groups}
        rows.append(
            {
                "zone_id": zone,
                "halo": False,
                "outside": "",
                "source": file,
                "cell": line or number,
                **counted,
                "geometry": at.iloc[0],
            }
        )
        notes.append(
            Note.of("scenario_housing", amounts=plot.amounts(), place=str(zone), severity="info", **told)
        )
    if wrong or not rows:
        return people, [], wrong
    demand = people.demand
    index = pd.RangeIndex(demand.index.max() + 1, demand.index.max() + 1 + len(rows), name="demand_id")
    more = gpd.GeoDataFrame(pd.DataFrame(rows, index=index), geometry="geometry", crs=crs)
    joined = pd.concat([demand, more[list(demand.columns)].astype(_dtypes(demand))])
    total = people.groups["total"] + more[groups].sum()
    return replace(people, demand=joined, groups=people.groups.assign(total=total)), notes, []


def _zones_of(added: Iterable[NewFacility], zones: gpd.GeoDataFrame, book: _Book) -> dict[int, str]:
    """Return number -> zone of every new facility that names one; a name that no zone has is noted."""
    names, found = ZoneNames(zones), {}
    for number, new in enumerate(added):
        if new.zone is None:
            continue
        options = [new.zone] if new.zone in zones.index else []
        for level in reversed(NAMED_LEVELS):
            hit = names.find(new.zone, level).zone_id if not options else None
            options += [hit] if hit else []
        if options:
            found[number] = options[0]
        else:
            guess = meant(new.zone, [*zones["name"].astype(str), *map(str, zones.index)])
            code = "scenario_zone_meant" if guess else "scenario_zone"
            book.note(code, f"add.{number}", name=new.name, zone_name=new.zone, guess=guess)
    return found


def _new_facility(
    facility_id: str,
    new: NewFacility,
    zone: str | None,
    like: gpd.GeoDataFrame,
    *,
    zones: gpd.GeoDataFrame,
    crs: CRS,
    place: tuple[str, int],
) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Return a new facility as a row of the table `like`, and its supplies; `place` is the file and line that add it."""
    file, line = place
    index = pd.Index([facility_id], name="facility_id")
    geometry = gpd.GeoSeries([None], index=index, crs=crs)
    inside = None
    if new.lonlat is not None:
        geometry = _point(new, crs).set_axis(index)
        inside = _zone_at(geometry, zones)
    texts: dict[str, Any] = dict.fromkeys(like.columns)
    texts |= {flag: new.attributes.get(flag, pd.NA) for flag in ATTRIBUTES if flag in like.columns}
    texts |= {
        "name": new.name,
        "services": tuple(new.services),
        "status": "existing",
        "open_year": np.nan,
        "close_year": np.nan,
        "zone_id": zone if new.lonlat is None else inside,
        "zone_from": "point" if inside else "named" if new.lonlat is None else None,
        "serves": (),
        "location_quality": "exact" if new.lonlat else "missing",
        "source_file": file,
        "source_row": line,
    }
    del texts["geometry"]
    table = pd.DataFrame(
        {name: pd.Series([value], index=index, dtype=object) for name, value in texts.items()}
    )
    row = gpd.GeoDataFrame(table, geometry=geometry, crs=crs)[list(like.columns)]
    stated = {
        supply: pd.DataFrame({"low": value, "high": value}, index=index)
        for supply, value in new.supplies.items()
    }
    return row, supplies_of(pd.Series([tuple(new.services)], index=index), stated)
