// The map's page: one state, one `refresh` that draws it anew.
import { drawBase } from "./base.js";
import { showBeside } from "./dom.js";
import { buildPage, drawControls, drawFigures, drawLayers, drawLegend, drawList, facilityCard, searchIn, zoneCard } from "./panel.js";
import { levelOf, levelsOf, rowsAt, viewsBySubject } from "./views.js";

export function startMap(map, data) {
  const zones = data.zones, levels = data.levels, page = document.body, tabs = viewsBySubject(data.views);
  const state = { level: -1, picked: -1, hovered: -1, last: {}, isochrones: {}, outside: {}, kinds: Object.fromEntries(data.facilities.kinds.map((kind) => [kind.id, true])) };
  let view = data.views[0];
  const nodes = buildPage(data);
  const base = drawBase(map, data, state, {
    over: (z) => { state.hovered = z; }, out: (z) => { if (state.hovered === z) state.hovered = -1; }, click: (z) => pick(z) });
  const sheets = base.sheets, list = () => drawList(nodes.list, data, tabs, state, view, go);

  function pick(z) { state.picked = z; sheets.picked.redraw(); list(); }
  const go = {
    pick,
    zone(z) {
      if (levelsOf(view, zones, levels).includes(zones.level[z])) state.level = zones.level[z];
      state.picked = z;
      refresh();
      map.flyToBounds(base.polygons[z].getBounds(), { maxZoom: 15, padding: [60, 60], duration: 0.6 });
    },
    mark(mark) {
      const point = L.point(mark.x, mark.y).multiplyBy(Math.pow(2, map.getZoom())).subtract(map.getPixelOrigin());
      map.flyTo(map.layerPointToLatLng(point), 16, { duration: 0.6 });
    },
  };
  function show(other) { view = state.last[other.subject] = other; refresh(); }

  function refresh() {
    state.level = levelOf(view, zones, levels, state.level);
    if (state.picked >= 0 && zones.level[state.picked] !== state.level) state.picked = -1;
    drawControls(nodes.controls, data, tabs, state, view, show);
    base.paintZones(view);
    drawFigures(nodes.figures, view.figures[levels[state.level].id] || []);
    list();
    drawLegend(nodes.legend, data, state, view);
    for (const name of ["outlines", "names", "picked"]) sheets[name].redraw();
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
  map.on("click", () => pick(-1));
  searchIn(nodes, data, base.marks, go);

  // ---- open
  const wide = map.getSize().x > 800;  // the cards on the right must not hide the study area
  map.fitBounds(data.bounds, { paddingTopLeft: [18, 18], paddingBottomRight: [wide ? 262 : 18, 30] });
  map.setMinZoom(Math.floor(map.getZoom()) - 2);
  for (const name of ["outlines", "names", "picked"]) sheets[name].addTo(map);
  // map.html#view=share&pick=1&level=town&zone=community/W0001&show=isochrones0,outside1 opens on just that
  const wanted = new URLSearchParams(location.hash.slice(1)), views = tabs.get(wanted.get("view"));
  if (views) view = views[Number(wanted.get("pick")) || 0] || views[0];
  state.level = levels.findIndex((level) => level.id === wanted.get("level"));
  for (const item of (wanted.get("show") || "").split(",")) {
    const [, layer, k] = /^(isochrones|outside)(\d+)$/.exec(item) || [];
    if (layer) state[layer][Number(k)] = true;
  }
  drawLayers(nodes.layers, map, data, state, base);
  if (view) show(view);
  sheets.isochrones.redraw(); sheets.outside.redraw(); base.stepBack();
  const zone = zones.id.indexOf(wanted.get("zone"));
  if (zone >= 0) { map.fitBounds(base.polygons[zone].getBounds(), { maxZoom: 15, padding: [60, 60] }); pick(zone); }
  L.control.scale({ imperial: false, position: "bottomleft" }).addTo(map);
  document.addEventListener("securitypolicyviolation", () => { page.dataset.refused = String(Number(page.dataset.refused || 0) + 1); });
  page.dataset.ready = String(Math.round(performance.now()));
  return { pick, nodes };
}
