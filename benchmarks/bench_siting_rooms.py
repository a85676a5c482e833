"""Sizes on Wuhan and Porto Alegre, judged again by the run: ``python benchmarks/bench_siting_rooms.py [budget sites stay flags porto_alegre]``.

Wuhan: rooms for eldercare, 30 m2 per 100 households, as a what-if for existing communities; areas of intent every 300 m, 300-2,000 m2 each, money
for 88 % of what is short. Porto Alegre: healthcare floor area, 20 m2 per 100 residents of each hexagon, of what stands nothing is known. Prints the
model's shortfall and bound, what the flags say with the sites, and CPU seconds of the search; exits with 1 where model and flags differ by
over 1 m2, or a shortfall is farther from its bound than stated.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import sys
import time
from pathlib import Path

from common import Table, versions

import geoplan as gp
from geoplan.pipeline.plan_sites import site
from geoplan.study.siting import Question

STUDY = Path(__file__).parents[1] / "studies" / "wuhan.yaml"
RULE = "wuhan.new_estate_rooms"
BASE = {
    "ask": "sizes", "rules": [RULE], "services": ["eldercare"], "build": {"eldercare": "elder_day_care"}, "candidates": [1],
    "smallest": 300.0, "largest": 2000.0, "minimise": "cost", "most_seconds": None,
}  # fmt: skip
#: 378,216 m2 at 0.3 (10,000 yuan) each.
BUDGET = 378_216 * 0.3
#: Question -> its entries, and how far its first aim may be from its bound.
ASKED = {
    "budget": ({"budget": BUDGET}, 0.0162),
    "sites": ({"budget": BUDGET, "sites": 343}, 0.04),
    "stay": ({"may_stay": 89_296.0}, 0.005),
    "flags": ({"budget": BUDGET, "first": "flags"}, 1.0),
}


def main() -> int:
    names = sys.argv[1:] or list(ASKED)
    print(versions("numpy", "scipy", "highspy"))
    table = Table()
    study = gp.read_study(STUDY).changed(flag_rules=[RULE])
    assert study.siting is not None
    questions = {name: Question(**BASE, **ASKED[name][0]) for name in names}
    begun: dict[str, float] = {}
    taken: dict[str, float] = {}

    def listener(name, _control, found):
        if found is None:
            begun[name] = time.process_time()
        else:
            taken[name] = time.process_time() - begun[name]

    study = study.changed(siting=study.siting.changed(questions=questions, adopt=None))
    found = site(study, listener=listener)
    judged = found.before.outcome.site_judged
    judged = judged[judged["measure"] == "gap"].set_index("question")
    flags = found.before.outcome.site_flags
    flags = flags[flags["rule_id"] == RULE].set_index("question")
    for one in found.asked:
        name = one.question.name
        first, row, counted = one.answer.steps[0], judged.loc[name], flags.loc[name]
        table.row(
            f"{name}: short, m2",
            row["judged"],
            f"{first.bound:,.0f}",
            good=abs(row["model"] - row["judged"]) <= 1.0 and first.gap <= ASKED[name][1],
            detail=f"model {row['model']:,.1f}, {first.name} {first.objective:,.1f} (bound {first.bound:,.1f}, gap {first.gap:.2%})",
        )
        size = 0.0 if one.answer.sizes is None else one.answer.sizes.sum()
        print(
            f"      {len(one.answer.chosen)} sites, {size:,.0f} m2, {one.answer.nodes} regions, {taken[name]:.1f} CPU s; flags {counted['flagged_before']}"
            f" -> {counted['flagged_after']}, closed {counted['closed']}, mean met {counted['mean_met']}, unknown {counted['unknown']}"
        )
    return int(table.failed > 0)


if __name__ == "__main__":
    sys.exit(main())
