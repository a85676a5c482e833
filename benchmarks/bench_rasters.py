"""Memory of reading fine population rasters over a city: a square of 45 km with 900 communities and a halo of 2 km.

Run: ``python benchmarks/bench_rasters.py``. Each cell size in a process of its own; the peak is that of the whole process, with the
packages that it imports. 70 % of the cells hold people. Exits with 1 if a peak is over 1 GB or the people of the zones are not those
of the raster.
"""

import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
from rasterio import Affine
from shapely import box

from geoplan.inputs.population import people_on_the_ground

X, Y, SIDE_M, EDGE_M = 500_000, 3_300_000, 45_000, 2_500
ZONES, STRIP = 30, 500
CELLS_M = (100, 20, 10, 5)
MOST_MB = 1000


def write(path, size):
    """Write a raster of the square and its halo; return the people inside the square, whose edge is a cell's edge."""
    count = (SIDE_M + 2 * EDGE_M) // size
    random, total = np.random.default_rng(1), 0.0
    where = Affine(size, 0, X, 0, -size, Y + count * size)
    profile = {
        "driver": "GTiff",
        "count": 1,
        "dtype": "float32",
        "crs": "EPSG:4547",
        "nodata": -1,
        "tiled": True,
        "compress": "deflate",
    }
    inside = slice(EDGE_M // size, EDGE_M // size + SIDE_M // size)
    with rasterio.open(path, "w", **profile, width=count, height=count, transform=where) as out:
        for top in range(0, count, STRIP):
            rows = min(STRIP, count - top)
            cells = np.where(random.random((rows, count)) < 0.3, 0, random.random((rows, count))).astype(
                "float32"
            )
            out.write(cells, 1, window=rasterio.windows.Window(0, top, count, rows))
            at = np.arange(top, top + rows)
            total += cells[(at >= inside.start) & (at < inside.stop), inside].sum(dtype=float)
    return float(total)


def zones():
    """Return the communities in their area."""
    step, west, south = SIDE_M / ZONES, X + EDGE_M, Y + EDGE_M
    shapes = [
        box(west + i * step, south + j * step, west + (i + 1) * step, south + (j + 1) * step)
        for i in range(ZONES)
        for j in range(ZONES)
    ]
    codes = [str(at) for at in range(len(shapes))]
    table = pd.DataFrame({"level": ["area", *["community"] * len(codes)], "code": ["area", *codes]})
    table = table.assign(name=table["code"], parent_id=[None, *["area/area"] * len(codes)], covered_share=1.0)
    table.index = pd.Index(table["level"] + "/" + table["code"], name="zone_id")
    return gpd.GeoDataFrame(
        table, geometry=[box(west, south, west + SIDE_M, south + SIDE_M), *shapes], crs=4547
    )


def measure(path, total):
    """Print the peak of this process and whether every person was counted."""
    people = people_on_the_ground(zones(), {"residents": {"raster": path}}, halo_m=2000)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    counted = people.groups.loc["residents", "total"]
    print(f"{peak:.0f} MB, {len(people.demand):,} points, {counted:,.1f} of {total:,.1f} people")
    return peak <= MOST_MB and abs(counted - total) < 1e-6 * total


def main():
    fine = True
    with tempfile.TemporaryDirectory() as folder:
        for size in CELLS_M:
            path = Path(folder) / f"{size}.tif"
            total = write(path, size)
            print(f"cells of {size} m: ", end="", flush=True)
            fine &= (
                subprocess.run([sys.executable, __file__, str(path), repr(total)], check=False).returncode
                == 0
            )
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main() if len(sys.argv) == 1 else int(not measure(sys.argv[1], float(sys.argv[2]))))
