"use strict";
// The flow diagram: one column per stage, one bar per place, links as wide as their amount.
const Material = { height: 460, bar: 12, gap: 8, label: 118 };

function svg(name, attributes, text) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

function stageOf(place) { return place.slice(0, place.indexOf("|")); }
const SIDES = { sold: "sold in ", disposed: "disposed of in ", stock: "stock in ", returned: "returned in " };
function nameOf(place) { return (SIDES[stageOf(place)] ?? "") + visible(place.slice(place.indexOf("|") + 1)); }

function drawMaterial(view, room, pick) {
  const read = ["source", "target", "amount"].map((name) => column(view.table[name]));
  const merged = new Map();
  for (const row of rowsOf(view)) {
    const [source, target, amount] = read.map((get) => get(row));
    const key = source + "\n" + target;
    merged.set(key, { source, target, amount: amount + (merged.get(key)?.amount ?? 0) });
  }
  const order = view.extra.stages;
  // Side doors: what leaves the chain stands one column on, what comes from outside it one column before.
  const side = { sold: 1, disposed: 1, stock: 1, returned: -1 };
  const links = gathered([...merged.values()].map((link) => split(link, order, side)).flat());
  const used = compressed(links, order), columns = used.length;
  const bars = arranged(links, used);
  const width = Math.max(room.clientWidth, 96 * columns + Material.label);
  room.replaceChildren(painted(links, bars, width, columns, used, view.extra.unit, pick));
}

// A link that leads back is cut: it leaves to a stub at its source and enters from a stub at its target.
function split(link, order, side) {
  const from = order.indexOf(stageOf(link.source)), to = order.indexOf(stageOf(link.target));
  if (to < 0 || side[stageOf(link.target)]) {
    const at = from < 0 ? 1 : Math.min(from + 1, order.length - 1);
    return [{ ...link, from: Math.max(from, 0), to: at, exit: true }];
  }
  if (from < 0) return [{ ...link, from: Math.max(to - 1, 0), to: Math.max(to, 1), entry: true }];
  if (from < to) return [{ ...link, from, to }];
  return [{ ...link, source: stageOf(link.source) + "|" + stageOf(link.source) + " " + link.source.slice(link.source.indexOf("|") + 1) + " (back)",
            from: Math.max(to - 1, 0), to: Math.max(to, 1), entry: true, back: true }];
}

// Places too small to be seen are gathered into one per stage and column.
function gathered(links) {
  const sizes = new Map(), totals = new Map();
  const add = (at, place, amount, way) => {
    const key = way + at + " " + place;
    sizes.set(key, (sizes.get(key) ?? 0) + amount);
    totals.set(at, (totals.get(at) ?? 0) + amount);
  };
  for (const link of links) { add(link.from, link.source, link.amount, "out "); add(link.to, link.target, link.amount, "in "); }
  const small = (at, place) => Math.max(sizes.get("out " + at + " " + place) ?? 0, sizes.get("in " + at + " " + place) ?? 0)
    < 0.012 * totals.get(at);
  const merged = new Map();
  for (const link of links) {
    const source = small(link.from, link.source) ? stageOf(link.source) + "|others" : link.source;
    const target = small(link.to, link.target) ? stageOf(link.target) + "|others" : link.target;
    const key = [source, target, link.from, link.to].join("\n");
    const known = merged.get(key) ?? { ...link, source, target, amount: 0 };
    known.amount += link.amount;
    merged.set(key, known);
  }
  return [...merged.values()];
}

// Stages without anything to show give up their column.
function compressed(links, order) {
  const used = [...new Set(links.flatMap((link) => [link.from, link.to]))].sort((a, b) => a - b);
  for (const link of links) { link.from = used.indexOf(link.from); link.to = used.indexOf(link.to); }
  return used.map((at) => order[at]);
}

function arranged(links, order) {
  const bars = new Map();
  const bar = (name, at) => {
    const key = at + " " + name;
    if (!bars.has(key)) bars.set(key, { key, name, at, kind: "stands", into: 0, out: 0, given: 0, taken: 0 });
    return bars.get(key);
  };
  for (const link of links) {
    link.a = bar(link.source, link.from);
    link.b = bar(link.target, link.to);
    if (link.exit) link.b.kind = "out";
    if (link.entry) link.a.kind = link.back ? "back" : "in";
    link.a.out += link.amount;
    link.b.into += link.amount;
  }
  for (const one of bars.values()) one.size = Math.max(one.into, one.out);
  const columns = order.map((_, at) => [...bars.values()].filter((one) => one.at === at));
  const fits = columns.map((list) => {
    const total = list.reduce((sum, one) => sum + one.size, 0);
    return total ? (Material.height - Material.gap * Math.min(list.length, 24)) / total : Infinity;
  });
  const scale = Math.max(Math.min(...fits), 0);
  for (const list of columns) {
    list.sort((a, b) => b.size - a.size);
    let y = 24;
    for (const one of list) {
      one.y = y;
      one.height = Math.max(one.size * scale, 1);
      y += one.height + Material.gap;
    }
  }
  return { all: [...bars.values()], scale };
}

function painted(links, bars, width, columns, order, unit, pick) {
  const step = (width - Material.label - Material.bar) / Math.max(columns - 1, 1), x = (at) => at * step;
  const tall = Math.max(...bars.all.map((one) => one.y + one.height), 60) + 14;
  const picture = svg("svg", { viewBox: `0 0 ${width} ${tall}`, width, height: tall, class: "flow" });
  order.forEach((stage, at) => picture.append(svg("text", { x: x(at), y: 12, class: "stage" }, visible(stage))));
  links.sort((a, b) => b.amount - a.amount);
  for (const link of links) {
    const { a, b } = link, thick = Math.max(link.amount * bars.scale, 0.4), x0 = x(link.from) + Material.bar, x1 = x(link.to);
    const y0 = a.y + a.given + thick / 2, y1 = b.y + b.taken + thick / 2, bend = (x0 + x1) / 2;
    a.given += link.amount * bars.scale;
    b.taken += link.amount * bars.scale;
    const path = svg("path", { d: `M${x0},${y0}C${bend},${y0} ${bend},${y1} ${x1},${y1}`, "stroke-width": thick,
      class: link.back ? "link back" : link.exit ? "link exit" : "link" });
    path.append(svg("title", {}, `${nameOf(link.source)} → ${nameOf(link.target)}: ${format.format(link.amount)} ${unit}`));
    picture.append(path);
  }
  for (const one of bars.all) picture.append(drawnBar(one, x(one.at), unit, pick));
  return picture;
}

function drawnBar(one, x, unit, pick) {
  const stage = stageOf(one.name), group = svg("g", { tabindex: 0, role: "button", class: `place ${one.kind}` });
  const label = `${nameOf(one.name)} (${visible(stage)}): ${format.format(one.size)} ${unit}`;
  group.setAttribute("aria-label", label);
  group.append(svg("title", {}, label), svg("rect", { x, y: one.y, width: Material.bar, height: one.height }));
  if (one.height >= 5) {
    const text = one.height >= 9 ? `${nameOf(one.name)} ${short(one.size)}` : nameOf(one.name);
    group.append(svg("text", { x: x + Material.bar + 4, y: one.y + one.height / 2 + 4 }, text));
  }
  const choose = () => pick(stage, one.name.slice(one.name.indexOf("|") + 1));
  group.addEventListener("click", choose);
  group.addEventListener("keydown", (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); choose(); } });
  return group;
}

const brief = new Intl.NumberFormat("en-US", { notation: "compact", maximumSignificantDigits: 3 });
function short(value) { return brief.format(value); }
