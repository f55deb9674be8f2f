import { expect } from '@jest/globals';
import { eventually, type System } from '../support/system.ts';
import type { Session, Wearable } from '../support/wearable.ts';

/** The system under attack, and two devices that do nothing wrong: everything must go on for them. */
export class Scene {
  readonly system: System;
  readonly honest: Wearable;
  readonly other: Wearable;
  readonly #session: Session;
  #sequence = 0;

  constructor(system: System, honest: Wearable, other: Wearable, session: Session) {
    this.system = system;
    this.honest = honest;
    this.other = other;
    this.#session = session;
  }

  static async open(system: System): Promise<Scene> {
    const fromMs = Date.now() - 3_600_000;
    const honest = await system.enrol('patient-ada', fromMs);
    const other = await system.enrol('patient-ben', fromMs);
    return new Scene(system, honest, other, await honest.connect());
  }

  close(): Promise<void> {
    return this.#session.close();
  }

  /** A device for one attack, whose patient is Ada. */
  attacker(fromMs: number = Date.now() - 3_600_000): Promise<Wearable> {
    return this.system.enrol('patient-ada', fromMs);
  }

  /** The honest device's next chunk goes all the way to the ledger, over a connection that was never cut. */
  async goesOn(): Promise<void> {
    const firstSequence = this.#sequence;
    this.#sequence += 5;
    const chunk = this.honest.chunk({ firstSequence });
    expect(await this.#session.deliver(chunk, firstSequence)).toMatchObject({
      status: 'committed',
    });
  }

  /** Runs an attack and checks that nothing of it came into the queue, and that others go on. */
  async leavesNoTrace(attack: () => Promise<void>): Promise<void> {
    const before = (await this.system.ingested()).messages;
    await attack();
    await this.goesOn();
    const after = await eventually('ingest has written its account', async () => {
      const { messages } = await this.system.ingested();
      return messages > before ? messages : undefined;
    });
    expect(after - before).toBe(1);
  }

  /** Sends a chunk that must end in quarantine for this reason: never recorded, kept once, and said to the device. */
  async isQuarantined(
    sender: Wearable,
    chunk: Buffer,
    firstSequence: number,
    reason: string,
  ): Promise<void> {
    const session = await sender.connect();
    const answer = await session.deliver(chunk, firstSequence);
    expect(answer).toMatchObject({ status: 'quarantined', reason });
    await session.close();
    expect(await this.system.reasonsOf(sender.deviceId, 1)).toContain(reason);
    expect(await this.system.timesRecorded(chunk)).toBe(0);
  }
}
