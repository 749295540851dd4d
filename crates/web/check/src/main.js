/** One file for the page and for its workers: each looks where it is. */

import { beWorker } from "./worker.js";
import { bePage } from "./page.js";

if (typeof document === "undefined") beWorker(self);
else bePage(document);
