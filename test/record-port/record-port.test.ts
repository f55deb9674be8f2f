import { describe, it } from '@jest/globals';
import { emptyRecord } from '../../lambdas/fhir-api/src/testing/story.ts';
import { openNetworkWorld } from './network-world.ts';
import { describeRecord } from './record-behaviour.ts';

describeRecord('the record in memory', () => {
  const record = emptyRecord();
  return Promise.resolve({
    send: (sent) => {
      record.send(sent);
      return Promise.resolve();
    },
    as: (caller) => Promise.resolve(record.as(caller)),
    close: () => Promise.resolve(),
  });
});

describeRecord('the record on the devnet', () => openNetworkWorld('devnet'));

if (process.env['FABRIC_BIN'] === undefined) {
  describe.skip('the record on native Fabric (skipped: FABRIC_BIN is not set)', () => {
    it.todo('behaves the same');
  });
} else {
  describeRecord('the record on native Fabric', () => openNetworkWorld('fabric'));
}
