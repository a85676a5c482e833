"""Where to build: the questions of a study answered, and the study judged again with the sites of the adopted answer."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import geopandas as gpd
import pandas as pd

from geoplan.inputs.facilities.fields import ATTRIBUTES
from geoplan.pipeline.evaluate import (
    Computation,
    Evaluation,
    SitingTables,
    compute,
    evaluate,
    outcome_of,
    result_of,
    who_is_served,
)
from geoplan.pipeline.gather import Inputs, gather
from geoplan.pipeline.provenance import parameters
from geoplan.pipeline.result import Result
from geoplan.pipeline.site_candidates import Offered, offered_candidates
from geoplan.pipeline.walks import apart_notes, draw_isochrones, offered_snaps, snap_points
from geoplan.report.content.comparison import Comparison, compare
from geoplan.report.folder.delivery import delivery
from geoplan.report.folder.save import write_comparison
from geoplan.siting.alternatives import alternatives
from geoplan.siting.answer import SearchListener, answer, check_people
from geoplan.siting.inputs import SitingInputs
from geoplan.siting.judged import Effects, Verdicts, effects
from geoplan.siting.objectives import check_question
from geoplan.siting.question import Question, question_of
from geoplan.siting.result import SitingResult
from geoplan.siting.sites import answer_row, answers_table, site_notes, sites_as_projects, sites_table
from geoplan.standards.flags import study_circles
from geoplan.standards.projects.facilities import with_projects
from geoplan.standards.projects.support import support
from geoplan.study.study import Study
from geoplan.tables import (
    ALTERNATIVES,
    CURVE,
    ISOCHRONES,
    SITE_FLAGS,
    SITE_JUDGED,
    SITE_LEFT,
    SUPPORT,
    UNMET,
    Schema,
)
from geoplan.words.catalogue import phrase
from geoplan.words.errors import Note, StudyError
from geoplan.words.progress import Stages


@dataclass(frozen=True, repr=False)
class SiteResult:
    """What was found: the study as it is with the sites beside it, the study with the sites, and the answers.

    The outcome of `before` holds candidates, sites, answers, gain curves, and what stays unmet; `after` is None where the
    adopted answer has no sites. `asked` holds every answer in the order of the study.
    """

    before: Result
    after: Result | None
    asked: tuple[SitingResult, ...]

    @property
    def sites(self) -> gpd.GeoDataFrame:
        """Sites of every answer (`tables.SITES`)."""
        return self.before.outcome.sites

    @property
    def answers(self) -> pd.DataFrame:
        """What is proven of every answer (`tables.ANSWERS`)."""
        return self.before.outcome.answers

    def compare(self) -> Comparison | None:
        """Return what changes from one to the other; None without sites."""
        return None if self.after is None else compare(self.before.outcome, self.after.outcome)

    def save(self, out: str | Path, *, stages: Stages | None = None) -> Path:
        """Write the study with the sites beside it, the study after (``after/``), and both compared (``compare/``), as one delivery.

        Returns
        -------
        run
            The delivery's own folder; `out` holds the same under fixed names.
        """
        with delivery(Path(out)) as made:
            self.before.write(made.folder, stages=stages)
            comparison = self.compare()
            if self.after is not None and comparison is not None:
                self.after.write(made.folder / "after", stages=stages)
                write_comparison(comparison, made.folder / "compare")
        return made.run


def site(
    study: Study,
    *,
    only: Sequence[str] = (),
    lang: str | None = None,
    stages: Stages | None = None,
    listener: SearchListener | None = None,
) -> SiteResult:
    """Answer the siting questions of a study.

    Parameters
    ----------
    only
        Names of the questions to answer; the first of them is adopted. Default: all.
    listener
        Called before and after each question; interrupting its control ends the search with the best answer so far and its bound.

    Raises
    ------
    StudyError
        If the study asks no question, or none of such a name.
    GeoplanError
        As `geoplan.pipeline.evaluate.run`.
    """
    stages = stages or Stages()
    study = study if lang is None else study.in_language(lang)
    questions = siting_questions(study, only)
    adopted = questions[0].name if only or study.siting is None else study.siting.adopted
    inputs = gather(study, stages=stages)
    before = compute(inputs, stages=stages)
    with stages("candidates"):
        offered = offered_candidates(study, inputs, before.graph)
        ground = _siting_inputs(before, offered)
        check_people(questions, ground)
    with stages("siting"):
        answers, unanswered = _answered(questions, ground, listener)
        other = [alternatives(one, ground) for one in answers]
    tables = _answer_tables(before, ground, answers, adopted)
    after, built = None, {one.question.name: _with_sites_of(one, tables.sites, before) for one in answers}
    if adopted in built and len(tables.adopted):
        projects, with_them = built[adopted]
        after = compute(with_them, graph=before.graph, stages=stages)
        tables = replace(
            tables,
            site_isochrones=_isochrones(ground, next(one for one in answers if one.question.name == adopted)),
            after=after.evaluation.assessment,
            site_support=support(
                before.evaluation.assessment.findings,
                after.evaluation.assessment.findings,
                projects,
                before.rules,
                zones=inputs.zones,
                facilities=with_them.register.facilities,
                supplies=with_them.register.supplies,
                year=study.year,
            ),
        )
    with stages("judged"):
        judged = [
            _judged(before, one, built[one.question.name][1], after if one.question.name == adopted else None)
            for one in answers
        ]
    tables = replace(
        tables,
        site_judged=_joined([one.judged for one in judged], SITE_JUDGED),
        site_flags=_joined([one.flags for one in judged], SITE_FLAGS),
        site_left=_joined([one.left for one in judged], SITE_LEFT),
        alternatives=_joined(other, ALTERNATIVES),
    )
    notes = [
        *offered.notes,
        *_past(questions, study.year),
        *unanswered,
        *(note for one in answers for note in _apart(before, ground, one)),
        *(
            note
            for one in answers
            for note in (*one.eligible.notes, *one.answer.notes, *site_notes(ground, one))
        ),
    ]
    outcome = outcome_of(
        before, parameters=parameters(study, siting=True), siting=tables, notes=notes, sources=offered.sources
    )
    name = phrase("siting_all_built", study.lang, name=study.name)
    return SiteResult(
        result_of(before, outcome, stages),
        None if after is None else result_of(after, outcome_of(after, name=name), stages),
        answers,
    )


def siting_questions(study: Study, only: Sequence[str] = ()) -> list[Question]:
    """Return the siting questions of a study.

    Raises
    ------
    StudyError
        If the study asks no question, or none of a name of `only`; with every question that no objective can answer as it is.
    """
    if study.siting is None:
        raise StudyError(Note.of("siting_no_questions", file=str(study.path), severity="error"))
    entries = study.siting.questions
    known = tuple(entries)
    problems = [
        Note.of("siting_unknown_question", file=str(study.path), name=name, known=known, severity="error")
        for name in only
        if name not in entries
    ]
    problems += [
        Note.of("siting_unknown_attribute", file=str(study.path), question=name, name=flag,
                known=tuple(ATTRIBUTES), severity="error")
        for name, entry in entries.items()
        for flag in entry.attributes
        if flag not in ATTRIBUTES
    ]  # fmt: skip
    questions = [
        question_of(name, entries[name], services=list(study.services), year=study.year)
        for name in (dict.fromkeys(only) or entries)
        if name in entries
    ]
    services = study.measured_services()
    problems += [note for question in questions for note in check_question(question, services)]
    if problems:
        raise StudyError(*problems)
    return questions


def _answered(
    questions: Sequence[Question], ground: SitingInputs, listener: SearchListener | None
) -> tuple[tuple[SitingResult, ...], list[Note]]:
    """Return the answers, and what is wrong with the questions that cannot be answered: they cost no other its answer.

    Raises
    ------
    StudyError
        If none can be answered.
    """
    answers: list[SitingResult] = []
    wrong: list[Note | str] = []
    for question in questions:
        try:
            answers.append(answer(question, ground, listener=listener))
        except StudyError as error:
            wrong += error.notes
    if not answers:
        raise StudyError(*wrong)
    return tuple(answers), [replace(note, severity="warning") for note in wrong if isinstance(note, Note)]


def _with_sites_of(
    found: SitingResult, sites: gpd.GeoDataFrame, before: Computation
) -> tuple[gpd.GeoDataFrame, Inputs]:
    """Return the sites of an answer as projects, and the inputs with them.

    They are judged as if every phase were built: the same people and targets as before, so that only the sites differ.
    """
    inputs = before.inputs
    projects = sites_as_projects(
        sites[sites["question"] == found.question.name],
        facilities=inputs.register.facilities,
        attributes=found.question.attributes,
        year=inputs.study.year,
    )
    return projects, with_sites(inputs, projects)


def _judged(before: Computation, found: SitingResult, built: Inputs, after: Computation | None) -> Effects:
    """Return what the sites of an answer do, judged as a run judges; `after` is the run with them where there is one."""
    if not len(found.opening.option):
        evaluation = before.evaluation
    elif after is not None:
        evaluation = after.evaluation
    else:
        evaluation = evaluate(before.graph, built, before.services, before.rules, stages=Stages())
    return effects(
        found,
        _verdicts(before.evaluation, before, before.inputs),
        _verdicts(evaluation, before, built),
        zones=before.inputs.zones,
        services=before.services,
        rules=(*before.rules, *study_circles(before.services, before.rules)),
    )


def _verdicts(found: Evaluation, before: Computation, inputs: Inputs) -> Verdicts:
    return Verdicts(found.assessment.flags, found.circle, who_is_served(before.services, found, inputs))


def _past(questions: Sequence[Question], year: int) -> list[Note]:
    """Return a note on every question whose last phase ends before the year of the study."""
    return [
        Note.of("siting_phase_past", question=one.name, by=one.phases[-1].by, year=year, severity="warning")
        for one in questions
        if one.phases[-1].by < year
    ]


def _siting_inputs(before: Computation, offered: Offered) -> SitingInputs:
    inputs, snaps = before.inputs, before.evaluation.snaps
    inside = inputs.people.demand[~inputs.people.demand["halo"]]
    return SitingInputs(
        zones=inputs.zones,
        demand=inside,
        demand_snaps=snaps.demand.loc[inside.index],
        snaps_with_halo=snaps.demand,
        candidates=offered.candidates,
        candidate_snaps=snap_points(before.graph, offered.candidates, inputs),
        source=offered.source,
        services=before.services,
        graph=before.graph,
        nearest=before.evaluation.walks.nearest,
        facilities=inputs.register.facilities,
        facility_snaps=snaps.facilities,
        supplies=inputs.register.supplies,
        rules=before.rules,
        flags=before.evaluation.assessment.flags,
        data=before.evaluation.data,
    )


def _answer_tables(
    before: Computation, ground: SitingInputs, answers: Sequence[SitingResult], adopted: str
) -> SitingTables:
    """Return the tables of siting, without what building the sites changes."""
    lang, printed = before.inputs.study.lang, before.rules_table
    rules = (*before.rules, *study_circles(before.services, before.rules))
    tables = [sites_table(ground, one, rules=rules, lang=lang) for one in answers]
    rows = [
        answer_row(
            one,
            table,
            services=before.services,
            rules=printed,
            lang=lang,
            adopted=one.question.name == adopted,
        )
        for one, table in zip(answers, tables, strict=True)
    ]
    sites = _stacked(tables)
    return SitingTables(
        candidates=ground.candidates,
        sites=sites,
        answers=answers_table(rows),
        curve=_joined([one.curve for one in answers], CURVE),
        unmet=_joined([one.unmet for one in answers], UNMET),
        site_isochrones=ISOCHRONES.empty_shapes(),
        site_support=SUPPORT.empty(),
        site_judged=SITE_JUDGED.empty(),
        site_flags=SITE_FLAGS.empty(),
        site_left=SITE_LEFT.empty(),
        alternatives=ALTERNATIVES.empty(),
        adopted=sites[sites["question"] == adopted],
        after=None,
    )


def _stacked(tables: Sequence[gpd.GeoDataFrame]) -> gpd.GeoDataFrame:
    """Return the sites of all answers as one table; an answer without any adds nothing."""
    filled = [table for table in tables if len(table)] or list(tables[:1])
    joined: gpd.GeoDataFrame = pd.concat(filled)
    return joined.assign(
        **{key: joined[key].astype(object).where(joined[key].notna(), None) for key in ("extends", "zone_id")}
    )


def _joined(tables: Sequence[pd.DataFrame], schema: Schema) -> pd.DataFrame:
    filled = [table for table in tables if len(table)]
    return pd.concat(filled, ignore_index=True) if filled else schema.empty()


def with_sites(inputs: Inputs, projects: gpd.GeoDataFrame) -> Inputs:
    """Return the inputs with sites opened, or existing facilities enlarged by them; all phases count."""
    register = inputs.register
    names = register.facilities["name"]
    # found by id: two facilities may have one name
    by_id = register.facilities.assign(name=pd.Series(names.index, index=names.index, dtype=names.dtype))
    facilities, supplies = with_projects(by_id, register.supplies, projects)
    facilities = facilities.assign(name=[*names, *facilities["name"].iloc[len(names) :]])
    return replace(inputs, register=replace(register, facilities=facilities, supplies=supplies))


def _apart(before: Computation, ground: SitingInputs, asked: SitingResult) -> list[Note]:
    """Return a note on the sites of an answer that stand beside a facility or site of their service and are far from it on foot."""
    sites = _site_snaps(ground, asked)
    facilities = offered_snaps(before.evaluation.snaps, before.inputs, before.services)
    offered = {service: pd.concat([facilities[service], held]) for service, held in sites.items()}
    names = {**ground.facilities["name"].to_dict(), **ground.candidates["name"].to_dict()}
    new = {site for held in sites.values() for site in held.index}
    question = asked.question.name
    return apart_notes(before.graph, offered, names, code="sites_far_on_foot", new=new, question=question)


def _site_snaps(ground: SitingInputs, asked: SitingResult) -> dict[str, gpd.GeoDataFrame]:
    """Return where the sites of an answer join the network, by the services that they offer; those on it only."""
    chosen = asked.options.candidate[asked.opening.option]
    offered = {}
    for service in asked.question.services:
        held = [number for number in chosen if asked.eligible.kinds[service][number] is not None]
        snaps = ground.candidate_snaps.iloc[held]
        offered[service] = snaps[snaps["chain"] >= 0]
    return offered


def _isochrones(ground: SitingInputs, asked: SitingResult) -> gpd.GeoDataFrame:
    """Return the isochrones of the sites of an answer, service by service."""
    return draw_isochrones(ground.graph, _site_snaps(ground, asked), ground.services, ground.candidates.crs)
