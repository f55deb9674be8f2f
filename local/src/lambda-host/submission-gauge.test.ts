import { channel } from 'node:diagnostics_channel';
import { expect, test } from '@jest/globals';
import { LEDGER_CHANNEL, type SubmissionEvent } from '@pulseledger/ledger';
import { SubmissionGauge } from './submission-gauge.ts';

test('transactions between submit and commit are counted as ledger/ tells of them', () => {
  const gauge = new SubmissionGauge();
  const tell = (event: SubmissionEvent): void => {
    channel(LEDGER_CHANNEL).publish(event);
  };
  tell({ type: 'submitting' });
  tell({ type: 'submitting' });
  tell({ type: 'unknown_commit' });
  expect(gauge.submitted).toBe(2);
  tell({ type: 'settled', outcome: 'committed' });
  expect(gauge.submitted).toBe(1);
  gauge.close();
  tell({ type: 'submitting' });
  expect(gauge.submitted).toBe(1);
});
