// The cells: the outcome of each scenario at each site, one column for each deployment.

function showLegend() {
  const kinds = distinct(cases.flatMap((of) => of.sides.map((side) => lookOf(of, side))));
  byId("legend").append(make("ul", { class: "legend", "aria-label": "Legend" },
    Object.entries(OUTCOMES).filter(([kind]) => kinds.includes(kind)).map(([kind, { symbol, words }]) =>
      make("li", { class: kind }, make("span", { class: "symbol" }, symbol), words)),
    comparing ? make("li", { class: "changed" }, make("span", { class: "symbol" }, "≠"), "another than in A") : null));
}

function showCells() {
  const found = matching();
  shownCases = found.map((of) => of.id);
  const unexpected = found.filter((of) => !latest(of).as_expected).length;
  const changed = comparing ? `, ${found.filter((of) => of.change).length} changed` : "";
  byId("count").textContent = `${found.length} of ${cases.length} cases, ${unexpected} unexpected${changed}`;
  const groups = grouped(found, groupOf);
  byId("matrix").replaceChildren(
    ...[...groups].flatMap(([group, ofGroup]) => [
      make("h2", { class: "group" }, group),
      ...[...grouped(ofGroup, (of) => of.script)].map(([script, ofScript]) => scriptSection(script, ofScript)),
    ]),
    found.length ? "" : make("p", { class: "muted" }, "No case is like that."));
  enterMatrix();
}

function grouped(things, keyOf) {
  const groups = new Map();
  for (const thing of things) {
    const key = keyOf(thing);
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(thing);
  }
  return groups;
}

// All deployments of a script, even those that a filter leaves empty, so that columns stay in place.
const COLUMNS = new Map(
  [...grouped(cases, (of) => of.script)].map(([script, ofScript]) =>
    [script, run.deployments.filter((name) => ofScript.some((of) => of.deployment === name))]),
);

function scriptSection(name, ofScript) {
  const script = scriptOf.get(name);
  const columns = COLUMNS.get(name);
  const rows = grouped(ofScript, (of) => `${of.scenario} ${of.site}`);
  let last = "";
  return make("section", { class: "script", "aria-label": name },
    make("h3", {}, make("code", {}, name), make("span", { class: "muted" }, script ? prose(script.title) : "")),
    make("table", { class: "cells", role: "grid", "aria-label": name, "data-columns": columns.length },
      make("thead", { role: "rowgroup" }, make("tr", { role: "row" },
        make("th", { role: "columnheader", scope: "col" }, "claim, where made"),
        columns.map((column) => make("th", { role: "columnheader", scope: "col" }, breakable(column))))),
      make("tbody", { role: "rowgroup" }, [...rows.values()].map((row) => {
        const first = row[0].claim !== last;
        last = row[0].claim;
        return rowOf(row, columns, first);
      }))));
}

function rowOf(row, columns, first) {
  const [{ claim, site }] = row;
  return make("tr", { role: "row", class: first ? "first" : "" },
    make("th", { role: "rowheader", scope: "row" },
      make("span", { class: first ? "claim-name" : "claim-name again" }, breakable(claim)),
      make("span", { class: "site" }, site)),
    columns.map((column) => {
      const here = row.filter((of) => of.deployment === column);
      return make("td", { role: "gridcell", "data-label": column, class: here.length ? "" : "empty" }, cellOf(here));
    }));
}

// Modes with the same outcome share one button, which opens the first of them.
function cellOf(here) {
  const outcomes = [...grouped(here, (of) => {
    const side = latest(of);
    return JSON.stringify([outcomeOf(side), side.symptom, side.evidence, of.change?.kind]);
  }).values()];
  return outcomes.map((alike) => buttonOf(alike, outcomes.length > 1));
}

function buttonOf(alike, several) {
  const [of] = alike;
  const side = latest(of);
  const outcome = lookOf(of, side);
  const { symbol, words } = OUTCOMES[outcome];
  const modes = alike.map((each) => each.mode).join(", ");
  const changed = of.change ? `, ${of.change.kind}` : "";
  const spoken = `${of.scenario}, ${of.site}, ${of.deployment}, ${modes}: ${words}`
    + `${side.symptom ? `, ${side.symptom}` : ""}${side.evidence ? `, ${side.evidence.slice(0, 120)}` : ""}${changed}`;
  return make("button", {
    type: "button", tabindex: "-1", class: `cell ${outcome}${of.change ? " changed" : ""}`,
    "data-case": of.id, "data-modes": modes, "aria-label": spoken,
  },
  make("span", { class: "symbol" }, symbol),
  make("span", { class: "phrase" },
    several ? make("span", { class: "mode" }, `${modes} `) : null,
    outcome === "unexpected" ? "unexpected: " : "", breakable(phraseOf(side)),
    of.change ? make("span", { class: "mark" }, ` ≠ ${of.change.kind}`) : null),
  evidenceOf(side) ? make("span", { class: "evidence", title: side.evidence }, evidenceOf(side)) : null);
}
