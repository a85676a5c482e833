"""The report's section 选址方案: what is proposed and how sure that is, then the sites, the curve, what stays unmet, and how it was found."""

from functools import cache
from importlib import resources
from typing import Any

import jinja2
import numpy as np
import pandas as pd
import shapely

from geoplan.report import look
from geoplan.report.booklet.map import WIDTH
from geoplan.report.content import sites_facts
from geoplan.report.content.sheet import Names, empty, present, rows_of, text
from geoplan.report.content.sites import changed_support_table
from geoplan.report.content.table import cell_text
from geoplan.report.look.curve_chart import Said, gain_curve
from geoplan.tables import Outcome
from geoplan.words.labels import labels
from geoplan.words.numbers import FORMATS

#: Sites and zones that stay unmet that the page lists; the workbook has all. Curves that it draws.
MOST_SITES, MOST_UNMET, MOST_CURVES = 40, 20, 3

Plain = dict[str, Any]


def section(outcome: Outcome, level: str) -> str:
    """Return the section as markup; nothing where no siting question was asked.

    Parameters
    ----------
    outcome
        What the run found out.
    level
        Level whose zones the page's small maps are drawn of (`geoplan.report.booklet.map.shapes`).
    """
    if not sites_facts.asked(outcome):
        return ""
    lang = outcome.lang
    sites, left = sites_facts.chosen(outcome), sites_facts.unmet(outcome)
    return _template().render(
        t={word: both[lang] for word, both in labels().items()},
        colour=look.COLOURS,
        served=look.SITE_SERVED,
        lead=lead(outcome),
        map=site_map(outcome, level),
        phases=phase_key(outcome),
        sites=site_rows(outcome),
        sites_more=_more(len(sites) - MOST_SITES, lang),
        gain_note=sites_facts.note_said(outcome, sites, word="siting_page_gain_unit"),
        intent_note=look.label("siting_page_intent_note", lang)
        if any(sites_facts.is_generated(row) for row in rows_of(sites))
        else "",
        curves=curves(outcome),
        questions=questions(outcome),
        support=support_rows(outcome),
        unmet_why=[
            look.sentence(
                "siting_page_unmet_count", lang, why=sites_facts.why_said(why, lang), count=look.whole(count)
            )
            for why, count in left.why
        ],
        unmet=unmet_rows(outcome, left.rows),
        unmet_more=_more(len(left.rows) - MOST_UNMET, lang),
        how=how(outcome),
    )


def _more(count: int, lang: str) -> str:
    return look.sentence("siting_page_unmet_more", lang, count=look.whole(count)) if count > 0 else ""


def lead(outcome: Outcome) -> list[str]:
    """Return the sentences that open the section: what is proposed, what it achieves, how sure that is, what stays."""
    answer, lang = sites_facts.adopted(outcome), outcome.lang
    if answer is None:
        return [look.label("siting_page_unadopted", lang)]
    sites = sites_facts.chosen(outcome)
    out = [
        look.sentence(
            "siting_page_lead",
            lang,
            question=text(answer["label"]) or text(answer["question"]),
            count=look.whole(len(sites)),
            intent=sites_facts.intent_said(sites, lang),
            cost=sites_facts.cost_sum_said(sites, lang),
        ),
        look.sentence(
            "siting_page_aim",
            lang,
            aim=text(answer["aim"]),
            before=sites_facts.value_said(answer["before"], answer["unit"], lang),
            objective=sites_facts.value_said(answer["objective"], answer["unit"], lang),
            bound=_bound(answer, lang),
            proof=sites_facts.proof(answer, lang),
        ),
    ]
    phases = sites_facts.phases_said(sites, lang)
    if phases:
        out.append(look.sentence("siting_page_phases", lang, parts=phases))
    if not empty(outcome.site_support):
        won, left = sites_facts.verdicts_won(outcome)
        out.append(look.sentence("siting_page_won", lang, won=won, left=left))
    zones = sites_facts.unmet(outcome).zones
    if zones:
        out.append(look.sentence("siting_page_unmet_lead", lang, count=look.whole(zones)))
    return out


def _bound(answer: Plain, lang: str) -> str:
    """Return the bound where it is not the answer itself."""
    if answer["status"] != "within" or not present(answer["bound"]):
        return ""
    value = sites_facts.value_said(answer["bound"], answer["unit"], lang)
    return look.sentence(
        "siting_page_aim_bound", lang, word=sites_facts.bound_word(answer, lang), bound=value
    )


def phase_key(outcome: Outcome) -> list[Plain]:
    """Return the phases with their colours; without phases one line for all sites."""
    years = sites_facts.phases(sites_facts.chosen(outcome))
    names = [sites_facts.phase_said(year, outcome.lang) for year in years]
    return [
        {"name": name, "colour": look.site_colour(place), "edge": look.SITE_EDGE}
        for place, name in enumerate(names or [look.label("siting_page_sites", outcome.lang)])
    ]


def site_rows(outcome: Outcome) -> list[Plain]:
    """Return a row a site of the adopted answer, in order of opening."""
    lang, names, unit = outcome.lang, Names(outcome), sites_facts.gain_unit(outcome)
    sites = sites_facts.chosen(outcome)
    rows = []
    for row in rows_of(sites.head(MOST_SITES)):
        place = sites_facts.place_said(names, row)
        extends = row["extends"]
        enlarged = look.sentence("siting_page_extends", lang, name=names.facility(extends))
        rows.append(
            {
                "order": f"{float(row['order']):.0f}",
                "name": text(row["name"]),
                "place": " · ".join(filter(None, (place, enlarged if present(extends) else ""))),
                "generated": sites_facts.is_generated(row),
                "works": sites_facts.works_said(row, lang),
                "services": sites_facts.services_said(row, lang),
                "size": sites_facts.size_parts(row, lang) or ["—"],
                "cost": look.whole(row["cost"]),
                "phase": sites_facts.phase_said(row["phase"], lang) or "—",
                "serves": sites_facts.serves_said(names, row),
                **{key: sites_facts.better(row[key], unit, lang) for key in ("gain", "marginal", "total")},
            }
        )
    return rows


def site_map(outcome: Outcome, level: str) -> str:
    """Return a small map of the adopted sites, numbered, over the zones that the page has defined; nothing without sites."""
    sites = sites_facts.chosen(outcome)
    own = outcome.zones[outcome.zones["level"] == level]
    shown = sites[sites.geometry.notna()] if len(sites) else sites
    if shown.empty:
        return ""
    west, south, east, north = own.total_bounds
    scale = WIDTH / max(east - west, 1.0)
    height = round((north - south) * scale, 1)
    points = shapely.get_coordinates(np.asarray(shown.geometry.array))
    # one size for any shape of map: it is printed about as wide as high
    radius = 13.0 if len(shown) <= 40 else 9.0
    served = {zone for serves in shown["serves"] for zone in serves}
    unmet = set(sites_facts.unmet(outcome).rows["zone_id"])
    kinds = ["unmet" if z in unmet else "served" if z in served else "o" for z in own.index]
    parts = [f'<use href="#z{place}" class="{kind}"/>' for place, kind in enumerate(kinds)]
    parts.append('<use href="#zo" class="b"/>')
    phase_of = sites_facts.phase_place(shown)
    # the first to open lie above the later ones
    for place in reversed(range(len(shown))):
        row = shown.iloc[place]
        x, y = (points[place, 0] - west) * scale, (north - points[place, 1]) * scale
        fill, ink = look.site_colour(phase_of[place]), look.site_ink(phase_of[place])
        if sites_facts.is_generated(row):
            style = f'fill="#fff" stroke="{look.SITE_EDGE}" stroke-width="2.4" stroke-dasharray="5 3.4"'
            parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius + 5:g}" {style} fill-opacity=".75"/>')
        style = f'fill="{fill}" stroke="{look.site_edge(phase_of[place])}" stroke-width="1.6"'
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}" {style}/>')
        parts.append(
            f'<text x="{x:.1f}" y="{y + radius * 0.36:.1f}" text-anchor="middle" font-size="{radius * 1.1:g}" '
            f'font-weight="600" fill="{ink}">{float(row["order"]):.0f}</text>'
        )
    return f'<svg viewBox="-2 -2 {WIDTH + 4} {height + 4:g}" role="img">{"".join(parts)}</svg>'


def curves(outcome: Outcome) -> list[Plain]:
    """Return the gain curves, that of the adopted question first."""
    lang, drawn = outcome.lang, []
    answers = sorted(rows_of(outcome.answers), key=lambda row: not row["adopted"])
    for answer in answers:
        if empty(outcome.curve):
            break
        own = outcome.curve[outcome.curve["question"] == answer["question"]]
        own = own[own["objective"].notna()]
        if len(own) < 2:
            continue
        drawn.append(
            {
                "title": text(answer["label"]) or text(answer["question"]),
                "svg": _curve(outcome, answer, own),
                "note": look.label("siting_page_curve_note", lang)
                if _own_value(outcome, answer, own) is not None
                else "",
            }
        )
    return drawn[:MOST_CURVES]


def _own_value(outcome: Outcome, answer: Plain, own: pd.DataFrame) -> float | None:
    """Return what an answer's sites reach in all where that is not what its curve has for so many; else None."""
    if empty(outcome.sites):
        return None
    sites = outcome.sites[outcome.sites["question"] == answer["question"]].sort_values("order", kind="stable")
    at = own.loc[own["sites"] == len(sites), "objective"]
    if sites.empty or at.empty or not present(sites["total"].iloc[-1]):
        return None
    reached, best = float(sites["total"].iloc[-1]), float(at.iloc[0])
    return None if np.isclose(reached, best, rtol=1e-6) else reached


def _curve(outcome: Outcome, answer: Plain, own: pd.DataFrame) -> str:
    lang, value = outcome.lang, _own_value(outcome, answer, own)
    unit = sites_facts.gain_unit(outcome, answer)
    count = int(answer["sites"]) if present(answer["sites"]) and present(answer["objective"]) else None
    ends = own.sort_values("sites", kind="stable")["objective"].to_numpy()
    word = look.label("siting_page_upper" if ends[-1] >= ends[0] else "siting_page_lower", lang)
    said = Said(
        y=f"{_axis(answer, own, lang)}{_in_brackets(sites_facts.unit_said(unit, lang), lang)}",
        x=look.label("siting_page_curve_x", lang),
        best=look.label("siting_page_curve_best", lang),
        bound=look.sentence("siting_page_curve_bound", lang, word=word),
        met=look.sentence("siting_page_curve_met", lang, word=word),
        cut=_in_brackets(look.label("siting_page_curve_cut", lang), lang),
        adopted=_adopted(answer, own, count, lang, value=value, unit=unit),
    )
    return gain_curve(own, said=said, adopted=count, value=value, percent=unit == "share")


def _axis(answer: Plain, own: pd.DataFrame, lang: str) -> str:
    """Return what the curve counts: the answer's aim, unless that sums over phases, of which a curve has one."""
    at = own.loc[own["sites"] == answer["sites"], "objective"]
    same = len(at) and present(answer["objective"]) and np.isclose(at.iloc[0], answer["objective"])
    beyond = present(answer["objective"]) and answer["objective"] > own["objective"].max() * (1 + 1e-6)
    return look.label("siting_page_curve_once", lang) if beyond and not same else text(answer["aim"])


def _in_brackets(words: str, lang: str) -> str:
    if not words:
        return ""
    return f"（{words}）" if lang == "zh" else f" ({words})"


def _adopted(
    answer: Plain, own: pd.DataFrame, count: int | None, lang: str, *, value: float | None, unit: str
) -> str:
    """Return what stands beside the mark: number of sites, value, and its share of what all candidates reach."""
    at = own[own["sites"] == count]
    if at.empty or count is None:
        return ""
    name = look.label("siting_page_curve_adopted", lang) if answer["adopted"] else ""
    parts = [
        look.sentence("siting_page_curve_sites", lang, count=count),
        sites_facts.value_said(at["objective"].iloc[0] if value is None else value, unit, lang),
    ]
    share, best = at["share"].iloc[0], float(at["objective"].iloc[0])
    if present(share) and best > 0:
        own_share = float(share) if value is None else float(share) * value / best
        parts.append(look.sentence("siting_page_curve_share", lang, share=look.share(own_share)))
    comma, colon = ("，", "：") if lang == "zh" else (", ", ": ")
    return (f"{name}{colon}" if name else "") + comma.join(parts)


def questions(outcome: Outcome) -> list[Plain]:
    """Return a row a question: what was found, the bound, the recount, and what is proven."""
    lang, rows = outcome.lang, []
    for answer in rows_of(outcome.answers):
        unit = answer["unit"]
        rows.append(
            {
                "label": text(answer["label"]) or text(answer["question"]),
                "name": text(answer["question"]),
                "adopted": bool(answer["adopted"]),
                "aim": text(answer["aim"]),
                "sites": look.whole(answer["sites"]) if present(answer["objective"]) else "—",
                "proof": sites_facts.proof(answer, lang),
                **{
                    key: sites_facts.value_said(answer[key], unit, lang)
                    for key in ("before", "objective", "bound", "recount")
                },
            }
        )
    return rows


def support_rows(outcome: Outcome) -> Plain | None:
    """Return the indicators that the sites change, as the workbook's sheet has them; None where there are none."""
    table = changed_support_table(outcome)
    if table is None or sites_facts.adopted(outcome) is None:
        return None
    table = table.to(2)
    return {
        "heads": [{"text": c.header, "number": c.format in FORMATS} for c in table.columns],
        "rows": [[cell_text(cell, outcome.lang) or "—" for cell in row] for row in table.rows],
    }


def unmet_rows(outcome: Outcome, rows: pd.DataFrame) -> list[Plain]:
    """Return the zones that stay unmet, the first twenty."""
    lang, names = outcome.lang, Names(outcome)
    out = []
    for row in rows_of(rows.head(MOST_UNMET)):
        zone = row["zone_id"]
        above = (names.above(zone, up) for up in ("district", "town") if up != names.level(zone))
        out.append(
            {
                "zone": names.zone(zone),
                "above": " · ".join(filter(None, above)),
                "gap": sites_facts.value_said(row["gap"], row["unit"], lang),
                "why": sites_facts.why_said(row["why"], lang),
            }
        )
    return out


def how(outcome: Outcome) -> list[str]:
    """Return how the sites were found: model and data of each question."""
    lang, out = outcome.lang, []
    for answer in rows_of(outcome.answers):
        limits = []
        if present(answer.get("walk_minutes")):
            limits.append(
                look.sentence("siting_page_how_walk", lang, minutes=f"{float(answer['walk_minutes']):g}")
            )
        if present(answer.get("reach_minutes")):
            limits.append(
                look.sentence("siting_page_how_reach", lang, minutes=f"{float(answer['reach_minutes']):g}")
            )
        if present(answer.get("theta")):
            limits.append(
                look.sentence("siting_page_how_theta", lang, share=look.share(float(answer["theta"])))
            )
        out.append(
            look.sentence(
                "siting_page_how_looked",
                lang,
                question=text(answer["label"]) or text(answer["question"]),
                model=sites_facts.model(answer["ask"], lang),
                candidates=look.whole(answer["candidates"]),
                limits="".join(limits),
            )
        )
    out.append(look.label("siting_page_how_walks", lang))
    return out


@cache
def _template() -> jinja2.Template:
    file = resources.files("geoplan") / "report" / "templates" / "sites.html.j2"
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        keep_trailing_newline=True,
    )  # fmt: skip
    template: jinja2.Template = environment.from_string(
        file.read_text(encoding="utf-8").replace("\r\n", "\n")
    )
    return template
