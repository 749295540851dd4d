/**
 * What the schema says of a report: its series, its lines, their forms and its
 * period. The law's own file is not looked at here.
 */

import { demand } from "./refusal.js";
import { formText } from "./report.js";

/** Whether a form tells no more than its series does. */
export function noFiner(form, { band, few, joint }) {
  if (form.kind === "withheld") return !joint;
  if (band === null) {
    // A count that is too small to be shown is a band from 0 up to where it no longer is.
    return form.kind === "exact" ? form.value >= few : form.low === 0 && form.high + 1 === few;
  }
  return form.kind === "band" && form.low % band === 0 && form.high - form.low === band - 1;
}

/** The series of a report, if the schema has it and publishes it in this way. */
export function seriesOf(all, { series: id, kind, period, laws }) {
  const series = all.get(id);
  demand(series, "report.series", `the record’s list has no series \`${id}\``);
  demand(series.joint === (kind === "joint"), "report.kind", `the series \`${id}\` is not published as a ${kind} report`);
  demand(series.zone === period.zone, "report.zone", `its days begin in \`${period.zone}\`, those of its series in \`${series.zone}\``);
  const named = series.law === null || Object.hasOwn(laws, series.law);
  demand(named, "report.law", `it does not name the law \`${series.law}\`, on which its series rests`);
  return series;
}

/** That the lines are those of the series, none left out, and none shown finer. */
export function demandLines(lines, series) {
  const number = `it has ${lines.length} lines, and its series has ${series.lines.length}`;
  demand(lines.length === series.lines.length, "report.lines", number);
  for (const [at, line] of lines.entries()) {
    const wanted = series.lines[at];
    const same = ["id", "title", "clause"].every((key) => line[key] === wanted[key]) && line.law === series.law && line.cells.join() === wanted.cells.join();
    demand(same, "report.lines", `the line \`${line.id}\` is not the line \`${wanted.id}\` of its series`);
    const shown = series.band === null ? (series.few > 0 ? `exactly from ${series.few} on` : "exactly") : `in bands of ${series.band}`;
    const finer = `“${line.title}” is given as ${formText(line.form)}, and its series is shown ${shown}`;
    demand(noFiner(line.form, series), "report.form", finer);
  }
}

/** That the period is a whole one of the calendar, as long as those of the series. */
export function demandPeriod({ from, to }, { months }) {
  const [year, month, day] = from.split("-").map(Number);
  demand(day === 1 && (month - 1) % months === 0, "report.period_start", `no period of ${months} months begins on ${from}`);
  // Day 0 of the month after the last is the last day of the last.
  const last = new Date(Date.UTC(year, month - 1 + months, 0)).toISOString().slice(0, 10);
  demand(to === last, "report.period_length", `the period from ${from} on ends on ${last}, and not on ${to}`);
}
