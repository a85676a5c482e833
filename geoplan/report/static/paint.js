// What is painted on the canvas sheets: the quiet base, lines, marks, names, isochrones, dots. Nothing here knows the page.
import { ringsToLines, unpackLines, unpackPolygons } from "./codec.js";

// Adds the lines in view to the context's path; vertices under 0.8 px from the last one are skipped.
export function traceLines(context, view, lines, closed) {
  const { world, start, box } = lines, step = 0.8;
  for (let k = 0; k + 1 < start.length; k++) {
    const b = 4 * k;
    if (box[b] > view.east || box[b + 2] < view.west || box[b + 1] > view.south || box[b + 3] < view.north) continue;
    const first = start[k], last = start[k + 1] - 1;
    let px = world[2 * first] * view.scale - view.dx, py = world[2 * first + 1] * view.scale - view.dy;
    context.moveTo(px, py);
    for (let i = first + 1; i <= last; i++) {
      const x = world[2 * i] * view.scale - view.dx, y = world[2 * i + 1] * view.scale - view.dy;
      if (i < last && Math.abs(x - px) < step && Math.abs(y - py) < step) continue;
      context.lineTo(x, y);
      px = x; py = y;
    }
    if (closed) context.closePath();
  }
}

// The quiet base: areas filled, lines dashed; widths and dashes are in points. Colours of zones are multiplied with what lies beneath: a
// veil over the zones lets of what is not `above` hardly anything through, so that every zone has the colour of its class.
export function paintGround(ground, zones) {
  const point = 4 / 3;
  const layers = ground.map((own) => ({ ...own, parts: own.width ? [unpackLines(own.shape)] : unpackPolygons(own.shape).map(ringsToLines) }));
  const beneath = layers.filter((own) => !own.above), above = layers.filter((own) => own.above);
  const paint = (context, view, { colour, width, dashes, parts }) => {
    context.fillStyle = context.strokeStyle = colour;
    context.lineWidth = width * point;
    context.setLineDash(dashes.map((length) => length * point));
    for (const lines of parts) {
      context.beginPath();
      traceLines(context, view, lines, !width);
      if (width) context.stroke();
      else context.fill("evenodd");
    }
    context.setLineDash([]);
  };
  return (context, view) => {
    for (const own of beneath) paint(context, view, own);
    if (beneath.length) {
      context.beginPath();
      for (const lines of zones) traceLines(context, view, lines, true);
      context.fillStyle = "rgba(255, 255, 255, 0.7)";
      context.fill("nonzero");
    }
    for (const own of above) paint(context, view, own);
  };
}

export function paintStreets(sheets, look) {
  return (context, view) => {
    context.lineCap = context.lineJoin = "round";
    sheets.forEach((lines, major) => {
      if (!major && view.zoom < 11) return;
      context.beginPath();
      traceLines(context, view, lines, false);
      context.strokeStyle = major ? look.street_major : look.street;
      const grow = Math.max(0, view.zoom - 12);
      context.lineWidth = major ? 0.9 + 0.55 * grow : 0.45 + 0.35 * grow;
      context.stroke();
    });
  };
}

// A mark's outline around (0, 0); every shape has about the same area as the circle.
export function traceMark(context, shape, radius) {
  const polygon = (n, turn, grow) => {
    for (let k = 0; k < n; k++) {
      const angle = turn + (2 * Math.PI * k) / n, r = radius * grow;
      context[k ? "lineTo" : "moveTo"](r * Math.cos(angle), r * Math.sin(angle));
    }
    context.closePath();
  };
  context.beginPath();
  if (shape === "square") polygon(4, Math.PI / 4, 1.25);
  else if (shape === "triangle") polygon(3, -Math.PI / 2, 1.45);
  else if (shape === "diamond") polygon(4, 0, 1.3);
  else if (shape === "pentagon") polygon(5, -Math.PI / 2, 1.15);
  else if (shape === "cross") {
    const a = radius * 1.15, b = radius * 0.42;
    [[-b, -a], [b, -a], [b, -b], [a, -b], [a, b], [b, b], [b, a], [-b, a], [-b, b], [-a, b], [-a, -b], [-b, -b]]
      .forEach(([x, y], k) => context[k ? "lineTo" : "moveTo"](x, y));
    context.closePath();
  } else context.arc(0, 0, radius, 0, 2 * Math.PI);
}

export function paintMark(context, mark, x, y, grow) {
  context.save();
  context.translate(x, y);
  traceMark(context, mark.shape, mark.radius * grow + (mark.hollow ? 0.5 : 0));
  context.lineJoin = "round";
  context.strokeStyle = "#fff";
  context.lineWidth = (mark.hollow ? 4 : 2) * Math.min(1, 0.4 + grow * 0.7);
  context.stroke();
  context.fillStyle = mark.hollow ? "#fff" : mark.colour;
  context.fill();
  if (mark.hollow) {
    context.strokeStyle = mark.colour;
    context.lineWidth = 1.6;
    context.stroke();
  }
  context.restore();
}

// Names, the more important first; one that would touch another, or a small name that would hide a mark, is left out.
export function paintNames(names, marks, fontOf) {
  return (context, view) => {
    const taken = [];
    const spots = marks().map((mark) => [mark.x * view.scale - view.dx, mark.y * view.scale - view.dy]);
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.lineJoin = "round";
    for (const name of names()) {
      if (view.zoom < name.from) continue;
      const x = name.x * view.scale - view.dx, y = name.y * view.scale - view.dy;
      if (x < 0 || y < 0 || x > view.width || y > view.height) continue;
      const font = fontOf(name);
      context.font = font.css;
      const width = context.measureText(name.text).width / 2 + 3, height = font.size / 2 + 3;
      if (name.from > 0 && name.room * view.scale < width * 1.5) continue;
      if (name.from > 11 && spots.some((s) => Math.abs(s[0] - x) < width + 3 && Math.abs(s[1] - y) < height + 2)) continue;
      if (taken.some((t) => Math.abs(t[0] - x) < t[2] + width && Math.abs(t[1] - y) < t[3] + height)) continue;
      taken.push([x, y, width, height]);
      context.strokeStyle = font.halo || "rgba(255,255,255,0.9)";
      context.lineWidth = 3.2;
      context.strokeText(name.text, x, y);
      context.fillStyle = font.colour;
      context.fillText(name.text, x, y);
    }
  };
}

export function hatch(ground, ink) {
  const tile = document.createElement("canvas");
  tile.width = tile.height = 8;
  const context = tile.getContext("2d");
  context.fillStyle = ground;
  context.fillRect(0, 0, 8, 8);
  context.strokeStyle = ink;
  context.lineWidth = 1;
  context.beginPath();
  for (const d of [-4, 0, 4, 8]) { context.moveTo(d, 8); context.lineTo(d + 8, 0); }
  context.stroke();
  return context.createPattern(tile, "repeat");
}

// How the bands of an isochrone are told apart: the widest has a whole line, each nearer one a more broken line on a deeper ground.
export const bandStyle = (b, count) => ({ fill: 0.1 + 0.07 * (count - 1 - b), dash: [[], [7, 4], [2, 3]][Math.min(2, count - 1 - b)] });

// Fills and strokes the path that the context holds (or `path`): a light line beneath a dark one, so that it is seen on any ground.
export function paintBand(context, colour, b, count, width, path) {
  const { fill, dash } = bandStyle(b, count), of = path ? [path] : [], full = 1.8;
  context.save();
  context.lineJoin = "round";
  context.fillStyle = context.strokeStyle = colour;
  // without its line the fill must do
  context.globalAlpha = fill * (1 + 1.6 * Math.max(0, 1 - width / full));
  context.fill(...of, "evenodd");
  if (width > 0) {
    context.globalAlpha = 0.9;
    context.strokeStyle = "#fff";
    context.lineWidth = width + 2.4;
    context.stroke(...of);
    context.globalAlpha = 1;
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.setLineDash(dash);
    context.stroke(...of);
  }
  context.restore();
}

// Isochrones of the services that are on, the widest band first; beneath them all lies one light wash. Seen from afar their lines would
// cover the ground, and only the fill is drawn.
export function paintIsochrones(entries, on, colours) {
  const counts = new Map(), wide = new Map();
  for (const entry of entries) {
    counts.set(entry.service, [...(counts.get(entry.service) || []), entry.minutes].sort((a, b) => a - b));
    wide.set(entry.service, entry.minutes > (wide.get(entry.service) || 0) ? entry.minutes : wide.get(entry.service));
  }
  return (context, view) => {
    const shown = entries.filter((entry) => on[entry.service]).map((entry) => {
      const path = new Path2D();
      traceLines(path, view, entry.lines, true);
      return { ...entry, path };
    });
    const width = Math.min(1.8, Math.max(0, 0.9 * (view.zoom - 12)));
    context.fillStyle = "#fff";
    context.globalAlpha = 0.62;
    for (const entry of shown) if (entry.minutes === wide.get(entry.service)) context.fill(entry.path, "evenodd");
    context.globalAlpha = 1;
    for (const entry of shown) {
      const bands = counts.get(entry.service), colour = colours[entry.service % colours.length];
      paintBand(context, colour, bands.indexOf(entry.minutes), bands.length, width, entry.path);
    }
  };
}

// A dot of the mean number of people is about one pixel wide at zoom 12.
export function paintPeople(layers, on, colour) {
  return (context, view) => {
    layers.forEach((layer, service) => {
      if (!on[service]) return;
      context.fillStyle = colour;
      context.globalAlpha = 0.55;
      const grow = Math.pow(1.32, view.zoom - 12);
      for (let i = 0; i < layer.people.length; i++) {
        const x = layer.world[2 * i] * view.scale - view.dx, y = layer.world[2 * i + 1] * view.scale - view.dy;
        if (x < -9 || y < -9 || x > view.width + 9 || y > view.height + 9) continue;
        context.beginPath();
        context.arc(x, y, Math.min(9, Math.max(0.5, 0.9 * grow * Math.sqrt(layer.people[i] / layer.mean))), 0, 2 * Math.PI);
        context.fill();
      }
      context.globalAlpha = 1;
    });
  };
}

// Marks shrink when the whole city is in view.
export const markGrow = (zoom) => Math.min(1.35, Math.max(0.42, 0.42 + 0.22 * (zoom - 11)));

export function paintMarks(marks, on) {
  return (context, view) => {
    for (const mark of marks) {
      if (!on[mark.kind]) continue;
      const x = mark.x * view.scale - view.dx, y = mark.y * view.scale - view.dy;
      if (x < -12 || y < -12 || x > view.width + 12 || y > view.height + 12) continue;
      paintMark(context, mark, x, y, markGrow(view.zoom));
    }
  };
}

// Whether white reads better than black on a colour: the contrast of WCAG 2 against the one and the other.
export function isDark(colour) {
  const [r, g, b] = [1, 3, 5].map((k) => parseInt(colour.slice(k, k + 2), 16) / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  const light = 0.2126 * r + 0.7152 * g + 0.0722 * b;
  return 1.05 / (light + 0.05) > (light + 0.05) / 0.05;
}
