// The card of a zone: one line on its flags, all that every rule says of it as a table, and what the shown view knows of it.
import { $, div, lineNodes, span } from "./dom.js";
import { cellText } from "./format.js";
import { cardLines, parentsOf } from "./views.js";

// Zone -> its rows of the table of rules, in the table's order.
export function rowsByZone(rules) {
  const rows = new Map();
  rules.zone.forEach((z, row) => { if (!rows.has(z)) rows.set(z, []); rows.get(z).push(row); });
  return rows;
}

// Columns that say anything in some of the rows; a narrow card has no room for the others.
export const toldColumns = (columns, rows) => columns.filter((column) => rows.some((row) => cellText(column, row)));

function told(column, row) {
  const text = cellText(column, row), [fill, ink] = (column.fills && text && column.fills[column.at[row]]) || [];
  return fill ? $("span", { className: "gp-chip", css: { background: fill, color: ink } }, text) : text;
}

// A row a rule; its name and its result, the first two columns, stand in one cell that stays in sight.
export function ruleTable(rules, rows) {
  const [name, result, ...others] = rules.columns, columns = toldColumns(others, rows);
  const kind = (column, row) => (column.texts ? (cellText(column, row).length > 9 ? "long" : "") : "n");
  return div("gp-rules", $("table", {}, $("thead", {}, $("tr", {}, [name, ...columns].map((column) => $("th", {}, column.header)))),
    $("tbody", {}, rows.map((row) => $("tr", {}, $("th", {}, div("", cellText(name, row)), told(result, row)),
      columns.map((column) => $("td", { className: kind(column, row) }, told(column, row))))))));
}

// The address of a zone's own page; nothing where it has none.
export const pageOf = (pages, z) => (pages && pages.of[z] >= 0 ? `${pages.files[pages.of[z]]}#${pages.at[z]}` : "");

export function drawCard(node, data, view, z, rows, close) {
  const zones = data.zones, where = [parentsOf(zones, data.levels, z).join(" · "), zones.kind[z]].filter(Boolean).join(" · ");
  const lines = cardLines(view, z), head = data.rules.heads[z], page = pageOf(data.pages, z);
  node.replaceChildren(div("gp-picked",
    div("gp-picked-head", div("", $("h2", {}, zones.name[z]), div("gp-where", where)),
      closeButton(data, close)),
    page ? $("a", { className: "gp-page", href: page, target: "_blank", rel: "noopener" }, data.words.card_page) : "",
    head ? div("gp-kinds", head) : "", rows.length ? ruleTable(data.rules, rows) : "",
    ...(lines.length ? [div("gp-list-title", view.title), ...lineNodes(lines)] : [])));
}

export const zoneCard = (data, view, z) =>
  [$("h3", {}, data.zones.name[z]), div("gp-where", parentsOf(data.zones, data.levels, z).join(" · ")), ...lineNodes(cardLines(view, z))];

// The card of a facility that was clicked, found or tapped; `zone` is a row that leads to the community beneath it.
export const markCard = (data, mark, zone, close) => {
  const [, ...told] = facilityCard(data, mark);
  return div("gp-picked gp-mark-card", div("gp-picked-head", $("h2", {}, mark.name), closeButton(data, close)), ...told, zone);
};

const closeButton = (data, close) => $("button", { type: "button", className: "gp-close", title: data.words.back, on: { click: close } }, "×");

// What is said of a facility: in the box under the mouse, and on its card.
export function facilityCard(data, mark) {
  const f = data.facilities, k = mark.k;
  return [$("h3", {}, mark.name), div("gp-where", f.about[k]), f.capacity[k] && div("gp-note", f.capacity[k]), div("gp-note soft", f.origin[k])].filter(Boolean);
}
