/** DSSE envelopes that a log's key signed: reports and opened dockets. */

import { fromBase64 } from "./bytes.js";
import { parseJson, shape } from "./json.js";
import { ED25519, pae, verifyEd25519 } from "./note.js";
import { demand } from "./refusal.js";

export const ENVELOPE_BYTES_MAX = 16 * 1024 * 1024;
export const SIGNATURES_MAX = 64;

const ENVELOPE = shape.object({
  payloadType: shape.text,
  payload: shape.text,
  signatures: shape.list(shape.object({ keyid: shape.text, sig: shape.text }), SIGNATURES_MAX),
});

/** Reads an envelope; nothing is verified yet. */
export function parseEnvelope(bytes, type) {
  demand(bytes.length <= ENVELOPE_BYTES_MAX, "envelope.length", "the file is too long");
  const envelope = ENVELOPE(parseJson(bytes), "envelope");
  demand(envelope.payloadType === type, "envelope.type", `the envelope holds \`${envelope.payloadType}\``);
  const signatures = envelope.signatures.map(({ keyid, sig }) => ({ keyid, signature: fromBase64(sig) }));
  return { type, payload: fromBase64(envelope.payload), signatures };
}

/** Verifies that the log's key has signed; `code` names what is wrong if it has not. */
export function verifyEnvelope(envelope, key, code = "report.signature") {
  demand(key.kind === ED25519, "policy.key", "a log signs with a key of kind 01");
  const found = envelope.signatures.filter(({ keyid }) => keyid === key.text);
  demand(found.length === 1, code, `the log \`${key.name}\` has not signed, or not once`);
  const good = verifyEd25519(key.key, pae(envelope.type, envelope.payload), found[0].signature);
  demand(good, code, `the signature of \`${key.name}\` is false`);
}
