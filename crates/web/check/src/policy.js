/** Which logs and witnesses are believed, and how many witnesses must have cosigned (C2SP tlog-policy). */

import { fromUtf8 } from "./bytes.js";
import { COSIGNATURE, ED25519, parseCheckpoint, parseKey, parseNote, renamed, verifyNote } from "./note.js";
import { demand } from "./refusal.js";

export const POLICY_BYTES_MAX = 256 * 1024;
/** Most logs, witnesses and groups, each. */
export const ITEMS_MAX = 256;

/**
 * Reads a policy file.
 *
 * @param {Uint8Array} bytes
 */
export function parsePolicy(bytes) {
  demand(bytes.length <= POLICY_BYTES_MAX, "policy.length", "the policy is too long");
  const text = fromUtf8(bytes);
  demand(text === "" || text.endsWith("\n"), "policy.line", "the last line of the policy does not end");
  demand(!/[\u0000-\u0008\u000b-\u001f\u007f]/.test(text), "policy.control", "the policy holds a control character");
  const policy = { logs: [], witnesses: [], groups: [], quorum: undefined };
  const members = new Map();
  for (const line of text.split("\n")) {
    const items = line.split(/[ \t]+/).filter((item) => item !== "");
    if (items.length > 0 && !items[0].startsWith("#")) define(policy, members, items);
  }
  demand(policy.quorum !== undefined, "policy.quorum", "the policy names no quorum");
  return policy;
}

function define(policy, members, [keyword, ...rest]) {
  switch (keyword) {
    case "log":
      return defineLog(policy, rest);
    case "witness":
      return defineWitness(policy, members, rest);
    case "group":
      return defineGroup(policy, members, rest);
    case "quorum":
      return defineQuorum(policy, members, rest);
    default:
      demand(false, "policy.keyword", "a line of the policy starts with no known word");
  }
}

function defineLog(policy, items) {
  demand(items.length === 1 || items.length === 2, "policy.items", "expected `log <vkey> [<url>]`");
  const key = parseKey(items[0]);
  demand(key.kind === ED25519, "policy.key", "a log signs with a key of kind 01");
  demand(!policy.logs.some((log) => log.key.text === key.text), "policy.twice", "a log is listed twice");
  demand(policy.logs.length < ITEMS_MAX, "policy.items", "the policy has too many logs");
  policy.logs.push({ key, url: items[1] });
}

function defineWitness(policy, members, items) {
  demand(items.length === 2 || items.length === 3, "policy.items", "expected `witness <name> <vkey> [<url>]`");
  const key = parseKey(items[1]);
  demand(key.kind === COSIGNATURE, "policy.key", "a witness cosigns with a key of kind 04");
  const same = policy.witnesses.some((witness) => witness.key.key.every((byte, at) => byte === key.key[at]));
  demand(!same, "policy.twice", "a witness is listed twice");
  demand(policy.witnesses.length < ITEMS_MAX, "policy.items", "the policy has too many witnesses");
  const witness = { name: items[0], key, url: items[2] };
  enter(members, items[0], { witness });
  policy.witnesses.push(witness);
}

function defineGroup(policy, members, [name, threshold, ...names]) {
  const good = name !== undefined && /^(any|all|[1-9][0-9]{0,8})$/.test(threshold ?? "") && names.length > 0;
  demand(good, "policy.items", "expected `group <name> <k|all|any> <name>…`");
  demand(policy.groups.length < ITEMS_MAX, "policy.items", "the policy has too many groups");
  const needed = threshold === "all" ? names.length : threshold === "any" ? 1 : Number(threshold);
  demand(needed <= names.length, "policy.threshold", "a group asks for more than it has");
  const of = names.map((member) => {
    const found = members.get(member);
    demand(found, "policy.name", `\`${member}\` is not defined before it is used`);
    demand(!found.taken, "policy.twice", `\`${member}\` is a member twice`);
    found.taken = true;
    return found;
  });
  const group = { name, needed, members: of };
  enter(members, name, { group });
  policy.groups.push(group);
}

function defineQuorum(policy, members, items) {
  demand(items.length === 1, "policy.items", "expected `quorum <name|none>`");
  demand(policy.quorum === undefined, "policy.quorum", "the policy names two quorums");
  if (items[0] !== "none") demand(members.has(items[0]), "policy.name", `\`${items[0]}\` is not defined`);
  policy.quorum = items[0] === "none" ? null : members.get(items[0]);
}

function enter(members, name, member) {
  demand(name !== "none" && !members.has(name), "policy.name", `\`${name}\` is defined twice, or reserved`);
  members.set(name, member);
}

/** When a member of the policy had cosigned, by the times of those who did: infinity if it has not. */
function timeOf(member, times) {
  if (member.witness) return times.get(member.witness) ?? Infinity;
  const { needed, members } = member.group;
  return members.map((one) => timeOf(one, times)).sort((a, b) => a - b)[needed - 1];
}

/**
 * The key under which the policy believes the log `origin`; `policy.log` if it
 * knows none. A log that is listed by its registered name is known in every
 * generation: `mail.example/log/live` is `mail.example/log/live/2` as well.
 */
export function logKey(policy, origin) {
  const whole = policy.logs.find(({ key }) => key.name === origin);
  if (whole) return whole.key;
  const above = /^(.+)\/[1-9][0-9]{0,15}$/.exec(origin)?.[1];
  const log = policy.logs.find(({ key }) => key.name === above);
  demand(log, "policy.log", `the policy does not list the log \`${origin}\``);
  return renamed(log.key, origin);
}

/**
 * Verifies a checkpoint: the log's own signature, every cosignature of a witness
 * that the policy knows, and that they make the quorum.
 *
 * @param {object} policy
 * @param {Uint8Array} bytes the note
 * @param {object} key the log's
 * @returns {{origin: string, size: number, root: Uint8Array, time: number | null, witnesses: {name: string, time: number}[]}}
 *   `time`: when the quorum was complete, in seconds since 1970; null if the policy asks for no witness
 */
export function verifyCheckpoint(policy, bytes, key) {
  const note = parseNote(bytes);
  const checkpoint = parseCheckpoint(note);
  demand(checkpoint.origin === key.name, "checkpoint.origin", `the checkpoint is of the log \`${checkpoint.origin}\``);
  demand(verifyNote(note, key), "checkpoint.unsigned", "the log has not signed the checkpoint");
  const times = new Map();
  const witnesses = [];
  for (const witness of policy.witnesses) {
    const said = verifyNote(note, witness.key);
    if (!said) continue;
    times.set(witness, said.time);
    witnesses.push({ name: witness.name, time: said.time });
  }
  if (policy.quorum === null) return { ...checkpoint, time: null, witnesses };
  const time = timeOf(policy.quorum, times);
  const seen = witnesses.map(({ name }) => `\`${name}\``).join(", ") || "nobody the policy knows";
  demand(time !== Infinity, "checkpoint.quorum", `too few witnesses have cosigned the checkpoint: ${seen}`);
  return { ...checkpoint, time, witnesses };
}
