/**
 * Leaves: 1,281 bytes, a sealed ballot with at most one cross (docs/spec, "The leaf").
 *
 * `version[1] ‖ schema[32] ‖ digest[32] ‖ C[32] ‖ A ‖ B ‖ D ‖ f_1 … f_32 ‖ z1 ‖ z2`
 */

import { sha256, sha512 } from "@noble/hashes/sha2.js";
import { hkdf } from "@noble/hashes/hkdf.js";
import { Reader, concat, equal, fromLittleEndian, str16, utf8 } from "./bytes.js";
import { CELLS, G, H, ORDER, Point, challenge, combine, mod, multiply, point, scalar, sum, under } from "./group.js";
import { Refusal, demand } from "./refusal.js";

export const LEAF_BYTES = 1281;
/** The version whose proof is checked. */
export const VERSION = 1;

const PROOF_LABEL = utf8("portcullis/v1/leaf-proof\0");
const OPENING_LABEL = utf8("portcullis/v1/leaf-opening\0");
const DIGEST_LABEL = utf8("portcullis/v1/leaf\0");

/**
 * The head of a leaf: version and schema are as they have to be.
 *
 * @param {Uint8Array} entry
 * @param {Uint8Array} schema the id that the log counts under
 */
export function parseHead(entry, schema) {
  demand(entry.length === LEAF_BYTES, "leaf.length", `a leaf has 1281 bytes, and this has ${entry.length}`);
  demand(entry[0] === VERSION, "leaf.version", `leaf version ${entry[0]} is not known here`);
  const reader = new Reader(entry, "leaf.length");
  reader.take(1);
  const leaf = { schema: reader.take(32), digest: reader.take(32), commitment: reader.take(32), proof: reader.take(1184) };
  demand(equal(leaf.schema, schema), "leaf.schema", "the leaf is counted under another schema of cells");
  return leaf;
}

function parseProof(bytes) {
  const reader = new Reader(bytes, "leaf.length");
  const raw = [reader.take(32), reader.take(32), reader.take(32)];
  const [A, B, D] = raw.map(point);
  const f = Array.from({ length: CELLS }, () => scalar(reader.take(32)));
  const [z1, z2] = [scalar(reader.take(32)), scalar(reader.take(32))];
  return { raw, A, B, D, f, z1, z2 };
}

/**
 * The two equations of a leaf as terms whose sum has to be the identity: of its
 * own points, of G_0 … G_32, and of H, the first weighed by `u`, the second by `v`.
 */
function terms(leaf, origin, u, v) {
  const [C, { raw, A, B, D, f, z1, z2 }] = under("leaf.", () => [point(leaf.commitment), parseProof(leaf.proof)]);
  const x = challenge(
    concat(PROOF_LABEL, str16(origin), leaf.schema, leaf.digest, leaf.commitment, raw[0], raw[1], raw[2]),
  );
  const all = [mod(x - sum(f)), ...f];
  return {
    own: [
      [mod(u * x), C],
      [u, A],
      [mod(v * x), B],
      [v, D],
    ],
    g: all.map((f_k, k) => mod((k === 0 ? 0n : u * f_k) + v * f_k * (x - f_k))),
    h: mod(u * z1 + v * z2),
  };
}

/**
 * Verifies that a leaf counts at most one cell, once.
 *
 * @param {{origin: string, schema: Uint8Array}} context
 * @param {Uint8Array} entry
 */
export function verifyLeaf(context, entry) {
  const leaf = parseHead(entry, context.schema);
  const batch = new Batch(context.origin);
  batch.add(leaf);
  demand(batch.holds(), "leaf.proof", "the proof that the leaf counts at most one does not hold");
  return leaf;
}

/** Many leaf proofs as one equation, each weighed by fresh random numbers. */
class Batch {
  constructor(origin) {
    this.origin = origin;
    this.own = [];
    this.g = new Array(CELLS + 1).fill(0n);
    this.h = 0n;
  }

  add(leaf) {
    const one = terms(leaf, this.origin, weight(), weight());
    this.own.push(...one.own);
    this.g = this.g.map((total, k) => total + one.g[k]);
    this.h += one.h;
  }

  holds() {
    return multiply(this.own).equals(combine(this.g, this.h));
  }
}

/** 1 … 2^128: a false leaf passes a batch with a chance of 2^-128. */
function weight() {
  return 1n + fromLittleEndian(globalThis.crypto.getRandomValues(new Uint8Array(16)));
}

/**
 * Verifies the proofs of many leaves at once. If they do not all hold, answers
 * the first that does not, found by halving.
 *
 * @param {string} origin
 * @param {object[]} leaves heads, as from {@link parseHead}
 * @returns {{at: number, refusal: Refusal} | null}
 */
export function firstFalse(origin, leaves) {
  const batch = new Batch(origin);
  for (const [at, leaf] of leaves.entries()) {
    try {
      batch.add(leaf);
    } catch (refusal) {
      if (!(refusal instanceof Refusal)) throw refusal;
      return firstFalse(origin, leaves.slice(0, at)) ?? { at, refusal };
    }
  }
  if (leaves.length === 0 || batch.holds()) return null;
  if (leaves.length === 1) {
    return { at: 0, refusal: new Refusal("leaf.proof", "the proof that the leaf counts at most one does not hold") };
  }
  const half = leaves.length >> 1;
  const left = firstFalse(origin, leaves.slice(0, half));
  if (left) return left;
  const right = firstFalse(origin, leaves.slice(half));
  return right && { at: half + right.at, refusal: right.refusal };
}

/** What a leaf binds: docket and envelope, each behind a salted digest of its own. */
export function leafDigest(docketDigest, envelopeDigest) {
  return sha256(concat(DIGEST_LABEL, docketDigest, envelopeDigest));
}

/** H(salt ‖ bytes). */
export const salted = (salt, bytes) => sha256(concat(salt, bytes));

/**
 * Verifies that a commitment opens to cell `cell` (0 for none) under blinding `r`.
 */
export function verifyOpening(commitment, cell, r) {
  const good = Number.isInteger(cell) && cell >= 0 && cell <= CELLS;
  demand(good, "leaf.cell", "a cell has a number from 1 to 32, and none is 0");
  const blinding = mod(r) === 0n ? Point.ZERO : H.multiplyUnsafe(mod(r));
  const made = cell === 0 ? blinding : G[cell].add(blinding);
  demand(made.equals(under("leaf.", () => point(commitment))), "leaf.opening", "the leaf does not open to this cell");
}

/** The blinding of a leaf, for whoever holds the log's seed. */
export function blindingOf(seed, origin, digest) {
  const wide = hkdf(sha512, seed, new Uint8Array(0), concat(OPENING_LABEL, str16(origin), digest), 64);
  return fromLittleEndian(wide) % ORDER;
}
