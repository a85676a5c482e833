// The page around the map: views, legend, lists, search, hover. Every text is set as text, never as markup.
function startMap(map, data) {
  const look = data.look, words = data.words, zones = data.zones, levels = data.levels;
  // ---- the shapes, once
  const paths = unpackPolygons(zones.shape);
  const inZones = (values) => new Map(values.map((z, row) => [z, row]));
  for (const view of [...data.flags, ...data.circle]) view.at = inZones(view.zone);
  const outlines = paths.map(ringsToLines);
  const middle = outlines.map((lines) => {
    // the middle of the largest ring's box: good enough for a name
    let best = 0, area = -1;
    for (let k = 0; k + 1 < lines.start.length; k++) {
      const b = lines.box, size = (b[4 * k + 2] - b[4 * k]) * (b[4 * k + 3] - b[4 * k + 1]);
      if (size > area) { area = size; best = k; }
    }
    const b = lines.box.slice(4 * best, 4 * best + 4);
    return { x: (b[0] + b[2]) / 2, y: (b[1] + b[3]) / 2, room: b[2] - b[0], ok: area >= 0 };
  });

  // ---- panes and sheets, bottom to top
  ["streets", "zones", "isochrones", "outlines", "outside", "marks", "names", "picked"].forEach((name, k) => {
    const pane = map.createPane(name);
    pane.style.zIndex = 300 + 20 * k;
    if (name !== "zones") pane.style.pointerEvents = "none";
  });
  const shown = { streets: true, names: true, kinds: {}, isochrones: {}, outside: {} };
  data.facilities.kinds.forEach((kind) => { shown.kinds[kind.id] = true; });

  const streets = new Sheet(paintStreets(data.streets.map(unpackLines), look), { pane: "streets" }).addTo(map);

  const noData = hatch(look.no_data, look.hatch);
  const renderer = L.canvas({ pane: "zones", padding: 0.15 });
  const groups = levels.map(() => L.layerGroup());
  let hovered = -1;
  const polygons = paths.map((path, z) => {
    const polygon = L.polygon(path, { renderer, pane: "zones", weight: 0.6, color: look.boundary, fillOpacity: 1, smoothFactor: 0.6 });
    polygon.on("mouseover", () => { hovered = z; });
    polygon.on("mouseout", () => { if (hovered === z) hovered = -1; });
    polygon.on("click", (event) => { L.DomEvent.stop(event); pick(z); });
    if (path.length) groups[zones.level[z]].addLayer(polygon);
    return polygon;
  });

  const isochrones = data.isochrones.map((entry) => {
    const path = unpackPolygons(entry.shape)[0] || [];
    const lonlat = path.flat().map((ring) => toWorld(Float64Array.from(ring.flatMap(([lat, lon]) => [lon, lat]))));
    return { ...entry, rings: lonlat };
  });
  const bandsOf = (service) => [...new Set(data.isochrones.filter((e) => e.service === service).map((e) => e.minutes))].sort((a, b) => a - b);
  const bandFill = (service, minutes) => {
    const bands = bandsOf(service), k = bands.length - 1 - bands.indexOf(minutes);
    return 0.14 + 0.1 * k;
  };
  const isochroneSheet = new Sheet(paintIsochrones(isochrones, shown.isochrones, look.services, bandFill), { pane: "isochrones" }).addTo(map);

  const outlineSheet = new Sheet((context, view) => {
    const finer = Math.max(...levels.map((_, k) => (k < state.level ? k : -1)));
    for (let level = finer; level >= 0; level--) {
      if (levels[level].id === "estate") continue;
      context.beginPath();
      zones.level.forEach((own, z) => { if (own === level) traceLines(context, view, outlines[z], true); });
      context.strokeStyle = look.boundary_strong;
      context.globalAlpha = level === 0 ? 0.9 : 0.7 - 0.12 * (level - 1);
      context.lineWidth = [2, 1.5, 1][level] || 0.8;
      context.stroke();
    }
    context.globalAlpha = 1;
  }, { pane: "outlines" });

  const outside = data.outside.map((entry) => {
    const people = unpackIntegers(entry.people), mean = people.reduce((a, b) => a + b, 0) / Math.max(1, people.length);
    return { world: toWorld(unpackPoints(entry.xy)), people, mean };  // a dot of the mean size is one pixel wide at zoom 12
  });
  const outsideSheet = new Sheet(paintPeople(outside, shown.outside, look.people_outside), { pane: "outside" }).addTo(map);

  const kindOf = new Map(data.facilities.kinds.map((kind) => [kind.id, kind]));
  const markWorld = toWorld(unpackPoints(data.facilities.xy));
  const marks = data.facilities.name.map((name, k) => ({
    name, k, x: markWorld[2 * k], y: markWorld[2 * k + 1], radius: data.facilities.radius[k],
    hollow: data.facilities.status[k] !== "existing", kind: data.facilities.kind[k],
    shape: (kindOf.get(data.facilities.kind[k]) || {}).shape, colour: (kindOf.get(data.facilities.kind[k]) || {}).colour,
  }));
  const byArea = [...marks].sort((a, b) => b.radius - a.radius || a.k - b.k);
  const markSheet = new Sheet(paintMarks(byArea, shown.kinds), { pane: "marks" }).addTo(map);

  const names = zones.name.map((text, z) => ({ text, z, level: zones.level[z], ...middle[z] })).filter((n) => n.ok && levels[n.level].id !== "area");
  names.sort((a, b) => a.level - b.level || b.room - a.room || a.z - b.z);
  const coarsest = Math.min(...names.map((n) => n.level));
  const from = { district: 0, town: 10.5, community: 13, estate: 15.5 };
  for (const name of names) name.from = name.level === coarsest && levels.length > 2 ? 0 : from[levels[name.level].id];
  const nameSheet = new Sheet(paintNames(
    () => names.filter((n) => n.level <= state.level),
    () => marks.filter((mark) => shown.kinds[mark.kind]),
    (name) => {
      const big = name.from === 0, size = big ? 15 : levels[name.level].id === "town" ? 13 : 11.5;
      return { css: `${big ? 600 : 500} ${size}px ${look.font}`, size, colour: big ? look.ink : "#2f3b47" };
    }), { pane: "names" });

  let picked = -1;
  const pickedSheet = new Sheet((context, view) => {
    if (picked < 0) return;
    for (const [colour, width] of [["#fff", 5], [look.ink, 2.2]]) {
      context.beginPath();
      traceLines(context, view, outlines[picked], true);
      context.lineJoin = "round";
      context.strokeStyle = colour;
      context.lineWidth = width;
      context.stroke();
    }
  }, { pane: "picked" });

  // ---- the views
  const supplyViews = data.flags.filter((view) => view.scale);
  const views = [];
  if (data.flags.length) views.push("flags");
  if (data.circle.length) views.push("share");
  if (supplyViews.length) views.push("supply");
  if (data.findings.length) views.push("members");
  const state = { view: views[0], level: 0, flags: 0, service: 0, measure: 0, supply: 0, supplyBase: "reach", members: 0 };
  const service = () => data.services[state.service];
  const circleView = () => data.circle.find((view) => view.service === service().id && view.measure === (service().measures[state.measure] || {}).id);
  const rowsOf = () => (state.view === "flags" ? data.flags[state.flags] : state.view === "share" ? circleView()
    : state.view === "supply" ? supplyViews[state.supply] : data.findings[state.members]);
  const memberAt = () => { const view = rowsOf(); view.at = view.at || inZones(view.zone); return view.at; };
  const at = () => (state.view === "members" ? memberAt() : rowsOf().at);
  const levelsHere = () => levels.map((_, k) => k).filter((k) => [...at().keys()].some((z) => z >= 0 && zones.level[z] === k));
  const classOf = (value, limits) => { let k = 0; while (k < limits.length && value >= limits[k] - 1e-9) k++; return k; };

  // What a zone is in the view: a class of the legend, or null where the view does not speak of it.
  function classOfZone(z) {
    const row = at().get(z), view = rowsOf();
    if (row === undefined) return null;
    if (state.view === "flags") return view.flagged[row] == null ? "no_data" : view.flagged[row] ? "flag" : "fine";
    if (state.view === "share") return view.share[row] == null ? "no_data" : classOf(view.share[row], look.share_limits);
    if (state.view === "supply") {
      // an interval that reaches over several classes belongs to none of them
      const [low, high] = view[state.supplyBase].map((end) => (end[row] === "∞" ? Infinity : end[row]));
      if (low == null) return "no_data";
      const least = classOf(low, view.scale.limits);
      return high == null || classOf(high, view.scale.limits) === least ? least : "no_data";
    }
    return view.has[row] == null ? "no_data" : view.has[row] ? "has" : "has_not";
  }
  const fills = { no_data: noData, flag: look.flag, fine: look.not_flagged, has: look.verdicts.met, has_not: look.verdicts.not_met };
  const fillOf = (name) => (typeof name === "number" ? look.sequential[name] : fills[name]);

  function legendRows() {
    if (state.view === "flags") return [["flag", words.flagged], ["fine", words.not_flagged], ["no_data", words.no_data_hatch]];
    if (state.view === "members") return [["has_not", words.has_not], ["has", words.has], ["no_data", words.no_data_hatch]];
    const texts = state.view === "share" ? look.share_texts : rowsOf().scale.texts;
    return [...texts.map((text, k) => [k, text]), ["no_data", words.no_data_hatch]];
  }

  // ---- the page
  const text = (value) => document.createTextNode(value);
  const page = document.body;
  page.classList.add("gp");
  document.documentElement.lang = data.lang === "zh" ? "zh-CN" : "en";
  if (data.banner) { page.classList.add("gp-has-banner"); page.append(div("gp-banner", data.banner)); }
  const controls = div("gp-controls"), figures = div("gp-figures"), list = div("gp-list");
  const searchBox = $("input", { className: "gp-search", type: "search", placeholder: words.search, autocomplete: "off" });
  const searchHits = div("gp-hits");
  const panel = div("gp-panel",
    div("gp-head", $("h1", {}, data.title), div("gp-sub", `${words.year_judged} ${data.year}`), div("gp-basis", data.basis)),
    div("gp-find", searchBox, searchHits), controls, figures, list);
  const legend = div("gp-card gp-legend"), layerCard = div("gp-card gp-layers"), hover = div("gp-hover");
  page.append(panel, div("gp-right", layerCard, legend), hover, data.credits ? div("gp-credits", data.credits) : "");

  const choice = (options, current, act) => $("select", { className: "gp-select", on: { change: (e) => { act(Number(e.target.value)); refresh(); } } },
    options.map((label, k) => $("option", { value: k, selected: k === current }, label)));
  const segments = (options, current, act) => div("gp-segments", options.map(([key, label]) =>
    $("button", { type: "button", className: key === current ? "on" : "", on: { click: () => { act(key); refresh(); } } }, label)));

  function drawControls() {
    const parts = [div("gp-tabs", views.map((name) => $("button", {
      type: "button", className: name === state.view ? "on" : "", data: { view: name },
      on: { click: () => { state.view = name; refresh(); } } }, words["view_" + name])))];
    if (state.view === "flags") parts.push(choice(data.flags.map((v) => v.label), state.flags, (k) => { state.flags = k; }));
    if (state.view === "supply") {
      parts.push(choice(supplyViews.map((v) => v.label), state.supply, (k) => { state.supply = k; }));
      parts.push(segments([["reach", words.reachable_short], ["located", words.located_short]], state.supplyBase, (key) => { state.supplyBase = key; }));
    }
    if (state.view === "members") parts.push(choice(data.findings.map((v) => v.label), state.members, (k) => { state.members = k; }));
    if (state.view === "share") {
      if (data.services.length > 1) parts.push(segments(data.services.map((s, k) => [k, s.label]), state.service, (k) => { state.service = k; state.measure = 0; }));
      parts.push(choice(service().measures.map((m) => m.label), state.measure, (k) => { state.measure = k; }));
    }
    const here = levelsHere();
    if (here.length > 1) parts.push(segments(here.map((k) => [k, levels[k].brief]), state.level, (k) => { state.level = k; }));
    controls.replaceChildren(...parts);
  }

  const sum = (values) => values.reduce((total, value) => total + (typeof value === "number" ? value : 0), 0);
  const rowsHere = () => [...at()].filter(([z]) => z >= 0 && zones.level[z] === state.level);
  const big = (value, unit, note, strong) => div("gp-big" + (strong ? " strong" : ""), div("gp-number", value, unit && span("gp-unit", " " + unit)), div("gp-note", note));

  function drawFigures() {
    const view = rowsOf(), rows = rowsHere(), level = levels[state.level].label, parts = [];
    if (state.view === "flags") {
      const short = rows.filter(([, r]) => view.flagged[r]);
      parts.push(big(whole(short.length), `/ ${whole(rows.length)}`, `${words.flagged} · ${level}`, true));
      parts.push(big(whole(sum(short.map(([, r]) => view.affected[r]))), view.words.unit_people, view.words.people_affected));
      if (view.kind !== "circle") parts.push(big(whole(sum(short.map(([, r]) => view.short[r]))), view.unit, words.gross_shortfall));
      figures.dataset.flagged = short.length;
    } else if (state.view === "share") {
      const all = [...view.at].find(([z]) => levels[zones.level[z]].id === "area");
      const r = all ? all[1] : null;
      parts.push(big(share(r == null ? sum(rows.map(([, k]) => view.people[k] - view.outside[k])) / sum(rows.map(([, k]) => view.people[k])) : view.share[r]), "", service().words.covered_share, false));
      parts.push(big(whole(r == null ? sum(rows.map(([, k]) => view.outside[k])) : view.outside[r]), service().words.unit_people, service().words.outside, true));
    } else if (state.view === "supply") {
      const most = view[state.supplyBase][1], known = rows.filter(([, r]) => typeof most[r] === "number");
      parts.push(big(rate(view.required), view.value_unit, words.standard));
      parts.push(big(whole(known.filter(([, r]) => most[r] < view.must[r] - 1e-9).length), `/ ${whole(rows.length)}`, `< ${words.standard} · ${level}`));
    } else {
      for (const finding of view.findings.slice(0, 4)) {
        const chip = span("gp-chip", finding.verdict_label);
        chip.style.background = look.verdicts[finding.verdict];
        chip.style.color = finding.verdict === "not_met" ? "#fff" : look.ink;
        parts.push(div("gp-finding", div("", chip, " ", finding.zone), div("gp-note",
          `${words.actual} ${finding.actual} · ${words.required} ${finding.required}` + (finding.gap ? ` · ${words.shortfall} ${finding.gap}` : "")),
          finding.missing && div("gp-note", finding.missing)));
      }
    }
    figures.replaceChildren(...parts);
  }

  function worstFirst() {
    const view = rowsOf(), rows = rowsHere();
    const size = state.view === "flags" ? ([, r]) => (view.flagged[r] ? view.short[r] || 0 : -1)
      : state.view === "share" ? ([, r]) => view.outside[r] || -1
      : state.view === "supply" ? ([, r]) => { const v = view[state.supplyBase][1][r]; return typeof v === "number" && v < view.must[r] - 1e-9 ? (view.must[r] - v) * (view.people[r] || 0) : -1; }
      : ([, r]) => (view.has[r] === 0 ? 1 : -1);
    return rows.map((row) => [row, size(row)]).filter(([, s]) => s > 0).sort((a, b) => b[1] - a[1] || a[0][0] - b[0][0]).map(([row]) => row);
  }

  const parents = (z) => { const out = []; for (let p = zones.parent[z]; p >= 0 && levels[zones.level[p]].id !== "area"; p = zones.parent[p]) out.unshift(zones.name[p]); return out.join(" · "); };
  const facilityName = (k) => (k >= 0 ? data.facilities.name[k] : "—");
  const minutesText = (value) => (value == null ? "—" : `${whole(value)} ${words.minutes_unit}`);

  // The figures of a zone in the view: pairs of label and value.
  function lines(z) {
    const r = at().get(z), view = rowsOf();
    if (r === undefined) return [];
    const out = [];
    if (state.view === "flags" || state.view === "supply") {
      const write = view.percent ? share : rate, unit = view.percent ? "" : " " + view.value_unit;
      out.push([view.kind === "circle" ? view.words.covered_share : words.reachable_short, range(view.reach[0][r], view.reach[1][r], write) + unit]);
      if (view.kind !== "circle") out.push([words.located_short, range(view.located[0][r], view.located[1][r], write) + unit]);
      out.push([words.standard, "≥ " + write(view.must[r]) + unit]);
      if (view.flagged[r]) {
        out.push([words.shortfall, whole(view.short[r]) + " " + view.unit]);
        out.push([view.words.people_affected, whole(view.affected[r])]);
        if (view.cause[r]) out.push([words.cause, view.cause[r]]);
      }
      if (view.apportioned[r] != null) out.push([words.apportioned, whole(view.apportioned[r]) + " " + view.unit]);
      out.push([words.nearest_facility, facilityName(view.nearest[r])], [words.median_walk, minutesText(view.minutes[r])]);
    } else if (state.view === "share") {
      out.push([service().words.covered_share, share(view.share[r])], [service().group, whole(view.people[r])], [service().words.outside, whole(view.outside[r])],
        [words.nearest_facility, facilityName(view.nearest[r])], [words.median_walk, minutesText(view.minutes[r])]);
    } else {
      out.push([words.verdict, view.has[r] == null ? words.no_data_hatch : view.has[r] ? words.has : words.has_not]);
      if (view.cause[r]) out.push([words.cause, view.cause[r]]);
      out.push([words.nearest_facility, facilityName(view.nearest[r])], [words.median_walk, minutesText(view.minutes[r])]);
    }
    return out;
  }
  const lineNodes = (pairs) => pairs.map(([label, value]) => div("gp-line", span("", label), span("gp-value", value)));
  const headline = (z) => { const r = at().get(z), view = rowsOf();
    if (state.view === "share") return share(view.share[r]);
    if (state.view === "flags") return view.short[r] == null ? "—" : `${whole(view.short[r])} ${view.unit}`;
    if (state.view === "supply") return rate(view[state.supplyBase][0][r]);
    return ""; };

  function drawList() {
    if (picked >= 0) return drawPicked();
    const worst = worstFirst().slice(0, 12);
    const title = { share: service().words.worst_share, members: words.members_without }[state.view] || words.worst;
    list.replaceChildren(...(worst.length ? [div("gp-list-title", title), ...worst.map(([z], k) => $("button", {
      type: "button", className: "gp-row", data: { zone: z }, on: { click: () => goto(z) } },
      span("gp-rank", String(k + 1)), span("gp-name", zones.name[z], span("gp-where", parents(z))), span("gp-value", headline(z))))] : []));
  }

  function drawPicked() {
    const z = picked, head = div("gp-picked-head", div("", $("h2", {}, zones.name[z]), div("gp-where", [parents(z), zones.kind[z]].filter(Boolean).join(" · "))),
      $("button", { type: "button", className: "gp-close", title: words.back, on: { click: () => pick(-1) } }, "×"));
    const rows = [];
    for (const view of data.flags) {
      const r = view.at.get(z);
      if (r === undefined) continue;
      const circle = view.kind === "circle", write = view.percent ? share : rate;
      const dot = span("gp-dot " + (view.flagged[r] == null ? "none" : view.flagged[r] ? "flag" : "fine"));
      rows.push(div("gp-rule", div("gp-rule-name", dot, view.label), div("gp-note",
        `${range(view.reach[0][r], view.reach[1][r], write)} / ${write(view.must[r])}` + (view.percent ? "" : ` ${view.value_unit}`) +
        (view.flagged[r] ? ` · ${words.shortfall} ${whole(view.short[r])} ${view.unit}` : "")), view.own_level[r] ? "" : div("gp-note soft", words.level_note)));
    }
    list.replaceChildren(div("gp-picked", head, ...lineNodes(lines(z)), ...(rows.length ? [div("gp-list-title", words.view_flags), ...rows] : [])));
  }

  function pick(z) { picked = z; pickedSheet.redraw(); drawList(); }
  function goto(z) {
    if (!levelsHere().includes(zones.level[z]) || zones.level[z] === state.level) pick(z);
    else { state.level = zones.level[z]; picked = z; refresh(); pickedSheet.redraw(); }
    map.flyToBounds(polygons[z].getBounds(), { maxZoom: 15, padding: [60, 60], duration: 0.6 });
  }

  function drawLegend() {
    const view = rowsOf(), counts = new Map();
    for (const [z] of rowsHere()) { const c = classOfZone(z); counts.set(c, (counts.get(c) || 0) + 1); }
    const of = state.view === "share" ? service().basis : view.basis, files = (state.view === "share" ? service() : view).files;
    const title = state.view === "share" ? `${service().label} · ${service().words.covered_share}` : view.label;
    const unit = state.view === "supply" ? view.value_unit : state.view === "share" ? (service().measures[state.measure] || {}).label : "";
    const what = { flags: words.flag_of, share: service().words.share_of, supply: state.supplyBase === "reach" ? words.supply_of : words.located, members: words.member_of }[state.view];
    legend.replaceChildren(
      div("gp-legend-title", title), unit && div("gp-note", unit), div("gp-note", what),
      ...legendRows().map(([name, label]) => {
        const swatch = span("gp-swatch" + (name === "no_data" ? " hatch" : ""));
        if (name !== "no_data") swatch.style.background = fillOf(name);
        return div("gp-class", swatch, span("", label), span("gp-count", whole(counts.get(name) || 0)));
      }),
      div("gp-legend-foot", of && div("", of), div("", `${words.year_judged} ${data.year} · ${levels[state.level].label}`),
        state.view !== "share" && view.clause && div("gp-clause", view.clause),
        $("div", { className: "gp-files", title: data.files.join("\n") }, `${words.legend_files}${data.lang === "zh" ? "：" : ": "}${files.join(data.lang === "zh" ? "、" : ", ")}`)));
  }

  const icon = (paint) => { const canvas = $("canvas", { width: 32, height: 32, className: "gp-icon" }), c = canvas.getContext("2d"); c.scale(2, 2); paint(c); return canvas; };
  const toggle = (label, on, act, mark, count) => $("label", { className: "gp-toggle" },
    $("input", { type: "checkbox", checked: on, on: { change: (e) => act(e.target.checked) } }), mark, span("", label), count != null && span("gp-count", whole(count)));
  function drawLayers() {
    const body = div("gp-layers-body");
    const count = (id) => marks.filter((m) => m.kind === id).length;
    body.append(div("gp-layer-head", words.layer_facilities));
    for (const kind of data.facilities.kinds) body.append(toggle(kind.label, true, (on) => { shown.kinds[kind.id] = on; markSheet.redraw(); nameSheet.redraw(); },
      icon((c) => paintMark(c, { ...kind, radius: 4.6 }, 8, 8, 1)), count(kind.id)));
    body.append(div("gp-note soft", words.hollow_note));
    if (data.unplaced.length) {
      const items = $("details", { className: "gp-unplaced" }, $("summary", {}, `${words.unplaced_count} `, span("gp-count", whole(data.unplaced.length))),
        data.unplaced.map((f) => div("gp-note", [f.name, f.zone, f.origin].filter(Boolean).join(" · "))));
      body.append(items);
    }
    if (isochrones.length) {
      body.append(div("gp-layer-head", words.layer_isochrones));
      data.services.forEach((s, k) => { const bands = bandsOf(k); if (bands.length) body.append(toggle(s.label, Boolean(shown.isochrones[k]), (on) => { shown.isochrones[k] = on; isochroneSheet.redraw(); stepBack(); },
        icon((c) => { bands.slice().reverse().forEach((m, b) => { c.globalAlpha = 0.35 + 0.2 * b; c.fillStyle = look.services[k % look.services.length]; c.beginPath(); c.arc(8, 8, 7 - b * (6 / bands.length), 0, 7); c.fill(); }); }),
        null)); if (bands.length) body.append(div("gp-note gp-bands", bands.map((m) => { const chip = span("gp-band");
          chip.style.background = look.services[k % look.services.length]; chip.style.opacity = 0.25 + (0.6 * (bands.length - 1 - bands.indexOf(m))) / bands.length;
          return span("gp-band-item", chip, String(m)); }), words.minutes_unit)); });
    }
    body.append(div("gp-layer-head", service().words.outside));
    data.services.forEach((s, k) => body.append(toggle(s.label, Boolean(shown.outside[k]), (on) => { shown.outside[k] = on; outsideSheet.redraw(); },
      icon((c) => { c.fillStyle = look.people_outside; c.globalAlpha = 0.6; for (const [x, y, r] of [[4, 5, 2], [10, 4, 3], [7, 11, 3.4], [13, 11, 1.6]]) { c.beginPath(); c.arc(x, y, r, 0, 7); c.fill(); } }),
      data.outside[k].total)));
    body.append(div("gp-layer-head", words.layers),
      toggle(words.layer_streets, true, (on) => { on ? streets.addTo(map) : streets.remove(); }),
      toggle(words.layer_labels, true, (on) => { on ? nameSheet.addTo(map) : nameSheet.remove(); }));
    const head = $("button", { type: "button", className: "gp-card-head", on: { click: () => layerCard.classList.toggle("closed") } }, words.layers);
    layerCard.replaceChildren(head, body);
  }

  // While isochrones are shown the polygons step back, so that two layers of colour do not mix.
  function stepBack() { map.getPane("zones").style.opacity = Object.values(shown.isochrones).some(Boolean) ? "0.3" : "1"; }

  function paintZones() {
    groups.forEach((group, level) => { level === state.level ? group.addTo(map) : group.remove(); });
    polygons.forEach((polygon, z) => {
      if (zones.level[z] !== state.level) return;
      const name = classOfZone(z);
      polygon.setStyle(name == null ? { fill: true, fillColor: "#ffffff", fillOpacity: 0 } : { fill: true, fillColor: fillOf(name), fillOpacity: 1 });
    });
  }

  function refresh() {
    const here = levelsHere();
    const partition = here.filter((k) => levels[k].id !== "estate");
    if (!here.includes(state.level)) state.level = partition[partition.length - 1] ?? here[here.length - 1] ?? levels.length - 1;
    if (picked >= 0 && zones.level[picked] !== state.level) { picked = -1; pickedSheet.redraw(); }
    drawControls(); paintZones(); drawFigures(); drawList(); drawLegend();
    outlineSheet.redraw(); nameSheet.redraw();
    page.dataset.view = state.view; page.dataset.zones = String(rowsHere().length);
  }

  // ---- hover: the nearest mark under the mouse, else the zone
  function markUnder(point) {
    const scale = Math.pow(2, map.getZoom()), origin = map.getPixelOrigin(), at = map.containerPointToLayerPoint(point).add(origin);
    let best = null, least = Infinity;
    for (const mark of marks) {
      if (!shown.kinds[mark.kind]) continue;
      const dx = mark.x * scale - at.x, dy = mark.y * scale - at.y, d = Math.hypot(dx, dy);
      if (d < mark.radius * markGrow(map.getZoom()) + 3 && d < least) { best = mark; least = d; }
    }
    return best;
  }
  map.on("mousemove", (event) => {
    const mark = markUnder(event.containerPoint);
    if (mark) {
      const f = data.facilities, k = mark.k;
      hover.replaceChildren($("h3", {}, mark.name), div("gp-where", `${(kindOf.get(mark.kind) || {}).label || ""} · ${words[f.status[k]] || f.status[k]}` + (f.approximate[k] ? ` · ${words.approximate}` : "")),
        f.capacity[k] && div("gp-note", f.capacity[k]), div("gp-note soft", f.origin[k]));
    } else if (hovered >= 0) hover.replaceChildren($("h3", {}, zones.name[hovered]), div("gp-where", parents(hovered)), ...lineNodes(lines(hovered)));
    if (!mark && hovered < 0) { hover.style.display = "none"; return; }
    hover.style.display = "block";
    const e = event.originalEvent, w = hover.offsetWidth, h = hover.offsetHeight;
    hover.style.left = (e.clientX + 16 + w > window.innerWidth ? e.clientX - 16 - w : e.clientX + 16) + "px";
    hover.style.top = Math.max(8, Math.min(e.clientY + 14, window.innerHeight - h - 10)) + "px";
  });
  map.on("mouseout", () => { hover.style.display = "none"; });
  map.on("click", () => pick(-1));

  // ---- search by name
  const index = [...zones.name.map((name, z) => ({ name, z, sort: zones.level[z] })), ...marks.map((mark) => ({ name: mark.name, mark, sort: 99 }))]
    .filter((entry) => !(entry.z >= 0 && levels[zones.level[entry.z]].id === "area"));
  searchBox.addEventListener("input", () => {
    const wanted = searchBox.value.trim().toLowerCase();
    const hits = wanted ? index.filter((entry) => entry.name.toLowerCase().includes(wanted)).sort((a, b) => a.name.toLowerCase().indexOf(wanted) - b.name.toLowerCase().indexOf(wanted) || a.sort - b.sort).slice(0, 12) : [];
    searchHits.replaceChildren(...(wanted && !hits.length ? [div("gp-note", words.no_match)] : hits.map((entry) => $("button", {
      type: "button", className: "gp-row", on: { click: () => { searchHits.replaceChildren(); searchBox.value = entry.name;
        if (entry.mark) map.flyTo(map.layerPointToLatLng(L.point(entry.mark.x, entry.mark.y).multiplyBy(Math.pow(2, map.getZoom())).subtract(map.getPixelOrigin())), 16, { duration: 0.6 });
        else goto(entry.z); } } },
      span("gp-name", entry.name, span("gp-where", entry.mark ? (kindOf.get(entry.mark.kind) || {}).label || "" : [levels[zones.level[entry.z]].label, parents(entry.z)].filter(Boolean).join(" · ")))))));
  });

  // ---- open
  const wide = map.getSize().x > 800;  // the cards on the right must not hide the study area
  map.fitBounds(data.bounds, { paddingTopLeft: [18, 18], paddingBottomRight: [wide ? 262 : 18, 30] });
  map.setMinZoom(Math.floor(map.getZoom()) - 2);
  state.level = -1;  // until a view chooses its finest level that partitions the area
  outlineSheet.addTo(map); nameSheet.addTo(map); pickedSheet.addTo(map);
  // map.html#view=share&level=town&service=1&zone=community/W0001&show=isochrones0,outside1 opens on just that
  const wanted = new URLSearchParams(location.hash.slice(1));
  if (views.includes(wanted.get("view"))) state.view = wanted.get("view");
  const limits = { flags: data.flags.length, service: data.services.length, measure: 3, supply: supplyViews.length, members: data.findings.length };
  for (const [key, count] of Object.entries(limits)) if (Number(wanted.get(key)) > 0 && Number(wanted.get(key)) < count) state[key] = Number(wanted.get(key));
  const levelWanted = levels.findIndex((level) => level.id === wanted.get("level"));
  if (levelWanted >= 0) state.level = levelWanted;
  for (const item of (wanted.get("show") || "").split(",")) {
    const [, layer, k] = /^(isochrones|outside)(\d+)$/.exec(item) || [];
    if (layer) shown[layer][Number(k)] = true;
  }
  drawLayers();
  refresh();
  isochroneSheet.redraw(); outsideSheet.redraw(); stepBack();
  const zoneWanted = zones.id.indexOf(wanted.get("zone"));
  if (zoneWanted >= 0) { map.fitBounds(polygons[zoneWanted].getBounds(), { maxZoom: 15, padding: [60, 60] }); pick(zoneWanted); }
  L.control.scale({ imperial: false, position: "bottomleft" }).addTo(map);
  document.addEventListener("securitypolicyviolation", () => { page.dataset.refused = String(Number(page.dataset.refused || 0) + 1); });
  page.dataset.ready = String(Math.round(performance.now()));
  return { state, refresh, pick };
}
