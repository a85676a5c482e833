// Reads what geoplan/report/look/codec.py packs: base64 of zigzag variable-length numbers, differences of 1e-5 degrees.
export function unpackIntegers(text) {
  const bytes = atob(text), out = [];
  let number = 0, factor = 1;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes.charCodeAt(i);
    number += (byte & 127) * factor;
    if (byte < 128) {
      out.push(number % 2 ? -(number + 1) / 2 : number / 2);
      number = 0; factor = 1;
    } else factor *= 128;
  }
  return out;
}

// Longitude, latitude, longitude, latitude … in degrees.
export function unpackPoints(text) {
  const steps = unpackIntegers(text), out = new Float64Array(steps.length);
  let x = 0, y = 0;
  for (let i = 0; i < steps.length; i += 2) {
    x += steps[i]; y += steps[i + 1];
    out[i] = x / 1e5; out[i + 1] = y / 1e5;
  }
  return out;
}

// Pixels of the whole world at zoom 0, the spherical Mercator that Leaflet draws in.
export function toWorld(points) {
  const out = new Float64Array(points.length), rad = Math.PI / 180;
  for (let i = 0; i < points.length; i += 2) {
    const sine = Math.sin(points[i + 1] * rad);
    out[i] = 256 * (points[i] / 360 + 0.5);
    out[i + 1] = 256 * (0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI));
  }
  return out;
}

// Lines as {world, start, box}: line k has vertices start[k] … start[k + 1] - 1, box[4k …] its bounds.
export function unpackLines(packed) {
  const counts = unpackIntegers(packed.n), world = toWorld(unpackPoints(packed.xy));
  const start = new Int32Array(counts.length + 1), box = new Float64Array(4 * counts.length);
  for (let k = 0; k < counts.length; k++) {
    start[k + 1] = start[k] + counts[k];
    let west = Infinity, north = Infinity, east = -Infinity, south = -Infinity;
    for (let i = start[k]; i < start[k + 1]; i++) {
      const x = world[2 * i], y = world[2 * i + 1];
      if (x < west) west = x;
      if (x > east) east = x;
      if (y < north) north = y;
      if (y > south) south = y;
    }
    box.set([west, north, east, south], 4 * k);
  }
  return { world, start, box };
}

// Per row a list of polygons, each a list of rings, each a list of [latitude, longitude]: what L.polygon takes.
export function unpackPolygons(packed) {
  const parts = unpackIntegers(packed.parts), rings = unpackIntegers(packed.rings);
  const counts = unpackIntegers(packed.n), points = unpackPoints(packed.xy);
  let part = 0, ring = 0, at = 0;
  return parts.map((n) => {
    const polygons = [];
    for (let p = 0; p < n; p++) {
      const own = [];
      for (let r = 0; r < rings[part]; r++, ring++) {
        const path = [];
        for (let i = 0; i < counts[ring]; i++, at += 2) path.push([points[at + 1], points[at]]);
        own.push(path);
      }
      part++;
      polygons.push(own);
    }
    return polygons;
  });
}

// The rings of one row of unpackPolygons as lines in world pixels.
export function ringsToLines(polygons) {
  const rings = polygons.flat(), count = rings.reduce((n, ring) => n + ring.length, 0);
  const points = new Float64Array(2 * count), start = new Int32Array(rings.length + 1), box = new Float64Array(4 * rings.length);
  let at = 0;
  rings.forEach((ring, k) => {
    for (const [lat, lon] of ring) { points[at++] = lon; points[at++] = lat; }
    start[k + 1] = at / 2;
  });
  const world = toWorld(points);
  rings.forEach((_, k) => {
    let w = Infinity, n = Infinity, e = -Infinity, s = -Infinity;
    for (let i = start[k]; i < start[k + 1]; i++) {
      w = Math.min(w, world[2 * i]); e = Math.max(e, world[2 * i]);
      n = Math.min(n, world[2 * i + 1]); s = Math.max(s, world[2 * i + 1]);
    }
    box.set([w, n, e, s], 4 * k);
  });
  return { world, start, box };
}
