import type { Step } from '../chaincode/operations.ts';
import { type Row, step } from '../row.ts';
import { inOneBlock } from '../same-block.ts';
import type { World } from '../world.ts';

interface Conflict {
  /** Committed before. */
  readonly given?: readonly Step[];
  /** Endorsed at the same state, in one block, in this order. `$` stands for the attempt. */
  readonly scripts: readonly (readonly Step[])[];
  readonly by?: readonly string[];
  readonly after?: readonly Step[];
}

function attempted(script: readonly Step[], attempt: number): Step[] {
  return JSON.parse(JSON.stringify(script).replaceAll('$', String(attempt))) as Step[];
}

async function conflict(world: World, row: Conflict): Promise<unknown> {
  const person = await world.person('hospital');
  const by = row.by ?? ['hospital', 'clinic'];
  let last = 0;
  const codes = await inOneBlock(world, async (attempt) => {
    last = attempt;
    if (row.given !== undefined) await world.given(attempted(row.given, attempt));
    return Promise.all(
      row.scripts.map((script) =>
        person.endorse(world.request({ script: attempted(script, attempt), by })),
      ),
    );
  });
  const after = row.after === undefined ? undefined : attempted(row.after, last);
  const state = after === undefined ? undefined : await world.everywhere(after);
  const text = JSON.stringify({ codes, state });
  return JSON.parse(text.replaceAll(`#${last}`, '#')) as unknown;
}

function conflicting(id: string, behaviour: string, row: Conflict): Row {
  return step(`mvcc/${id}`, behaviour, (world) => conflict(world, row));
}

/** What transactions of one block do to each other. */
export const MVCC: readonly Row[] = [
  conflicting('read-write', 'Two that read and write a key: the first is valid', {
    given: [['put', '@a#$', '0']],
    scripts: [
      [
        ['get', '@a#$'],
        ['put', '@a#$', '1'],
      ],
      [
        ['get', '@a#$'],
        ['put', '@a#$', '2'],
      ],
    ],
    after: [['get', '@a#$']],
  }),
  conflicting('blind-writes', 'Two that write a key unread: both are valid, the last counts', {
    scripts: [[['put', '@a#$', '1']], [['put', '@a#$', '2']]],
    after: [['get', '@a#$']],
  }),
  conflicting('missing-key', 'Having read that a key does not exist is a read, too', {
    scripts: [
      [['put', '@a#$', '1']],
      [
        ['get', '@a#$'],
        ['put', '@b#$', '2'],
      ],
    ],
    after: [
      ['get', '@a#$'],
      ['get', '@b#$'],
    ],
  }),
  conflicting('read-first', 'A reader before the writer is valid', {
    given: [['put', '@a#$', '0']],
    scripts: [
      [
        ['get', '@a#$'],
        ['put', '@b#$', 'seen'],
      ],
      [['put', '@a#$', '1']],
    ],
    after: [
      ['get', '@a#$'],
      ['get', '@b#$'],
    ],
  }),
  conflicting('delete', 'A deleted key conflicts with its readers', {
    given: [['put', '@a#$', '0']],
    scripts: [
      [['delete', '@a#$']],
      [
        ['get', '@a#$'],
        ['put', '@b#$', '1'],
      ],
    ],
  }),
  conflicting(
    'invalid-writes-nothing',
    'What an invalid transaction would write conflicts with nobody',
    {
      given: [
        ['put', '@a#$', '0'],
        ['put', '@b#$', '0'],
      ],
      scripts: [
        [['put', '@a#$', '1']],
        [
          ['get', '@a#$'],
          ['put', '@b#$', '2'],
        ],
        [
          ['get', '@b#$'],
          ['put', '@b#$', '3'],
        ],
      ],
      after: [['get', '@b#$']],
    },
  ),
  conflicting('same-value', 'Writing the same value is a new version', {
    given: [['put', '@a#$', '0']],
    scripts: [
      [['put', '@a#$', '0']],
      [
        ['get', '@a#$'],
        ['put', '@b#$', '1'],
      ],
    ],
  }),
  conflicting('private-read', 'Private reads conflict, too', {
    given: [['putPrivate', 'pair', '@a#$', '0']],
    scripts: [
      [['putPrivate', 'pair', '@a#$', '1']],
      [
        ['getPrivate', 'pair', '@a#$'],
        ['put', '@b#$', '1'],
      ],
    ],
  }),
  conflicting('private-hash-read', 'Having read a hash is a read', {
    given: [['putPrivate', 'pair', '@a#$', '0']],
    scripts: [
      [['putPrivate', 'pair', '@a#$', '1']],
      [
        ['hash', 'pair', '@a#$'],
        ['put', '@b#$', '1'],
      ],
    ],
  }),
  conflicting('private-blind', 'Private writes unread do not conflict', {
    scripts: [[['putPrivate', 'pair', '@a#$', '1']], [['putPrivate', 'pair', '@a#$', '2']]],
    after: [['hash', 'pair', '@a#$']],
  }),
  conflicting('private-purge', 'A purge conflicts with readers', {
    given: [['putPrivate', 'pair', '@a#$', '0']],
    scripts: [
      [['purgePrivate', 'pair', '@a#$']],
      [
        ['hash', 'pair', '@a#$'],
        ['put', '@b#$', '1'],
      ],
    ],
  }),
  conflicting('policy-read', 'Having read a key’s policy is a read', {
    given: [['put', '@a#$', '0']],
    scripts: [
      [['put', '@a#$', '1']],
      [
        ['getPolicy', '@a#$'],
        ['put', '@b#$', '1'],
      ],
    ],
  }),
  conflicting('history-read', 'Having read a history is not', {
    given: [['put', '@a#$', '0']],
    scripts: [
      [['put', '@a#$', '1']],
      [
        ['history', '@a#$'],
        ['put', '@b#$', '1'],
      ],
    ],
  }),
  conflicting('phantom-insert', 'A key that was inserted into a range that was read', {
    given: [['fill', '@k#$-', 3]],
    scripts: [
      [['put', '@k#$-0015', 'new']],
      [
        ['range', '@k#$-', '@k#$.'],
        ['put', '@b#$', '1'],
      ],
    ],
  }),
  conflicting('phantom-delete', 'A key that was deleted from a range', {
    given: [['fill', '@k#$-', 3]],
    scripts: [
      [['delete', '@k#$-001']],
      [
        ['range', '@k#$-', '@k#$.'],
        ['put', '@b#$', '1'],
      ],
    ],
  }),
  conflicting('phantom-update', 'A key of a range that was changed', {
    given: [['fill', '@k#$-', 3]],
    scripts: [
      [['put', '@k#$-001', 'x']],
      [
        ['range', '@k#$-', '@k#$.'],
        ['put', '@b#$', '1'],
      ],
    ],
  }),
  conflicting('phantom-end', 'A key at the end of the range is outside', {
    given: [['fill', '@k#$-', 3]],
    scripts: [
      [['put', '@k#$.', 'x']],
      [
        ['range', '@k#$-', '@k#$.'],
        ['put', '@b#$', '1'],
      ],
    ],
  }),
  conflicting('phantom-unread', 'What lies behind the last key read does not count', {
    given: [['fill', '@k#$-', 130]],
    scripts: [
      [['put', '@k#$-129x', 'x']],
      [
        ['rangeFirst', '@k#$-', '@k#$.', 10],
        ['put', '@b#$', '1'],
      ],
    ],
  }),
  conflicting('phantom-prefetched', 'What the peer sent along with what was read counts', {
    given: [['fill', '@k#$-', 130]],
    scripts: [
      [['put', '@k#$-050x', 'x']],
      [
        ['rangeFirst', '@k#$-', '@k#$.', 10],
        ['put', '@b#$', '1'],
      ],
    ],
  }),
  conflicting(
    'phantom-read-and-range',
    'A key both read and in a range: the key’s conflict is told',
    {
      given: [['fill', '@k#$-', 3]],
      scripts: [
        [['put', '@k#$-001', 'x']],
        [
          ['range', '@k#$-', '@k#$.'],
          ['get', '@k#$-001'],
          ['put', '@b#$', '1'],
        ],
      ],
    },
  ),
  conflicting('phantom-many', 'A range of many keys is compared by hashes', {
    given: [['fill', '@k#$-', 130]],
    scripts: [
      [['delete', '@k#$-120']],
      [
        ['rangeCount', '@k#$-', '@k#$.'],
        ['put', '@b#$', '1'],
      ],
    ],
  }),
  conflicting('phantom-many-unchanged', 'A range of many keys that did not change', {
    given: [['fill', '@k#$-', 130]],
    scripts: [
      [['put', '@other#$', '1']],
      [
        ['rangeCount', '@k#$-', '@k#$.'],
        ['put', '@b#$', '1'],
      ],
    ],
  }),
  conflicting('phantom-page', 'A page that was read and submitted', {
    given: [['fill', '@k#$-', 3]],
    scripts: [[['put', '@k#$-0015', 'x']], [['page', '@k#$-', '@k#$.', 10, '']]],
  }),
  conflicting('empty-range', 'A range that was empty', {
    scripts: [
      [['put', '@k#$-1', 'x']],
      [
        ['range', '@k#$-', '@k#$.'],
        ['put', '@b#$', '1'],
      ],
    ],
  }),
  conflicting('private-phantom', 'A range of private keys is not looked at again', {
    scripts: [
      [['putPrivate', 'pair', '@k#$-1', 'x']],
      [['privateRange', 'pair', '@k#$-', '@k#$.']],
    ],
  }),
  step('mvcc/later-block', 'A read of what another block has changed meanwhile', async (world) => {
    const person = await world.person('hospital');
    await world.given([['put', '@a', '0']]);
    const script: readonly Step[] = [
      ['get', '@a'],
      ['put', '@b', '1'],
    ];
    const late = await person.endorse(world.request({ script }));
    await world.given([['put', '@a', '1']]);
    const status = await world.commit(late);
    return { code: status.code, successful: status.successful };
  }),
  step('mvcc/submit-error', 'submitTransaction throws a CommitError', async (world) => {
    const person = await world.person('hospital');
    await world.given([['put', '@a', '0']]);
    const late = await person.endorse(
      world.request({
        script: [
          ['get', '@a'],
          ['put', '@a', '1'],
        ],
      }),
    );
    await world.given([['put', '@a', '1']]);
    const commit = await late.submit();
    const status = await commit.getStatus();
    return {
      status: { ...status, blockNumber: undefined },
      again: (await commit.getStatus()).code,
    };
  }),
];
