/** The Merkle tree of RFC 6962 §2.1 and its tiles (C2SP tlog-tiles). */

import { sha256 } from "@noble/hashes/sha2.js";
import { Reader, concat, equal } from "./bytes.js";
import { demand } from "./refusal.js";

/** Hashes and entries in a full tile. */
export const TILE = 256;
/** What is longer is no bundle: 256 entries with their lengths. */
export const BUNDLE_BYTES_MAX = TILE * (2 + 65535);

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

export const leafHash = (entry) => sha256(concat(LEAF, entry));
export const nodeHash = (left, right) => sha256(concat(NODE, left, right));

/** The root of no leaf at all. */
export const emptyRoot = () => sha256(new Uint8Array(0));

/** The root of 1, 2, 4, 8 … hashes. */
export function perfectRoot(hashes) {
  let row = hashes;
  while (row.length > 1) {
    row = Array.from({ length: row.length / 2 }, (_, at) => nodeHash(row[2 * at], row[2 * at + 1]));
  }
  return row[0];
}

/** The right edge of a growing tree: its perfect subtrees from the left, each with its height. */
export class Frontier {
  constructor() {
    this.size = 0;
    this.peaks = [];
  }

  /** Adds a perfect subtree of 2^height leaves, for which the tree has to end at a multiple of that. */
  push(hash, height = 0) {
    demand(this.size % 2 ** height === 0, "tree.shape", "a subtree does not fit at the tree's end");
    this.size += 2 ** height;
    let top = { hash, height };
    while (this.peaks.length > 0 && this.peaks.at(-1).height === top.height) {
      const left = this.peaks.pop();
      top = { hash: nodeHash(left.hash, top.hash), height: top.height + 1 };
    }
    this.peaks.push(top);
  }

  root() {
    if (this.peaks.length === 0) return emptyRoot();
    return this.peaks.reduceRight((right, left) => (right ? nodeHash(left.hash, right) : left.hash), null);
  }
}

/** The perfect subtrees that a tree of `size` is made of: where each starts, and its height. */
export function subtreesOf(size) {
  const subtrees = [];
  let start = 0;
  while (start < size) {
    const height = Math.floor(Math.log2(size - start));
    subtrees.push({ start, height });
    start += 2 ** height;
  }
  return subtrees;
}

function numbered(index) {
  const groups = [];
  let rest = index;
  do {
    groups.unshift(String(rest % 1000).padStart(3, "0"));
    rest = Math.floor(rest / 1000);
  } while (rest > 0);
  return groups.map((group, at) => (at < groups.length - 1 ? `x${group}` : group)).join("/");
}

/** Where a tile of hashes lies (level 0 and up) or a bundle (`entries`); partial if `width` is below 256. */
export function tilePath(level, index, width = TILE) {
  return `tile/${level}/${numbered(index)}${width < TILE ? `.p/${width}` : ""}`;
}

/** How many hashes a tile has in a tree of `size`. */
export function tileWidth(level, index, size) {
  return Math.max(0, Math.min(TILE, Math.floor(size / TILE ** level) - index * TILE));
}

/** The first `width` hashes of a tile's bytes. */
export function hashesIn(bytes, width) {
  const good = bytes.length % 32 === 0 && bytes.length <= TILE * 32 && bytes.length >= width * 32;
  demand(good, "tile.length", `a tile of ${width} hashes has ${bytes.length} bytes`);
  return Array.from({ length: width }, (_, at) => bytes.subarray(32 * at, 32 * at + 32));
}

/** The entries of a bundle, in order: at most 256. */
export function entriesIn(bytes) {
  demand(bytes.length <= BUNDLE_BYTES_MAX, "tile.length", "a bundle of entries is too long");
  const reader = new Reader(bytes, "tile.bundle");
  const entries = [];
  while (reader.at < bytes.length) {
    demand(entries.length < TILE, "tile.bundle", "a bundle has more than 256 entries");
    entries.push(reader.take(reader.uint(2)));
  }
  return entries;
}

/** Verifies an inclusion path (RFC 9162 §2.1.3.2), the leaf's sibling first. */
export function verifyInclusion(leaf, index, size, root, path) {
  demand(index < size, "proof.index", "the leaf's place is beyond the tree");
  let [node, last, hash, used] = [index, size - 1, leaf, 0];
  for (const sibling of path) {
    demand(last > 0, "proof.path", "the inclusion path is too long");
    if (node % 2 === 1 || node === last) {
      hash = nodeHash(sibling, hash);
      while (node % 2 === 0 && node !== 0) {
        node = Math.floor(node / 2);
        last = Math.floor(last / 2);
      }
    } else {
      hash = nodeHash(hash, sibling);
    }
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
    used += 1;
  }
  demand(last === 0 && used === path.length, "proof.path", "the inclusion path is too short");
  demand(equal(hash, root), "proof.root", "the inclusion path does not lead to the checkpoint's root");
}
