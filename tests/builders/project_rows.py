"""Rows of a project list, as they are read."""

import geopandas as gpd
import numpy as np
import pandas as pd

from geoplan.inputs.facilities.fields import ATTRIBUTES
from geoplan.inputs.projects.fields import ADDED


def project(**given):
    """Return one project with defaults, as read."""
    row = {
        "name": "甲", "works": "new", "services": ("elder_home",), "facilities": 1.0, "cost": np.nan, "cost_from": "", "funds": "",
        "start_year": np.nan, "open_year": 2025.0, "unit": "", "zone_id": "town/2", "serves": (), "indicators": (),
        "location_quality": "missing", "source_file": "l.csv", "source_row": 2, "number": "1", "type_word": "", "place": "西镇",
        "content": "", "extends": "", "approximate": False, "geometry": None, **dict.fromkeys(ATTRIBUTES),
    }  # fmt: skip
    for supply in ADDED:
        row[supply] = row[f"{supply}_high"] = np.nan
    for key, value in given.items():
        row[key] = value
        if key in ADDED and f"{key}_high" not in given:
            row[f"{key}_high"] = value
    return row


def listed(*rows):
    index = pd.Index([f"l.csv#{at + 2}" for at in range(len(rows))], name="project_id", dtype=object)
    table = pd.DataFrame(list(rows), index=index).astype(dict.fromkeys(ATTRIBUTES, "boolean"))
    return gpd.GeoDataFrame(table, geometry="geometry", crs="EPSG:4547")
