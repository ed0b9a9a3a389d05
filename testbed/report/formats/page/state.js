// The state of the page is stored in the address after #, so that a link can share it.

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
  const query = new URLSearchParams();
  for (const name of TEXTS) if (state.filters[name]) query.set(name, state.filters[name]);
  for (const name of SWITCHES) if (state.filters[name]) query.set(name, "1");
  if (state.case) query.set("case", state.case);
  // Replaces the history entry, so that Back leads to the previous page, not to every keystroke.
  history.replaceState(null, "", `#${query}`);
}
