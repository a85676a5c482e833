"""The tables between stages: their columns, keys and units, checked once at each gate.

Every stage takes these tables, changes none of them, and returns new ones. Geometry is in the study's metric CRS.

=========== =========================================== ======================================================
table       index (key)                                 columns
=========== =========================================== ======================================================
zones       ``zone_id`` = ``level/id``                  see `ZONES`; one row a zone of every level, and ``area``
demand      ``demand_id`` (int)                         ``zone_id, halo, geometry`` + one float column a group
overlay     none                                        ``demand_id, zone_id, share`` (0-1 of a point's people)
facilities  ``facility_id`` = ``file#row``              see `FACILITIES`; geometry may be null
supplies    none (``facility_id, service, supply``)     ``low, high``; equal where the register is certain
snaps       ``point_id``                                see `SNAPS`
circle      none (``service, measure, zone_id, kind``)  see `CIRCLE`
provision   none (``rule_id, zone_id``)                 see `FLAGS`
findings    none (``rule_id, zone_id``)                 see `FINDINGS`
members     none (``rule_id, zone_id, member_id``)      see `MEMBERS`
flags       none (``rule_id, zone_id``)                 see `FLAGS`
warnings    none                                        ``severity, code, file, row, zone, text, action``
=========== =========================================== ======================================================
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import geopandas as gpd
import pandas as pd

from geoplan.tables.service import NeedRate as NeedRate
from geoplan.tables.service import Service as Service
from geoplan.words.errors import Note, TableError

#: Levels from coarse to fine. ``area`` is the study area as a whole and stands for the city in city rules;
#: district, town and community partition it; an estate is an overlay.
LEVELS = ("area", "district", "town", "community", "estate")

#: Groups of people (and what stands in for them) that a study may name.
GROUPS = (
    "residents",
    "elders_60",
    "elders_65",
    "elders_80",
    "under_3",
    "households",
    "dwellings",
    "residents_registered",
    "elders_60_registered",
    "under_3_registered",
    "street_m",
)

#: The same people under their other basis (常住 / 户籍): where a study has both, a rule is judged under both.
OTHER_BASIS = {
    "residents": "residents_registered",
    "elders_60": "elders_60_registered",
    "under_3": "under_3_registered",
    "residents_registered": "residents",
    "elders_60_registered": "elders_60",
    "under_3_registered": "under_3",
}

ZONES = {
    "level": "one of LEVELS",
    "name": "as printed",
    "code": "id as in the source file; outputs are in its order",
    "parent_id": "zone one partition level up (`area` for the coarsest); null for `area`; for an estate its community",
    "kind": "frozenset of words: urban, rural, new, existing, complete, future, township, street …; empty if unknown",
    "covered_share": "share (0-1) of the zone's area that has finest-level zones; 1 for the finest level",
    "edge": "True where raster, streets or register end within a circle of the zone",
    "geometry": "polygon, metric CRS",
}
#: Given totals stand in columns ``given_<group>`` (NaN where not given); estate attributes under their own names
#: (``built_year, households, dwellings, eldercare_rooms_m2, childcare_rooms_m2, handed_over``).

DEMAND = {
    "zone_id": "finest partition zone; null in the halo",
    "halo": "True outside the study area: competes for supply, enters no sum",
    "geometry": "point, metric CRS",
}

FACILITIES = {
    "name": "as in the register",
    "services": "tuple of facility types, e.g. ('elder_home',)",
    "status": "existing, building, planned or closed (现状/在建/规划/停用)",
    "open_year": "first year that counts; NaN: always",
    "close_year": "first year that no longer counts; NaN: never",
    "zone_id": "zone that the register names or that the point lies in, finest known; null if neither",
    "zone_from": "named, point or null: where zone_id comes from (a named one wins for rows without a point)",
    "serves": "tuple of zone_ids that the register says it serves",
    "location_quality": "exact, approximate (matched by name), rejected (point not credible) or missing",
    "source_file": "file name",
    "source_row": "row as the planner's program numbers it (header = 1)",
    "geometry": "point, metric CRS; null unless exact or approximate",
}
#: Attributes stand in further columns, three-valued (True, False, NA): ``public, inclusive, registered, medical_unit,
#: medical_contract, model, five_star, smart, safety_net`` … and text (``ownership, address``).

SUPPLIES = {
    "facility_id": "facility",
    "service": "the facility type that offers it",
    "supply": "beds, nursing_beds, dementia_beds, family_beds, places, inclusive_places, floor_area_m2, staff …",
    "low": "least that the register allows, >= 0",
    "high": "most that it allows; inf where the register says nothing",
}

SNAPS = {
    "chain": "chain of the graph, -1 where there is none",
    "offset_m": "metres from the chain's start to the point on it",
    "leg_m": "metres of the access leg",
    "x": "of the point on the chain, metric CRS",
    "y": "of the point on the chain, metric CRS",
    "reason": "empty, or why there is no snap: too_far, barrier, no_point, empty_graph",
    "island": "True where the point hangs on a component under island_nodes",
}

CIRCLE = {
    "service": "service of the study, e.g. eldercare",
    "measure": "network (stated pace), frail (0.76 m/s) or straight (metres as the crow flies)",
    "zone_id": "zone of any level",
    "kind": "empty for the whole zone; urban or rural for that part of an area or district",
    "group": "group that was counted",
    "people": "people of the group in the zone",
    "covered": "of them within the circle",
    "outside": "people - covered",
    "share": "covered / people (0-1); NaN where people = 0",
    "communities": "finest zones below, of those with people",
    "communities_covered": "of them with outside/people <= the service's flag share",
    "land_m2": "residential land; NaN without a land layer",
    "land_covered_m2": "of it within the circle",
    "median_minutes": "group-weighted median minutes to the nearest; NaN if under half reach any",
    "unreached": "people who reach none within the search limit",
    "nearest_facility": "facility_id nearest for most of the group; null if none",
}

FINDINGS = {
    "rule_id": "pack.rule",
    "zone_id": "zone of the rule's own level",
    "year": "study's year",
    "actual_low": "measured, least; NaN where it cannot be measured",
    "actual_high": "measured, most",
    "unknown_rows": "register rows whose amount is unknown",
    "required": "target at or before the study's year; NaN if not quantified",
    "aim": "recommended value (upper end of a..b)",
    "comparison": ">=, >, <=, =, between, or empty",
    "shortfall": "in `unit`, rounded up for beds and places; NaN unless not met",
    "gross_shortfall": "sum of the shortfalls of towns (or communities), a surplus not offsetting a neighbour",
    "unit": "unit in which one builds: beds, places, m2, facilities, people …",
    "verdict": "met, not_met, no_data, not_applicable, not_quantified",
    "on_path": "on_path, behind or empty: against the straight line from base to target",
    "basis": "people's basis and year, e.g. 常住 2010",
    "attribute": "约束, 预期, 未标注 … as the plan says",
    "people_affected": "people; NaN where it has no meaning",
    "cause": "one of CAUSES or empty",
    "missing": "what is missing where verdict is no_data (message text by code, see `missing_zh`, `missing_en`)",
    "clause": "document and section",
}

MEMBERS = {
    "rule_id": "pack.rule",
    "zone_id": "zone of the finding",
    "member_id": "zone_id or facility_id that the finding counts",
    "has": "True, False or NA",
    "value": "measured value, NaN if none",
    "nearest_facility": "facility_id or null",
    "minutes": "to it",
    "cause": "one of CAUSES or empty",
}

FLAGS = {
    "rule_id": "pack.rule",
    "zone_id": "community or town",
    "year": "study's year",
    "reachable_low": "supply per unit of the rule that the zone's people can walk to (circle rules: share covered)",
    "reachable_high": "the most the register allows",
    "located_low": "supply inside the zone in the rule's unit (NaN for circle rules)",
    "located_high": "the most the register allows",
    "required": "the standard in the rule's unit (circle rules: 1 - flag share)",
    "shortfall": "in `unit`, rounded up for beds and places; 0 where not flagged; NaN where not known",
    "unit": "beds, places, m2, people",
    "flagged": "True, False or NA (the interval straddles the standard, or nothing to measure)",
    "apportioned": "分解参考值: the district's gap shared out by the group's people; NaN where there is none",
    "own_level": "True where the rule's own level is this one; else 按社区测算，非规划考核口径",
    "people": "the group's people in the zone",
    "people_affected": "circle: people outside; provision: shortfall over rate; floor area: the group",
    "nearest_facility": "facility_id or null",
    "minutes": "group-weighted median to the nearest",
    "cause": "one of CAUSES or empty",
}

SERVED = {
    "service": "service of the study",
    "zone_id": "zone of any level",
    "need": "places or beds that its people need: people x the service's stated rate",
    "served_low": "of them with a place when each is given out once (coverage.allocation), least",
    "served_high": "the most that the register allows",
    "without_place": "need in the circle without a place (圈内未满足): reaches some facility, gets nothing; by the least",
    "outside": "need outside the circle",
}

PROJECTS = {
    "name": "项目名称",
    "works": "建设性质: new, extend, buy, swap, rent or empty (新建/改扩建/购置/置换/租赁)",
    "services": "tuple of facility types; empty where the project adds none",
    "beds": "added in all of the row; NaN where the plan does not say",
    "nursing_beds": "of them",
    "places": "added in all of the row",
    "inclusive_places": "of them",
    "floor_area_m2": "added in all of the row",
    "facilities": "how many facilities the row stands for",
    "cost": "investment, 10,000 yuan; NaN where not stated",
    "cost_from": "stated, or the source row of the unit cost that estimated it",
    "funds": "source of funds",
    "start_year": "first year of works; NaN if not stated",
    "open_year": "year from which it counts; NaN if not stated",
    "unit": "responsible unit",
    "zone_id": "finest zone that it names or lies in; null if none",
    "serves": "tuple of zone_ids",
    "indicators": "tuple of rule_ids that it says it supports",
    "location_quality": "as for facilities; missing where the place is no point",
    "source_file": "file name",
    "source_row": "row as the planner's program numbers it",
    "geometry": "point, metric CRS, or null",
}

SUPPORT = {
    "rule_id": "pack.rule",
    "zone_id": "zone of the finding",
    "verdict_before": "without the projects",
    "verdict_after": "with every project that counts by the year",
    "actual_before": "least, without",
    "actual_after": "least, with",
    "required": "target",
    "shortfall_before": "in `unit`",
    "shortfall_after": "still missing, in `unit`",
    "unit": "as in findings",
    "projects": "tuple of project_ids that add to it",
}

CANDIDATES = {
    "name": "as printed; generated ones are called 意向区域 with a number",
    "services": "tuple of facility types that it may hold; empty: any",
    "works": "kind of works: new, extend, buy, swap, rent or empty, as in PROJECTS",
    "floor_area_m2": "floor area; NaN where not stated",
    "most_beds": "most beds that it may hold; NaN where not stated",
    "most_places": "most places that it may hold; NaN where not stated",
    "storey": "floor on which it lies, as printed",
    "ownership": "as printed",
    "usable_years": "years for which it may be used; NaN where not stated",
    "from_year": "first year in which it may open; NaN: any",
    "cost": "cost of opening it, 10,000 yuan; NaN where not stated",
    "cost_unit": "cost of each further unit of size (m2, bed or place), 10,000 yuan; NaN where not stated",
    "cost_from": "stated, or the source row of the unit cost that estimated it",
    "rule": "required, forbidden or empty",
    "either_or": "word shared by candidates of which at most one may be chosen; empty for none",
    "extends": "facility_id of the existing facility that it enlarges; null for a new one",
    "land_code": "land use code of a parcel, as printed",
    "generated": "True for a place that nobody has offered: an area of intent, not an address",
    "zone_id": "finest zone that it lies in; null if none",
    "location_quality": "as for facilities; generated points are approximate",
    "source_file": "file name; generated/<way> for generated ones",
    "source_row": "row as the planner's program numbers it; number of the generated point",
    "geometry": "point, metric CRS, or null (then it can be in no circle)",
}

SITES = {
    "question": "name of the question that it answers",
    "order": "order of opening by what each adds, from 1",
    "name": "name of the candidate",
    "candidate_id": "candidate",
    "works": "kind of works, as in PROJECTS",
    "services": "tuple of facility types that open there",
    "place": "address as printed, or 意向区域 with the zone's name",
    "size": "how large: in `unit`; NaN where the question has no sizes",
    "unit": "m2, beds, places or empty",
    "beds": "beds that it adds; NaN where the question has none",
    "places": "places that it adds; NaN where the question has none",
    "floor_area_m2": "floor area that it takes; NaN where not known",
    "cost": "investment, 10,000 yuan; NaN where not known",
    "cost_from": "stated, or the source row of the unit cost that estimated it",
    "phase": "last year of the phase in which it opens",
    "serves": "tuple of zone_ids that it is to serve",
    "indicators": "tuple of rule_ids that it adds to",
    "gain": "what it alone would add, in `gain_unit`",
    "marginal": "what it adds after those before it",
    "total": "aim with it and all before it",
    "gain_unit": "unit of gain, marginal and total; empty: that of the answer's objective",
    "generated": "True for an area of intent",
    "zone_id": "finest zone that it lies in",
    "extends": "facility_id that it enlarges; null for a new one",
    "geometry": "point, metric CRS",
}

ANSWERS = {
    "question": "name in the study file",
    "ask": "cover, share, median, center, capacity or sizes",
    "label": "the question in words",
    "status": "optimal, within, infeasible or none",
    "stopped": "empty, gap, nodes, clock or interrupt",
    "aim": "what the objective counts, in words",
    "unit": "unit of the objective",
    "objective": "value of the first aim",
    "bound": "what no answer can better",
    "gap": "share by which the answer may fall short in its first aim; 0 if proven",
    "recount": "the aim counted again on the data as given",
    "before": "the same aim without any site",
    "sites": "number of sites",
    "cost": "sum of the sites' cost, 10,000 yuan; NaN if any is unknown",
    "candidates": "candidates that were looked at",
    "repeatable": "False where the clock or a key press ended the search",
    "nodes": "nodes of the tree",
    "adopted": "True for the question whose sites stand on the map",
}

CURVE = {
    "question": "name of the question",
    "sites": "number of sites",
    "objective": "best found with so many",
    "bound": "what no choice of so many can better; NaN where none was computed",
    "share": "objective as a share of what all candidates together reach (0-1)",
}

UNMET = {
    "question": "name of the question",
    "zone_id": "zone that keeps a gap, or whose people are out of reach",
    "phase": "last year of the phase; NaN without phases",
    "gap": "what is still missing, or people out of reach",
    "unit": "m2, beds, places or people",
    "why": "no_candidate, too_far, too_small, budget, sites or none",
}

#: Why something is short, a closed list (圈内无设施、圈内设施已满、单体规模不足、类型不符、路网不通、数据不足).
CAUSES = ("none_in_circle", "full", "too_small", "wrong_type", "not_connected", "no_data")

VERDICTS = ("met", "not_met", "no_data", "not_applicable", "not_quantified")


def check_columns(table: pd.DataFrame, columns: Iterable[str], *, name: str) -> None:
    """Raise TableError naming every column that `table` lacks."""
    missing = [column for column in columns if column not in table.columns]
    if missing:
        raise TableError(
            Note.of("table_column_missing", table=name, columns=", ".join(missing), severity="error")
        )


def check_unique_index(table: pd.DataFrame | pd.Series, *, name: str) -> None:
    """Raise TableError naming duplicate keys of `table`."""
    if not table.index.is_unique:
        ids = ", ".join(map(str, table.index[table.index.duplicated()].unique()[:10]))
        raise TableError(Note.of("table_duplicate_key", table=name, ids=ids, severity="error"))


def check_ids(table: pd.DataFrame, *, name: str, **known: pd.Index) -> None:
    """Raise TableError where a column of `table`, given by keyword, names an id that the index given lacks.

    Examples
    --------
    >>> pairs = pd.DataFrame({"demand_id": [1, 9]})
    >>> check_ids(pairs, name="reach", demand_id=pd.Index([1, 2], name="demand"))
    Traceback (most recent call last):
    geoplan.words.errors.TableError: table `reach`: demand_id names ids that `demand` lacks: 9.
    """
    for column, index in known.items():
        unknown = table.loc[~table[column].isin(index), column].unique()
        if len(unknown):
            ids = ", ".join(map(str, unknown[:10]))
            other = str(index.name or column)
            raise TableError(Note.of("table_unknown_id", table=name, column=column, other=other, ids=ids))


def warnings_table(notes: Iterable[Note], lang: str) -> pd.DataFrame:
    """Return `notes` as a table (``severity, code, file, row, zone, text, action``) in `lang`, in the order given."""
    rows = [(n.severity, n.code, n.file, n.row, n.zone, n.found(lang), n.action(lang)) for n in notes]
    table = pd.DataFrame(rows, columns=["severity", "code", "file", "row", "zone", "text", "action"])
    return table.astype({"row": "Int64"})


@dataclass(frozen=True)
class Source:
    """One input file as the sources sheet prints it."""

    role: str
    file: str
    sha256: str
    bytes: int
    rows: int | None = None
    datum: str = ""
    note: str = ""


@dataclass(frozen=True, repr=False)
class Outcome:
    """Everything that a run found out: what the report rooms draw and write. Frozen; tables as described above.

    `services` maps each service of the study to its terms. `rules` is a table indexed by ``rule_id`` with every column of a pack's rule
    (see `geoplan.standards.rules`). `groups` is a table indexed by group: ``label, basis, year, total, source``.
    `parameters` is a flat table ``entry, value, unit, given`` of the study as it ran. `reconciliation` has a row a
    register: ``file, rows, closed, duplicate, not_placed, in_run`` and the same for beds and places
    (``rows_, beds_, places_`` prefixes). `unplaced` is the 待落点清单. `reported` holds what departments report
    (部门填报值): ``rule_id, value, by``. `planned` holds facilities of the registers that do not count in the year (在建, 规划,
    停用), as `facilities` with ``end``. `served`, `projects` and `support` are empty where the study asks for none; so are
    `candidates`, `sites`, `answers`, `curve` and `unmet` where no siting question was asked. `sites` holds the sites of every
    answer, `site_support` (as `support`, with site_ids in ``projects``) what those of the adopted one meet, and `site_isochrones` (``service, minutes, geometry``, as
    `isochrones`) the area from which people reach them.
    """

    name: str
    year: int
    lang: str
    synthetic: bool
    crs: str
    zones: gpd.GeoDataFrame
    demand: gpd.GeoDataFrame
    facilities: gpd.GeoDataFrame
    supplies: pd.DataFrame
    services: Mapping[str, Service]
    groups: pd.DataFrame
    streets: gpd.GeoDataFrame
    snaps: gpd.GeoDataFrame
    nearest: pd.DataFrame
    circle: pd.DataFrame
    isochrones: gpd.GeoDataFrame
    rules: pd.DataFrame
    findings: pd.DataFrame
    members: pd.DataFrame
    flags: pd.DataFrame
    gap_list: pd.DataFrame
    unplaced: pd.DataFrame
    reconciliation: pd.DataFrame
    warnings: pd.DataFrame
    sources: tuple[Source, ...]
    parameters: pd.DataFrame
    not_assessed: pd.DataFrame
    pace_notes: pd.DataFrame = field(default_factory=pd.DataFrame)
    reported: pd.DataFrame = field(default_factory=pd.DataFrame)
    served: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(SERVED)))
    planned: gpd.GeoDataFrame = field(default_factory=gpd.GeoDataFrame)
    projects: gpd.GeoDataFrame = field(default_factory=gpd.GeoDataFrame)
    support: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(SUPPORT)))
    candidates: gpd.GeoDataFrame = field(default_factory=gpd.GeoDataFrame)
    sites: gpd.GeoDataFrame = field(default_factory=gpd.GeoDataFrame)
    answers: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(ANSWERS)))
    curve: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(CURVE)))
    unmet: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(UNMET)))
    site_isochrones: gpd.GeoDataFrame = field(default_factory=gpd.GeoDataFrame)
    site_support: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(SUPPORT)))
