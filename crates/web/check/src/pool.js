/** Workers for the arithmetic, as many as the machine has cores; none where they cannot be had. */

import { Refusal } from "./refusal.js";
import { workOn } from "./work.js";

/** More would only wait for the network. */
const WORKERS_MAX = 16;

/** Works where it is called, and lets the page breathe between two jobs. */
export class Alone {
  size = 1;

  async run(job) {
    await new Promise((resume) => setTimeout(resume, 0));
    return workOn(job);
  }

  close() {}
}

/** One job at a time to each worker. */
export class Pool {
  /** @param {string} url the worker's script */
  constructor(url, size = navigator.hardwareConcurrency ?? 1) {
    this.size = Math.max(1, Math.min(size, WORKERS_MAX));
    this.waiting = [];
    this.next = 0;
    this.idle = Array.from({ length: this.size }, () => {
      const worker = new Worker(url, { type: "module" });
      worker.onerror = (event) => this.#broken(worker, event);
      return worker;
    });
    this.all = [...this.idle];
  }

  run(job) {
    return new Promise((resolve, reject) => {
      this.waiting.push({ job, resolve, reject });
      this.#feed();
    });
  }

  close() {
    for (const worker of this.all) worker.terminate();
  }

  #feed() {
    while (this.idle.length > 0 && this.waiting.length > 0) {
      const worker = this.idle.pop();
      const { job, resolve, reject } = this.waiting.shift();
      worker.task = { resolve, reject };
      const id = this.next++;
      worker.onmessage = ({ data }) => {
        if (data.id !== id) return;
        worker.task = null;
        this.idle.push(worker);
        if (data.failed) reject(new Refusal(data.failed.code, data.failed.message));
        else resolve(data.done);
        this.#feed();
      };
      worker.postMessage({ id, job }, [job.bytes.buffer]);
    }
  }

  #broken(worker, event) {
    event.preventDefault?.();
    const error = new Refusal("check.broken", "a worker of this page stopped");
    worker.task?.reject(error);
    for (const { reject } of this.waiting.splice(0)) reject(error);
  }
}

/** Workers if they start, otherwise none. */
export function poolOf(url) {
  try {
    return typeof Worker === "function" && url ? new Pool(url) : new Alone();
  } catch {
    return new Alone();
  }
}
