import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Answer, Order } from './worker.ts';

/** One thread that runs seeds, one order after the other. */
export class SeedThread {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, PromiseWithResolvers<Answer>>();
  #orders = 0;

  /** @param root - of the repository. */
  constructor(root: string) {
    this.#worker = new Worker(join(root, 'test', 'simulation', 'worker.ts'));
    this.#worker.on('message', (answer: Answer) => {
      const waiting = this.#waiting.get(answer.id);
      this.#waiting.delete(answer.id);
      if (answer.failed === undefined) waiting?.resolve(answer);
      else waiting?.reject(new Error(answer.failed));
    });
    this.#worker.on('error', (error) => {
      for (const { reject } of this.#waiting.values()) reject(error);
    });
  }

  /** @throws Error when the simulation itself does not work. */
  run(work: Omit<Order, 'id'>): Promise<Answer> {
    const waiting = Promise.withResolvers<Answer>();
    const id = ++this.#orders;
    this.#waiting.set(id, waiting);
    this.#worker.postMessage({ ...work, id });
    return waiting.promise;
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}
