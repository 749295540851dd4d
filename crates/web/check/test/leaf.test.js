import assert from "node:assert/strict";
import { test } from "node:test";
import { hex } from "../src/bytes.js";
import { G, H, Q, scalar } from "../src/group.js";
import { blindingOf, firstFalse, leafDigest, parseHead, salted, verifyLeaf, verifyOpening } from "../src/leaf.js";
import { Sum } from "../src/lines.js";
import { leafHash } from "../src/tree.js";
import { bytes, refusal, vectors } from "./kit/vectors.js";

const given = vectors("leaf");
const context = ({ origin, schema }) => ({ origin, schema: bytes(schema) });

test("the generators are those that everybody computes", () => {
  const { H: h, G: g, Q: q } = vectors("generators");
  assert.equal(hex(H.toBytes()), h);
  assert.deepEqual(G.map((point) => hex(point.toBytes())), g);
  assert.deepEqual(q.map((_, j) => hex(Q(j).toBytes())), q);
});

test("digests bind docket and envelope, each behind its salt", () => {
  for (const one of given.digests) {
    const docket = salted(bytes(one.docket_salt), bytes(one.docket));
    const envelope = salted(bytes(one.envelope_salt), bytes(one.envelope));
    assert.equal(hex(docket), one.docket_digest);
    assert.equal(hex(envelope), one.envelope_digest);
    assert.equal(hex(leafDigest(docket, envelope)), one.digest);
  }
});

test("a seed gives every blinding again, and with it every opening", () => {
  for (const one of given.blindings) {
    const r = blindingOf(bytes(one.seed), one.origin, bytes(one.digest));
    assert.equal(r, scalar(bytes(one.r)));
    verifyOpening(bytes(one.commitment), one.cell, r);
  }
});

test("true leaves hold, open to their cell, and add up", () => {
  const sum = new Sum();
  for (const one of given.leaves) {
    const leaf = verifyLeaf(context(one), bytes(one.leaf));
    assert.equal(hex(leafHash(bytes(one.leaf))), one.hash);
    assert.equal(hex(leaf.digest), one.digest);
    verifyOpening(leaf.commitment, one.cell, scalar(bytes(one.r)));
    sum.add(leaf.commitment);
  }
  assert.equal(hex(sum.toBytes()), given.sum);
  for (const one of given.accepted) verifyLeaf(context(one), bytes(one.leaf));
});

for (const one of given.refused) {
  test(`a leaf is refused: ${one.name}`, () => {
    assert.equal(refusal(() => verifyLeaf(context(one), bytes(one.leaf))), one.refused);
  });
}

test("an opening that is another's is refused", () => {
  for (const one of given.misopened) {
    const commitment = bytes(one.leaf).slice(65, 97);
    assert.equal(refusal(() => verifyOpening(commitment, one.cell, scalar(bytes(one.r)))), one.refused, one.name);
  }
});

test("of many leaves the first false one is named", () => {
  const [first] = given.leaves;
  const heads = given.leaves.map((one) => parseHead(bytes(one.leaf), bytes(one.schema)));
  assert.equal(firstFalse(first.origin, heads), null);
  const broken = [...heads, ...heads];
  broken[5] = { ...heads[5], digest: heads[4].digest };
  broken[11] = { ...heads[3], digest: heads[4].digest };
  const wrong = firstFalse(first.origin, broken);
  assert.deepEqual([wrong.at, wrong.refusal.code], [5, "leaf.proof"]);
});
