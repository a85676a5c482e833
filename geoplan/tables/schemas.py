"""The tables between stages and in the outcome, each described once.

Every stage takes these tables, changes none of them, and returns new ones. Geometry is in the study's metric CRS. Unknown is null (NaN,
NA, None), never 0 and never empty text. `Schema.check` is the gate of a stage, `Schema.empty` a table without rows.
"""

from collections.abc import Mapping
from functools import partial

from geoplan.tables.schema import Column, Schema

#: Levels from coarse to fine. ``area`` is the study area as a whole and stands for the city in city rules;
#: district, town and community partition it; an estate is an overlay.
LEVELS = ("area", "district", "town", "community", "estate")

#: Groups of people (and what stands in for them) that a study may name.
GROUPS = (
    "residents", "elders_60", "elders_65", "elders_80", "under_3", "households", "dwellings", "residents_registered",
    "elders_60_registered", "under_3_registered", "street_m", "elders_disabled", "elders_partly_disabled", "elders_in_hardship",
)  # fmt: skip

#: The same people under their other basis (常住 / 户籍): where a study has both, a rule is judged under both.
OTHER_BASIS = {
    "residents": "residents_registered", "elders_60": "elders_60_registered", "under_3": "under_3_registered",
    "residents_registered": "residents", "elders_60_registered": "elders_60", "under_3_registered": "under_3",
}  # fmt: skip

#: Why something is short, a closed list (圈内无设施、圈内设施已满、圈内共用不足、单体规模不足、辖区供给不足、类型不符、路网不通、路网数据缺失、数据不足).
CAUSES = (
    "none_in_circle",
    "full",
    "shared",
    "too_small",
    "short_inside",
    "wrong_type",
    "not_connected",
    "streets_missing",
    "no_data",
)

#: What a flag says of a zone: 短板、均值达标而覆盖不足、非短板、数据不足.
STATES = ("flagged", "mean_met", "not_flagged", "unknown")

#: What kind of flag it is: 条文短板 (short of a clause stated for this level), 测算短板 (measured against a standard of a coarser level or
#: a setting of the study), 参考 (for reference, nothing is to be built by it).
FLAG_KINDS = ("clause", "measured", "reference")

#: How far a flag falls short: 无、严重不足、不足、轻度不足、接近达标.
GRADES = ("none", "severe", "short", "slight", "near")

VERDICTS = ("met", "not_met", "no_data", "not_applicable", "not_quantified")

#: Which of two figures of an indicator counts: the measured one (测算值) or that of a department (部门填报值).
ADOPTED = ("measured", "reported")

#: What a street office finds of a row of the gap list: 属实、设施未入台账、无用房用地、拟合建.
OPINIONS = ("true", "unlisted", "no_room", "joint")

#: 现状、在建、规划、停用.
STATUSES = ("existing", "building", "planned", "closed")

#: How a place was found: ``approximate`` is matched by name, ``rejected`` a point that is not credible.
QUALITIES = ("exact", "approximate", "rejected", "missing")


# kinds of columns; their arguments are those of `Column` behind the kind: meaning, unit
text = partial(Column, "text")
#: Text that may be null.
maybe = partial(Column, "text", null=True)
#: Ids of another table, of whatever type they are there.
key = partial(Column, "any")
#: Numbers; NaN where not known.
number = partial(Column, "float", null=True)
#: Numbers that are always known.
known = partial(Column, "float")
whole = partial(Column, "int")
yes = partial(Column, "bool")
#: True, False and NA.
flag = partial(Column, "flag", null=True)
#: Tuples of text.
items = partial(Column, "tuple")
#: Frozensets of words.
words = partial(Column, "set")
shape = partial(Column, "geometry")
anything = partial(Column, "any", null=True)

# fmt: off
ZONES = Schema("zones", {
    "level": text("one of LEVELS", values=LEVELS),
    "name": text("as printed"),
    "code": text("id as in the source file; outputs are in its order"),
    "parent_id": maybe("zone one partition level up (`area` for the coarsest); null for `area`; for an estate its community"),
    "kind": words("frozenset of words: urban, rural, new, existing, complete, future, township, street …; empty if unknown"),
    "covered_share": known("share (0-1) of the zone's people (of its land without water, where no raster knows them) in finest-level zones; 1 for the finest level"),
    "edge": yes("True where nothing is known of the people outside within two circles, and for want of streets none could be assumed"),
    "geometry": shape("polygon, metric CRS; null where the file gives none", null=True),
}, index="zone_id",
further={
    "given_*": number("total that the zone's row gives of a group"),
    "without_raster": number("share (0-1) of the zone's area outside of a raster of people; NaN where none is used"),
    "border": yes("True where walkable streets within a circle of the zone lead out of the study area"),
    "people_unknown": items("groups whose people in the zone are not known: no verdict stands on them"),
    "*": anything("attribute of an estate, as the study names it"),
})

DEMAND = Schema("demand", {
    "zone_id": maybe("finest partition zone; null in the halo"),
    "halo": yes("True outside the study area: competes for supply, enters no sum"),
    "source": text("raster file, ``streets`` or ``zones``: with `cell` and `zone_id` the point's id from run to run"),
    "cell": whole("cell of the file, row by row from 0; of streets the point's place in decimetres; of zones 0", null=True),
    "geometry": shape("point, metric CRS"),
}, index="demand_id",  # numbers the points of one run, in canonical order
further={
    "outside": text(
        "who says that people live there, outside of the study area: halo (a raster, or streets where they are counted), context "
        "(zones beside it) or assumed (nobody: as densely as in the adjoining zones); empty inside", values=("halo", "context", "assumed"),
    ),
    "*": number("people of a group"),
})

FACILITIES = Schema("facilities", {
    "name": text("as in the register"),
    "services": items("tuple of facility types, e.g. ('elder_home',)"),
    "status": text("existing, building, planned or closed (现状/在建/规划/停用)", values=STATUSES),
    "open_year": number("first year that counts; NaN: always"),
    "close_year": number("first year that no longer counts; NaN: never"),
    "zone_id": maybe("zone that the register names or that the point lies in, finest known; null if neither"),
    "zone_from": maybe("named, point or null: where zone_id comes from (a named one wins for rows without a point)"),
    "serves": items("tuple of zone_ids that the register says it serves"),
    "location_quality": text("exact, approximate (matched by name), rejected (point not credible) or missing", values=QUALITIES),
    "source_file": text("file name"),
    "source_row": whole("row as the planner's program numbers it (header = 1)", null=True),
    "geometry": shape("point, metric CRS; null unless exact or approximate", null=True),
}, index="facility_id",
further={
    "ownership": maybe("as in the register"),
    "address": maybe("as in the register"),
    "register_id": maybe("code in the register"),
    "stood_in": number("year of which totals say that it stands, so that it opened by then; NaN: not stated"),
    "level": number("level on which it lies, as OpenStreetMap numbers it (0: the ground); NaN: not stated"),
    "project_id": maybe("project that it is"),
    "end": text("why one that was left out does not count"),
    "*": flag("attribute of registers"),
})

# no key: rows of one facility, service and supply add up
SUPPLIES = Schema("supplies", {
    "facility_id": key("facility"),
    "service": text("the facility type that offers it"),
    "supply": text("beds, nursing_beds, dementia_beds, family_beds, places, inclusive_places, floor_area_m2, staff …"),
    "low": known("least that the register allows, >= 0"),
    "high": known("most that it allows; inf where the register says nothing"),
}, further={"project_id": maybe("project that adds it")})

SNAPS = Schema("snaps", {
    "chain": whole("chain of the graph, -1 where there is none"),
    "offset_m": number("metres from the chain's start to the point on it"),
    "leg_m": number("metres of the access leg"),
    "x": number("of the point on the chain, metric CRS"),
    "y": number("of the point on the chain, metric CRS"),
    "reason": text("empty, or why there is no snap: too_far, barrier, no_point, empty_graph"),
    "island": yes("True where the point hangs on a component under island_nodes"),
}, index="point_id", further={
    "of": text("demand or facility"),
    "off_ground": yes("True where the street is a bridge, a tunnel, or on another layer or level"),
    "geometry": shape("the point itself", null=True),
})

CIRCLE = Schema("circle", {
    "service": text("service of the study, e.g. eldercare"),
    "measure": text("network (stated pace), frail (0.76 m/s) or straight (metres as the crow flies)", values=("network", "frail", "straight")),
    "zone_id": text("zone of any level"),
    "kind": text("empty for the whole zone; urban or rural for that part of an area or district", values=("urban", "rural")),
    "group": text("group that was counted"),
    "people": number("people of the group in the zone; NaN where not known, and so are all that follow to `share_high`, and `unreached`"),
    "covered": number("of them within the circle"),
    "outside": number("of them outside of it: covered + outside + off_network = people"),
    "off_network": number("of them off the network: whether they are in the circle is not known; 0 along the straight line"),
    "share": number("covered / (covered + outside), the share (0-1) among people on the network; NaN where there are none"),
    "share_low": number("covered / people (0-1): the least; NaN where people = 0"),
    "share_high": number("(covered + off_network) / people (0-1): the most"),
    "communities": whole("finest zones below, of those with people"),
    "communities_covered": whole("of them certainly covered: (people - covered) / people <= the service's flag share"),
    "communities_unknown": whole("of them covered only if people off the network are", null=True),
    "land_m2": number("residential land; NaN without a land layer"),
    "land_covered_m2": number("of it within the circle"),
    "land_off_network_m2": number("of it off the network: whether it is in the circle is not known"),
    "median_minutes": number("group-weighted median minutes to the nearest, of people on the network; NaN if under half of them reach any"),
    "unreached": number("people on the network who reach none within the search limit"),
    "nearest_facility": maybe("facility_id nearest for most of the group; null if none"),
}, key=("service", "measure", "zone_id", "kind"))

FINDINGS = Schema("findings", {
    "rule_id": text("pack.rule"),
    "zone_id": text("zone of the rule's own level"),
    "year": whole("study's year"),
    "actual_low": number("measured, least; NaN where it cannot be measured"),
    "actual_high": number("measured, most"),
    "unknown_rows": whole("register rows whose amount is unknown"),
    "required": number("target at or before the study's year; NaN if not quantified"),
    "aim": number("recommended value (upper end of a..b)"),
    "comparison": text(">=, >, <=, =, between, or empty", values=(">=", ">", "<=", "<", "=", "between")),
    "shortfall": number("in `unit`, rounded up for beds and places; NaN unless not met"),
    "gross_shortfall": number("sum of the shortfalls of towns (or communities), a surplus not offsetting a neighbour"),
    "unit": text("unit in which one builds: beds, places, m2, facilities, people …"),
    "verdict": text("met, not_met, no_data, not_applicable, not_quantified", values=VERDICTS),
    "on_path": text("on_path, behind or empty: against the straight line from base to target", values=("on_path", "behind")),
    "basis": text("people's basis and year, e.g. 常住 2010"),
    "attribute": text("约束, 预期, 未标注 … as the plan says"),
    "affected_group": text("group that `people_affected` counts; empty where the rule is about none"),
    "people_affected": number("of that group, those who lack it; NaN where it has no meaning"),
    "cause": text("one of CAUSES or empty", values=CAUSES),
    "missing": text("what is missing: why the verdict is no_data, or what registers do not say of a value that is an interval (codes; texts in `missing_zh`, `missing_en`)"),
    "clause": text("document and section"),
    "missing_zh": text("what is missing, in Chinese"),
    "missing_en": text("what is missing, in English"),
    "note_zh": text("what is to be said beside the value, in Chinese"),
    "note_en": text("in English"),
    "target_year": whole("year of the target that judges; 0 without one"),
    "path_target": number("value that the straight path leads to in the study's year: the next target, else the last; NaN without one"),
    "path_target_year": whole("its year; 0 without one"),
    "required_upper": number("upper limit of a two-sided target; NaN where there is none"),
    "local": yes("True where the required value is a local threshold (本地设定)"),
    "surplus": yes("True where `shortfall` is an amount above an upper limit"),
    "rows": whole("register rows or members that count"),
    "people": number("people of the rule's group in the zone"),
    "reported": number("figure that a department reports (部门填报值); NaN where none is given"),
    "reported_by": text("who reports it"),
    "reported_high": number("the most that what is reported allows; `reported` where it is one figure"),
    "reported_period": text("year, quarter or month that the figure is of; empty: not said"),
    "reported_reason": text("why it differs from the measured figure, as the department says"),
    "adopted": text("which figure counts for the annex of the plan (采用值)", values=ADOPTED),
    "adopted_low": number("that figure, least; NaN where there is neither"),
    "adopted_high": number("the most that is possible"),
    "adopted_verdict": text("verdict by that figure", values=VERDICTS),
    "adopted_on_path": text("on_path, behind or empty, by that figure", values=("on_path", "behind")),
    "share_located": number("presence: share of zones with a facility inside"),
    "share_assigned": number("presence: share of zones that the register says are served"),
    "share_within": number("presence: share of zones within the circle"),
    "share_communities": number("circle: share of communities covered"),
    "share_land": number("circle: share of residential land covered"),
    "share_urban": number("circle: share of people in urban zones covered"),
    "share_rural": number("circle: share of people in rural zones covered"),
    "reachable_low": number("provision and floor area: supply per N that the zone's people can walk to, least; the value is located"),
    "reachable_high": number("the most that the register allows"),
    "in_circle_low": number("provision and floor area: share (0-1) of the zone's people who can walk to any of it, least"),
    "in_circle_high": number("the most, with everybody off the network"),
    "below_low": number("provision and floor area: people who can walk to less than `required`, least"),
    "below_high": number("the most, with everybody off the network"),
    "off_network": number("circle: people off the network, of whom it is not known whether they are inside"),
    "other_group": text("the same people under their other basis (常住 / 户籍), where the study has both"),
    "other_basis": text("its basis and year"),
    "other_low": number("least of the value under it"),
    "other_high": number("most of the value under it"),
    "other_verdict": text("verdict under it; the pack's own basis judges", values=VERDICTS),
    "other_shortfall": number("gap under it, in `unit`"),
    "target_zh": text("what is required in the study's year, in words: ≥55.0%, 1–2, 每处≤150 个托位"),
    "target_en": text("in English"),
    "members_met": whole("members that meet the rule; NA where the rule counts none", null=True),
    "members_judged": whole("members that could be judged", null=True),
    "members_no_data": whole("members that could not be judged", null=True),
    "caveats": items("tuple of codes of the catalogue: what qualifies the figures"),
    "of_plan": yes("True where the zone is the area or a district of the plan, not one of many zones below"),
}, key=("rule_id", "zone_id"))

MEMBERS = Schema("members", {
    "rule_id": text("pack.rule"),
    "zone_id": text("zone of the finding"),
    "member_id": text("zone_id or facility_id that the finding counts"),
    "has": flag("True, False or NA"),
    "sure": flag("False where it is not known whether the finding counts it; NA where nobody recorded it"),
    "value": number("measured value, NaN if none; the least where it is an interval"),
    "value_high": number("the most; as `value` where that is known"),
    "nearest_facility": maybe("facility_id or null; the nearest on foot, in a straight line where `value` is a distance"),
    "minutes": number("to it"),
    "cause": text("one of CAUSES or empty", values=CAUSES),
    "affected_group": text("group of people in the zone that lacks it; empty of facilities and of rules about nobody"),
    "affected_whole": number("that group in the zone; NaN of facilities"),
    "located": flag("presence: one stands inside"),
    "assigned": flag("presence: the register says that one serves it"),
    "within_circle": flag("presence: its people walk to one"),
}, key=("rule_id", "zone_id", "member_id"))

FLAGS = Schema("flags", {
    "rule_id": text("pack.rule"),
    "zone_id": text("community or town; district too for beds of care homes"),
    "year": whole("study's year"),
    "reachable_low": number("supply per unit of the rule that the zone's people on the network can walk to (circle rules: share of all people covered)"),
    "reachable_high": number("the most the register allows; circle rules: with everybody off the network"),
    "located_low": number("supply inside the zone in the rule's unit (NaN for circle rules)"),
    "located_high": number("the most the register allows"),
    "required": number("the standard in the rule's unit (circle rules: 1 - flag share)"),
    "shortfall": number("in `unit`, rounded up for beds and places; 0 where not flagged; NaN where not known"),
    "unit": text("beds, places, m2, people"),
    "state": text("flagged; mean_met: the mean is met, but fewer are in the circle than its flag share allows (均值达标、覆盖不足); not_flagged; unknown: an interval straddles, or nothing to measure", values=STATES),
    "flagged": flag("True where flagged, NA where unknown, False otherwise, of `mean_met` too"),
    "apportioned": number("分解参考值: the district's gap shared out by the group's people; NaN where there is none"),
    "by_located": yes("True where `located` decides and not `reachable`: beds of care homes, to which nobody walks"),
    "own_level": yes("True where the rule's own level is this one; else 按社区测算，非规划考核口径"),
    "taken_outside": number(
        "share (0-1) of the supply in reach that people assumed outside of the study area would take: by so much what is reachable may "
        "be too high; 0 where it hangs on none of them, NaN where no supply is measured"
    ),
    "people": number("the group's people in the zone"),
    "off_network": number("of them off the network: what they can walk to is not known"),
    "in_circle_low": number("share (0-1) of the zone's people who can walk to any of the supply, least"),
    "in_circle_high": number("the most, with everybody off the network"),
    "below_low": number("people who can walk to less than `required` (circle rules: people outside), least"),
    "below_high": number("the most, with everybody off the network"),
    "in_reach_low": number("supply of all facilities that any of the zone's people can walk to, undivided, least; in `unit`; NaN for circle rules"),
    "in_reach_high": number("the most that the register allows"),
    "in_use_low": number("of it the beds lived in or the places enrolled in, least"),
    "in_use_high": number("the most; infinite where a register does not say"),
    "flag_kind": text("what kind of flag it would be", values=FLAG_KINDS),
    "reached_share": number("share (0-1) of the standard that is reached, at most; circle rules: of the people inside"),
    "grade": text("how far a flagged zone falls short; empty where it is not flagged", values=GRADES),
    "affected_group": text("group that `people_affected` and `affected_whole` count (affected_group)"),
    "affected_whole": number("that group in the zone, on the network or off it"),
    "people_affected": number("of that group: circle rules the people outside; else the group x (1 - reached_share); of those on the network; 0 where not flagged"),
    "nearest_facility": maybe("facility_id or null"),
    "minutes": number("group-weighted median to the nearest"),
    "cause": text("one of CAUSES or empty", values=CAUSES),
    "basis": text("people's basis and year"),
    "caveats": items("tuple of codes of the catalogue: what qualifies the figures"),
    "note_zh": text("what qualifies it, in Chinese"),
    "note_en": text("in English"),
}, key=("rule_id", "zone_id"))

SERVED = Schema("served", {
    "service": text("service of the study"),
    "zone_id": text("zone of any level"),
    "need": number("places or beds that its people need: people x the service's stated rate; NaN, as all that follows, where the people are not known"),
    "served_low": number("of them with a place when each is given out once (coverage.allocation), least"),
    "served_high": number("the most that the register allows"),
    "without_place": number("need in the circle without a place (圈内未满足): reaches some facility, gets nothing; by the least"),
    "outside": number("need outside the circle"),
    "off_network": number("need of people off the network: whether it is in the circle is not known"),
}, key=("service", "zone_id"))

GROUND = Schema("ground", {
    "kind": text("water and green: polygons; rail: railways; barrier: other lines that no access leg crosses", values=("water", "green", "rail", "barrier")),
    "geometry": shape("polygon or line, metric CRS, simplified for the eye"),
})

PROJECTS = Schema("projects", {
    "name": text("项目名称"),
    "works": text("建设性质: new, extend, buy, swap, rent or empty (新建/改扩建/购置/置换/租赁)"),
    "services": items("tuple of facility types; empty where the project adds none"),
    "beds": number("added in all of the row; NaN where the plan does not say"),
    "nursing_beds": number("of them"),
    "places": number("added in all of the row"),
    "inclusive_places": number("of them"),
    "floor_area_m2": number("added in all of the row"),
    "facilities": number("how many facilities the row stands for"),
    "cost": number("investment, 10,000 yuan; NaN where not stated"),
    "cost_from": text("stated, or the source row of the unit cost that estimated it"),
    "funds": text("source of funds"),
    "start_year": number("first year of works; NaN if not stated"),
    "open_year": number("year from which it counts; NaN if not stated"),
    "unit": text("responsible unit"),
    "zone_id": maybe("finest zone that it names or lies in; null if none"),
    "serves": items("tuple of zone_ids"),
    "indicators": items("tuple of rule_ids that it says it supports"),
    "location_quality": text("as for facilities; missing where the place is no point"),
    "source_file": text("file name"),
    "source_row": whole("row as the planner's program numbers it"),
    "number": text("序号, as printed"),
    "type_word": text("类别, as printed"),
    "place": text("建设地点, as printed"),
    "content": text("建设内容及规模, as printed"),
    "extends": text("facility that is enlarged (依托设施), as printed; empty if none is named"),
    "approximate": yes("True where the list says that its area is about so much"),
    "beds_high": number("most of beds that the list allows; NaN where it does not say"),
    "nursing_beds_high": number("most of nursing_beds that the list allows; NaN where it does not say"),
    "places_high": number("most of places that the list allows; NaN where it does not say"),
    "inclusive_places_high": number("most of inclusive_places that the list allows; NaN where it does not say"),
    "floor_area_m2_high": number("most of floor_area_m2 that the list allows; NaN where it does not say"),
    "geometry": shape("point, metric CRS, or null", null=True),
}, index="project_id",
further={
    "cost_low": number("least of `cost`"),
    "cost_high": number("most of `cost`"),
    "estimated": yes("True where `cost` is from a unit cost"),
    "*": flag("attribute of registers"),
})

SUPPORT = Schema("support", {
    "rule_id": text("pack.rule"),
    "zone_id": text("zone of the finding"),
    "verdict_before": text("without the projects", values=VERDICTS),
    "verdict_after": text("with every project that counts by the year", values=VERDICTS),
    "actual_before": number("least, without"),
    "actual_after": number("least, with"),
    "required": number("target"),
    "shortfall_before": number("in `unit`"),
    "shortfall_after": number("still missing, in `unit`"),
    "unit": text("as in findings"),
    "projects": items("tuple of project_ids that add to it"),
    "year": whole("study's year"),
    "change": text("won, lost, nearer, same, farther or open: what the projects do to the verdict and the shortfall"),
    "claimed_by": items("tuple of project_ids that say they support it (支撑指标)"),
    "later": items("tuple of project_ids that add to it only after the year"),
    "actual_high_before": number("most, without"),
    "actual_high_after": number("most, with"),
}, key=("rule_id", "zone_id"))

CANDIDATES = Schema("candidates", {
    "name": text("as printed; generated ones are called 意向区域 with a number"),
    "services": items("tuple of facility types that it may hold; empty: any"),
    "works": text("kind of works: new, extend, buy, swap, rent or empty, as in PROJECTS"),
    "floor_area_m2": number("floor area; NaN where not stated"),
    "most_beds": number("most beds that it may hold; NaN where not stated"),
    "most_places": number("most places that it may hold; NaN where not stated"),
    "storey": text("floor on which it lies, as printed"),
    "ownership": text("as printed"),
    "usable_years": number("years for which it may be used; NaN where not stated"),
    "from_year": number("first year in which it may open; NaN: any"),
    "cost": number("cost of opening it, 10,000 yuan; NaN where not stated"),
    "cost_unit": number("cost of each further unit of size (m2, bed or place), 10,000 yuan; NaN where not stated"),
    "cost_from": text("stated, or the source row of the unit cost that estimated it"),
    "rule": text("required, forbidden or empty"),
    "either_or": text("word shared by candidates of which at most one may be chosen; empty for none"),
    "extends": maybe("facility_id of the existing facility that it enlarges; null for a new one"),
    "land_code": text("land use code of a parcel, as printed"),
    "generated": yes("True for a place that nobody has offered: an area of intent, not an address"),
    "zone_id": maybe("finest zone that it lies in; null if none"),
    "location_quality": text("as for facilities; generated points are approximate"),
    "source_file": text("file name; generated/<way> for generated ones"),
    "source_row": whole("row as the planner's program numbers it; number of the generated point"),
    "place": text("地址, as printed"),
    "cost_unit_per": text("what a stated unit cost is of: places, beds or floor_area_m2; empty where its header does not say"),
    "rent_year": number("rent of one year, 10,000 yuan; NaN where not stated; in `cost` only where `cost_from` says so"),
    "extends_name": text("依托设施, as printed; empty if none is named"),
    "parcel_m2": number("area of the parcel's polygon, else as stated, m²; NaN where neither is known; it is no floor area"),
    "note": text("备注, as printed"),
    "geometry": shape("point, metric CRS, or null (then it can be in no circle)", null=True),
}, index="candidate_id",
further={
    "opening_cost": number("cost of opening, with its site as the question builds it", "10,000 yuan"),
    "*": anything("what siting adds"),
})

SITES = Schema("sites", {
    "question": text("name of the question that it answers"),
    "order": whole("order of opening by what each adds, from 1"),
    "name": text("name of the candidate"),
    "candidate_id": text("candidate"),
    "works": text("kind of works, as in PROJECTS"),
    "services": items("tuple of facility types that open there"),
    "place": text("address as printed, or 意向区域 with the zone's name"),
    "size": number("how large: in `unit`; NaN where the question has no sizes"),
    "unit": text("m2, beds, places or empty"),
    "beds": number("beds that it adds; NaN where the question has none"),
    "places": number("places that it adds; NaN where the question has none"),
    "floor_area_m2": number("floor area that it takes; NaN where not known"),
    "cost": number("investment, 10,000 yuan; NaN where not known"),
    "cost_from": text("stated, or the source row of the unit cost that estimated it"),
    "phase": number("last year of the phase in which it opens"),
    "serves": items("tuple of zone_ids that it is to serve"),
    "indicators": items("tuple of rule_ids that it adds to"),
    "gain": number("what it alone would add, in `gain_unit`"),
    "marginal": number("what it adds after those before it"),
    "total": number("aim with it and all before it"),
    "gain_unit": text("unit of gain, marginal and total; empty: that of the answer's objective"),
    "generated": yes("True for an area of intent"),
    "zone_id": maybe("finest zone that it lies in"),
    "extends": maybe("facility_id that it enlarges; null for a new one"),
    "geometry": shape("point, metric CRS"),
}, index="site_id")

ANSWERS = Schema("answers", {
    "question": text("name in the study file"),
    "ask": text("cover, share, median, center, capacity or sizes"),
    "label": text("the question in words"),
    "status": text("optimal, within, infeasible or none"),
    "stopped": text("empty, gap, nodes, clock or interrupt"),
    "aim": text("what the objective counts, in words"),
    "unit": text("unit of the objective"),
    "objective": number("value of the first aim"),
    "bound": number("what no answer can better"),
    "gap": number("share by which the answer may fall short in its first aim; 0 if proven"),
    "recount": number("the aim counted again on the data as given"),
    "before": number("the same aim without any site"),
    "sites": whole("number of sites"),
    "cost": number("sum of the sites' cost, 10,000 yuan; NaN if any is unknown"),
    "candidates": whole("candidates that were looked at"),
    "repeatable": yes("False where the clock or a key press ended the search"),
    "nodes": whole("nodes of the tree"),
    "adopted": yes("True for the question whose sites stand on the map"),
}, key=("question",))

CURVE = Schema("curve", {
    "question": text("name of the question"),
    "sites": whole("number of sites"),
    "objective": number("best found with so many"),
    "bound": number("what no choice of so many can better; NaN where none was computed"),
    "share": number("objective as a share of what all candidates together reach (0-1)"),
}, key=("question", "sites"))

UNMET = Schema("unmet", {
    "question": text("name of the question"),
    "zone_id": text("zone that keeps a gap, or whose people are out of reach"),
    "phase": number("last year of the phase; NaN without phases"),
    "gap": number("what is still missing, or people out of reach"),
    "unit": text("m2, beds, places or people"),
    "why": text("no_candidate, too_far, too_small, budget, sites or none"),
})

#: Figures of an answer that are judged again: people inside the circle, the shortfall left, the need met.
SITE_MEASURES = ("inside", "gap", "served")

#: Why what a model says and what is judged after differ by more than a hundredth.
SITE_REASONS = ("walk_minutes", "located", "min_reach_share", "own_people", "other")

SITE_JUDGED = Schema("site_judged", {
    "question": text("name of the question"),
    "measure": text("what is counted", values=SITE_MEASURES),
    "subject": text("inside and served: the service; gap: the unit"),
    "unit": text("people, beds, places or m2"),
    "before": number("judged without the sites; NaN where not known"),
    "model": number("with them, as the model of the question counts it; NaN where it does not"),
    "judged": number("with them, judged again as the run judges; NaN where not known"),
    "reason": text("why the last two differ by more than 1 %; empty where they do not", values=SITE_REASONS),
}, key=("question", "measure", "subject"))

SITE_FLAGS = Schema("site_flags", {
    "question": text("name of the question"),
    "rule_id": text("rule that flags"),
    "flagged_before": whole("zones flagged without the sites: the finest zones, for beds of care homes towns and districts"),
    "flagged_after": whole("zones flagged with them"),
    "closed": whole("of those flagged before, known to be short of nothing after"),
    "mean_met": whole("of those flagged before, whose mean is met after, with fewer inside than the flag share allows"),
    "unknown": whole("of those flagged before, of which it is not known after"),
    "new": whole("flagged after, not before"),
    "shortfall_before": number("sum of the shortfalls of the zones flagged, in `unit`"),
    "shortfall_after": number("the same with the sites; those of which it is not known after are not in it"),
    "unit": text("beds, places, m2 or people"),
    "affected_group": text("group that is counted as affected"),
    "affected_before": number("people affected in the zones flagged; NaN where it has no meaning"),
    "affected_after": number("the same with the sites"),
}, key=("question", "rule_id"))

SITE_LEFT = Schema("site_left", {
    "question": text("name of the question"),
    "rule_id": text("rule that flags"),
    "zone_id": text("zone that is not closed"),
    "state": text("state with the sites", values=tuple(state for state in STATES if state != "not_flagged")),
    "is_new": yes("True where it was not flagged without them"),
    "shortfall": number("with the sites, in `unit`; NaN where not known"),
    "unit": text("beds, places, m2 or people"),
    "affected": number("people affected with the sites; NaN where not known"),
    "affected_group": text("group that is counted as affected"),
}, key=("question", "rule_id", "zone_id"))

ALTERNATIVES = Schema("alternatives", {
    "question": text("name of the question"),
    "without": text("site_id that is not opened"),
    "opens": items("tuple of candidate_ids that open instead"),
    "closes": items("tuple of site_ids that do not open, `without` first"),
    "objective": number("value of the first aim, in the unit of the answer"),
    "loss": number("share (0-1) by which it is worse than the answer"),
    "cost": number("sum of its sites' cost, 10,000 yuan; NaN if any is unknown"),
}, key=("question", "without"))

GAP_LIST = Schema("gap_list", {
    "serial": whole("1, 2 …"),
    "town": text("name of the town"),
    "community": text("name of the community"),
    "indicator": text("name of the indicator"),
    "clause": text("document and section"),
    "attribute": text("约束, 预期, 未标注 …"),
    "basis": text("what is counted, per whom, and the people's basis"),
    "actual": number("value, least; in the rule's unit"),
    "required": number("what is required; NaN for members"),
    "shortfall": number("in `unit`"),
    "unit": text("unit in which one builds"),
    "verdict": text("flagged, not_met or has_not", values=("flagged", "not_met", "has_not")),
    "people_affected": number("people; NaN where it has no meaning"),
    "nearest_facility": maybe("facility_id or null"),
    "minutes": number("to it"),
    "cause": text("one of CAUSES or empty", values=CAUSES),
    "measures": text("what to do, in words"),
    "project": text("names of projects"),
    "phase": text("near or long term, in words"),
    "flag_kind": text("what kind of flag it is; empty of findings", values=FLAG_KINDS),
    "grade": text("how far a flag falls short; empty of others", values=GRADES),
    "reached_share": number("share (0-1) of the standard that is reached; NaN of findings"),
    "affected_group": text("group that `people_affected` and `affected_whole` count"),
    "affected_whole": number("that group in the zone"),
    "net_shortfall": number("what projects under way leave of the shortfall (净缺口); NaN where that is not known"),
    "relief": number("what they make up (在建、已立项可补); NaN without a list of projects"),
    "relief_year": number("year in which the last of them is finished; NaN where it is not stated"),
    "funds": text("their sources of funds"),
    "responsible": text("unit that the plan names"),
    "advice": text("what kind of advice `measures` is", values=("relieved", "idle", "alone", "joint", "unit", "cause")),
    "priority": whole("place in the priority list of its unit; null where it is on none", null=True),
    "district": text("name of the district"),
    "rule_id": text("pack.rule"),
    "zone_id": text("zone"),
    "member_id": text("zone_id or facility_id of a member; empty elsewhere"),
    "part": text("flag, finding or member", values=("flag", "finding", "member")),
    "format": text("number format of `actual` and `required`"),
    "target": text("what is required, in words; of a member its own target"),
    "actual_low": number("as `actual`"),
    "actual_high": number("value, most"),
    "gross_shortfall": number("of findings: sum of the gaps of towns"),
    "nearest_name": text("name of the nearest facility"),
    "note": text("what qualifies the row, in words"),
    "caveats": items("tuple of codes of the catalogue: what qualifies its figures"),
}, further={"site": text("names of the sites that would close it, where siting was asked")})

PRIORITIES = Schema("priorities", {
    "zone_id": text("community"),
    "family": text("family of services: eldercare, childcare_service, else a facility type or a service of the study"),
    "rule_id": text("rule under which most is missing there"),
    "unit": text("what is put in order together: people or households", values=("people", "households")),
    "rank": whole("place within the unit, 1 being the first"),
    "score": number("people_affected^a x depth^d x feasibility (geoplan.standards.priority)"),
    "affected_group": text("group that `people_affected` counts"),
    "people_affected": number("of that group, by the net gap"),
    "depth": number("1 - share of the standard that is reached, 0-1"),
    "premise": flag("a premise of the planner's lists lies within the circle's radius; NA without a list"),
    "feasibility": number("factor of `premise` in the score"),
    "flag_kind": text("of the rule's flag", values=FLAG_KINDS),
    "grade": text("of the rule's flag", values=GRADES),
    "clause_flags": whole("clauses of the family that the community is short of"),
    "shortfall": number("in `gap_unit`"),
    "net_shortfall": number("what projects leave of it; NaN where that is not known"),
    "gap_unit": text("unit in which one builds"),
    "measures": text("what to do, in words"),
}, key=("zone_id", "family", "unit"))

TIERS = Schema("tiers", {
    "zone_id": text("district (the study area where there is none) or town"),
    "tier": text("tier of the service network, as the vocabulary names it: district, town, community or home"),
    "due": yes("False for a tier wider than the zone: what stands there is counted, and nothing is missing"),
    "present": flag("True where the zone has it, NA where that is not known"),
    "way": text("who has a facility: where it stands, or whom the register says that it serves", values=("located", "assigned")),
    "facilities_low": number("facilities of the tier in the zone, least; NaN for homes, and where no register lists its types"),
    "facilities_high": number("the most, with those that may stand there"),
    "units": whole("zones of the tier's own level inside, where that is below the zone", null=True),
    "units_met": whole("of them, those that have one", null=True),
    "units_judged": whole("of them, those of which it is known", null=True),
    "capacity_low": number("beds, of homes family beds, least; NaN where nothing is known"),
    "capacity_high": number("the most"),
}, key=("zone_id", "tier"))

ESTATE_STEPS = Schema("estate_steps", {
    "zone_id": text("new estate"),
    "households": number("as the estate table states"),
    "eldercare_asked_m2": number("eldercare rooms that the rules ask for by its households, the most of them; NaN where none does", "m²"),
    "eldercare_rooms_m2": number("eldercare rooms, as the estate table states", "m²"),
    "childcare_asked_m2": number("childcare rooms that the rules ask for", "m²"),
    "childcare_rooms_m2": number("childcare rooms, as the estate table states", "m²"),
    **{column: make(what) for step, what in {
        "planned": "同步规划", "built": "同步建设", "accepted": "同步验收", "handed_over": "同步交付",
    }.items() for column, make, what in (
        (step, flag, f"{what}: True where done by the end of the study's year; NA where that is not said"),
        (f"{step}_date", text, f"{what}: date as 2024-03-15, 2024-03 or 2024; empty where none is stated"),
    )},
    "out_of_order": items("tuple of ``built>accepted``: the second is said to be done before the first"),
}, key=("zone_id",))

PAIRS = Schema("pairs", {
    "service": text("service of the study"),
    "demand_id": key("demand point"),
    "facility_id": key("facility that its people can walk to within the circle"),
    "seconds": known("walk, both access legs included", "s"),
})

NEAREST = Schema("nearest", {
    "service": text("service of the study"),
    "demand_id": key("demand point, or sample of residential land"),
    "facility_id": key("nearest facility within the search limit; null for none", null=True),
    "seconds": number("walk to it; NaN for none", "s"),
})

NEAR = Schema("near", {
    "service": text("service of the study"),
    "zone_id": text("zone of the finest level"),
    "rank": whole("1 for the nearest, 2 and 3 for the next"),
    "facility_id": key("facility that half of the zone's people reach within the search limit"),
    "minutes": known("longest walk of the half of the zone's people on the network that is nearest to it"),
    "share": known("share (0-1) of the zone's people on the network who reach it within the circle"),
}, key=("service", "zone_id", "rank"))

OVERLAY = Schema("overlay", {
    "demand_id": key("demand point"),
    "zone_id": text("estate"),
    "share": known("share (0-1) of the point's people that live in it"),
})

GROUP_TABLE = Schema("groups", {
    "label": text("name as printed"),
    "basis": text("常住, 户籍 …"),
    "year": whole("year that they were counted in", null=True),
    "total": number("people in the study area"),
    "expected": number("people in the study area in the study's year, as the study states them; NaN where it states none"),
    "source": text("where they are from"),
}, index="group")

ISOCHRONES = Schema("isochrones", {
    "service": text("service of the study"),
    "minutes": known("outer limit of the band"),
    "geometry": shape("area from which people reach it, for the eye"),
}, key=("service", "minutes"))

UNPLACED = Schema("unplaced", {
    "name": text("as in the register"),
    "services": items("tuple of facility types"),
    "address": maybe("as in the register"),
    "zone_id": maybe("zone in which it counts"),
    "zone_names": text("names from district to the zone"),
    "beds": number("least that the register allows"),
    "places": number("least that the register allows"),
    "reason": maybe("why it has no point: code of a message"),
    "location_quality": text("missing or rejected", values=QUALITIES),
    "match": maybe("how a candidate point was found"),
    "matched_name": maybe("name under which it was found"),
    "lon": number("candidate point, WGS 84", "°"),
    "lat": number("candidate point, WGS 84", "°"),
    "source_file": text("file name"),
    "source_row": whole("row as the planner's program numbers it", null=True),
}, index="facility_id")

WARNINGS = Schema("warnings", {
    "severity": text("error, warning or info", values=("error", "warning", "info")),
    "code": text("code of the message"),
    "file": text("file name"),
    "row": whole("row as the planner's program numbers it", null=True),
    "zone": text("zone_id"),
    "text": text("what was found, in words"),
    "action": text("what to do, in words"),
})

PARAMETERS = Schema("parameters", {
    "entry": text("entry of the study file"),
    "value": text("as it ran"),
    "unit": text("its unit"),
    "given": yes("False: a default"),
})

REPORTED = Schema("reported", {
    "rule_id": text("pack.rule"),
    "value": known("部门填报值, in the rule's unit"),
    "by": maybe("who reports it"),
    "period": maybe("year, quarter or month that it is of: 2025, 2025Q2, 2025-06; null: any year"),
    "adopt": text("which figure counts (采用值); empty: the measured one where it is known", values=ADOPTED),
    "reason": text("why it differs from the measured figure, as the department says"),
    "source": text("file that says it; empty: the study"),
})

NOT_ASSESSED = Schema("not_assessed", {
    "pack": text("pack of rules"),
    "clause": text("document and section"),
    "what_zh": text("what it asks, in Chinese"),
    "what_en": text("in English"),
})

STREETS = Schema(
    "streets",
    {"u": whole("node"), "v": whole("node"), "highway": text("class"), "geometry": shape("line")},
    index="edge_id",
    further={"*": anything("as the walk table reads it")},
)

RULES = Schema("rules", {
    "pack": text("pack of rules"),
    "kind": text("kind of rule"),
    "level": text("its own level"),
    "unit": text("unit of its values"),
}, index="rule_id", further={"*": anything("see `standards.packs.read.rules_table`")})

RECONCILIATION = Schema(
    "reconciliation",
    {"file": text("register"), "rows": whole("its rows")},
    further={"*": number("rows, beds and places by fate: see `inputs.facilities.fates.reconcile`")},
)
# fmt: on

#: Every table of an outcome, by its field.
OUTCOME: Mapping[str, Schema] = {
    "zones": ZONES, "demand": DEMAND, "facilities": FACILITIES, "supplies": SUPPLIES, "groups": GROUP_TABLE, "streets": STREETS,
    "snaps": SNAPS, "nearest": NEAREST, "near": NEAR, "circle": CIRCLE, "isochrones": ISOCHRONES, "rules": RULES, "findings": FINDINGS,
    "members": MEMBERS, "flags": FLAGS, "gap_list": GAP_LIST, "priorities": PRIORITIES, "unplaced": UNPLACED, "reconciliation": RECONCILIATION,
    "warnings": WARNINGS, "parameters": PARAMETERS, "not_assessed": NOT_ASSESSED, "reported": REPORTED, "served": SERVED,
    "planned": FACILITIES, "projects": PROJECTS, "support": SUPPORT, "premises": CANDIDATES, "candidates": CANDIDATES, "sites": SITES, "answers": ANSWERS,
    "curve": CURVE, "unmet": UNMET, "site_isochrones": ISOCHRONES, "site_support": SUPPORT,
    "site_judged": SITE_JUDGED, "site_flags": SITE_FLAGS, "site_left": SITE_LEFT, "alternatives": ALTERNATIVES,
    "tiers": TIERS, "estate_steps": ESTATE_STEPS, "ground": GROUND,
}  # fmt: skip
