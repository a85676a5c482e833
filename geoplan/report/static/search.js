// Search by name: the box, its hits, the button, and the keys that move in them.
import { $, div, span } from "./dom.js";

// Entries whose name holds the text, those that begin with it first.
export function findByName(entries, text, most) {
  const wanted = text.trim().toLowerCase();
  if (!wanted) return [];
  const place = (entry) => entry.name.toLowerCase().indexOf(wanted);
  return entries.filter((entry) => place(entry) >= 0).sort((a, b) => place(a) - place(b) || a.sort - b.sort).slice(0, most);
}

// The hit that a key moves to among `count`, from `at` (-1: none); past the last stands the first.
export const movedHit = (at, key, count) => (key === "ArrowDown" ? (at + 1) % count : at <= 0 ? count - 1 : at - 1);

// Groups of entries {name, where, sort, act}, each with how many of its hits are shown at most; a group added later stands before the others.
export function startSearch(box, list, button, noMatch) {
  const groups = [];
  let hits = [], at = -1;
  const clear = () => { hits = []; at = -1; list.replaceChildren(); };
  const take = (entry) => { clear(); box.value = entry.name; entry.act(); };
  const takeMarked = () => take(hits[Math.max(0, at)]);
  function mark(k) {
    at = k;
    [...list.children].forEach((node, place) => node.classList.toggle("on", place === k));
    list.children[k].scrollIntoView({ block: "nearest" });
  }
  box.addEventListener("input", () => {
    clear();
    hits = groups.flatMap(({ entries, most }) => findByName(entries, box.value, most));
    const row = (entry) => $("button", { type: "button", className: "gp-row", tabIndex: -1, on: { click: () => take(entry) } },
      span("gp-name", entry.name, span("gp-where", entry.where)));
    list.replaceChildren(...(hits.length ? hits.map(row) : box.value.trim() ? [div("gp-note", noMatch)] : []));
  });
  box.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { clear(); box.value = ""; } else if (!hits.length) return;
    else if (event.key === "Enter") takeMarked();
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") mark(movedHit(at, event.key, hits.length));
    else return;
    event.preventDefault();
  });
  button.addEventListener("click", () => { if (hits.length) takeMarked(); else box.focus(); });
  return { add: (entries, most) => { groups.unshift({ entries, most }); } };
}
