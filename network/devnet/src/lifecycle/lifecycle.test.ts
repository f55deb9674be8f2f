import { createHash } from 'node:crypto';
import { peer } from '@hyperledger/fabric-protos';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { approve } from './approve.ts';
import { approvals, commit } from './commit.ts';
import { LifecycleError } from './errors.ts';
import {
  committedSequence,
  difference,
  type Parameters,
  readParameters,
  requestedParameters,
} from './parameters.ts';
import type { OpaqueState, WritableState } from './stored-structure.ts';

const ORGANIZATIONS = ['A', 'B', 'C'] as const;
const CHAINCODE = 'cc';

/** State in memory that counts its writes. */
class Memory implements WritableState, OpaqueState {
  readonly mspId: string;
  readonly values = new Map<string, Uint8Array>();
  writes = 0;

  constructor(mspId = '') {
    this.mspId = mspId;
  }

  get(key: string): Uint8Array | undefined {
    return this.values.get(key);
  }

  hash(key: string): Uint8Array | undefined {
    const value = this.values.get(key);
    return value && createHash('sha256').update(value).digest();
  }

  put(key: string, value: Uint8Array): void {
    this.writes += 1;
    this.values.set(key, value);
  }

  delete(key: string): void {
    this.writes += 1;
    this.values.delete(key);
  }
}

function parameters(version: string, initRequired = false): Parameters {
  const message = new peer.lifecycle.CommitChaincodeDefinitionArgs();
  message.setVersion(version);
  message.setInitRequired(initRequired);
  return requestedParameters(message);
}

function refusalOf(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (error instanceof LifecycleError) return error.message;
    throw error;
  }
}

type Operation =
  | {
      readonly kind: 'approve';
      readonly by: number;
      readonly ahead: number;
      readonly version: string;
      readonly packageId: string;
    }
  | { readonly kind: 'commit'; readonly ahead: number; readonly version: string };

const version = fc.constantFrom('1', '2');
const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({
    kind: fc.constant('approve' as const),
    by: fc.nat(2),
    ahead: fc.integer({ min: -1, max: 2 }),
    version,
    packageId: fc.constantFrom('', 'p:1'),
  }),
  fc.record({
    kind: fc.constant('commit' as const),
    ahead: fc.integer({ min: 0, max: 2 }),
    version,
  }),
);

/** What must be so after any sequence of operations. */
class Model {
  readonly channel = new Memory();
  readonly own: readonly Memory[] = ORGANIZATIONS.map((id) => new Memory(id));
  sequence = 0;
  committed: string | undefined;
  readonly approved: Map<number, { version: string; packageId: string }>[] = ORGANIZATIONS.map(
    () => new Map<number, { version: string; packageId: string }>(),
  );

  run(step: Operation): void {
    if (step.kind === 'approve') this.#approve(step);
    else this.#commit(step);
    expect(committedSequence(this.channel, CHAINCODE)).toBe(this.sequence);
    if (this.committed === undefined) return;
    expect(readParameters(this.channel, CHAINCODE).version).toBe(this.committed);
    const definition = {
      chaincode: CHAINCODE,
      sequence: this.sequence,
      parameters: parameters(this.committed),
    };
    for (const [id, missing] of approvals(definition, this.own)) {
      const mine = this.approved[ORGANIZATIONS.findIndex((o) => o === id)]?.get(this.sequence);
      expect(missing.length === 0).toBe(mine?.version === this.committed);
    }
  }

  #approve(step: Extract<Operation, { kind: 'approve' }>): void {
    const [own, known] = [this.own[step.by]!, this.approved[step.by]!];
    const sequence = this.sequence + step.ahead;
    const before = known.get(sequence);
    const isSame = before?.version === step.version && before.packageId === step.packageId;
    const isCommitted = step.ahead === 0 && this.sequence > 0;
    const mayBe =
      (step.ahead === 1 || isCommitted) &&
      !isSame &&
      (!isCommitted || step.version === this.committed);
    const writes = own.writes;
    const refusal = refusalOf(() => {
      approve(
        {
          chaincode: CHAINCODE,
          sequence,
          parameters: parameters(step.version),
          packageId: step.packageId,
        },
        this.channel,
        own,
      );
    });
    expect(refusal === undefined).toBe(mayBe);
    expect(own.writes > writes).toBe(mayBe);
    if (mayBe) known.set(sequence, { version: step.version, packageId: step.packageId });
  }

  #commit(step: Extract<Operation, { kind: 'commit' }>): void {
    const sequence = this.sequence + step.ahead;
    const definition = { chaincode: CHAINCODE, sequence, parameters: parameters(step.version) };
    const refusal = refusalOf(() => commit(definition, this.channel, this.own));
    expect(refusal === undefined).toBe(step.ahead === 1);
    if (refusal !== undefined) return;
    this.sequence = sequence;
    this.committed = step.version;
  }
}

describe('definitions', () => {
  test('go from sequence to sequence, whatever is approved and committed', () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 40 }), (steps) => {
        const model = new Model();
        for (const step of steps) model.run(step);
      }),
      { numRuns: 200 },
    );
  });

  test('write only what changes', () => {
    const channel = new Memory();
    commit({ chaincode: CHAINCODE, sequence: 1, parameters: parameters('1') }, channel, []);
    expect(channel.writes).toBe(5);
    commit({ chaincode: CHAINCODE, sequence: 2, parameters: parameters('2') }, channel, []);
    // Sequence and version; plugins, policy and collections are as they were.
    expect(channel.writes).toBe(7);
  });

  test('tell what an approval differs in', () => {
    const own = new Memory('A');
    const approval = { chaincode: CHAINCODE, sequence: 1, packageId: '' };
    approve({ ...approval, parameters: parameters('1') }, new Memory(), own);
    const missing = (of: Parameters): readonly string[] | undefined =>
      approvals({ chaincode: CHAINCODE, sequence: 1, parameters: of }, [own]).get('A');
    expect(missing(parameters('1'))).toEqual([]);
    expect(missing(parameters('1', true))).toEqual(['EndorsementInfo']);
    const none = approvals({ chaincode: 'x', sequence: 1, parameters: parameters('1') }, [own]);
    expect(none.get('A')).toEqual(['ChaincodeParameters']);
    expect(difference(parameters('1'), parameters('1', true))).toBe(
      "expected InitRequired 'false' does not match passed InitRequired 'true'",
    );
  });
});
