// One case in full, in a dialog. The browser keeps the focus inside, closes the dialog with Escape,
// and then restores the focus.

const dialog = byId("detail");
let shownCases = [];

function openCase(id) {
  const of = caseOf.get(id);
  if (!of) return;
  state.case = id;
  writeAddress();
  dialog.replaceChildren(...detailOf(of));
  if (!dialog.open) dialog.showModal();
  dialog.scrollTop = 0;
  dialog.querySelector("h2").focus();
}

dialog.addEventListener("close", () => {
  const id = state.case;
  state.case = "";
  writeAddress();
  focusCase(id);
});

// A click beside the dialog closes it. A click inside hits a child element.
dialog.addEventListener("mousedown", (event) => {
  if (event.target === dialog && event.offsetX < 0) dialog.close();
});

function detailOf(of) {
  const side = latest(of);
  return [
    barOf(of),
    make("div", { class: "body" },
      verdictOf(of, side),
      modesOf(of),
      of.change ? changeOf(of) : null,
      claimOf(of),
      of.sides.map((each, number) => sideOf(of, each, of.sides.length > 1 ? "AB"[number] : "")),
      codeSection(of),
      againOf(of),
    ),
  ];
}

function barOf(of) {
  const name = make("h2", { id: "detail-title", tabindex: "-1" }, breakable(of.id));
  const place = shownCases.indexOf(of.id);
  const step = (words, to) =>
    make("button", {
      type: "button", class: "quiet", disabled: !shownCases[to] || place < 0,
      onclick: () => openCase(shownCases[to]),
    }, words);
  return make("div", { class: "bar" },
    name,
    copyButton(of.id, "the case's id", name),
    make("span", { class: "steps" }, step("previous", place - 1), step("next", place + 1)),
    make("button", { type: "button", class: "close", "aria-label": "Close", onclick: () => dialog.close() }, "✕"),
  );
}

function verdictOf(of, side) {
  const outcome = lookOf(of, side);
  const shown = OUTCOMES[outcome];
  const phrase = side.symptom || side.verdict;
  const meaning = run.symptoms[side.symptom]?.meaning;
  return make("section", { class: `verdict ${outcome}` },
    make("p", { class: "outcome" },
      make("span", { class: "symbol", "aria-hidden": "true" }, shown.symbol),
      make("strong", {}, phrase),
      phrase === shown.words ? "" : ` ${shown.words}`),
    meaning ? make("p", {}, `${meaning[0].toUpperCase()}${meaning.slice(1)}.`) : null,
    list([
      ["expected", side.expected],
      ["seen", make("span", { class: "evidence" }, side.evidence || phrase)],
      ...(side.cure ? [["cure", make("span", { class: "cure" }, side.cure)]] : []),
    ]),
  );
}

function modesOf(of) {
  const beside = cases.filter((each) =>
    each.scenario === of.scenario && each.site === of.site && each.deployment === of.deployment);
  if (beside.length < 2) return null;
  return make("p", { class: "modes" }, "mode ", beside.map((each) =>
    make("button", {
      type: "button", "aria-pressed": String(each === of), onclick: () => openCase(each.id),
    }, each.mode)));
}

function changeOf(of) {
  const { kind, what } = of.change;
  const rows = of.sides.length < 2 ? [] : of.sides.map((side, number) => [
    "AB"[number],
    `${OUTCOMES[outcomeOf(side)].symbol} ${side.symptom || side.verdict}${side.evidence ? `: ${side.evidence}` : ""}`
      + (side.as_expected ? "" : ` (expected ${side.expected})`),
  ]);
  return make("section", { class: "change" },
    make("h3", {}, what.length ? `Changed: ${what.join(", ")}` : `This case is ${kind}`),
    list(rows));
}

function claimOf(of) {
  const claim = scenarioOf.get(of.scenario)?.claim;
  return claim ? make("section", {}, make("h3", {}, "Claim"), make("p", { class: "claim" }, prose(claim))) : null;
}

function sideOf(of, side, name) {
  const seen = side.pictures.map((number) => run.pictures[number]);
  const heading = name ? `What the workers saw in ${name}` : "What the workers saw";
  return make("section", { class: "side" },
    make("h3", {}, heading),
    seen.length ? seen.map(figureOf) : make("p", { class: "muted" }, "No claim was reached."),
    [...grouped(side.workers.filter((each) => each.raised !== null), (each) => each.raised)].map(raisedOf),
    workersOf(side),
    side.ledger.length ? make("details", {}, make("summary", {}, "How far each worker came"),
      make("pre", { tabindex: "0" }, side.ledger.join("\n"))) : null,
    side.logs.length ? make("details", {}, make("summary", {}, "Logs on the machine that ran it"),
      make("pre", { tabindex: "0" }, side.logs.join("\n"))) : null);
}

function named(workers) {
  return `${workers.length > 1 ? "Workers" : "Worker"} ${workers.map((each) => each.worker).join(", ")}`;
}

function figureOf(picture) {
  const notes = picture.objects.filter((each) => each.role === "object" && each.identical !== null);
  return make("figure", {},
    make("figcaption", {}, "The object ", make("em", {}, picture.claim), "."),
    pictureOf(picture),
    [...grouped(notes, (each) => each.identical)].map(([identical, workers]) => make("p", { class: "muted" },
      `${named(workers)} saw ${identical ? "one object" : "two objects where one was meant"}.`)),
    make("details", {}, make("summary", {}, "The same as a table"), copiesOf(picture)));
}

function tableOf(caption, heads, rows, kind = "") {
  return make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    make("table", { class: `plain ${kind}` },
      make("thead", {}, make("tr", {}, heads.map((head) => make("th", { scope: "col" }, head)))),
      make("tbody", {}, rows.map((cells) => make("tr", {}, cells.map((cell, number) =>
        make("td", { "data-label": heads[number], class: cell === "" ? "empty" : null }, cell)))))));
}

function copiesOf(picture) {
  const rows = picture.copies.map((copy) => {
    const object = picture.objects[copy.object];
    const marked = object.read?.mark ? ` (${object.read.mark})` : "";
    const read = object.read ? ` reads as ${object.read.value || object.read.problem}${marked}` : "";
    const details = Object.values(object.details).join(" ") + read;
    return [
      String(object.worker), `${object.role === "other" ? "the other: " : ""}${object.type} ${object.name}`, details,
      copy.device || "none", copy.value || copy.problem || "no value", copy.mark || "not claimed",
      copy.writers.join(", ") || "no step",
    ];
  });
  const claimed = Object.entries(picture.details).map(([what, value]) => make("p", { class: "muted" }, `${what}: ${value}`));
  return [tableOf("copies", ["worker", "object", "kind", "device", "value", "", "written by"], rows), claimed];
}

// Workers usually raise the same exception; it is shown once.
function raisedOf([number, workers]) {
  const raised = run.problems[number];
  return make("details", { class: "raised", open: true },
    make("summary", {}, `${named(workers)} raised ${raised.type}${raised.where ? ` at ${raised.where}` : ""}`),
    make("pre", { class: "message", tabindex: "0" }, raised.message),
    make("details", {}, make("summary", {}, "Traceback"), make("pre", { tabindex: "0" }, raised.traceback)));
}

function workersOf(side) {
  if (!side.workers.length) return null;
  const names = distinct(side.workers.flatMap((worker) => Object.keys(run.facts[worker.facts])));
  const rows = side.workers.map((worker) => [
    String(worker.worker), worker.devices.join(", ") || "none", `${worker.seconds} s`,
    ...names.map((name) => run.facts[worker.facts][name] ?? ""),
  ]);
  return make("details", {}, make("summary", {}, "Workers"),
    tableOf("workers", ["worker", "replicas on", "took", ...names], rows));
}

function codeSection(of) {
  const script = scriptOf.get(of.script);
  if (!script) return null;
  const place = scenarioOf.get(of.scenario);
  const lines = script.source.replace(/\n$/, "").split("\n").length;
  return make("section", {},
    make("h3", {}, "Code"),
    place ? codeOf(script.source, place.first_line, place.last_line) : null,
    make("details", {}, make("summary", {}, `All of ${script.name}.py`), codeOf(script.source, 1, lines, place)));
}

function againOf(of) {
  const command = make("code", {}, of.command);
  return make("section", {}, make("h3", {}, "Run it alone"),
    make("p", { class: "command" }, command, copyButton(of.command, "the command", command)));
}
