"""Caveats: what qualifies a figure, as codes of the catalogue that stand beside it in every output."""

import numpy as np
import pandas as pd

from geoplan.standards.data import LEAST_COVERED, AssessmentData
from geoplan.standards.rules import Rule


def rule_caveats(data: AssessmentData, rule: Rule) -> tuple[str, ...]:
    """Return what qualifies every figure of a rule: a local value, an assumed list of zones, a clause that only advises, a figure that was not checked."""
    holds = {
        "caveat_local": bool(rule.local_entries) or rule.requirement(data.year, data.thresholds).local,
        "caveat_complete_by_band": rule.zones(data).by_band,
        "caveat_advisory": rule.advisory,
        "caveat_unverified": rule.status == "unverified",
        "caveat_second_hand": rule.status == "second_hand",
        "caveat_elsewhere": bool(rule.place),
    }
    return tuple(code for code, is_so in holds.items() if is_so)


def level_caveat(rule: Rule) -> str:
    """Return what qualifies a flag at another level than the rule's own; empty for the study's own circles."""
    if rule.pack == "study":
        return ""
    if "estate" not in rule.where.levels:
        return "caveat_by_community"  # of towns `flag_caveats` says by town
    return "caveat_new_estates" if "new" in rule.where.words else "caveat_existing_estates"


def flag_caveats(
    data: AssessmentData, rule: Rule, ids: pd.Index, own_level: np.ndarray
) -> list[tuple[str, ...]]:
    """Return what qualifies the flag of each zone: its level, that of its rule, and the edge of the data.

    `own_level`, shape (n_ids,), says where the flag is at the rule's own level or above it.
    """
    everywhere, elsewhere = rule_caveats(data, rule), level_caveat(rule)
    nowhere = pd.Series(False, index=data.zones.index)
    edge = data.zones.get("edge", nowhere).reindex(ids).fillna(value=False).to_numpy(dtype=bool)
    lacking = data.zones.get("without_raster", nowhere).reindex(ids).to_numpy(dtype=float) > 1 - LEAST_COVERED
    towns = data.zones["level"].reindex(ids).eq("town").to_numpy(dtype=bool)
    by_town = {"caveat_by_community": "caveat_by_town"}.get(elsewhere, elsewhere)
    levels = np.where(own_level, "", np.where(towns, by_town, elsewhere))
    edges = np.where(edge, "caveat_edge", "")
    ends = np.where(lacking, "caveat_raster_ends", "")
    each = zip(levels, edges, ends, strict=True)
    rows = ((str(level), *everywhere, str(at), str(end)) for level, at, end in each)
    return [tuple(filter(None, row)) for row in rows]
