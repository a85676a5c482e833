"""Run every benchmark, one after the other, and fail if one does."""

import subprocess
import sys
from pathlib import Path


def main() -> None:
    """Run each in a process of its own, so that none warms another's caches."""
    failed = []
    for script in sorted(Path(__file__).parent.glob("bench_*.py")):
        print(f"\n=== {script.name}", flush=True)
        if subprocess.run([sys.executable, script], check=False).returncode:
            failed.append(script.name)
    if failed:
        raise SystemExit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
