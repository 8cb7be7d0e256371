"use strict";
// Tables are readable without this script. It unpacks the decisions, filters and sorts them, and shows one in full.
const $ = (id) => document.getElementById(id);
const made = (tag, kind, text) => {
  const element = document.createElement(tag);
  if (kind) element.className = kind;
  if (text !== undefined) element.textContent = text;
  return element;
};
const unpacked = async (id) => {
  const bytes = Uint8Array.from(atob($(id).textContent), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
};
const ROW = 28, FIELDS = ["part", "operator", "scaffold", "outcome"];
let data, rows, texts, order, shown = [], at = -1, sorting = { key: "", down: false };
const chunks = new Map();

const name = (n) => {
  const recipe = data.names.recipe[rows.recipe[n]];
  return `${data.names.case[rows.case[n]]}/${data.names.scaffold[rows.scaffold[n]]}${recipe ? "+" + recipe : ""}#${rows.sample[n]}`;
};
const field = (key, n) => data.names[key][rows[key][n]];
// Beside its base a decision counts by rules that both could break, which is not always its own verdict.
const beside = (n) => data.compared[n] ?? rows.right[n];
const change = (n) => (rows.right[n] < 0 ? "–" : rows.base[n] === 1 && beside(n) === 0 ? "lost"
  : rows.base[n] === 0 && beside(n) === 1 ? "won" : rows.right[n] ? "right" : "wrong");
const KEEPS = {
  lost: (n) => rows.base[n] === 1 && beside(n) === 0, won: (n) => rows.base[n] === 0 && beside(n) === 1,
  wrong: (n) => rows.right[n] === 0, right: (n) => rows.right[n] === 1,
  base: (n) => rows.operator[n] === data.none, none: (n) => rows.right[n] < 0,
};

// What is wanted comes from the form; each condition is one number to compare, and words are looked up in names.
const filtered = () => {
  const tests = [];
  for (const key of FIELDS) {
    const value = $(key).value;
    if (value) { const place = data.names[key].indexOf(value), column = rows[key]; tests.push((n) => column[n] === place); }
  }
  if (KEEPS[$("only").value]) tests.push(KEEPS[$("only").value]);
  const words = $("text").value.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length) tests.push((n) => words.every((word) => texts[n].includes(word)));
  shown = tests.length ? order.filter((n) => tests.every((test) => test(n))) : order.slice();
  at = -1;
  $("count").textContent = `${shown.length.toLocaleString("en")} of ${data.count.toLocaleString("en")}`;
  $("list").scrollTop = 0;
  drawn();
};

const columns = () => [
  ["", (n) => change(n)], ["operator", (n) => field("operator", n) || "(base)"], ["scaffold", (n) => field("scaffold", n)],
  ...(data.names.run.length > 1 ? [["run", (n) => field("run", n)]] : []), ["decision", (n) => field("case", n)], ["#", (n) => rows.sample[n]], ["outcome", (n) => field("outcome", n)],
  ...(rows.completion_tokens.some((x) => x) ? [["tokens", (n) => rows.completion_tokens[n]]] : []),
  ...Object.keys(rows.scores).map((scorer) => [scorer, (n) => rows.scores[scorer][n] ?? ""]),
];
let shownColumns = [];

const headed = () => {
  shownColumns = columns();
  const head = made("div", "head");
  for (const [title] of shownColumns) {
    const button = made("button", "", (title || "change") + (sorting.key === title ? (sorting.down ? " ↓" : " ↑") : ""));
    button.type = "button";
    button.addEventListener("click", () => { sorted(title); });
    const span = made("span"); span.append(button); head.append(span);
  }
  return head;
};
const sorted = (title) => {
  sorting = { key: title, down: sorting.key === title && !sorting.down };
  const value = shownColumns.find(([t]) => t === title)[1], way = sorting.down ? -1 : 1;
  const keys = Array.from({ length: data.count }, (_, n) => value(n));
  order.sort((a, b) => (keys[a] < keys[b] ? -way : keys[a] > keys[b] ? way : a - b));
  listed(); filtered();
};

const listed = () => {
  const list = $("list");
  list.textContent = "";
  // A repetition of none is no CSS.
  list.style.setProperty("--more", String(Math.max(1, columns().length - 6)));
  list.append(headed(), made("div", "space"));
};
const drawn = () => {
  const list = $("list"), space = list.lastChild;
  space.style.position = "relative";
  space.style.height = `${shown.length * ROW}px`;
  const first = Math.max(0, Math.floor(list.scrollTop / ROW) - 5), last = Math.min(shown.length, first + Math.ceil(420 / ROW) + 12);
  const fresh = document.createDocumentFragment();
  for (let place = first; place < last; place += 1) {
    const n = shown[place], row = made("div", place === at ? "row at" : "row");
    row.style.top = `${place * ROW}px`;
    row.dataset.place = place;
    row.id = `row-${place}`;
    shownColumns.forEach(([title, value], k) => row.append(made("span", k ? "" : change(n), String(value(n)))));
    fresh.append(row);
  }
  space.replaceChildren(fresh);
};

// ---- one decision ----
const tokens = (text) => text.match(/\w+|\s+|[^\w\s]/g) || [];
// What both sides share before and after a change: the part next to it, the rest on demand.
const shortened = (text, tail) => {
  if (text.length <= 500) return [text];
  const near = tail ? text.slice(-240) : text.slice(0, 240), far = tail ? text.slice(0, -240) : text.slice(240);
  const button = made("button", "", `… ${far.length.toLocaleString("en")} characters the same …`);
  button.type = "button";
  button.addEventListener("click", () => button.replaceWith(far));
  return tail ? [button, near] : [near, button];
};
// Words that differ: common ends are cut off, the middle is aligned while that is cheap, else marked whole.
const marked = (one, two) => {
  const a = tokens(one), b = tokens(two);
  let start = 0, end = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end += 1;
  const x = a.slice(start, a.length - end), y = b.slice(start, b.length - end), keep = [new Set(), new Set()];
  if (x.length * y.length <= 4e6 && x.length && y.length) {
    const width = y.length + 1, table = new Uint16Array((x.length + 1) * width);
    for (let i = x.length - 1; i >= 0; i -= 1) for (let j = y.length - 1; j >= 0; j -= 1)
      table[i * width + j] = x[i] === y[j] ? table[(i + 1) * width + j + 1] + 1 : Math.max(table[(i + 1) * width + j], table[i * width + j + 1]);
    for (let i = 0, j = 0; i < x.length && j < y.length;) {
      if (x[i] === y[j]) { keep[0].add(i); keep[1].add(j); i += 1; j += 1; }
      else if (table[(i + 1) * width + j] >= table[i * width + j + 1]) i += 1; else j += 1;
    }
  }
  const written = (all, middle, kept, kind) => {
    const pre = made("pre");
    pre.append(...shortened(all.slice(0, start).join(""), true));
    for (let i = 0; i < middle.length;) {
      const same = kept.has(i); let j = i;
      while (j < middle.length && kept.has(j) === same) j += 1;
      const text = middle.slice(i, j).join("");
      pre.append(same ? text : made("span", kind, text));
      i = j;
    }
    pre.append(...shortened(all.slice(all.length - end).join(""), false));
    return pre;
  };
  return [written(a, x, keep[0], "del"), written(b, y, keep[1], "add")];
};

const twoColumns = (titles, contents) => {
  const pair = made("div", "pair");
  contents.forEach((content, k) => { const side = made("div"); side.append(made("h4", "", titles[k]), content); pair.append(side); });
  return pair;
};
const folded = (title, content, open) => {
  const box = made("details"); box.open = Boolean(open);
  box.append(made("summary", "", title), content);
  return box;
};
const titled = ([kind, title, text]) => `${kind}${title ? " " + title : ""} — ${text.replace(/\s+/g, " ").slice(0, 110)}`;

// Blocks that are the same fold into one; those between are set side by side in their order.
const compared = (before, after) => {
  const key = ([kind, title, text]) => `${kind}\0${title}\0${text}`, a = before.map(key), b = after.map(key), width = b.length + 1;
  const table = new Uint16Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i -= 1) for (let j = b.length - 1; j >= 0; j -= 1)
    table[i * width + j] = a[i] === b[j] ? table[(i + 1) * width + j + 1] + 1 : Math.max(table[(i + 1) * width + j], table[i * width + j + 1]);
  const out = []; let gone = [], come = [];
  const flush = () => {
    for (let k = 0; k < Math.max(gone.length, come.length); k += 1) out.push([gone[k], come[k]]);
    gone = []; come = [];
  };
  let i = 0, j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) { flush(); out.push(before[i]); i += 1; j += 1; }
    else if (j >= b.length || (i < a.length && table[(i + 1) * width + j] >= table[i * width + j + 1])) { gone.push(before[i]); i += 1; }
    else { come.push(after[j]); j += 1; }
  }
  flush();
  return out;
};

const opened = async (n, jump) => {
  const box = $("detail"), id = name(n);
  box.textContent = "";
  box.append(made("h3", "", id), made("p", "note", `${change(n)} · ${field("outcome", n)}`));
  const commands = made("pre", "", `perturb show '${id}' --run DIR\nperturb replay '${id}' --run DIR`);
  const where = data.where[n];
  if (where === undefined) {
    box.append(made("p", "note", "This page holds the transcripts of the decisions that matter most. This one is in the run's folder:"), commands);
  } else {
    if (!chunks.has(where[0])) chunks.set(where[0], await unpacked(`chunk-${where[0]}`));
    box.append(...transcript(chunks.get(where[0]), chunks.get(where[0]).items[where[1]]), folded("ask again", commands, true));
  }
  if (jump) { box.scrollIntoView({ block: "start" }); box.focus({ preventScroll: true }); }
};
const transcript = (chunk, item) => {
  const text = (numbers) => (numbers || []).map((k) => chunk.lines[k]).join("\n"), base = chunk.bases[item.base], out = [];
  const blocks = (found) => found.blocks.map(([kind, title, lines]) => [kind, title, text(lines)]);
  if (item.gone) out.push(made("p", "alarm", item.gone));
  if (item.before) {
    const [one, two] = marked(text(item.before.reply), text(item.reply));
    const [first, second] = data.sides, judged = (found) => (found.right < 0 ? "no verdict" : found.right ? "right" : "wrong");
    out.push(twoColumns([`${first}: reply`, `${second}: reply`], [one, two]));
    out.push(twoColumns([`${first}: ${judged(item.before)}`, `${second}: ${judged(item)}`],
      [made("pre", "", text(item.before.verdict)), made("pre", "", text(item.verdict))]));
  } else {
    out.push(twoColumns(["reply", "verdict"], [made("pre", "", text(item.reply)), made("pre", "", text(item.verdict))]));
  }
  if (item.expected) out.push(folded("an ideal answer, and the rules in force", made("pre", "", text(item.expected)), true));
  if (item.thought && text(item.thought)) out.push(folded("thinking of the reply", made("pre", "", text(item.thought))));
  if (!base) return out;
  out.push(made("h3", "", item.blocks ? "What it was asked: base beside perturbed" : "What it was asked"));
  if (!item.blocks) {
    for (const block of blocks(base)) out.push(folded(titled(block), made("pre", "", block[2])));
  } else {
    for (const found of compared(blocks(base), blocks(item))) {
      if (!Array.isArray(found[0]) && found.length === 3) { out.push(folded(titled(found), made("pre", "", found[2]))); continue; }
      const [one, two] = found, [left, right] = marked(one ? one[2] : "", two ? two[2] : "");
      const named = (block) => (block ? `${block[0]} ${block[1]}` : "nothing");
      out.push(twoColumns([named(one), named(two)], [one ? left : made("p", "note", "–"), two ? right : made("p", "note", "–")]));
    }
  }
  const raw = folded("raw prompt", made("pre", "", ""));
  raw.addEventListener("toggle", () => { if (raw.open) raw.lastChild.textContent = text((item.blocks ? item : base).prompt); });
  out.push(raw);
  return out;
};

// ---- links, keys, tables ----
const followed = () => {
  const hash = decodeURI(location.hash);
  if (hash.startsWith("#d:")) {
    const n = Number(hash.slice(3));
    if (Number.isInteger(n) && n >= 0 && n < data.count) opened(n, true);
  } else if (location.hash.startsWith("#f:")) {
    $("filters").reset();
    for (const part of location.hash.slice(3).split(";").filter(Boolean)) {
      const [key, value] = part.split("=");
      if ([...FIELDS, "only", "text"].includes(key)) $(key).value = decodeURIComponent(value);
    }
    filtered();
    $("decisions").scrollIntoView();
  }
};
const moved = (step) => {
  at = Math.max(0, Math.min(shown.length - 1, at + step));
  const list = $("list"), top = at * ROW;
  if (top < list.scrollTop) list.scrollTop = top;
  if (top > list.scrollTop + list.clientHeight - 3 * ROW) list.scrollTop = top - list.clientHeight + 3 * ROW;
  list.setAttribute("aria-activedescendant", `row-${at}`);
  drawn();
};
const keyed = (event) => {
  const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 14, PageUp: -14, Home: -1e9, End: 1e9 };
  if (event.key in steps) { moved(steps[event.key]); event.preventDefault(); }
  if (event.key === "Enter" && at >= 0) location.hash = `d:${shown[at]}`;
};
const tableSorted = (table, column, button) => {
  const down = button.dataset.down !== "1", body = table.tBodies[0];
  for (const other of table.tHead.rows[0].cells) delete other.dataset.down;
  button.dataset.down = down ? "1" : "0";
  const value = (row) => { const text = row.cells[column].textContent.trim(), number = parseFloat(text); return Number.isNaN(number) ? text : number; };
  [...body.rows].map((row) => [value(row), row]).sort(([x], [y]) => (typeof x === typeof y ? (x < y ? -1 : x > y ? 1 : 0) : typeof x === "number" ? -1 : 1) * (down ? 1 : -1))
    .forEach(([, row]) => body.append(row));
};

const begin = async () => {
  $("written").textContent = document.lastModified;
  for (const table of document.querySelectorAll("table.sortable")) [...table.tHead.rows[0].cells].forEach((cell, k) => {
    cell.tabIndex = 0;
    cell.addEventListener("click", () => tableSorted(table, k, cell));
    cell.addEventListener("keydown", (event) => { if (event.key === "Enter") tableSorted(table, k, cell); });
  });
  if (!$("data")) { document.body.dataset.ready = "1"; return; }
  data = await unpacked("data");
  rows = data.rows;
  data.none = data.names.operator.indexOf("");
  texts = Array.from({ length: data.count }, (_, n) => name(n).toLowerCase());
  // What was lost stands first.
  const rank = (n) => (KEEPS.lost(n) ? 0 : rows.right[n] < 0 ? 1 : rows.right[n] === 0 ? 2 : 3);
  order = Array.from({ length: data.count }, (_, n) => n).sort((a, b) => rank(a) - rank(b) || a - b);
  for (const key of FIELDS) for (const value of [...data.names[key]].filter(Boolean).sort()) {
    const option = made("option", "", value); option.value = value; $(key).append(option);
  }
  listed(); filtered();
  let waiting = 0;
  $("list").addEventListener("scroll", () => { if (!waiting) waiting = requestAnimationFrame(() => { waiting = 0; drawn(); }); });
  $("list").addEventListener("keydown", keyed);
  $("list").addEventListener("click", (event) => {
    const row = event.target.closest(".row");
    if (row) { at = Number(row.dataset.place); drawn(); location.hash = `d:${shown[at]}`; }
  });
  $("filters").addEventListener("input", filtered);
  $("filters").addEventListener("reset", () => setTimeout(filtered));
  $("filters").addEventListener("submit", (event) => event.preventDefault());
  addEventListener("hashchange", followed);
  document.body.dataset.ready = "1";
  if (location.hash) followed(); else if (shown.length && change(shown[0]) !== "right") opened(shown[0], false);
};
begin();
