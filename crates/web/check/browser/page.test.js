import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { check, openBrowser, openHouse, openPage } from "./house.js";

const axe = createRequire(import.meta.url)("axe-core");
const REPORT = "/record/reports/uk-interception/2";
const BANDED = "/record/reports/uk-accounts/1";

let house;
let browser;

before(async () => {
  house = await openHouse();
  browser = await openBrowser();
});

after(async () => {
  await browser?.close();
  house?.close();
});

const at = (record, path) => `${house.records[record]}${path}`;

/** Checks a report of a record, the second of its first series if no other is named, and says what the page did. */
async function checked(record, options) {
  const opened = await openPage(browser, options);
  await opened.page.goto(at(record, options?.report ?? REPORT));
  const outcome = await check(opened.page, options);
  return { ...opened, outcome };
}

async function openedDocket(record) {
  const opened = await openPage(browser);
  await opened.page.goto(at(record, "/"));
  await Promise.all([opened.page.waitForNavigation(), opened.page.click('a[href^="/record/opened/"]')]);
  return { ...opened, outcome: await check(opened.page) };
}

test("a truthful report holds, step by step, and nothing is asked elsewhere", async () => {
  const { page, errors, asked, outcome } = await checked("truthful");
  assert.equal(outcome.heading, "Everything that was checked holds.");
  for (const [id, { state, detail }] of Object.entries(outcome.steps)) {
    assert.equal(state, ["proofs", "law"].includes(id) ? "skipped" : "passed", `${id}: ${detail}`);
  }
  assert.match(outcome.text, /each entry’s own proof was not checked here/);
  assert.match(outcome.text, /not checked here: the law’s own file, .* its delays .*portcullis report verify does that/);
  assert.ok(outcome.focused, "the result has the focus");
  assert.match(outcome.said, /Everything that was checked holds/);
  assert.deepEqual(errors, []);
  assert.deepEqual([...asked], [house.records.truthful]);
  await page.close();
});

test("every leaf proof is checked where that is asked for", async () => {
  const { page, errors, outcome } = await checked("truthful", { proofs: true });
  assert.equal(outcome.steps.proofs.state, "passed");
  assert.equal(outcome.steps.proofs.detail, "768 proofs");
  assert.deepEqual(errors, []);
  await page.close();
});

test("a false total is found, and the figure is named with the recorded one", async () => {
  const { page, outcome } = await checked("false-total");
  assert.equal(outcome.heading, "This does not hold.");
  assert.deepEqual([outcome.steps.lines.state, outcome.steps.lines.code], ["failed", "report.proof_sum"]);
  assert.equal(outcome.wrong.length, 1);
  assert.match(outcome.wrong[0], /Urgent warrants/);
  assert.match(outcome.wrong[0], /recorded: 16/);
  assert.match(outcome.text, /“Urgent warrants” is given as 15; the record says 16/);
  for (const id of ["signature", "tree", "sum"]) assert.equal(outcome.steps[id].state, "passed", id);
  await page.close();
});

test("a figure that is shown finer than its series is named, though its proof holds", async () => {
  const truthful = await checked("truthful", { report: BANDED });
  assert.equal(truthful.outcome.heading, "Everything that was checked holds.");
  assert.equal(truthful.outcome.steps.previous.detail, "it is the first of its series");
  const { page, outcome } = await checked("too-fine", { report: BANDED });
  assert.equal(outcome.heading, "This does not hold.");
  assert.deepEqual([outcome.steps.form.state, outcome.steps.form.code], ["failed", "report.form"]);
  assert.match(outcome.text, /“Accounts concerned” is given as \d+, and its series is shown in bands of 100/);
  assert.equal(outcome.steps.lines.state, "passed", "the figure is true, and finer than it may be");
  await truthful.page.close();
  await page.close();
});

test("a missing leaf is found, and its tile is named", async () => {
  const { page, outcome } = await checked("missing-leaf");
  assert.deepEqual([outcome.steps.tiles.state, outcome.steps.tiles.code], ["failed", "tile.missing"]);
  assert.match(outcome.text, /bundle 5 holds 255 leaves, and 256 were signed/);
  assert.equal(outcome.steps.tree.state, "open");
  await page.close();
});

test("swapped tiles are found, and named", async () => {
  const { page, outcome } = await checked("swapped-tile");
  assert.deepEqual([outcome.steps.tree.state, outcome.steps.tree.code], ["failed", "tree.root"]);
  assert.match(outcome.text, /tiles 4, 5 hold other entries than the witnesses saw/);
  await page.close();
});

test("a forged witness is found, and named", async () => {
  const { page, outcome } = await checked("forged-witness");
  assert.deepEqual([outcome.steps.end.state, outcome.steps.end.code], ["failed", "note.false"]);
  assert.match(outcome.text, /the cosignature of newspaper.example\/witness is false/);
  assert.equal(outcome.steps.tiles.state, "open", "what rests on it is left open");
  await page.close();
});

test("a leaf that counts what it may not is found by its proof, and named", async () => {
  const { page, outcome } = await checked("false-leaf", { proofs: true });
  assert.deepEqual([outcome.steps.proofs.state, outcome.steps.proofs.code], ["failed", "leaf.proof"]);
  assert.match(outcome.text, /entry 1,436/);
  await page.close();
});

test("a report that leaves entries out at its start is found", async () => {
  const { page, outcome } = await checked("gap");
  assert.deepEqual([outcome.steps.previous.state, outcome.steps.previous.code], ["failed", "report.gap"]);
  await page.close();
});

test("an opened docket is checked, and a changed or miscounted one is found", async () => {
  const truthful = await openedDocket("truthful");
  assert.equal(truthful.outcome.heading, "Everything that was checked holds.");
  assert.deepEqual(truthful.errors, []);
  const changed = await openedDocket("false-docket");
  assert.deepEqual([changed.outcome.steps.digest.state, changed.outcome.steps.digest.code], ["failed", "opened.other_docket"]);
  const miscounted = await openedDocket("wrong-cell");
  assert.deepEqual([miscounted.outcome.steps.right.state, miscounted.outcome.steps.right.code], ["failed", "opened.wrong_cell"]);
  assert.match(miscounted.outcome.text, /cell 5, and such a docket belongs to cell 4, “Communications-data notices received”/);
  await miscounted.page.close();
  await truthful.page.close();
  await changed.page.close();
});

test("a joint report is checked, and a false total is named", async () => {
  const joint = async (record) => {
    const opened = await openPage(browser);
    await opened.page.goto(at(record, "/record/reports/uk-joint/1"));
    return { ...opened, outcome: await check(opened.page) };
  };
  const truthful = await joint("truthful");
  assert.equal(truthful.outcome.heading, "Everything that was checked holds.");
  assert.equal(truthful.outcome.steps.sums.state, "skipped");
  assert.deepEqual([truthful.outcome.steps.schema.state, truthful.outcome.steps.form.detail], ["passed", "2 lines of uk-joint"]);
  assert.match(truthful.outcome.text, /the entries lie in several organisations’ records, and were not fetched here/);
  assert.deepEqual(truthful.errors, []);
  const changed = await joint("false-total");
  assert.deepEqual([changed.outcome.steps.lines.state, changed.outcome.steps.lines.code], ["failed", "report.joint_total"]);
  assert.match(changed.outcome.text, /“Orders, of all three” is given as 17; the record says 18/);
  await truthful.page.close();
  await changed.page.close();
});

test("the visitor's own list decides, and one that asks for no witness is refused", async () => {
  const lines = house.policy.trim().split("\n");
  const [log, witnesses] = [lines[0], lines.filter((line) => !line.startsWith("log "))];
  const none = await checked("truthful", { policy: `${log}\nquorum none\n` });
  assert.deepEqual([none.outcome.steps.policy.state, none.outcome.steps.policy.code], ["failed", "policy.quorum"]);
  const unknown = await checked("truthful", { policy: `${witnesses.join("\n")}\n` });
  assert.deepEqual([unknown.outcome.steps.signature.state, unknown.outcome.steps.signature.code], ["failed", "policy.log"]);
  await none.page.close();
  await unknown.page.close();
});

test("a check can be stopped, and says that it was", async () => {
  const { page } = await openPage(browser);
  await page.goto(at("truthful", REPORT));
  await page.waitForFunction(() => document.querySelector('[data-part="policy"]').value !== "");
  // Tiles that never come: the check is certainly still at work.
  await page.setRequestInterception(true);
  page.on("request", (request) => (request.url().includes("/tile/") ? undefined : request.continue()));
  await page.click('[data-part="start"]');
  await page.waitForSelector('[data-part="cancel"]:not([hidden])');
  await page.click('[data-part="cancel"]');
  await page.waitForSelector('[data-part="result"]:not([hidden])');
  const heading = await page.$eval('[data-part="result"] h3', (title) => title.textContent);
  assert.equal(heading, "The check was stopped.");
  await page.close();
});

test("without scripts every page is complete, and offers no check that it cannot do", async () => {
  const { page, errors } = await openPage(browser, { scripts: false });
  await page.goto(at("truthful", REPORT));
  const text = await page.$eval("body", (body) => body.innerText).catch(() => null);
  const whole = text ?? (await page.content());
  for (const said of ["Warrants received", "withheld", "A wrong cell.", "needs scripts"]) {
    assert.ok(whole.includes(said), said);
  }
  const box = await page.$("#check-app");
  assert.equal(await box.isVisible(), false);
  assert.deepEqual(errors, []);
  await page.close();
});

test("the keyboard alone reaches everything, in order, with the focus in sight", async () => {
  const { page } = await openPage(browser);
  await page.goto(at("truthful", REPORT));
  await page.waitForSelector("#check-app:not([hidden])");
  const wanted = await page.$$eval("a[href], button:not([disabled]), input, textarea", (all) =>
    all.filter((one) => one.checkVisibility()).map((one) => one.textContent.trim() || one.id),
  );
  const reached = [];
  for (let at = 0; at < wanted.length; at++) {
    await page.keyboard.press("Tab");
    const [name, outline] = await page.evaluate(() => {
      const one = document.activeElement;
      return [one.textContent.trim() || one.id, getComputedStyle(one).outlineStyle];
    });
    reached.push(name);
    assert.notEqual(outline, "none", `${name} shows its focus`);
  }
  assert.deepEqual(reached, wanted);
  assert.equal(reached[0], "Skip to the content");
  await page.focus('[data-part="start"]');
  await page.keyboard.press("Enter");
  await page.waitForSelector('[data-part="result"]:not([hidden])', { timeout: 60_000 });
  await page.close();
});

for (const dark of [false, true]) {
  const light = dark ? "dark" : "light";
  test(`no accessibility rule is broken, contrast included, in ${light}`, async () => {
    for (const [record, path, runs] of [
      ["truthful", "/", false],
      ["truthful", "/record/about", false],
      ["truthful", REPORT, true],
      ["false-total", REPORT, true],
      ["truthful", "/record/nothing", false],
    ]) {
      const { page } = await openPage(browser, { dark });
      await page.goto(at(record, path));
      if (runs) await check(page);
      await page.evaluate(axe.source);
      const { violations, passes } = await page.evaluate(() =>
        window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }),
      );
      const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
      assert.deepEqual(found, [], `${record}${path}`);
      assert.ok(passes.some(({ id }) => id === "color-contrast"), "contrast was measured");
      await page.close();
    }
  });
}

test("at 320 pixels nothing is cut off or scrolls sideways", async () => {
  for (const path of ["/", "/record/about", REPORT]) {
    const { page } = await openPage(browser, { width: 320 });
    await page.goto(at("truthful", path));
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(width <= 320, `${path} is ${width} pixels wide`);
    await page.close();
  }
});

test("nobody can run a script of their own on these pages", async () => {
  const { page } = await openPage(browser);
  await page.goto(at("truthful", REPORT));
  const refused = await page.evaluate(
    () =>
      new Promise((resolve) => {
        document.addEventListener("securitypolicyviolation", (event) => resolve(event.effectiveDirective));
        const script = document.createElement("script");
        script.textContent = "window.ran = true";
        document.head.append(script);
      }),
  );
  assert.match(refused, /^script-src/);
  assert.equal(await page.evaluate(() => window.ran), undefined);
  await page.close();
});
