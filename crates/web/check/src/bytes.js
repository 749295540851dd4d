/** Bytes and their written forms. Every form is canonical: what is written in another way is refused. */

import { demand } from "./refusal.js";

const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const BASE64_VALUE = new Int8Array(128).fill(-1);
for (let i = 0; i < 64; i++) BASE64_VALUE[BASE64.charCodeAt(i)] = i;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The UTF-8 bytes of a text. */
export const utf8 = (text) => encoder.encode(text);

/** The text of UTF-8 bytes; `text.utf8` if they are none. */
export function fromUtf8(bytes) {
  try {
    return decoder.decode(bytes);
  } catch {
    demand(false, "text.utf8", "the bytes are not UTF-8");
  }
}

/** Several pieces as one. */
export function concat(...pieces) {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** Whether two arrays hold the same bytes. */
export function equal(a, b) {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}

/** Lower-case hexadecimal. */
export const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

/** The bytes of lower-case hexadecimal, `length` of them if it is given. */
export function fromHex(text, length) {
  const good = typeof text === "string" && /^(?:[0-9a-f]{2})*$/.test(text);
  demand(good, "text.hex", "this is not lower-case hexadecimal");
  const bytes = Uint8Array.from({ length: text.length / 2 }, (_, at) =>
    Number.parseInt(text.slice(2 * at, 2 * at + 2), 16),
  );
  demand(length === undefined || bytes.length === length, "text.length", `expected ${length} bytes in hexadecimal`);
  return bytes;
}

/** Standard base64 with padding (RFC 4648 §4). */
export function base64(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 3) {
    const [a, b, c] = [bytes[at], bytes[at + 1], bytes[at + 2]];
    text += BASE64[a >> 2] + BASE64[((a & 3) << 4) | ((b ?? 0) >> 4)];
    text += b === undefined ? "=" : BASE64[((b & 15) << 2) | ((c ?? 0) >> 6)];
    text += c === undefined ? "=" : BASE64[c & 63];
  }
  return text;
}

/** The bytes of standard base64: padded, without a bit left over; `length` of them if it is given. */
export function fromBase64(text, length) {
  const shape = typeof text === "string" && text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
  demand(shape, "text.base64", "this is not base64");
  const digits = text.replace(/=+$/, "");
  const bytes = new Uint8Array(Math.floor((digits.length * 3) / 4));
  let bits = 0;
  let held = 0;
  let at = 0;
  for (let i = 0; i < digits.length; i++) {
    bits = ((bits << 6) | BASE64_VALUE[digits.charCodeAt(i)]) & 0xffffff;
    held += 6;
    if (held >= 8) {
      held -= 8;
      bytes[at++] = (bits >> held) & 0xff;
    }
  }
  demand((bits & ((1 << held) - 1)) === 0 && held < 6, "text.base64", "this base64 has bits left over");
  demand(length === undefined || bytes.length === length, "text.length", `expected ${length} bytes in base64`);
  return bytes;
}

/** A whole number as `size` bytes, the greatest first. */
export function uint(value, size) {
  const bytes = new Uint8Array(size);
  let rest = BigInt(value);
  for (let at = size - 1; at >= 0; at--) {
    bytes[at] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return bytes;
}

/** A text behind its length in two bytes. */
export function str16(text) {
  const bytes = utf8(text);
  demand(bytes.length <= 0xffff, "text.length", "a text of more than 65,535 bytes");
  return concat(uint(bytes.length, 2), bytes);
}

/** The number that bytes spell, the least first. */
export function fromLittleEndian(bytes) {
  let value = 0n;
  for (let at = bytes.length - 1; at >= 0; at--) value = (value << 8n) | BigInt(bytes[at]);
  return value;
}

/** Hands out a byte array from its front to its end. */
export class Reader {
  /**
   * @param {Uint8Array} bytes
   * @param {string} code of the refusal when they do not reach, or reach too far
   */
  constructor(bytes, code) {
    this.bytes = bytes;
    this.code = code;
    this.at = 0;
  }

  /** The next `count` bytes. */
  take(count) {
    demand(this.at + count <= this.bytes.length, this.code, "the bytes end too early");
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }

  /** The next whole number of `size` bytes, at most six. */
  uint(size) {
    return this.take(size).reduce((value, byte) => value * 256 + byte, 0);
  }

  /** Says that nothing is left. */
  end() {
    demand(this.at === this.bytes.length, this.code, "there are bytes too many");
  }
}
