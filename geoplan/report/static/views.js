// Which view is shown, and what it says of each zone. Nothing here draws, and no figure is made here.
import { cellText } from "./format.js";

// Views by subject in the order of the tabs; each view knows its row of every zone.
export function viewsBySubject(views) {
  const tabs = new Map();
  for (const view of views) {
    view.at = new Map(view.zone.map((z, row) => [z, row]));
    if (!tabs.has(view.subject)) tabs.set(view.subject, []);
    tabs.get(view.subject).push(view);
  }
  return tabs;
}

// Levels of the zones that a view speaks of, coarse to fine.
export const levelsOf = (view, zones, levels) =>
  levels.map((_, k) => k).filter((k) => view.zone.some((z) => zones.level[z] === k));

// The level that is shown: the wanted one where the view has it, else its finest that parts the area.
export function levelOf(view, zones, levels, wanted) {
  const here = levelsOf(view, zones, levels);
  if (here.includes(wanted)) return wanted;
  const partition = here.filter((k) => levels[k].id !== "estate");
  return partition[partition.length - 1] ?? here[here.length - 1] ?? levels.length - 1;
}

export const rowsAt = (view, zones, level) => [...view.at].filter(([z]) => zones.level[z] === level);

// Class -> how many zones of the level have it.
export function classCounts(view, zones, level) {
  const counts = view.classes.map(() => 0);
  for (const [, row] of rowsAt(view, zones, level)) counts[view.of[row]] += 1;
  return counts;
}

// Zones of the level that are bad, the worst first.
export const worstZones = (view, zones, level, most) => rowsAt(view, zones, level)
  .filter(([, row]) => view.rank[row] >= 0).sort((a, b) => view.rank[a[1]] - view.rank[b[1]]).slice(0, most).map(([z]) => z);

// What is known of a zone: label and text of every cell that has a value.
export function cardLines(view, z) {
  const row = view.at.get(z);
  if (row === undefined) return [];
  return view.columns.map((column) => [column.header, cellText(column, row)]).filter(([, text]) => text);
}

export const leadText = (view, z) => cellText(view.columns[view.lead], view.at.get(z));

// The view of another group (service, base of supply) that asks the same question, else its first.
export const inGroup = (views, group, title) =>
  views.find((view) => view.group === group && view.title === title) || views.find((view) => view.group === group);

// Names of the zones above a zone, the coarsest first, without the area.
export function parentsOf(zones, levels, z) {
  const out = [];
  for (let p = zones.parent[z]; p >= 0 && levels[zones.level[p]].id !== "area"; p = zones.parent[p]) out.unshift(zones.name[p]);
  return out;
}

// Places of the classes that have one name, together, in the order of the classes.
export function sameNames(classes) {
  const groups = new Map();
  classes.forEach((own, k) => groups.set(own.text, [...(groups.get(own.text) || []), k]));
  return [...groups.values()];
}

// Capacity with its unit, and the load; nothing where a row is no facility.
export function facilityLine([capacity, unit, load], row) {
  const amount = cellText(capacity, row);
  return amount && [`${cellText(unit, row)} ${amount}`, `${load.header} ${cellText(load, row) || "—"}`].join(" · ");
}
