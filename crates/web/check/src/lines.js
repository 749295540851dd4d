/** The figures of a report and their proof (docs/spec, "Reports by lines"). */

import { Reader, concat, str16, uint, utf8 } from "./bytes.js";
import { CELLS, G, H, Point, Q, challenge, combine, invert, mod, multiply, point, scalar, sum } from "./group.js";
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
    const width = form.kind === "band" ? form.high - form.low + 1 : 0;
    parts.push(uint(maskOf(cells), 4), uint(FORMS[form.kind], 1), uint(value, 8), uint(width, 4));
  }
  return concat(...parts);
}

function checkLines(lines) {
  demand(lines.length > 0 && lines.length <= LINES_MAX, "report.lines", `a report has 1 to ${LINES_MAX} lines`);
  for (const { cells, form } of lines) {
    const good = cells.length > 0 && cells.every((cell, at) => cell >= 1 && cell <= CELLS && (at === 0 || cell > cells[at - 1]));
    demand(good, "report.cells", "a line has cells from 1 to 32, each once, in order");
    if (form.kind !== "band") continue;
    const width = form.high - form.low + 1;
    demand(width >= WIDTH_MIN && width <= WIDTH_MAX, "report.band", `a band has ${WIDTH_MIN} to ${WIDTH_MAX} values`);
  }
}

/** The proof's points and scalars, and the bits of each band. */
function parse(lines, bytes) {
  const bands = new Map();
  let bits = 0;
  for (const line of lines) {
    if (line.form.kind !== "band") continue;
    const weights = weightsOf(line.form.high - line.form.low + 1);
    bands.set(line, { first: bits, weights });
    bits += weights.length;
  }
  const reader = new Reader(bytes, "report.proof_length");
  const raw = { S: reader.take(32) };
  const z = Array.from({ length: CELLS }, () => reader.take(32));
  const z3 = reader.take(32);
  const proof = { bands, bits, raw };
  let tail = [];
  if (bits > 0) {
    for (const name of ["P", "A", "B", "D"]) raw[name] = reader.take(32);
    tail = Array.from({ length: bits + 2 }, () => reader.take(32));
  }
  reader.end();
  for (const [name, encoded] of Object.entries(raw)) proof[name] = point(encoded);
  proof.z = z.map(scalar);
  proof.z3 = scalar(z3);
  proof.f = tail.slice(0, bits).map(scalar);
  [proof.z1, proof.z2] = tail.slice(bits).map(scalar);
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

/**
 * Verifies that the figures are those of the sum of all commitments.
 *
 * @param {{origin: string, root: Uint8Array, start: number, end: number, schema: Uint8Array, commitment: Uint8Array}} range
 * @param {{cells: number[], form: object}[]} lines
 * @param {Uint8Array} bytes the proof
 * @throws {Refusal} with `wrong`, the numbers of the lines (from 0) that are known to be false
 */
export function verifyLines(range, lines, bytes) {
  checkLines(lines);
  const proof = parse(lines, bytes);
  const { S, P, A, B, D } = proof.raw;
  const points = proof.bits > 0 ? [S, P, A, B, D] : [S];
  const x = challenge(concat(LABEL, statementOf(range, lines), ...points));
  const C = point(range.commitment);
  const opened = combine([0n, ...proof.z], proof.z3);
  if (!multiply([[x, C], [1n, proof.S]]).equals(opened)) {
    const refusal = new Refusal("report.proof", "the proof is not one about these figures and this sum");
    refusal.wrong = diagnose(proof, lines, C, opened.subtract(proof.S));
    throw refusal;
  }
  const wrong = lines.flatMap((line, at) => (lineHolds(proof, line, x) ? [] : [{ at }]));
  if (wrong.length > 0) {
    const refusal = new Refusal("report.figure", "a figure is not what was recorded");
    refusal.wrong = wrong;
    throw refusal;
  }
  demand(bitsHold(proof, x), "report.band_proof", "the proof that the bands hold what they say is false");
}

/** How far from a stated figure the figure of the proof is looked for. */
const REACH = 64;

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
  for (let away = 0; away <= REACH; away++) {
    for (const line of exact) {
      for (const value of away === 0 ? [line.form.value] : [line.form.value + away, line.form.value - away]) {
        if (value > 0) yield mod(answered(proof, line) * invert(BigInt(value)));
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

export { G };
