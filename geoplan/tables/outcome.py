"""What a run found out, as the report rooms take it: one frozen class of tables, and the files that it stands on."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import geopandas as gpd
import pandas as pd

from geoplan.tables.schema import raise_faults
from geoplan.tables.schemas import (
    ALTERNATIVES,
    ANSWERS,
    CANDIDATES,
    CURVE,
    ESTATE_STEPS,
    FACILITIES,
    GROUND,
    ISOCHRONES,
    NEAR,
    OUTCOME,
    PRIORITIES,
    PROJECTS,
    REPORTED,
    SERVED,
    SITE_FLAGS,
    SITE_JUDGED,
    SITE_LEFT,
    SITES,
    SUPPORT,
    TIERS,
    UNMET,
    WARNINGS,
)
from geoplan.tables.service import Service
from geoplan.tables.tiles import Tiles
from geoplan.words.errors import Note


@dataclass(frozen=True)
class Source:
    """One input file as the sources sheet prints it."""

    role: str
    file: str
    sha256: str
    bytes: int
    rows: int | None = None
    datum: str = ""
    note: str = ""


@dataclass(frozen=True, repr=False)
class Outcome:
    """Everything that a run found out: what the report rooms draw and write. Frozen; tables as `geoplan.tables.schemas` describes them.

    Services are in the study's order. `rules` has every rule as outputs print it, `parameters` the study as it ran, `unplaced` the
    待落点清单, `reported` what departments report (部门填报值), `planned` the facilities of the registers that do not count in the
    year (在建, 规划, 停用), `near` the facilities nearest to each zone, `premises` what the planner's lists offer (`candidates`: everything
    that a siting question looked at). Tables that the study does not ask for are empty. `sites` holds the sites of every answer; `site_support`
    (as `support`, with site_ids in ``projects``) is what those of the adopted one meet, `site_isochrones` the area from which people
    reach them; every answer is judged again with its sites (`site_judged`, `site_flags`, `site_left`), and `alternatives` do about as well. `review_no` is the approval number of the maps (审图号), empty for internal use; `tiles` lie beneath ``map.html``, `ground` is the
    quiet base that the inputs hold: water and other barriers.
    """

    name: str
    year: int
    lang: str
    synthetic: bool
    crs: str
    zones: gpd.GeoDataFrame
    demand: gpd.GeoDataFrame
    facilities: gpd.GeoDataFrame
    supplies: pd.DataFrame
    services: Mapping[str, Service]
    groups: pd.DataFrame
    streets: gpd.GeoDataFrame
    snaps: gpd.GeoDataFrame
    nearest: pd.DataFrame
    circle: pd.DataFrame
    isochrones: gpd.GeoDataFrame
    rules: pd.DataFrame
    findings: pd.DataFrame
    members: pd.DataFrame
    flags: pd.DataFrame
    gap_list: pd.DataFrame
    unplaced: pd.DataFrame
    reconciliation: pd.DataFrame
    warnings: pd.DataFrame
    sources: tuple[Source, ...]
    parameters: pd.DataFrame
    not_assessed: pd.DataFrame
    near: pd.DataFrame = field(default_factory=NEAR.empty)
    priorities: pd.DataFrame = field(default_factory=PRIORITIES.empty)
    reported: pd.DataFrame = field(default_factory=REPORTED.empty)
    served: pd.DataFrame = field(default_factory=SERVED.empty)
    tiers: pd.DataFrame = field(default_factory=TIERS.empty)
    estate_steps: pd.DataFrame = field(default_factory=ESTATE_STEPS.empty)
    planned: gpd.GeoDataFrame = field(default_factory=FACILITIES.empty_shapes)
    projects: gpd.GeoDataFrame = field(default_factory=PROJECTS.empty_shapes)
    support: pd.DataFrame = field(default_factory=SUPPORT.empty)
    premises: gpd.GeoDataFrame = field(default_factory=CANDIDATES.empty_shapes)
    candidates: gpd.GeoDataFrame = field(default_factory=CANDIDATES.empty_shapes)
    sites: gpd.GeoDataFrame = field(default_factory=SITES.empty_shapes)
    answers: pd.DataFrame = field(default_factory=ANSWERS.empty)
    curve: pd.DataFrame = field(default_factory=CURVE.empty)
    unmet: pd.DataFrame = field(default_factory=UNMET.empty)
    site_isochrones: gpd.GeoDataFrame = field(default_factory=ISOCHRONES.empty_shapes)
    site_support: pd.DataFrame = field(default_factory=SUPPORT.empty)
    site_judged: pd.DataFrame = field(default_factory=SITE_JUDGED.empty)
    site_flags: pd.DataFrame = field(default_factory=SITE_FLAGS.empty)
    site_left: pd.DataFrame = field(default_factory=SITE_LEFT.empty)
    alternatives: pd.DataFrame = field(default_factory=ALTERNATIVES.empty)
    ground: gpd.GeoDataFrame = field(default_factory=GROUND.empty_shapes)
    review_no: str = ""
    tiles: Tiles | None = None

    def check(self) -> None:
        """Raise one error that names everything that is not as the schemas say.

        Raises
        ------
        TableError
            See `Schema.check`.
        """
        notes: list[Note] = []
        zones = self.zones.index.rename("zones")
        ids = {"facility_id": pd.Index([*self.facilities.index, *self.planned.index], name="facilities")}
        for name, schema in OUTCOME.items():
            known = {"zone_id": zones, "parent_id": zones} if name != "gap_list" else {}
            known |= ids if name in ("supplies", "nearest", "near") else {}
            known |= {"demand_id": self.demand.index.rename("demand")} if name == "nearest" else {}
            notes += schema.faults(getattr(self, name), name=name, strict=True, **known)
        raise_faults(notes)


def warnings_table(notes: Iterable[Note], lang: str) -> pd.DataFrame:
    """Return `notes` as a table (``severity, code, file, row, zone, text, action``) in `lang`, in the order given."""
    table = pd.DataFrame([note.said(lang) for note in notes], columns=list(WARNINGS))
    return table.astype({"row": "Int64"})
