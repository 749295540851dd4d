import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { base64, fromBase64, fromHex, hex, utf8 } from "../src/bytes.js";
import { parseJson } from "../src/json.js";
import { parseCheckpoint, parseKey, parseNote, verifyNote } from "../src/note.js";
import { parseProof } from "../src/opened.js";
import { logKey, parsePolicy } from "../src/policy.js";
import { endOfPeriod, parseReport, startOfPeriod } from "../src/report.js";
import { cellOf, parseSchema } from "../src/schema.js";
import { Frontier, emptyRoot, entriesIn, leafHash, perfectRoot, subtreesOf, tilePath, tileWidth, verifyInclusion } from "../src/tree.js";
import { refusal } from "./kit/vectors.js";

// The example of C2SP signed-note, "Format".
const QUASIMODO =
  "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n\n— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n";

test("the last empty line divides a note's text from its signatures", () => {
  const note = parseNote(utf8(QUASIMODO));
  assert.ok(note.text.endsWith("\n\ned è subito sera.\n"));
  assert.deepEqual(note.signatures.map(({ name }) => name), ["quasimodo.example/salvatore"]);
});

test("a malformed note is refused by name", () => {
  for (const [text, code] of [
    ["", "note.separator"],
    ["text\n", "note.separator"],
    ["text\n\n", "note.signatures"],
    ["te\txt\n\n— a AAAAAAA=\n", "note.control"],
    ["text\n\n- a AAAAAAA=\n", "note.line"],
    ["text\n\n— a AAAAAAA=", "note.line"],
    ["text\n\n— a  AAAAAAA=\n", "note.line"],
    ["text\n\n— a+b AAAAAAA=\n", "note.line"],
    ["text\n\n— a AAAA\n", "note.line"],
    ["text\n\n— a AAAAAAB=\n", "text.base64"],
    [`text\n\n${"— a AAAAAAA=\n".repeat(65)}`, "note.signatures"],
    ["x".repeat(70_000), "note.length"],
  ]) {
    assert.equal(refusal(() => parseNote(utf8(text))), code, JSON.stringify(text.slice(0, 40)));
  }
  assert.equal(refusal(() => parseNote(Uint8Array.of(255, 10, 10))), "text.utf8");
});

test("a key whose id is another's is refused", () => {
  const good = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
  assert.equal(parseKey(good).name, "PeterNeumann");
  for (const [text, code] of [
    [good.replace("c74f20a3", "c74f20a4"), "key.id"],
    ["PeterNeumann", "key.shape"],
    [good.replace("ARpc", "Ahpc"), "key.kind"],
    [`${good}AA==`, "key.length"],
    [good.slice(0, -1), "text.base64"],
  ]) {
    assert.equal(refusal(() => parseKey(text)), code, text);
  }
});

// The example of Go's x/mod, sumdb/note: a note of one signature, and its key.
test("a signature holds over its own text and over no other", () => {
  const key = parseKey("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
  const text =
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
  assert.deepEqual(verifyNote(parseNote(utf8(text)), key), {});
  const other = text.replace("answer", "reason");
  assert.equal(refusal(() => verifyNote(parseNote(utf8(other)), key)), "note.false");
  assert.equal(verifyNote(parseNote(utf8(QUASIMODO)), key), null, "it says nothing here");
  const twice = text + text.slice(text.indexOf("—"));
  assert.equal(refusal(() => verifyNote(parseNote(utf8(twice)), key)), "note.twice");
});

test("a checkpoint has an origin, a size without leading zeros, and a root", () => {
  const root = base64(new Uint8Array(32));
  const read = (text) => parseCheckpoint({ text });
  assert.equal(read(`log.example\n7\n${root}\n`).size, 7);
  for (const [text, code] of [
    [`log.example\n07\n${root}\n`, "checkpoint.size"],
    [`log.example\n99999999999999999999\n${root}\n`, "checkpoint.size"],
    [`log.example\n7\n`, "checkpoint.shape"],
    [`log.example\n7\n${root}\n\n`, "checkpoint.shape"],
    [`log.example\n7\nAAAA\n`, "text.length"],
  ]) {
    assert.equal(refusal(() => read(text)), code, JSON.stringify(text));
  }
});

test("a policy that means nothing, or two things, is refused", () => {
  const log = "log PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW\n";
  assert.equal(parsePolicy(utf8(`# ours\n\n${log}quorum none\n`)).logs.length, 1);
  for (const [text, code] of [
    ["", "policy.quorum"],
    [log, "policy.quorum"],
    [`${log}quorum none\nquorum none\n`, "policy.quorum"],
    [`${log}quorum two\n`, "policy.name"],
    [`${log}${log}quorum none\n`, "policy.twice"],
    [`${log}group g 1 a\nquorum none\n`, "policy.name"],
    [`${log}group g 0 a\nquorum none\n`, "policy.items"],
    [`${log}quorum none`, "policy.line"],
    ["trust everybody\n", "policy.keyword"],
    [`${log.replace("log", "witness w")}quorum none\n`, "policy.key"],
  ]) {
    assert.equal(refusal(() => parsePolicy(utf8(text))), code, JSON.stringify(text));
  }
});

test("a log that is listed by its registered name is known in every generation", () => {
  const policy = parsePolicy(utf8("log PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW\nquorum none\n"));
  assert.equal(logKey(policy, "PeterNeumann").text, policy.logs[0].key.text);
  const second = logKey(policy, "PeterNeumann/2");
  assert.deepEqual([second.name, parseKey(second.text).name], ["PeterNeumann/2", "PeterNeumann/2"]);
  for (const origin of ["PeterNeumann/02", "PeterNeumann/2/3", "PeterNeumann2", "Peter"]) {
    assert.equal(refusal(() => logKey(policy, origin)), "policy.log", origin);
  }
});

// RFC 6962 roots of the test leaves of certificate-transparency-go, for 0 to 8 leaves.
const LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
const ROOTS = [
  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
  "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
  "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
  "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
  "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

test("roots are those of RFC 6962", () => {
  const frontier = new Frontier();
  assert.equal(hex(emptyRoot()), ROOTS[0]);
  assert.equal(hex(frontier.root()), ROOTS[0]);
  for (const [at, leaf] of LEAVES.entries()) {
    frontier.push(leafHash(fromHex(leaf)));
    assert.equal(hex(frontier.root()), ROOTS[at + 1]);
  }
});

test("subtrees put together are the tree", () => {
  const hashes = LEAVES.map((leaf) => leafHash(fromHex(leaf)));
  for (let size = 1; size <= 8; size++) {
    const frontier = new Frontier();
    for (const { start, height } of subtreesOf(size)) {
      frontier.push(perfectRoot(hashes.slice(start, start + 2 ** height)), height);
    }
    assert.equal(hex(frontier.root()), ROOTS[size]);
  }
  const odd = new Frontier();
  odd.push(hashes[0]);
  assert.equal(refusal(() => odd.push(hashes[1], 1)), "tree.shape");
});

test("an inclusion path leads to the root from its own place and from no other", () => {
  const hashes = LEAVES.map((leaf) => leafHash(fromHex(leaf)));
  const pathOf = (all, index) => {
    if (all.length <= 1) return [];
    const split = 2 ** Math.ceil(Math.log2(all.length) - 1);
    const rootOf = (part) => {
      const frontier = new Frontier();
      for (const hash of part) frontier.push(hash);
      return frontier.root();
    };
    const [left, right] = [all.slice(0, split), all.slice(split)];
    return index < split ? [...pathOf(left, index), rootOf(right)] : [...pathOf(right, index - split), rootOf(left)];
  };
  for (let size = 1; size <= 8; size++) {
    const [all, root] = [hashes.slice(0, size), fromHex(ROOTS[size])];
    for (let index = 0; index < size; index++) {
      const path = pathOf(all, index);
      verifyInclusion(all[index], index, size, root, path);
      assert.ok(refusal(() => verifyInclusion(all[index], index, size, root, [...path, all[0]])));
      if (path.length > 0) assert.ok(refusal(() => verifyInclusion(all[index], index, size, root, path.slice(1))));
      if (size > 1) assert.ok(refusal(() => verifyInclusion(all[index], (index + 1) % size, size, root, path)));
    }
  }
  assert.equal(refusal(() => verifyInclusion(hashes[0], 1, 1, fromHex(ROOTS[1]), [])), "proof.index");
});

test("tiles have the paths and widths of the specification", () => {
  assert.equal(tilePath(0, 1234067), "tile/0/x001/x234/067");
  assert.equal(tilePath("entries", 0, 3), "tile/entries/000.p/3");
  assert.deepEqual([tileWidth(0, 0, 256), tileWidth(1, 0, 256), tileWidth(0, 1, 256)], [256, 1, 0]);
});

test("a bundle that ends within an entry, or holds too many, is refused", () => {
  assert.equal(entriesIn(Uint8Array.of(0, 1, 7, 0, 0)).length, 2);
  assert.equal(refusal(() => entriesIn(Uint8Array.of(0, 2, 7))), "tile.bundle");
  assert.equal(refusal(() => entriesIn(new Uint8Array(2 * 257))), "tile.bundle");
});

test("JSON that two readers could read in two ways is refused", () => {
  const read = (text) => parseJson(utf8(text));
  assert.deepEqual({ ...read('{"a":[1,"\\u00e9",null,true]}') }, { a: [1, "é", null, true] });
  for (const [text, code] of [
    ['{"a":1,"a":2}', "json.twice"],
    ['{"a":1,"\\u0061":2}', "json.twice"],
    ["1.5", "json.malformed"],
    ["01", "json.malformed"],
    ["9007199254740993", "json.number"],
    ["[1,]", "json.malformed"],
    ["{} {}", "json.malformed"],
    ['"\\ud800"', "json.malformed"],
    ["[".repeat(40), "json.depth"],
    ['{"__proto__":1,"__proto__":2}', "json.twice"],
  ]) {
    assert.equal(refusal(() => read(text)), code, text);
  }
});

test("base64 and hexadecimal have one way to be written", () => {
  assert.equal(base64(fromBase64("AAEC/w==")), "AAEC/w==");
  for (const text of ["AAEC/w", "AAEC/x==", "AA EC", "====", "A===", "AAEC_w=="]) {
    assert.equal(refusal(() => fromBase64(text)), "text.base64", text);
  }
  for (const text of ["0", "0G", "AA"]) assert.equal(refusal(() => fromHex(text)), "text.hex", text);
});

test("a period ends at midnight in its own zone, also where clocks change", () => {
  const end = (to, zone) => new Date(endOfPeriod({ to, zone }) * 1000).toISOString();
  assert.equal(end("2026-06-30", "Europe/London"), "2026-06-30T23:00:00.000Z");
  assert.equal(end("2026-12-31", "Europe/London"), "2027-01-01T00:00:00.000Z");
  assert.equal(end("2026-03-28", "Europe/London"), "2026-03-29T00:00:00.000Z");
  assert.equal(end("2026-10-25", "America/New_York"), "2026-10-26T04:00:00.000Z");
  const start = startOfPeriod({ from: "2026-07-01", zone: "Europe/London" });
  assert.equal(start, endOfPeriod({ to: "2026-06-30", zone: "Europe/London" }));
  assert.equal(refusal(() => endOfPeriod({ to: "2026-06-30", zone: "Nowhere/Land" })), "report.zone");
});

test("bytes that are no report, and no proof, are refused by name", () => {
  for (const [text, code] of [
    ["", "json.malformed"],
    ["{}", "json.missing"],
    ['{"payloadType":"x","payload":"","signatures":[]}', "envelope.type"],
    ['{"payloadType":"x","payload":"","signatures":[],"more":1}', "json.unknown"],
  ]) {
    assert.equal(refusal(() => parseReport(utf8(text))), code, text);
  }
  assert.equal(refusal(() => parseProof("c2sp.org/tlog-proof@v2\nindex 1\n\nnote")), "proof.shape");
  assert.equal(refusal(() => parseProof("c2sp.org/tlog-proof@v1\nindex 01\n\nnote")), "proof.index");
});

test("the schemas that come with the program are read, and find a docket's cell", () => {
  const read = (name) => parseSchema(readFileSync(new URL(`../../../../schemas/${name}-v1.toml`, import.meta.url)));
  for (const name of ["provider", "authority", "approver"]) assert.equal(read(name).length, 32, name);
  const docket = { kind: "received", what: "order", law: "uk-ipa-2016", effect: "disclose", first: true };
  assert.equal(cellOf(read("provider"), docket).id, "uk-part3-orders");
  assert.equal(cellOf(read("provider"), { ...docket, law: "unknown" }), null);
});

test("a schema that is not understood is refused, not guessed", () => {
  const check = (text, code) => assert.equal(refusal(() => parseSchema(utf8(text))), code, text);
  check("[[cell]]\nnumber = 1\n", "schema.cells");
  check("[[cell]]\nnumber = 1\n[cell.counts]\nmoon = true\n", "schema.unknown");
  check("[[cell]]\nnumber = 1.5\n", "schema.malformed");
  check("[[cell]]\nnumber = 1\nnumber = 1\n", "schema.malformed");
  check("what is this\n", "schema.malformed");
});
