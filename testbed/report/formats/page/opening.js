// What the page of one run opens on: the unexpected cases or, without any, the thesis.

const FIRST_SURPRISES = 10;
const PLACES = {
  outside_scope: "created outside the scope", in_scope: "created in the scope", in_replica: "created in a replica's step",
};

function openingOf() {
  const surprises = cases.filter((of) => !latest(of).as_expected);
  return make("section", { class: "opening", "aria-labelledby": "opening-title" },
    surprises.length ? surprisesOf(surprises) : sitesOf(run.sites), saidOf());
}

function surprisesOf(surprises) {
  const rows = surprises.slice(0, FIRST_SURPRISES).map((of) => {
    const side = latest(of);
    const open = make("button", { type: "button", class: "link", "data-opens": of.id, onclick: () => openCase(of.id) }, breakable(of.id));
    return [open, side.expected, make("span", { class: "bad" }, summaryOf(side))];
  });
  const rest = surprises.length - rows.length;
  return [
    make("h2", { id: "opening-title" }, `Unexpected: ${surprises.length} of ${cases.length} cases`),
    tableOf("unexpected cases", ["case", "expected", "seen"], rows, "stacks"),
    rest ? make("button", { type: "button", class: "quiet", onclick: showSurprises }, `show all ${surprises.length}`) : null,
  ];
}

function showSurprises() {
  state.filters = { unexpected: true };
  writeAddress();
  follow();
  byId("filters").scrollIntoView();
}

// Failing cases by site and deployment, over the claims that several ways of sharing make.
function sitesOf({ claims, ways, columns, rows, place_decides: decides }) {
  const what = claims.length
    ? `Failing cases of ${claims.join(", ")}, shared in ${ways} ways.`
    : "Failing cases, by where the object is created.";
  return [
    make("h2", { id: "opening-title" }, decides
      ? "The way of sharing makes no difference. The place of creation does."
      : "What fails, and where it is created"),
    make("p", { class: "muted" }, what),
    make("table", { class: "sites" },
      make("thead", {}, make("tr", {}, make("td"), columns.map((name) =>
        make("th", { scope: "col" }, breakable(name),
          name === "default" ? make("span", { class: "note" }, "nothing is replicated") : null)))),
      make("tbody", {}, Object.entries(rows).map(([site, cells]) =>
        make("tr", {}, make("th", { scope: "row" }, PLACES[site]), cells.map((cell, number) => shareOf(cell, columns[number])))))),
  ];
}

function shareOf({ failing, of }, column) {
  if (!of) return make("td", { class: "none", "data-label": column }, "–");
  const kind = !failing ? "none-fail" : column === "default" ? "alone" : "some-fail";
  return make("td", { class: kind, "data-label": column },
    make("span", { class: "share" }, make("b", {}, failing), ` of ${of}`),
    draw("svg", { class: "bar-of-share", viewBox: "0 0 100 4", preserveAspectRatio: "none", "aria-hidden": "true" },
      draw("rect", { class: "all", width: 100, height: 4 }), draw("rect", { class: "failing", width: (100 * failing) / of, height: 4 })));
}

function saidOf() {
  if (!run.said.length) return null;
  return make("details", { class: "said" },
    make("summary", {}, "Claim by claim: do the ways of sharing agree?"),
    make("ul", {}, run.said.map((line) => make("li", {}, line))));
}
