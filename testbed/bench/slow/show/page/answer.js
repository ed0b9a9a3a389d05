// The result: what bounds the program, the evidence, and what to change first.

const data = JSON.parse(byId("data").textContent);

function percent(share) {
  return share > 0 && share < 0.005 ? "<1%" : `${Math.round(100 * share)}%`;
}

// Seconds in at most three digits and a fitting unit.
function duration(seconds) {
  const [scale, unit] = seconds >= 1 ? [1, "s"] : seconds >= 1e-3 ? [1e3, "ms"] : [1e6, "us"];
  return `${Number((seconds * scale).toPrecision(3))} ${unit}`;
}

function count(number, digits = 0) {
  return number.toLocaleString("en", { maximumFractionDigits: digits });
}

function showHead() {
  const about = `${data.program} on ${data.on}, ${data.conditions.device}`;
  byId("head").append(
    make("p", { class: "kicker" }, "testbed bench ", make("span", {}, about)),
    make("h1", {}, make("span", { class: "program" }, `${data.program}: `), data.headline),
  );
  if (data.main.evidence) byId("head").append(make("p", { class: "lead" }, data.main.evidence));
  document.title = `${data.program}: ${data.headline}`;
}

function placeOf(cause) {
  if (!cause.file) return null;
  return make("code", { class: "place" }, breakable(`${cause.file}:${cause.line}`));
}

function showChange() {
  const { main, further } = data;
  if (!main.cure && !further.length) return;
  const section = byId("change");
  section.hidden = false;
  if (main.cure) section.append(make("p", { class: "first" }, placeOf(main), make("span", {}, main.cure)));
  else byId("change-title").textContent = "What would make it faster on any number of replicas";
  if (!further.length) return;
  section.append(make("ul", { class: "further" }, further.map((cause) => make(
    "li",
    {},
    make("p", {}, make("b", {}, `${main.cure ? "also, " : ""}${percent(cause.share)} of a step: `), cause.evidence),
    make("p", { class: "muted" }, placeOf(cause), make("span", {}, cause.cure)),
  ))));
}
