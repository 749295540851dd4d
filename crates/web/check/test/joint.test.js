import assert from "node:assert/strict";
import { test } from "node:test";
import { hex } from "../src/bytes.js";
import { sessionOf, verifyShares } from "../src/joint.js";
import { bytes, vectors } from "./kit/vectors.js";

const given = vectors("joint");

const agreedOf = ({ mask, attempt, from, to }) => ({
  cells: Array.from({ length: 32 }, (_, at) => at + 1).filter((cell) => Math.floor(mask / 2 ** (cell - 1)) % 2 === 1),
  attempt,
  from,
  to,
});

const participantsOf = ({ participants }) =>
  participants.map((one) => ({
    range: {
      origin: one.origin,
      root: bytes(one.root),
      start: BigInt(one.start),
      end: BigInt(one.end),
      schema: bytes(one.schema),
      commitment: bytes(one.sum),
    },
    key: bytes(one.report_key),
    masks: one.masks.map(bytes),
    opening: bytes(one.opening),
  }));

for (const one of given.sessions) {
  test(`shares add up: ${one.name}`, () => {
    assert.equal(hex(sessionOf(agreedOf(one), participantsOf(one))), one.session);
    const totals = verifyShares(agreedOf(one), participantsOf(one));
    assert.deepEqual([...totals], one.totals.map(({ cell, total }) => [cell, Number(total)]));
  });
}

for (const one of given.refused) {
  test(`shares are refused, and pinned on who made them: ${one.name}`, () => {
    assert.throws(
      () => verifyShares(agreedOf(one), participantsOf(one)),
      ({ code, named }) => {
        assert.deepEqual([code, named], [one.refused, one.named]);
        return true;
      },
    );
  });
}
