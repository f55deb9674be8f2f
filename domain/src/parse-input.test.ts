import { describe, expect, it } from '@jest/globals';
import { Acknowledgement, IngestMessage, QuarantineEntry } from './messages.ts';
import { parseInput, parseJsonInput } from './parse-input.ts';
import {
  acknowledgementTopic,
  chunkPublishTopic,
  chunkTopic,
  commandTopic,
  hintTopic,
} from './topics.ts';

const MESSAGE = {
  payload: 'AAAA',
  clientId: 'a'.repeat(32),
  principal: 'b'.repeat(64),
  topic: chunkTopic('a'.repeat(32)),
  receivedAtMs: 1_795_341_900_000,
};

describe('input from outside', () => {
  it('is taken when it has the expected form', () => {
    expect(parseInput(IngestMessage, MESSAGE)).toEqual(MESSAGE);
    const acknowledged = { boot: 1, firstSequence: 0, count: 300, status: 'committed' };
    expect(parseJsonInput(Acknowledgement, JSON.stringify(acknowledged))).toEqual(acknowledged);
    const entry = { reason: 'malformed', message: MESSAGE, quarantinedAtMs: 1 };
    expect(parseInput(QuarantineEntry, entry)).toEqual(entry);
  });

  it('is refused by the name of the field, never with its value', () => {
    const wrong = { ...MESSAGE, principal: 'Gustavo' };
    expect(() => parseInput(IngestMessage, wrong)).toThrow(
      expect.objectContaining({
        code: 'invalid_input',
        message: 'The field principal does not have the expected form.',
      }),
    );
    expect(() => parseInput(IngestMessage, undefined)).toThrow('The input does not have');
    expect(() => parseJsonInput(IngestMessage, 'Gustavo')).toThrow(
      expect.objectContaining({ code: 'invalid_input', message: 'The input is not JSON.' }),
    );
  });
});

describe('topics', () => {
  it('are those of the IoT policy', () => {
    expect(
      [chunkPublishTopic, acknowledgementTopic, commandTopic, hintTopic].map((of) => of('x')),
    ).toEqual(['$aws/rules/pulse_ingest/v1/x/chunks', 'v1/x/acks', 'v1/x/commands', 'v1/live/x']);
  });
});
