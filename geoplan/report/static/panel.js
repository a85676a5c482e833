// The page around the map: controls, figures, list, legend, layers, search. Every text comes ready from the data.
import { paintMark } from "./paint.js";
import { bandsOf } from "./base.js";
import { $, div, lineNodes, span, toggle } from "./dom.js";
import { cellText, whole } from "./format.js";
import { cardLines, classCounts, findByName, inGroup, leadText, levelsOf, parentsOf, worstZones } from "./views.js";

export function buildPage(data) {
  const words = data.words, page = document.body;
  page.classList.add("gp");
  document.documentElement.lang = data.lang === "zh" ? "zh-CN" : "en";
  if (data.banner) { page.classList.add("gp-has-banner"); page.append(div("gp-banner", data.banner)); }
  const nodes = { controls: div("gp-controls"), figures: div("gp-figures"), list: div("gp-list"), hits: div("gp-hits"),
    search: $("input", { className: "gp-search", type: "search", placeholder: words.search, autocomplete: "off" }),
    legend: div("gp-card gp-legend"), layers: div("gp-card gp-layers"), hover: div("gp-hover") };
  page.append(
    div("gp-panel", div("gp-head", $("h1", {}, data.title), div("gp-sub", data.year), div("gp-basis", data.basis)),
      div("gp-find", nodes.search, nodes.hits), nodes.controls, nodes.figures, nodes.list),
    div("gp-right", nodes.layers, nodes.legend), nodes.hover, data.credits ? div("gp-credits", data.credits) : "");
  return nodes;
}

const segments = (options, current, act) => div("gp-segments", options.map(([key, label]) =>
  $("button", { type: "button", className: key === current ? "on" : "", on: { click: () => act(key) } }, label)));

// Tabs of the subjects, groups and views of the shown one, levels.
export function drawControls(node, data, tabs, state, view, show) {
  const views = tabs.get(view.subject), groups = [...new Set(views.map((v) => v.group))];
  const own = views.filter((v) => v.group === view.group), here = levelsOf(view, data.zones, data.levels);
  const tab = (subject) => $("button", { type: "button", className: subject === view.subject ? "on" : "", data: { view: subject },
    on: { click: () => show(state.last[subject] || tabs.get(subject)[0]) } }, data.words["view_" + subject]);
  const menu = $("select", { className: "gp-select", on: { change: (e) => show(own[Number(e.target.value)]) } },
    own.map((v, k) => $("option", { value: k, selected: v === view }, v.title)));
  const level = (k) => { state.level = k; show(view); };
  node.replaceChildren(div("gp-tabs", [...tabs.keys()].map(tab)),
    ...(groups.length > 1 ? [segments(groups.map((g) => [g, g]), view.group, (g) => show(inGroup(views, g, view.title)))] : []), menu,
    ...(here.length > 1 ? [segments(here.map((k) => [k, data.levels[k].brief]), state.level, level)] : []));
}

export function drawFigures(node, figures) {
  const chip = (figure) => { const own = span("gp-chip", figure.value); own.style.background = figure.colour; own.style.color = figure.ink; return own; };
  node.replaceChildren(...figures.map((figure) => {
    const notes = figure.caveats.map((caveat) => div("gp-note soft", caveat));
    return figure.colour ? div("gp-finding", div("", chip(figure), " ", figure.name), ...notes)
      : div("gp-big" + (figure.strong ? " strong" : ""), div("gp-number", figure.value, figure.unit && span("gp-unit", " " + figure.unit)), div("gp-note", figure.name), ...notes);
  }));
}

// The worst zones of the view, or all that is known of the one that was picked.
export function drawList(node, data, tabs, state, view, go) {
  const zones = data.zones, where = (z) => parentsOf(zones, data.levels, z).join(" · ");
  if (state.picked >= 0) {
    const z = state.picked, head = div("gp-picked-head", div("", $("h2", {}, zones.name[z]), div("gp-where", [where(z), zones.kind[z]].filter(Boolean).join(" · "))),
      $("button", { type: "button", className: "gp-close", title: data.words.back, on: { click: () => go.pick(-1) } }, "×"));
    const rules = (tabs.get("flags") || []).filter((own) => own.at.has(z)).map((own) => {
      const row = own.at.get(z), dot = span("gp-dot"), kind = own.classes[own.of[row]];
      dot.style.background = kind.colour;
      if (kind.hatch) dot.classList.add("none");
      const told = own.columns.map((column) => [column.header, cellText(column, row)]).slice(1, 5).filter(([, text]) => text);
      return div("gp-rule", div("gp-rule-name", dot, own.title), div("gp-note", told.map(([name, text]) => `${name} ${text}`).join(" · ")));
    });
    node.replaceChildren(div("gp-picked", head, ...lineNodes(cardLines(view, z)), ...(rules.length ? [div("gp-list-title", data.words.view_flags), ...rules] : [])));
    return;
  }
  const worst = worstZones(view, zones, state.level, 12);
  node.replaceChildren(...(worst.length ? [div("gp-list-title", view.list), ...worst.map((z, k) => $("button", {
    type: "button", className: "gp-row", data: { zone: z }, on: { click: () => go.zone(z) } },
    span("gp-rank", String(k + 1)), span("gp-name", zones.name[z], span("gp-where", where(z))), span("gp-value", leadText(view, z))))] : []));
}

export function drawLegend(node, data, state, view) {
  const counts = classCounts(view, data.zones, state.level);
  node.replaceChildren(div("gp-legend-title", view.group ? `${view.group} · ${view.title}` : view.title), div("gp-note", view.what),
    ...view.classes.map((own, k) => {
      const swatch = span("gp-swatch" + (own.hatch ? " hatch" : ""));
      if (!own.hatch) swatch.style.background = own.colour;
      return div("gp-class", swatch, span("", own.text), span("gp-count", whole(counts[k])));
    }),
    div("gp-legend-foot", div("", `${data.year} · ${data.levels[state.level].label}`), ...view.notes.map((note) => div("gp-clause", note)),
      $("div", { className: "gp-files", title: data.files.join("\n") }, view.files_text)));
}

const icon = (paint) => { const canvas = $("canvas", { width: 32, height: 32, className: "gp-icon" }), c = canvas.getContext("2d"); c.scale(2, 2); paint(c); return canvas; };
const disc = (c, x, y, r) => { c.beginPath(); c.arc(x, y, r, 0, 7); c.fill(); };

export function drawLayers(card, map, data, state, base) {
  const words = data.words, look = data.look, body = div("gp-layers-body"), sheets = base.sheets;
  const put = (...nodes) => body.append(...nodes), head = (text) => put(div("gp-layer-head", text));
  const switchTo = (sheet, on) => { on ? sheet.addTo(map) : sheet.remove(); };
  head(words.layer_facilities);
  for (const kind of data.facilities.kinds) put(toggle(kind.label, true, (on) => { state.kinds[kind.id] = on; sheets.marks.redraw(); sheets.names.redraw(); },
    icon((c) => paintMark(c, { ...kind, radius: 4.6 }, 8, 8, 1)), whole(base.marks.filter((m) => m.kind === kind.id).length)));
  put(div("gp-note soft", words.hollow_note));
  if (data.unplaced.length) put($("details", { className: "gp-unplaced" }, $("summary", {}, `${words.unplaced_count} `, span("gp-count", whole(data.unplaced.length))),
    data.unplaced.map((line) => div("gp-note", line))));
  const colour = (k) => look.services[k % look.services.length];
  if (data.isochrones.length) {
    head(words.layer_isochrones);
    data.services.forEach((service, k) => {
      const bands = bandsOf(data.isochrones, k), near = (m) => bands.length - 1 - bands.indexOf(m);
      if (!bands.length) return;
      const mark = icon((c) => bands.slice().reverse().forEach((m, b) => { c.globalAlpha = 0.35 + 0.2 * b; c.fillStyle = colour(k); disc(c, 8, 8, 7 - b * (6 / bands.length)); }));
      put(toggle(service.label, Boolean(state.isochrones[k]), (on) => { state.isochrones[k] = on; sheets.isochrones.redraw(); base.stepBack(); }, mark),
        div("gp-note gp-bands", bands.map((m) => span("gp-band-item", bandChip(colour(k), 0.25 + (0.6 * near(m)) / bands.length), String(m))), words.minutes_unit));
    });
  }
  data.services.forEach((service, k) => {
    if (!k || service.outside !== data.services[k - 1].outside) head(service.outside);
    put(toggle(service.label, Boolean(state.outside[k]), (on) => { state.outside[k] = on; sheets.outside.redraw(); },
      icon((c) => { c.fillStyle = look.people_outside; c.globalAlpha = 0.6; for (const [x, y, r] of [[4, 5, 2], [10, 4, 3], [7, 11, 3.4], [13, 11, 1.6]]) disc(c, x, y, r); }),
      whole(data.outside[k].total)));
  });
  head(words.layers);
  put(toggle(words.layer_streets, true, (on) => switchTo(sheets.streets, on)), toggle(words.layer_labels, true, (on) => switchTo(sheets.names, on)));
  card.replaceChildren($("button", { type: "button", className: "gp-card-head", on: { click: () => card.classList.toggle("closed") } }, words.layers), body);
}

export const bandChip = (colour, opacity) => { const chip = span("gp-band"); chip.style.background = colour; chip.style.opacity = opacity; return chip; };

// What the box under the mouse says of a facility.
export function facilityCard(data, mark) {
  const f = data.facilities, k = mark.k;
  return [$("h3", {}, mark.name), div("gp-where", f.about[k]), f.capacity[k] && div("gp-note", f.capacity[k]), div("gp-note soft", f.origin[k])].filter(Boolean);
}

export const zoneCard = (data, view, z) =>
  [$("h3", {}, data.zones.name[z]), div("gp-where", parentsOf(data.zones, data.levels, z).join(" · ")), ...lineNodes(cardLines(view, z))];

// Search by name among zones and facilities.
export function searchIn(nodes, data, marks, go) {
  const { zones, levels, facilities } = data, area = (z) => levels[zones.level[z]].id === "area";
  const kinds = new Map(facilities.kinds.map((kind) => [kind.id, kind.label]));
  const index = [...zones.name.map((name, z) => ({ name, z, sort: zones.level[z] })).filter((entry) => !area(entry.z)),
    ...marks.map((mark) => ({ name: mark.name, mark, sort: 99 + mark.k }))];
  const where = (entry) => (entry.mark ? kinds.get(entry.mark.kind) || "" : [levels[zones.level[entry.z]].label, ...parentsOf(zones, levels, entry.z)].join(" · "));
  nodes.search.addEventListener("input", () => {
    const hits = findByName(index, nodes.search.value, 12), none = nodes.search.value.trim() && !hits.length;
    nodes.hits.replaceChildren(...(none ? [div("gp-note", data.words.no_match)] : hits.map((entry) => $("button", {
      type: "button", className: "gp-row",
      on: { click: () => { nodes.hits.replaceChildren(); nodes.search.value = entry.name; entry.mark ? go.mark(entry.mark) : go.zone(entry.z); } } },
      span("gp-name", entry.name, span("gp-where", where(entry)))))));
  });
}
