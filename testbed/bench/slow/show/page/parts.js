// The parts of a step as one bar, in colours and letters, with a legend.

const SMALL = 0.005;

function showParts() {
  const shown = data.parts.filter((part) => part.share.value >= SMALL);
  const small = data.parts.filter((part) => part.share.value < SMALL);
  const section = byId("parts");
  section.append(
    make("p", { class: "about" }, `A step on ${data.on} takes `, make("b", {}, data.step.value), ` (${data.step.low} to ${data.step.high}).`),
    partsBar(shown),
    make("ul", { class: "legend" }, shown.map(legendOf)),
  );
  if (small.length) section.append(make("p", { class: "key" }, `Less than half a percent: ${small.map((part) => part.meaning).join("; ")}.`));
  if (data.unknown.length) section.append(make("p", { class: "key" }, `Not known: ${data.unknown.join("; ")}.`));
  if (data.reduced) section.append(make("p", { class: "key" }, data.reduced));
}

function partsBar(parts) {
  // Where noise is large, the parts may be more than the whole.
  const total = Math.max(1, parts.reduce((sum, part) => sum + part.share.value, 0));
  const label = parts.map((part) => `${percent(part.share.value)} ${part.meaning}`).join(", ");
  const svg = draw("svg", { class: "parts-picture", width: "100%", height: 44, role: "img", "aria-label": label });
  let taken = 0;
  for (const part of parts) {
    const width = (100 * part.share.value) / total;
    svg.append(draw(
      "g",
      { class: `part ${part.name}` },
      draw("title", {}, `${part.meaning}: ${percent(part.share.value)}`),
      draw("rect", { x: `${taken}%`, y: 0, width: `${width}%`, height: 44 }),
      width > 2.5 && draw("text", { x: `${taken + width / 2}%`, y: 27, "text-anchor": "middle" }, part.letter),
    ));
    taken += width;
  }
  return svg;
}

function legendOf(part) {
  const { low, high } = part.share;
  return make(
    "li",
    {},
    make("span", { class: `letter ${part.name}` }, part.letter),
    make("b", {}, percent(part.share.value)),
    make("span", { class: "meaning" }, part.meaning),
    make("span", { class: "interval" }, part.time, high > low ? ` (${percent(low)} to ${percent(high)})` : ""),
  );
}
