"""A scenario's facilities: opened, closed, enlarged and added, in the registers as they were joined."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from pyproj import CRS
from shapely.geometry import Point

from geoplan.inputs import datum as datums
from geoplan.inputs.facilities.fields import ATTRIBUTES, PARTS
from geoplan.inputs.facilities.register import Register
from geoplan.inputs.facilities.supplies import may_hold, supplies_of
from geoplan.inputs.lists.ids import former_id, row_ids
from geoplan.inputs.lists.zone_names import NAMED_LEVELS, ZoneNames, clean_name, point_zones
from geoplan.study.problems import meant
from geoplan.words.errors import Note

Line = int | None


@dataclass(frozen=True)
class Enlarged:
    """One facility that becomes larger: by id or name, what is added, what there is then, and the line that says so."""

    facility: str
    service: str | None
    add: Mapping[str, float]
    to: Mapping[str, float]
    line: Line = None


@dataclass(frozen=True)
class Added:
    """One facility that no register has; `point` in `datum`, or only a zone by id or name."""

    name: str
    services: tuple[str, ...]
    point: tuple[float, float] | None
    datum: datums.Datum
    zone: str | None
    supplies: Mapping[str, float]
    attributes: Mapping[str, bool]
    line: int


@dataclass(frozen=True)
class Changes:
    """What a scenario does to facilities; `opened` and `closed` are ids or names with their lines."""

    opened: tuple[tuple[str, Line], ...] = ()
    closed: tuple[tuple[str, Line], ...] = ()
    enlarged: tuple[Enlarged, ...] = ()
    added: tuple[Added, ...] = ()


def change_register(
    register: Register, changes: Changes, *, zones: gpd.GeoDataFrame, crs: CRS, year: int, file: str
) -> tuple[Register, list[Note], list[Note]]:
    """Return the register after `changes`, what was done, and what cannot be done.

    Parameters
    ----------
    register
        All registers joined as they stand in `year`.
    zones
        `tables.ZONES`, in `crs`.
    file
        Name of the scenario file: an added facility's id is its name and this.

    Returns
    -------
    register
        As given where something cannot be done.
    done
        One note (info) a change.
    wrong
        One note (error) an entry that names nothing, several, or what already is as it wants.
    """
    book = _Book(register, file)
    opened = [i for name, line in changes.opened if (i := book.find(name, line, counting=False))]
    closed = [i for name, line in changes.closed if (i := book.find(name, line, counting=True))]
    larger = [
        (i, entry) for entry in changes.enlarged if (i := book.find(entry.facility, entry.line, also=opened))
    ]
    for facility_id, entry in larger:
        book.check_fit(facility_id, entry, closed)
    for new in changes.added:
        book.check_new(new)
    new_zones = _zones_of(changes.added, zones, book)
    if book.wrong:
        return register, [], book.wrong
    if changes == Changes():
        return register, [], []

    facilities, left_out = _moved(register, opened, closed, year=year)
    whole = pd.concat([part.supplies for part in register.parts] or [register.supplies], ignore_index=True)
    supplies = pd.concat([register.supplies, whole[whole["facility_id"].isin(opened)]], ignore_index=True)
    supplies = supplies[~supplies["facility_id"].isin(closed)].reset_index(drop=True)
    for facility_id, entry in larger:
        supplies = _enlarged(supplies, facility_id, entry)
    names = [new.name for new in changes.added]
    lines = [new.line for new in changes.added]
    ids = row_ids(file, codes=[""] * len(names), names=names, rows=lines)
    for facility_id, new in zip(ids, changes.added, strict=True):
        zone = new_zones.get(new.line)
        row, own = _new_facility(facility_id, new, zone, facilities, zones=zones, crs=crs, file=file)
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
        unplaced=waiting[waiting.index.isin(facilities.index)],
    )
    return changed, book.done(opened, closed, larger, changes.added), []


@dataclass
class _Book:
    """Facilities by id and name, those that count and those that do not, and what was wrong with what was asked."""

    register: Register
    file: str
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

    def find(self, name: str, line: Line, *, counting: bool = True, also: Iterable[str] = ()) -> str | None:
        """Return the facility that `name` means; where it cannot be had, note why and return None."""
        options = [name] if name in self.names else self.by_name.get(clean_name(name), [])
        fitting = [i for i in options if (i in self.counting) == counting or i in also]
        if len(fitting) == 1:
            return fitting[0]
        if len(fitting) > 1:
            self.note("scenario_ambiguous", line, name=name, ids=", ".join(fitting))
        elif options:
            self.note("scenario_not_counting" if counting else "scenario_counting", line, name=name)
        elif now := self._former(name):
            self.note("scenario_former_id", line, name=name, id=now, called=self.names[now])
        else:
            guess = meant(name, [*self.names.values(), *self.names])
            code = "scenario_facility_meant" if guess else "scenario_facility"
            self.note(code, line, name=name, guess=guess)
        return None

    def _former(self, name: str) -> str | None:
        """Return the id of the facility that stands in the row which `name` (``file#row``) says."""
        tables = [table for table in (self.register.facilities, self.register.left_out) if len(table)]
        return next((now for table in tables if (now := former_id(name, table))), None)

    def check_fit(self, facility_id: str, entry: Enlarged, closed: Iterable[str]) -> None:
        """Note what a facility cannot hold, a type that it does not offer, and one that is closed as well."""
        table = self.register.facilities if facility_id in self.counting else self.register.left_out
        services = tuple(table.loc[facility_id, "services"])
        if facility_id in closed:
            self.note("scenario_closed_too", entry.line, name=entry.facility)
        if entry.service is not None and entry.service not in services:
            self.note(
                "scenario_not_offered",
                entry.line,
                name=entry.facility,
                service=entry.service,
                services=", ".join(services),
            )
            return
        for supply in [*entry.add, *entry.to]:
            if not may_hold((entry.service,) if entry.service else services, supply):
                self.note("scenario_unfit", entry.line, name=entry.facility, supply=supply)

    def check_new(self, new: Added) -> None:
        """Note what a new facility cannot hold."""
        for supply in new.supplies:
            if not may_hold(new.services, supply):
                self.note("scenario_unfit", new.line, name=new.name, supply=supply)

    def note(self, code: str, line: Line, **values: Any) -> None:  # noqa: ANN401 - what the message names
        """Keep an error."""
        self.wrong.append(Note.of(code, file=self.file, row=line, severity="error", **values))

    def done(
        self,
        opened: Iterable[str],
        closed: Iterable[str],
        larger: Iterable[tuple[str, Enlarged]],
        added: Iterable[Added],
    ) -> list[Note]:
        """Return a note a change."""

        def told(code: str, row: Line = None, **values: str) -> Note:
            return Note.of(code, file=self.file, row=row, severity="info", **values)

        notes = [told("scenario_opened", name=self.names[i], facility=i) for i in opened]
        notes += [told("scenario_closed", name=self.names[i], facility=i) for i in closed]
        for facility_id, entry in larger:
            amounts = [f"{supply} +{value:g}" for supply, value in entry.add.items()]
            amounts += [f"{supply} = {value:g}" for supply, value in entry.to.items()]
            words = {"name": self.names[facility_id], "facility": facility_id, "amounts": ", ".join(amounts)}
            notes.append(told("scenario_enlarged", entry.line, **words))
        return notes + [
            told("scenario_added" if new.point else "scenario_added_zone", new.line, name=new.name)
            for new in added
        ]


def _moved(
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


def _enlarged(supplies: pd.DataFrame, facility_id: str, entry: Enlarged) -> pd.DataFrame:
    """Return the supplies with one facility enlarged.

    A part whose share of the new amount is not said may be anything from none to all of it: unknown is never zero.
    """
    table = supplies
    for supply, value in {**entry.add, **entry.to}.items():
        table = _one_supply(table, facility_id, entry, supply, value)
        for part, whole in PARTS.items():
            if whole == supply and part not in entry.add and part not in entry.to:
                table = _bounded_part(table, facility_id, part, value, grown=supply in entry.add)
    return table


def _one_supply(
    table: pd.DataFrame, facility_id: str, entry: Enlarged, supply: str, value: float
) -> pd.DataFrame:
    own = (table["facility_id"] == facility_id) & (table["supply"] == supply)
    if entry.service is not None:
        own &= table["service"] == entry.service
    if not own.any():
        service = entry.service or str(table.loc[table["facility_id"] == facility_id, "service"].iloc[0])
        row = {"facility_id": facility_id, "service": service, "supply": supply, "low": 0.0, "high": 0.0}
        table = pd.concat([table, pd.DataFrame([row]).astype(_dtypes(table))], ignore_index=True)
        own = table.index == len(table) - 1  # type: ignore[assignment]
    sure = int(np.sum(own)) == 1  # of several services each may have it, or none
    low, high = table["low"].to_numpy(copy=True), table["high"].to_numpy(copy=True)
    where = np.asarray(own, dtype=bool)
    if supply in entry.to:
        low[where], high[where] = (value if sure else 0.0), value
    else:
        low[where] += value if sure else 0.0
        high[where] += value
    return table.assign(low=low, high=high)


def _bounded_part(
    table: pd.DataFrame, facility_id: str, part: str, value: float, *, grown: bool
) -> pd.DataFrame:
    where = ((table["facility_id"] == facility_id) & (table["supply"] == part)).to_numpy()
    low, high = table["low"].to_numpy(copy=True), table["high"].to_numpy(copy=True)
    if grown:
        high[where] += value
    else:
        low[where], high[where] = np.minimum(low[where], value), np.minimum(high[where], value)
    return table.assign(low=low, high=high)


def _zones_of(added: Iterable[Added], zones: gpd.GeoDataFrame, book: _Book) -> dict[int, str]:
    """Return line -> zone of every new facility that names one; a name that no zone has is noted."""
    names, found = ZoneNames(zones), {}
    for new in added:
        if new.zone is None:
            continue
        options = [new.zone] if new.zone in zones.index else []
        for level in reversed(NAMED_LEVELS):
            hit = names.find(new.zone, level).zone_id if not options else None
            options += [hit] if hit else []
        if options:
            found[new.line] = options[0]
        else:
            guess = meant(new.zone, [*zones["name"].astype(str), *map(str, zones.index)])
            code = "scenario_zone_meant" if guess else "scenario_zone"
            book.note(code, new.line, name=new.name, zone_name=new.zone, guess=guess)
    return found


def _new_facility(
    facility_id: str,
    new: Added,
    zone: str | None,
    like: gpd.GeoDataFrame,
    *,
    zones: gpd.GeoDataFrame,
    crs: CRS,
    file: str,
) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Return a new facility as a row of the table `like`, and its supplies."""
    index = pd.Index([facility_id], name="facility_id")
    geometry = gpd.GeoSeries([None], index=index, crs=crs)
    inside = None
    if new.point is not None:
        geometry = datums.to_crs(gpd.GeoSeries([Point(new.point)], index=index), datum=new.datum, crs=crs)
        inside = point_zones(geometry, zones).iloc[0]
    texts: dict[str, Any] = dict.fromkeys(like.columns)
    texts |= {flag: new.attributes.get(flag, pd.NA) for flag in ATTRIBUTES if flag in like.columns}
    texts |= {
        "name": new.name,
        "services": new.services,
        "status": "existing",
        "open_year": np.nan,
        "close_year": np.nan,
        "zone_id": inside or zone,
        "zone_from": "point" if inside else "named" if zone else None,
        "serves": (),
        "location_quality": "exact" if new.point else "missing",
        "source_file": file,
        "source_row": new.line,
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
    return row, supplies_of(pd.Series([new.services], index=index), stated)
