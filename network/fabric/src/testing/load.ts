import { setTimeout as delay } from 'node:timers/promises';
import type { Contract } from '@hyperledger/fabric-gateway';

const WORKERS = 3;
const PAUSE_AFTER_FAILURE_MS = 250;
/** Both providers endorse, whichever gateway is asked. */
const ENDORSERS = ['HospitalMSP', 'ClinicMSP'];

/** Notes one thing, once. @throws whatever the gateway answers. */
export async function put(contract: Contract, key: string, value: string): Promise<void> {
  await contract.submit('Put', {
    arguments: [key],
    transientData: { value },
    endorsingOrganizations: ENDORSERS,
  });
}

/**
 * Writers that go on until they are stopped. A writer whose answer is an error writes the same key again, as a
 * client does that does not know what became of its transaction; so keys, not transactions, are counted.
 */
export class Load {
  /** Keys whose commit was answered. */
  readonly answered: Set<string> = new Set();
  readonly failures: string[] = [];
  readonly #contracts: readonly Contract[];
  readonly #name: string;
  #isStopped = false;
  #workers: Promise<unknown> = Promise.resolve();

  /** @param name begins the keys; @param contracts gateways, of which each writer uses another one. */
  constructor(name: string, contracts: readonly Contract[]) {
    this.#name = name;
    this.#contracts = contracts;
  }

  start(): this {
    const workers = Array.from({ length: WORKERS }, (_, worker) => this.#write(worker));
    this.#workers = Promise.all(workers);
    return this;
  }

  /** Lets every writer finish what it has begun. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#workers;
  }

  async #write(worker: number): Promise<void> {
    const contract = this.#contracts[worker % this.#contracts.length];
    if (contract === undefined) throw new RangeError('A load needs a contract.');
    for (let i = 0; !this.#isStopped; i++) {
      await this.#untilCommitted(contract, `${this.#name}-${worker}-${i}`);
    }
  }

  async #untilCommitted(contract: Contract, key: string): Promise<void> {
    for (;;) {
      try {
        await put(contract, key, `value of ${key}`);
        this.answered.add(key);
        return;
      } catch (error) {
        this.failures.push(error instanceof Error ? error.message : String(error));
        await delay(PAUSE_AFTER_FAILURE_MS);
      }
    }
  }
}
