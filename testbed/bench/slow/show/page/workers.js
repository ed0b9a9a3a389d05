// What each replica had to do, and the transformations of the input.

function showWorkers() {
  const rows = data.workers.flatMap((worker) => replicasOf(worker).map((replica) => ({ worker, replica })));
  const columns = COLUMNS.filter((column) => rows.some((row) => column.of(row) !== undefined));
  if (!columns.length) return;
  const most = Math.max(0, ...data.workers.flatMap((worker) => worker.busy));
  const several = data.workers.length > 1;
  byId("workers").hidden = false;
  fill(byId("workers"), {}, [make("div", { class: "scroll" }, make(
    "table",
    { class: "figures" },
    make("thead", {}, make("tr", {}, several && make("th", { scope: "col" }, "worker"), make("th", { scope: "col" }, "replica"),
      columns.map((column) => make("th", { scope: "col" }, column.name)))),
    make("tbody", {}, rows.map((row) => make(
      "tr",
      {},
      several && make("td", {}, row.replica ? "" : row.worker.worker),
      make("th", { scope: "row" }, row.replica),
      columns.map((column) => make("td", {}, column.show(row, most))),
    ))),
  )), most > 0 && make("p", { class: "key" }, "From a run with TensorFlow's profiler, which makes steps slower.")]);
}

const COLUMNS = [
  { name: "rows a step", of: ({ worker, replica }) => worker.rows[replica] },
  { name: "busy a step", of: ({ worker, replica }) => worker.busy[replica], shown: busyBar },
  { name: "most memory", of: ({ worker, replica }) => worker.memory[replica] },
].map((column) => ({
  ...column,
  show: (row, most) => {
    const value = column.of(row);
    if (value === undefined) return "–";
    return column.shown ? column.shown(value, most) : typeof value === "number" ? count(value) : value;
  },
}));

function replicasOf({ rows, busy, memory }) {
  return [...Array(Math.max(rows.length, busy.length, memory.length)).keys()];
}

function busyBar(seconds, most) {
  return [draw(
    "svg",
    { class: "bar-picture busy", width: 90, height: 12, "aria-hidden": "true" },
    draw("rect", { class: "measured", x: 0, y: 0, width: most ? (90 * seconds) / most : 0, height: 12 }),
  ), make("span", { class: "amount" }, duration(seconds))];
}

function showInput() {
  if (!data.input.length) return;
  const { file, line } = data.main;
  const first = data.boundBy === "input" && data.input.find((each) => each.file === file && each.line === line);
  byId("input").hidden = false;
  byId("input").append(
    make("p", { class: "about" }, "The calls of tf.data, in the order in which the program makes them."),
    make("ol", { class: "pipeline" }, data.input.map((each) => transformationOf(each, each === first))),
  );
}

function transformationOf(each, first) {
  return make(
    "li",
    { class: first ? "wanted" : null },
    make("code", {}, each.name),
    each.is_parallel && make("span", { class: "badge" }, " parallel"),
    " ",
    placeOf(each),
    first && make("span", { class: "badge first" }, " change first"),
  );
}
