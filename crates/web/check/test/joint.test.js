import assert from "node:assert/strict";
import { test } from "node:test";
import { hex } from "../src/bytes.js";
import { H, point } from "../src/group.js";
import { blame, maskPoint, reportKey, sessionOf, verifyShares } from "../src/joint.js";
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

test("a seed gives the report key again, and two keys the masks of their pair", () => {
  for (const { seed, origin, report_key: key } of given.keys) {
    assert.equal(hex(H.multiply(reportKey(bytes(seed), origin)).toBytes()), key);
  }
  const one = given.sessions[0];
  const { cells } = agreedOf(one);
  const [first, second] = one.participants;
  const shared = point(bytes(second.report_key)).multiply(reportKey(bytes(first.seed), first.origin)).toBytes();
  const mask = maskPoint(cells, bytes(one.session), bytes(first.report_key), bytes(second.report_key), shared);
  assert.equal(hex(mask.toBytes()), first.masks[0]);
});

for (const one of given.blame) {
  test(`blame falls where it belongs: ${one.name}`, () => {
    const session = given.sessions.find(({ name }) => name === one.session);
    const sides = one.sides.map(({ participant, mask, reveal }) => ({
      key: bytes(session.participants[participant].report_key),
      mask: bytes(mask),
      reveal: reveal === null ? null : bytes(reveal),
    }));
    const named = blame(agreedOf(session).cells, bytes(session.session), sides).map((at) => one.sides[at].participant);
    assert.deepEqual(named, one.named);
  });
}
