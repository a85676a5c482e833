// Proposed sites over a map: numbered marks, candidates, isochrones, and a card for each. Every text is set as text.
import { outlineOf } from "./base.js";
import { toWorld, unpackPoints } from "./codec.js";
import { $, div, lineNodes, showBeside, span, toggle } from "./dom.js";
import { whole } from "./format.js";
import { paintIsochrones } from "./paint.js";
import { bandIcon } from "./panel.js";
import { Sheet } from "./sheet.js";
import { slack } from "./touch.js";

export function siteDisc(siting, site, size) {
  const phase = siting.phases[site.phase], disc = span("gp-site-disc", String(site.order));
  Object.assign(disc.style, { background: phase.colour, color: phase.ink, borderColor: phase.edge, width: size + "px", height: size + "px", fontSize: size * 0.5 + "px", lineHeight: size - 4 + "px" });
  if (!site.generated) return disc;
  const ring = span("gp-site-ring", disc);
  ring.style.borderColor = siting.edge;
  return ring;
}

export function siteCard(site) {
  return [$("h3", {}, `${site.order} ${site.name}`), div("gp-where", site.place), ...lineNodes(site.lines)];
}

// One mark a site in a pane of its own; `hover` is the box that shows its card, `pick` what a click does.
export function siteMarks(map, siting, hover, pick) {
  const pane = map.createPane("sites");
  pane.style.zIndex = 455;
  const count = siting.sites.length, size = count <= 60 ? 24 : count <= 200 ? 20 : 16;
  const marks = siting.sites.map((site, k) => {
    const whole = site.generated ? size + 12 : size;
    const icon = L.divIcon({ className: "gp-site", html: siteDisc(siting, site, size), iconSize: [whole, whole] });
    const mark = L.marker(site.at, { icon, pane: "sites", alt: `${site.order} ${site.name}`, zIndexOffset: 1000 * (count - k), riseOnHover: true });
    // the map beneath must not hear of it: it would put the zone's figures, or nothing, in the card's place
    const show = (event) => { L.DomEvent.stop(event); hover.replaceChildren(...siteCard(site)); showBeside(hover, event.originalEvent); };
    mark.on("mouseover mousemove", show);
    mark.on("mouseout", () => { hover.style.display = "none"; });
    if (pick) mark.on("click", () => pick(k));
    return mark;
  });
  return L.layerGroup(marks);
}

export function siteIsochrones(siting) {
  const names = [...new Set(siting.isochrones.map((entry) => entry.service))];
  const entries = siting.isochrones.map((entry) => ({ service: names.indexOf(entry.service), minutes: entry.minutes,
    lines: outlineOf(entry.shape) }));
  return names.map((name, k) => {
    const own = entries.filter((entry) => entry.service === k), bands = own.map((entry) => entry.minutes).sort((a, b) => a - b);
    return { label: siting.isochrones.find((entry) => entry.service === name).label, bands,
      sheet: new Sheet(paintIsochrones(own, { [k]: true }, [siting.edge]), { pane: "isochrones" }) };
  });
}

// The sites of each side of a comparison, with a line of the legend; `sides` holds a siting layer or null for each map.
export function compareSites(comparison, sides) {
  const tip = document.getElementById("cmp-hover"), legend = document.getElementById("cmp-legend");
  sides.forEach((siting, side) => { if (siting) siteMarks(comparison.maps[side].map, siting, tip).addTo(comparison.maps[side].map); });
  const first = sides.find((siting) => siting && siting.sites.length);
  if (!first) return;
  const line = div("gp-class cmp-sites", siteDisc(first, { order: 1, phase: 0, generated: 0 }, 16), span("", first.words.sites));
  if (first.sites.some((site) => site.generated)) line.append(span("gp-site-sample"), span("", first.words.intent));
  legend.after(line);
  document.body.dataset.sites = sides.map((siting) => (siting ? siting.sites.length : 0)).join(" ");
}

export function startSites(map, data, page) {
  const siting = data.siting, words = siting.words, body = document.body;
  const { hover, list, scroll } = page.nodes;
  const wanted = new URLSearchParams(location.hash.slice(1)), shown = (wanted.get("show") || "").split(",");

  // ---- the card in the side list, and the list of all sites
  const closing = (title, where) => div("gp-picked-head", div("", $("h2", {}, title), div("gp-where", where)),
    $("button", { type: "button", className: "gp-close", title: data.words.back, on: { click: () => page.pick(-1) } }, "×"));
  function pick(k) {
    const site = siting.sites[k];
    page.pick(-1);
    list.replaceChildren(div("gp-picked gp-site-card", closing(`${site.order} ${site.name}`, site.place), ...siteCard(site).slice(2),
      site.generated ? div("gp-note gp-site-intent", words.intent_note) : "",
      $("button", { type: "button", className: "gp-site-all", on: { click: listAll } }, words.list)));
    body.classList.add("gp-has-picked");
    scroll.scrollTop = 0;
  }
  function go(k) { pick(k); map.flyTo(siting.sites[k].at, Math.max(map.getZoom(), 14.5), { duration: 0.6 }); }
  function listAll() {
    page.pick(-1);
    list.replaceChildren(div("gp-picked", closing(words.sites, siting.title), ...siting.told.map((sentence) => div("gp-note", sentence))),
      ...siting.sites.map((site, k) => $("button", { type: "button", className: "gp-row gp-site-row", on: { click: () => go(k) } }, siteDisc(siting, { ...site, generated: 0 }, 20),
        span("gp-name", site.name, span("gp-where", [site.phase_name, site.place].filter(Boolean).join(" · "))),
        span("gp-value", site.value, span("gp-unit", " " + site.unit)))));
    body.classList.add("gp-has-picked");
    scroll.scrollTop = 0;
  }

  // ---- layers
  const marks = siteMarks(map, siting, hover, pick).addTo(map);
  const pane = map.createPane("candidates");
  pane.style.zIndex = 385;
  pane.style.pointerEvents = "none";
  const spots = toWorld(unpackPoints(siting.candidates.xy));
  const candidates = new Sheet((context, view) => {
    const radius = Math.min(5, Math.max(2, 2 + 0.8 * (view.zoom - 11))) * (spots.length > 1000 ? 0.6 : 1);
    context.strokeStyle = siting.edge;
    context.fillStyle = "rgba(255,255,255,0.85)";
    context.lineWidth = 1.3;
    for (let k = 0; k < spots.length; k += 2) {
      const x = spots[k] * view.scale - view.dx, y = spots[k + 1] * view.scale - view.dy;
      if (x < -8 || y < -8 || x > view.width + 8 || y > view.height + 8) continue;
      context.beginPath();
      context.rect(x - radius, y - radius, 2 * radius, 2 * radius);
      context.fill();
      context.stroke();
    }
  }, { pane: "candidates" });
  function candidateAt(point) {
    if (!map.hasLayer(candidates)) return -1;
    const scale = Math.pow(2, map.getZoom()), at = map.containerPointToLayerPoint(point).add(map.getPixelOrigin());
    let best = -1, least = 5 + slack();
    for (let k = 0; k < spots.length; k += 2) {
      const d = Math.hypot(spots[k] * scale - at.x, spots[k + 1] * scale - at.y);
      if (d < least) { least = d; best = k / 2; }
    }
    return best;
  }
  map.on("mousemove", (event) => {
    const k = candidateAt(event.containerPoint);
    if (k < 0) return;
    hover.replaceChildren($("h3", {}, siting.candidates.names[k]), div("gp-where", words.candidate), div("gp-note", siting.candidates.notes[k]));
    showBeside(hover, event.originalEvent);
  });
  page.layers.unshift((point) => {
    const k = candidateAt(point);
    if (k < 0) return false;
    page.pick(-1);
    list.replaceChildren(div("gp-picked", closing(siting.candidates.names[k], words.candidate), div("gp-note", siting.candidates.notes[k])));
    body.classList.add("gp-has-picked");
    return true;
  });
  const isochrones = siteIsochrones(siting);
  const switchTo = (layer, on) => { on ? layer.addTo(map) : layer.remove(); };
  const stepBack = () => body.classList.toggle("gp-site-step", isochrones.some((own) => map.hasLayer(own.sheet)));

  // ---- their place among the layers: toggles that are the legend as well
  const candidatesOn = shown.includes("candidates"), isochronesOn = shown.includes("siteisochrones");
  const parts = [div("gp-layer-head", words.head)];
  if (siting.sites.length) {
    const sample = (generated, phase) => siteDisc(siting, { order: 1, phase, generated }, 16);
    parts.push(toggle(words.sites, true, (on) => switchTo(marks, on), sample(0, 0), whole(siting.sites.length)));
    const several = siting.phases.length > 1;
    if (several || siting.phases[0].name !== words.sites) parts.push(...siting.phases.map((phase, k) => div("gp-site-key", sample(0, k), span("", phase.name), span("gp-count", whole(phase.sites)))));
    const intent = siting.sites.filter((site) => site.generated).length;
    if (intent) parts.push($("div", { className: "gp-site-key", title: words.intent_note }, span("gp-site-sample"), span("", words.intent), span("gp-count", whole(intent))));
    parts.push(div("gp-note soft", words.numbers));
    parts.push($("button", { type: "button", className: "gp-site-all", on: { click: listAll } }, words.list));
  }
  if (siting.candidates.total) {
    parts.push(toggle(words.candidates, candidatesOn, (on) => switchTo(candidates, on), span("gp-site-candidate"), whole(siting.candidates.total)));
    if (siting.candidates.cut) parts.push(div("gp-note soft", siting.candidates.cut));
  }
  if (isochrones.length > 1) parts.push(div("gp-layer-head", words.isochrones));
  for (const own of isochrones) {
    const label = isochrones.length > 1 ? own.label : words.isochrones;
    parts.push(toggle(label, isochronesOn, (on) => { switchTo(own.sheet, on); stepBack(); }, span("gp-site-band")),
      div("gp-note gp-bands", own.bands.map((m, b) => span("gp-band-item", bandIcon(siting.edge, b, own.bands.length), String(m))), data.words.minutes_unit));
    if (isochronesOn) own.sheet.addTo(map);
  }
  if (candidatesOn) candidates.addTo(map);
  stepBack();
  page.nodes.layers.querySelector(".gp-card-body").prepend(...parts);

  // ---- search finds sites too, before all else
  page.search.add(siting.sites.map((site, k) => ({ name: site.name, where: words.sites, sort: k, act: () => go(k) })), 5);

  // map.html#site=3 opens on that site, map.html#show=candidates,siteisochrones with those layers
  const at = siting.sites.findIndex((site) => String(site.order) === wanted.get("site"));
  if (at >= 0) { map.setView(siting.sites[at].at, Math.max(map.getZoom(), 14), { animate: false }); pick(at); }
  else if (wanted.get("site") === "all" && siting.sites.length) listAll();
  body.dataset.sites = String(siting.sites.length);
  body.dataset.candidates = String(siting.candidates.names.length);
}
