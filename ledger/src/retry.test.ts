import { StatusCode } from '@hyperledger/fabric-gateway';
import { describe, expect, it } from '@jest/globals';
import { PulseError } from '@pulseledger/domain';
import fc from 'fast-check';
import type { FaultKind, Stage } from './faults.ts';
import {
  decide,
  FIRST_STATE,
  FIRST_STEP,
  type RetryEvent,
  type Step,
  TRIES,
  type ValidationCode,
  waitMs,
} from './retry.ts';

const ENDORSE_FAULTS: FaultKind[] = [
  'contract',
  'disagreement',
  'identity',
  'busy',
  'timeout',
  'unreachable',
  'too_large',
  'refused',
];
const UNANSWERED: FaultKind[] = ['timeout', 'unreachable'];
const SUBMIT_REFUSALS: FaultKind[] = ['busy', 'identity', 'too_large', 'refused'];
const STATUS_FAULTS: FaultKind[] = ['timeout', 'unreachable', 'busy', 'identity', 'refused'];
const VERDICTS: ValidationCode[] = [
  StatusCode.VALID,
  StatusCode.VALID,
  StatusCode.MVCC_READ_CONFLICT,
  StatusCode.PHANTOM_READ_CONFLICT,
  StatusCode.ENDORSEMENT_POLICY_FAILURE,
];

function fault(stage: Stage, kind: FaultKind): RetryEvent {
  return { type: 'fault', fault: { stage, kind, error: new PulseError('unavailable') } };
}

function pick<T>(list: readonly T[], luck: number): T {
  return list[luck % list.length]!;
}

/**
 * A network with bad luck: each number decides how one call goes, 0 = well. It keeps the truth about every transaction,
 * whatever the client is told.
 */
class UnluckyNetwork {
  readonly verdicts = new Map<number, ValidationCode>();
  readonly sent = new Map<number, number>();
  transaction = 0;
  readonly #luck: number[];

  constructor(luck: readonly number[]) {
    this.#luck = [...luck];
  }

  take(step: Step): RetryEvent {
    if (this.#draw() % 97 === 96) return { type: 'out_of_time' };
    switch (step.do) {
      case 'propose':
        this.transaction += 1;
        return this.#endorse();
      case 'endorse':
        return this.#endorse();
      case 'submit':
        return this.#submit();
      case 'probe':
      case 'await':
        return this.#status();
      case 'commit':
      case 'fail':
      case 'leave_unknown':
        throw new Error('an end is no call');
    }
  }

  #draw(): number {
    return this.#luck.shift() ?? 0;
  }

  #endorse(): RetryEvent {
    const luck = this.#draw();
    return luck % 3 === 0 ? { type: 'endorsed' } : fault('endorse', pick(ENDORSE_FAULTS, luck));
  }

  #submit(): RetryEvent {
    this.sent.set(this.transaction, (this.sent.get(this.transaction) ?? 0) + 1);
    const luck = this.#draw();
    switch (luck % 4) {
      case 1:
        this.#order();
        return fault('submit', pick(UNANSWERED, luck));
      case 2:
        return fault('submit', pick(UNANSWERED, luck));
      case 3:
        return fault('submit', pick(SUBMIT_REFUSALS, luck));
      default:
        this.#order();
        return { type: 'submitted' };
    }
  }

  #order(): void {
    if (!this.verdicts.has(this.transaction)) {
      this.verdicts.set(this.transaction, pick(VERDICTS, this.#draw()));
    }
  }

  #status(): RetryEvent {
    const luck = this.#draw();
    if (luck % 3 === 1) return fault('commit', pick(STATUS_FAULTS, luck));
    const verdict = this.verdicts.get(this.transaction);
    if (verdict === undefined) return fault('commit', 'timeout');
    const twice = (this.sent.get(this.transaction) ?? 0) > 1 && luck % 3 === 2;
    return { type: 'status', code: twice ? StatusCode.DUPLICATE_TXID : verdict };
  }
}

function run(network: UnluckyNetwork) {
  const trace: { step: Step; event: RetryEvent; next: Step }[] = [];
  let state = FIRST_STATE;
  let step = FIRST_STEP;
  while ('retry' in step) {
    const event = network.take(step);
    const decision = decide(state, event);
    trace.push({ step, event, next: decision.step });
    ({ state, step } = decision);
    if (trace.length > 10_000) throw new Error('it never ends');
  }
  return { end: step, trace };
}

const luck = fc.array(fc.nat({ max: 1_000 }), { maxLength: 120 });

describe('the retry rules under any luck', () => {
  it('never let one transaction take effect twice, and tell the truth about it', () => {
    fc.assert(
      fc.property(luck, (numbers) => {
        const network = new UnluckyNetwork(numbers);
        const { end } = run(network);
        const valid = [...network.verdicts.values()].filter((code) => code === StatusCode.VALID);
        expect(valid.length).toBeLessThanOrEqual(1);
        if (end.do === 'commit') expect(valid).toHaveLength(1);
        if (end.do === 'fail') expect(valid).toHaveLength(0);
      }),
      { numRuns: 2_000 },
    );
  });

  it('build a new proposal only when the one before certainly has no effect', () => {
    fc.assert(
      fc.property(luck, (numbers) => {
        const network = new UnluckyNetwork(numbers);
        const { trace } = run(network);
        let sent = false;
        for (const { step, event, next } of trace) {
          sent ||= step.do === 'submit' && !(event.type === 'fault' && event.fault.kind === 'busy');
          if (next.do === 'propose') {
            const invalid = event.type === 'status' && event.code !== StatusCode.VALID;
            expect(!sent || invalid).toBe(true);
            sent = false;
          }
        }
      }),
    );
  });

  it('ask for the commit status after a submit without an answer, before anything else', () => {
    fc.assert(
      fc.property(luck, (numbers) => {
        for (const { event, next } of run(new UnluckyNetwork(numbers)).trace) {
          const unanswered =
            event.type === 'fault' &&
            event.fault.stage === 'submit' &&
            UNANSWERED.includes(event.fault.kind);
          if (unanswered) expect(next.do).toBe('probe');
        }
      }),
    );
  });

  it('keep every limit', () => {
    fc.assert(
      fc.property(luck, (numbers) => {
        const network = new UnluckyNetwork(numbers);
        const { trace } = run(network);
        expect(network.transaction).toBeLessThanOrEqual(TRIES.proposals);
        for (const times of network.sent.values()) {
          expect(times).toBeLessThanOrEqual(TRIES.submit);
        }
        const oneProposal = TRIES.endorse + TRIES.submit + TRIES.status + TRIES.submit;
        expect(trace.length).toBeLessThanOrEqual(TRIES.proposals * oneProposal);
      }),
    );
  });
});

describe('the retry rules', () => {
  const endorsed = decide(FIRST_STATE, { type: 'endorsed' });

  it.each(['contract', 'identity', 'too_large', 'refused'] as const)(
    'do not try again what was answered with %s',
    (kind) => {
      expect(decide(FIRST_STATE, fault('endorse', kind)).step).toMatchObject({ do: 'fail', kind });
    },
  );

  it.each(['timeout', 'unreachable', 'busy'] as const)(
    'send the same proposal again after %s, three times at most',
    (kind) => {
      let { state, step } = decide(FIRST_STATE, fault('endorse', kind));
      expect(step).toEqual({ do: 'endorse', retry: 1 });
      ({ state, step } = decide(state, fault('endorse', kind)));
      expect(step).toEqual({ do: 'endorse', retry: 2 });
      expect(decide(state, fault('endorse', kind)).step).toMatchObject({ do: 'fail', kind });
    },
  );

  it('submit again without asking when the peer was too busy to look at it', () => {
    expect(decide(endorsed.state, fault('submit', 'busy')).step).toMatchObject({ do: 'submit' });
  });

  it('leave it unknown when time runs out after a submit, and fail before one', () => {
    const submitted = decide(endorsed.state, { type: 'submitted' });
    expect(decide(submitted.state, { type: 'out_of_time' }).step.do).toBe('leave_unknown');
    expect(decide(endorsed.state, { type: 'out_of_time' }).step).toMatchObject({
      do: 'fail',
      kind: 'out_of_time',
    });
  });

  it('do not believe a refusal of something that an earlier try may have handed over', () => {
    const probing = decide(endorsed.state, fault('submit', 'timeout'));
    const again = decide(probing.state, fault('commit', 'timeout'));
    expect(again.step.do).toBe('submit');
    expect(decide(again.state, fault('submit', 'identity')).step.do).toBe('await');
  });

  it('wait at random below a growing limit, and not at all the first time', () => {
    expect(waitMs(0, 0.99)).toBe(0);
    expect(waitMs(1, 0.5)).toBe(100);
    expect(waitMs(3, 0)).toBe(0);
    expect(waitMs(30, 0.999)).toBeLessThan(2_000);
  });
});
