/** The vectors that the Rust implementation made; this one was written without it. */

import { webcrypto } from "node:crypto";
import { readFileSync } from "node:fs";

// Node 18 has it, under another name.
globalThis.crypto ??= webcrypto;

const FOLDER = new URL("../../../../ballot/testdata/vectors/", import.meta.url);

export const vectors = (name) => JSON.parse(readFileSync(new URL(`${name}.json`, FOLDER), "utf8"));

export const bytes = (hex) => Uint8Array.from(Buffer.from(hex, "hex"));

/** The code with which `work` refuses; undefined if it does not. */
export function refusal(work) {
  try {
    work();
  } catch (error) {
    if (error.name !== "Refusal") throw error;
    return error.code;
  }
  return undefined;
}
