/**
 * The schema of cells: which cell counts a docket (docs/spec, "The schema of
 * cells"; docs/reports.md, "How a cell says what it counts").
 */

import { fromUtf8 } from "./bytes.js";
import { CELLS } from "./group.js";
import { demand } from "./refusal.js";

export const SCHEMA_BYTES_MAX = 256 * 1024;

/** The lists of a cell, and the field of a docket that has to be one of each. */
const LISTS = {
  kinds: "kind",
  what: "what",
  laws: "law",
  rules: "rule",
  effects: "effect",
  categories: "category",
  selectors: "selector",
  reasons: "reason",
  grants: "grant",
  secrecy: "secrecy",
  outcomes: "outcome",
};
const FLAGS = ["urgent", "first"];
const KNOWN = new Set([...Object.keys(LISTS), ...FLAGS, "took_over", "took_max", "reserved"]);

const BARE = String.raw`[A-Za-z0-9_-]+`;
const TABLE = new RegExp(String.raw`^(\[\[|\[)\s*(${BARE}(?:\.${BARE})*)\s*(\]\]|\])$`);
const PAIR = new RegExp(String.raw`^(${BARE})\s*=\s*(.*)$`, "s");
const STRING = /"(?:[^"\\\u0000-\u001f]|\\["\\ntr])*"/y;

/** A line without what follows a `#` outside of texts. */
function bare(line) {
  let quoted = false;
  for (let at = 0; at < line.length; at++) {
    if (line[at] === "\\" && quoted) at += 1;
    else if (line[at] === '"') quoted = !quoted;
    else if (line[at] === "#" && !quoted) return line.slice(0, at).trim();
  }
  return line.trim();
}

/** A value of the few kinds that schemas use: text, whole number, truth, list of them. */
function value(text) {
  const state = { text, at: 0 };
  const read = one(state);
  skip(state);
  demand(state.at === text.length, "schema.malformed", `\`${text}\` is not understood`);
  return read;
}

function skip(state) {
  while (/\s/.test(state.text[state.at] ?? "")) state.at += 1;
}

function one(state) {
  skip(state);
  const rest = state.text.slice(state.at);
  if (rest.startsWith("[")) return list(state);
  STRING.lastIndex = state.at;
  const text = STRING.exec(state.text);
  if (text) {
    state.at += text[0].length;
    return JSON.parse(text[0]);
  }
  const word = /^(?:true|false|[0-9]{1,15})(?![0-9A-Za-z_.-])/.exec(rest);
  demand(word, "schema.malformed", `\`${rest.slice(0, 40)}\` is not understood`);
  state.at += word[0].length;
  return JSON.parse(word[0]);
}

function list(state) {
  const all = [];
  state.at += 1;
  for (;;) {
    skip(state);
    if (state.text[state.at] === "]") break;
    all.push(one(state));
    skip(state);
    if (state.text[state.at] === ",") state.at += 1;
    else demand(state.text[state.at] === "]", "schema.malformed", "a list does not end");
  }
  state.at += 1;
  return all;
}

/** The tables of the file in their order, each with its name and its pairs. */
function tables(source) {
  const all = [{ name: "", pairs: new Map() }];
  const lines = source.split(/\r?\n/).map(bare);
  for (let at = 0; at < lines.length; at++) {
    if (lines[at] === "") continue;
    const table = TABLE.exec(lines[at]);
    if (table) {
      all.push({ name: table[2], pairs: new Map() });
      continue;
    }
    let text = lines[at];
    // A list may go on over several lines.
    while (/=\s*\[/.test(text) && !text.endsWith("]") && at + 1 < lines.length) text += ` ${lines[++at]}`;
    const pair = PAIR.exec(text);
    demand(pair && !all.at(-1).pairs.has(pair[1]), "schema.malformed", `\`${text.slice(0, 40)}\` is not understood`);
    all.at(-1).pairs.set(pair[1], value(pair[2]));
  }
  return all;
}

/**
 * Reads the cells of a schema file; its series are read by {@link parseSeries}.
 *
 * @returns {{number: number, id: string, title: string, counts: Map<string, unknown>}[]} by number
 */
export function parseSchema(bytes) {
  demand(bytes.length <= SCHEMA_BYTES_MAX, "schema.length", "the list of what is counted is too long");
  const cells = [];
  for (const { name, pairs } of tables(fromUtf8(bytes))) {
    if (name === "cell") {
      cells.push({ number: pairs.get("number"), id: pairs.get("id"), title: pairs.get("title"), reserved: pairs.get("reserved") === true, counts: new Map() });
    } else if (name === "cell.counts") {
      demand(cells.length > 0, "schema.malformed", "conditions without a cell");
      for (const key of pairs.keys()) demand(KNOWN.has(key), "schema.unknown", `the condition \`${key}\` is not known here`);
      cells.at(-1).counts = pairs;
    }
  }
  const numbers = cells.map((cell) => cell.number).sort((a, b) => a - b);
  const whole = numbers.length === CELLS && numbers.every((number, at) => number === at + 1);
  demand(whole, "schema.cells", `a schema has the cells 1 to ${CELLS}, each once`);
  return cells.sort((a, b) => a.number - b.number);
}

/** What a series and each of its lines have to say, and whether a value says it. */
const isText = (value) => typeof value === "string" && value !== "";
const isCount = (value) => Number.isSafeInteger(value) && value >= 0;
const isTruth = (value) => typeof value === "boolean";
const SERIES = { id: isText, zone: isText, period_months: (value) => isCount(value) && value > 0, joint: isTruth, suppress_below: isCount };
const LINE = { id: isText, title: isText, clause: isText, verified: isTruth, cells: (value) => Array.isArray(value) && value.length > 0 };

/** The pairs of a table, each of the kind it has to be. */
function fieldsOf(pairs, kinds, where) {
  for (const [key, good] of Object.entries(kinds)) demand(good(pairs.get(key)), "schema.malformed", `\`${where}.${key}\` is missing, or not understood`);
  return Object.fromEntries(pairs);
}

/** A clause as reports write it. */
const clauseOf = ({ clause, verified }) => (verified ? clause : `${clause} [not verified]`);

/**
 * Reads the series of a schema file: what may be published of which cells, in which form.
 *
 * @returns {Map<string, {id: string, law: string | null, zone: string, months: number, joint: boolean, band: number | null, few: number, lines: {id: string, title: string, clause: string, cells: number[]}[]}>} by id
 */
export function parseSeries(bytes) {
  const numbers = new Map(parseSchema(bytes).map(({ id, number }) => [id, number]));
  const all = new Map();
  let last = null;
  for (const { name, pairs } of tables(fromUtf8(bytes))) {
    if (name === "series") {
      const { id, zone, joint, period_months: months, suppress_below: few, law, band } = fieldsOf(pairs, SERIES, name);
      demand(!all.has(id), "schema.malformed", `the series \`${id}\` stands twice`);
      const known = (law === undefined || isText(law)) && (band === undefined || (isCount(band) && band > 1));
      demand(known, "schema.malformed", `the series \`${id}\` is not understood`);
      last = { id, zone, months, joint, few, law: law ?? null, band: band ?? null, lines: [] };
      all.set(id, last);
    } else if (name === "series.line") {
      demand(last, "schema.malformed", "a line without a series");
      const line = fieldsOf(pairs, LINE, name);
      for (const cell of line.cells) demand(numbers.has(cell), "schema.malformed", `the line \`${line.id}\` counts a cell that there is not`);
      const cells = line.cells.map((cell) => numbers.get(cell)).sort((a, b) => a - b);
      last.lines.push({ id: line.id, title: line.title, clause: clauseOf(line), cells });
    }
  }
  return all;
}

function meets(docket, { reserved, counts }) {
  if (reserved || counts.get("reserved") === true || counts.size === 0) return false;
  for (const [condition, wanted] of counts) {
    if (condition in LISTS && !(wanted.includes(docket[LISTS[condition]]))) return false;
    if (FLAGS.includes(condition) && (docket[condition] ?? false) !== wanted) return false;
    if (condition === "took_over" && !(docket.took_hours > wanted)) return false;
    if (condition === "took_max" && !(docket.took_hours <= wanted)) return false;
  }
  return true;
}

/** The first cell, by number, whose conditions the docket meets; null if it meets none. */
export const cellOf = (cells, docket) => cells.find((cell) => meets(docket, cell)) ?? null;
