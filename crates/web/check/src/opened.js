/** Opened dockets (docs/spec, "Unsealing"): what a sealed entry stood for, once its secrecy has ended. */

import { sha256 } from "@noble/hashes/sha2.js";
import { equal, fromBase64, fromUtf8, hex, utf8 } from "./bytes.js";
import { parseEnvelope, verifyEnvelope } from "./envelope.js";
import { parseJson, shape } from "./json.js";
import { leafDigest, salted, verifyLeaf, verifyOpening } from "./leaf.js";
import { scalar, under } from "./group.js";
import { logKey, parsePolicy, verifyCheckpoint } from "./policy.js";
import { Refusal, demand } from "./refusal.js";
import { cellOf, parseSchema } from "./schema.js";
import { leafHash, verifyInclusion } from "./tree.js";

export const TYPE = "application/vnd.portcullis.opened.v1+json";

const { text, count, is, object } = shape;

const PAYLOAD = object({
  portcullis: is("opened/v1"),
  origin: text,
  index: count,
  docket: text,
  docket_salt: text,
  envelope_digest: text,
  cell: count,
  blinding: text,
  proof: text,
  leaf: text,
});

/** Reads the file; nothing is verified yet. */
export function parseOpened(bytes) {
  const envelope = parseEnvelope(bytes, TYPE);
  const opened = PAYLOAD(parseJson(envelope.payload), "opened");
  return {
    envelope,
    origin: opened.origin,
    index: opened.index,
    docket: fromBase64(opened.docket),
    docketSalt: fromBase64(opened.docket_salt, 32),
    envelopeDigest: fromBase64(opened.envelope_digest, 32),
    cell: opened.cell,
    blinding: under("opened.", () => scalar(fromBase64(opened.blinding, 32))),
    proof: parseProof(opened.proof),
    leaf: fromBase64(opened.leaf),
  };
}

/** A proof of inclusion (C2SP tlog-proof). */
export function parseProof(whole) {
  const split = whole.indexOf("\n\n");
  demand(split >= 0, "proof.shape", "this is no proof of inclusion");
  const [head, ...lines] = whole.slice(0, split).split("\n");
  demand(head === "c2sp.org/tlog-proof@v1", "proof.shape", "this is no proof of inclusion");
  if (lines[0]?.startsWith("extra ")) demand(fromBase64(lines.shift().slice(6)).length > 0, "proof.shape", "empty extra data");
  const index = /^index (0|[1-9][0-9]{0,15})$/.exec(lines.shift() ?? "");
  demand(index && Number.isSafeInteger(Number(index[1])), "proof.index", "the proof names no place");
  demand(lines.length <= 63, "proof.path", "the inclusion path is too long");
  return { index: Number(index[1]), path: lines.map((line) => fromBase64(line, 32)), checkpoint: whole.slice(split + 2) };
}

const STEPS = [
  { id: "file", title: "The file is well formed", needs: [], run: readFile },
  { id: "policy", title: "The list of logs and witnesses you trust is well formed", needs: [], run: readPolicy },
  { id: "signature", title: "The organisation signed this opening", needs: ["file", "policy"], run: signature },
  { id: "digest", title: "The entry binds this docket", needs: ["file"], run: digest },
  { id: "inclusion", title: "Witnesses saw the record with this entry in it", needs: ["file", "policy"], run: inclusion },
  { id: "schema", title: "The list of what is counted is the one the entry names", needs: ["file"], run: schema },
  { id: "proof", title: "The entry counts at most one", needs: ["file"], run: proof },
  { id: "cell", title: "The entry is counted as the file says", needs: ["file"], run: cell },
  { id: "right", title: "It is counted where such a docket belongs", needs: ["digest", "schema", "cell"], run: right },
];

/** The steps, without their work. */
export const openedSteps = () => STEPS.map(({ id, title }) => ({ id, title }));

/**
 * Checks an opened docket; the task is as for a report.
 */
export async function checkOpened(task) {
  const found = {};
  const ended = new Map();
  for (const { id, needs, run } of STEPS) {
    task.tell({ id, state: "running", detail: "" });
    const ready = needs.every((need) => ended.get(need).state === "passed");
    const step = ready ? await attempt(run, task, found) : { state: "open", detail: "not looked at: an earlier step did not pass" };
    ended.set(id, { id, ...step });
    task.tell({ id, ...step });
  }
  const steps = [...ended.values()];
  return { state: steps.some(({ state }) => state === "failed") ? "failed" : "passed", steps, opened: found.opened };
}

async function attempt(run, task, found) {
  try {
    return { state: "passed", detail: await run(task, found) };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { state: "failed", detail: error.message, code: error.code };
  }
}

function readFile(task, found) {
  found.opened = parseOpened(task.bytes);
  return `entry ${found.opened.index} of \`${found.opened.origin}\``;
}

function readPolicy(task, found) {
  found.policy = parsePolicy(task.policy);
  demand(found.policy.quorum !== null, "policy.quorum", "the policy asks for no witness: it would believe the organisation alone");
  return `${found.policy.witnesses.length} witnesses`;
}

function signature(_, { opened, policy }) {
  verifyEnvelope(opened.envelope, logKey(policy, opened.origin), "opened.signature");
  return `signed with the key of \`${opened.origin}\``;
}

function digest(_, { opened }) {
  const made = leafDigest(salted(opened.docketSalt, opened.docket), opened.envelopeDigest);
  demand(equal(made, opened.leaf.subarray(33, 65)), "opened.other_docket", "the entry binds another docket");
  return fromUtf8(opened.docket);
}

function inclusion(_, { opened, policy }) {
  const seen = verifyCheckpoint(policy, utf8(opened.proof.checkpoint), logKey(policy, opened.origin));
  demand(opened.proof.index === opened.index, "opened.other_place", "the proof is of another place");
  verifyInclusion(leafHash(opened.leaf), opened.index, seen.size, seen.root, opened.proof.path);
  return `one of ${seen.size} entries, seen by ${seen.witnesses.map(({ name }) => `\`${name}\``).join(", ")}`;
}

async function schema(task, found) {
  const bytes = await task.read("schema");
  demand(bytes, "opened.unknown_schema", "the record does not give its list of what is counted");
  const same = equal(sha256(bytes), found.opened.leaf.subarray(1, 33));
  demand(same, "opened.unknown_schema", "the record’s list of what is counted is another one");
  found.cells = parseSchema(bytes);
  return `SHA-256 ${hex(sha256(bytes)).slice(0, 16)}…`;
}

function proof(_, { opened }) {
  verifyLeaf({ origin: opened.origin, schema: opened.leaf.slice(1, 33) }, opened.leaf);
  return "its proof holds";
}

function cell(_, { opened }) {
  try {
    verifyOpening(opened.leaf.slice(65, 97), opened.cell, opened.blinding);
  } catch (error) {
    if (error.code !== "leaf.opening") throw error;
    throw new Refusal("opened.other_cell", `the entry does not count ${named(opened.cell)}`);
  }
  return `it counts ${named(opened.cell)}`;
}

const named = (number) => (number === 0 ? "in no cell" : `cell ${number}`);

function right(_, { opened, cells }) {
  const wanted = cellOf(cells, parseJson(opened.docket));
  const number = wanted?.number ?? 0;
  const wrong = `the entry counts ${named(opened.cell)}, and such a docket belongs to ${wanted ? `cell ${number}, “${wanted.title}”` : "no cell"}`;
  demand(number === opened.cell, "opened.wrong_cell", wrong);
  return wanted ? `cell ${number}: ${wanted.title}` : "in no cell";
}
