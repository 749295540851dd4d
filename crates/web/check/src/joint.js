/**
 * Joint reports (docs/spec, "Joint reports"): totals of three or more logs, so
 * that no one's own is shown. Each published value is its total plus masks that
 * cancel over all of them.
 */

import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256, sha512 } from "@noble/hashes/sha2.js";
import { Reader, concat, equal, fromLittleEndian, str16, uint, utf8 } from "./bytes.js";
import { CELLS, G, H, ORDER, Point, challenge, multiply, point, scalar, sum } from "./group.js";
import { maskOf } from "./lines.js";
import { Refusal, demand } from "./refusal.js";

export const PARTICIPANTS_MIN = 3;
export const PARTICIPANTS_MAX = 128;
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
  checkParticipants(agreed, participants);
  const masks = participants.map((one, at) => readMasks(one, at, count));
  checkPairs(masks, count);
  const session = sessionOf(agreed, participants);
  const shares = participants.map((one, at) => open(agreed.cells, session, one, masks[at], at));
  return new Map(agreed.cells.map((cell, at) => [cell, totalOf(cell, shares.map((share) => share[at]))]));
}

function checkParticipants({ cells }, participants) {
  const count = participants.length;
  const enough = count >= PARTICIPANTS_MIN && count <= PARTICIPANTS_MAX;
  demand(enough, "report.joint_participants", `a joint report has ${PARTICIPANTS_MIN} to ${PARTICIPANTS_MAX} participants`);
  demand(cells.length > 0, "report.joint_cells", "a joint report counts at least one cell");
  const origins = new Set(participants.map(({ range }) => range.origin));
  demand(origins.size === count, "report.joint_repeated", "a log takes part twice");
  for (const [at, { key, range }] of participants.entries()) {
    demand(range.start <= range.end, "report.joint_range", "a participant's range ends before it starts");
    const sorted = at === 0 || before(participants[at - 1].key, key);
    demand(sorted, "report.joint_order", "the participants do not stand in the order of their keys, each once");
    decoded(key, "report.joint_key", "a report key is no point");
    decoded(range.commitment, "report.joint_sum", "the sum of a participant's leaves is no point");
    const usable = !point(key).equals(Point.ZERO);
    demand(usable, "report.joint_key", "the identity is no report key");
  }
}

function decoded(bytes, code, message) {
  try {
    return point(bytes);
  } catch {
    throw new Refusal(code, message);
  }
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

const PAIR = utf8("portcullis/v1/joint-pair\0");
const BLAME = utf8("portcullis/v1/joint-blame\0");

/** HKDF without a salt, 64 bytes as a scalar. */
const derived = (secret, info) => fromLittleEndian(hkdf(sha512, secret, new Uint8Array(0), info, 64)) % ORDER;

/** The key with which a log takes part, from its seed. */
export const reportKey = (seed, origin) => derived(seed, concat(utf8("portcullis/v1/report-key\0"), str16(origin)));

/** The mask that the participant with `own` publishes against the one with `other`, from what they share. */
export function maskPoint(cells, session, own, other, shared) {
  const [low, high] = before(own, other) ? [own, other] : [other, own];
  const secret = sha512(concat(PAIR, low, high, shared));
  const mask = multiply([0, ...cells].map((c) => [derived(secret, concat(session, uint(c, 1))), c === 0 ? H : G[c]]));
  return own === low ? mask : mask.negate();
}

/** The shared point that a participant reveals, if it proves that it is the one; null if not. */
function revealed(session, own, other, reveal) {
  if (reveal?.length !== 128) return null;
  try {
    const [z, first, second] = [0, 32, 64].map((at) => point(reveal.subarray(at, at + 32)));
    const answer = scalar(reveal.subarray(96));
    const c = challenge(concat(BLAME, session, own, other, reveal.subarray(0, 96)));
    const one = multiply([[answer, H]]).equals(multiply([[1n, first], [c, point(own)]]));
    const two = multiply([[answer, point(other)]]).equals(multiply([[1n, second], [c, z]]));
    return one && two ? reveal.subarray(0, 32) : null;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return null;
  }
}

/**
 * Who is at fault when the masks of two do not cancel: whoever reveals nothing
 * that holds, and whoever's mask is not the one that what is shared makes.
 *
 * @param {{key: Uint8Array, mask: Uint8Array, reveal: Uint8Array | null}[]} sides both of them
 * @returns {number[]} 0 and 1, for the sides at fault
 */
export function blame(cells, session, sides) {
  const shown = sides.map(({ key, reveal }, at) => revealed(session, key, sides[1 - at].key, reveal));
  const shared = shown[0] ?? shown[1];
  return [0, 1].filter((at) => {
    if (!shown[at]) return true;
    const made = maskPoint(cells, session, sides[at].key, sides[1 - at].key, shared);
    return !equal(made.toBytes(), sides[at].mask);
  });
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
