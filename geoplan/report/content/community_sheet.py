"""一社区一表: what one page says of a community, for the street office to confirm and to hand in.

A `Sheet` holds typed tables like any paper. It has room for a page only: each of its tables says how many rows must stand, and in which
words a page says that further rows stand elsewhere.
"""

import string
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import shapely

from geoplan.report.content import titles
from geoplan.report.content.basemap import BaseMap
from geoplan.report.content.build import table_of
from geoplan.report.content.first import family_cell
from geoplan.report.content.gaps import caveats_cell, kind_cell, net_cell, target_cell
from geoplan.report.content.members import state_of, value_of
from geoplan.report.content.names import Names, caveats_of, people_unit, present, rows_of, text, whole_zones
from geoplan.report.content.premises import Premises
from geoplan.report.content.projects import facility_types
from geoplan.report.content.shortfalls import flag_class
from geoplan.report.content.stock import SUPPLIES, people_of, standing
from geoplan.report.content.table import Amount, Cell, Coded, Table, cell_text, column, unit_cell
from geoplan.report.content.zones import circle_title, service_cell, without_repeats
from geoplan.tables import FLAG_KINDS, GRADES, OPINIONS, Outcome, people_unknown
from geoplan.words.catalogue import phrase
from geoplan.words.labels import label, planner_word

#: Rows that a page keeps of a table, however little room there is.
LEAST = {"sheet_rules": 6, "sheet_near": 9, "sheet_inside": 1, "sheet_premises": 1}
#: Most rows of each that a page prints.
MOST = {"sheet_rules": 16, "sheet_near": 12, "sheet_inside": 6, "sheet_premises": 6}

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Section:
    """A table of a page: `least` of its rows stand, `most` at most; ``phrase(more, count=…)`` says how many there are where some do not."""

    table: Table
    least: int
    most: int
    more: str

    @classmethod
    def of(cls, table: Table) -> "Section":
        """Return a table with the limits of its key; one without limits is printed whole."""
        rows = len(table.rows)
        return cls(table, LEAST.get(table.key, rows), MOST.get(table.key, rows), f"{table.key}_more")


@dataclass(frozen=True)
class Confirmation:
    """街道核实意见: its title, the words of which some are ticked, and what is filled in beside."""

    title: str
    opinions: tuple[str, ...]
    blanks: tuple[str, ...]


@dataclass(frozen=True)
class Sheet:
    """The page of one community.

    Parameters
    ----------
    zone_id
        The community.
    title, place, banner
        Its name; its code, what it lies in and the year; 演示数据 for a synthetic study, else nothing.
    beside_map
        Tables on the left of the small map.
    numbers
        facility_id -> number, for the facilities that the page names and that have a point: the map and the tables have the same.
    premises
        candidate_id -> point of the premises that the page names.
    across, halves
        Tables across the page, and two beside each other below them.
    priority
        Its place in the priority list, as a sentence.
    confirmation
        Room for the street office.
    notes, foot
        What qualifies the figures; basis and sources.
    """

    zone_id: str
    title: str
    place: str
    banner: str
    beside_map: tuple[Section, ...]
    numbers: Mapping[str, int]
    premises: Mapping[str, shapely.Point]
    across: tuple[Section, ...]
    halves: tuple[Section, Section]
    priority: str
    confirmation: Confirmation
    notes: tuple[str, ...]
    foot: tuple[str, ...]

    @property
    def sections(self) -> tuple[Section, ...]:
        """Every table of the page."""
        return (*self.beside_map, *self.across, *self.halves)


class _Rows:
    """Rows of a table by the zone in one of its columns: only those that are asked for are read."""

    def __init__(self, table: pd.DataFrame, key: str) -> None:
        self._table = pd.DataFrame(table)
        self._at = table.groupby(key, sort=False).indices if len(table) else {}

    def of(self, zone_id: str) -> list[dict[str, Any]]:
        """Return the rows of a zone, in order."""
        at = self._at.get(zone_id)
        return [] if at is None else rows_of(self._table.iloc[at])


def community_sheet(outcome: Outcome, zone_id: str) -> Sheet:
    """Return the page of one community; of several `Sheets` makes them in less time."""
    return Sheets(outcome).sheet(zone_id)


class Sheets:
    """The pages of one outcome: what all of them stand on is read once."""

    def __init__(self, outcome: Outcome, base: BaseMap | None = None) -> None:
        self.outcome, self.lang, self.names = outcome, outcome.lang, Names(outcome)
        self.base = base or BaseMap(outcome)

    @cached_property
    def zones(self) -> tuple[str, ...]:
        """zone_ids that have a page, in the order of their codes as they stand in the outcome: the finest partition zones."""
        return tuple(self.base.zones(self.names.finest()).index)

    def upper(self, zone_id: str) -> str:
        """Return the zone whose pages stand together: the town, else the district, else the area."""
        found = (self.names.at(zone_id, level) for level in ("town", "district", "area"))
        return next(filter(None, found), "")

    def sheet(self, zone_id: str) -> Sheet:
        """Return the page of one zone.

        Raises
        ------
        KeyError
            If no zone has the id.
        """
        if not self.names.level(zone_id):
            raise KeyError(zone_id)
        lang, names = self.lang, self.names
        rules, grounds = _with_grounds(self._rules(zone_id), lang)
        own = self._facilities_inside(zone_id)
        near = self._near.of(zone_id)
        named = dict.fromkeys([row["facility_id"] for row in near] + list(own.index))
        placed = [facility for facility in named if facility in self.base.facilities.index]
        numbers = {facility: number for number, facility in enumerate(placed, start=1)}
        premises = self._premises.near(zone_id)
        joint = phrase("join_wide", lang)
        place = [
            phrase("sheet_code", lang, zone_code=names.code(zone_id)),
            *filter(None, (names.above(zone_id, level) for level in ("district", "town") if names.level(zone_id) != level)),
            phrase("sheet_year", lang, year=self.outcome.year),
        ]  # fmt: skip
        return Sheet(
            zone_id=zone_id,
            title=names.zone(zone_id),
            place=joint.join(place),
            banner=titles.banner(self.outcome),
            beside_map=(Section.of(self._people(zone_id)), Section.of(self._circles(zone_id))),
            numbers=numbers,
            premises={str(key): point for key, point in premises["geometry"].items()},
            across=(Section.of(self._near_table(zone_id, numbers)), Section.of(rules)),
            halves=(Section.of(self._inside_table(own, numbers)), Section.of(self._premises_table(premises))),
            priority=self._priority(zone_id),
            confirmation=_confirmation(lang),
            notes=(*grounds, *self._estates_note(zone_id), phrase("sheet_near_note", lang)),
            foot=self._foot,
        )

    # --- people and circles -----------------------------------------------------------------------------------------

    @cached_property
    def _people_of(self) -> pd.DataFrame:
        return people_of(self.outcome)

    def _people(self, zone_id: str) -> Table:
        """Return the people of every group, with basis and year."""
        groups = self.outcome.groups
        zone = self.outcome.zones.loc[[zone_id]]
        rows: list[list[Cell]] = []
        for group, row in zip(groups.index, rows_of(groups), strict=True):
            known = group in self._people_of.columns and not people_unknown(zone, str(group))[0]
            # a zone without any demand point has nobody
            count = self._people_of[group].get(zone_id, 0.0) if known else np.nan
            rows.append([
                Coded(str(group)), Amount.of(count, "count") or Coded("no_data"), planner_word(row["basis"], self.lang), Amount.of(row["year"], "year"),
            ])  # fmt: skip
        return table_of("sheet_people", self.lang, ("group", "people", "basis", "year"), rows)

    @cached_property
    def _circle(self) -> _Rows:
        return _Rows(whole_zones(self.outcome, measure="network"), "zone_id")

    def _circles(self, zone_id: str) -> Table:
        """Return the circle of every service: people inside, outside and off the network, the share, and the walk to the nearest."""
        rows: list[list[Cell]] = [
            [
                service_cell(self.outcome, row["service"]),
                *(Amount.of(row[key], "count") or Coded("no_data") for key in ("people", "covered", "outside", "off_network")),
                Amount.of(row["share"], "percent"),
                Amount.between(row["share_low"], row["share_high"], "percent"),
                Amount.of(row["median_minutes"], "minutes"),
            ]
            for row in self._circle.of(zone_id)
        ]  # fmt: skip
        keys = ("service", "people", "covered", "outside", "off_network", "share", "share_all", "minutes")
        return without_repeats(
            table_of("sheet_circles", self.lang, keys, rows, title=circle_title(self.outcome))
        )

    # --- facilities -------------------------------------------------------------------------------------------------

    @cached_property
    def _near(self) -> _Rows:
        return _Rows(self.outcome.near, "zone_id")

    @cached_property
    def _types(self) -> dict[str, tuple[str, ...]]:
        every = pd.concat([self.outcome.facilities["services"], self.outcome.planned["services"]])
        return dict(zip(every.index, every, strict=True))

    def _near_table(self, zone_id: str, numbers: Mapping[str, int]) -> Table:
        """Return the nearest facilities of every service, with the walk of the community's person in the middle."""
        rows: list[list[Cell]] = []
        of_service: dict[str, list[dict[str, Any]]] = {service: [] for service in self.outcome.services}
        for row in self._near.of(zone_id):
            of_service[row["service"]].append(row)
        for service, near in of_service.items():
            rows += [
                [
                    Amount.of(numbers.get(row["facility_id"]), "count"),
                    service_cell(self.outcome, service),
                    self.names.facility(row["facility_id"]),
                    facility_types(self._types.get(row["facility_id"], ()), self.lang),
                    Amount.of(row["minutes"], "minutes"),
                    Amount.of(row["share"], "percent"),
                    self._capacity(row["facility_id"]),
                ]
                for row in near
            ]
            if not near:
                none = phrase("sheet_near_none", self.lang)
                rows.append([None, service_cell(self.outcome, service), none, None, None, None, ""])
        keys = ("map_number", "service", "name", "services", "near_minutes", "near_within", "capacity")
        return table_of("sheet_near", self.lang, keys, rows)

    @cached_property
    def _supplies(self) -> _Rows:
        every = self.outcome.supplies
        own = every[every["supply"].isin(SUPPLIES)]
        return _Rows(
            own.groupby(["facility_id", "supply"], sort=False)[["low", "high"]].sum().reset_index(),
            "facility_id",
        )

    def _capacity(self, facility_id: str) -> str:
        """Return what a facility has, in words: beds and places as intervals, and parts of them where there are any."""
        lang, said = self.lang, []
        amounts = {row["supply"]: (row["low"], row["high"]) for row in self._supplies.of(facility_id)}
        for supply, (low, high) in ((one, amounts[one]) for one in SUPPLIES if one in amounts):
            if high == 0 and supply not in ("beds", "places"):
                continue
            unknown = low == 0 and np.isinf(high)
            amount = label("unknown", lang) if unknown else Amount(low, high, "count").text(lang)
            said.append(f"{label(supply, lang)} {amount}")
        return phrase("join_items", lang).join(said)

    @cached_property
    def _standing(self) -> pd.DataFrame:
        """What stands, and what is built or planned."""
        coming = pd.DataFrame(self.outcome.planned)
        coming = coming[coming["status"].isin(["building", "planned"])]
        columns = ["name", "services", "status", "zone_id", "geometry"]
        return pd.concat([standing(self.outcome)[columns], coming[columns]])

    @cached_property
    def _inside(self) -> dict[str, list[Any]]:
        """Facilities of each zone that stand, are built or are planned."""
        return {str(zone): list(own.index) for zone, own in self._standing.groupby("zone_id", sort=False)}

    def _facilities_inside(self, zone_id: str) -> pd.DataFrame:
        return self._standing.loc[self._inside.get(zone_id, [])]

    def _inside_table(self, own: pd.DataFrame, numbers: Mapping[str, int]) -> Table:
        """Return the facilities that stand in the community, are built or are planned there."""
        rows: list[list[Cell]] = [
            [
                Amount.of(numbers.get(facility), "count"),
                text(row["name"]),
                facility_types(row["services"], self.lang),
                Coded(row["status"])
                if present(row["geometry"]) or row["status"] != "existing"
                else self._unplaced,
                self._capacity(facility),
            ]
            for facility, row in zip(own.index, rows_of(own), strict=True)
        ]
        keys = ("map_number", "name", "services", "facility_status", "capacity")
        return table_of("sheet_inside", self.lang, keys, rows, empty=phrase("sheet_inside_none", self.lang))

    @property
    def _unplaced(self) -> Coded:
        return Coded("unplaced", phrase("sheet_unplaced", self.lang))

    # --- rules ------------------------------------------------------------------------------------------------------

    @cached_property
    def _flags(self) -> _Rows:
        return _Rows(self.outcome.flags, "zone_id")

    @cached_property
    def _members(self) -> _Rows:
        return _Rows(self.outcome.members, "member_id")

    @cached_property
    def _gaps(self) -> _Rows:
        """Rows of the gap list by their zone; a member's by its own."""
        table = self.outcome.gap_list
        own = table["member_id"].where(table["part"] == "member", table["zone_id"])
        return _Rows(table[table["part"].isin(["flag", "member"])].assign(own=own), "own")

    def _rules(self, zone_id: str) -> Table:
        """Return every rule that measures or counts the community, what is short first, and then what is not known."""
        flags = self._flags.of(zone_id)
        measured = {row["rule_id"] for row in flags}
        counted: dict[str, dict[str, Any]] = {}
        for row in self._members.of(zone_id):
            if row["rule_id"] not in measured:
                counted.setdefault(row["rule_id"], row)
        gaps = {row["rule_id"]: row for row in self._gaps.of(zone_id)}
        found = [self._flag_row(row, gaps.get(row["rule_id"])) for row in flags]
        found += [self._member_row(row, gaps.get(row["rule_id"])) for row in counted.values()]
        found.sort(key=_rank)
        keys = (
            "indicator", "flag_kind", "grade", "actual", "standard", "shortfall", "net_shortfall", "unit", "affected_of",
            "cause", "measure", "clause", "caveats",
        )  # fmt: skip
        return table_of("sheet_rules", self.lang, keys, found, empty=phrase("sheet_rules_none", self.lang))

    def _flag_row(self, row: Row, gap: Row | None) -> dict[str, Cell]:
        lang, names, rule = self.lang, self.names, str(row["rule_id"])
        told = row["state"] == "flagged"
        number_format = names.format(rule)
        caveats = (
            phrase("join_semicolon", lang).join(caveats_of(row, lang))
            if gap is None
            else caveats_cell(names, gap)
        )
        return {
            **self._of_rule(rule, gap),
            "flag_kind": kind_cell(row["flag_kind"], lang),
            "grade": flag_class(row, lang),
            "actual": Amount.between(row["reachable_low"], row["reachable_high"], number_format) or Coded("no_data"),
            "standard": target_cell(names, {"part": "flag"} | dict(row)),
            "shortfall": Amount.of(row["shortfall"], "count") if told else None,
            "net_shortfall": net_cell(gap) if told and gap is not None else None,
            "unit": unit_cell(row["unit"], lang) if told else None,
            "affected_of": self._affected(row) if told else "",
            "cause": Coded.of(row["cause"]),
            "caveats": caveats,
        }  # fmt: skip

    def _member_row(self, row: Row, gap: Row | None) -> dict[str, Cell]:
        lang, names, rule = self.lang, self.names, str(row["rule_id"])
        return {
            **self._of_rule(rule, gap),
            "flag_kind": kind_cell("clause", lang),
            "grade": state_of(row),
            "actual": value_of(names, row),
            "standard": names.member_target(rule) or text(names.of_rule(rule, f"target_text_{lang}")),
            "shortfall": None if gap is None else Amount.of(gap["shortfall"], "count"),
            "net_shortfall": None if gap is None else net_cell(gap),
            "unit": None if gap is None else unit_cell(gap["unit"], lang),
            "affected_of": "" if gap is None else self._affected(gap),
            "cause": Coded.of(row["cause"]),
            "caveats": "" if gap is None else caveats_cell(names, gap),
        }  # fmt: skip

    def _affected(self, row: Row) -> str:
        """Return how many are affected of how many of a group, with its name below: ``270 / 318 人``."""
        affected, whole = (Amount.of(row[key], "count") for key in ("people_affected", "affected_whole"))
        if affected is None or not present(row["affected_group"]):
            return ""
        group = str(row["affected_group"])
        of = "" if whole is None else f" / {whole.text(self.lang)}"
        return f"{affected.text(self.lang)}{of} {people_unit(group, self.lang)}\n{label(group, self.lang)}"

    def _of_rule(self, rule: str, gap: Row | None) -> dict[str, Cell]:
        """Return what a rule says of itself, and what the gap list advises."""
        return {
            "indicator": self.names.rule(rule),
            "clause": self.names.clause(rule) if gap is None else text(gap["clause"]),
            "measure": "" if gap is None else text(gap["measures"]),
        }

    @cached_property
    def _estates(self) -> dict[str, set[str]]:
        """Estates that stand in the gap list, by their community."""
        found: dict[str, set[str]] = {}
        for at in self.outcome.gap_list["member_id"].where(
            self.outcome.gap_list["part"] == "member", self.outcome.gap_list["zone_id"]
        ):
            if self.names.level(at) == "estate":
                found.setdefault(text(self.outcome.zones["parent_id"][at]), set()).add(str(at))
        return found

    def _estates_note(self, zone_id: str) -> tuple[str, ...]:
        count = len(self._estates.get(zone_id, ()))
        return (phrase("sheet_estates", self.lang, count=count),) if count else ()

    # --- where to act -----------------------------------------------------------------------------------------------

    @cached_property
    def _priorities(self) -> _Rows:
        return _Rows(self.outcome.priorities, "zone_id")

    @cached_property
    def _places(self) -> dict[str, int]:
        """How many places the priority list has in each unit."""
        return {
            str(unit): int(count) for unit, count in self.outcome.priorities["unit"].value_counts().items()
        }

    def _priority(self, zone_id: str) -> str:
        """Return the community's places in the priority list; that it is on none where it is not."""
        lang = self.lang
        said = [
            phrase(
                "sheet_priority", lang, family=family_cell(row["family"], lang).text(lang), rank=f"{row['rank']:,}",
                count=f"{self._places[row['unit']]:,}", unit=phrase(f"sheet_priority_{row['unit']}", lang),
            )
            for row in self._priorities.of(zone_id)
        ]  # fmt: skip
        return phrase("join_semicolon", lang).join(said) or phrase("sheet_priority_none", lang)

    @cached_property
    def _premises(self) -> Premises:
        return Premises(self.outcome)

    def _premises_table(self, near: pd.DataFrame) -> Table:
        lang, radius = self.lang, f"{self._premises.radius_m:,.0f}"
        rows: list[list[Cell]] = [
            [
                text(row["name"]),
                Amount.of(row["metres"], "count"),
                Amount.of(row["floor_area_m2"], "count"),
                facility_types(row["services"], lang) if row["services"] else phrase("candidates_any", lang),
            ]
            for row in rows_of(pd.DataFrame(near.drop(columns="geometry")))
        ]
        none = phrase(
            "sheet_premises_none" if len(self._premises.offered) else "sheet_premises_no_list",
            lang,
            radius=radius,
        )
        title = phrase("sheet_premises_title", lang, radius=radius)
        keys = ("name", "premise_metres", "offered_area_m2", "may_hold")
        return table_of("sheet_premises", lang, keys, rows, title=title, empty=none)

    # --- foot -------------------------------------------------------------------------------------------------------

    @cached_property
    def _foot(self) -> tuple[str, ...]:
        """Return basis, study and credits."""
        lang, joint = self.lang, phrase("join_semicolon", self.lang)
        credited = joint.join(titles.attribution(self.outcome.sources))
        study = phrase("sheet_study", lang, study=self.outcome.name)
        return (titles.basis_line(self.outcome), joint.join(filter(None, (study, credited))))


#: Kinds of flags, and what a cell says of a zone, in the order in which a page prints them.
_STATES = ("has_not", *GRADES, "may_count", "no_data", "unknown", "mean_met", "not_flagged", "has")
_OPEN, _MET = _STATES.index("may_count"), _STATES.index("not_flagged")


def _rank(row: Mapping[str, Cell]) -> tuple[int, int, int]:
    """Return what sorts rows: what is short, then what is open or for reference only, then what is met; clauses first in each."""
    state, kind = row["grade"], row["flag_kind"]
    assert isinstance(state, Coded) and isinstance(kind, Coded)  # noqa: S101, PT018 - every row says both
    at, of_kind = _STATES.index(state.code), FLAG_KINDS.index(kind.code)
    block = 2 if at >= _MET else 1 if at >= _OPEN or kind.code == "reference" else 0
    return block, of_kind, at


def _with_grounds(table: Table, lang: str) -> tuple[Table, tuple[str, ...]]:
    """Return a table with letters for its clauses and marks for its caveats in one narrow column, and what these stand for."""
    marked = table.footnoted("caveats", lang)
    every = [text for text in dict.fromkeys(map(str, marked.cells("clause"))) if text]
    letter = dict(zip(every, string.ascii_uppercase, strict=False))
    grounds = [
        f"{letter.get(str(clause), str(clause))}{cell_text(marks, lang)}"
        for clause, marks in zip(marked.cells("clause"), marked.cells("caveats"), strict=True)
    ]
    kept = marked.picked(
        [k for k, entry in enumerate(marked.columns) if entry.key not in ("clause", "caveats")]
    )
    rows = tuple((*row, own) for row, own in zip(kept.rows, grounds, strict=True))
    said = phrase("join_wide", lang).join(f"{mark} {text}" for text, mark in letter.items())
    notes = ((phrase("sheet_clauses", lang, clauses=said),) if said else ()) + marked.notes
    return replace(kept, columns=(*kept.columns, column("grounds", lang)), rows=rows, notes=()), notes


def _confirmation(lang: str) -> Confirmation:
    return Confirmation(
        label("confirm_opinion", lang),
        tuple(phrase(f"confirm_{code}", lang) for code in OPINIONS),
        tuple(phrase(f"sheet_{code}", lang) for code in ("remark", "confirm_by", "confirm_date")),
    )
