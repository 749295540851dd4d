/**
 * JSON by its strict reading: no key twice, no number but whole ones, bounded
 * depth. `JSON.parse` keeps the last of two equal keys without a word, so that
 * two readers could see two documents.
 */

import { fromUtf8 } from "./bytes.js";
import { Refusal, demand } from "./refusal.js";

export const DEPTH_MAX = 32;

const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?![0-9.eE])/y;
const SPACE = /[ \t\n\r]*/y;

class Scanner {
  constructor(text) {
    this.text = text;
    this.at = 0;
  }

  match(pattern) {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (!found) return null;
    this.at = pattern.lastIndex;
    return found[0];
  }

  skip(text) {
    this.match(SPACE);
    if (!this.text.startsWith(text, this.at)) return false;
    this.at += text.length;
    return true;
  }

  fail() {
    throw new Refusal("json.malformed", `this is not JSON, from character ${this.at + 1} on`);
  }

  expect(text) {
    if (!this.skip(text)) this.fail();
  }

  string() {
    this.match(SPACE);
    const found = this.match(STRING);
    if (found === null) this.fail();
    const text = JSON.parse(found);
    demand(text.isWellFormed ? text.isWellFormed() : true, "json.malformed", "a text holds half a character");
    return text;
  }

  value(depth) {
    demand(depth <= DEPTH_MAX, "json.depth", "the JSON is nested too deeply");
    if (this.skip("{")) return this.object(depth);
    if (this.skip("[")) return this.array(depth);
    for (const [word, value] of [["null", null], ["true", true], ["false", false]]) if (this.skip(word)) return value;
    if (this.text[this.at] === '"') return this.string();
    const number = this.match(NUMBER);
    if (number === null) this.fail();
    demand(Number.isSafeInteger(Number(number)), "json.number", "a number is too large to be exact");
    return Number(number);
  }

  object(depth) {
    const object = Object.create(null);
    if (this.skip("}")) return object;
    do {
      const key = this.string();
      demand(!(key in object), "json.twice", `the key \`${key}\` stands twice`);
      this.expect(":");
      object[key] = this.value(depth + 1);
    } while (this.skip(","));
    this.expect("}");
    return object;
  }

  array(depth) {
    const array = [];
    if (this.skip("]")) return array;
    do array.push(this.value(depth + 1));
    while (this.skip(","));
    this.expect("]");
    return array;
  }
}

/** The value that JSON bytes spell. */
export function parseJson(bytes) {
  const scanner = new Scanner(fromUtf8(bytes));
  const value = scanner.value(0);
  scanner.match(SPACE);
  if (scanner.at < scanner.text.length) scanner.fail();
  return value;
}

/** What a value has to look like; each answers the value or throws. */
export const shape = {
  text: (value, where) => {
    demand(typeof value === "string", "json.shape", `\`${where}\` is no text`);
    return value;
  },
  count: (value, where) => {
    demand(Number.isSafeInteger(value) && value >= 0, "json.shape", `\`${where}\` is no whole number`);
    return value;
  },
  list: (of, max) => (value, where) => {
    demand(Array.isArray(value) && value.length <= max, "json.shape", `\`${where}\` is no list of at most ${max}`);
    return value.map((one, at) => of(one, `${where}[${at}]`));
  },
  orNull: (of) => (value, where) => (value === null ? null : of(value, where)),
  is: (wanted) => (value, where) => {
    demand(value === wanted, "json.shape", `\`${where}\` is not \`${wanted}\``);
    return value;
  },
  /** Exactly these keys; those that end in `?` may be absent. */
  object: (fields) => (value, where) => {
    const good = value !== null && typeof value === "object" && !Array.isArray(value);
    demand(good, "json.shape", `\`${where}\` is no object`);
    const known = new Map(Object.entries(fields).map(([key, of]) => [key.replace(/\?$/, ""), { of, free: key.endsWith("?") }]));
    for (const key of Object.keys(value)) demand(known.has(key), "json.unknown", `\`${where}.${key}\` is not known here`);
    const read = {};
    for (const [key, { of, free }] of known) {
      if (key in value) read[key] = of(value[key], `${where}.${key}`);
      else demand(free, "json.missing", `\`${where}.${key}\` is missing`);
    }
    return read;
  },
  map: (of, max) => (value, where) => {
    const good = value !== null && typeof value === "object" && !Array.isArray(value) && Object.keys(value).length <= max;
    demand(good, "json.shape", `\`${where}\` is no object of at most ${max}`);
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, of(one, `${where}.${key}`)]));
  },
};
