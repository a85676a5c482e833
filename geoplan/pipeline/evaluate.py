"""The pipeline: a study in, a result out. It alone calls all stages, top to bottom."""

import importlib.util
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from geoplan.coverage.allocation import served, served_by_zone
from geoplan.coverage.circle import circle_table
from geoplan.inputs.datum import control_notes
from geoplan.network.compiled import cache_note
from geoplan.network.graph import WalkGraph, build_graph
from geoplan.pipeline.gather import Inputs, gather
from geoplan.pipeline.provenance import parameters, read_packs
from geoplan.pipeline.result import Result
from geoplan.pipeline.scenario import Scenario, gather_scenario, scenario_parameters
from geoplan.pipeline.walks import (
    Snaps,
    Walks,
    all_snaps,
    draw_isochrones,
    minutes_rasters,
    snap_all,
    snap_remarks,
    walk_all,
)
from geoplan.standards.assess import Assessment, assess
from geoplan.standards.costs import with_costs
from geoplan.standards.flags import study_circles
from geoplan.standards.gap_list import gap_list
from geoplan.standards.packs.read import not_assessed_table, rules_of, rules_table
from geoplan.standards.projects import with_projects
from geoplan.standards.rules import Rule
from geoplan.standards.support import support, support_notes
from geoplan.study.study import Study
from geoplan.tables import SERVED, SUPPORT, Outcome, Service, warnings_table
from geoplan.words.errors import Note, OutputError
from geoplan.words.progress import Stages


def run(study: Study | Scenario, *, lang: str | None = None, stages: Stages | None = None) -> Result:
    """Run a study, or a scenario of one.

    Parameters
    ----------
    study
        As `geoplan.read_study` or `geoplan.read_scenario` gives it.
    lang
        Language of the outputs, ``zh`` or ``en``; None: the study's.
    stages
        Told of each stage and its seconds.

    Raises
    ------
    GeoplanError
        A child of it, with every problem that stops the run.

    Examples
    --------
    >>> import geoplan as gp
    >>> result = gp.run(gp.read_study(gp.demo_study()))
    >>> result.findings.set_index("rule_id").loc["huzhong.nursing_bed_share", "actual_low"].round(3)
    np.float64(0.364)
    """
    stages = stages or Stages()
    if isinstance(study, Scenario):
        inputs = gather_scenario(study, lang=lang, stages=stages)
        result = compute(inputs, stages=stages)
        named = replace(
            result.outcome,
            name=study.title(inputs.study.name),
            parameters=scenario_parameters(study, result.outcome.parameters),
        )
        return replace(result, outcome=named)
    return compute(gather(study if lang is None else study.in_language(lang), stages=stages), stages=stages)


def compute(inputs: Inputs, *, graph: WalkGraph | None = None, stages: Stages | None = None) -> Result:
    """Run on inputs that have been gathered: network (where `graph` is not given), walks, circles, standards, isochrones."""
    stages = stages or Stages()
    study, register = inputs.study, inputs.register
    if (
        "atlas" in study.papers and importlib.util.find_spec("matplotlib") is None
    ):  # said before the work, not after
        raise OutputError(Note.of("atlas_no_matplotlib", missing="matplotlib", severity="error"))
    packs = read_packs(study)
    services = study.measured_services()
    rules = rules_of(packs, switched_on=study.switch_on)

    if graph is None:
        with stages("graph"):
            graph = build_graph(inputs.nodes, inputs.edges)
    judged = judge(graph, inputs, services, rules, stages=stages)
    with stages("projects"):
        planned = what_projects_meet(graph, inputs, services, rules, judged)
    with stages("served"):
        given_out = who_is_served(services, judged.walks.pairs, inputs)
    with stages("isochrones"):
        bands = draw_isochrones(graph, judged.snaps, inputs, services)
    with stages("minutes"):
        minutes = minutes_rasters(graph, judged.snaps, inputs, services)

    found = judged.assessment
    notes = [
        *inputs.notes,
        *snap_remarks(judged.snaps, inputs),
        *filter(None, [cache_note()]),
        *found.notes,
        *planned.notes,
        *export_notes(inputs),
    ]
    printed_rules = rules_table(packs, extra=study_circles(services, rules), switched_on=study.switch_on)
    listed = gap_list(
        found.findings,
        found.members,
        found.flags,
        inputs.zones,
        printed_rules,
        register.facilities,
        lang=study.lang,
    )
    outcome = Outcome(
        name=study.name,
        year=study.year,
        lang=study.lang,
        synthetic=study.synthetic,
        crs=inputs.crs.to_string(),
        zones=inputs.zones,
        demand=inputs.people.demand,
        facilities=register.facilities,
        supplies=register.supplies,
        services=services,
        groups=inputs.people.groups,
        streets=inputs.edges,
        snaps=all_snaps(judged.snaps),
        nearest=judged.walks.nearest,
        circle=judged.circle,
        isochrones=bands,
        rules=printed_rules,
        findings=found.findings,
        members=found.members,
        flags=found.flags,
        gap_list=with_project_names(listed, planned.support, inputs.projects),
        served=given_out,
        planned=register.left_out,
        projects=with_costs(inputs.projects),
        support=planned.support,
        unplaced=register.unplaced,
        reconciliation=register.reconciliation,
        warnings=warnings_table(notes, study.lang),
        sources=inputs.sources,
        parameters=parameters(study),
        not_assessed=not_assessed_table(packs),
        reported=pd.DataFrame(
            [(told.rule, told.value, told.by) for told in study.reported], columns=["rule_id", "value", "by"]
        ),
    )
    return Result(
        outcome=outcome,
        reaches=judged.walks.reach,
        graph=graph,
        snaps=judged.snaps,
        minutes=minutes,
        seconds=dict(stages.seconds),
        papers=tuple(study.papers),
        exports=None if study.exports is None else study.exports.model_dump(),
    )


@dataclass(frozen=True)
class Judged:
    """Walks, circles and verdicts on one set of facilities."""

    snaps: Snaps
    walks: Walks
    circle: pd.DataFrame
    assessment: Assessment


def judge(
    graph: WalkGraph,
    inputs: Inputs,
    services: Mapping[str, Service],
    rules: Sequence[Rule],
    *,
    stages: Stages,
) -> Judged:
    """Return who reaches what among the facilities of `inputs`, and how every rule judges it."""
    study, register = inputs.study, inputs.register
    with stages("snap"):
        snaps = snap_all(graph, inputs)
    with stages("reach"):
        walks = walk_all(graph, snaps, inputs, services)
    with stages("circle"):
        circle = circle_table(
            demand=inputs.people.demand,
            zones=inputs.zones,
            overlay=inputs.people.overlay,
            services=services,
            nearest=walks.nearest,
            frail_nearest=walks.frail,
            straight=walks.straight,
            land=walks.land,
        )
    with stages("assess"):
        assessment = assess(
            rules,
            zones=inputs.zones,
            demand=inputs.people.demand,
            overlay=inputs.people.overlay,
            facilities=register.facilities,
            supplies=register.supplies,
            pairs=walks.pairs,
            circle=circle,
            nearest=walks.nearest,
            services=services,
            groups=inputs.people.groups,
            year=study.year,
            thresholds=study.thresholds,
            reported=[(told.rule, told.value, told.by) for told in study.reported],
            flag_rules=study.flag_rules,
            zone_supplies=inputs.zone_supplies,
            register_types=study.register_types(),
        )
    return Judged(snaps, walks, circle, assessment)


@dataclass(frozen=True)
class Planned:
    """What the project list would meet."""

    support: pd.DataFrame
    notes: tuple[Note, ...]


def what_projects_meet(
    graph: WalkGraph,
    inputs: Inputs,
    services: Mapping[str, Service],
    rules: Sequence[Rule],
    before: Judged,
) -> Planned:
    """Return 项目库对指标的支撑测算: every rule judged again with the projects that count by the study's year."""
    listed, own = inputs.projects, inputs.register
    if listed.empty:
        return Planned(pd.DataFrame(columns=list(SUPPORT)), ())
    districts = inputs.zones.index[inputs.zones["level"] == "district"]
    home = (
        str(districts[0]) if len(districts) == 1 else "area/area"
    )  # where a project that names no place counts
    open_now, ever = (
        with_projects(own.facilities, own.supplies, listed, year=year, home=home)
        for year in (inputs.study.year, None)
    )
    register = replace(own, facilities=open_now[0], supplies=open_now[1])
    after = judge(graph, replace(inputs, register=register), services, rules, stages=Stages())
    table = support(
        before.assessment.findings,
        after.assessment.findings,
        listed,
        rules,
        zones=inputs.zones,
        facilities=ever[0],
        supplies=ever[1],
        year=inputs.study.year,
    )
    return Planned(table, tuple(support_notes(table, listed)))


def with_project_names(gaps: pd.DataFrame, table: pd.DataFrame, projects: pd.DataFrame) -> pd.DataFrame:
    """Return the gap list with 对应项目: the projects that add to the same indicator of the same zone."""
    if table.empty or gaps.empty:
        return gaps
    names = {
        (row["rule_id"], row["zone_id"]): "、".join(
            str(projects["name"][project]) for project in row["projects"]
        )
        for row in table.to_dict("records")
    }
    found = [names.get(pair, "") for pair in zip(gaps["rule_id"], gaps["zone_id"], strict=True)]
    return gaps.assign(project=[new or old for new, old in zip(found, gaps["project"], strict=True)])


def who_is_served(services: Mapping[str, Service], pairs: pd.DataFrame, inputs: Inputs) -> pd.DataFrame:
    """Return who gets a bed or place when each is given out once, for services with a stated rate of need."""
    demand, supplies = inputs.people.demand, inputs.register.supplies
    tables = []
    for name, service in services.items():
        if service.need is None:
            continue
        mine = supplies[
            supplies["service"].isin(service.facilities) & (supplies["supply"] == service.need.supply)
        ]
        near = pairs[pairs["service"] == name]
        capacity = mine.groupby("facility_id")[["low", "high"]].sum()
        # a facility of the service without a row of this supply offers none of it
        capacity = capacity.reindex(
            capacity.index.union(pd.Index(near["facility_id"].unique())), fill_value=0.0
        )
        need = demand[service.need.group] * service.need.per_1000 / 1000.0
        result = served(near, need, capacity, walk_minutes=service.walk_minutes)
        table = served_by_zone(result, demand=demand, zones=inputs.zones, overlay=inputs.people.overlay)
        table = (
            table.rename(columns={"without_place_high": "without_place"}).rename_axis("zone_id").reset_index()
        )
        tables.append(table.assign(service=name))
    empty = pd.DataFrame(columns=list(SERVED))
    return pd.concat(tables, ignore_index=True)[list(SERVED)] if tables else empty


def export_notes(inputs: Inputs) -> tuple[Note, ...]:
    """Return how well control points of the office's own grid fit, where layers are exported in it."""
    exports = inputs.study.exports
    if exports is None or not isinstance(exports.crs, list):
        return ()
    points = [point.model_dump() for point in exports.crs]
    return control_notes(points, crs=inputs.crs, file=str(inputs.study.path))
