// The map's page: one state, one `refresh` that draws it anew.
import { drawBase } from "./base.js";
import { drawCard, facilityCard, markCard, rowsByZone, zoneCard } from "./card.js";
import { $, showBeside, span } from "./dom.js";
import { fitter } from "./fit.js";
import { buildPage, drawControls, drawFacilities, drawFigures, drawLayers, drawLegend, drawList, searchEntries } from "./panel.js";
import { startSearch } from "./search.js";
import { watchTouch } from "./touch.js";
import { levelOf, levelsOf, rowsAt, viewsBySubject } from "./views.js";

export function startMap(map, data) {
  const zones = data.zones, levels = data.levels, page = document.body, tabs = viewsBySubject(data.views);
  const state = { level: -1, picked: -1, hovered: -1, last: {}, isochrones: {}, outside: {}, kinds: Object.fromEntries(data.facilities.kinds.map((kind) => [kind.id, true])) };
  let view = data.views[0];
  watchTouch();
  const nodes = buildPage(data);
  const base = drawBase(map, data, state, {
    over: (z) => { state.hovered = z; }, out: (z) => { if (state.hovered === z) state.hovered = -1; }, click: (z, point) => tap(point, z) || pick(z) });
  const sheets = base.sheets, rows = rowsByZone(data.rules), frame = fitter(map, [nodes.layers, nodes.legend]);
  // what was picked stands alone in the panel, without the figures of the whole
  function list() {
    page.classList.toggle("gp-has-picked", state.picked >= 0);
    if (state.picked >= 0) drawCard(nodes.list, data, view, state.picked, rows.get(state.picked) || [], () => pick(-1));
    else if (view.facilities) drawFacilities(nodes.list, view, go);
    else drawList(nodes.list, data, state, view, go);
  }

  function pick(z) {
    state.picked = z;
    if (z >= 0) unfold();
    sheets.picked.redraw();
    list();
    top();
  }
  // the card of a facility, and below it the community on which it was clicked
  function pickMark(mark, z) {
    pick(-1);
    unfold();
    const zone = z >= 0 && $("button", { type: "button", className: "gp-row", on: { click: () => pick(z) } }, span("gp-name", zones.name[z]), span("gp-count", "›"));
    nodes.list.replaceChildren(markCard(data, mark, zone, () => pick(-1)));
    page.classList.add("gp-has-picked");
  }
  // what lies at a point above the zones, each layer asked in turn: true where one has opened its card
  const layers = [(point, z) => { const mark = base.markUnder(point); if (mark) pickMark(mark, z); return Boolean(mark); }];
  const tap = (point, z) => layers.some((open) => open(point, z));
  const top = () => { nodes.scroll.scrollTop = 0; };
  const go = {
    pick,
    zone(z) {
      if (levelsOf(view, zones, levels).includes(zones.level[z])) state.level = zones.level[z];
      state.picked = z;
      unfold();
      refresh();
      top();
      const bounds = base.polygons[z].getBounds().pad(0.3);
      map.flyToBounds(bounds, { ...frame.free(bounds), maxZoom: 15, duration: 0.6 });
    },
    mark(mark) {
      const point = L.point(mark.x, mark.y).multiplyBy(Math.pow(2, map.getZoom())).subtract(map.getPixelOrigin());
      pickMark(mark, -1);
      map.flyTo(map.layerPointToLatLng(point), 16, { duration: 0.6 });
    },
  };
  go.facility = (k) => go.mark(base.marks.find((mark) => mark.k === k));
  function show(other) { view = state.last[other.subject] = other; refresh(); }

  function refresh() {
    state.level = levelOf(view, zones, levels, state.level);
    if (state.picked >= 0 && zones.level[state.picked] !== state.level) state.picked = -1;
    drawControls(nodes.controls, data, tabs, state, view, show);
    base.paintZones(view);
    drawFigures(nodes.figures, view.figures[levels[state.level].id] || []);
    list();
    drawLegend(nodes.legend, data, state, view, refit);
    for (const name of ["outlines", "edges", "names", "picked"]) sheets[name].redraw();
    page.dataset.view = view.subject;
    page.dataset.zones = String(rowsAt(view, zones, state.level).length);
  }

  // ---- hover: the nearest mark under the mouse, else the zone
  const hide = () => { nodes.hover.style.display = "none"; };
  map.on("mousemove", (event) => {
    const mark = base.markUnder(event.containerPoint);
    if (!mark && state.hovered < 0) return hide();
    nodes.hover.replaceChildren(...(mark ? facilityCard(data, mark) : zoneCard(data, view, state.hovered)));
    showBeside(nodes.hover, event.originalEvent);
  });
  map.on("mouseout", hide);
  map.on("click", (event) => { if (!tap(event.containerPoint, -1)) pick(-1); });
  const search = startSearch(nodes.search, nodes.hits, nodes.find, data.words.no_match);
  search.add(searchEntries(data, base.marks, go), 12);

  // ---- the study whole between the panels: on opening, by the button, and after a panel folds as long as nobody has moved the map
  const fit = () => frame.fit(L.latLngBounds(data.bounds));
  const refit = () => { if (!frame.moved()) fit(); };
  const narrow = () => window.innerWidth <= 900;
  function fold(on) {
    const still = !frame.moved();
    page.classList.toggle("gp-folded", on);
    map.invalidateSize({ pan: false });
    if (still) fit();
  }
  function unfold() { if (page.classList.contains("gp-folded") && narrow()) fold(false); }
  nodes.fold.addEventListener("click", () => fold(!page.classList.contains("gp-folded")));
  map.on("resize", refit);
  const whole = $("a", { href: "#", role: "button", title: data.words.fit, className: "gp-fit" }, "⤢");
  L.DomEvent.on(whole, "click", (event) => { L.DomEvent.stop(event); fit(); });
  map.zoomControl.getContainer().append(whole);

  // ---- open
  page.classList.toggle("gp-folded", narrow());
  // a low or narrow window has room for one open card
  if (window.innerHeight < 860 || window.innerWidth < 1300) nodes.layers.classList.add("closed");
  map.setView(L.latLngBounds(data.bounds).getCenter(), 10, { animate: false });
  for (const name of ["outlines", "edges", "names", "picked"]) sheets[name].addTo(map);
  // map.html#view=share&pick=1&level=town&zone=community/W0001&show=isochrones0,outside1 opens on just that
  const wanted = new URLSearchParams(location.hash.slice(1)), views = tabs.get(wanted.get("view"));
  if (views) view = views[Number(wanted.get("pick")) || 0] || views[0];
  state.level = levels.findIndex((level) => level.id === wanted.get("level"));
  for (const item of (wanted.get("show") || "").split(",")) {
    const [, layer, k] = /^(isochrones|outside)(\d+)$/.exec(item) || [];
    if (layer) state[layer][Number(k)] = true;
  }
  drawLayers(nodes.layers, map, data, state, base, refit);
  if (view) show(view);
  map.invalidateSize({ pan: false });
  fit();
  map.setMinZoom(Math.floor(map.getZoom()) - 2);
  sheets.isochrones.redraw(); sheets.outside.redraw(); base.stepBack();
  const zone = zones.id.indexOf(wanted.get("zone"));
  if (zone >= 0) {
    const bounds = base.polygons[zone].getBounds().pad(0.3);
    pick(zone);
    map.fitBounds(bounds, { ...frame.free(bounds), maxZoom: 15 });
  }
  L.control.scale({ imperial: false, position: "bottomleft" }).addTo(map);
  document.addEventListener("securitypolicyviolation", () => { page.dataset.refused = String(Number(page.dataset.refused || 0) + 1); });
  page.dataset.ready = String(Math.round(performance.now()));
  return { pick, nodes, search, layers };
}
