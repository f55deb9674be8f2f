import { alone, type Row, script, step } from '../row.ts';

/** Public state as a chaincode sees it. */
export const STATE: readonly Row[] = [
  script('state/get-missing', 'A key that does not exist reads as nothing', {
    evaluate: [['get', '@missing']],
  }),
  script('state/put-get', 'A committed value is the same at every peer', {
    submit: [['put', '@a', 'one']],
    after: [['get', '@a']],
  }),
  script('state/own-write', 'A transaction does not see its own writes', {
    given: [[['put', '@a', 'old']]],
    evaluate: [
      ['put', '@a', 'new'],
      ['get', '@a'],
    ],
  }),
  script('state/own-delete', 'A transaction does not see its own deletes', {
    given: [[['put', '@a', 'old']]],
    evaluate: [
      ['delete', '@a'],
      ['get', '@a'],
    ],
  }),
  script('state/evaluate-writes-nothing', 'What an evaluated transaction writes is dropped', {
    evaluate: [['put', '@a', '1']],
    after: [['get', '@a']],
  }),
  script('state/last-write-wins', 'The last of several writes to a key counts', {
    submit: [
      ['put', '@a', '1'],
      ['put', '@a', '2'],
    ],
    after: [['get', '@a']],
  }),
  script('state/put-then-delete', 'A delete after a write counts', {
    submit: [
      ['put', '@a', '1'],
      ['delete', '@a'],
    ],
    after: [['get', '@a']],
  }),
  script('state/delete-then-put', 'A write after a delete counts', {
    given: [[['put', '@a', '1']]],
    submit: [
      ['delete', '@a'],
      ['put', '@a', '2'],
    ],
    after: [['get', '@a']],
  }),
  script('state/delete', 'A deleted key reads as nothing', {
    given: [[['put', '@a', '1']]],
    submit: [['delete', '@a']],
    after: [['get', '@a']],
  }),
  script('state/delete-missing', 'Deleting a key that does not exist is valid', {
    submit: [['delete', '@never']],
    after: [['get', '@never']],
  }),
  script('state/put-empty', 'An empty value is taken and reads as nothing', {
    submit: [['put', '@a', '']],
    after: [
      ['get', '@a'],
      ['range', '@a', '@b'],
    ],
  }),
  alone(
    step('state/empty-key', 'The empty key is a key as any other', async (world) => {
      const answers = [await world.submit('hospital', { script: [['put', '', '1']] })];
      answers.push(await world.evaluate('hospital', { script: [['get', '']] }));
      answers.push(await world.submit('hospital', { script: [['delete', '']] }));
      answers.push(await world.evaluate('hospital', { script: [['get', '']] }));
      return answers;
    }),
  ),
  script('state/invalid-utf8-value', 'Values are bytes', {
    submit: [['putHex', '@a', '00ff80fe']],
    after: [['getHex', '@a']],
  }),
  script('state/null-in-key', 'A key may begin with a zero byte', {
    submit: [['put', '\u0000@a', '1']],
    after: [['get', '\u0000@a']],
  }),
  script('state/unicode-key', 'A key may hold any text', {
    submit: [['put', '@Ключ-🔑', 'ÿ']],
    after: [['get', '@Ключ-🔑']],
  }),
  script('state/large-value', 'A value of 300 KB', {
    submit: [['putLarge', '@a', 300_000]],
    after: [['get', '@a']],
  }),
  script('state/composite', 'A composite key reads back', {
    submit: [['putComposite', '@type', 'a,b', 'one']],
    after: [['getComposite', '@type', 'a,b']],
  }),
  script('state/history', 'The history of a key, newest first, with deletes', {
    given: [[['put', '@a', '1']], [['put', '@a', '2']], [['delete', '@a']]],
    evaluate: [['history', '@a']],
  }),
  script('state/history-missing', 'A key that never was has no history', {
    evaluate: [['history', '@never']],
  }),
  script('state/history-in-transaction', 'A transaction may read a history and write', {
    given: [[['put', '@a', '1']]],
    submit: [
      ['history', '@a'],
      ['put', '@b', '1'],
    ],
    after: [['get', '@b']],
  }),
  script('state/read-only-submit', 'A transaction that only reads can be submitted', {
    given: [[['put', '@a', '1']]],
    submit: [['get', '@a']],
  }),
  script('state/nothing-submit', 'A transaction that touches nothing can be submitted', {
    submit: [],
  }),
  script('state/rich-query', 'A rich query is refused', {
    evaluate: [['try', 'query', '{"selector":{"a":1}}']],
  }),
  script('state/rich-query-page', 'A rich query by pages is refused', {
    evaluate: [['try', 'queryPage', '{"selector":{"a":1}}', 2, '']],
  }),
  script('state/rich-query-private', 'A rich query on private data is refused', {
    evaluate: [['try', 'privateQuery', 'pair', '{"selector":{"a":1}}']],
  }),
  script('state/rich-query-submit', 'A transaction that fails by a rich query', {
    submit: [['query', '{"selector":{"a":1}}']],
  }),
];
