import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import type { Process } from './machine.ts';
import { Crashed } from './machine.ts';

/** A statement that has changed something, with its parameters. */
export interface Written {
  readonly sql: string;
  readonly parameters: readonly SQLInputValue[];
}

/**
 * What a device has on its disk: the log of committed transactions. With `synchronous = FULL` each is there for good when
 * its COMMIT returns; with less, the last ones may be lost with the power.
 */
export class OutboxDisk {
  readonly #durable: (written: readonly Written[]) => void;
  readonly #later: (call: () => void) => void;
  #synced: (readonly Written[])[] = [];
  #unsynced: (readonly Written[])[] = [];
  #syncs = false;

  /**
   * @param durable - told of each transaction that is there for good.
   * @param later - calls when the operating system writes back what nobody synced.
   */
  constructor(durable: (written: readonly Written[]) => void, later: (call: () => void) => void) {
    this.#durable = durable;
    this.#later = later;
  }

  open(process: Process): DatabaseSync {
    this.#syncs = false;
    return new OutboxFile(this, process, [...this.#synced, ...this.#unsynced].flat());
  }

  pragma(sql: string): void {
    const level = /synchronous\s*=\s*(\w+)/i.exec(sql)?.[1];
    if (level !== undefined) this.#syncs = /^(FULL|EXTRA|2|3)$/i.test(level);
  }

  commit(written: readonly Written[]): void {
    this.#unsynced.push(written);
    if (this.#syncs) this.#sync();
    else {
      this.#later(() => {
        this.#sync();
      });
    }
  }

  crashed(power: boolean): void {
    if (power) this.#unsynced = [];
    else this.#sync();
  }

  #sync(): void {
    for (const written of this.#unsynced) {
      this.#synced.push(written);
      this.#durable(written);
    }
    this.#unsynced = [];
  }
}

/** An SQLite database whose process may end before or after each commit. */
class OutboxFile extends DatabaseSync {
  readonly #disk: OutboxDisk;
  readonly #process: Process;
  #transaction: Written[] | undefined;
  #ready = false;

  constructor(disk: OutboxDisk, process: Process, written: readonly Written[]) {
    super(':memory:');
    this.#disk = disk;
    this.#process = process;
    for (const { sql, parameters } of written) {
      if (parameters.length === 0) super.exec(sql);
      else super.prepare(sql).run(...parameters);
    }
    this.#ready = true;
  }

  override exec(sql: string): void {
    if (!this.#ready) {
      super.exec(sql);
      return;
    }
    const word = /^\s*(\w+)/.exec(sql)?.[1]?.toUpperCase();
    if (word === 'PRAGMA') this.#disk.pragma(sql);
    else if (word === 'COMMIT') {
      this.#commit(sql);
      return;
    }
    if (!this.#process.alive) throw new Crashed();
    super.exec(sql);
    if (word === 'BEGIN') this.#transaction = [];
    else if (word === 'ROLLBACK') this.#transaction = undefined;
    else if (word === 'CREATE') this.#disk.commit([{ sql, parameters: [] }]);
  }

  override prepare(sql: string): StatementSync {
    const statement = super.prepare(sql);
    if (/^\s*SELECT/i.test(sql)) return statement;
    const run = (...parameters: SQLInputValue[]): ReturnType<StatementSync['run']> =>
      this.#run(statement, { sql, parameters });
    // A native statement cannot be a prototype of another object; nothing but `run` is asked of one that writes.
    return { run } as unknown as StatementSync;
  }

  #run(statement: StatementSync, written: Written): ReturnType<StatementSync['run']> {
    if (!this.#process.alive) throw new Crashed();
    if (this.#transaction !== undefined) {
      this.#transaction.push(written);
      return statement.run(...written.parameters);
    }
    this.#process.syncPoint('outbox.write');
    const result = statement.run(...written.parameters);
    this.#disk.commit([written]);
    this.#process.syncPoint('outbox.written');
    return result;
  }

  #commit(sql: string): void {
    this.#process.syncPoint('outbox.commit');
    super.exec(sql);
    this.#disk.commit(this.#transaction ?? []);
    this.#transaction = undefined;
    this.#process.syncPoint('outbox.committed');
  }
}
