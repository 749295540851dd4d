/** What the tests stand on: the example's server and a real browser. */

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import puppeteer from "puppeteer-core";

const WORKSPACE = fileURLToPath(new URL("../../../../", import.meta.url));
const BROWSERS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/**
 * Serves a truthful record and the false ones; `PORTCULLIS_RECORD` names a program that is built already.
 * `only` names the records that are wanted; none means all.
 */
export async function openHouse(tiles = 6, only = []) {
  const built = process.env.PORTCULLIS_RECORD;
  const [program, ...rest] = built ? [built] : ["cargo", "run", "--quiet", "-p", "portcullis-web", "--example", "record", "--"];
  const server = spawn(program, [...rest, String(tiles), ...only], { cwd: WORKSPACE, stdio: ["pipe", "pipe", "inherit"] });
  const line = await new Promise((resolve, reject) => {
    createInterface({ input: server.stdout }).once("line", resolve);
    server.once("error", reject);
    server.once("exit", (code) => reject(new Error(`the example ended with ${code}`)));
  });
  return { ...JSON.parse(line), close: () => server.stdin.end() };
}

/** The browser of `CHROMIUM`, or the one that is installed. */
export async function openBrowser() {
  const executablePath = process.env.CHROMIUM ?? BROWSERS.find((path) => existsSync(path));
  if (!executablePath) throw new Error("no Chromium is installed");
  return puppeteer.launch({ executablePath, headless: true, args: ["--no-sandbox", "--disable-gpu"] });
}

/** A page that keeps what went wrong on it, and every address it asked. */
export async function openPage(browser, { scripts = true, width = 1100, dark = false } = {}) {
  const page = await browser.newPage();
  await page.setViewport({ width, height: 900 });
  await page.setJavaScriptEnabled(scripts);
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }]);
  const errors = [];
  const asked = new Set();
  page.on("console", (message) => {
    // A file that need not be there may be missing.
    if (message.type() === "error" && !message.text().includes("404")) errors.push(message.text());
  });
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("request", (request) => asked.add(new URL(request.url()).origin));
  return { page, errors, asked };
}

/** Starts the check on this page and waits for its result. */
export async function check(page, { proofs = false, policy } = {}) {
  await page.waitForFunction(() => document.querySelector('[data-part="policy"]')?.value !== "");
  if (policy !== undefined) {
    await page.$eval('[data-part="policy"]', (field, text) => (field.value = text), policy);
  }
  if (proofs) await page.click('[data-part="proofs"]');
  await page.click('[data-part="start"]');
  await page.waitForSelector('[data-part="result"]:not([hidden])', { timeout: 120_000 });
  return page.evaluate(() => ({
    state: document.getElementById("check-app").dataset.state,
    heading: document.querySelector('[data-part="result"] h3').textContent,
    text: document.querySelector('[data-part="result"]').innerText,
    said: document.querySelector('[data-part="said"]').textContent,
    focused: document.activeElement === document.querySelector('[data-part="result"]'),
    steps: Object.fromEntries(
      [...document.querySelectorAll(".steps li")].map((item) => [
        item.dataset.step,
        { state: item.dataset.state, code: item.dataset.code, detail: item.querySelector(".step-detail").textContent },
      ]),
    ),
    wrong: [...document.querySelectorAll(".figure-wrong")].map((row) => row.innerText),
  }));
}
