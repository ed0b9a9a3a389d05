// The data of the page, and how it shows outcomes: by symbol, word and colour together.

const data = JSON.parse(byId("data").textContent);
const run = data.run;

const OUTCOMES = {
  behaves: { symbol: "✓", words: "behaves" },
  breaks: { symbol: "▲", words: "breaks as expected" },
  alone: { symbol: "△", words: "breaks as expected, and nothing is replicated" },
  unexpected: { symbol: "✗", words: "unexpected" },
  error: { symbol: "!", words: "could not be judged" },
  skipped: { symbol: "–", words: "skipped" },
};

const cases = run ? run.cases : [];
const caseOf = new Map(cases.map((each) => [each.id, each]));
const scriptOf = new Map((run ? run.scripts : []).map((each) => [each.name, each]));
const scenarioOf = new Map(
  [...scriptOf.values()].flatMap((script) => script.scenarios.map((each) => [each.id, each])),
);
const comparing = Boolean(run && run.comparison);

function groupOf(of) {
  return scriptOf.get(of.script)?.group ?? "other scripts";
}

// The side of the later run, for a cell that changed.
function latest(of) {
  return of.sides[of.sides.length - 1];
}

function outcomeOf(side) {
  if (side.as_expected) return side.verdict;
  return side.verdict === "error" ? "error" : "unexpected";
}

// The look of a case: calm where it breaks on a single replica, and replication is not the cause.
function lookOf(of, side) {
  const outcome = outcomeOf(side);
  return outcome === "breaks" && of.alone ? "alone" : outcome;
}

// The outcome of a side in a word or two; an exception by its class alone.
function phraseOf(side) {
  if (side.symptom === "rejected") return `rejected: ${side.evidence.split(/[: ]/)[0]}`;
  return side.symptom || side.verdict;
}

function evidenceOf(side) {
  return side.symptom === "rejected" ? "" : side.evidence;
}

function summaryOf(side) {
  const evidence = evidenceOf(side);
  return `${OUTCOMES[outcomeOf(side)].symbol} ${phraseOf(side)}${evidence ? `: ${evidence}` : ""}`;
}

function distinct(values) {
  return [...new Set(values)];
}
