"""The part of a study file that asks where to build: candidates, questions, limits."""

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from geoplan.study.entry import Datum, Entry, FilePath, Text, one_of
from geoplan.words.quantities import (
    Amount,
    Count,
    Money,
    Ordinal,
    PositiveShare,
    Seconds,
    Share,
    SquareMetres,
    Unit,
    Year,
)

SearchMinutes = Annotated[float, Field(gt=0, le=60), Unit("min")]


class CandidateSource(Entry):
    """Where candidates come from: the planner's own list, or generated areas of intent."""

    file: FilePath | None = None
    """The planner's list of premises (存量用房) or parcels (备选地块): XLSX, CSV, or a layer of points or parcels."""
    generate: Literal["streets", "grid", "centroids", "existing"] | None = None
    """Instead of a file: street junctions, a grid inside communities, or the middle of each community's people. Nobody has offered
    them: they are called areas of intent (意向区域), never addresses. ``existing``: every facility that offers one of `services` (or
    any service of the study) may be enlarged."""
    layer: Text | None = None
    """Sheet or layer; needed where the file holds several."""
    datum: Datum | None = None
    """What the coordinates are in; default: what the file says, else wgs84."""
    columns: dict[Text, Text] = {}
    """Field -> column, for columns whose headers are not recognised (see docs/candidates.md)."""
    types: dict[Text, Text | list[Text]] = {}
    """Word of the column of services -> facility type(s), beside the usual ones."""
    services: list[Text] = []
    """Facility types that they may hold, where the list has no such column; default: any."""
    construction_type: Literal["new", "extend", "buy", "swap", "rent"] | None = None
    """Kind of works, where the list does not say it; default for generated ones: new."""
    land_codes: list[Text] = []
    """Only parcels whose land use code begins with one of these."""
    spacing_m: Annotated[float, Field(ge=10, le=5000), Unit("m")] = 200.0
    """Generated: no two are nearer than this, metres."""
    exclude: FilePath | None = None
    """Generated: layer of polygons in which nothing may stand."""
    most: Ordinal | None = None
    """Generated: at most so many; those with most people around them are kept."""
    source: Text | None = None
    """Who made the list, as the sources sheet prints it."""

    @model_validator(mode="after")
    def _one_source(self) -> "CandidateSource":
        if (self.file is None) == (self.generate is None):
            raise one_of("`file`, `generate`")
        return self


class Phase(Entry):
    """What may have been built by the end of a phase; limits are of all phases up to it."""

    by: Year
    """Last year of the phase."""
    sites: Count | None = None
    """Most sites by then."""
    budget: Money | None = None
    """Most money by then, 10,000 yuan."""


class Question(Entry):
    """One question: what is asked, of whom, within which limits."""

    ask: Text
    """``cover``: most people in the circle. ``share``: fewest (or cheapest) sites for a share of people. ``median``: least
    walking. ``center``: least farthest walk. ``capacity``: most need met, each bed given out once. ``sizes``: which sites and how
    large clear the shortfalls of `rules`."""
    label: Text | None = None
    """The question in words, as tables print it; default: made from its entries."""
    services: list[Text] = []
    """Services of the study; default: the first. People of several are added up; a site that may hold several serves all."""
    build: dict[Text, Text] = {}
    """Service -> facility type that opens; default: the first of the service that the candidate may hold."""
    attributes: dict[Text, bool] = {}
    """What the sites will be, e.g. ``{registered: true, inclusive: true}``: rules that count only such facilities then count them."""
    candidates: list[Ordinal] | None = None
    """Numbers of the entries of `siting.candidates` that this question looks at, from 1; default: all."""
    sites: Count | None = None
    """Most sites."""
    budget: Money | None = None
    """Most money, 10,000 yuan; candidates of unknown cost are then left out, and listed."""
    phases: list[Phase] = []
    """Two or three phases, each of which contains the one before."""
    share: Share | None = None
    """``share``: part of all people that must be in the circle."""
    min_share_per_community: Share | None = None
    """``share``: part of every community's people that must be in the circle."""
    fair: Literal["total", "worst_off", "worst_part", "least_spread"] = "total"
    """``cover``: most people; or the worst-off community first; or the worst-off `worst_share` of the people first (their communities' mean
    share); or least spread between communities."""
    worst_share: PositiveShare = 0.1
    """``worst_part``: part of all people of the group that counts as the worst off."""
    min_total_share: Share = 0.95
    """``least_spread``: part of the most people that must still be covered."""
    reach_minutes: SearchMinutes = 60.0
    """``median`` and ``center``: people farther than this count at this, minutes."""
    minimise: Literal["sites", "cost"] = "sites"
    """``share`` and ``sizes``: what is kept low, the number of sites or their cost."""
    rules: list[Text] = []
    """``sizes``: rules (pack.rule) whose shortfalls are to be cleared."""
    size_target: Literal["required", "recommended"] = "required"
    """``sizes``: up to the value that judges, or up to the pack's recommended one (``20..30 m²``: 20, or 30)."""
    first: Literal["shortfall", "flags"] = "shortfall"
    """``sizes``: what comes first, the least shortfall in all, or the fewest communities that stay short."""
    may_stay: Amount = 0.0
    """``sizes`` of one rule: shortfall that may stay, in the rule's unit; the fewest sites, or the least cost, that leave no more."""
    min_reach_share: Share = 0.0
    """``sizes``: a site counts for a community of whose people at least this share walk to it; 0: for all who do, as flags count it."""
    walk_minutes: SearchMinutes | None = None
    """Longest walk, minutes; default: that of the service."""
    mode: Literal["reachable", "located"] = "reachable"
    """``sizes``: a site helps every community that walks to it, shared as flags share it, or only the one in which it stands."""
    smallest: Amount | None = None
    """``sizes``: least size of a site in the rule's unit; default: what the pack asks of one facility, else 0."""
    largest: Annotated[float, Field(gt=0, le=1e9), Unit("unit of the rule")] | None = None
    """``sizes``, ``capacity``: most of one site in the rule's unit, where the candidate itself does not say less."""
    m2_per_bed: SquareMetres | None = None
    """Floor area per bed by which a candidate's floor area limits its beds, m²."""
    m2_per_place: SquareMetres = 12.0
    """The same per childcare place, m² (鄞政发〔2023〕17号 二(三)7)."""
    curve: Annotated[int, Field(ge=0, le=500), Unit("sites")] | None = None
    """``cover``: the gain curve runs to so many sites; default: twice the number asked for; 0: no curve."""
    min_spacing_m: Annotated[float, Field(gt=0, le=5000), Unit("m")] | None = None
    """No two sites of a service nearer to each other, and none nearer to a facility that offers it, in a straight line; sites that enlarge
    a facility are free of it. Default: none. Not for ``sizes``."""
    min_gain: Annotated[float, Field(gt=0, le=1e9), Unit("of the gain per 10,000 yuan")] | None = None
    """What a site must add for each 10,000 yuan to be worth it: a note says after which site of the order of opening none does. It
    changes no selection."""
    tolerance: Share = 0.0
    """``cover`` with `fair`, ``capacity``: part of the first aim that may be given up for the second: more people, or less walking."""
    gap: Share = 0.0
    """Relative gap to the bound at which the search may end; 0: a proof."""
    most_nodes: Annotated[int, Field(ge=0, le=10**12), Unit("nodes")] | None = None
    """Most nodes of the search tree; the same number gives the same answer again. Default: 500, so that an answer does not depend on the
    machine's load; without such a limit where `most_seconds` is given."""
    most_seconds: Seconds | None = None
    """Most seconds; an answer that the clock ended is marked as not repeatable. Default: none."""

    @model_validator(mode="after")
    def _phases_in_order(self) -> "Question":
        years = [phase.by for phase in self.phases]
        if years != sorted(set(years)):
            raise PydanticCustomError("siting_question", "{problem}", {"problem": f"`phases`: {years}"})
        for limit in ("sites", "budget"):
            # the question's own limit holds for the last phase
            last = [getattr(one, limit) for one in (*self.phases[-1:], self)]
            ends = [min((value for value in last if value is not None), default=None)]
            stated = [*(getattr(phase, limit) for phase in self.phases[:-1]), *ends]
            known = [value for value in stated if value is not None]
            if known != sorted(known):
                values = ", ".join(f"{value:g}" for value in known)
                raise PydanticCustomError("siting_phases_fall", "{limit}", {"limit": limit, "values": values})
        return self


class Siting(Entry):
    """Where to build: candidates and questions."""

    candidates: Annotated[list[CandidateSource], Field(min_length=1)]
    """Lists of premises and parcels, and generated areas of intent."""
    questions: Annotated[dict[Text, Question], Field(min_length=1)]
    """Questions by name; each is answered on its own."""
    adopt: Text | None = None
    """Question whose sites are drawn, judged and compared; default: the first."""

    @model_validator(mode="after")
    def _existing_once(self) -> "Siting":
        if sum(source.generate == "existing" for source in self.candidates) > 1:
            raise PydanticCustomError("siting_question", "{problem}", {"problem": "`generate: existing` × 2"})
        return self

    @property
    def adopted(self) -> str:
        """Name of the adopted question."""
        return self.adopt or next(iter(self.questions))
