// Computes the position of each part of a picture; draws nothing.

const SIZE = {
  device: 162, between: 10, pad: 10, hosts: 20, label: 28, circle: 13, line: 16, copyPad: 9, copyGap: 10,
};

function layoutOf(picture) {
  const lane = picture.merge ? 92 : picture.arrows.length ? 54 : 26;
  const replicaY = 12 + SIZE.label + SIZE.label + SIZE.circle + 2;
  const copiesY = replicaY + SIZE.circle + lane;
  const placed = { hosts: [], replicas: new Map(), copies: new Map(), merge: null, width: 0, height: 0 };
  let x = 1;
  for (const host of picture.hosts) {
    const devices = [];
    const left = x;
    x += SIZE.pad;
    for (const device of host.devices) {
      const bottom = placeDevice(picture, device, x, replicaY, copiesY, placed);
      devices.push({ device, x, y: 12 + SIZE.label, bottom });
      x += SIZE.device + SIZE.between;
    }
    x += SIZE.pad - SIZE.between;
    placed.hosts.push({ host, devices, x: left, y: 8, width: x - left });
    x += SIZE.hosts;
  }
  placed.width = x - SIZE.hosts + 1;
  const bottom = Math.max(...placed.hosts.flatMap((each) => each.devices.map((d) => d.bottom)), copiesY);
  placed.deviceBottom = bottom;
  placed.height = bottom + SIZE.pad + 2;
  if (picture.merge) placed.merge = placeMerge(picture.merge, placed, replicaY);
  return placed;
}

function placeDevice(picture, device, x, replicaY, copiesY, placed) {
  device.replicas.forEach((replica, number) => {
    // One replica stands left of its name; several replicas of a device stand side by side.
    const step = Math.min(84, (SIZE.device - 24) / device.replicas.length);
    const left = device.replicas.length > 1 ? 12 : SIZE.device / 2 - 42;
    placed.replicas.set(replica, { x: x + left + SIZE.circle + number * step, y: replicaY });
  });
  let y = copiesY;
  device.copies.forEach((index, number) => {
    const lines = copyLines(picture, index);
    const height = lines.length * SIZE.line + 2 * SIZE.copyPad - 2;
    placed.copies.set(index, { x: x + 12, y, width: SIZE.device - 24, height, lines, number });
    y += height + SIZE.copyGap;
  });
  return y - (device.copies.length ? SIZE.copyGap : 0) + 12;
}

function signOf(mark) {
  return { right: "✓ ", wrong: "✗ ", differs: "≠ " }[mark] ?? "";
}

function copyLines(picture, index) {
  const copy = picture.copies[index];
  const object = picture.objects[copy.object];
  const several = picture.objects.some((each) => each.role === "other");
  const lines = [];
  if (several) lines.push({ text: object.role === "other" ? "the other" : "the object", kind: "role" });
  lines.push({ text: object.type, kind: "type" });
  if (object.name) lines.push({ text: object.name, kind: "name" });
  lines.push({ text: signOf(copy.mark) + (copy.value || copy.problem || "no value"), kind: `value ${copy.mark}` });
  if (object.read) {
    const read = `${signOf(object.read.mark)}reads as ${object.read.value || object.read.problem}`;
    lines.push({ text: read, kind: `value ${object.read.mark}` });
  }
  const claimed = picture.details.claimed;
  if ((copy.mark || object.read?.mark) === "wrong" && claimed) lines.push({ text: `claimed ${claimed}`, kind: "note" });
  const writers = picture.arrows.filter((arrow) => arrow.copy === index && arrow.crowded).length;
  if (writers > 1) lines.push({ text: `${writers} replicas write`, kind: "note bad" });
  return lines;
}

function placeMerge(merge, placed, replicaY) {
  const involved = merge.replicas.map((replica) => placed.replicas.get(replica).x);
  const targets = merge.copies.map((copy) => placed.copies.get(copy));
  const xs = [...involved, ...targets.map((copy) => copy.x + copy.width / 2)];
  const x = (Math.min(...xs) + Math.max(...xs)) / 2;
  return { x, y: replicaY + SIZE.circle + 46, width: merge.label.length * 7.4 + 26, height: 26 };
}
