// Whether the page was last pointed at with a finger: a finger does not hover, and needs more room than a mouse.
export const touch = { finger: false };

export function watchTouch() {
  const heard = (event) => { touch.finger = event.pointerType === "touch"; };
  for (const kind of ["pointerdown", "pointermove"]) document.addEventListener(kind, heard, true);
}

// How far from its edge a mark is still hit, pixels.
export const slack = () => (touch.finger ? 14 : 3);
