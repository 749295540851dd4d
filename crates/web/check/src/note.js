/** Signed notes (C2SP signed-note) with Ed25519 signatures (type 01) and cosignatures (type 04, tlog-cosignature). */

import { ed25519 } from "@noble/curves/ed25519.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { base64, concat, equal, fromBase64, fromUtf8, hex, utf8 } from "./bytes.js";
import { demand } from "./refusal.js";

export const NOTE_BYTES_MAX = 64 * 1024;
export const SIGNATURES_MAX = 64;

/** Kinds of keys. */
export const ED25519 = 1;
export const COSIGNATURE = 4;

const NAME = /^[^\s+\p{Cc}]+$/u;

/**
 * A verifier key: `name+keyid+base64(kind ‖ key)`.
 *
 * @param {string} text
 */
export function parseKey(text) {
  const parts = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(text);
  demand(parts && NAME.test(parts[1]), "key.shape", "this is no verifier key");
  const [, name, id, base64] = parts;
  const bytes = fromBase64(base64);
  const kind = bytes[0];
  demand(kind === ED25519 || kind === COSIGNATURE, "key.kind", `keys of kind ${kind} are not known here`);
  demand(bytes.length === 33, "key.length", "an Ed25519 key has 32 bytes");
  const made = keyOf(name, bytes);
  demand(hex(made.id) === id, "key.id", "the id of the key is another key's");
  return made;
}

/** The key of these bytes under a name: its id depends on the name. */
function keyOf(name, bytes) {
  const id = sha256(concat(utf8(`${name}\n`), bytes)).subarray(0, 4);
  return { text: `${name}+${hex(id)}+${base64(bytes)}`, name, id, kind: bytes[0], key: bytes.subarray(1) };
}

/** The same key under another name, as the next generation of a log uses it. */
export const renamed = ({ kind, key }, name) => keyOf(name, concat(Uint8Array.of(kind), key));

/** Splits a note at its last empty line; nothing is verified yet. */
export function parseNote(bytes) {
  demand(bytes.length <= NOTE_BYTES_MAX, "note.length", "the note is too long");
  const whole = fromUtf8(bytes);
  const split = whole.lastIndexOf("\n\n");
  demand(split >= 0, "note.separator", "the note has no empty line before its signatures");
  const text = whole.slice(0, split + 1);
  demand(!/[\u0000-\u0009\u000b-\u001f]/.test(text), "note.control", "the note holds a control character");
  const rest = whole.slice(split + 2);
  demand(rest !== "", "note.signatures", "the note has no signature");
  demand(rest.endsWith("\n"), "note.line", "a signature line does not end");
  const lines = rest.slice(0, -1).split("\n");
  demand(lines.length <= SIGNATURES_MAX, "note.signatures", "the note has more than 64 signatures");
  return { text, signatures: lines.map(parseLine) };
}

function parseLine(line) {
  const parts = /^— (\S+) (\S+)$/u.exec(line);
  demand(parts && NAME.test(parts[1]), "note.line", "a signature line is malformed");
  const bytes = fromBase64(parts[2]);
  demand(bytes.length > 4, "note.line", "a signature line is too short");
  return { name: parts[1], id: bytes.subarray(0, 4), signature: bytes.subarray(4) };
}

/** Whether an Ed25519 signature holds, by the strict reading. */
export function verifyEd25519(key, message, signature) {
  try {
    return signature.length === 64 && ed25519.verify(signature, message, key, { zip215: false });
  } catch {
    return false;
  }
}

/**
 * What the key says in a note: null if nothing, `{time}` for a cosignature, `{}`
 * for a signature. A line of the key that does not hold makes the whole note
 * void, as the specification asks.
 */
export function verifyNote(note, key) {
  const said = [];
  for (const { name, id, signature } of note.signatures) {
    if (name !== key.name || !equal(id, key.id)) continue;
    said.push(key.kind === ED25519 ? signed(note, key, signature) : cosigned(note, key, signature));
  }
  demand(said.length <= 1, "note.twice", `\`${key.name}\` has signed twice`);
  return said[0] ?? null;
}

function signed(note, key, signature) {
  const good = verifyEd25519(key.key, utf8(note.text), signature);
  demand(good, "note.false", `the signature of \`${key.name}\` is false`);
  return {};
}

function cosigned(note, key, signature) {
  demand(signature.length === 72, "note.false", `the cosignature of \`${key.name}\` has the wrong length`);
  const time = signature.subarray(0, 8).reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
  demand(time < 1n << 53n, "note.time", `the cosignature of \`${key.name}\` is from no time`);
  const message = utf8(`cosignature/v1\ntime ${time}\n${note.text}`);
  const good = verifyEd25519(key.key, message, signature.subarray(8));
  demand(good, "note.false", `the cosignature of \`${key.name}\` is false`);
  return { time: Number(time) };
}

/**
 * The checkpoint that a note's text is (C2SP tlog-checkpoint).
 */
export function parseCheckpoint(note) {
  const [origin, size, root, ...rest] = note.text.split("\n");
  const whole = origin && rest.length >= 1 && rest.at(-1) === "" && !rest.slice(0, -1).includes("");
  demand(whole, "checkpoint.shape", "this note is no checkpoint");
  demand(/^(0|[1-9][0-9]{0,15})$/.test(size) && Number.isSafeInteger(Number(size)), "checkpoint.size", "the size of the checkpoint is malformed");
  return { origin, size: Number(size), root: fromBase64(root, 32) };
}

/** What DSSE signs: the pre-authentication encoding of a type and a payload. */
export function pae(type, payload) {
  return concat(utf8(`DSSEv1 ${utf8(type).length} ${type} ${payload.length} `), payload);
}
