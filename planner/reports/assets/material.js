"use strict";
// The flow diagram: one row of bars per stage, a bar per place, links as wide as their amount. Stages run from left to
// right, or from top to bottom where there is little room.
const Lying = { across: 460, from: 24, gap: 8, bar: 12, label: 118, step: 96 };
const Upright = { from: 0, gap: 4, bar: 12, step: 92, head: 22, letter: 6.4 };
const NARROW = 560;

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
  const used = compressed(links, order);
  const wide = room.clientWidth, upright = wide < NARROW;
  const form = upright ? { ...Upright, upright, across: wide } : Lying;
  const bars = arranged(links, used, form);
  room.replaceChildren(painted(links, bars, used, view.extra.unit, pick, form, wide));
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

function arranged(links, order, form) {
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
    return total ? (form.across - form.gap * Math.min(list.length, 24)) / total : Infinity;
  });
  const scale = Math.max(Math.min(...fits), 0);
  for (const list of columns) {
    list.sort((a, b) => b.size - a.size);
    let place = form.from;
    for (const one of list) {
      one.place = place;
      one.width = Math.max(one.size * scale, 1);
      place += one.width + form.gap;
    }
  }
  return { all: [...bars.values()], scale };
}

function painted(links, bars, order, unit, pick, form, room) {
  const stages = order.length, width = form.upright ? room : Math.max(room, form.step * stages + form.label);
  const step = form.upright ? form.step : (width - form.label - form.bar) / Math.max(stages - 1, 1);
  const at = (stage) => (form.head ?? 0) + stage * step;
  const ends = Math.max(...bars.all.map((one) => one.place + one.width), 60);
  const tall = form.upright ? at(stages - 1) + form.bar + 34 : ends + 14;
  const picture = svg("svg", { viewBox: `0 0 ${width} ${tall}`, width, height: tall, class: "flow" });
  links.sort((a, b) => b.amount - a.amount);
  for (const link of links) picture.append(drawnLink(link, bars.scale, at, unit, form));
  order.forEach((stage, i) => picture.append(svg("text", form.upright ? { x: 0, y: at(i) - 5, class: "stage" }
    : { x: at(i), y: 12, class: "stage" }, visible(stage))));
  for (const one of bars.all) picture.append(drawnBar(one, at(one.at), unit, pick, form));
  return picture;
}

function drawnLink(link, scale, at, unit, form) {
  const { a, b } = link, thick = Math.max(link.amount * scale, 0.4), start = at(link.from) + form.bar, end = at(link.to);
  const from = a.place + a.given + thick / 2, to = b.place + b.taken + thick / 2, bend = (start + end) / 2;
  a.given += link.amount * scale;
  b.taken += link.amount * scale;
  const d = form.upright ? `M${from},${start}C${from},${bend} ${to},${bend} ${to},${end}`
    : `M${start},${from}C${bend},${from} ${bend},${to} ${end},${to}`;
  const path = svg("path", { d, "stroke-width": thick, class: link.back ? "link back" : link.exit ? "link exit" : "link" });
  path.append(svg("title", {}, `${nameOf(link.source)} → ${nameOf(link.target)}: ${format.format(link.amount)} ${unit}`));
  return path;
}

function drawnBar(one, at, unit, pick, form) {
  const stage = stageOf(one.name), group = svg("g", { tabindex: 0, role: "button", class: `place ${one.kind}` });
  const told = `${nameOf(one.name)} (${visible(stage)}): ${format.format(one.size)} ${unit}`;
  group.setAttribute("aria-label", told);
  group.append(svg("title", {}, told), svg("rect", form.upright ? { x: one.place, y: at, width: one.width, height: form.bar }
    : { x: at, y: one.place, width: form.bar, height: one.width }));
  for (const text of form.upright ? below(one, at, form) : beside(one, at, form)) group.append(text);
  const choose = () => pick(stage, one.name.slice(one.name.indexOf("|") + 1));
  group.addEventListener("click", choose);
  group.addEventListener("keydown", (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); choose(); } });
  return group;
}

function beside(one, at, form) {
  if (one.width < 5) return [];
  const text = one.width >= 9 ? `${nameOf(one.name)} ${short(one.size)}` : nameOf(one.name);
  return [svg("text", { x: at + form.bar + 4, y: one.place + one.width / 2 + 4 }, text)];
}

// Name and amount under the bar, as much as its width has room for.
function below(one, at, form) {
  const room = Math.floor((one.width + form.gap) / form.letter), name = nameOf(one.name), amount = short(one.size);
  const said = name.length <= room ? name : room >= 4 ? name.slice(0, room - 1) + "…" : "";
  const lines = [said, said && amount.length <= room ? amount : ""];
  return lines.filter((line) => line).map((line, i) => svg("text", { x: one.place, y: at + form.bar + 12 + 11 * i }, line));
}

const brief = new Intl.NumberFormat("en-US", { notation: "compact", maximumSignificantDigits: 3 });
function short(value) { return brief.format(value); }
