// Where the map is free: the study is shown whole between the panels that lie over it.
// Paddings that keep the map clear of `cards` (boxes in the map's own pixels): beside them, or below those that are stacked at the top.
export function paddings(size, cards, margin) {
  const even = { left: margin, top: margin, right: margin, bottom: margin + 20 };  // credits and scale stand at the bottom
  if (!cards.length) return [even];
  const beside = size.x - Math.min(...cards.map((card) => card.left)) + margin;
  const below = Math.max(...cards.map((card) => card.bottom)) + margin;
  const options = [{ ...even, right: beside }, { ...even, top: below }].filter((own) => own.left + own.right < size.x && own.top + own.bottom < size.y);
  return options.length ? options : [even];
}

// Of several paddings the one that leaves most room for a shape `wide` times as wide as high.
export function roomiest(size, options, wide) {
  const height = (own) => Math.min(size.y - own.top - own.bottom, (size.x - own.left - own.right) / wide);
  return options.reduce((best, own) => (height(own) > height(best) ? own : best));
}

// Shows bounds in the free part of the map; `cards` are the nodes that lie over it. Any zoom may result, so that nothing of the room is lost.
export function fitter(map, cards) {
  let fitting = false, moved = true;
  map.on("movestart", () => { if (!fitting) moved = true; });
  const free = (bounds) => {
    const box = map.getContainer().getBoundingClientRect(), size = map.getSize();
    const over = cards.map((card) => card.getBoundingClientRect()).filter((card) => card.width && card.right > box.left && card.bottom > box.top)
      .map((card) => ({ left: card.left - box.left, bottom: card.bottom - box.top }));
    const corner = [bounds.getSouthWest(), bounds.getNorthEast()].map((at) => map.project(at, 12));
    const own = roomiest(size, paddings(size, over, 16), (corner[1].x - corner[0].x) / Math.max(1, corner[0].y - corner[1].y));
    return { paddingTopLeft: [own.left, own.top], paddingBottomRight: [own.right, own.bottom] };
  };
  return {
    free,
    fit(bounds) {
      const snap = map.options.zoomSnap;
      fitting = true;
      map.options.zoomSnap = 0;
      map.fitBounds(bounds, { ...free(bounds), animate: false });
      map.options.zoomSnap = snap;
      fitting = moved = false;
    },
    // whether anybody has moved the map since it was last fitted
    moved: () => moved,
  };
}
