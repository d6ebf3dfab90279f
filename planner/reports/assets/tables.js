"use strict";
// Data of the page, the rows that the switches leave, tables and CSV. Text only ever becomes text, never markup.
const Data = JSON.parse(document.getElementById("data").textContent);
for (const view of Object.values(Data.views)) view.table = Data.tables[view.table];
const CONTROLS = /[\u200e\u200f\u202a-\u202e\u2066-\u2069\u0000-\u0008\u000b\u000c\u000e-\u001f]/g;

// Marks that would turn the direction of the text around them, made visible.
function visible(text) {
  return text.replace(CONTROLS, (mark) => "⟨" + mark.codePointAt(0).toString(16).toUpperCase().padStart(4, "0") + "⟩");
}

function column(part) {
  if ("same" in part) return () => part.same;
  return part.words ? (row) => part.words[part.at[row]] : (row) => part.values[row];
}

function size(table) {
  const first = Object.values(table)[0];
  return first ? first.count ?? (first.at || first.values).length : 0;
}

const chosen = {};
function choose(form) {
  for (const select of form.querySelectorAll("select")) chosen[select.name] = select.value;
  chosen.future = chosen.future ?? Object.keys(Data.paths)[0];
}

// One test per switch that the view follows; a row stays when all hold.
function tests(view) {
  const found = [], table = view.table, on = (name) => view.switches.includes(name);
  if (on("future") && table.node) {
    const path = new Set(Data.paths[chosen.future]), node = column(table.node);
    found.push((row) => path.has(node(row)) || node(row) === "");  // No node: what holds for the plan as a whole.
  } else if (on("future") && table.group) {
    const groups = new Set(Data.groups[chosen.future]), group = column(table.group);
    found.push((row) => groups.has(group(row)));
  }
  if (on("year") && chosen.year !== undefined) {
    const year = column(table.year), wanted = Number(chosen.year);
    found.push((row) => year(row) === wanted);
  }
  for (const name of ["figure", "project"]) if (on(name) && table[name] && chosen[name] !== undefined) {
    const value = column(table[name]);
    found.push((row) => value(row) === chosen[name]);
  }
  if (on("element") && chosen.element !== undefined) found.push(elementTest(view));
  if (on("region") && chosen.region !== undefined) found.push(regionTest(view));
  return found;
}

function elementTest(view) {
  if (view.table.element) {
    const element = column(view.table.element);
    return (row) => element(row) === chosen.element;
  }
  const commodity = column(view.table.commodity), contents = view.extra.elements;
  return (row) => (contents[commodity(row)] || []).includes(chosen.element);
}

// The different texts of a column: of few rows it is given as it is, of many as positions in a list of words.
function texts(part) {
  return part.words || part.values || [part.same];
}

function regionTest(view) {
  if (view.drawing === "material") {
    const ends = ["source", "target"].map((name) => column(view.table[name]));
    const within = (text) => { const place = text.slice(text.indexOf("|") + 1);
      return place === chosen.region || place.startsWith(chosen.region + " "); };
    return (row) => chosen.region === Data.all || ends.some((end) => within(end(row)));
  }
  const region = column(view.table.region), hasSums = texts(view.table.region).includes(Data.all);
  return (row) => (chosen.region === Data.all && !hasSums) || region(row) === chosen.region;
}

function rowsOf(view) {
  const kept = [], all = tests(view), count = size(view.table);
  for (let row = 0; row < count; row++) if (all.every((test) => test(row))) kept.push(row);
  return view.picked ? kept.filter(view.picked) : kept;
}

// What a switch stands at, in words.
function label(name) {
  const select = document.getElementById("switch-" + name);
  return select ? visible(select.selectedOptions[0].textContent) : "";
}

// What a view follows, in words.
function scope(view) { return view.switches.map(label).filter((text) => text).join(" · "); }

// The column that stands behind a name: its own, or the one that a switch chooses.
function behind(view, name) {
  const field = view.extra.fields?.[name];
  return field ? field[1] + chosen[field[0]] : name;
}

function heading(view, name) {
  const field = view.extra.fields?.[name];
  return field ? label(field[0]) : view.columns[name];
}

// The sentence that belongs to what the switches stand at; its blanks are filled from the columns they name.
const SWITCHES = ["future", "year", "element", "region", "figure", "input", "project"];
function message(view) {
  if (!view.says) return view.message;
  const read = Object.fromEntries(Object.entries(view.says.rows).map(([name, part]) => [name, column(part)]));
  const keys = SWITCHES.filter((name) => read[name] && chosen[name] !== undefined);
  for (let row = 0; row < size(view.says.rows); row++)
    if (keys.every((name) => String(read[name](row)) === wanted(name))) return filled(read, row);
  return view.says.otherwise;
}

function wanted(name) { return name === "year" ? String(Number(chosen.year)) : chosen[name]; }

function filled(read, row) {
  return read.text(row).replace(/\{(\w+)\}/g, (blank, name) => {
    const value = read[name]?.(row) ?? blank;
    return typeof value === "number" ? String(Math.round(10 * value) / 10) : value;
  });
}

const format = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 6 });
const YEARS = new Set(["year", "decided", "planned_online", "online_first", "online_last", "ends", "worst_year", "onset"]);

function shown(name, value) {
  if (value === null) return "";
  if (typeof value !== "number") return visible(String(value));
  return YEARS.has(name) ? String(value) : format.format(value + 0);  // No minus before nothing.
}

const MOST_ROWS = 500;
function writeTable(view, place) {
  const rows = rowsOf(view), names = Object.keys(view.columns).filter((name) => view.table[behind(view, name)]);
  const made = document.createElement("table"), head = made.createTHead().insertRow(), body = made.createTBody();
  for (const name of names) {
    const cell = document.createElement("th");
    cell.scope = "col";
    cell.textContent = visible(heading(view, name));
    head.append(cell);
  }
  const columns = names.map((name) => column(view.table[behind(view, name)]));
  for (const row of rows.slice(0, MOST_ROWS)) {
    const line = body.insertRow();
    names.forEach((name, i) => {
      const value = columns[i](row), cell = line.insertCell();
      cell.textContent = shown(name, value);
      if (typeof value === "number") { cell.className = "number"; cell.dataset.value = value; }
    });
  }
  place.replaceChildren(made);
  if (rows.length > MOST_ROWS) {
    const rest = document.createElement("p");
    rest.textContent = `${rows.length - MOST_ROWS} more rows in the CSV.`;
    place.append(rest);
  }
}

// The CSV of what is shown: text that a spreadsheet would take for a formula starts with an apostrophe, as in the run.
function cell(value) {
  if (value === null) return "";
  if (typeof value !== "string") return String(value);
  const text = /^[=+\-@\t\r']/.test(value) ? "'" + value : value;
  return /[",\n\r]/.test(text) ? '"' + text.replaceAll('"', '""') + '"' : text;
}

function csv(view) {
  const names = Object.keys(view.table), columns = names.map((name) => column(view.table[name]));
  const lines = rowsOf(view).map((row) => columns.map((read) => cell(read(row))).join(","));
  return [names.map(cell).join(","), ...lines].join("\n") + "\n";
}

function download(view, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([csv(view)], { type: "text/csv;charset=utf-8" }));
  link.download = `${Data.name.replace(/[^\w.-]/g, "-")}-${name}.csv`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
