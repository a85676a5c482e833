"""The main job on Wuhan: `geoplan run studies/wuhan.yaml`, a whole process, every output, compiled code cached.

Prints wall and CPU seconds, peak memory and where the time went; fails above the limits. Nothing else is cached: inputs
are read and results made anew each time.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
LIMIT_SECONDS, LIMIT_GB = 60.0, 2.0
WORK = """
import json, resource, sys
import geoplan as gp
from geoplan.progress import Stages
study = gp.read_study(sys.argv[1])
result = gp.run(study)
run = result.save(sys.argv[2])
usage = resource.getrusage(resource.RUSAGE_SELF)
spent = json.loads((run / "run.json").read_text(encoding="utf-8"))["environment"]["seconds"]
size = {path.name: path.stat().st_size for path in run.iterdir()}
print(json.dumps({"cpu": usage.ru_utime + usage.ru_stime, "gb": usage.ru_maxrss / 1e6, "stages": spent, "size": size}))
"""


def once(study: Path) -> dict:
    """Run the study in a process of its own."""
    with tempfile.TemporaryDirectory() as out:
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", WORK, study, out], capture_output=True, text=True, check=True
        )
        wall = time.perf_counter() - start
    return json.loads(done.stdout.splitlines()[-1]) | {"wall": wall}


def main() -> None:
    """Run once to compile, then as often as asked for, and print medians."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--study", type=Path, default=ROOT / "studies" / "wuhan.yaml")
    given = options.parse_args()
    once(given.study)
    runs = [once(given.study) for _ in range(given.runs)]
    wall, cpu, gb = (statistics.median(run[key] for run in runs) for key in ("wall", "cpu", "gb"))
    print(f"{given.study.name}: {given.runs} runs on {os.cpu_count()} cores, medians (smallest - largest)")
    print(
        f"  wall {wall:.1f} s ({min(r['wall'] for r in runs):.1f} - {max(r['wall'] for r in runs):.1f}), CPU {cpu:.1f} s, peak {gb:.2f} GB"
    )
    for stage in runs[0]["stages"]:
        print(f"  {statistics.median(run['stages'][stage] for run in runs):7.2f} s  {stage}")
    for name, size in sorted(runs[0]["size"].items()):
        print(f"  {size / 1e6:7.2f} MB  {name}")
    if wall > LIMIT_SECONDS or gb > LIMIT_GB:
        raise SystemExit(f"over the limits of {LIMIT_SECONDS:g} s and {LIMIT_GB:g} GB")


if __name__ == "__main__":
    main()
