// A bar for each number of replicas, with the ideal speed-up marked.

function showScaling() {
  const known = data.scales.every((each) => each.speedup);
  const most = known ? mostOfSpeedups() : Math.max(...data.scales.map(speedOf));
  const knowsRows = data.scales.every((each) => each.rows);
  const heads = ["replicas", known ? "speed-up" : "speed", known && "", "a step", knowsRows ? "rows/s" : "steps/s"];
  const table = make(
    "table",
    { class: "figures scales" },
    make("thead", {}, make("tr", {}, heads.filter((head) => head !== false).map((head) => make("th", { scope: "col" }, head)))),
    make("tbody", {}, data.scales.map((each) => make(
      "tr",
      {},
      make("th", { scope: "row" }, each.workers > 1 ? `${each.workers} × ${each.replicas}` : each.replicas),
      make("td", { class: "bar" }, known ? speedupBar(each, most) : speedBar(each, most)),
      known && make("td", {}, speedupOf(each)),
      make("td", {}, each.step.value),
      make("td", {}, count(knowsRows ? each.rowsASecond : each.stepsASecond)),
    ))),
  );
  byId("scaling").append(table, make("p", { class: "key" }, keyOf(known)));
}

function speedOf(scale) {
  return scale.rowsASecond ?? scale.stepsASecond;
}

// A wide interval must not make the bars small.
function mostOfSpeedups() {
  const ideal = Math.max(...data.scales.map((each) => each.inSync));
  const highs = data.scales.map((each) => Math.max(each.speedup.value, Math.min(each.speedup.high, 1.25 * ideal)));
  return 1.02 * Math.max(ideal, ...highs);
}

function speedupOf({ speedup, inSync }) {
  if (inSync === 1) return "1";
  const interval = make("span", { class: "interval" }, `(${speedup.low.toFixed(2)} to ${speedup.high.toFixed(2)})`);
  return [make("b", {}, speedup.value.toFixed(2)), " ", interval];
}

function speedupBar({ speedup, inSync }, most) {
  const at = (value) => `${Math.min(100, (100 * value) / most)}%`;
  return draw(
    "svg",
    { class: "bar-picture", width: "100%", height: 24, role: "img", "aria-label": `${speedup.value.toFixed(2)} times as fast, ideal ${inSync}` },
    draw("rect", { class: "missing", x: 0, y: 3, width: at(inSync), height: 18 }),
    draw("rect", { class: "measured", x: 0, y: 3, width: at(speedup.value), height: 18 }),
    inSync > 1 && draw("line", { class: "whisker", x1: at(speedup.low), x2: at(speedup.high), y1: 12, y2: 12 }),
    draw("line", { class: "ideal", x1: at(inSync), x2: at(inSync), y1: 0, y2: 24 }),
  );
}

function speedBar(scale, most) {
  return draw(
    "svg",
    { class: "bar-picture", width: "100%", height: 24, "aria-hidden": "true" },
    draw("rect", { class: "measured", x: 0, y: 3, width: `${(100 * speedOf(scale)) / most}%`, height: 18 }),
  );
}

function keyOf(known) {
  const workers = data.scales.some((each) => each.workers > 1) ? "2 × 1 is 2 workers of 1 replica each. " : "";
  if (!known) return `${workers}The program could not be run on one replica, so there is no speed-up.`;
  return [
    workers, "Bar: speed-up against one replica. ",
    make("span", { class: "nowrap" }, sample("ideal"), "ideal. "),
    make("span", { class: "nowrap" }, sample("whisker"), "95% interval over the rounds."),
  ];
}

function sample(kind) {
  const line = kind === "ideal" ? { x1: 6, x2: 6, y1: 0, y2: 14 } : { x1: 0, x2: 14, y1: 7, y2: 7 };
  return draw("svg", { class: "bar-picture sample", width: 14, height: 14, "aria-hidden": "true" }, draw("line", { class: kind, ...line }));
}
