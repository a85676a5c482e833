"""A live run (即时推演): a finished run kept in memory that answers changes of facilities at once, equal to a fresh run.

Each change is an entry of a scenario. It is applied to the inputs as gathered, and evaluated by the run's own functions: what hangs on no
facility type that changed is kept, the rest is computed whole, never by differences. So `geoplan.run` of the exported scenario gives the same.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from geoplan.inputs.lists.zone_names import clean_name
from geoplan.pipeline.evaluate import (
    Computation,
    Evaluation,
    complete,
    compute,
    evaluate,
    outcome_of,
    project_support,
)
from geoplan.pipeline.gather import Inputs, gather
from geoplan.pipeline.provenance import parameters
from geoplan.pipeline.scenario import apply, changed_study, scenario_parameters, unreached_notes
from geoplan.pipeline.site_candidates import listed_premises
from geoplan.study.scenario import Scenario, scenario_text
from geoplan.study.study import Study, read_study
from geoplan.tables import Outcome
from geoplan.words.progress import Stages

#: What a change leaves as it was until `Live.refresh`: tables of the outcome, rasters of minutes, and papers.
STALE = frozenset({"served", "near", "isochrones", "minutes", "papers"})


class Live:
    """A finished run that answers changes at once; made by :func:`live`.

    Snaps, pairs, nearest facilities, circles, what is located and reachable, flags, members, findings, gap list and priorities follow each
    change. Who is served, the lists of near facilities, isochrones, rasters of minutes and papers are those of the last refresh (`stale`).
    People, streets and datums stay as they were gathered.
    """

    def __init__(
        self, study: Study | Scenario, *, file: str | Path | None = None, lang: str | None = None
    ) -> None:
        if isinstance(study, Scenario):
            base, path = changed_study(study, read_study(study.base)), Path(file or study.path)
            scenario = study
        else:
            base, path = study, Path(file or study.folder / "live.yaml")
            scenario = Scenario(base=study.path.resolve(), name=path.stem)
        self._base = gather(base if lang is None else base.in_language(lang))
        self._scenario = _in_file(scenario, path)
        self._inputs = apply(self._scenario, self._base)
        self._found = compute(self._inputs)
        self._evaluation: Evaluation = self._found.evaluation
        self._stale = frozenset[str]()

    @property
    def scenario(self) -> Scenario:
        """The changes so far."""
        return self._scenario

    @property
    def stale(self) -> frozenset[str]:
        """What is not of the facilities as they are now: tables of the outcome, ``minutes``, ``papers``; empty after `refresh`."""
        return self._stale

    @property
    def inputs(self) -> Inputs:
        """What the run works on, with the changes."""
        return self._inputs

    @property
    def evaluation(self) -> Evaluation:
        """Snaps, walks, circles and the assessment with the changes."""
        return self._evaluation

    @cached_property
    def _outcome(self) -> Outcome:
        study, found = self._inputs.study, self._current()
        premises, premise_notes = listed_premises(found.inputs)
        effect = project_support(found.graph, found.inputs, found.services, found.rules, found.evaluation)
        walked = found.evaluation
        unreached = unreached_notes(
            self._scenario,
            found.inputs,
            found.services,
            snaps=walked.snaps.facilities,
            pairs=walked.walks.pairs,
        )
        return outcome_of(
            replace(found, projects=effect, premises=premises, notes=premise_notes),
            name=self._scenario.title(study.name),
            parameters=scenario_parameters(self._scenario, parameters(study)),
            notes=unreached,
        )

    @property
    def outcome(self) -> Outcome:
        """All tables with the changes, but those of `stale`."""
        return self._outcome

    def add(self, **entries: object) -> str:
        """Add a facility; `entries` are those of ``add`` in a scenario (name, services, lonlat, supplies …).

        Returns
        -------
        facility_id
            Its id, for further changes.

        Raises
        ------
        StudyError
            If an entry is wrong; nothing changes then. So for every change.
        """
        self._change(add=[*self._scenario.add, entries])
        return self._added_ids()[-1]

    def move(self, facility: str, lonlat: tuple[float, float], *, datum: str = "wgs84") -> None:
        """Move a facility (id or name), an added one too."""
        place = {"lonlat": lonlat, "datum": datum}
        one = self._id_of(facility)
        if one in self._added_ids():
            self._change(add=self._added(one, lambda entry: entry | place))
        else:
            others = [move for move in self._scenario.move if move.facility != one]
            self._change(move=[*others, {"facility": one, **place}])

    def enlarge(
        self,
        facility: str,
        *,
        add: Mapping[str, float] | None = None,
        to: Mapping[str, float] | None = None,
        service: str | None = None,
    ) -> None:
        """Give a facility (id or name) more of its supplies (`add`), or so much (`to`); `service` where several types could have it."""
        one, told = self._id_of(facility), {"add": dict(add or {}), "to": dict(to or {})}
        if one in self._added_ids():

            def grown(entry: dict[str, Any]) -> dict[str, Any]:
                held = entry.get("supplies", {})
                more = {name: held.get(name, 0.0) + value for name, value in told["add"].items()}
                return entry | {"supplies": held | more | told["to"]}

            self._change(add=self._added(one, grown))
        else:
            entry = {
                "facility": one,
                "service": service,
                **{key: value for key, value in told.items() if value},
            }
            self._change(enlarge=[*self._scenario.enlarge, entry])

    def close(self, facility: str) -> None:
        """Close a facility (id or name) with whatever was changed of it; an added one is no longer added."""
        one, now = self._id_of(facility), self._scenario
        if one in self._added_ids():
            self._change(add=self._added(one, None))
        else:
            self._change(
                move=[move for move in now.move if move.facility != one],
                enlarge=[larger for larger in now.enlarge if larger.facility != one],
                close=[*now.close, one],
            )

    def refresh(self, *, stages: Stages | None = None) -> None:
        """Compute what is `stale` anew."""
        current = self._current()
        self._found = complete(
            current.inputs, current.graph, current.packs, current.rules, current.services, current.evaluation,
            stages=stages or Stages(),
        )  # fmt: skip
        self._forget()
        self._stale = frozenset()

    def export(self) -> Path:
        """Write the changes as the scenario file that `live` was given, and return it; `geoplan.run` of it gives the same outcome."""
        text, _ = scenario_text(self._scenario)
        self._scenario.path.write_text(text, encoding="utf-8")
        return self._scenario.path

    # --- how a change comes about ------------------------------------------------------------------------------

    def _change(self, **entries: object) -> None:
        scenario = _in_file(self._scenario.changed(**entries), self._scenario.path)
        inputs = apply(scenario, self._base)
        found = self._found
        self._evaluation = evaluate(
            found.graph, inputs, found.services, found.rules, stages=Stages(), former=self._evaluation
        )
        self._scenario, self._inputs, self._stale = scenario, inputs, STALE
        self._forget()

    def _forget(self) -> None:
        self.__dict__.pop("_outcome", None)

    def _current(self) -> Computation:
        return replace(self._found, inputs=self._inputs, evaluation=self._evaluation)

    def _added_ids(self) -> list[str]:
        """Return the ids of the added facilities, in the order of the scenario."""
        table = self._inputs.register.facilities
        return [str(one) for one in table.index[table["source_file"] == self._scenario.path.name]]

    def _added(
        self, facility_id: str, change: Callable[[dict[str, Any]], dict[str, Any]] | None
    ) -> list[dict[str, Any]]:
        """Return the entries of ``add`` with one of them changed, or left out."""
        rows = []
        for one, new in zip(self._added_ids(), self._scenario.add, strict=True):
            entry = new.model_dump(exclude_unset=True)
            if one != facility_id:
                rows.append(entry)
            elif change is not None:
                rows.append(change(entry))
        return rows

    def _id_of(self, facility: str) -> str:
        """Return the id of a facility that counts; what names none, or several, comes back as it is, and is told of when applied."""
        table = self._inputs.register.facilities
        named = table.index[table["name"].map(clean_name) == clean_name(facility)]
        return facility if facility in table.index or len(named) != 1 else str(named[0])


def live(study: Study | Scenario, *, file: str | Path | None = None, lang: str | None = None) -> Live:
    """Run a study, or a scenario of one, and keep it in memory for changes.

    Parameters
    ----------
    study
        As `geoplan.read_study` or `geoplan.read_scenario` gives it.
    file
        Scenario file that :meth:`Live.export` writes; ids of added facilities carry its name. Default: the scenario's own, else
        ``live.yaml`` beside the study.
    lang
        Language of the outputs; None: the study's.

    Raises
    ------
    GeoplanError
        As `geoplan.run`.

    Examples
    --------
    >>> import geoplan as gp
    >>> town = gp.live(gp.read_study(gp.demo_study()))
    >>> town.close("呼中区社会福利院")
    >>> sorted(town.stale)
    ['isochrones', 'minutes', 'near', 'papers', 'served']
    """
    return Live(study, file=file, lang=lang)


def _in_file(scenario: Scenario, path: Path) -> Scenario:
    """Return a scenario as it stands in the file that it is exported to, with the lines of its entries there."""
    placed = scenario.changed().from_file(path, {})
    return placed.from_file(path, scenario_text(placed)[1])
