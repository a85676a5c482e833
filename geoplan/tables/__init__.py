"""The ground that all rooms stand on: tables between stages with their schemas, services, and the outcome of a run."""

from geoplan.tables.figures import MAX_OFF_NETWORK_SHARE, OLD_YEARS, assumed_people, outdated, people_unknown
from geoplan.tables.outcome import Outcome, Source, warnings_table
from geoplan.tables.schema import Column, Schema, check_columns, check_ids, check_unique_index, raise_faults
from geoplan.tables.schemas import (
    ADOPTED,
    ALTERNATIVES,
    ANSWERS,
    CANDIDATES,
    CAUSES,
    CIRCLE,
    CURVE,
    DEMAND,
    ESTATE_STEPS,
    FACILITIES,
    FINDINGS,
    FLAG_KINDS,
    FLAGS,
    GAP_LIST,
    GRADES,
    GROUND,
    GROUPS,
    ISOCHRONES,
    LEVELS,
    MEMBERS,
    NEAR,
    NEAREST,
    OPINIONS,
    OTHER_BASIS,
    OVERLAY,
    PAIRS,
    PRIORITIES,
    PROJECTS,
    REPORTED,
    SERVED,
    SITE_FLAGS,
    SITE_JUDGED,
    SITE_LEFT,
    SITES,
    SNAPS,
    STATES,
    SUPPLIES,
    SUPPORT,
    TIERS,
    UNMET,
    UNPLACED,
    VERDICTS,
    ZONES,
)
from geoplan.tables.service import NeedRate, Service
from geoplan.tables.tiles import Tiles

__all__ = [
    "ADOPTED", "ALTERNATIVES", "ANSWERS", "CANDIDATES", "CAUSES", "CIRCLE", "CURVE", "DEMAND", "ESTATE_STEPS", "FACILITIES", "FINDINGS", "FLAGS", "FLAG_KINDS", "GAP_LIST", "GRADES", "GROUND", "GROUPS", "ISOCHRONES",
    "LEVELS", "MAX_OFF_NETWORK_SHARE", "MEMBERS", "NEAR", "NEAREST", "OLD_YEARS", "OPINIONS", "OTHER_BASIS", "OVERLAY", "PAIRS", "PRIORITIES", "PROJECTS", "REPORTED", "SERVED", "SITES", "SITE_FLAGS", "SITE_JUDGED", "SITE_LEFT", "SNAPS", "STATES", "SUPPLIES", "SUPPORT", "TIERS",
    "UNMET", "UNPLACED", "VERDICTS", "ZONES", "Column", "NeedRate", "Outcome", "Schema", "Service", "Source", "Tiles", "assumed_people", "check_columns",
    "check_ids", "check_unique_index", "outdated", "people_unknown", "raise_faults", "warnings_table",
]  # fmt: skip
