import { touch } from "./touch.js";

// Nodes of the page. Text is set as text, never as markup.
export const $ = (tag, options, ...children) => {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(options || {})) {
    if (key === "on") for (const [event, action] of Object.entries(value)) node.addEventListener(event, action);
    else if (key === "data") Object.assign(node.dataset, value);
    else if (key === "css") Object.assign(node.style, value);
    else node[key] = value;
  }
  for (const child of children.flat()) if (child != null && child !== "" && child !== false) node.append(child);
  return node;
};
export const div = (name, ...children) => $("div", { className: name }, ...children);
export const span = (name, ...children) => $("span", { className: name }, ...children);

// A toggle of the layers card that is the legend as well: mark, name, and how many there are.
export const toggle = (label, on, act, mark, count) => $("label", { className: "gp-toggle" },
  $("input", { type: "checkbox", checked: on, on: { change: (e) => act(e.target.checked) } }), mark, span("", label), count && span("gp-count", count));

// The box under the mouse, kept inside the window. After a tap there is no mouse: what was tapped opens its card.
export function showBeside(node, event) {
  if (touch.finger) return;
  node.style.display = "block";
  const w = node.offsetWidth, h = node.offsetHeight;
  node.style.left = (event.clientX + 16 + w > window.innerWidth ? event.clientX - 16 - w : event.clientX + 16) + "px";
  node.style.top = Math.max(8, Math.min(event.clientY + 14, window.innerHeight - h - 10)) + "px";
}

export const lineNodes = (pairs) => pairs.map(([label, value]) => div("gp-line", span("", label), span("gp-value", value)));
