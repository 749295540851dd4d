import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { utf8 } from "../src/bytes.js";
import { parseSeries } from "../src/schema.js";
import { demandLines, demandPeriod, noFiner, seriesOf } from "../src/series.js";
import { refusal } from "./kit/vectors.js";

const file = (name) => readFileSync(new URL(`../../../../schemas/${name}-v1.toml`, import.meta.url));
const provider = parseSeries(file("provider"));
const interception = provider.get("uk-interception");
const exact = (value) => ({ kind: "exact", value });
const band = (low, high) => ({ kind: "band", low, high });
const withheld = { kind: "withheld", because: "no figure yet" };

/** The lines that a report of a series has, all in one form. */
const linesOf = (series, form) => series.lines.map((line) => ({ ...line, law: series.law, form }));

test("the series of the schemas that come with the program are read", () => {
  for (const name of ["provider", "authority", "approver"]) assert.ok(parseSeries(file(name)).size > 0, name);
  const { band: width, months, zone, law, lines } = interception;
  assert.deepEqual([width, months, zone, law], [500, 6, "Europe/London", "uk-ipa-2016"]);
  assert.deepEqual(lines[0].clause, "SI 2018/349 reg. 4");
  const [first] = provider.get("us-process").lines;
  assert.equal(first.clause, "18 USC 2705(b), by its silence on totals [not verified]");
  assert.equal(provider.get("us-process-joint").joint, true);
});

test("a line is shown no finer than its series", () => {
  const series = { band: 500, few: 0, joint: false };
  const open = { band: null, few: 10, joint: false };
  for (const [form, of, good] of [
    [withheld, series, true],
    [withheld, { ...open, joint: true }, false],
    [exact(12), series, false],
    [band(500, 999), series, true],
    [band(250, 749), series, false],
    [band(0, 249), series, false],
    [exact(10), open, true],
    [exact(9), open, false],
    [band(0, 9), open, true],
    [band(0, 19), open, false],
    [band(10, 19), open, false],
  ]) {
    assert.equal(noFiner(form, of), good, JSON.stringify([form, of]));
  }
});

test("the lines are those of the series, none left out", () => {
  const good = linesOf(interception, band(0, 499));
  const check = (lines) => refusal(() => demandLines(lines, interception));
  const first = (changed) => check([{ ...good[0], ...changed }, ...good.slice(1)]);
  assert.equal(check(good), undefined);
  assert.equal(check(good.slice(1)), "report.lines");
  assert.equal(check([good[1], good[0], ...good.slice(2)]), "report.lines");
  for (const changed of [{ id: "x" }, { title: "x" }, { clause: "x" }, { law: null }, { cells: [32] }]) {
    assert.equal(first(changed), "report.lines", JSON.stringify(changed));
  }
  assert.equal(first({ form: exact(15) }), "report.form");
  assert.equal(first({ form: withheld }), undefined);
});

test("a report is of a series that the list has, in its kind, its zone and under its law", () => {
  const report = { series: "uk-interception", kind: "single", period: { zone: "Europe/London" }, laws: { "uk-ipa-2016": "00" } };
  const check = (changed) => refusal(() => seriesOf(provider, { ...report, ...changed }));
  assert.equal(check({}), undefined);
  assert.equal(check({ series: "uk-nothing" }), "report.series");
  assert.equal(check({ kind: "joint" }), "report.kind");
  assert.equal(check({ period: { zone: "Europe/Paris" } }), "report.zone");
  assert.equal(check({ laws: {} }), "report.law");
});

test("a period is a whole one of the calendar", () => {
  const check = (from, to, months) => refusal(() => demandPeriod({ from, to }, { months }));
  assert.equal(check("2026-07-01", "2026-12-31", 6), undefined);
  assert.equal(check("2028-02-01", "2028-02-29", 1), undefined);
  assert.equal(check("2026-01-01", "2026-12-31", 12), undefined);
  assert.equal(check("2026-02-01", "2026-07-31", 6), "report.period_start");
  assert.equal(check("2026-07-02", "2026-12-31", 6), "report.period_start");
  assert.equal(check("2026-07-01", "2026-12-30", 6), "report.period_length");
  assert.equal(check("2026-07-01", "2027-06-30", 6), "report.period_length");
});

test("a series that is not understood is refused, not guessed", () => {
  const text = file("provider").toString();
  const check = (from, to) => refusal(() => parseSeries(utf8(text.replaceAll(from, to))));
  assert.equal(check("band = 500", "band = 1"), "schema.malformed");
  assert.equal(check("joint = false", "joint = 0"), "schema.malformed");
  assert.equal(check('id = "us-process-joint"', 'id = "us-process"'), "schema.malformed");
  const line = '[[series.line]]\nid = "uk-warrants"';
  assert.equal(check(line, line.replace("[[series.line]]", '[[series.line]]\nmore = "x"')), undefined, "what is not needed is not looked at");
  assert.equal(check('cells = ["uk-warrants"]', 'cells = ["uk-unknown"]'), "schema.malformed");
});
