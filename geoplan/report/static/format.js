// Numbers as geoplan/words/numbers.py writes them; a test holds the two against each other. Unknown is null, no upper end is "∞".
const NOTHING = "—";

// Half up and decimal, away from zero: the shortest decimal of the number is rounded, as a spreadsheet does.
export function rounded(value, digits) {
  const [mantissa, exponent] = Math.abs(value).toExponential().split("e");
  const scaled = Math.round(Number(`${mantissa}e${Number(exponent) + digits}`));
  return Math.sign(value) * Number(`${scaled}e-${digits}`) || 0;
}

export function grouped(value, digits) {
  const [whole, part] = value.toFixed(digits).split(".");
  return whole.replace(/\B(?=(\d{3})+$)/g, ",") + (part ? "." + part : "");
}

const count = (value) => grouped(rounded(value, 0), 0);

// What is not quite whole never prints as 100.0 %, nor as 0.0 % where it is not none.
function percent(value) {
  let shown = 100 * rounded(value, 3);
  if (Math.abs(shown - 100) < 1e-9 && value < 1 - 1e-9) shown = 99.9;
  if (shown === 0 && value > 1e-9) shown = 0.1;
  return shown.toFixed(1) + "%";
}

function decimal(value) {
  const size = Math.abs(value), digits = size < 10 ? 2 : size < 100 ? 1 : 0;
  const text = grouped(rounded(value, digits), digits);
  return digits ? text.replace(/\.?0+$/, "") : text;
}

// A change has a sign where it does not print as nought.
const signed = (write) => (value) => {
  const size = write(Math.abs(value));
  return /[1-9]/.test(size) ? (value > 0 ? "+" : "-") + size : size;
};

const WRITE = {
  count, percent, per_1000: decimal, decimal, minutes: count, cost: count, change: signed(count),
  points: signed((value) => (100 * rounded(value, 3)).toFixed(1) + "%"),
  change_decimal: signed((value) => grouped(rounded(value, 2), 2)),
  year: (value) => rounded(value, 0).toFixed(0), degrees: (value) => rounded(value, 6).toFixed(6),
};

export function formatNumber(value, format) {
  if (value == null) return NOTHING;
  return value === "∞" ? "∞" : WRITE[format](value);
}

export function formatInterval(low, high, format) {
  const least = formatNumber(low, format);
  if (low == null || high == null) return least;
  if (high === "∞") return "≥ " + least;
  const most = formatNumber(high, format);
  return least === most ? least : `${least}–${most}`;
}

// One cell of a packed table as text; nothing where there is no value.
export function cellText(column, row) {
  if (column.texts) return column.at[row] < 0 ? "" : column.texts[column.at[row]];
  if (column.low[row] == null) return "";
  return formatInterval(column.low[row], (column.high || column.low)[row], column.format);
}

export const whole = (value) => formatNumber(value, "count");
export const share = (value) => formatNumber(value, "percent");
