// Selects which cells are shown.

const CHOICES = {
  verdict: (of) => latest(of).verdict,
  symptom: (of) => latest(of).symptom,
  strategy: (of) => of.strategy,
  group: (of) => groupOf(of),
  site: (of) => of.site,
  mode: (of) => of.mode,
};

const TEXT_OF = new Map();

function textOf(of) {
  if (!TEXT_OF.has(of)) {
    const side = latest(of);
    const claim = scenarioOf.get(of.scenario)?.claim ?? "";
    TEXT_OF.set(of, `${of.id} ${claim} ${side.symptom} ${side.evidence}`.toLowerCase());
  }
  return TEXT_OF.get(of);
}

function matching() {
  const wanted = state.filters;
  const words = wanted.q.toLowerCase().split(/\s+/).filter(Boolean);
  return cases.filter((of) =>
    words.every((word) => textOf(of).includes(word))
    && Object.entries(CHOICES).every(([name, valueOf]) => !wanted[name] || valueOf(of) === wanted[name])
    && (!wanted.unexpected || !latest(of).as_expected)
    && (!wanted.changed || of.change));
}

function showFilters() {
  const form = byId("filters");
  const search = make("input", {
    type: "search", name: "q", placeholder: "case, claim, evidence", autocomplete: "off", spellcheck: "false",
  });
  form.append(
    labelled("search", search),
    ...Object.entries(CHOICES).map(([name, valueOf]) => choiceOf(name, valueOf)),
    switchOf("unexpected", "unexpected only"),
    comparing ? switchOf("changed", "changed only") : "",
    make("button", { type: "button", id: "reset", class: "quiet", onclick: reset }, "show all"),
  );
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", (event) => {
    const { name, type, value, checked } = event.target;
    state.filters[name] = type === "checkbox" ? checked : value;
    writeAddress();
    showCells();
  });
}

function reset() {
  state.filters = {};
  writeAddress();
  readAddress();
  putFilters();
  showCells();
}

// Copies the filters of the address into the form.
function putFilters() {
  const form = byId("filters");
  for (const name of TEXTS) form.elements[name].value = state.filters[name];
  for (const name of SWITCHES) if (form.elements[name]) form.elements[name].checked = state.filters[name];
}

function labelled(words, control) {
  return make("label", {}, make("span", {}, words), control);
}

function choiceOf(name, valueOf) {
  const values = distinct(cases.map(valueOf)).filter(Boolean);
  if (name === "symptom") values.sort();
  return labelled(name, make("select", { name },
    make("option", { value: "" }, "any"),
    values.map((value) => make("option", { value }, value))));
}

function switchOf(name, words) {
  return make("label", { class: "switch" }, make("input", { type: "checkbox", name }), make("span", {}, words));
}
