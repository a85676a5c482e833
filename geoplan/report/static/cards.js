// Pages of communities: on a screen as wide as the window, and on every page as many rows as it holds.

// Leaves rows out at the ends of a page's tables until everything fits: first down to the rows that each table keeps, then to one, then notes.
export function fitPage(page) {
  const sections = (name) => [...page.querySelectorAll(`${name} > section`)], over = () => page.scrollHeight > page.clientHeight;
  const halves = sections(".halves"), others = [...sections(".across"), ...sections(".beside")];
  const drop = (section, least) => {
    const rows = section.querySelectorAll("tbody tr:not([hidden])");
    if (rows.length <= least) return false;
    rows[rows.length - 1].hidden = true;
    section.querySelector(".more").hidden = false;
    return true;
  };
  for (const strict of [false, true]) {
    const least = (section) => (strict ? 1 : Number(section.dataset.least));
    const one = () => [...halves.sort((a, b) => b.offsetHeight - a.offsetHeight), ...others].some((section) => section.dataset.least && drop(section, least(section)));
    while (over() && one());
  }
  if (over()) page.querySelector(".notes").hidden = true;
  return !over();
}

// A page is fitted when it comes near the window, and all of them before a print.
export function startCards() {
  const root = document.documentElement, told = document.body.dataset, waiting = new Set(document.querySelectorAll(".page"));
  const scale = () => root.style.setProperty("--scale", String(Math.min(1, root.clientWidth / 1260)));
  const fit = (page) => { if (waiting.delete(page) && !fitPage(page)) told.over = String(Number(told.over || 0) + 1); };
  window.addEventListener("resize", scale);
  scale();
  const near = new IntersectionObserver((entries) => entries.filter((entry) => entry.isIntersecting).forEach((entry) => fit(entry.target)), { rootMargin: "50%" });
  waiting.forEach((page) => near.observe(page));
  window.addEventListener("beforeprint", () => [...waiting].forEach(fit));
  // an address may name a page, which lies elsewhere since the pages were scaled
  if (location.hash) location.replace(location.hash);
}
