/**
 * How long the page takes to check a report: `node speed.js [TILES [ROUNDS]]` prints one line of JSON.
 *
 * The report covers half of the record's tiles, 256 entries each. `PORTCULLIS_RECORD` should name
 * an optimised build of the example `record`: `cargo build --release -p portcullis-web --example record`.
 */

import { createRequire } from "node:module";
import { openBrowser, openHouse, openPage } from "./house.js";

const REPORT = "/record/reports/uk-interception/2";
const LEAVES_A_TILE = 256;

const [tiles, rounds] = [Number(process.argv[2] ?? 80), Number(process.argv[3] ?? 5)];
const leaves = (tiles - Math.floor(tiles / 2)) * LEAVES_A_TILE;

/** Opens the report anew and clicks; from the click until the result stands there, in ms. */
async function round(browser, address) {
  const { page, errors } = await openPage(browser);
  await page.goto(address + REPORT);
  await page.waitForFunction(() => document.querySelector('[data-part="policy"]')?.value !== "");
  const seen = await page.evaluate(async () => {
    const result = document.querySelector('[data-part="result"]');
    const shown = new Promise((resolve) => {
      new MutationObserver(() => result.hidden || resolve()).observe(result, { attributes: true, childList: true });
    });
    const start = performance.now();
    document.querySelector('[data-part="start"]').click();
    await shown;
    const detail = (step) => document.querySelector(`.steps li[data-step="${step}"] .step-detail`).textContent;
    return {
      ms: performance.now() - start,
      state: document.getElementById("check-app").dataset.state,
      heading: result.querySelector("h3").textContent,
      sum: detail("sum"),
      cores: navigator.hardwareConcurrency,
    };
  });
  if (!seen.heading.includes("holds") || errors.length > 0) throw new Error(`${seen.heading} ${errors.join("; ")}`);
  if (!seen.sum.startsWith(`${leaves.toLocaleString("en-GB")} `)) throw new Error(`not ${leaves} entries: ${seen.sum}`);
  await page.close();
  return seen;
}

/** What a point decoded and added costs here, one thread, in µs: the library alone. */
async function anchor() {
  const check = createRequire(new URL("../package.json", import.meta.url));
  const { ristretto255 } = await import(check.resolve("@noble/curves/ed25519.js"));
  const { Point } = ristretto255;
  const points = Array.from({ length: 64 }, (_, at) => Point.BASE.multiply(BigInt(at + 2)).toBytes());
  const times = [];
  for (let again = 0; again < 20; again++) {
    const start = performance.now();
    let sum = Point.ZERO;
    for (const bytes of points) sum = sum.add(Point.fromBytes(bytes));
    sum.toBytes();
    times.push((performance.now() - start) * 1000 / points.length);
  }
  return times.sort((one, other) => one - other)[times.length / 2];
}

const house = await openHouse(tiles, ["truthful"]);
const browser = await openBrowser();
try {
  const seen = [];
  for (let again = 0; again < rounds; again++) seen.push(await round(browser, house.records.truthful));
  const [{ cores }] = seen;
  const version = await browser.version();
  console.log(JSON.stringify({ leaves, cores, version, times_ms: seen.map(({ ms }) => ms), point_us: await anchor() }));
} finally {
  await browser.close();
  house.close();
}
