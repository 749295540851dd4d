/** Report files: a DSSE envelope around the payload `report/v1`. */

import { sha256 } from "@noble/hashes/sha2.js";
import { fromBase64, fromHex, hex } from "./bytes.js";
import { parseEnvelope } from "./envelope.js";
import { parseJson, shape } from "./json.js";
import { PARTICIPANTS_MAX } from "./joint.js";
import { LINES_MAX } from "./lines.js";
import { Refusal, demand } from "./refusal.js";

export const TYPE = "application/vnd.portcullis.report.v1+json";

const { text, count, list, orNull, is, object, map } = shape;

const FORM = {
  exact: object({ kind: is("exact"), value: count }),
  band: object({ kind: is("band"), low: count, high: count }),
  withheld: object({ kind: is("withheld"), because: text }),
};

function form(value, where) {
  const kind = value?.kind;
  demand(typeof kind === "string" && Object.hasOwn(FORM, kind), "json.shape", `\`${where}.kind\` is not known here`);
  return FORM[kind](value, where);
}

const date = (value, where) => {
  const good = typeof value === "string" && /^\d{4}-\d{2}-\d{2}$/.test(value);
  const made = good ? new Date(`${value}T00:00:00Z`) : null;
  const real = made && !Number.isNaN(made.valueOf()) && made.toISOString().startsWith(value);
  demand(real, "json.shape", `\`${where}\` is no date`);
  return value;
};

const edge = object({ size: count, checkpoint: orNull(text) });
const line = object({
  id: text,
  title: text,
  cells: list(count, 32),
  law: orNull(text),
  clause: text,
  form,
});
const unproved = object({ title: text, value: text, unit: text, clause: text });

const common = {
  portcullis: is("report/v1"),
  realm: text,
  series: text,
  number: count,
  previous: orNull(text),
  period: object({ from: date, to: date, zone: text }),
  made_at: text,
  first_assistance: orNull(text),
  laws: map(text, 64),
  lines: list(line, LINES_MAX),
  unproved: list(unproved, LINES_MAX),
};

const SINGLE = object({
  ...common,
  kind: is("single"),
  member: text,
  origin: text,
  schema: text,
  start: edge,
  end: edge,
  commitment: text,
  proof: text,
});

const participant = object({
  member: text,
  origin: text,
  schema: text,
  start: edge,
  end: edge,
  commitment: text,
  report_key: text,
  masks: list(text, PARTICIPANTS_MAX),
  opening: text,
});

const JOINT = object({
  ...common,
  kind: is("joint"),
  attempt: count,
  participants: list(participant, PARTICIPANTS_MAX),
});

/** Reads a report file: its envelope, and what its payload says. Nothing is verified yet. */
export function parseReport(bytes) {
  const envelope = parseEnvelope(bytes, TYPE);
  const value = parseJson(envelope.payload);
  const report = value?.kind === "joint" ? JOINT(value, "report") : SINGLE(value, "report");
  if (report.kind === "single") {
    report.range = range(report);
    report.proofBytes = fromBase64(report.proof);
  } else {
    for (const one of report.participants) {
      one.range = range(one);
      one.key = fromBase64(one.report_key, 32);
      one.maskBytes = one.masks.map((mask) => fromBase64(mask, 32));
      one.openingBytes = fromBase64(one.opening);
    }
  }
  if (report.previous !== null) fromHex(report.previous, 32);
  return { envelope, report, digest: hex(sha256(envelope.payload)) };
}

/** What the report is about, as bytes; the root comes from the verified checkpoint. */
function range({ origin, schema, start, end, commitment }) {
  demand(start.size < end.size, "report.range", "the report covers no leaf");
  demand((start.size === 0) === (start.checkpoint === null), "report.range", "a report that does not start at 0 has a checkpoint at its start");
  demand(end.checkpoint !== null, "report.range", "the report has no checkpoint at its end");
  return {
    origin,
    schema: fromHex(schema, 32),
    start: start.size,
    end: end.size,
    commitment: fromBase64(commitment, 32),
  };
}

/**
 * The first instant after the last day of a period in its time zone, in seconds
 * since 1970: midnight there, or what follows it where a clock change skips it.
 */
export const endOfPeriod = ({ to, zone }) => startOfDay(Date.parse(`${to}T00:00:00Z`) / 1000 + 86400, zone);

/** The first instant of a period's first day in its time zone, in seconds since 1970. */
export const startOfPeriod = ({ from, zone }) => startOfDay(Date.parse(`${from}T00:00:00Z`) / 1000, zone);

/** The midnight in `zone` that `midnight` is in UTC. */
function startOfDay(midnight, zone) {
  let format;
  try {
    format = new Intl.DateTimeFormat("en-GB-u-ca-iso8601-nu-latn", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
    });
  } catch {
    throw new Refusal("report.zone", `the time zone \`${zone}\` is not known here`);
  }
  const offset = (instant) => {
    const at = Object.fromEntries(format.formatToParts(instant * 1000).map(({ type, value }) => [type, Number(value)]));
    return Date.UTC(at.year, at.month - 1, at.day, at.hour, at.minute, at.second) / 1000 - instant;
  };
  // Two guesses settle it wherever a day has one midnight; the earlier offset wins where it has none.
  const guess = midnight - offset(midnight);
  return midnight - offset(guess);
}

/** A form in words. */
export function formText(form) {
  if (form.kind === "exact") return String(form.value);
  return form.kind === "band" ? `${form.low}–${form.high}` : "withheld";
}
