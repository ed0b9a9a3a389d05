// What is shown stands in the part of the address after #, so that it can be sent to somebody.

const TEXTS = ["q", "verdict", "symptom", "strategy", "group", "site", "mode"];
const SWITCHES = ["unexpected", "changed"];
const state = { filters: {}, case: "" };

function readAddress() {
  const given = new URLSearchParams(location.hash.slice(1));
  state.filters = {};
  for (const name of TEXTS) state.filters[name] = given.get(name) ?? "";
  for (const name of SWITCHES) state.filters[name] = given.has(name);
  state.case = given.get("case") ?? "";
}

function writeAddress() {
  const told = new URLSearchParams();
  for (const name of TEXTS) if (state.filters[name]) told.set(name, state.filters[name]);
  for (const name of SWITCHES) if (state.filters[name]) told.set(name, "1");
  if (state.case) told.set("case", state.case);
  // Replaced, not added: the way back leads to the page before, not through every keystroke.
  history.replaceState(null, "", `#${told}`);
}
