// The map itself: zones, streets, facilities, isochrones, people outside, names. It draws what `state` says and knows no figure.
import { ringsToLines, toWorld, unpackIntegers, unpackLines, unpackPoints, unpackPolygons } from "./codec.js";
import { hatch, isDark, markGrow, paintIsochrones, paintGround, paintMarks, paintNames, paintPeople, paintStreets, traceLines } from "./paint.js";
import { Sheet } from "./sheet.js";
import { slack } from "./touch.js";

// The middle of the largest ring's box: good enough for a name.
export function middleOf(lines) {
  let best = 0, area = -1;
  for (let k = 0; k + 1 < lines.start.length; k++) {
    const b = lines.box, size = (b[4 * k + 2] - b[4 * k]) * (b[4 * k + 3] - b[4 * k + 1]);
    if (size > area) { area = size; best = k; }
  }
  const b = lines.box.slice(4 * best, 4 * best + 4);
  return { x: (b[0] + b[2]) / 2, y: (b[1] + b[3]) / 2, room: b[2] - b[0], ok: area >= 0 };
}

// Names of zones in the order in which they take their room, each with the zoom from which it is shown.
export function namesOf(zones, levels, middle) {
  const names = zones.name.map((text, z) => ({ text, z, level: zones.level[z], ...middle[z] })).filter((n) => n.ok && levels[n.level].id !== "area");
  names.sort((a, b) => a.level - b.level || b.room - a.room || a.z - b.z);
  const coarsest = Math.min(...names.map((n) => n.level)), from = { district: 0, town: 10.5, community: 13, estate: 15.5 };
  for (const name of names) name.from = name.level === coarsest && levels.length > 2 ? 0 : from[levels[name.level].id];
  return names;
}

// Facilities as marks, the large ones first, so that small ones lie above.
export function marksOf(facilities) {
  const kinds = new Map(facilities.kinds.map((kind) => [kind.id, kind])), world = toWorld(unpackPoints(facilities.xy));
  return facilities.name.map((name, k) => {
    const kind = kinds.get(facilities.kind[k]) || {};
    return { name, k, x: world[2 * k], y: world[2 * k + 1], radius: facilities.radius[k], hollow: facilities.status[k] !== "existing",
      kind: facilities.kind[k], shape: kind.shape, colour: kind.colour };
  }).sort((a, b) => b.radius - a.radius || a.k - b.k);
}

export const bandsOf = (isochrones, service) =>
  [...new Set(isochrones.filter((e) => e.service === service).map((e) => e.minutes))].sort((a, b) => a - b);
// The outlines of the first row of a packed layer.
export const outlineOf = (shape) => ringsToLines(unpackPolygons(shape)[0] || []);

export function drawBase(map, data, state, onZone) {
  const look = data.look, zones = data.zones, levels = data.levels;
  let shownView = null;
  const paths = unpackPolygons(zones.shape), outlines = paths.map(ringsToLines), middle = outlines.map(middleOf);
  ["ground", "streets", "zones", "isochrones", "outlines", "edges", "outside", "marks", "names", "picked"].forEach((name, k) => {
    const pane = map.createPane(name);
    pane.style.zIndex = 300 + 20 * k;
    if (name !== "zones") pane.style.pointerEvents = "none";
  });
  // tiles of the office's own server or archive, quiet beneath all else; without the network the ground stays plain
  let tiles = null;
  if (data.tiles) {
    const pane = map.createPane("tiles");
    pane.style.zIndex = 290;
    const { images, address, min_zoom: coarsest, max_zoom: finest } = data.tiles, options = { pane: "tiles", maxNativeZoom: finest, maxZoom: 19 };
    // of an archive the images lie in the page; where it has none, an empty one
    const Images = L.TileLayer.extend({ getTileUrl: (at) => images[`${at.z}/${at.x}/${at.y}`] || L.Util.emptyImageUrl });
    tiles = (images ? new Images("", { ...options, minNativeZoom: coarsest }) : L.tileLayer(address, options)).addTo(map);
  }
  const sheet = (pane, paint) => new Sheet(paint, { pane });
  const sheets = {};
  sheets.ground = sheet("ground", paintGround(data.ground, outlines)).addTo(map);
  sheets.streets = sheet("streets", paintStreets(data.streets.map(unpackLines), look)).addTo(map);

  const noData = hatch(look.no_data, look.hatch), renderer = L.canvas({ pane: "zones", padding: 0.15 });
  const groups = levels.map(() => L.layerGroup());
  const polygons = paths.map((path, z) => {
    const polygon = L.polygon(path, { renderer, pane: "zones", weight: 0.6, color: look.boundary, fillOpacity: 1, smoothFactor: 0.6 });
    polygon.on("mouseover", () => onZone.over(z));
    polygon.on("mouseout", () => onZone.out(z));
    polygon.on("click", (event) => { L.DomEvent.stop(event); onZone.click(z, event.containerPoint); });
    if (path.length) groups[zones.level[z]].addLayer(polygon);
    return polygon;
  });

  const isochrones = data.isochrones.map((entry) => ({ ...entry, lines: outlineOf(entry.shape) }));
  sheets.isochrones = sheet("isochrones", paintIsochrones(isochrones, state.isochrones, look.services)).addTo(map);

  sheets.outlines = sheet("outlines", (context, view) => {
    for (let level = state.level - 1; level >= 0; level--) {
      if (levels[level].id === "estate") continue;
      context.beginPath();
      zones.level.forEach((own, z) => { if (own === level) traceLines(context, view, outlines[z], true); });
      context.strokeStyle = look.boundary_strong;
      context.globalAlpha = level === 0 ? 0.9 : 0.7 - 0.12 * (level - 1);
      context.lineWidth = [2, 1.5, 1][level] || 0.8;
      context.stroke();
    }
    context.globalAlpha = 1;
  });

  // boundaries of catchments, with a light line beneath
  const edges = new Map();
  sheets.edges = sheet("edges", (context, view) => {
    if (!shownView || !shownView.edges) return;
    if (!edges.has(shownView)) edges.set(shownView, unpackLines(shownView.edges));
    context.lineJoin = "round";
    for (const [colour, width] of [["rgba(255,255,255,0.85)", 4], [look.boundary_strong, 1.6]]) {
      context.beginPath();
      traceLines(context, view, edges.get(shownView), false);
      context.strokeStyle = colour;
      context.lineWidth = width;
      context.stroke();
    }
  });

  const outside = data.outside.map((entry) => {
    const people = unpackIntegers(entry.people), mean = people.reduce((a, b) => a + b, 0) / Math.max(1, people.length);
    return { world: toWorld(unpackPoints(entry.xy)), people, mean };  // a dot of the mean size is one pixel wide at zoom 12
  });
  sheets.outside = sheet("outside", paintPeople(outside, state.outside, look.people_outside)).addTo(map);

  const marks = marksOf(data.facilities);
  sheets.marks = sheet("marks", paintMarks(marks, state.kinds)).addTo(map);

  const names = namesOf(zones, levels, middle), stepped = () => Object.values(state.isochrones).some(Boolean);
  const classOf = (z) => shownView && shownView.classes[shownView.of[shownView.at.get(z)]];
  const fillOf = (z) => { const own = classOf(z); return own && !own.hatch ? own.colour : ""; };
  const clear = (data.siting ? data.siting.sites : []).map((site) => site.at);
  const spots = toWorld(Float64Array.from(clear.flatMap(([lat, lon]) => [lon, lat])));
  const sites = clear.map((_, k) => ({ x: spots[2 * k], y: spots[2 * k + 1] }));
  sheets.names = sheet("names", paintNames(
    () => names.filter((n) => n.level <= state.level),
    () => [...marks.filter((mark) => state.kinds[mark.kind]), ...sites],
    (name) => {
      const big = name.from === 0, size = big ? 15 : levels[name.level].id === "town" ? 13 : 11.5;
      // a name of the shown level lies on one colour only
      const ground = name.level === state.level && !stepped() && fillOf(name.z), dark = ground && isDark(ground);
      return { css: `${big ? 600 : 500} ${size}px ${look.font}`, size, colour: dark ? "#fff" : big ? look.ink : "#2f3b47", halo: dark && ground };
    }));

  sheets.picked = sheet("picked", (context, view) => {
    if (state.picked < 0) return;
    for (const [colour, width] of [["#fff", 5], [look.ink, 2.2]]) {
      context.beginPath();
      traceLines(context, view, outlines[state.picked], true);
      context.lineJoin = "round";
      context.strokeStyle = colour;
      context.lineWidth = width;
      context.stroke();
    }
  });

  // Zones of the shown level in the classes of a view; those that it does not speak of stay clear.
  function paintZones(view) {
    shownView = view;
    groups.forEach((group, level) => { level === state.level ? group.addTo(map) : group.remove(); });
    polygons.forEach((polygon, z) => {
      if (zones.level[z] !== state.level) return;
      const own = classOf(z);
      polygon.setStyle(own ? { fill: true, fillColor: own.hatch ? noData : own.colour, fillOpacity: 1 } : { fill: true, fillColor: "#ffffff", fillOpacity: 0 });
    });
  }

  // The nearest mark under the mouse or the finger.
  function markUnder(point) {
    const scale = Math.pow(2, map.getZoom()), at = map.containerPointToLayerPoint(point).add(map.getPixelOrigin());
    let best = null, least = Infinity;
    for (const mark of marks) {
      if (!state.kinds[mark.kind]) continue;
      const d = Math.hypot(mark.x * scale - at.x, mark.y * scale - at.y);
      if (d < mark.radius * markGrow(map.getZoom()) + slack() && d < least) { best = mark; least = d; }
    }
    return best;
  }

  // While isochrones are shown the polygons step back, so that two layers of colour do not mix.
  const stepBack = () => { map.getPane("zones").style.opacity = stepped() ? "0.6" : "1"; sheets.names.redraw(); };
  return { tiles, sheets, polygons, marks, paintZones, markUnder, stepBack };
}
