// The page around the map: controls, figures, list, legend, layers, search. Every text comes ready from the data.
import { paintBand, paintMark } from "./paint.js";
import { bandsOf } from "./base.js";
import { $, div, span, toggle } from "./dom.js";
import { cellText, whole } from "./format.js";
import { classCounts, facilityLine, inGroup, leadText, levelsOf, parentsOf, sameNames, worstZones } from "./views.js";

export function buildPage(data) {
  const words = data.words, page = document.body;
  page.classList.add("gp");
  document.documentElement.lang = data.lang === "zh" ? "zh-CN" : "en";
  if (data.banner) { page.classList.add("gp-has-banner"); page.append(div("gp-banner", data.banner)); }
  const nodes = { controls: div("gp-controls"), figures: div("gp-figures"), list: div("gp-list"), hits: div("gp-hits"),
    search: $("input", { className: "gp-search", type: "search", placeholder: words.search, autocomplete: "off", enterKeyHint: "search" }),
    find: $("button", { type: "button", className: "gp-go" }, words.search_act),
    legend: div("gp-card gp-legend"), layers: div("gp-card gp-layers"), hover: div("gp-hover") };
  nodes.scroll = div("gp-scroll", nodes.figures, nodes.list);
  nodes.right = div("gp-right", nodes.layers, nodes.legend);
  nodes.fold = $("button", { type: "button", className: "gp-fold", title: words.fold });
  page.append(
    div("gp-panel", nodes.fold, div("gp-head", $("h1", {}, data.title), div("gp-sub", data.year), div("gp-basis", data.basis),
        ...(data.people_change ? [$("details", { className: "gp-basis" }, $("summary", {}, words.people_change), data.people_change)] : [])),
      div("gp-find", nodes.search, nodes.find, nodes.hits), nodes.controls, nodes.scroll),
    nodes.right, nodes.hover, div("gp-credits", [data.review, data.credits].filter(Boolean).join(" · ")));
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

// The worst zones of the view, those first that the list's own figure puts first.
export function drawList(node, data, state, view, go) {
  const zones = data.zones, where = (z) => parentsOf(zones, data.levels, z).join(" · "), worst = worstZones(view, zones, state.level, 12);
  node.replaceChildren(...(worst.length ? [div("gp-list-title", view.list), ...worst.map((z, k) => $("button", {
    type: "button", className: "gp-row", data: { zone: z }, on: { click: () => go.zone(z) } },
    span("gp-rank", String(k + 1)), span("gp-name", zones.name[z], span("gp-where", where(z))), span("gp-value", leadText(view, z))))] : []));
}

// The facilities of a view of catchments: those that most people are nearest to first, with capacity and load beneath the name.
export function drawFacilities(node, view, go) {
  const { columns, mark } = view.facilities, [name, people, ...more] = columns;
  node.replaceChildren(div("gp-list-title", `${view.list} · ${people.header}`), ...mark.map((k, row) => $(k < 0 ? "div" : "button", {
    ...(k < 0 ? {} : { type: "button", on: { click: () => go.facility(k) } }), className: "gp-row gp-facility" },
    span("gp-name", cellText(name, row), span("gp-where", facilityLine(more, row))), span("gp-value", cellText(people, row)))));
}

// A card over the map under a head that opens and closes it; `act` hears of it.
export const fillCard = (card, title, body, act) => card.replaceChildren(
  $("button", { type: "button", className: "gp-card-head", on: { click: () => { card.classList.toggle("closed"); act(); } } }, title), div("gp-card-body", ...body));

export function drawLegend(node, data, state, view, act) {
  const counts = classCounts(view, data.zones, state.level), told = node.querySelector("details");
  const swatchOf = (own) => {
    const swatch = span("gp-swatch" + (own.hatch ? " hatch" : ""));
    if (!own.hatch) swatch.style.background = own.colour;
    return swatch;
  };
  // classes of one name differ in colour only, and share a line
  const classes = sameNames(view.classes).map((own) => div("gp-class", ...own.map((k) => swatchOf(view.classes[k])), span("", view.classes[own[0]].text),
    span("gp-count", whole(own.reduce((sum, k) => sum + counts[k], 0)))));
  const foot = $("details", { className: "gp-legend-foot", open: Boolean(told && told.open) }, $("summary", {}, data.words.basis),
    div("", view.what), div("", `${data.year} · ${data.levels[state.level].label}`), ...view.notes.map((note) => div("gp-clause", note)),
    $("div", { className: "gp-files", title: data.files.join("\n") }, view.files_text));
  foot.addEventListener("toggle", act);
  fillCard(node, view.group ? `${view.group} · ${view.title}` : view.title, [...classes, foot], act);
}

const icon = (paint) => { const canvas = $("canvas", { width: 32, height: 32, className: "gp-icon" }), c = canvas.getContext("2d"); c.scale(2, 2); paint(c); return canvas; };
const disc = (c, x, y, r) => { c.beginPath(); c.arc(x, y, r, 0, 7); c.fill(); };

export function drawLayers(card, map, data, state, base, act) {
  const words = data.words, look = data.look, body = div(""), sheets = base.sheets;
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
      const bands = bandsOf(data.isochrones, k);
      if (!bands.length) return;
      put(toggle(service.label, Boolean(state.isochrones[k]), (on) => { state.isochrones[k] = on; sheets.isochrones.redraw(); base.stepBack(); }, bandIcon(colour(k), 0, 1)),
        div("gp-note gp-bands", bands.map((m, b) => span("gp-band-item", bandIcon(colour(k), b, bands.length), String(m))), words.minutes_unit));
    });
  }
  data.services.forEach((service, k) => {
    if (!k || service.outside !== data.services[k - 1].outside) head(service.outside);
    put(toggle(service.label, Boolean(state.outside[k]), (on) => { state.outside[k] = on; sheets.outside.redraw(); },
      icon((c) => { c.fillStyle = look.people_outside; c.globalAlpha = 0.6; for (const [x, y, r] of [[4, 5, 2], [10, 4, 3], [7, 11, 3.4], [13, 11, 1.6]]) disc(c, x, y, r); }),
      whole(data.outside[k].total)));
  });
  head(words.layers);
  if (base.tiles) put(toggle(words.layer_tiles, true, (on) => switchTo(base.tiles, on)));
  put(toggle(words.layer_streets, true, (on) => switchTo(sheets.streets, on)), toggle(words.layer_labels, true, (on) => switchTo(sheets.names, on)));
  fillCard(card, words.layers, [body], act);
}

// A band as it is drawn on the map; `b` is its place among `count`, the nearest first.
export const bandIcon = (colour, b, count) => icon((c) => { c.beginPath(); c.rect(2.5, 3.5, 11, 9); paintBand(c, colour, b, count, 1.8); });

// What the search finds: zones and facilities by name.
export function searchEntries(data, marks, go) {
  const { zones, levels, facilities } = data, kinds = new Map(facilities.kinds.map((kind) => [kind.id, kind.label]));
  const of = (z) => [levels[zones.level[z]].label, ...parentsOf(zones, levels, z)].join(" · ");
  return [...zones.name.map((name, z) => ({ name, where: of(z), sort: zones.level[z], act: () => go.zone(z), area: levels[zones.level[z]].id === "area" }))
    .filter((entry) => !entry.area),
    ...marks.map((mark) => ({ name: mark.name, where: kinds.get(mark.kind) || "", sort: 99 + mark.k, act: () => go.mark(mark) }))];
}
