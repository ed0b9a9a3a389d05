// The rows of a scenario: cases with the same outcomes in all versions share one.

const SYMBOLS = { behaves: "✓", breaks: "✕", skipped: "–", error: "!" };

function signature(cell) {
  return cell.spans.map((span) => `${span.first}-${span.last}:${span.outcome}`).join();
}

// Cases as a sentence: for each deployment the sites and modes, where all are there without them.
function conditions(own, all) {
  const parts = new Map();
  for (const cell of own) {
    if (!parts.has(cell.deployment)) parts.set(cell.deployment, []);
    parts.get(cell.deployment).push(cell);
  }
  const lines = new Map();
  for (const [deployment, here] of parts) {
    const whole = all.filter((cell) => cell.deployment === deployment).length === here.length;
    const text = whole ? "" : pairs(here);
    if (!lines.has(text)) lines.set(text, []);
    lines.get(text).push(deployment);
  }
  return [...lines].map(([text, deployments]) => [deployments.join(", "), text]);
}

function pairs(here) {
  const sites = new Map();
  for (const cell of here) {
    if (!sites.has(cell.site)) sites.set(cell.site, []);
    sites.get(cell.site).push(cell.mode);
  }
  const modes = new Map();
  for (const [site, own] of sites) {
    const text = own.join(", ");
    modes.set(text, [...(modes.get(text) ?? []), site]);
  }
  return [...modes].map(([text, own]) => `${own.join(", ")} (${text})`).join("; ");
}

function rowsOf(own, all) {
  const groups = new Map();
  for (const cell of own) {
    const key = signature(cell);
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(cell);
  }
  return [...groups.values()].map((group) => rowOf(group, all));
}

function rowOf(group, all) {
  const places = conditions(group, all).flatMap(([deployments, text]) => [
    make("span", { class: "deployments" }, breakable(deployments)), make("span", { class: "conditions" }, text),
  ]);
  const row = make("tr", {}, make("th", { scope: "row" }, places));
  let next = 0;
  const gap = (until) => {
    if (until > next) row.append(make("td", { class: "none", colspan: until - next }, "not run"));
  };
  group[0].spans.forEach((span, number) => {
    gap(span.first);
    row.append(bar(span, evidenceOf(group, number)));
    next = span.last + 1;
  });
  gap(data.versions.length);
  return row;
}

function evidenceOf(group, number) {
  return [...new Set(group.flatMap((cell) => cell.spans[number].evidence))];
}

function bar(span, evidence) {
  const texts = span.verdict === "behaves" ? [] : evidence;
  const shown = [...texts].sort((one, other) => score1(other) - score1(one)).slice(0, 2);
  return make(
    "td",
    { class: span.verdict, colspan: span.last - span.first + 1, "data-versions": versionsOf(span.first, span.last) },
    make("span", { class: "symbol", "aria-hidden": "true" }, SYMBOLS[span.verdict]),
    phrase(span),
    shown.map((text) => make("span", { class: "evidence" }, marked(text))),
    texts.length > 2 && make("span", { class: "evidence" }, `and ${texts.length - 2} more`),
  );
}

const score1 = (text) => (state.q && text.toLowerCase().includes(state.q.trim().toLowerCase()) ? 1 : 0);

// A text in which the search stands out.
function marked(text) {
  const wanted = state.q.trim().toLowerCase();
  const at = wanted ? text.toLowerCase().indexOf(wanted) : -1;
  if (at < 0) return [text];
  const end = at + wanted.length;
  return [text.slice(0, at), make("mark", {}, text.slice(at, end)), text.slice(end)];
}
