"""The walk table in words, made from the values that the code judges by; ``docs/walking.md`` holds it."""

from geoplan.inputs.streets.walk_table import (
    ACCESS_OUT,
    ACCESS_RESIDENTS,
    FOOT_OPEN,
    FOOT_OUT,
    FOOT_RESIDENTS,
    GATES,
    NOT_THERE,
    NOT_WALKED,
    PASSED,
    STOPS,
    WALKED,
)


def rows() -> list[tuple[str, str, str]]:
    """Return the walk table: (what is tagged, what a walker may do, why), in the order in which rules speak."""

    def words(values: list[str]) -> str:
        return ", ".join(f"`{value}`" for value in values)

    return [
        (
            f"`highway` = {words(NOT_THERE)}; `abandoned=yes`, `disused=yes`",
            "out",
            "not there (yet, or any more)",
        ),
        (
            "a class that the study states `false`",
            "out",
            "the study speaks; a class speaks for its `_link` too",
        ),
        (f"`foot` = {words(FOOT_OUT)}", "out", "`foot` speaks before `access`"),
        (
            f"`foot` = {words(FOOT_OPEN)}",
            "open",
            "also on motor roads and on classes that are out by default",
        ),
        (f"`foot` = {words(FOOT_RESIDENTS)}", "residents only", "as the study's `private` says"),
        ("`motorroad=yes`", "out", "no walkers by law"),
        (
            f"`highway` = {words(NOT_WALKED[:2] + NOT_WALKED[3:])}; `route=ferry` (class `ferry`)",
            "out",
            "unless the study states the class `true`",
        ),
        ("any other class that is not listed below", "out", "named in a warning; the study may state it"),
        (f"`access` = {words(ACCESS_OUT)}", "out", "nobody, or nobody on foot, may use it"),
        (f"`access` = {words(ACCESS_RESIDENTS)}", "residents only", "as the study's `private` says"),
        (
            "`sidewalk=separate`, `sidewalk:both=separate`, or one side `separate` and the other `separate`, `no` or `none`",
            "out",
            "its sidewalks are ways of their own; with one side only, the road stays",
        ),
        (
            f"`highway` = {words(WALKED)}; `railway=platform`, `public_transport=platform` (class `platform`)",
            "open",
            "walked by default; `access` words not listed above change nothing",
        ),
        (
            "`area=yes`, and rings of `highway` multipolygons",
            "open along the ring",
            "one walks round a square, not across it",
        ),
        (
            "`oneway:foot=yes`, `foot:backward=no`; `conveying=forward` on steps, footways, corridors",
            "one way as drawn",
            "`oneway` alone is for vehicles and changes nothing",
        ),
        (
            "`oneway:foot=-1`, `foot:forward=no`; `conveying=backward` on the same",
            "one way against the drawing",
            "escalators and one-way paths",
        ),
        (
            "`level`, `layer`",
            "kept, changes nothing",
            "levels meet only where ways share a node (steps, lifts)",
        ),
        (
            f"node `barrier` = {words(GATES)}",
            "gate",
            "a valve: open, but closed where `locked=yes` or `foot`/`access` forbids, private where they say so",
        ),
        (f"node `barrier` = {words(STOPS)}", "stopped", "unless `foot` or `access` lets one pass"),
        (
            f"node `barrier` = {words(PASSED)}, any other",
            "passed",
            "unless `locked=yes` or `foot`/`access` forbids it",
        ),
        (
            "node `highway=crossing`, or `traffic_signals` with `crossing`",
            "crossing",
            "costs the study's seconds",
        ),
        ("way with `barrier` and no `highway`", "no street", "walls and fences are not walked on"),
    ]


def markdown() -> str:
    """Return the walk table as a Markdown table."""
    lines = ["| tagged | a walker | why |", "| --- | --- | --- |"]
    return "\n".join(lines + [f"| {what} | {may} | {why} |" for what, may, why in rows()]) + "\n"
