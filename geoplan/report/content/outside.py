"""Who competes from outside of the study area, in words: as the outcome has it, not as the method could."""

from geoplan.report.content.names import text
from geoplan.tables import Outcome
from geoplan.words.catalogue import phrase
from geoplan.words.numbers import format_number


def competition(outcome: Outcome) -> str:
    """Return with whom supply is shared: people outside known by a raster or by context zones, assumed, or none."""
    demand = outcome.demand
    beyond = demand.loc[demand["halo"].astype(bool)]
    # outcomes of former versions knew the halo only
    kinds = set(beyond["outside"].map(text)) if "outside" in beyond else {"halo"} if len(beyond) else set()
    told = [kind for kind in ("halo", "context", "assumed") if kind in kinds] or ["none"]
    join = phrase("join_comma", outcome.lang)
    return join.join(phrase(f"competition_{kind}", outcome.lang) for kind in told)


def neighbour_remarks(outcome: Outcome) -> list[str]:
    """Return what is to be said of zones whose figures hang on people or facilities outside of whom nothing is known."""
    lang, flags = outcome.lang, outcome.flags
    remarks = []
    edge = int(outcome.zones["edge"].fillna(value=False).astype(bool).sum())
    if edge:
        remarks.append(phrase("report_edge", lang, count=format_number(edge, "count")))
    taken = flags["taken_outside"] if "taken_outside" in flags else flags["reachable_low"] * float("nan")
    shared = flags["zone_id"][taken > 0].nunique()
    if shared:
        words = {"count": format_number(shared, "count"), "most": format_number(taken.max(), "percent")}
        remarks.append(phrase("report_assumed", lang, **words))
    ends = flags["caveats"].map(lambda codes: "caveat_register_ends" in codes).astype(bool)
    if ends.any():
        count = format_number(flags["zone_id"][ends].nunique(), "count")
        remarks.append(phrase("report_register_ends", lang, count=count))
    return remarks
