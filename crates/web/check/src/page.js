/** The page's side of the check: fills in what the server wrote, and says each step as it happens. */

import { FAILED, OPEN, PASSED, SKIPPED, checkReport, number, stepsOf } from "./check.js";
import { utf8 } from "./bytes.js";
import { checkOpened, openedSteps } from "./opened.js";
import { Refusal } from "./refusal.js";
import { formText } from "./report.js";
import { poolOf } from "./pool.js";

const WORDS = {
  waiting: "not yet",
  running: "working",
  [PASSED]: "holds",
  [FAILED]: "does not hold",
  [OPEN]: "left open",
  [SKIPPED]: "not checked",
};

/** How much of a long job has to be new before it is said aloud. */
const ALOUD_EVERY = 0.25;

/** Takes over the form for the check, if this page has one. */
export function bePage(document) {
  const app = document.getElementById("check-app");
  if (app) new Desk(app).open();
}

/** Fetches from this very server; null where there is nothing. */
async function fetchFile(path, signal) {
  let response;
  try {
    response = await fetch(path, { signal, credentials: "omit", redirect: "error" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refusal("check.network", `\`${path}\` cannot be fetched`);
  }
  if (response.status === 404) return null;
  if (!response.ok) throw new Refusal("check.network", `\`${path}\` was answered with ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

/** Fills an element with a sentence, in which what stands between backticks is code. */
function fill(element, sentence) {
  const parts = sentence.split("`").map((part, at) => {
    if (at % 2 === 0) return part;
    const code = document.createElement("code");
    code.textContent = part;
    return code;
  });
  element.replaceChildren(...parts);
}

/** A sentence as it is said aloud. */
const aloud = (sentence) => sentence.replaceAll("`", "");

class Desk {
  constructor(app) {
    this.app = app;
    this.data = app.dataset;
    const find = (name) => app.querySelector(`[data-part="${name}"]`);
    this.form = find("form");
    this.policy = find("policy");
    this.file = find("file");
    this.proofs = find("proofs");
    this.start = find("start");
    this.cancel = find("cancel");
    this.steps = find("steps");
    this.bar = find("bar");
    this.barText = find("bar-text");
    this.result = find("result");
    this.said = find("said");
  }

  open() {
    this.app.hidden = false;
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.run();
    });
    this.cancel.addEventListener("click", () => this.controller?.abort());
    this.file.addEventListener("change", async () => {
      const [file] = this.file.files;
      if (file) this.policy.value = await file.text();
    });
    this.offerPolicy();
  }

  /** The server's own list to begin with, so that something can be checked at once. */
  async offerPolicy() {
    try {
      const bytes = await fetchFile(this.data.policy);
      if (!bytes || this.policy.value !== "") return;
      this.policy.value = new TextDecoder().decode(bytes);
      this.offered = this.policy.value;
    } catch {
      // The visitor can paste one; an empty list is refused by name.
    }
  }

  async run() {
    const { subject, kind } = this.data;
    this.controller = new AbortController();
    const { signal } = this.controller;
    const begun = performance.now();
    const pool = poolOf(import.meta.url);
    this.begin(subject === "opened" ? openedSteps() : stepsOf(kind));
    try {
      const bytes = await fetchFile(this.data.file, signal);
      if (!bytes) throw new Refusal("check.network", "the file is no longer there");
      const task = {
        bytes,
        report: bytes,
        policy: utf8(this.policy.value),
        proofs: this.proofs?.checked ?? false,
        read: (path) => fetchFile(`${this.data.log}/${path}`, signal),
        earlier: (count) => fetchFile(this.data.file.replace(/[0-9]+\.json$/, `${count}.json`), signal),
        pool,
        signal,
        tell: (step) => this.tell(step),
        progress: (done, of) => this.progress(done, of),
      };
      const outcome = subject === "opened" ? await checkOpened(task) : await checkReport(task);
      this.finish(outcome, (performance.now() - begun) / 1000, pool.size);
    } catch (error) {
      this.stop(error);
    } finally {
      pool.close();
      this.controller = null;
      this.start.disabled = false;
      this.cancel.hidden = true;
      this.app.dataset.state = this.app.dataset.state === "running" ? "stopped" : this.app.dataset.state;
    }
  }

  begin(steps) {
    this.app.dataset.state = "running";
    this.start.disabled = true;
    this.cancel.hidden = false;
    this.result.hidden = true;
    this.bar.hidden = true;
    this.barText.textContent = "";
    this.saidOf = 0;
    for (const mark of document.querySelectorAll(".figure-wrong")) this.unmark(mark);
    this.steps.replaceChildren(...steps.map(({ id, title }) => this.step(id, title)));
    this.steps.hidden = false;
    this.say("The check has begun.");
  }

  step(id, title) {
    const item = document.createElement("li");
    item.dataset.step = id;
    item.dataset.state = "waiting";
    const parts = [["step-title", title], ["step-state", WORDS.waiting], ["step-detail", ""]].map(([name, text]) => {
      const part = document.createElement("span");
      part.className = name;
      part.textContent = text;
      return part;
    });
    item.append(...parts);
    return item;
  }

  tell({ id, state, detail, code, wrong }) {
    const item = this.steps.querySelector(`[data-step="${id}"]`);
    if (!item) return;
    item.dataset.state = state;
    if (code) item.dataset.code = code;
    item.querySelector(".step-state").textContent = WORDS[state];
    fill(item.querySelector(".step-detail"), detail + (code ? ` (\`${code}\`)` : ""));
    if (state === FAILED) this.say(`${item.querySelector(".step-title").textContent}: does not hold. ${detail}`);
    for (const one of wrong ?? []) this.mark(one);
  }

  progress(done, of) {
    this.bar.hidden = false;
    this.bar.max = of;
    this.bar.value = done;
    this.barText.textContent = `${number(done)} of ${number(of)} entries`;
    if (done / of - this.saidOf >= ALOUD_EVERY) {
      this.saidOf = done / of;
      this.say(this.barText.textContent);
    }
  }

  /** Marks a figure in the table above as the wrong one. */
  mark({ at, value }) {
    const row = document.querySelector(`[data-line="${at}"]`);
    if (!row) return;
    row.classList.add("figure-wrong");
    const note = document.createElement("span");
    note.className = "figure-note";
    note.textContent = value === undefined ? "this figure is not what was recorded" : `recorded: ${number(value)}`;
    row.querySelector("[data-figure]")?.append(note);
  }

  unmark(row) {
    row.classList.remove("figure-wrong");
    for (const note of row.querySelectorAll(".figure-note")) note.remove();
  }

  finish({ state, steps, report }, seconds, workers) {
    const failed = steps.filter((step) => step.state === FAILED);
    const skipped = steps.filter((step) => step.state === SKIPPED);
    const took = `${seconds.toFixed(1)} seconds, ${workers === 1 ? "one worker" : `${workers} workers`}`;
    const heading = state === PASSED ? "Everything that was checked holds." : "This does not hold.";
    const lines = failed.map(({ detail, code }) => `${detail} (\`${code}\`).`);
    for (const { wrong } of failed) {
      for (const { at, value } of wrong ?? []) {
        const line = report?.lines?.[at];
        if (!line) continue;
        const real = value === undefined ? "the record says otherwise" : `the record says ${number(value)}`;
        lines.push(`“${line.title}” is given as ${formText(line.form)}; ${real}.`);
      }
    }
    for (const { id, detail } of skipped) lines.push(`${this.titleOf(id)}: ${detail}.`);
    lines.push(`This took ${took}.`);
    if (state === PASSED && !this.ownPolicy()) {
      lines.push("The witnesses were those that this organisation names itself. Whoever has a list of their own should use that.");
    }
    this.show(state, heading, lines);
  }

  /** Whether the visitor brought a list that is not the server's. */
  ownPolicy() {
    return this.policy.value !== this.offered;
  }

  titleOf(id) {
    return this.steps.querySelector(`[data-step="${id}"] .step-title`)?.textContent ?? id;
  }

  stop(error) {
    if (error.name === "AbortError") return this.show("stopped", "The check was stopped.", ["Nothing is said about what was not reached."]);
    if (error instanceof Refusal) return this.show(FAILED, "The check could not be done.", [`${error.message} (\`${error.code}\`).`]);
    this.show(FAILED, "The check itself broke.", [String(error.message ?? error)]);
    throw error;
  }

  show(state, heading, lines) {
    this.app.dataset.state = state;
    this.result.dataset.state = state;
    const title = document.createElement("h3");
    title.textContent = heading;
    const list = lines.map((line) => {
      const item = document.createElement("p");
      fill(item, line);
      return item;
    });
    this.result.replaceChildren(title, ...list);
    this.result.hidden = false;
    this.say(`${heading} ${lines.join(" ")}`);
    this.result.focus();
  }

  say(text) {
    this.said.textContent = aloud(text);
  }
}
