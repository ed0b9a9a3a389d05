// Facts and summary of the run; for two runs, the differences between them.

function showHead() {
  const head = byId("head");
  head.append(make("div", { class: "title" }, make("p", {}, "scope testbed"), themeButton()));
  if (!run) return;
  document.title = `${run.comparison ? run.comparison.counts : run.head.counts} – scope testbed`;
  head.append(...(run.comparison ? [comparedHead()] : [singleHead(), openingOf(), factsOf(run.head)]));
}

function singleHead() {
  const [total, ...rest] = run.head.counts.split(": ");
  return make("h1", {},
    make("span", { class: "total" }, `${total}: `), rest.join(": "),
    make("span", { class: run.head.as_expected ? "sum good" : "sum bad" },
      run.head.as_expected ? "✓ all as expected" : "✗ not as expected"));
}

function comparedHead() {
  const many = run.cases.some((each) => each.change);
  return make("h1", {}, make("span", { class: "total" }, "Two runs: "), run.comparison.counts,
    make("span", { class: many ? "sum bad" : "sum good" }, many ? "≠ not alike" : "✓ alike"));
}

function factsOf(head) {
  const { TensorFlow, Keras, Python, ...machine } = head.conditions;
  const command = make("code", {}, head.command);
  return make("div", { class: "facts" },
    list([
      ["TensorFlow", TensorFlow], ["Keras", Keras], ["Python", Python],
      ["began", timeOf(head.began)], ["took", `${Math.round(head.seconds)} s`],
    ]),
    make("p", { class: "command" }, command, copyButton(head.command, "the command", command)),
    make("details", {}, make("summary", {}, "Machine"), list([["run", head.run], ...Object.entries(machine)])));
}

function timeOf(text) {
  const match = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)/.exec(text);
  return match ? make("time", { datetime: text }, `${match[1]} ${match[2]} UTC`) : text;
}

// The system's light or dark theme, until the reader selects one.
function themeButton() {
  const root = document.documentElement;
  const dark = () => (root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const words = () => (dark() ? "light page" : "dark page");
  const button = make("button", { type: "button", class: "quiet", id: "theme" });
  const kept = remembered();
  if (kept === "dark" || kept === "light") root.dataset.theme = kept;
  button.textContent = words();
  button.addEventListener("click", () => {
    root.dataset.theme = dark() ? "light" : "dark";
    button.textContent = words();
    try { localStorage.setItem("theme", root.dataset.theme); } catch { /* storage may be disabled */ }
  });
  return button;
}

function remembered() {
  try { return localStorage.getItem("theme"); } catch { return null; }
}

function showChanges() {
  if (!comparing) return;
  const { before, differences } = run.comparison;
  const rows = differences.length
    ? differences.filter((each) => each.what !== "TensorFlow").map((each) => [each.what, each.before, each.after])
    : [["versions, machine, scripts", "the same", "the same"]];
  const whole = [["TensorFlow", before.conditions.TensorFlow, run.head.conditions.TensorFlow], ["began", timeOf(before.began), timeOf(run.head.began)],
    ["showed", before.counts, run.head.counts], ["command", before.command, run.head.command]];
  const changed = cases.filter((each) => each.change);
  byId("changes").append(
    make("h2", {}, "What differs between the runs"),
    tableOf("the runs", ["", "A", "B"], [...whole, ...rows]),
    make("h2", {}, changed.length ? "Cells that changed" : "No cell changed"),
    changed.length ? tableOf("changed cells", ["case", "what", "A", "B"], changed.map(changeRow), "stacks") : "",
    saidOf() ?? "",
    make("h2", {}, "All cells, as B shows them"));
}

function changeRow(of) {
  const sides = of.change.kind === "only in A" ? [summaryOf(latest(of)), ""]
    : of.change.kind === "only in B" ? ["", summaryOf(latest(of))] : of.sides.map(summaryOf);
  const open = make("button", { type: "button", class: "link", "data-opens": of.id, onclick: () => openCase(of.id) }, breakable(of.id));
  return [open, of.change.what.join(", ") || of.change.kind, ...sides];
}
