// What is painted on the canvas sheets: lines, marks, names, isochrones, dots. Nothing here knows the page.
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
      context.strokeStyle = "rgba(255,255,255,0.9)";
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

// The widest band first, so that nearer ones lie above it.
export function paintIsochrones(entries, on, colours, fill) {
  return (context, view) => {
    for (const entry of entries) {
      if (!on[entry.service]) continue;
      context.beginPath();
      for (const ring of entry.rings) {
        for (let i = 0; i < ring.length; i += 2) {
          context[i ? "lineTo" : "moveTo"](ring[i] * view.scale - view.dx, ring[i + 1] * view.scale - view.dy);
        }
        context.closePath();
      }
      const colour = colours[entry.service % colours.length];
      context.fillStyle = colour;
      context.globalAlpha = fill(entry.service, entry.minutes);
      context.fill("evenodd");
      context.globalAlpha = 0.75;
      context.strokeStyle = colour;
      context.lineWidth = 0.8;
      context.stroke();
      context.globalAlpha = 1;
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
