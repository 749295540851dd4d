import assert from "node:assert/strict";
import { test } from "node:test";
import { hex } from "../src/bytes.js";
import { scalar } from "../src/group.js";
import { Sum, commitmentTo, statementOf, verifyLines, weightsOf } from "../src/lines.js";
import { bytes, refusal, vectors } from "./kit/vectors.js";

const given = vectors("report");

function rangeOf(one) {
  return {
    origin: one.origin,
    root: bytes(one.root),
    start: BigInt(one.start),
    end: BigInt(one.end),
    schema: bytes(one.schema),
    commitment: bytes(one.sum),
  };
}

function formOf({ form, value, low, width }) {
  if (form === "exact") return { kind: "exact", value: BigInt(value) };
  if (form === "band") return { kind: "band", low: BigInt(low), high: BigInt(low) + BigInt(width) - 1n };
  return { kind: "withheld", because: "" };
}

const linesOf = ({ lines }) =>
  lines.map((line) => ({
    cells: Array.from({ length: 32 }, (_, at) => at + 1).filter((cell) => Math.floor(line.mask / 2 ** (cell - 1)) % 2 === 1),
    form: formOf(line),
  }));

const verify = (one) => verifyLines(rangeOf(one), linesOf(one), bytes(one.proof));

test("the weights of a band reach each of its values and no other", () => {
  for (const { width, weights } of given.weights) assert.deepEqual(weightsOf(width), weights.map(Number));
});

test("the sum of leaves opens to their totals", () => {
  const { totals } = given;
  const sum = new Sum();
  for (const { commitment } of totals.leaves) sum.add(bytes(commitment));
  assert.equal(hex(sum.toBytes()), totals.sum);
  const counts = totals.counts.map(BigInt);
  assert.equal(hex(commitmentTo(counts, scalar(bytes(totals.blinding)))), totals.sum);
});

for (const one of given.reports) {
  test(`figures hold: ${one.name}`, () => {
    assert.equal(hex(statementOf(rangeOf(one), linesOf(one))), one.statement);
    verify(one);
  });
}

for (const one of given.refused) {
  test(`figures are refused: ${one.name}`, () => assert.equal(refusal(() => verify(one)), one.refused));
}

test("a figure that was changed after the proof is named, with the true one", () => {
  const whole = given.reports.find(({ lines }) => lines.filter(({ form }) => form === "exact").length >= 1 && lines.length >= 3);
  const lines = linesOf(whole);
  const at = lines.findIndex(({ form }) => form.kind === "exact");
  const value = lines[at].form.value;
  lines[at].form.value = value + 1n;
  assert.throws(
    () => verifyLines(rangeOf(whole), lines, bytes(whole.proof)),
    ({ code, wrong }) => code === "report.proof_sum" && wrong.length === 1 && wrong[0].at === at && BigInt(wrong[0].value) === value,
  );
});
