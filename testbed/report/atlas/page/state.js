// What is shown is stored in the address after #, so that a link leads to it.

const data = JSON.parse(byId("data").textContent);
const FILTERS = ["q", "symptom", "strategy", "group"];
const state = { q: "", symptom: "", strategy: "", group: "", changes: false, scenario: "" };

function readAddress() {
  const given = new URLSearchParams(location.hash.slice(1));
  for (const name of FILTERS) state[name] = given.get(name) ?? "";
  state.changes = given.has("changes");
  state.scenario = given.get("scenario") ?? "";
}

function addressOf(parts) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parts)) if (value) query.set(name, value === true ? "1" : value);
  return `#${query}`;
}

function writeAddress() {
  // Replaces the history entry, so that Back leads to the previous page, not to every keystroke.
  history.replaceState(null, "", addressOf(state));
}

// A cell as the page uses it: spans with their versions, outcome and evidence.
const cells = data.cells.map(([scenario, deployment, strategy, site, mode, spans]) => ({
  scenario, deployment, strategy, site, mode,
  spans: spans.map(([first, last, outcome, texts]) => {
    const [verdict, symptom, exception] = data.outcomes[outcome];
    return { first, last, outcome, verdict, symptom, exception, evidence: texts.map((text) => data.texts[text]) };
  }),
}));

for (const cell of cells) cell.changes = new Set(cell.spans.map((span) => span.outcome)).size > 1;

const cellsOf = new Map(data.scenarios.map((each) => [each.id, []]));
for (const cell of cells) cellsOf.get(cell.scenario).push(cell);

function phrase(span) {
  const named = span.symptom ? span.symptom.replaceAll("_", " ") : span.verdict;
  return span.exception ? `${named}: ${span.exception}` : named;
}

function versionsOf(first, last) {
  const [from, to] = [data.versions[first].short, data.versions[last].short];
  return first === last ? from : `${from} to ${to}`;
}
