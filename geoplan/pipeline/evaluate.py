"""The pipeline: a study in, a result out. It alone calls all stages, top to bottom."""

import importlib.util
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geoplan.coverage.allocation import served, served_by_zone
from geoplan.coverage.circle import circle_table
from geoplan.coverage.zone_sums import ZoneSums, zone_sums
from geoplan.inputs.datum import control_notes
from geoplan.inputs.facilities.register import Register
from geoplan.network.compiled import cache_note
from geoplan.network.graph import WalkGraph, build_graph
from geoplan.network.surface import MinutesRaster
from geoplan.pipeline.changed import changed_types
from geoplan.pipeline.gather import Inputs, gather
from geoplan.pipeline.provenance import parameters as parameters_of
from geoplan.pipeline.provenance import read_packs
from geoplan.pipeline.result import Result
from geoplan.pipeline.scenario import gather_scenario, scenario_parameters, unreached_notes
from geoplan.pipeline.site_candidates import listed_premises
from geoplan.pipeline.walks import (
    Snaps,
    WalkTables,
    all_snaps,
    apart_notes,
    draw_isochrones,
    minutes_rasters,
    nearest_of_zones,
    offered_snaps,
    snap_all,
    snap_remarks,
    walk_all,
)
from geoplan.report.cards.cards import check_installed
from geoplan.standards.action import Adviser
from geoplan.standards.assess import Assessment, assess
from geoplan.standards.data import AssessmentData
from geoplan.standards.flags import study_circles
from geoplan.standards.gaps import gap_list, gap_list_with_sites
from geoplan.standards.new_estates import estate_steps
from geoplan.standards.packs.read import Pack, not_assessed_table, rules_of, rules_table
from geoplan.standards.priority import priorities, with_priority, with_quotas
from geoplan.standards.projects.costs import with_costs
from geoplan.standards.projects.facilities import with_projects
from geoplan.standards.projects.progress import standing
from geoplan.standards.projects.relief import Built, opening, projects_under_way, relief, with_opening
from geoplan.standards.projects.support import support, support_notes
from geoplan.standards.reported import as_of
from geoplan.standards.rules import Rule
from geoplan.standards.tiers import network_tiers
from geoplan.study.scenario import Scenario
from geoplan.study.study import Study
from geoplan.tables import (
    SERVED,
    SUPPORT,
    Outcome,
    Service,
    Source,
    assumed_people,
    people_unknown,
    warnings_table,
)
from geoplan.words.errors import InputError, Note, OutputError, raise_errors
from geoplan.words.labels import listed
from geoplan.words.periods import Period
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
        found = compute(inputs, stages=stages)
        told = scenario_parameters(study, parameters_of(inputs.study))
        walked = found.evaluation
        unreached = unreached_notes(
            study, inputs, found.services, snaps=walked.snaps.facilities, pairs=walked.walks.pairs
        )
        outcome = outcome_of(found, name=study.title(inputs.study.name), parameters=told, notes=unreached)
        return result_of(found, outcome, stages)
    inputs = gather(study if lang is None else study.in_language(lang), stages=stages)
    found = compute(inputs, stages=stages)
    return result_of(found, outcome_of(found), stages)


def run_periods(study: Study, periods: Sequence[Period]) -> dict[Period, Outcome]:
    """Return the outcome of each period: one run a year, and its findings as they stand at the end of each period of it.

    Parameters
    ----------
    study
        As `geoplan.read_study` gives it; its year does not matter.
    periods
        Years, quarters or months, in the order of the result.

    Raises
    ------
    GeoplanError
        As `run`.
    """
    years = {period.year: study.in_year(period.year) for period in periods}
    outcomes = {year: run(own).outcome for year, own in years.items()}
    rules = rules_of(read_packs(study), switched_on=study.switch_on)
    found = {}
    for period in periods:
        whole = outcomes[period.year]
        data = AssessmentData(
            zones=whole.zones,
            demand=whole.demand,
            facilities=whole.facilities,
            supplies=whole.supplies,
            year=period.year,
            thresholds=study.thresholds,
            reported=whole.reported,
        )
        found[period] = replace(whole, findings=as_of(data, rules, whole.findings, period))
    return found


@dataclass(frozen=True)
class Evaluation:
    """Walks, circles and verdicts on the facilities of one register.

    `circles` are the rows of `circle` by service, `data` is what the rules were judged on.
    """

    register: Register
    places: ZoneSums
    data: AssessmentData
    snaps: Snaps
    walks: WalkTables
    circles: Mapping[str, pd.DataFrame]
    circle: pd.DataFrame
    assessment: Assessment
    tiers: pd.DataFrame
    estate_steps: pd.DataFrame


@dataclass(frozen=True)
class ProjectEffect:
    """What the project list would meet by the study's year (`tables.SUPPORT`), and what all of it does about each flag (`relief`)."""

    support: pd.DataFrame
    notes: tuple[Note, ...]
    relief: pd.DataFrame | None = None


@dataclass(frozen=True)
class Computation:
    """Everything measured and judged on one set of inputs: what the outcome is made of."""

    inputs: Inputs
    graph: WalkGraph
    packs: Sequence[Pack]
    rules: Sequence[Rule]
    services: Mapping[str, Service]
    evaluation: Evaluation
    premises: gpd.GeoDataFrame | None
    notes: tuple[Note, ...]
    projects: ProjectEffect
    served: pd.DataFrame
    near: pd.DataFrame
    isochrones: gpd.GeoDataFrame
    minutes: Mapping[str, MinutesRaster]

    @property
    def rules_table(self) -> pd.DataFrame:
        """Every rule as outputs print it, the circles of the study's own included."""
        extra = study_circles(self.services, self.rules)
        return rules_table(self.packs, extra=extra, switched_on=self.inputs.study.switch_on)


@dataclass(frozen=True)
class SitingTables:
    """What siting adds to an outcome: its tables, the sites of the adopted answer, and the assessment with them."""

    candidates: gpd.GeoDataFrame
    sites: gpd.GeoDataFrame
    answers: pd.DataFrame
    curve: pd.DataFrame
    unmet: pd.DataFrame
    site_isochrones: gpd.GeoDataFrame
    site_support: pd.DataFrame
    site_judged: pd.DataFrame
    site_flags: pd.DataFrame
    site_left: pd.DataFrame
    alternatives: pd.DataFrame
    adopted: gpd.GeoDataFrame
    after: Assessment | None

    def of_outcome(self) -> dict[str, Any]:
        """Return the tables that the outcome keeps."""
        return {name: table for name, table in vars(self).items() if name not in ("adopted", "after")}


def compute(inputs: Inputs, *, graph: WalkGraph | None = None, stages: Stages | None = None) -> Computation:
    """Measure and judge gathered inputs: network (where `graph` is not given), walks, circles, standards, isochrones."""
    stages = stages or Stages()
    study = inputs.study
    raise_errors(inputs.notes, InputError)
    if "atlas" in study.papers and importlib.util.find_spec("matplotlib") is None:
        # said before the work, not after
        raise OutputError(Note.of("atlas_no_matplotlib", missing="matplotlib", severity="error"))
    if "communities" in study.papers:
        check_installed()
    packs = read_packs(study)
    services = study.measured_services()
    rules = rules_of(packs, switched_on=study.switch_on)
    if graph is None:
        with stages("graph"):
            graph = build_graph(inputs.nodes, inputs.edges)
    evaluation = evaluate(graph, inputs, services, rules, stages=stages)
    return complete(inputs, graph, packs, rules, services, evaluation, stages=stages)


def complete(
    inputs: Inputs,
    graph: WalkGraph,
    packs: Sequence[Pack],
    rules: Sequence[Rule],
    services: Mapping[str, Service],
    evaluation: Evaluation,
    *,
    stages: Stages,
) -> Computation:
    """Return what follows from an evaluation: project support, who is served, near facilities, isochrones, rasters of minutes."""
    premises, premise_notes = listed_premises(inputs)
    with stages("projects"):
        projects = project_support(graph, inputs, services, rules, evaluation)
    with stages("served"):
        served_table = who_is_served(services, evaluation, inputs)
    with stages("near"):
        near = nearest_of_zones(graph, evaluation.snaps, inputs, services)
    with stages("isochrones"):
        offered = offered_snaps(evaluation.snaps, inputs, services)
        bands = draw_isochrones(graph, offered, services, inputs.crs)
    with stages("minutes"):
        minutes = minutes_rasters(graph, evaluation.snaps, inputs, services)
    return Computation(
        inputs=inputs,
        graph=graph,
        packs=packs,
        rules=rules,
        services=services,
        evaluation=evaluation,
        premises=premises,
        notes=premise_notes,
        projects=projects,
        served=served_table,
        near=near,
        isochrones=bands,
        minutes=minutes,
    )


def outcome_of(
    found: Computation,
    *,
    name: str | None = None,
    parameters: pd.DataFrame | None = None,
    siting: SitingTables | None = None,
    notes: Sequence[Note] = (),
    sources: Sequence[Source] = (),
) -> Outcome:
    """Return the outcome: the only place where one is made.

    `name` and `parameters` are given where they are not those of the study, `notes` and `sources` where some were found and
    read beside those of the inputs, `siting` where a question was asked.
    """
    inputs, evaluation, study = found.inputs, found.evaluation, found.inputs.study
    register, judged, rules = inputs.register, found.evaluation.assessment, found.rules_table
    flagging = (*found.rules, *study_circles(found.services, found.rules))
    adviser = Adviser.of(
        judged.flags,
        flagging,
        zones=inputs.zones,
        services=found.services,
        priority=study.priority,
        relief=found.projects.relief,
        lang=study.lang,
    )
    gaps = gap_list(judged, inputs.zones, rules, register.facilities, lang=study.lang, adviser=adviser)
    gaps = with_quotas(
        gaps, judged.findings, found.rules, circle=evaluation.circle, services=found.services, lang=study.lang
    )
    gaps = with_project_names(gaps, found.projects.support, inputs.projects, lang=study.lang)
    first = priorities(
        gaps,
        flagging,
        zones=inputs.zones,
        demand=inputs.people.demand,
        circle=evaluation.circle,
        services=found.services,
        premises=None if found.premises is None else found.premises.geometry,
        weights=study.priority,
    )
    gaps = with_priority(gaps, first)
    if siting is not None and siting.after is not None:
        gaps = gap_list_with_sites(gaps, siting.adopted, inputs.zones, siting.after, lang=study.lang)
    every = [
        *inputs.notes,
        *snap_remarks(evaluation.snaps, inputs),
        *apart_notes(
            found.graph,
            offered_snaps(evaluation.snaps, inputs, found.services),
            register.facilities["name"].to_dict(),
        ),
        *filter(None, [cache_note()]),
        *judged.notes,
        *found.projects.notes,
        *found.notes,
        *export_notes(inputs),
        *notes,
    ]
    outcome = Outcome(
        name=name or study.name,
        year=study.year,
        lang=study.lang,
        synthetic=study.synthetic,
        ground=inputs.ground,
        review_no=study.map.review_no or "",
        tiles=inputs.tiles,
        crs=inputs.crs.to_string(),
        zones=inputs.zones,
        demand=inputs.people.demand,
        facilities=register.facilities,
        supplies=register.supplies,
        services=found.services,
        groups=inputs.people.groups,
        streets=inputs.edges,
        snaps=all_snaps(evaluation.snaps),
        nearest=evaluation.walks.nearest,
        near=found.near,
        circle=evaluation.circle,
        isochrones=found.isochrones,
        rules=rules,
        findings=judged.findings,
        members=judged.members,
        flags=judged.flags,
        gap_list=gaps,
        priorities=first,
        served=found.served,
        tiers=evaluation.tiers,
        estate_steps=evaluation.estate_steps,
        planned=register.left_out,
        projects=with_costs(inputs.projects),
        support=found.projects.support,
        **({} if found.premises is None else {"premises": found.premises}),
        unplaced=register.unplaced,
        reconciliation=register.reconciliation,
        warnings=warnings_table(every, study.lang),
        sources=(*inputs.sources, *sources),
        parameters=parameters_of(study) if parameters is None else parameters,
        not_assessed=not_assessed_table(found.packs),
        reported=inputs.reported,
        **({} if siting is None else siting.of_outcome()),
    )
    outcome.check()
    return outcome


def result_of(found: Computation, outcome: Outcome, stages: Stages) -> Result:
    """Return the result: the outcome with walks, rasters, and what the study asks to be written."""
    study = found.inputs.study
    return Result(
        outcome=outcome,
        reaches=found.evaluation.walks.reach,
        graph=found.graph,
        snaps=found.evaluation.snaps,
        minutes=found.minutes,
        seconds=dict(stages.seconds),
        papers=tuple(study.papers),
        exports=None if study.exports is None else study.exports.model_dump(),
    )


def evaluate(
    graph: WalkGraph,
    inputs: Inputs,
    services: Mapping[str, Service],
    rules: Sequence[Rule],
    *,
    stages: Stages,
    former: Evaluation | None = None,
) -> Evaluation:
    """Return who reaches what among the facilities of `inputs`, and how every rule judges it.

    Of `former`, the evaluation of the same inputs with other facilities, all is kept that does not hang on a facility type of which
    something changed; the rest is computed whole, so that the result is the same as without.
    """
    study, register = inputs.study, inputs.register
    changed = frozenset[str]() if former is None else changed_types(former.register, register, services)
    with stages("snap"):
        snaps = snap_all(graph, inputs, None if former is None else former.snaps)
    with stages("reach"):
        walked = None if former is None else (former.snaps, former.walks)
        walks = walk_all(graph, snaps, inputs, services, walked, changed=changed)
    with stages("circle"):
        places = (
            former.places if former else zone_sums(inputs.people.demand, inputs.zones, inputs.people.overlay)
        )
        circles = {
            name: former.circles[name]
            if former is not None and changed.isdisjoint(terms.facilities)
            else circle_table(
                demand=inputs.people.demand,
                zones=inputs.zones,
                overlay=inputs.people.overlay,
                services={name: terms},
                nearest={"network": walks.nearest, "frail": walks.frail, "straight": walks.straight},
                land=walks.land,
                off_network=snaps.off_network,
                places=places,
            )
            for name, terms in services.items()
        }
        circle = pd.concat(circles.values(), ignore_index=True)
    with stages("assess"):
        data = AssessmentData(
            zones=inputs.zones,
            demand=inputs.people.demand,
            facilities=register.facilities,
            supplies=register.supplies,
            year=study.year,
            overlay=inputs.people.overlay,
            pairs=walks.pairs,
            circle=circle,
            nearest=walks.nearest,
            services=services,
            groups=inputs.people.groups,
            thresholds=study.thresholds,
            zone_supplies=inputs.zone_supplies,
            reported=inputs.reported,
            register_types=frozenset(inputs.register_types),
            off_network=snaps.off_network,
            facilities_off_network=snaps.facilities_off_network,
            max_off_network_share=study.streets.max_off_network_share,
        )
        assessment = assess(
            data,
            rules,
            flag_rules=study.flag_rules,
            former=None if former is None else former.assessment,
            changed=changed,
        )
        more = {"tiers": network_tiers(data), "estate_steps": estate_steps(data, rules)}
    return Evaluation(register, places, data, snaps, walks, circles, circle, assessment, **more)


def project_support(
    graph: WalkGraph,
    inputs: Inputs,
    services: Mapping[str, Service],
    rules: Sequence[Rule],
    before: Evaluation,
) -> ProjectEffect:
    """Return 项目库对指标的支撑测算: every rule judged again with the projects that count by the study's year.

    A project whose facility stands in the register counts there, and not again. Beside it stands what everything under way, whenever it
    opens, does about each flag.
    """
    own, year = inputs.register, inputs.study.year
    stands, notes = standing(inputs.projects, own.facilities, inputs.zones, year=year)
    listed = inputs.projects.drop(index=stands.index)
    planned = opening(own.left_out, listed, inputs.zones, year=year)
    under_way = projects_under_way(listed, planned)
    if under_way.empty and inputs.projects.empty:
        return ProjectEffect(SUPPORT.empty(), notes)
    districts = inputs.zones.index[inputs.zones["level"] == "district"]
    # where a project that names no place counts
    home = str(districts[0]) if len(districts) == 1 else "area/area"
    open_now, ever = (
        with_projects(own.facilities, own.supplies, listed, year=by, home=home) for by in (year, None)
    )
    every = with_opening(*ever, planned, own, year=year)
    with_all = _with_facilities(graph, inputs, services, rules, *every, former=before)
    left = relief(
        before.assessment.flags,
        with_all.assessment.flags,
        under_way,
        (*rules, *study_circles(services, rules)),
        built=Built(every[0], every[1], with_all.walks.pairs),
        zones=inputs.zones,
        demand=inputs.people.demand,
        lang=inputs.study.lang,
    )
    if inputs.projects.empty:
        return ProjectEffect(SUPPORT.empty(), notes, left)
    is_all = len(open_now[0]) == len(every[0]) and len(open_now[1]) == len(every[1])
    after = with_all if is_all else _with_facilities(graph, inputs, services, rules, *open_now, former=before)
    table = support(
        before.assessment.findings,
        after.assessment.findings,
        listed,
        rules,
        zones=inputs.zones,
        facilities=ever[0],
        supplies=ever[1],
        year=year,
    )
    return ProjectEffect(table, (*notes, *support_notes(table, listed)), left)


def _with_facilities(
    graph: WalkGraph, inputs: Inputs, services: Mapping[str, Service], rules: Sequence[Rule], facilities: gpd.GeoDataFrame, supplies: pd.DataFrame, *, former: Evaluation
) -> Evaluation:  # fmt: skip
    """Return everything measured and judged with other facilities than those of `former`."""
    register = replace(inputs.register, facilities=facilities, supplies=supplies)
    return evaluate(
        graph, replace(inputs, register=register), services, rules, stages=Stages(), former=former
    )


def with_project_names(
    gaps: pd.DataFrame, table: pd.DataFrame, projects: pd.DataFrame, *, lang: str
) -> pd.DataFrame:
    """Return the gap list with 对应项目: the projects that add to the same indicator of the same zone."""
    if table.empty or gaps.empty:
        return gaps
    names = {
        (rule, zone): listed((str(projects["name"][project]) for project in ids), lang)
        for rule, zone, ids in zip(table["rule_id"], table["zone_id"], table["projects"], strict=True)
    }
    rows = zip(gaps["rule_id"], gaps["zone_id"], gaps["project"], strict=True)
    return gaps.assign(project=[names.get((rule, zone)) or old for rule, zone, old in rows])


def who_is_served(services: Mapping[str, Service], found: Evaluation, inputs: Inputs) -> pd.DataFrame:
    """Return who gets a bed or place when each is given out once, for services with a stated rate of need."""
    demand, supplies, pairs = inputs.people.demand, inputs.register.supplies, found.walks.pairs
    tables = []
    for name, service in services.items():
        if service.need is None:
            continue
        near, mine = pairs[pairs["service"] == name], supplies["service"].isin(service.facilities)
        rows = supplies[mine & (supplies["supply"] == service.need.supply)]
        capacity = rows.groupby("facility_id")[["low", "high"]].sum()
        # a facility of the service without a row of this supply offers none of it
        every = capacity.index.union(pd.Index(near["facility_id"].unique()))
        capacity = capacity.reindex(every, fill_value=0.0)
        first, *others = (demand[group] * rate / 1000.0 for group, rate in service.need.rates)
        need = sum(others, first)
        places = {
            "demand": demand, "zones": inputs.zones, "overlay": inputs.people.overlay, "off_network": found.snaps.off_network,
        }  # fmt: skip
        result = served(near, need, capacity, walk_minutes=service.walk_minutes)
        table = served_by_zone(result, **places)
        assumed = assumed_people(demand)
        if assumed.any():
            # at the most nobody competes of whom nothing is known
            alone = served(near, need.mask(assumed, 0.0), capacity, walk_minutes=service.walk_minutes)
            table["served_high"] = served_by_zone(alone, **places)["served_high"]
        table = table.rename(columns={"without_place_high": "without_place"}).rename_axis("zone_id")
        lost = people_unknown(inputs.zones, *(group for group, _ in service.need.rates))
        table.loc[lost, ["need", "served_low", "served_high", "without_place", "outside", "off_network"]] = (
            np.nan
        )
        tables.append(table.reset_index().assign(service=name))
    return pd.concat(tables, ignore_index=True)[list(SERVED)] if tables else SERVED.empty()


def export_notes(inputs: Inputs) -> tuple[Note, ...]:
    """Return how well control points of the office's own grid fit, where layers are exported in it."""
    exports = inputs.study.exports
    if exports is None or not isinstance(exports.crs, list):
        return ()
    points = [point.model_dump() for point in exports.crs]
    return control_notes(points, crs=inputs.crs, file=str(inputs.study.path))
