/** The figures of a report and their proof (docs/spec, "Reports by lines"). */

import { Reader, concat, str16, uint, utf8 } from "./bytes.js";
import { CELLS, H, Point, Q, challenge, combine, invert, mod, multiply, point, scalar, sum, under } from "./group.js";
import { Refusal, demand } from "./refusal.js";

export const LINES_MAX = 64;
export const WIDTH_MIN = 2;
export const WIDTH_MAX = 65536;

const LABEL = utf8("portcullis/v1/report\0");
const FORMS = { withheld: 0, exact: 1, band: 2 };

/**
 * The weights of a band of `width` values: 1, 2, 4, … and what is left of
 * width − 1. Every sum of some of them lies in the band, and each value is such a sum.
 */
export function weightsOf(width) {
  const weights = [];
  let rest = width - 1;
  for (let weight = 1; rest > 0; weight *= 2) {
    weights.push(Math.min(weight, rest));
    rest -= weights.at(-1);
  }
  return weights;
}

/** The set of a line's cells as bits, cell 1 the lowest. */
export const maskOf = (cells) => cells.reduce((mask, cell) => mask + 2 ** (cell - 1), 0);

/** What is claimed: where, over which leaves, with which figures. */
export function statementOf(range, lines) {
  const { origin, root, start, end, schema, commitment } = range;
  const parts = [str16(origin), root, uint(start, 8), uint(end, 8), schema, commitment, uint(lines.length, 2)];
  for (const { cells, form } of lines) {
    const value = { withheld: 0, exact: form.value, band: form.low }[form.kind];
    const width = form.kind === "band" ? widthOf(form) : 0;
    parts.push(uint(maskOf(cells), 4), uint(FORMS[form.kind], 1), uint(value, 8), uint(width, 4));
  }
  return concat(...parts);
}

function checkLines(lines) {
  const code = "report.proof_lines";
  demand(lines.length > 0 && lines.length <= LINES_MAX, code, `a report has 1 to ${LINES_MAX} lines`);
  const sets = new Set();
  for (const { cells, form } of lines) {
    const good = cells.length > 0 && cells.every((cell, at) => cell >= 1 && cell <= CELLS && (at === 0 || cell > cells[at - 1]));
    demand(good, code, "a line has cells from 1 to 32, each once, in order");
    demand(!sets.has(maskOf(cells)), code, "two lines are over the same cells");
    sets.add(maskOf(cells));
    if (form.kind !== "band") continue;
    const width = widthOf(form);
    demand(width >= WIDTH_MIN && width <= WIDTH_MAX, code, `a band has ${WIDTH_MIN} to ${WIDTH_MAX} values`);
    demand(BigInt(form.high) < 1n << 64n, code, "a band ends beyond 64 bits");
  }
}

/** How many values a band holds; figures may be numbers or, beyond 2^53, big integers. */
const widthOf = ({ low, high }) => Number(BigInt(high) - BigInt(low) + 1n);

/** The weights of each band and the number of its first bit; how many bits there are, and so how long the proof is. */
function measure(lines) {
  const bands = new Map();
  let bits = 0;
  for (const line of lines) {
    if (line.form.kind !== "band") continue;
    const weights = weightsOf(widthOf(line.form));
    bands.set(line, { first: bits, weights });
    bits += weights.length;
  }
  return { bands, bits, length: 32 * (34 + (bits > 0 ? 6 + bits : 0)) };
}

/** The proof's points and scalars: first every point is decoded, then every scalar, each in the order of the bytes. */
function parse({ bands, bits }, bytes) {
  const reader = new Reader(bytes, "report.proof_length");
  const words = (count) => Array.from({ length: count }, () => reader.take(32));
  const named = (names) => Object.fromEntries(names.map((name) => [name, reader.take(32)]));
  const raw = named(["S"]);
  const answers = words(CELLS + 1);
  if (bits > 0) Object.assign(raw, named(["P", "A", "B", "D"]));
  const tail = words(bits > 0 ? bits + 2 : 0);
  const proof = { bands, bits, raw };
  for (const [name, encoded] of Object.entries(raw)) proof[name] = point(encoded);
  proof.z = answers.map(scalar);
  proof.z3 = proof.z.pop();
  proof.f = tail.map(scalar);
  [proof.z1, proof.z2] = proof.f.splice(bits);
  return proof;
}

/** What the line's answers come to, which has to be `x` times its figure. */
const answered = (proof, { cells }) => sum(cells.map((cell) => proof.z[cell - 1]));

/** Whether a line's figure is what the proof is about, under the challenge `x`. */
function lineHolds(proof, line, x) {
  const { form } = line;
  if (form.kind === "withheld") return true;
  if (form.kind === "exact") return answered(proof, line) === mod(x * BigInt(form.value));
  const { first, weights } = proof.bands.get(line);
  const bits = sum(weights.map((weight, at) => BigInt(weight) * proof.f[first + at]));
  return answered(proof, line) === mod(x * BigInt(form.low) + bits);
}

/** x·P + A = Σ f_j Q_j + z1·H and x·B + D = Σ f_j(x − f_j) Q_j + z2·H: every bit is 0 or 1. */
function bitsHold(proof, x) {
  if (proof.bits === 0) return true;
  const { P, A, B, D, f, z1, z2 } = proof;
  const first = f.map((f_j, j) => [f_j, Q(j)]);
  const second = f.map((f_j, j) => [f_j * (x - f_j), Q(j)]);
  const one = multiply([[x, P], [1n, A]]).equals(multiply([...first, [z1, H]]));
  return one && multiply([[x, B], [1n, D]]).equals(multiply([...second, [z2, H]]));
}

/** The challenge: everything that is claimed, and every point of the proof. */
function challengeOf(range, lines, { raw }) {
  return challenge(concat(LABEL, statementOf(range, lines), ...Object.values(raw)));
}

/**
 * Verifies that the figures are those of the sum of all commitments.
 *
 * @param {{origin: string, root: Uint8Array, start: number, end: number, schema: Uint8Array, commitment: Uint8Array}} range
 * @param {{cells: number[], form: object}[]} lines
 * @param {Uint8Array} bytes the proof
 * @throws {Refusal} with `wrong`, the numbers of the lines (from 0) that are known to be false
 */
export function verifyLines(range, lines, bytes) {
  demand(range.end >= range.start, "report.proof_range", "the range ends before it starts");
  checkLines(lines);
  const measured = measure(lines);
  const fits = `the proof of these lines has ${measured.length} bytes, and this has ${bytes.length}`;
  demand(bytes.length === measured.length, "report.proof_length", fits);
  const [C, proof] = under("report.proof_", () => [point(range.commitment), parse(measured, bytes)]);
  const x = challengeOf(range, lines, proof);
  const opened = combine([0n, ...proof.z], proof.z3);
  if (!multiply([[x, C], [1n, proof.S]]).equals(opened)) {
    const refusal = new Refusal("report.proof_sum", "the proof is not one about these figures and this sum");
    refusal.wrong = diagnose(proof, lines, C, opened.subtract(proof.S));
    throw refusal;
  }
  const wrong = lines.flatMap((line, at) => (lineHolds(proof, line, x) ? [] : [{ at }]));
  if (wrong.length > 0) {
    const refusal = new Refusal("report.proof_line", "a figure is not what was recorded");
    refusal.wrong = wrong;
    throw refusal;
  }
  demand(bitsHold(proof, x), "report.proof_bits", "the proof that the bands hold what they say is false");
}

/** How far from a stated figure the figure of the proof is looked for. */
const REACH = 64n;

/**
 * Which figures were changed after the proof was made. The challenge that the
 * proof was made for is unknown, but one honest line gives it away: its answers
 * are the challenge times its figure. Answers nothing where it cannot tell.
 */
function diagnose(proof, lines, C, opened) {
  for (const guess of guesses(proof, lines)) {
    if (!multiply([[guess, C]]).equals(opened)) continue;
    return lines.flatMap((line, at) => {
      if (lineHolds(proof, line, guess)) return [];
      const value = line.form.kind === "exact" ? small(mod(answered(proof, line) * invert(guess))) : undefined;
      return [{ at, value }];
    });
  }
  return [];
}

const small = (value) => (value < 1n << 32n ? Number(value) : undefined);

function* guesses(proof, lines) {
  const exact = lines.filter(({ form }) => form.kind === "exact");
  for (let away = 0n; away <= REACH; away++) {
    for (const line of exact) {
      const value = BigInt(line.form.value);
      for (const near of away === 0n ? [value] : [value + away, value - away]) {
        if (near > 0n) yield mod(answered(proof, line) * invert(near));
      }
    }
  }
}

/** A sum of commitments, to be added to. */
export class Sum {
  constructor() {
    this.point = Point.ZERO;
  }

  add(encoded) {
    this.point = this.point.add(point(encoded));
  }

  toBytes() {
    return this.point.toBytes();
  }
}

/** For reports that open every cell: Σ T_k G_k + R·H. */
export const commitmentTo = (totals, blinding) => combine([0n, ...totals], blinding).toBytes();
