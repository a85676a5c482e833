"""A change of a live run against a fresh evaluation: ``python benchmarks/bench_live.py [--study studies/wuhan.yaml] [--changes 12]``.

Adds, moves, enlarges and closes facilities, drawn by a seed. Prints CPU and wall seconds of a change by kind, CPU seconds of a fresh
evaluation (graph, snaps, walks, circles, all rules) of where they led, and the wall seconds of the whole run that starts it; fails where a
change costs more than `MOST_SHARE` of a fresh evaluation.
"""

import argparse
import statistics
import sys
import time
from collections import defaultdict
from pathlib import Path

from common import Table, cpu_seconds, versions

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "builders"))

from live_changes import change, fresh, generator  # noqa: E402

import geoplan as gp  # noqa: E402
from geoplan.pipeline.gather import gather  # noqa: E402

MOST_SHARE = 0.75


def main() -> None:
    """Time changes one by one, then fresh evaluations of where they led."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--study", type=Path, default=ROOT / "studies" / "wuhan.yaml")
    options.add_argument("--changes", type=int, default=12)
    options.add_argument("--file", type=Path, default=Path("live_bench.yaml"), help="scenario file, written")
    given = options.parse_args()
    print(versions("numpy", "pandas", "numba"))
    study = gp.read_study(given.study)
    started = time.perf_counter()
    live = gp.live(study, file=given.file)
    print(f"{given.study.name}: started in {time.perf_counter() - started:.1f} s (a whole run but its files)")
    base, rng = gather(study), generator(0)
    change(live, rng)  # compiled code is loaded
    found = defaultdict(list)
    for _ in range(given.changes):
        wall = time.perf_counter()
        cpu, done = cpu_seconds(lambda: change(live, rng))
        found[done.split()[0]].append((cpu, time.perf_counter() - wall))
    whole = [cpu_seconds(lambda: fresh(live, base))[0] for _ in range(3)]
    given.file.unlink(missing_ok=True)
    every = [cpu for of in found.values() for cpu, _ in of]
    for kind, of in sorted(found.items()):
        cpu, wall = (statistics.median(values) for values in zip(*of, strict=True))
        print(f"  {kind:<8} {len(of):3d}   CPU {cpu:6.3f} s   wall {wall:6.3f} s")
    one, all_anew = statistics.median(every), statistics.median(whole)
    print(f"  fresh evaluation: CPU {all_anew:.3f} s")
    table = Table()
    table.row("a change, share of a fresh evaluation", one / all_anew, f"<= {MOST_SHARE}", good=one <= MOST_SHARE * all_anew,
              detail=f"{1000 * one:.0f} ms of CPU")  # fmt: skip
    if table.failed:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
