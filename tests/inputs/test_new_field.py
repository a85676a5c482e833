"""A new field of a register is one line of one file (CONTRIBUTING.md): a copy of geoplan with that line reads it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
LINES = """    field("garden", "flag", "花园 garden", "花园", "garden"),
    field("respite_beds", "amount", "短期托养床位 respite_beds", "短期托养床位", "respite beds", part_of="beds", held_by="elder"),
"""
READ = """
import json, sys
from geopandas import GeoDataFrame
from shapely.geometry import box
from geoplan.inputs.facilities import read_register
zones = GeoDataFrame({"level": ["area"], "name": ["A"], "code": ["A"], "parent_id": [None]}, geometry=[box(0, 0, 1, 1)],
                     index=["area/area"], crs="EPSG:4547").rename_axis("zone_id")
found = read_register(sys.argv[1], zones=zones, crs="EPSG:4547", type="elder_home")
supplies = found.supplies.set_index("supply").loc["respite_beds", ["low", "high"]]
print(json.dumps([found.facilities["garden"].tolist(), supplies.to_numpy().tolist(), [note.code for note in found.notes]]))
"""


def test_a_line_in_the_table_of_fields_is_enough(tmp_path):
    shutil.copytree(ROOT / "geoplan", tmp_path / "geoplan", ignore=shutil.ignore_patterns("__pycache__"))
    table = tmp_path / "geoplan" / "inputs" / "facilities" / "fields.py"
    text = table.read_text(encoding="utf-8")
    start = "FIELDS: Fields = table(\n"
    table.write_text(text.replace(start, start + LINES), encoding="utf-8")
    rows = "名称,床位数,短期托养床位（张）,是否花园\n甲,40,约5,是\n乙,40,,否\n"
    (tmp_path / "r.csv").write_text(rows, encoding="utf-8")
    command = [sys.executable, "-c", READ, str(tmp_path / "r.csv")]
    env = {**os.environ, "PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, capture_output=True, env=env, cwd=tmp_path, check=True)
    garden, respite, codes = json.loads(done.stdout)
    assert garden == [True, False]
    assert respite == [[5.0, 5.0], [0.0, 40.0]]  # a blank part is at most its whole
    assert {"amount_worded", "amount_blank"} <= set(codes)
