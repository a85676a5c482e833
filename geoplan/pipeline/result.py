"""What a run found out: tables, walks, rasters, and how to draw and save them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from geoplan.network.graph import WalkGraph
from geoplan.network.reach import Reach
from geoplan.network.surface import MinutesRaster
from geoplan.pipeline.walks import Snaps
from geoplan.report.content.meeting import Former
from geoplan.report.folder.delivery import delivery
from geoplan.report.folder.filed import former_run
from geoplan.report.folder.save import write_outputs
from geoplan.report.webmap.map import map_page
from geoplan.tables import Outcome
from geoplan.words.progress import Stages


@dataclass(frozen=True, repr=False)
class Result:
    """What a run found out.

    Parameters
    ----------
    outcome
        All tables, as `geoplan.tables.Outcome` describes them; the usual ones are properties here.
    reaches
        Service -> every walk in its circle.
    graph
        The walking network.
    snaps
        Where people, facilities and residential land join it.
    minutes
        Service -> minutes to the nearest facility, cell by cell.
    seconds
        Stage -> seconds.
    papers, exports
        What the study asks to be written beside the usual outputs, see `geoplan.report.folder.save`.
    """

    outcome: Outcome
    reaches: Mapping[str, Reach]
    graph: WalkGraph
    snaps: Snaps
    minutes: Mapping[str, MinutesRaster]
    seconds: Mapping[str, float]
    papers: tuple[str, ...] = ()
    exports: Mapping[str, Any] | None = None

    @property
    def zones(self) -> gpd.GeoDataFrame:
        """Zones of every level (`tables.ZONES`)."""
        return self.outcome.zones

    @property
    def demand(self) -> gpd.GeoDataFrame:
        """Demand points (`tables.DEMAND`)."""
        return self.outcome.demand

    @property
    def facilities(self) -> gpd.GeoDataFrame:
        """Facilities that count in the year (`tables.FACILITIES`)."""
        return self.outcome.facilities

    @property
    def circle(self) -> pd.DataFrame:
        """Who is within the circle of each service (`tables.CIRCLE`)."""
        return self.outcome.circle

    @property
    def flags(self) -> pd.DataFrame:
        """Every community and town against every standard (`tables.FLAGS`)."""
        return self.outcome.flags

    @property
    def findings(self) -> pd.DataFrame:
        """Verdicts at each rule's own level (`tables.FINDINGS`)."""
        return self.outcome.findings

    @property
    def members(self) -> pd.DataFrame:
        """What the findings counted (`tables.MEMBERS`)."""
        return self.outcome.members

    @property
    def gap_list(self) -> pd.DataFrame:
        """The gap list."""
        return self.outcome.gap_list

    @property
    def warnings(self) -> pd.DataFrame:
        """Everything that was found in the input."""
        return self.outcome.warnings

    def reach(self, service: str) -> Reach:
        """Return every walk in the circle of `service`, halo included."""
        return self.reaches[service]

    def map(self) -> str:
        """Return the offline map as one HTML page."""
        return map_page(self.outcome)

    def write(self, folder: Path, *, stages: Stages | None = None, former: Former | None = None) -> None:
        """Write map, workbook, CSV, layers, rasters, report and ``run.json`` into an empty folder; `former` is the run that changes are told against."""
        write_outputs(
            self.outcome,
            folder,
            minutes=self.minutes,
            seconds=self.seconds,
            stages=stages or Stages(),
            papers=self.papers,
            exports=self.exports,
            former=former,
        )

    def save(self, out: str | Path, *, stages: Stages | None = None) -> Path:
        """Write every output into ``out/runs/<id>`` and publish it under fixed names in `out`.

        The page for the meeting tells what changed against the filed run of the folder, else against its last one.

        Returns
        -------
        run
            The run's own folder.

        Raises
        ------
        OutputError
            See `geoplan.report.folder.delivery.delivery`.
        """
        former = former_run(Path(out), self.outcome.lang)
        with delivery(Path(out)) as made:
            self.write(made.folder, stages=stages, former=former)
        return made.run
