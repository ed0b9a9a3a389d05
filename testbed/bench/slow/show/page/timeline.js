// Some steps of each worker: one step at a time, or all.

const ALL = "all";
const LONGEST = 12;

function stepsOf(worker) {
  return worker.timeline.find((row) => row.kind === "steps")?.spans ?? [];
}

// From the first begin of a step to its last end, over all workers.
function rangeOf(chosen) {
  const spans = data.workers.flatMap((worker) => {
    const steps = stepsOf(worker);
    return chosen === ALL ? steps : steps.slice(chosen, chosen + 1);
  });
  return {
    from: Math.min(...spans.map((span) => span[1])),
    to: Math.max(...spans.map((span) => span[1] + span[2])),
  };
}

// The step of median length says more than the first one.
function typicalStep(steps) {
  const order = steps.map((span, number) => [span[2], number]).sort(([one], [other]) => one - other);
  return order[order.length >> 1][1];
}

function showTimeline() {
  const steps = data.workers.map(stepsOf).reduce((most, own) => (own.length > most.length ? own : most), []);
  if (!steps.length) return;
  const section = byId("timeline");
  section.hidden = false;
  const choice = make("select", { id: "step" },
    steps.map((span, number) => make("option", { value: number }, `step ${number}, ${duration(span[2] / 1e6)}`)),
    make("option", { value: ALL }, `all ${steps.length} steps`));
  choice.value = typicalStep(steps);
  const frame = make("div", { class: "frame" });
  const longest = make("details", {}, make("summary", {}, "Longest events"));
  const show = () => {
    const range = rangeOf(choice.value === ALL ? ALL : Number(choice.value));
    const width = frame.clientWidth;
    frame.replaceChildren(...data.workers.flatMap((worker) => [
      data.workers.length > 1 && make("h3", {}, `worker ${worker.worker}`), drawWorker(worker, range, width),
    ]).filter(Boolean));
    longest.replaceChildren(longest.firstChild, longestOf(range));
  };
  const move = (by) => () => {
    const at = choice.value === ALL ? 0 : Number(choice.value) + by;
    choice.value = Math.max(0, Math.min(steps.length - 1, at));
    show();
  };
  section.append(
    make("p", { class: "about" }, aboutTimeline()),
    make("div", { class: "choice" },
      make("label", {}, make("span", {}, "show "), choice),
      make("button", { type: "button", class: "quiet", onclick: move(-1) }, "previous"),
      make("button", { type: "button", class: "quiet", onclick: move(1) }, "next")),
    readout(frame), frame, longest);
  choice.addEventListener("change", show);
  new ResizeObserver(show).observe(frame);
}

function aboutTimeline() {
  const profiled = data.workers.some((worker) => worker.timeline.some((row) => !["steps", "python"].includes(row.kind)));
  return profiled
    ? "From a run with TensorFlow's profiler, which makes steps slower. The longest events are shown."
    : "There is no profile of this run, so only the steps and Python are shown.";
}

// Names what is pressed: a screen without a pointer shows no titles.
function readout(frame) {
  const said = make("p", { class: "readout", role: "status" }, "Press an event to read its name.");
  frame.addEventListener("click", (event) => {
    const span = event.target.closest(".span");
    if (span) said.textContent = span.querySelector("title").textContent;
  });
  return said;
}

function longestOf(range) {
  const several = data.workers.length > 1;
  const found = data.workers.flatMap((worker) => worker.timeline
    .filter((row) => row.kind !== "steps")
    .flatMap((row) => row.spans.filter((span) => within(span, range)).map((span) => ({ worker, row, span }))));
  found.sort((one, other) => other.span[2] - one.span[2]);
  const heads = [several && "worker", "row", "event", "begins", "takes"].filter(Boolean);
  return make("div", { class: "scroll" }, make(
    "table",
    { class: "figures events" },
    make("thead", {}, make("tr", {}, heads.map((head) => make("th", { scope: "col" }, head)))),
    make("tbody", {}, found.slice(0, LONGEST).map(({ worker, row, span }) => make(
      "tr",
      {},
      several && make("td", {}, worker.worker),
      make("td", {}, row.title),
      make("td", {}, breakable(data.names[span[0]])),
      make("td", {}, duration(Math.max(0, span[1] - range.from) / 1e6)),
      make("td", {}, duration(span[2] / 1e6)),
    ))),
  ));
}
