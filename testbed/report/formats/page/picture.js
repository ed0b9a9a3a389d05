// Draws a claim: workers, devices, replicas and copies, and arrows from writers to copies.

let pictures = 0;

function pictureOf(picture) {
  const placed = layoutOf(picture);
  const id = `picture-${pictures += 1}`;
  const svg = draw(
    "svg",
    {
      viewBox: `0 0 ${placed.width} ${placed.height}`, width: placed.width, height: placed.height,
      role: "img", "aria-label": toldOf(picture), class: placed.width < 400 ? "picture fits" : "picture",
    },
    arrowHeads(id),
    placed.hosts.flatMap((each) => hostOf(each, placed)),
    arrowsOf(picture, placed, id),
    [...placed.replicas].map(([number, at]) => replicaOf(number, at)),
    [...placed.copies].map(([index, at]) => copyOf(picture, index, at)),
    placed.merge ? mergeOf(picture.merge, placed.merge) : [],
  );
  return make("div", { class: "drawing", tabindex: "0", role: "group", "aria-label": "picture" }, svg);
}

// Description for screen readers; the table below the picture has every number.
function toldOf(picture) {
  const hosts = picture.hosts.map((host) => `${host.name} with ${host.devices.map((d) => d.name).join(", ")}`);
  const merged = picture.merge ? [`all replicas' values are ${picture.merge.label} and written to every copy`] : [];
  const wrote = picture.arrows.map((arrow) => {
    const copy = picture.copies[arrow.copy];
    return `replica ${arrow.replica} writes the copy on ${copy.device || "no device"}`;
  });
  return [...hosts, ...merged, ...wrote].join("; ");
}

function arrowHeads(id) {
  const head = (name) =>
    draw(
      "marker",
      { id: `${id}-${name}`, viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto" },
      draw("path", { d: "M0 0.5 L8 4 L0 7.5 z", class: `head ${name}` }),
    );
  return draw("defs", {}, head("fine"), head("crowded"), head("merged"));
}

function hostOf({ host, devices, x, y, width }, placed) {
  return [
    draw("rect", { class: "host", x, y, width, height: placed.height - y - 2, rx: 8 }),
    draw("text", { class: "host-name", x: x + 12, y: y + 20 }, host.name),
    ...devices.flatMap(({ device, x: left, y: top }) => [
      draw("rect", {
        class: device.name === "no device" ? "device none" : "device",
        x: left, y: top, width: SIZE.device, height: placed.deviceBottom - top, rx: 5,
      }),
      draw("text", { class: "device-name", x: left + 12, y: top + 19 }, device.name),
    ]),
  ];
}

function replicaOf(number, { x, y }) {
  return draw(
    "g",
    { class: "replica", "data-replica": number },
    draw("circle", { cx: x, cy: y, r: SIZE.circle }),
    draw("text", { class: "replica-number", x, y: y + 4, "text-anchor": "middle" }, String(number)),
    draw("text", { class: "replica-name", x: x + SIZE.circle + 6, y: y + 4 }, `replica ${number}`),
  );
}

function copyOf(picture, index, { x, y, width, height, lines }) {
  const copy = picture.copies[index];
  const other = picture.objects[copy.object].role === "other" ? " other" : "";
  return draw(
    "g",
    { class: `copy ${copy.mark}${other}`, "data-copy": index },
    draw("rect", { x, y, width, height, rx: 3 }),
    lines.map(({ text, kind }, number) => {
      const fits = Math.floor((width - 20) / (kind.startsWith("value") ? 7.3 : 6.7));
      const shown = text.length > fits ? `${text.slice(0, fits - 1)}…` : text;
      const at = { class: kind, x: x + 10, y: y + SIZE.copyPad + 11 + number * SIZE.line };
      return draw("text", at, draw("title", {}, text), shown);
    }),
  );
}

function mergeOf(merge, { x, y, width, height }) {
  return draw(
    "g",
    { class: "merge" },
    draw("rect", { x: x - width / 2, y: y - height / 2, width, height, rx: height / 2 }),
    draw("text", { x, y: y + 4, "text-anchor": "middle" }, merge.label),
  );
}

function arrowsOf(picture, placed, id) {
  const arrows = picture.arrows.map((arrow) => {
    const all = picture.arrows.filter((each) => each.copy === arrow.copy);
    const share = (all.indexOf(arrow) + 1) / (all.length + 1);
    const kind = arrow.crowded ? "crowded" : "fine";
    return arrowOf(below(placed.replicas.get(arrow.replica)), placed.copies.get(arrow.copy), share, kind, id);
  });
  if (!picture.merge) return arrows;
  const pill = placed.merge;
  const { replicas, copies } = picture.merge;
  const into = replicas.map((replica, number) => {
    const x = pill.x - pill.width / 2 + (pill.width * (number + 1)) / (replicas.length + 1);
    return curve(below(placed.replicas.get(replica)), { x, y: pill.y - pill.height / 2 - 1 }, "merged", id);
  });
  const out = copies.map((copy, number) => {
    const x = pill.x - pill.width / 2 + (pill.width * (number + 1)) / (copies.length + 1);
    return arrowOf({ x, y: pill.y + pill.height / 2 }, placed.copies.get(copy), 0.5, "merged", id);
  });
  return [...arrows, ...into, ...out];
}

function below({ x, y }) {
  return { x, y: y + SIZE.circle };
}

function arrowOf(from, copy, share, kind, id) {
  if (copy.number === 0) return curve(from, { x: copy.x + copy.width * share, y: copy.y - 1 }, kind, id);
  // The line avoids the copies above, through the gutter of the device.
  const gutter = copy.x - 6;
  const y = copy.y + copy.height * share;
  const top = copy.y - 40;
  const d = `M${from.x} ${from.y} C${from.x} ${from.y + 24} ${gutter} ${from.y + 10} ${gutter} ${from.y + 40}`;
  return path(`${d} L${gutter} ${Math.max(top, y - 6)} L${gutter} ${y} L${copy.x - 1} ${y}`, kind, id);
}

function curve(from, to, kind, id) {
  const middle = (from.y + to.y) / 2;
  return path(`M${from.x} ${from.y} C${from.x} ${middle} ${to.x} ${middle} ${to.x} ${to.y}`, kind, id);
}

function path(d, kind, id) {
  return draw("path", { d, class: `arrow ${kind}`, "marker-end": `url(#${id}-${kind})` });
}
