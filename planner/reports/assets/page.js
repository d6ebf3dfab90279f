"use strict";
// Draws every view for the chosen future, year, element and region, and again when a switch is moved.
const Outline = JSON.parse(document.getElementById("outline").textContent);
const form = document.getElementById("switches");
const OPTIONS = { renderer: "svg", actions: false, ast: true, mode: "vega-lite", config: Data.theme, tooltip: { theme: "page" } };

// Text as it can be shown; `switch:name` stands for what that switch stands at.
function everyText(value) {
  if (typeof value === "string") return value.startsWith("switch:") ? label(value.slice(7)) : visible(value);
  if (Array.isArray(value)) return value.map(everyText);
  if (value && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, everyText(v)]));
  return value;
}

function records(view, rows) {
  const names = Object.keys(view.extra.fields ? view.columns : view.table).filter((name) => view.table[behind(view, name)]);
  const columns = names.map((name) => [name, column(view.table[behind(view, name)])]);
  return rows.map((row) => Object.fromEntries(columns.map(([name, read]) => {
    const value = read(row);
    return [name, typeof value === "string" ? visible(value) : value];
  })));
}

// Rows that are marked to be drawn, where a view marks them; on a logarithmic axis only what is above zero can stand.
function drawable(view) {
  let rows = rowsOf(view);
  if (view.extra.only) {
    const isDrawn = column(view.table[view.extra.only]);
    rows = rows.filter((row) => isDrawn(row));
  }
  if (!view.extra.positive) return rows;
  const value = column(view.table[view.extra.positive]);
  return rows.filter((row) => value(row) > 0);
}

async function draw(view, place) {
  for (const old of view.drawn ?? []) old.finalize();
  view.drawn = [];
  place.parentElement.querySelector(".rest")?.remove();
  const rows = drawable(view);
  if (!rows.length) {
    empty(view, place);
    return;
  }
  if (view.drawing === "material") {
    drawMaterial(view, place, pickPlace);
    return;
  }
  const all = records(view, rows);
  if (!view.facet) {
    const inner = document.createElement("div");
    place.replaceChildren(inner);  // The library describes what it draws into in its own words.
    await chart(view, inner, all);
    return;
  }
  const values = [...new Set(all.map((row) => row[view.facet]))];
  const grid = document.createElement("div");
  grid.className = "facets";
  place.replaceChildren(grid);
  await Promise.all(values.map((value) => {
    const one = document.createElement("figure"), name = document.createElement("figcaption"), inner = document.createElement("div");
    name.textContent = value;
    one.append(name, inner);
    grid.append(one);
    return chart(view, inner, all.filter((row) => row[view.facet] === value));
  }));
}

function empty(view, place) {
  const text = document.createElement("p");
  text.className = "nothing";
  text.textContent = `Nothing to show for ${scope(view) || "this run"}.`;
  place.replaceChildren(text);
}

const parts = (spec) => (spec.layer ?? [spec]).map((part) => part.encoding);

// The rows of the first lines of a chart; what is left out is said below it.
const MOST_LINES = 60;
function firstLines(spec, rows, place) {
  const field = parts(spec).find((encoding) => encoding.y?.field).y.field;
  const lines = [...new Set(rows.map((row) => row[field]))];
  spec.height = spec.height.step * Math.min(lines.length, MOST_LINES);
  if (lines.length <= MOST_LINES) return rows;
  const rest = document.createElement("p");
  rest.className = "note rest";
  rest.textContent = `The first ${MOST_LINES} of ${lines.length} lines are drawn; all are in the table.`;
  place.after(rest);
  const kept = new Set(lines.slice(0, MOST_LINES));
  return rows.filter((row) => kept.has(row[field]));
}

// Axes of the reader's choice: words, and the values of a grid whose every cell has runs, stand side by side; other
// numbers along a scale.
const FEW = 12;
function adapted(view, spec, rows) {
  const known = rows.filter((row) => row.x !== null && row.y !== null);
  const values = Object.fromEntries(["x", "y"].map((name) => [name, [...new Set(known.map((row) => row[name]))]]));
  const isGrid = Boolean(view.extra.cells) && values.x.length <= FEW && values.y.length <= FEW
    && values.x.length * values.y.length <= known.length;
  const apart = ["x", "y"].filter((name) => view.extra.fields[name]
    && (isGrid || values[name].some((value) => typeof value === "string")));
  if (view.extra.cells) spec.layer = [spec.layer[isGrid ? 0 : 1]];
  for (const encoding of parts(spec)) for (const name of apart) if (encoding[name]?.field === name) {
    encoding[name] = { ...encoding[name], type: "ordinal", scale: {}, sort: name === "y" ? "descending" : "ascending",
      axis: { ...encoding[name].axis, labelExpr: "isNumber(datum.value) ? format(datum.value, '.3~g') : datum.value" } };
  }
}

async function chart(view, place, rows) {
  const spec = everyText(view.spec);
  if (view.extra.fields) adapted(view, spec, rows);
  if (spec.height.step) rows = firstLines(spec, rows, place);
  spec.datasets = { rows };
  if (Outline) spec.datasets.outline = [{ type: "Feature", properties: {}, geometry: Outline }];
  if (view.extra.tall) spec.height = Math.min(spec.height, place.clientWidth * view.extra.tall);
  spec.autosize = { type: "fit-x", contains: "padding" };
  view.drawn.push(await vegaEmbed(place, spec, OPTIONS));
}

// A part of the flow diagram, or the chooser, picks plants for the table of balances.
function pickPlace(stage, region) {
  const view = Data.views.balances, stages = column(view.table.stage), regions = column(view.table.region);
  pick((row) => stages(row) === stage && regions(row) === region);
  const select = document.getElementById("plant");
  if (select) select.value = "";
  document.getElementById("view-balances").scrollIntoView({ behavior: "smooth", block: "nearest" });
}

function pick(test) {
  Data.views.balances.picked = test;
  const article = document.getElementById("view-balances");
  article.querySelector("details").open = true;
  show("balances");
}

function chooser(view, article) {
  const label = document.createElement("label"), select = document.createElement("select"), titles = column(view.table.title);
  label.append("Plant ", select);
  label.className = "chooser";
  select.id = "plant";
  const names = [...new Set(Array.from({ length: size(view.table) }, (_, row) => titles(row)))].sort();
  for (const name of ["", ...names]) select.add(new Option(name ? visible(name) : "all plants", name));
  select.addEventListener("change", () => pick(select.value ? (row) => titles(row) === select.value : null));
  article.querySelector(".scope").after(label);
}

// The legend in text that can break into lines; only of what the table holds.
function legend(view, article) {
  const entries = Object.entries(view.legend ?? {});
  if (entries.length < 2) return;
  const list = document.createElement("ul");
  list.className = "legend";
  for (const [name, colour] of entries) {
    const item = document.createElement("li"), patch = document.createElement("span");
    patch.style.background = colour;
    item.append(patch, visible(name));
    list.append(item);
  }
  article.querySelector(".scope").after(list);
}

async function show(name) {
  const view = Data.views[name], article = document.getElementById("view-" + name);
  article.querySelector(".scope").textContent = scope(view);
  if (view.says) {
    article.querySelector(".message").textContent = visible(message(view));
    article.querySelector(".drawing")?.setAttribute("aria-label", `${view.title}. ${visible(message(view))}`);
  }
  const details = article.querySelector("details");
  if (details.open) writeTable(view, details.querySelector(".table"));
  const place = article.querySelector(".drawing");
  if (place) await draw(view, place);
}

async function showAll(names) {
  document.body.dataset.ready = "no";
  for (const name of names) await show(name);
  document.body.dataset.ready = "yes";
}

function follow() {
  choose(form);
  const names = Object.keys(Data.views);
  form.addEventListener("change", (event) => {
    choose(form);
    showAll(names.filter((name) => Data.views[name].switches.includes(event.target.name)));
  });
  for (const name of names) {
    const article = document.getElementById("view-" + name), view = Data.views[name];
    const details = article.querySelector("details");
    details.addEventListener("toggle", () => { if (details.open) writeTable(view, details.querySelector(".table")); });
    article.querySelector(".download").addEventListener("click", () => download(view, name));
    if (view.extra.chooser) chooser(view, article);
    legend(view, article);
  }
  let width = window.innerWidth, waiting;
  window.addEventListener("resize", () => {
    if (window.innerWidth === width) return;
    width = window.innerWidth;
    clearTimeout(waiting);
    waiting = setTimeout(() => show("material" in Data.views ? "material" : names[0]), 200);
  });
  showAll(names);
}

document.getElementById("theme").addEventListener("click", () => {
  const root = document.documentElement, dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const now = root.dataset.theme || (dark ? "dark" : "light");
  root.dataset.theme = now === "dark" ? "light" : "dark";
});
follow();
