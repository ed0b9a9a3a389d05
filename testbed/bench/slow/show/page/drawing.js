// Draws the rows of one worker between two moments.

const ROW = { steps: 18, python: 18, step: 16, wait: 16, collective: 14, replica: 14 };
const GAP = 3;
const AXIS = 20;
const LETTER = 6.3;

// Rows with one title, like the parallel operations of a replica, follow each other.
function groupsOf(rows) {
  const groups = [];
  for (const row of rows) {
    const last = groups[groups.length - 1];
    if (last && last.title === row.title) last.rows.push(row);
    else groups.push({ title: row.title, kind: row.kind, rows: [row] });
  }
  return groups;
}

function within(span, range) {
  return span[1] + span[2] > range.from && span[1] < range.to;
}

function drawWorker(worker, range, width) {
  // On a narrow screen, titles stand above their rows.
  const left = width < 620 ? 0 : 130;
  const scale = { left, width: Math.max(50, width - left - 1), ...range };
  const parts = axisOf(scale);
  let y = AXIS;
  for (const group of groupsOf(worker.timeline)) {
    const rows = group.rows.filter((row) => row.spans.some((span) => within(span, range)));
    if (!rows.length) continue;
    y += left ? 5 : 18;
    parts.push(draw("text", { class: "title", x: 0, y: left ? y + 12 : y - 5 }, group.title));
    for (const row of rows) {
      parts.push(...spansOf(row, scale, y));
      y += ROW[row.kind] + GAP;
    }
  }
  const label = `Worker ${worker.worker}, ${duration((range.to - range.from) / 1e6)}; the longest events are in the table below`;
  return draw("svg", { class: "worker-picture", width, height: y + 4, viewBox: `0 0 ${width} ${y + 4}`, role: "img", "aria-label": label }, parts);
}

function spansOf(row, scale, y) {
  const height = ROW[row.kind];
  const place = (moment) => scale.left + (scale.width * (moment - scale.from)) / (scale.to - scale.from);
  return row.spans.filter((span) => within(span, scale)).flatMap((span) => {
    const x = Math.max(scale.left, place(span[1]));
    const wide = Math.max(0.8, Math.min(scale.left + scale.width, place(span[1] + span[2])) - x);
    const name = data.names[span[0]];
    const text = fitting(name, wide - 6);
    return draw(
      "g",
      { class: `span ${row.kind} ${kindOf(row, name)}` },
      draw("title", {}, `${name}: ${duration(span[2] / 1e6)}`),
      draw("rect", { x, y, width: wide, height, rx: wide > 6 ? 2 : 0 }),
      text && draw("text", { x: x + 3, y: y + height - 4 }, text),
    );
  });
}

// Neighbouring operations differ in shade.
function kindOf(row, name) {
  if (row.kind === "python") return { call: "calls", values: "fetch", waits: "input" }[name.split(" ")[0]] ?? "";
  if (row.kind !== "replica") return "";
  let sum = 0;
  for (const letter of name) sum = (31 * sum + letter.charCodeAt(0)) % 9973;
  return `shade-${sum % 4}`;
}

// As much of a name as fits; of an operation the end says most.
function fitting(name, width) {
  const letters = Math.floor(width / LETTER);
  if (letters < 3) return null;
  if (name.length <= letters) return name;
  const own = name.slice(name.lastIndexOf("/") + 1);
  return own.length <= letters ? own : `${own.slice(0, letters - 1)}…`;
}

function axisOf(scale) {
  const span = scale.to - scale.from;
  const step = niceStep(span / Math.max(2, scale.width / 110));
  const marks = [];
  for (let at = 0; at <= span; at += step) {
    const x = scale.left + (scale.width * at) / span;
    const late = x > scale.left + scale.width - 40;
    marks.push(
      draw("line", { class: "tick", x1: x, x2: x, y1: AXIS - 4, y2: "100%" }),
      draw("text", { class: "moment", x, y: 11, "text-anchor": at === 0 ? "start" : late ? "end" : "middle" }, at ? duration(at / 1e6) : "0"),
    );
  }
  return marks;
}

function niceStep(least) {
  const power = 10 ** Math.floor(Math.log10(least));
  return power * [1, 2, 5, 10].find((factor) => factor * power >= least);
}
