/** Reads a log's files: tiles, and the leaves of a range with everything that is made from them. */

import { equal } from "./bytes.js";
import { point } from "./group.js";
import { Sum } from "./lines.js";
import { Refusal, demand } from "./refusal.js";
import { Frontier, TILE, hashesIn, perfectRoot, subtreesOf, tilePath, tileWidth } from "./tree.js";

/** How many bundles are under way for each worker. */
const AHEAD = 2;

/** The files of one log, fetched by path below its prefix. */
export class Log {
  /**
   * @param {(path: string) => Promise<Uint8Array | null>} read null where there is no such file
   */
  constructor(read) {
    this.read = read;
  }

  /** A tile of at least `width` hashes or entries: the partial one, or the full one that took its place. */
  async tile(level, index, width) {
    const paths = [tilePath(level, index, width)];
    if (width < TILE) paths.push(tilePath(level, index));
    for (const path of paths) {
      const bytes = await this.read(path);
      if (bytes) return bytes;
    }
    throw new Refusal("tile.missing", `the log does not give \`${paths[0]}\``);
  }

  async #hashes(level, index, size) {
    const width = tileWidth(level, index, size);
    return hashesIn(await this.tile(level, index, width), width);
  }

  /** The tree's edge at `start`, read from the tiles of a tree of `size`. */
  async frontier(start, size) {
    const frontier = new Frontier();
    for (const { start: at, height } of subtreesOf(start)) {
      const level = Math.floor(height / 8);
      const place = at / TILE ** level;
      const hashes = await this.#hashes(level, Math.floor(place / TILE), size);
      const first = place % TILE;
      frontier.push(perfectRoot(hashes.slice(first, first + 2 ** (height % 8))), height);
    }
    return frontier;
  }

  /**
   * Fetches and works on every leaf in start … end − 1.
   *
   * @param {{range: object, proofs: boolean, pool: object, frontier: Frontier, progress: (done: number) => void, signal?: AbortSignal}} task
   * @returns {Promise<{frontier: Frontier, sum: Uint8Array, roots: Map<number, Uint8Array>, bad: object | null}>}
   *   the tree's edge at the end, the sum of the commitments, each full bundle's subtree
   */
  async leaves({ range, proofs, pool, frontier, progress, signal }) {
    const { start, end, origin, schema } = range;
    const total = new Sum();
    const roots = new Map();
    const [first, last] = [Math.floor(start / TILE), Math.ceil(end / TILE)];
    const under = [];
    let [next, done, bad] = [first, 0, null];
    const begin = async (index) => {
      const width = Math.min(TILE, end - index * TILE);
      const fetched = await this.tile("entries", index, width);
      const bytes = fetched.byteLength === fetched.buffer.byteLength ? fetched : fetched.slice();
      const skip = Math.max(0, start - index * TILE);
      return pool.run({ bytes, index, width, skip, origin, schema, proofs });
    };
    while (next < last || under.length > 0) {
      signal?.throwIfAborted();
      while (next < last && under.length < AHEAD * pool.size) {
        const index = next++;
        const result = begin(index);
        result.catch(() => {});
        under.push({ index, result });
      }
      const { index, result } = under.shift();
      const one = await result;
      if (one.root) {
        frontier.push(one.root, 8);
        roots.set(index, one.root);
      } else {
        for (const hash of one.hashes) frontier.push(hash);
      }
      total.point = total.point.add(point(one.sum));
      bad ??= one.bad;
      progress((done += one.leaves));
    }
    return { frontier, sum: total.toBytes(), roots, bad };
  }

  /**
   * Which bundles are not those of the tree with `root` at `size`, told by the
   * tiles of hashes; null where these do not make that tree either.
   */
  async swapped(roots, root, size) {
    const frontier = new Frontier();
    const wrong = [];
    const full = Math.floor(size / TILE);
    for (let index = 0; index * TILE < full; index++) {
      const hashes = await this.#hashes(1, index, size);
      for (const [at, hash] of hashes.entries()) {
        frontier.push(hash, 8);
        const made = roots.get(index * TILE + at);
        if (made && !equal(made, hash)) wrong.push(index * TILE + at);
      }
    }
    if (size % TILE > 0) for (const hash of await this.#hashes(0, full, size)) frontier.push(hash);
    return equal(frontier.root(), root) ? wrong : null;
  }
}

/** Says that a tree's edge is at the root of a checkpoint. */
export function demandRoot(frontier, checkpoint, message) {
  demand(frontier.size === checkpoint.size && equal(frontier.root(), checkpoint.root), "tree.root", message);
}
