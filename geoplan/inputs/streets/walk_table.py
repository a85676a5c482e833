"""What a walker may use: one table of street classes, tags and barriers, and the judgement of one way or node.

The values are those of OpenStreetMap (https://wiki.openstreetmap.org/wiki/Key:highway, Key:access, Key:foot,
Key:barrier, Key:oneway:foot, Key:conveying, Key:sidewalk; read 2025), judged for a person on foot.
`markdown` prints the table; ``docs/walking.md`` holds that print, and a test compares the two.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import NamedTuple

from geoplan.inputs.streets.conditions import CONDITIONAL_KEYS, at_hour
from geoplan.words.periods import Hour

#: Classes that are walked unless tags or the study say otherwise.
WALKED = [
    "trunk", "trunk_link", "primary", "primary_link", "secondary", "secondary_link", "tertiary", "tertiary_link",
    "unclassified", "residential", "living_street", "service", "road", "track", "pedestrian", "footway", "path",
    "steps", "corridor", "bridleway", "cycleway", "platform", "elevator", "crossing", "sidewalk",
]  # fmt: skip

#: Those of them that are made for people on foot (or on bicycles), not for cars.
FOOT_CLASSES = (
    "footway", "path", "pedestrian", "steps", "corridor", "platform", "cycleway", "bridleway", "crossing", "sidewalk",
    "elevator",
)  # fmt: skip

#: Class of a line across a square: walked like the square, but no street of its own, on which nobody lives.
ACROSS = "square"
#: Classes on which nobody lives.
NO_FRONTS = (ACROSS, "ferry")

#: Classes that are not walked unless the way says ``foot=yes`` or the study lets walkers in.
NOT_WALKED = [
    "motorway", "motorway_link", "ferry", "busway", "bus_guideway", "raceway", "escape", "via_ferrata", "rest_area",
    "services", "emergency_bay",
]  # fmt: skip

#: Ways that are not there (yet, or any more): never walked, whatever else is tagged.
NOT_THERE = [
    "construction", "proposed", "planned", "razed", "demolished", "dismantled", "removed", "no",
]  # fmt: skip

#: Ways that are out of use: walked only where ``foot`` says so, which a mapper adds to what is still used on foot.
OUT_OF_USE = ["abandoned", "disused"]

#: Classes whose being walked is a choice that a study should state; its cost in connection is always printed.
STATED_CHOICES = ("motorway", "trunk")

FOOT_OPEN = [
    "yes", "designated", "permissive", "official", "public", "destination", "customers", "delivery", "limited",
    "discouraged",
]  # fmt: skip
FOOT_RESIDENTS = ["private", "residents", "permit", "employees"]
FOOT_OUT = ["no", "use_sidepath"]
ACCESS_OPEN = [
    "yes", "permissive", "designated", "official", "public", "destination", "customers", "delivery", "unknown",
]  # fmt: skip
ACCESS_RESIDENTS = ["private", "residents", "permit", "employees"]
ACCESS_OUT = ["no", "military", "emergency", "agricultural", "forestry", "bus", "psv"]

#: Barriers that a walker passes through a door of: always a valve, open unless locked, private or forbidden.
GATES = [
    "gate", "lift_gate", "swing_gate", "sliding_gate", "sliding_beam", "wicket_gate", "hampshire_gate", "bump_gate",
    "kissing_gate", "sally_port", "turnstile", "full-height_turnstile",
]  # fmt: skip

#: Barriers that stop a walker unless ``foot`` or ``access`` lets one pass, with the reason.
STOPS = {
    **dict.fromkeys(
        ["wall", "city_wall", "fence"], "put up to close the way to everybody, who walks included"
    ),
    "retaining_wall": "a drop that nobody climbs",
    "guard_rail": "keeps people off a carriageway or a drop",
}

#: Barriers that a walker passes unless ``foot`` or ``access`` forbids it, with the reason. Types not listed anywhere count
#: as these.
PASSED = {
    **dict.fromkeys(
        ["bollard", "block", "cycle_barrier", "motorcycle_barrier", "chain", "rope", "height_restrictor", "bus_trap",
         "planter", "jersey_barrier", "log", "spikes"],
        "stops vehicles; a person walks through, round or over it",
    ),
    "debris": "a heap against vehicles, or that they cannot cross; a person walks round it",
    "hedge": "a way drawn through a hedge goes through its gap; one that is closed off ends before it",
    "ditch": "a way drawn through a ditch crosses it on foot, by a plank or a step",
    **dict.fromkeys(["kerb", "step", "cattle_grid"], "stepped over"),
    **dict.fromkeys(["entrance", "stile", "horse_stile", "coupure"], "made for passing through a wall or fence"),
    **dict.fromkeys(["toll_booth", "border_control", "checkpoint"], "people are let through"),
    "yes": "says nothing of who is stopped",
}  # fmt: skip

#: Every tag key of a way that `judge_way` looks at.
WAY_KEYS = [
    "highway", "access", "foot", "motorroad", "sidewalk", "sidewalk:both", "sidewalk:left", "sidewalk:right",
    "oneway:foot", "foot:forward", "foot:backward", "conveying", "railway", "public_transport", "route",
    "abandoned", "disused", *CONDITIONAL_KEYS,
]  # fmt: skip

#: Every tag key of a node that `judge_node` looks at.
NODE_KEYS = ["barrier", "highway", "access", "foot", "locked", "crossing", *CONDITIONAL_KEYS]
#: Every tag key of a way that `on_ground` looks at.
GROUND_KEYS = ["bridge", "tunnel", "layer", "level", "location"]
#: Values that stand for "no" or "not tagged" in yes/no columns (Geofabrik writes F and T).
NO = frozenset(("", "no", "false", "f", "0", "nan", "none"))
#: Seconds of a ride that nobody tells, or that is none.
NO_RIDE = float("nan")
#: Rules by which a way is left out though its class might be walked: it is kept to measure what leaving it out costs.
#: Roads with sidewalks mapped apart are kept until it is known whether footways run beside them (`sidewalks`).
KEPT_RULES = ("class", "stated", "sidewalk")

OPEN, RESIDENTS, OUT = "open", "residents", ""
BOTH, FORWARD, BACKWARD = 0, 1, -1


class WayVerdict(NamedTuple):
    """What a walker may do on a way: `access` (``open``, ``residents``, or empty: left out), direction, and why."""

    highway: str
    access: str
    oneway: int
    rule: str


class NodeVerdict(NamedTuple):
    """What a node is to a walker: `kind` (empty, ``gate``, ``barrier``, ``crossing``) and `state`.

    `state` is ``open``, ``closed`` or ``private`` (as the study treats private ways).
    """

    kind: str
    state: str


def walk_class(tags: Mapping[str, str]) -> str:
    """Return the street class of a way in OpenStreetMap's words; empty where the way is no street.

    Examples
    --------
    >>> walk_class({"railway": "platform"}), walk_class({"route": "ferry"}), walk_class({"barrier": "wall"})
    ('platform', 'ferry', '')
    """
    highway = tags.get("highway", "")
    if highway:
        return several(highway)[0]
    if tags.get("railway") == "platform" or tags.get("public_transport") == "platform":
        return "platform"
    return "ferry" if tags.get("route") == "ferry" else ""


def stated(highway: str, walk: Mapping[str, bool]) -> bool | None:
    """Return what the study states for a class; a class speaks for its ``_link`` too. None: nothing.

    Examples
    --------
    >>> stated("trunk_link", {"trunk": False}), stated("trunk_link", {"trunk": False, "trunk_link": True})
    (False, True)
    """
    return walk.get(highway, walk.get(highway.removesuffix("_link")))


def judge_way(
    tags: Mapping[str, str], walk: Mapping[str, bool] | None = None, at: Hour | None = None
) -> WayVerdict:
    """Return what a walker may do on a way with these tags.

    Parameters
    ----------
    tags
        Tags of the way.
    walk
        What the study states, class -> walked or not. A class stated False is left out whole; one stated True
        is judged by its other tags like any walked class. Ferries are taken only where it is stated True.
    at
        Hour of the week for which conditions are decided; None: they say nothing.

    Examples
    --------
    >>> judge_way({"highway": "residential"})
    WayVerdict(highway='residential', access='open', oneway=0, rule='class')
    >>> judge_way({"highway": "service", "access": "private"}).access
    'residents'
    >>> judge_way({"highway": "service", "access": "private", "foot": "yes"}).access
    'open'
    >>> judge_way({"highway": "footway;steps", "access": "yes;private"})[:2]  # lists: the stricter value
    ('steps', 'residents')
    """
    return _strictest([_judge_case(case, walk or {}) for case in _cases(at_hour(tags, at), WAY_KEYS)])


def _judge_case(tags: Mapping[str, str], walk: Mapping[str, bool]) -> WayVerdict:
    highway = walk_class(tags)
    access, rule = _permission(highway, tags, walk)
    return WayVerdict(highway, access, _direction(highway, tags), rule)


def _cases(tags: Mapping[str, str], keys: Sequence[str]) -> Iterable[Mapping[str, str]]:
    """Return `tags` with one value a key, in every combination where keys list several (``private;customers``)."""
    lists = {key: several(tags[key]) for key in keys if key in tags and ";" in tags[key]}
    if not lists:
        return [tags]
    for key in lists.keys() & _KNOWN.keys():  # a word that says nothing, beside one that does
        lists[key] = [word for word in lists[key] if word in _KNOWN[key]] or lists[key][:1]
    return [{**tags, **dict(zip(lists, case, strict=True))} for case in product(*lists.values())]


def several(value: str) -> list[str]:
    """Return the values of a list, as tags and merged edges write it, each once and in one order.

    Examples
    --------
    >>> several("steps; footway;steps")
    ['footway', 'steps']
    """
    return sorted({word.strip() for word in value.split(";")} - {""}) or [""]


def _strictest(verdicts: Sequence[WayVerdict]) -> WayVerdict:
    """Return what holds of all parts of a way that is all of these: least access, each direction barred, steps if any are."""
    worst = min(
        verdicts,
        key=lambda of: (_MAY.index(of.access), of.highway != "steps", of.highway, of.rule, of.oneway),
    )
    ways = {of.oneway for of in verdicts if of.access == worst.access} - {BOTH}
    if worst.access == OUT or not ways:
        return worst
    if len(ways) > 1:  # up one escalator and down the next: nobody comes through either way
        return worst._replace(access=OUT, oneway=BOTH, rule="direction")
    return worst._replace(oneway=ways.pop())


def on_ground(tags: Mapping[str, str]) -> bool:
    """Return whether people on the ground join a way: it is no bridge, tunnel, ferry, and on no other layer or level.

    A passage through a building is joined, and so are stairs and lifts of which one level is the ground's.

    Examples
    --------
    >>> on_ground({"highway": "steps", "level": "-1;0"}), on_ground({"highway": "footway", "level": "-1"})
    (True, False)
    >>> on_ground({"tunnel": "building_passage", "layer": "-1"}), on_ground({"tunnel": "yes"}), on_ground({"layer": "1"})
    (True, False, False)
    """
    kinds = set(several(tags.get("tunnel", "").lower())) - NO
    passage = kinds == {"building_passage"}
    over = set(several(tags.get("bridge", "").lower())) - NO
    if (
        over
        or (kinds and not passage)
        or walk_class(tags) == "ferry"
        or tags.get("location") == "underground"
    ):
        return False
    layers = several(tags.get("layer", "").removesuffix(".0"))
    return (passage or set(layers) <= {"", "0"}) and (not tags.get("level") or has_level(tags["level"], 0.0))


def ride_seconds(highway: str, duration: str) -> float:
    """Return the seconds that a boat takes by the tag ``duration`` (``hh:mm``, minutes or ISO 8601); NaN: not told, or no boat.

    Examples
    --------
    >>> ride_seconds("ferry", "0:15"), ride_seconds("ferry", "8"), ride_seconds("ferry", "PT1H5M"), ride_seconds("path", "8")
    (900.0, 480.0, 3900.0, nan)
    """
    if highway != "ferry":
        return NO_RIDE
    clock = re.fullmatch(r"(\d+):([0-5]?\d)(?::([0-5]?\d))?", duration)
    if clock:
        return 3600.0 * int(clock[1]) + 60.0 * int(clock[2]) + float(clock[3] or 0)
    iso = re.fullmatch(r"PT(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?", duration)
    if iso:
        return 3600.0 * int(iso[1] or 0) + 60.0 * int(iso[2] or 0) + float(iso[3] or 0)
    return 60.0 * float(duration) if re.fullmatch(r"\d+(\.\d+)?", duration) else NO_RIDE


def stated_level(text: str) -> float:
    """Return the level that a tag of a place states: 0 where the ground is among several, NaN where it holds no number.

    Examples
    --------
    >>> stated_level("-1"), stated_level("1;0"), stated_level("2-3"), stated_level("")
    (-1.0, 0.0, 2.0, nan)
    """
    found = [one for word in several(text) if (one := _LEVELS.fullmatch(word))]
    if not found:
        return float("nan")
    return 0.0 if has_level(text, 0.0) else min((float(one[1]) for one in found), key=abs)


def has_level(text: str, level: float) -> bool:
    """Return whether a tag ``level`` (``-1;0``, ``0-2``) holds a level; text that holds no number is the ground's.

    Examples
    --------
    >>> has_level("-1;0", 0), has_level("0-2", 1), has_level("-2--1", -1), has_level("1", 0), has_level("G", 0)
    (True, True, True, False, True)
    """
    found = [_LEVELS.fullmatch(word) for word in several(text)]
    spans = [(float(one[1]), float(one[2] or one[1])) for one in found if one]
    return any(low <= level <= high for low, high in spans) if spans else level == 0


def _permission(highway: str, tags: Mapping[str, str], walk: Mapping[str, bool]) -> tuple[str, str]:
    """Return the access of a way and the rule that decides it; the first rule that speaks does."""
    # rule 1: what is not there is not walked
    if not highway or highway in NOT_THERE:
        return OUT, "not_there" if highway else "no_street"
    # rule 2: a class that the study shuts out is out whole
    choice = stated(highway, walk)
    if choice is False:
        return OUT, "stated"
    if highway == "ferry" and not choice:
        return OUT, "class"
    # rule 3: foot speaks before access, and before everything below
    foot = tags.get("foot", "")
    if foot in _KNOWN["foot"]:
        return _KNOWN["foot"][foot], "foot"
    # rule 4: what is out of use, roads for motors only, and classes that are not for walkers
    if highway in OUT_OF_USE or tags.get("abandoned") == "yes" or tags.get("disused") == "yes":
        return OUT, "not_there"
    if tags.get("motorroad") == "yes":
        return OUT, "motorroad"
    if choice is None and highway not in _WALKED:
        return OUT, "class" if highway in _NOT_WALKED else "unknown_class"
    # rule 5: access, where foot says nothing
    access = _KNOWN["access"].get(tags.get("access", ""), OPEN)
    if access != OPEN:
        return access, "access"
    # rule 6: walkers use the sidewalks that are mapped as ways of their own, if they are (see `sidewalks`)
    if _sidewalks_apart(highway, tags):
        return OUT, "sidewalk"
    return OPEN, "class"


def _sidewalks_apart(highway: str, tags: Mapping[str, str]) -> bool:
    """Return whether every sidewalk of a road is mapped apart; with one side only, the road still is walked."""
    if highway in ("footway", "path", "steps", "pedestrian", "corridor", "platform", "track"):
        return False
    if tags.get("sidewalk") == "separate" or tags.get("sidewalk:both") == "separate":
        return True
    sides = {tags.get("sidewalk:left"), tags.get("sidewalk:right")}
    return "separate" in sides and sides <= {"separate", "no", "none"}


def _direction(highway: str, tags: Mapping[str, str]) -> int:
    """Return the one direction in which one may walk: 1 as drawn, -1 against it, 0 both."""
    oneway = tags.get("oneway:foot", "")
    if oneway in ("yes", "1", "true") or tags.get("foot:backward") == "no":
        return FORWARD
    if oneway in ("-1", "reverse") or tags.get("foot:forward") == "no":
        return BACKWARD
    if oneway == "" and highway in ("steps", "footway", "corridor"):
        return {"forward": FORWARD, "backward": BACKWARD}.get(tags.get("conveying", ""), BOTH)
    return BOTH


def judge_node(tags: Mapping[str, str], at: Hour | None = None) -> NodeVerdict:
    """Return what a node with these tags is to a walker who comes along a way through it, at an hour as in `judge_way`.

    Examples
    --------
    >>> judge_node({"barrier": "gate"})
    NodeVerdict(kind='gate', state='open')
    >>> judge_node({"barrier": "gate", "locked": "yes"}).state, judge_node({"barrier": "wall"}).kind
    ('closed', 'barrier')
    >>> judge_node({"highway": "crossing"}).kind
    'crossing'
    """
    verdicts = [_judge_node_case(case) for case in _cases(at_hour(tags, at), NODE_KEYS)]
    return min(verdicts, key=lambda of: (_PASSES.index(of.state), of.kind == "", of.kind))


def _judge_node_case(tags: Mapping[str, str]) -> NodeVerdict:
    barrier = tags.get("barrier", "")
    if barrier:
        state = _node_state(barrier, tags)
        if barrier in _GATES:
            return NodeVerdict("gate", state)
        if state != "open":
            return NodeVerdict("barrier", state)
    highway = tags.get("highway", "")
    if highway == "crossing" or (highway == "traffic_signals" and tags.get("crossing", "no") != "no"):
        return NodeVerdict("crossing", "open")
    return NodeVerdict("", "open")


def _node_state(barrier: str, tags: Mapping[str, str]) -> str:
    foot = tags.get("foot", "")
    if foot in FOOT_OPEN:
        return "open"  # whoever walks has a door or a key
    if tags.get("locked") == "yes":
        return "closed"
    word = foot or tags.get("access", "")
    if word in FOOT_RESIDENTS:
        return "private"
    if word in FOOT_OUT or (not foot and word in ACCESS_OUT):
        return "closed"
    if word in FOOT_OPEN:
        return "open"
    return "closed" if barrier in STOPS else "open"


_WALKED, _NOT_WALKED = frozenset(WALKED), frozenset(NOT_WALKED)
_GATES = frozenset(GATES)
#: From the strictest to the freest.
_MAY, _PASSES = (OUT, RESIDENTS, OPEN), ("closed", "private", "open")
#: What the words of these keys say to a walker; others say nothing.
_KNOWN: Mapping[str, Mapping[str, str]] = {
    "foot": dict.fromkeys(FOOT_OPEN, OPEN)
    | dict.fromkeys(FOOT_RESIDENTS, RESIDENTS)
    | dict.fromkeys(FOOT_OUT, OUT),
    "access": dict.fromkeys(ACCESS_OPEN, OPEN)
    | dict.fromkeys(ACCESS_RESIDENTS, RESIDENTS)
    | dict.fromkeys(ACCESS_OUT, OUT),
}


_LEVELS = re.compile(r"(-?\d+(?:\.\d+)?)(?:-(-?\d+(?:\.\d+)?))?")


# --- the table in words ---------------------------------------------------------------------------------------------


def rows() -> list[tuple[str, str, str]]:
    """Return the walk table: (what is tagged, what a walker may do, why), in the order in which rules speak."""

    def words(values: Iterable[str]) -> str:
        return ", ".join(f"`{value}`" for value in values)

    def by_reason(table: Mapping[str, str]) -> list[tuple[str, list[str]]]:
        return [
            (why, [word for word in table if table[word] == why]) for why in dict.fromkeys(table.values())
        ]

    return [
        (f"`highway` = {words(NOT_THERE)}", "out", "not there (yet, or any more)"),
        ("a class that the study states `false`", "out", "the study speaks; a class speaks for its `_link` too"),
        ("`route=ferry` (class `ferry`)", "out", "unless the study states the class `true`: a boat takes the time of its tag `duration`, or the study's"),
        (f"`foot` = {words(FOOT_OUT)}", "out", "`foot` speaks before `access`"),
        (f"`foot` = {words(FOOT_OPEN)}", "open", "also on motor roads and on classes that are out by default"),
        (f"`foot` = {words(FOOT_RESIDENTS)}", "residents only", "as the study's `private` says; `employees`: to all but the staff the way is private"),
        (f"`highway` = {words(OUT_OF_USE)}; `abandoned=yes`, `disused=yes`", "out", "out of use, unless `foot` says that it is walked"),
        ("`motorroad=yes`", "out", "no walkers by law"),
        (f"`highway` = {words(NOT_WALKED[:2] + NOT_WALKED[3:])}", "out", "unless the study states the class `true`"),
        ("any other class that is not listed below", "out", "named in a warning; the study may state it"),
        (f"`access` = {words(ACCESS_OUT)}", "out", "nobody, or nobody on foot, may use it"),
        (f"`access` = {words(ACCESS_RESIDENTS)}", "residents only", "as the study's `private` says; `employees` as above"),
        ("`sidewalk=separate`, `sidewalk:both=separate`, or one side `separate` and the other `separate`, `no` or `none`", "out where footways of their own run beside it, else open", "within 30 m along 80 % of it; an extract fetched for driving lacks them; with one side only, the road stays"),
        (f"`highway` = {words(WALKED)}; `railway=platform`, `public_transport=platform` (class `platform`)", "open", "walked by default; `access` words not listed above change nothing"),
        ("`area=yes`, and rings of `highway` multipolygons", "open along the ring and across", "in straight lines between the streets that meet it, round corners and holes"),
        ("`oneway:foot=yes`, `foot:backward=no`; `conveying=forward` on steps, footways, corridors", "one way as drawn", "`oneway` alone is for vehicles and changes nothing"),
        ("`oneway:foot=-1`, `foot:forward=no`; `conveying=backward` on the same", "one way against the drawing", "escalators and one-way paths"),
        ("`bridge`, `tunnel` (but `building_passage`), `layer` or `level` other than 0, `location=underground`", "walked, but joined from the ground only where no street on it is near", "levels meet only where ways share a node (steps, lifts)"),
        (f"node `barrier` = {words(GATES)}", "gate", "a valve: open, but closed where `locked=yes` (and no `foot` that opens) or `foot`/`access` forbids, private where they say so"),
        *((f"node `barrier` = {words(types)}", "stopped, unless `foot` or `access` lets one pass", why) for why, types in by_reason(STOPS)),
        *((f"node `barrier` = {words(types)}", "passed, unless `locked=yes` or `foot`/`access` forbids it", why) for why, types in by_reason(PASSED)),
        ("node `barrier` of any other type", "passed, as above", "most are against vehicles"),
        ("node `highway=crossing`, or `traffic_signals` with `crossing`", "crossing", "costs the study's seconds"),
        ("way with `barrier` and no `highway`", "no street", "walls and fences are not walked on"),
        ("`foot:conditional`, `access:conditional`, on ways and nodes", "as `foot` or `access` at the hour that the study states (`streets.at`)", "days, clock times, sun; other conditions are counted and say nothing"),
        ("several values of one key (`private;customers`, or the lists of merged edges)", "the strictest of all combinations", "steps if any are; a way that is one way both ways is out"),
    ]  # fmt: skip


def markdown() -> str:
    """Return the walk table as a Markdown table."""
    lines = ["| tagged | a walker | why |", "| --- | --- | --- |"]
    return "\n".join(lines + [f"| {what} | {may} | {why} |" for what, may, why in rows()]) + "\n"
