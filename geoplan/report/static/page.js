// Nodes and numbers of the page. Text is set as text, never as markup; numbers are written as geoplan/report/words.py does.
const $ = (tag, options, ...children) => {
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
const div = (name, ...children) => $("div", { className: name }, ...children);
const span = (name, ...children) => $("span", { className: name }, ...children);

const halfUp = (value, digits) => Number(Math.round(Number(value + "e" + digits)) + "e-" + digits);
const grouped = (value, digits) => {
  const [whole, part] = value.toFixed(digits).split(".");
  return whole.replace(/\B(?=(\d{3})+$)/g, ",") + (part ? "." + part : "");
};
const whole = (value) => (value == null ? "—" : value === "∞" ? "∞" : grouped(halfUp(value, 0), 0));
const share = (value) => {
  if (value == null) return "—";
  let shown = halfUp(value, 3) * 100;
  if (shown >= 99.95 && value < 1) shown = 99.9;
  if (shown < 0.05 && value > 0) shown = 0.1;
  return shown.toFixed(1) + "%";
};
const rate = (value) => {
  if (value == null) return "—";
  if (value === "∞") return "∞";
  const digits = Math.abs(value) < 10 ? 2 : Math.abs(value) < 100 ? 1 : 0;
  const text = grouped(halfUp(value, digits), digits);
  return digits ? text.replace(/\.?0+$/, "") : text;
};
const range = (low, high, write) => {
  if (low == null) return "—";
  if (high === "∞") return "≥ " + write(low);
  return high == null || write(low) === write(high) ? write(low) : write(low) + "–" + write(high);
};
