// The benchmark: headlines, reasons to doubt, and each part with its plot and its tables.

function showBench(bench) {
  const section = byId("bench");
  section.hidden = false;
  const title = make(run ? "h2" : "h1", {}, make("span", { class: "total" }, "Benchmark: "), bench.counts);
  section.append(title, factsOfBench(bench));
  if (bench.headlines.length) {
    section.append(make("ul", { class: "headlines" }, bench.headlines.map((line) => make("li", {}, line))));
  }
  if (bench.doubts.length) section.append(doubtsOf(bench.doubts));
  section.append(...bench.parts.map(partOf));
  if (!run) document.title = `Benchmark: ${bench.counts} – scope testbed`;
}

function factsOfBench(bench) {
  const { TensorFlow, Keras, Python, ...machine } = bench.conditions;
  const command = make("code", {}, bench.command);
  return make("div", { class: "facts" },
    list([
      ["TensorFlow", TensorFlow], ["Keras", Keras], ["Python", Python],
      ["began", timeOf(bench.began)], ["took", `${Math.round(bench.seconds)} s`],
    ]),
    make("p", { class: "command" }, command, copyButton(bench.command, "the command", command)),
    make("details", {}, make("summary", {}, "Machine"),
      list([...Object.entries(machine), ...Object.entries(bench.environment)])));
}

function doubtsOf(doubts) {
  return make("section", { class: "doubts", "aria-label": "Reasons to doubt" },
    make("h2", {}, doubts.length === 1 ? "One reason to doubt" : `${doubts.length} reasons to doubt`),
    make("ul", {}, doubts.map((doubt) => make("li", {},
      make("span", { class: "symbol", "aria-hidden": "true" }, "?"),
      make("strong", {}, doubt.observation), `: ${doubt.cause}. `,
      make("span", { class: "next" }, `Next: ${doubt.next_step}.`)))));
}

function partOf(part) {
  return make("section", { class: "part", id: `part-${part.name}` },
    make("h2", {}, part.name.replace("_", " "), make("span", { class: "about" }, part.about)),
    part.plot && make("div", { class: "plot", tabindex: "0", role: "group", "aria-label": `Plot: ${part.alt}` },
      make("img", { src: part.plot, alt: part.alt })),
    part.tables.map(measuredTable));
}

// Rows of a section belong together; the first cell of a row names it.
function measuredTable(table) {
  const row = (cells, number) => make("tr", { class: number ? null : "first" },
    cells.map((cell, place) => make(place ? "td" : "th", { scope: place ? null : "row" }, cell)));
  return make("div", { class: "measured", tabindex: "0", role: "group", "aria-label": table.title || table.headings[0] },
    make("table", {},
      table.title && make("caption", {}, table.title),
      make("thead", {}, make("tr", {}, table.headings.map((each) => make("th", { scope: "col" }, each)))),
      table.sections.map((section) => make("tbody", {}, section.map(row)))));
}
