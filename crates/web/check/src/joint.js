/** Joint reports (docs/spec, "Joint reports"). */

import { Refusal } from "./refusal.js";

/** Verifies the shares of a joint report and their sums. */
export function verifyJoint() {
  throw new Refusal("report.joint", "joint reports cannot be checked here");
}
