/**
 * Joint reports (docs/spec, "Joint reports"): totals of three or more logs, so
 * that no one's own is shown. Each published value is its total plus masks that
 * cancel over all of them.
 */

import { sha256 } from "@noble/hashes/sha2.js";
import { Reader, concat, str16, uint, utf8 } from "./bytes.js";
import { CELLS, G, H, Point, challenge, multiply, point, scalar, sum, under } from "./group.js";
import { maskOf } from "./lines.js";
import { Refusal, demand } from "./refusal.js";

export const PARTICIPANTS_MIN = 3;
export const PARTICIPANTS_MAX = 50;
/** The words of an opening: 32 scalars, S and z. */
const OPENING_BYTES = 32 * (CELLS + 2);
/** A total beyond this is no count. */
const TOTAL_MAX = 1n << 32n;

const SESSION = utf8("portcullis/v1/joint\0");
const OPEN = utf8("portcullis/v1/joint-open\0");

/**
 * What all participants agree on before they publish anything, as 32 bytes.
 *
 * @param {{cells: number[], attempt: number, from: string, to: string}} agreed
 * @param {object[]} participants in the order of their report keys, each with a range and a key
 */
export function sessionOf({ cells, attempt, from, to }, participants) {
  const head = concat(SESSION, uint(maskOf(cells), 4), uint(attempt, 4), str16(from), str16(to), uint(participants.length, 2));
  const of = ({ range, key }) =>
    concat(str16(range.origin), range.root, uint(range.start, 8), uint(range.end, 8), range.schema, range.commitment, key);
  return sha256(concat(head, ...participants.map(of)));
}

/** A refusal that names the participants it is pinned on. */
function pinned(code, message, named) {
  return Object.assign(new Refusal(code, message), { named });
}

/** Whether `a` comes before `b`, byte by byte. */
function before(a, b) {
  const at = a.findIndex((byte, place) => byte !== b[place]);
  return at >= 0 && a[at] < b[at];
}

/**
 * Verifies what every participant published, and answers the totals by cell.
 *
 * @param {{cells: number[], attempt: number, from: string, to: string}} agreed
 * @param {{range: object, key: Uint8Array, masks: Uint8Array[], opening: Uint8Array}[]} participants
 * @returns {Map<number, number>}
 * @throws {Refusal} with `named`, the numbers of those it is pinned on
 */
export function verifyShares(agreed, participants) {
  const count = participants.length;
  const enough = count >= PARTICIPANTS_MIN && count <= PARTICIPANTS_MAX;
  demand(enough, "report.joint_participants", `a joint report has ${PARTICIPANTS_MIN} to ${PARTICIPANTS_MAX} participants`);
  for (let at = 0; at < count; at++) {
    const { key } = participants[at];
    const sorted = at === 0 || before(participants[at - 1].key, key);
    demand(sorted, "report.joint_participants", "the participants do not stand in the order of their keys, each once");
    const usable = !under("report.joint_key_", () => point(key)).equals(Point.ZERO);
    demand(usable, "report.joint_key_point", "the identity is no report key");
  }
  const masks = participants.map((one, at) => readMasks(one, at, count));
  checkPairs(masks, count);
  const session = sessionOf(agreed, participants);
  const shares = participants.map((one, at) => open(agreed.cells, session, one, masks[at], at));
  return new Map(agreed.cells.map((cell, at) => [cell, totalOf(cell, shares.map((share) => share[at]))]));
}

function readMasks({ masks }, at, count) {
  const wrong = () => pinned("report.joint_masks", "the masks of a participant are not one for each other", [at]);
  if (masks.length !== count - 1) throw wrong();
  return masks.map((mask) => {
    try {
      return point(mask);
    } catch {
      throw wrong();
    }
  });
}

/** The place of participant `other` in the masks of participant `at`. */
const placeOf = (at, other) => (other < at ? other : other - 1);

function checkPairs(masks, count) {
  for (let a = 0; a < count; a++) {
    for (let b = a + 1; b < count; b++) {
      const both = masks[a][placeOf(a, b)].add(masks[b][placeOf(b, a)]);
      if (!both.equals(Point.ZERO)) throw pinned("report.joint_pair", "the masks of two participants do not cancel", [a, b]);
    }
  }
}

/** The masked values of one participant, proved to be its own totals and its masks. */
function open(cells, session, { range, key, masks, opening }, maskPoints, at) {
  const wrong = () => pinned("report.joint_opening", "what a participant opened is not its totals and its masks", [at]);
  if (opening.length !== OPENING_BYTES) throw wrong();
  try {
    const reader = new Reader(opening, "report.joint_opening");
    const values = reader.take(32 * cells.length);
    const y = cells.map((_, place) => scalar(values.subarray(32 * place, 32 * place + 32)));
    const encodedS = reader.take(32);
    const rest = Array.from({ length: CELLS }, (_, place) => place + 1).filter((cell) => !cells.includes(cell));
    const z = rest.map(() => scalar(reader.take(32)));
    const zH = scalar(reader.take(32));
    const masked = maskPoints.reduce((all, mask) => all.add(mask), point(range.commitment));
    const left = masked.subtract(multiply(cells.map((cell, place) => [y[place], G[cell]])));
    const c = challenge(concat(OPEN, session, key, ...masks, values, encodedS));
    const made = multiply([...rest.map((cell, place) => [z[place], G[cell]]), [zH, H]]);
    if (multiply([[c, left], [1n, point(encodedS)]]).equals(made)) return y;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
  }
  throw wrong();
}

function totalOf(cell, values) {
  const total = sum(values);
  demand(total < TOTAL_MAX, "report.joint_total", `the shares of cell ${cell} do not add up to a count`);
  return Number(total);
}

/** Verifies the shares of a joint report and the figures that are made from them. */
export function verifyJoint(report) {
  const cells = [...new Set(report.lines.flatMap((line) => line.cells))].sort((a, b) => a - b);
  const { from, to } = report.period;
  const participants = report.participants.map(({ whole, key, maskBytes, openingBytes }) => ({
    range: whole,
    key,
    masks: maskBytes,
    opening: openingBytes,
  }));
  const totals = verifyShares({ cells, attempt: report.attempt, from, to }, participants);
  const wrong = report.lines.flatMap(({ cells: own, form }, at) => {
    const value = own.reduce((all, cell) => all + totals.get(cell), 0);
    return form.kind === "exact" && form.value === value ? [] : [{ at, value }];
  });
  if (wrong.length > 0) {
    throw Object.assign(new Refusal("report.joint_total", "a figure is not the sum of the shares"), { wrong });
  }
}
