/** ristretto255 (RFC 9496), its scalars, and the generators that everybody computes alike. */

import { ristretto255, ristretto255_hasher } from "@noble/curves/ed25519.js";
import { interleavedMSMUnsafe, pippenger } from "@noble/curves/abstract/curve.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { fromLittleEndian, utf8 } from "./bytes.js";
import { Refusal, demand } from "./refusal.js";

export const Point = ristretto255.Point;

/** How many cells a leaf's commitment has. */
export const CELLS = 32;

/** The group's order, l. */
export const ORDER = Point.Fn.ORDER;

/** The base point, which carries the blinding. */
export const H = Point.BASE;

const named = (label) => ristretto255_hasher.deriveToCurve(sha512(utf8(label)));

/** G_0 … G_32. G_k carries cell k; G_0 appears in proofs alone. */
export const G = Array.from({ length: CELLS + 1 }, (_, k) => named(`portcullis/v1/G${k}`));

const bitGenerators = [];

/** Q_j, which carries bit j of the bands of a report. */
export function Q(j) {
  for (let next = bitGenerators.length; next <= j; next++) bitGenerators.push(named(`portcullis/v1/Q${next}`));
  return bitGenerators[j];
}

/** A number reduced into 0 … l − 1. */
export const mod = (value) => ((value % ORDER) + ORDER) % ORDER;

/** The sum of scalars. */
export const sum = (scalars) => mod(scalars.reduce((total, one) => total + one, 0n));

/** 1/a. */
export const invert = (a) => Point.Fn.inv(mod(a));

/** A scalar from its 32 bytes, the least first; `group.scalar` unless it is below l. */
export function scalar(bytes) {
  const value = fromLittleEndian(bytes);
  demand(bytes.length === 32 && value < ORDER, "group.scalar", "a scalar is not below the group's order");
  return value;
}

/** A point from its one encoding; `group.point` for any other 32 bytes. */
export function point(bytes) {
  try {
    return Point.fromBytes(bytes);
  } catch {
    throw new Refusal("group.point", "32 bytes are not the encoding of a point");
  }
}

/** SHA-512 as a scalar: 64 bytes, the least first, modulo l. */
export const challenge = (bytes) => mod(fromLittleEndian(sha512(bytes)));

let fixed;

/** Σ coefficients[k]·G_k + h·H, with k from 0. */
export function combine(coefficients, h) {
  fixed ??= interleavedMSMUnsafe(Point, [...G, H], 5);
  return fixed([...coefficients.map(mod), mod(h)]);
}

/** Σ scalar·point over pairs, for public values. */
export function multiply(pairs) {
  return pippenger(
    Point,
    pairs.map(([, base]) => base),
    pairs.map(([factor]) => mod(factor)),
  );
}

/** Names what is wrong with a point or a scalar after the thing that it is in: `leaf.` makes `leaf.point`. */
export function under(prefix, work) {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof Refusal) || !error.code.startsWith("group.")) throw error;
    throw new Refusal(error.code.replace("group.", prefix), error.message);
  }
}
