// Builds the page.

const MOST = 60;
let most = MOST;

function count(number, what) {
  return `${number.toLocaleString("en")} ${what}${number === 1 ? "" : "s"}`;
}

function showHead() {
  const changing = cells.filter((cell) => cell.changes).length;
  const [first, last] = [data.versions[0], data.versions[data.versions.length - 1]];
  byId("lead").append(
    `${count(cells.length, "case")} of ${count(data.scenarios.length, "scenario")}, run on `
      + `${count(data.versions.length, "version")} of TensorFlow, ${first.short} to ${last.short}, on ${data.device === "cpu" ? "CPUs" : data.device}. `
      + `${count(changing, "case")} changed between them.`,
  );
  const heads = ["TensorFlow", "Keras", "Python", "cases", "unexpected", "changed", "run"];
  byId("versions").append(make(
    "table",
    { class: "plain" },
    make("thead", {}, make("tr", {}, heads.map((head) => make("th", { scope: "col" }, head)))),
    make("tbody", {}, data.versions.map((each, number) => make(
      "tr",
      {},
      [each.tensorflow, each.keras, each.python].map((text) => make("td", {}, text)),
      [each.cases, each.unexpected, number ? sizeOf(changesAt(number)) : ""].map(
        (figure) => make("td", { class: "number" }, figure.toLocaleString("en")),
      ),
      make("td", {}, each.began.slice(0, 10)),
    ))),
  ));
}

// The changes between two neighbouring versions: for each scenario, what became what.
function changesAt(number) {
  const changes = new Map();
  for (const cell of cells) {
    const before = cell.spans.find((span) => span.last === number - 1);
    const after = cell.spans.find((span) => span.first === number);
    if (!before || !after) continue;
    const key = JSON.stringify([cell.scenario, phrase(before), phrase(after)]);
    changes.set(key, [...(changes.get(key) ?? []), cell]);
  }
  return [...changes].map(([key, own]) => [...JSON.parse(key), own]);
}

function sizeOf(changes) {
  return changes.reduce((sum, [, , , own]) => sum + own.length, 0);
}

function showSteps() {
  for (let number = 1; number < data.versions.length; number += 1) {
    const changes = changesAt(number);
    if (!changes.length) continue;
    const title = make("b", {}, `${data.versions[number - 1].short} → ${data.versions[number].short}`);
    byId("steps").append(make(
      "details",
      { class: "step" },
      make("summary", {}, title, ` ${count(sizeOf(changes), "case")} of ${count(new Set(changes.map(([id]) => id)).size, "scenario")}`),
      make("ul", {}, changes.map(([id, before, after, own]) => make(
        "li",
        {},
        make("a", { class: "link", href: addressOf({ scenario: id }) }, breakable(id)),
        ` ${before} `, make("span", { class: "arrow", "aria-label": "became" }, "→"), ` ${after} `,
        make("span", { class: "muted" }, `on ${[...new Set(own.map((cell) => cell.deployment))].join(", ")}`),
      ))),
    ));
  }
}

function select(name, label, options) {
  const field = make("select", { name }, make("option", { value: "" }, "all"),
    options.map(([value, text]) => make("option", { value }, text)));
  return make("label", {}, make("span", {}, label), field);
}

function showFilters() {
  const seen = new Set(cells.flatMap((cell) => cell.spans.map((span) => span.symptom || span.verdict)));
  const form = byId("filters");
  form.append(
    make("label", { class: "search" }, make("span", {}, "a scenario, a symptom, or your error message"),
      make("input", { type: "search", name: "q", id: "q", autocomplete: "off", spellcheck: "false" })),
    select("symptom", "what happens", [...seen].sort().map((each) => [each, each.replaceAll("_", " ")])),
    select("strategy", "strategy", [...new Set(cells.map((cell) => cell.strategy))].map((each) => [each, each])),
    select("group", "group", [...new Set(data.scenarios.map((each) => each.group))].map((each) => [each, each])),
    make("label", { class: "switch" }, make("input", { type: "checkbox", name: "changes" }), make("span", {}, "changed between versions")),
  );
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", () => {
    for (const name of FILTERS) state[name] = form.elements[name].value;
    state.changes = form.elements.changes.checked;
    state.scenario = "";
    most = MOST;
    writeAddress();
    showScenarios();
  });
}

function putFilters() {
  const form = byId("filters");
  for (const name of FILTERS) form.elements[name].value = state[name];
  form.elements.changes.checked = state.changes;
}

function summaryOf(own) {
  const seen = new Map();
  for (const cell of own) {
    for (const span of cell.spans) {
      if (span.verdict !== "behaves") seen.set(phrase(span), (seen.get(phrase(span)) ?? new Set()).add(cell));
    }
  }
  const changing = own.filter((cell) => cell.changes).length;
  return make(
    "span",
    { class: "sum" },
    `${count(own.length, "case")}`,
    [...seen].flatMap(([text, those]) => [", ", make("b", {}, `${those.size} ${text}`)]),
    changing > 0 && ", ",
    changing > 0 && make("b", { class: "changing" }, `${changing} changed`),
  );
}

function open(details, scenario, own) {
  if (details.dataset.filled) return;
  details.dataset.filled = "1";
  const link = make("a", { class: "link", href: addressOf({ scenario: scenario.id }) }, "link to this scenario");
  const command = `testbed run ${scenario.id}`;
  const code = make("code", {}, command);
  details.append(
    make("p", { class: "about" }, link, code, copyButton(command, "the command", code)),
    make(
      "table",
      { class: "spans" },
      make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "on"),
        data.versions.map((each) => make("th", { scope: "col" }, each.short)))),
      make("tbody", {}, rowsOf(own, cellsOf.get(scenario.id))),
    ),
  );
}

function scenarioOf({ scenario, own }, isOpen) {
  const details = make(
    "details",
    { class: "scenario", id: scenario.id },
    make("summary", {}, make("code", {}, breakable(scenario.id)), make("span", {}, prose(scenario.claim)), summaryOf(own)),
  );
  details.addEventListener("toggle", () => details.open && open(details, scenario, own));
  if (isOpen) {
    open(details, scenario, own);
    details.open = true;
  }
  return details;
}

function showScenarios() {
  const rows = found();
  const shown = rows.slice(0, most);
  const total = rows.reduce((sum, each) => sum + each.own.length, 0);
  byId("count").textContent = rows.length
    ? `${count(rows.length, "scenario")}, ${count(total, "case")}`
    : "nothing found; a shorter part of the message may help";
  const few = shown.length <= 3;
  let group = "";
  const parts = [];
  for (const each of shown) {
    if (!state.q && each.scenario.group !== group) {
      group = each.scenario.group;
      parts.push(make("h3", { class: "group" }, group));
    }
    parts.push(scenarioOf(each, few));
  }
  if (rows.length > shown.length) {
    const more = make("button", { type: "button", class: "quiet more" }, `show ${rows.length - shown.length} more`);
    more.addEventListener("click", () => { most = Infinity; showScenarios(); });
    parts.push(more);
  }
  byId("scenarios").replaceChildren(...parts);
}

// A link to a scenario shows it, whatever was searched before.
function showLinked() {
  if (!state.scenario || !cellsOf.has(state.scenario)) return;
  let details = byId(state.scenario);
  if (!details) {
    most = Infinity;
    showScenarios();
    details = byId(state.scenario);
  }
  if (!details) return;
  details.open = true;
  details.scrollIntoView();
  details.querySelector("summary").focus({ preventScroll: true });
}

function follow() {
  readAddress();
  putFilters();
  showScenarios();
  showLinked();
}

function showLegend() {
  const texts = { behaves: "as on one device", breaks: "breaks, in the way that is named", error: "could not be judged" };
  const seen = new Set(cells.flatMap((cell) => cell.spans.map((span) => span.verdict)));
  byId("legend").append(make("p", { class: "legend" }, Object.entries(texts).filter(([verdict]) => seen.has(verdict)).map(
    ([verdict, text]) => make("span", { class: verdict }, make("span", { class: "symbol" }, SYMBOLS[verdict]), ` ${text}`),
  )));
}

showHead();
showSteps();
byId("steps").hidden = byId("steps").querySelector("details") === null;
showFilters();
showLegend();
follow();
window.addEventListener("hashchange", follow);
