/**
 * Checks a report against the record: every step by name, each with its answer.
 *
 * A step runs when the steps it needs have passed; what a failed step leaves
 * open is said to be open, never passed over.
 */

import { sha256 } from "@noble/hashes/sha2.js";
import { equal, hex, utf8 } from "./bytes.js";
import { verifyEnvelope } from "./envelope.js";
import { verifyJoint } from "./joint.js";
import { verifyLines } from "./lines.js";
import { Log, demandRoot } from "./log.js";
import { logKey, parsePolicy, verifyCheckpoint } from "./policy.js";
import { Refusal, demand } from "./refusal.js";
import { endOfPeriod, parseReport, startOfPeriod } from "./report.js";
import { parseSeries } from "./schema.js";
import { demandLines, demandPeriod, seriesOf } from "./series.js";
import { Frontier, emptyRoot } from "./tree.js";

/** How a step ended. */
export const PASSED = "passed";
export const FAILED = "failed";
export const OPEN = "open";
export const SKIPPED = "skipped";

/** A number as people read it. */
export const number = (value) => value.toLocaleString("en-GB");
/** So many of something. */
export const counted = (value, one, many = `${one}s`) => `${number(value)} ${value === 1 ? one : many}`;
/** An instant as people read it. */
export const instant = (seconds) => `${new Date(seconds * 1000).toISOString().slice(0, 19).replace("T", " ")} UTC`;

/** What is left open without the proofs. */
const UNPROVED = "not asked for: each entry’s own proof was not checked here, and one false entry could make any total true";

/** What is left open of a joint report. */
const ELSEWHERE = "the entries lie in several organisations’ records, and were not fetched here: the command below does that";

/** What is left open of every report. */
const UNREAD =
  "not checked here: the law’s own file, whether it lets these figures be published in this form, and its delays before they may be; `portcullis report verify` does that";

const FORM = { id: "form", title: "The figures are those of the list, none left out and none finer than it allows", needs: ["schema"], run: form };
const LAW = { id: "law", title: "The law lets these figures be published", needs: [], run: () => ({ state: SKIPPED, detail: UNREAD }) };

/** The steps over a report of one log, in the order they are shown. */
const SINGLE = [
  { id: "file", title: "The report is well formed", needs: [], run: readFile },
  { id: "policy", title: "The list of logs and witnesses you trust is well formed", needs: [], run: readPolicy },
  { id: "signature", title: "The organisation signed this report", needs: ["file", "policy"], run: signature },
  { id: "start", title: "Witnesses saw the record at the report’s start", needs: ["file", "policy"], run: startCheckpoint },
  { id: "end", title: "Witnesses saw the record at the report’s end", needs: ["file", "policy"], run: endCheckpoint },
  { id: "schema", title: "The list of what is counted is the one the record names", needs: ["file"], run: schema },
  FORM,
  { id: "previous", title: "The report continues the one before it", needs: ["file"], run: previous },
  { id: "tiles", title: "Every sealed entry of the period is there and readable", needs: ["start", "end"], run: leaves },
  { id: "tree", title: "The entries are those that the witnesses saw, none left out", needs: ["tiles"], run: tree },
  { id: "sum", title: "The sealed total is the sum of the entries", needs: ["tiles"], run: sum },
  { id: "lines", title: "The figures are those of the sealed total", needs: ["end"], run: lines },
  { id: "proofs", title: "No entry counts more than one, or less than none", needs: ["tiles"], run: proofs },
  LAW,
];

/** The steps over a joint report. */
const JOINT = [
  { id: "file", title: "The report is well formed", needs: [], run: readFile },
  { id: "policy", title: "The list of logs and witnesses you trust is well formed", needs: [], run: readPolicy },
  { id: "signature", title: "Every organisation signed this report", needs: ["file", "policy"], run: signatures },
  { id: "ends", title: "Witnesses saw every record at its start and end", needs: ["file", "policy"], run: jointCheckpoints },
  { id: "schema", title: "The list of what is counted is the one every record names", needs: ["file"], run: jointSchema },
  FORM,
  { id: "lines", title: "The shares open every sealed total, and add up to the figures", needs: ["ends"], run: joint },
  { id: "sums", title: "Each sealed total is the sum of its record’s entries", needs: ["file"], run: () => ({ state: SKIPPED, detail: ELSEWHERE }) },
  LAW,
];

/** The steps for a report of this kind, without their work. */
export const stepsOf = (kind) => (kind === "joint" ? JOINT : SINGLE).map(({ id, title }) => ({ id, title }));

/**
 * @param {object} task
 * @param {Uint8Array} task.report the file
 * @param {Uint8Array} task.policy the tlog-policy text
 * @param {(path: string) => Promise<Uint8Array | null>} task.read of the log, below its prefix
 * @param {(number: number) => Promise<Uint8Array | null>} [task.earlier] another report of the series
 * @param {object} task.pool
 * @param {boolean} task.proofs whether every leaf proof is checked as well
 * @param {(step: {id: string, state: string, detail: string, code?: string, wrong?: object[]}) => void} task.tell
 * @param {(done: number, of: number) => void} task.progress over leaves
 * @param {AbortSignal} [task.signal]
 * @returns {Promise<{state: string, steps: object[]}>}
 */
export async function checkReport(task) {
  const found = { log: new Log(task.read) };
  const kind = kindOf(task.report);
  const ended = new Map();
  for (const { id, needs, run } of kind === "joint" ? JOINT : SINGLE) {
    task.signal?.throwIfAborted();
    const missing = needs.filter((need) => ended.get(need).state !== PASSED);
    task.tell({ id, state: "running", detail: "" });
    const step = missing.length > 0 ? { state: OPEN, detail: "not looked at: an earlier step did not pass" } : await attempt(run, task, found);
    ended.set(id, { id, ...step });
    task.tell({ id, ...step });
  }
  const steps = [...ended.values()];
  const state = steps.some((step) => step.state === FAILED) ? FAILED : PASSED;
  return { state, steps, report: found.report };
}

async function attempt(run, task, found) {
  try {
    const answer = await run(task, found);
    return typeof answer === "string" ? { state: PASSED, detail: answer } : answer;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { code, message, wrong, at } = error;
    return { state: FAILED, detail: message, code, wrong, at };
  }
}

function kindOf(bytes) {
  try {
    return parseReport(bytes).report.kind;
  } catch {
    return "single";
  }
}

function readFile(task, found) {
  Object.assign(found, parseReport(task.report));
  const { kind, series, number: count, period } = found.report;
  const who = kind === "joint" ? counted(found.report.participants.length, "organisation") : found.report.member;
  return `${who}, ${series} no. ${count}, ${period.from} to ${period.to}`;
}

function readPolicy(task, found) {
  found.policy = parsePolicy(task.policy);
  const { logs, witnesses, quorum } = found.policy;
  demand(quorum !== null, "policy.quorum", "the policy asks for no witness: it would believe the organisation alone");
  return `${counted(logs.length, "log")}, ${counted(witnesses.length, "witness", "witnesses")}`;
}

function signature(_, found) {
  const key = logKey(found.policy, found.report.origin);
  verifyEnvelope(found.envelope, key);
  return `signed with the key of \`${key.name}\``;
}

function signatures(_, found) {
  for (const { origin } of found.report.participants) verifyEnvelope(found.envelope, logKey(found.policy, origin));
  return `${found.report.participants.length} signatures`;
}

/** A checkpoint of a report's edge, verified; a log of size 0 needs none. */
function edge(policy, origin, { size, checkpoint }) {
  if (size === 0) return { origin, size: 0, root: emptyRoot(), time: null, witnesses: [] };
  const seen = verifyCheckpoint(policy, utf8(checkpoint), logKey(policy, origin));
  demand(seen.size === size, "report.size", `the checkpoint is of ${number(seen.size)} entries, and the report says ${number(size)}`);
  return seen;
}

function seenBy({ witnesses, time }) {
  return `seen by ${witnesses.map(({ name }) => `\`${name}\``).join(", ")}; enough of them by ${instant(time)}`;
}

function startCheckpoint(_, found) {
  const { report, policy } = found;
  found.start = edge(policy, report.origin, report.start);
  if (report.start.size > 0) afterStart(report.period, found.start);
  return report.start.size === 0 ? "it starts with the record’s first entry" : seenBy(found.start);
}

/** That the start was cosigned once the period before was over, so that none of its entries is counted again. */
function afterStart(period, seen) {
  const begins = startOfPeriod(period);
  demand(seen.time >= begins, "report.early", `witnesses saw this start at ${instant(seen.time)}, before the period began at ${instant(begins)}`);
}

/** That the end was cosigned once the period was over. */
function afterPeriod(period, seen) {
  const over = endOfPeriod(period);
  demand(seen.time >= over, "report.early", `witnesses saw this end at ${instant(seen.time)}, before the period was over at ${instant(over)}`);
}

function endCheckpoint(_, found) {
  const { report, policy } = found;
  const seen = edge(policy, report.origin, report.end);
  afterPeriod(report.period, seen);
  found.end = seen;
  found.whole = { ...report.range, root: seen.root };
  return `${number(seen.size)} entries; ${seenBy(seen)}`;
}

function jointCheckpoints(_, found) {
  const { report, policy } = found;
  for (const one of report.participants) {
    edge(policy, one.origin, one.start);
    const seen = edge(policy, one.origin, one.end);
    afterPeriod(report.period, seen);
    one.whole = { ...one.range, root: seen.root };
  }
  return counted(report.participants.length, "record");
}

async function schema(task, found) {
  const bytes = await task.read("schema");
  demand(bytes, "report.schema", "the record does not give its list of what is counted");
  demand(equal(sha256(bytes), found.report.range.schema), "report.schema", "the record’s list of what is counted is another one");
  found.series = parseSeries(bytes);
  return `SHA-256 ${found.report.schema.slice(0, 16)}…`;
}

async function jointSchema(task, found) {
  const [first, ...others] = found.report.participants.map(({ range }) => range.schema);
  demand(first && others.every((other) => equal(other, first)), "report.schema", "the records count by different lists");
  const bytes = await task.read("schema");
  const same = bytes && equal(sha256(bytes), first);
  if (!same) return { state: SKIPPED, detail: "the list that these records name is not to be had here" };
  found.series = parseSeries(bytes);
  return `SHA-256 ${hex(first).slice(0, 16)}…`;
}

function form(_, found) {
  const { report } = found;
  const series = seriesOf(found.series, report);
  demandPeriod(report.period, series);
  demandLines(report.lines, series);
  return `${counted(report.lines.length, "line")} of \`${series.id}\``;
}

/** The day after one, both as `YYYY-MM-DD`. */
const dayAfter = (day) => new Date(Date.parse(`${day}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10);

async function previous(task, found) {
  const { report } = found;
  if (report.number === 1) {
    demand(report.previous === null, "report.previous", "the first report names one before it");
    const before = report.start?.size ?? 0;
    demand(before === 0, "report.gap", `it is the first of its series, and leaves out ${counted(before, "entry", "entries")} at the log's beginning`);
    return "it is the first of its series";
  }
  demand(report.previous !== null, "report.previous", "the report does not name the one before it");
  const bytes = await task.earlier?.(report.number - 1);
  if (!bytes) return { state: SKIPPED, detail: "the report before it is not at hand" };
  const before = parseReport(bytes);
  const { series, number: last, realm, period } = before.report;
  const named = before.digest === report.previous && series === report.series && last + 1 === report.number && realm === report.realm;
  demand(named, "report.previous", "the report before it is another than the one it names");
  demand(dayAfter(period.to) === report.period.from, "report.gap", "days lie between its period and the one before it, or are counted twice");
  if (report.kind === "single" && before.report.kind === "single") {
    const { origin, end } = before.report;
    // A log that was closed is followed by a new one, which is counted from its first entry on.
    const next = origin === report.origin ? end.size : 0;
    demand(next === report.start.size, "report.gap", "entries lie between the report before it and this one, or are counted twice");
    if (origin !== report.origin) return `the record before, \`${origin}\`, was followed by this one, counted from its first entry on`;
  }
  return `it goes on where no. ${report.number - 1} ended`;
}

async function leaves(task, found) {
  const { range } = found.report;
  const frontier = await edgeAtStart(found);
  const total = range.end - range.start;
  const progress = (done) => task.progress?.(done, total);
  progress(0);
  const { pool, proofs, signal } = task;
  found.read = await found.log.leaves({ range, proofs, pool, frontier, progress, signal });
  const { bad } = found.read;
  if (bad && !proofCode(bad.code)) throw at(new Refusal(bad.code, `entry ${number(bad.at)}: ${bad.message}`), bad.at);
  return `${number(total)} entries, each of the right kind`;
}

/** Whether a leaf's proof is at fault, and not its head. */
const proofCode = (code) => code === "leaf.proof" || code === "leaf.scalar";

const at = (refusal, where) => Object.assign(refusal, { at: where });

async function edgeAtStart(found) {
  const { start, end } = found.report.range;
  if (start === 0) return new Frontier();
  const frontier = await found.log.frontier(start, end);
  demandRoot(frontier, found.start, "the tiles before the report’s start are not those that the witnesses saw");
  return frontier;
}

async function tree(_, found) {
  const { end, log } = found;
  const { frontier, roots } = found.read;
  if (frontier.size !== end.size || !equal(frontier.root(), end.root)) {
    const wrong = await log.swapped(roots, end.root, end.size).catch((error) => {
      if (error instanceof Refusal) return null;
      throw error;
    });
    const which = wrong?.length
      ? `${wrong.length === 1 ? "tile" : "tiles"} ${wrong.map(number).join(", ")} ${wrong.length === 1 ? "holds" : "hold"} other entries than the witnesses saw`
      : "the entries are not those that the witnesses saw";
    throw at(new Refusal("tree.root", which), wrong?.[0]);
  }
  return `root ${hex(end.root).slice(0, 16)}…`;
}

function sum(_, found) {
  const same = equal(found.read.sum, found.report.range.commitment);
  demand(same, "report.sum", "the sealed total that the report rests on is not the sum of the entries");
  return `${number(found.report.range.end - found.report.range.start)} entries added`;
}

function lines(_, found) {
  verifyLines(found.whole, found.report.lines, found.report.proofBytes);
  const withheld = found.report.lines.filter(({ form }) => form.kind === "withheld").length;
  const rest = withheld > 0 ? `; ${withheld} withheld, of which nothing is said` : "";
  return `${found.report.lines.length - withheld} figures${rest}`;
}

function joint(_, found) {
  try {
    verifyJoint(found.report);
  } catch (error) {
    if (!error.named) throw error;
    const who = error.named.map((at) => `\`${found.report.participants[at].origin}\``).join(" and ");
    throw new Refusal(error.code, `${error.message}: ${who}`);
  }
  return `${found.report.participants.length} shares, ${found.report.lines.length} figures`;
}

function proofs(task, found) {
  const { bad } = found.read;
  if (!task.proofs) return { state: SKIPPED, detail: UNPROVED };
  if (bad) throw at(new Refusal(bad.code, `entry ${number(bad.at)}: ${bad.message}`), bad.at);
  return `${number(found.report.range.end - found.report.range.start)} proofs`;
}
