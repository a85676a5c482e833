// Two maps that move together: left the first result, right the second. Every text is set as text, never as markup.
import { ringsToLines, toWorld, unpackLines, unpackPoints, unpackPolygons } from "./codec.js";
import { $, div, span } from "./dom.js";
import { share, whole } from "./format.js";
import { hatch, markGrow, paintGround, paintMarks, paintNames, paintStreets, traceLines } from "./paint.js";
import { Sheet } from "./sheet.js";

export function startComparison(data) {
  const look = data.look, words = data.words, zones = data.zones, levels = data.levels, page = document.body;
  const paths = unpackPolygons(zones.shape), outlines = paths.map(ringsToLines);
  const middle = outlines.map((lines) => {
    let best = 0, area = -1;
    const b = lines.box;
    for (let k = 0; k + 1 < lines.start.length; k++) {
      const size = (b[4 * k + 2] - b[4 * k]) * (b[4 * k + 3] - b[4 * k + 1]);
      if (size > area) { area = size; best = k; }
    }
    return { x: (b[4 * best] + b[4 * best + 2]) / 2, y: (b[4 * best + 1] + b[4 * best + 3]) / 2, room: b[4 * best + 2] - b[4 * best], ok: area >= 0 };
  });
  for (const view of [...data.circle, ...data.flags]) view.at = new Map(view.zone.map((z, row) => [z, row]));
  const streets = data.streets.map((side) => side.map(unpackLines));
  const noData = hatch(look.no_data, look.hatch);
  const gain = look.gain, loss = look.flag;

  const views = [];
  if (data.circle.length) views.push("share");
  if (data.flags.length) views.push("flags");
  const state = { view: views[0], share: 0, flags: 0, level: -1, only: false };
  const view = () => (state.view === "share" ? data.circle[state.share] : data.flags[state.flags]);
  const levelsHere = () => levels.map((_, k) => k).filter((k) => [...view().at.keys()].some((z) => zones.level[z] === k));
  const rowsHere = () => [...view().at].filter(([z]) => zones.level[z] === state.level);
  const classOf = (value, limits) => { let k = 0; while (k < limits.length && value >= limits[k] - 1e-9) k++; return k; };

  function classOfZone(z, side) {
    const row = view().at.get(z);
    if (row === undefined) return null;
    if (state.view === "share") return view().share[side][row] == null ? "no_data" : classOf(view().share[side][row], look.share_limits);
    const flagged = view().flagged[side][row];
    return flagged == null ? "no_data" : flagged ? "flag" : view().mean_met[side][row] ? "mean_met" : "fine";
  }
  const fills = { no_data: noData, flag: look.flag, mean_met: look.mean_met, fine: look.not_flagged };
  const fillOf = (name) => (typeof name === "number" ? look.sequential[name] : fills[name]);
  // 1 better, -1 worse, 0 as before or not to be told
  function turn(row) {
    const change = view().change[row];
    if (state.view === "share") return change == null ? 0 : Math.sign(change);
    const [was, is] = view().flagged.map((side) => side[row]);
    if (was != null && is != null && was !== is) return is ? -1 : 1;
    return change == null ? 0 : -Math.sign(Math.abs(change) < 0.5 ? 0 : change);
  }

  // ---- the two maps
  const maps = data.sides.map((side, k) => {
    const map = L.map(`cmp-map-${k}`, { zoomSnap: 0.25, zoomDelta: 0.5, wheelPxPerZoomLevel: 90, maxZoom: 19, attributionControl: false, zoomControl: k === 0 });
    ["ground", "streets", "zones", "outlines", "changes", "marks", "names"].forEach((name, place) => {
      const pane = map.createPane(name);
      pane.style.zIndex = 300 + 20 * place;
      if (name !== "zones") pane.style.pointerEvents = "none";
    });
    map.fitBounds(data.bounds, { padding: [14, 14] });
    new Sheet(paintGround(data.ground, outlines), { pane: "ground" }).addTo(map);
    new Sheet(paintStreets(streets[k] || streets[0], look), { pane: "streets" }).addTo(map);
    const renderer = L.canvas({ pane: "zones", padding: 0.15 });
    const groups = levels.map(() => L.layerGroup());
    const polygons = paths.map((path, z) => {
      const polygon = L.polygon(path, { renderer, pane: "zones", weight: 0.6, color: look.boundary, fillOpacity: 1, smoothFactor: 0.6 });
      polygon.on("mousemove", (event) => hover(z, event.originalEvent));
      polygon.on("mouseout", () => hover(-1));
      if (path.length) groups[zones.level[z]].addLayer(polygon);
      return polygon;
    });
    const outline = new Sheet((context, sight) => {
      for (let level = state.level - 1; level >= 0; level--) {
        if (levels[level].id === "estate") continue;
        context.beginPath();
        zones.level.forEach((own, z) => { if (own === level) traceLines(context, sight, outlines[z], true); });
        context.strokeStyle = look.boundary_strong;
        context.lineWidth = [1.8, 1.4, 1][level] || 0.8;
        context.stroke();
      }
    }, { pane: "outlines" }).addTo(map);
    const changes = new Sheet((context, sight) => {
      for (const [colour, sign] of [[gain, 1], [loss, -1]]) {
        context.beginPath();
        for (const [z, row] of rowsHere()) if (turn(row) === sign) traceLines(context, sight, outlines[z], true);
        context.lineJoin = "round";
        // with a whole city in view an edge must not hide the zone
        const grow = Math.min(1, Math.max(0.35, 0.35 + 0.25 * (sight.zoom - 11)));
        context.strokeStyle = "#fff"; context.lineWidth = 5 * grow; context.stroke();
        context.strokeStyle = colour; context.lineWidth = 2.6 * grow; context.stroke();
      }
    }, { pane: "changes" }).addTo(map);
    const f = side.facilities, kinds = new Map(f.kinds.map((kind) => [kind.id, kind])), world = toWorld(unpackPoints(f.xy));
    const marks = f.name.map((name, n) => ({ name, n, x: world[2 * n], y: world[2 * n + 1], radius: f.radius[n], hollow: f.status[n] !== "existing",
      kind: f.kind[n], change: f.change[n], shape: (kinds.get(f.kind[n]) || {}).shape, colour: (kinds.get(f.kind[n]) || {}).colour }));
    const bySize = [...marks].sort((a, b) => b.radius - a.radius || a.n - b.n), all = Object.fromEntries(f.kinds.map((kind) => [kind.id, true]));
    new Sheet((context, sight) => {
      paintMarks(bySize, all)(context, sight);
      for (const mark of marks) {
        if (!mark.change) continue;
        const x = mark.x * sight.scale - sight.dx, y = mark.y * sight.scale - sight.dy;
        const bad = mark.change === "closed" || mark.change === "smaller";
        for (const [colour, width] of [["#fff", 5], [bad ? loss : gain, 2.5]]) {
          context.beginPath();
          context.arc(x, y, mark.radius * markGrow(sight.zoom) + 6, 0, 2 * Math.PI);
          context.strokeStyle = colour; context.lineWidth = width; context.stroke();
        }
      }
    }, { pane: "marks" }).addTo(map);
    const names = zones.name.map((text, z) => ({ text, z, level: zones.level[z], ...middle[z] })).filter((n) => n.ok && levels[n.level].id !== "area");
    names.sort((a, b) => a.level - b.level || b.room - a.room || a.z - b.z);
    const from = { district: 0, town: 10.5, community: 12.5, estate: 15.5 };
    for (const name of names) name.from = from[levels[name.level].id];
    const nameSheet = new Sheet(paintNames(() => names.filter((n) => n.level <= state.level), () => marks, (name) => {
      const size = levels[name.level].id === "community" || levels[name.level].id === "estate" ? 11.5 : 13;
      return { css: `500 ${size}px ${look.font}`, size, colour: "#2f3b47" };
    }), { pane: "names" }).addTo(map);
    if (k === 0) L.control.scale({ imperial: false, position: "bottomleft" }).addTo(map);
    return { map, groups, polygons, marks, redraw: () => [outline, changes, nameSheet].forEach((sheet) => sheet.redraw()) };
  });

  // ---- they move together; only the one that is moved tells the other
  let leading = -1;
  maps.forEach((own, k) => {
    own.map.on("move", () => {
      if (leading >= 0 && leading !== k) return;
      leading = k;
      maps.forEach((other, n) => { if (n !== k) other.map.setView(own.map.getCenter(), own.map.getZoom(), { animate: false }); });
      leading = -1;
      page.dataset.together = String(maps.every((m) => m.map.getCenter().distanceTo(own.map.getCenter()) < 1 && m.map.getZoom() === own.map.getZoom()));
    });
  });

  // ---- figures of a zone under the mouse, both sides at once
  const tip = document.getElementById("cmp-hover");
  const signed = (value, write) => (value == null ? "—" : Math.abs(value) < 1e-9 ? "0" : (value > 0 ? "+" : "−") + write(Math.abs(value)));
  const line = (label, value) => div("gp-line", span("", label), span("", value));
  const parents = (z) => { const out = []; for (let p = zones.parent[z]; p >= 0 && levels[zones.level[p]].id !== "area"; p = zones.parent[p]) out.push(zones.name[p]); return out.join(" · "); };
  function linesOf(row) {
    const v = view();
    if (state.view === "share") {
      const own = (side) => `${share(v.share[side][row])} · ${whole(v.covered[side][row])} ${v.unit}`;
      return [line(words.before, own(0)), line(words.after, own(1)), line(words.change, `${signed(v.change[row], whole)} ${v.unit}`)];
    }
    const own = (side) => (v.flagged[side][row] == null ? words.no_data : v.flagged[side][row] ? `${words.flagged} · ${whole(v.short[side][row])} ${v.unit}` : v.mean_met[side][row] ? words.mean_met : words.not_flagged);
    return [line(words.before, own(0)), line(words.after, own(1)), line(words.shortfall, v.change[row] == null ? "—" : `${signed(v.change[row], whole)} ${v.unit}`)];
  }
  function hover(z, event) {
    const row = z < 0 ? undefined : view().at.get(z);
    if (row === undefined) { tip.style.display = "none"; return; }
    tip.replaceChildren($("h3", {}, zones.name[z]), div("gp-where", parents(z)), div("gp-note", view().label), ...linesOf(row));
    tip.style.display = "block";
    tip.style.left = Math.min(event.clientX + 16, window.innerWidth - tip.offsetWidth - 10) + "px";
    tip.style.top = Math.max(8, Math.min(event.clientY + 14, window.innerHeight - tip.offsetHeight - 10)) + "px";
  }

  // ---- controls, legend, list
  const controls = document.getElementById("cmp-controls"), legend = document.getElementById("cmp-legend"), list = document.getElementById("cmp-list");
  const segments = (options, current, act) => div("gp-segments", options.map(([key, label]) =>
    $("button", { type: "button", className: key === current ? "on" : "", on: { click: () => { act(key); refresh(); } } }, label)));
  function drawControls() {
    const options = state.view === "share" ? data.circle.map((v) => `${v.label} · ${v.measure}`) : data.flags.map((v) => v.label);
    const here = levelsHere();
    controls.replaceChildren(
      div("gp-tabs", views.map((name) => $("button", { type: "button", className: name === state.view ? "on" : "", data: { view: name }, on: { click: () => { state.view = name; refresh(); } } }, words["view_" + name]))),
      $("select", { className: "gp-select", on: { change: (e) => { state[state.view] = Number(e.target.value); refresh(); } } },
        options.map((label, k) => $("option", { value: k, selected: k === state[state.view] }, label))),
      here.length > 1 ? segments(here.map((k) => [k, levels[k].brief]), state.level, (k) => { state.level = k; }) : "",
      $("label", { className: "gp-toggle" }, $("input", { type: "checkbox", checked: state.only, on: { change: (e) => { state.only = e.target.checked; refresh(); } } }), span("", words.only_changes)));
  }
  const edge = (name, colour) => { const node = span(name); node.style.borderColor = colour; return node; };
  function drawLegend() {
    const classes = state.view === "share" ? [...look.share_texts.map((text, k) => [k, text]), ["no_data", words.no_data]]
      : [["flag", words.flagged], ["mean_met", words.mean_met], ["fine", words.not_flagged], ["no_data", words.no_data]];
    const swatches = classes.map(([name, label]) => {
      const swatch = span("gp-swatch" + (name === "no_data" ? " hatch" : ""));
      if (name !== "no_data") swatch.style.background = fillOf(name);
      return div("gp-class", swatch, span("", label));
    });
    const turns = rowsHere().map(([, row]) => turn(row)), count = (sign) => turns.filter((t) => t === sign).length;
    legend.replaceChildren(span("cmp-what", view().label), ...swatches,
      div("gp-class", edge("cmp-edge", gain), span("", `${words.gained} ${count(1)}`)), div("gp-class", edge("cmp-edge", loss), span("", `${words.fell} ${count(-1)}`)),
      div("gp-class", edge("cmp-ring", gain), span("", words.marked)));
    page.dataset.gained = count(1); page.dataset.fell = count(-1);
  }
  function drawFigures() {
    data.sides.forEach((_, side) => {
      const v = view(), node = document.getElementById(`cmp-figure-${side}`);
      if (state.view === "share") {
        const all = [...v.at].find(([z]) => levels[zones.level[z]].id === "area");
        node.textContent = all ? share(v.share[side][all[1]]) : "";
      } else node.textContent = `${words.flagged} ${(v.counts[levels[state.level].id] || ["", ""])[side]}`;
    });
  }
  function drawList() {
    const moved = rowsHere().filter(([, row]) => turn(row)).sort((a, b) => Math.abs(view().change[b[1]] || 0) - Math.abs(view().change[a[1]] || 0) || a[0] - b[0]);
    list.replaceChildren(...(moved.length ? [div("cmp-list-title", `${words.change} · ${levels[state.level].label}`)] : []), ...moved.slice(0, 24).map(([z, row]) => $("button", {
      type: "button", className: "gp-row", on: { click: () => maps[0].map.fitBounds(maps[0].polygons[z].getBounds(), { maxZoom: 15, padding: [50, 50] }) } },
      span("gp-name", zones.name[z], span("gp-where", parents(z))),
      span("gp-value " + (turn(row) > 0 ? "up" : "down"), `${signed(view().change[row], whole)} ${view().unit}`))));
  }
  function paint() {
    maps.forEach((own, side) => {
      own.groups.forEach((group, level) => { level === state.level ? group.addTo(own.map) : group.remove(); });
      own.polygons.forEach((polygon, z) => {
        if (zones.level[z] !== state.level) return;
        const row = view().at.get(z), name = classOfZone(z, side), quiet = state.only && row !== undefined && !turn(row);
        polygon.setStyle(name == null || quiet ? { fillColor: "#ffffff", fillOpacity: name == null ? 0 : 0.75 } : { fillColor: fillOf(name), fillOpacity: 1 });
      });
      own.redraw();
    });
  }
  function refresh() {
    const here = levelsHere(), partition = here.filter((k) => levels[k].id !== "estate");
    if (!here.includes(state.level)) state.level = partition[partition.length - 1] ?? here[here.length - 1] ?? levels.length - 1;
    drawControls(); paint(); drawLegend(); drawFigures(); drawList();
    page.dataset.view = state.view; page.dataset.zones = String(rowsHere().length);
  }
  // compare.html#view=flags&flags=2&level=town opens on just that
  const wanted = new URLSearchParams(location.hash.slice(1));
  if (views.includes(wanted.get("view"))) state.view = wanted.get("view");
  for (const [key, count] of [["share", data.circle.length], ["flags", data.flags.length]]) if (Number(wanted.get(key)) > 0 && Number(wanted.get(key)) < count) state[key] = Number(wanted.get(key));
  const level = levels.findIndex((one) => one.id === wanted.get("level"));
  if (level >= 0) state.level = level;
  refresh();
  document.addEventListener("securitypolicyviolation", () => { page.dataset.refused = String(Number(page.dataset.refused || 0) + 1); });
  page.dataset.ready = String(Math.round(performance.now()));
  return { maps, state, refresh };
}
