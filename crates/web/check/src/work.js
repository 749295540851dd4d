/** The work on one bundle of entries, the same in a worker and without one. */

import { under } from "./group.js";
import { Sum } from "./lines.js";
import { firstFalse, parseHead } from "./leaf.js";
import { Refusal, demand } from "./refusal.js";
import { TILE, entriesIn, leafHash, perfectRoot } from "./tree.js";

/**
 * @param {{bytes: Uint8Array, index: number, width: number, skip: number, origin: string, schema: Uint8Array, proofs: boolean}} job
 *   a bundle's bytes and its place; `width` entries are in the tree, of which the first `skip` are
 *   before the range
 * @returns {{root?: Uint8Array, hashes?: Uint8Array[], sum: Uint8Array, leaves: number, bad: {at: number, code: string, message: string} | null}}
 */
export function workOn(job) {
  const entries = entriesIn(job.bytes).slice(0, job.width);
  const found = `bundle ${job.index} holds ${entries.length} leaves, and ${job.width} were signed`;
  demand(entries.length === job.width, "tile.missing", found);
  const ours = entries.slice(job.skip);
  const hashes = ours.map(leafHash);
  const first = job.index * TILE + job.skip;
  const done = { sum: new Sum().toBytes(), leaves: ours.length, bad: null };
  if (ours.length === TILE) done.root = perfectRoot(hashes);
  else done.hashes = hashes;
  const sum = new Sum();
  const leaves = [];
  for (const [at, entry] of ours.entries()) {
    try {
      const leaf = parseHead(entry, job.schema);
      under("leaf.", () => sum.add(leaf.commitment));
      leaves.push(leaf);
    } catch (refusal) {
      return { ...done, bad: named(first + at, refusal) };
    }
  }
  if (job.proofs) {
    const wrong = firstFalse(job.origin, leaves);
    if (wrong) return { ...done, sum: sum.toBytes(), bad: named(first + wrong.at, wrong.refusal) };
  }
  return { ...done, sum: sum.toBytes() };
}

function named(at, refusal) {
  if (!(refusal instanceof Refusal)) throw refusal;
  return { at, code: refusal.code, message: refusal.message };
}
