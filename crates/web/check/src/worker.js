/** A worker: takes jobs, answers results or refusals. */

import { Refusal } from "./refusal.js";
import { workOn } from "./work.js";

/** Makes this thread a worker. */
export function beWorker(self) {
  self.onmessage = ({ data: { id, job } }) => {
    try {
      self.postMessage({ id, done: workOn(job) });
    } catch (error) {
      const code = error instanceof Refusal ? error.code : "check.broken";
      self.postMessage({ id, failed: { code, message: error.message } });
    }
  };
}
