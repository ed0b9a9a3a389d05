// Finds scenarios by name, claim, symptom, exception, or a pasted message.

const words = (text) => text.toLowerCase().match(/[a-z_]{4,}/g) ?? [];

// A message that was pasted has other names, numbers and paths than ours: most words must agree.
const SHARE = 0.6;
const LONG = 6;

const textsOf = new Map(data.scenarios.map((each) => {
  const own = cellsOf.get(each.id);
  const parts = new Set([each.id, each.claim, each.title]);
  for (const cell of own) {
    for (const span of cell.spans) {
      parts.add(phrase(span));
      if (span.symptom) parts.add(span.symptom);
      for (const text of span.evidence) parts.add(text);
    }
  }
  return [each.id, [...parts].map((part) => part.toLowerCase())];
}));

const wordsOf = new Map([...textsOf].map(([id, parts]) => [id, parts.map((part) => new Set(words(part)))]));

// How well a scenario answers a query: 0 is not at all.
function score(id, query) {
  const wanted = query.trim().toLowerCase();
  if (!wanted) return 1;
  if (textsOf.get(id).some((part) => part.includes(wanted))) return 2;
  const asked = [...new Set(words(wanted))];
  if (asked.length < LONG) {
    const whole = wanted.split(/\s+/);
    return textsOf.get(id).some((part) => whole.every((word) => part.includes(word))) ? 1 : 0;
  }
  const best = Math.max(...wordsOf.get(id).map((known) => asked.filter((word) => known.has(word)).length));
  return best >= SHARE * asked.length ? best / asked.length : 0;
}

function fits(cell) {
  return (!state.strategy || cell.strategy === state.strategy)
    && (!state.changes || cell.changes)
    && (!state.symptom || cell.spans.some((span) => (span.symptom || span.verdict) === state.symptom));
}

// The scenarios that are shown, the best answers first, each with its cells.
function found() {
  const rows = [];
  for (const scenario of data.scenarios) {
    if (state.group && scenario.group !== state.group) continue;
    const grade = score(scenario.id, state.q);
    const own = grade ? cellsOf.get(scenario.id).filter(fits) : [];
    if (own.length) rows.push({ scenario, own, grade });
  }
  return state.q ? rows.sort((one, other) => other.grade - one.grade) : rows;
}
