import { alone, type Row, script, step } from '../row.ts';

/** Private data: who has it, who may read and write it, and how it ends. */
export const PRIVATE_DATA: readonly Row[] = [
  script('private/put', 'Members’ peers have the value, every peer has the hash', {
    submit: [['putPrivate', 'pair', '@a', 'secret']],
    after: [
      ['hash', 'pair', '@a'],
      ['try', 'getPrivate', 'pair', '@a'],
    ],
  }),
  script('private/put-transient', 'A value from transient data', {
    submit: [['putSecret', 'pair', '@a', 'value']],
    by: ['hospital', 'clinic'],
    transient: { value: 'from transient' },
    after: [['try', 'getPrivate', 'pair', '@a']],
  }),
  script('private/transient-default', 'Transient data without named endorsers goes to members', {
    submit: [['putSecret', 'pair', '@a', 'value']],
    transient: { value: 'from transient' },
    after: [['try', 'getPrivate', 'pair', '@a']],
  }),
  script(
    'private/transient-not-member',
    'Transient data for a collection of others asks for named endorsers',
    {
      submit: [
        ['put', '@b', '1'],
        ['putSecret', 'clinics', '@a', 'value'],
      ],
      who: 'clinic',
      transient: { value: 'from transient' },
    },
  ),
  script('private/get-missing', 'A private key that does not exist reads as nothing', {
    evaluate: [
      ['getPrivate', 'pair', '@never'],
      ['hash', 'pair', '@never'],
    ],
  }),
  script('private/own-write', 'A transaction does not see its own private writes', {
    given: [[['putPrivate', 'pair', '@a', 'old']]],
    evaluate: [
      ['putPrivate', 'pair', '@a', 'new'],
      ['getPrivate', 'pair', '@a'],
    ],
  }),
  script('private/delete', 'Deleted: value and hash are gone', {
    given: [[['putPrivate', 'pair', '@a', '1']]],
    submit: [['deletePrivate', 'pair', '@a']],
    after: [
      ['hash', 'pair', '@a'],
      ['try', 'getPrivate', 'pair', '@a'],
    ],
  }),
  script('private/delete-missing', 'Deleting a private key that does not exist is valid', {
    submit: [['deletePrivate', 'pair', '@never']],
  }),
  script('private/purge', 'Purged: value and hash are gone', {
    given: [[['putPrivate', 'pair', '@a', '1']]],
    submit: [['purgePrivate', 'pair', '@a']],
    after: [
      ['hash', 'pair', '@a'],
      ['try', 'getPrivate', 'pair', '@a'],
    ],
  }),
  script('private/purge-missing', 'Purging a private key that does not exist is valid', {
    submit: [['purgePrivate', 'pair', '@never']],
  }),
  script('private/purge-then-put', 'A key that was purged can be written again', {
    given: [[['putPrivate', 'pair', '@a', '1']], [['purgePrivate', 'pair', '@a']]],
    submit: [['putPrivate', 'pair', '@a', '2']],
    after: [
      ['hash', 'pair', '@a'],
      ['try', 'getPrivate', 'pair', '@a'],
    ],
  }),
  script('private/purge-and-put', 'A purge and a write in one transaction', {
    given: [[['putPrivate', 'pair', '@a', '1']]],
    submit: [
      ['purgePrivate', 'pair', '@a'],
      ['putPrivate', 'pair', '@a', '2'],
    ],
    after: [
      ['hash', 'pair', '@a'],
      ['try', 'getPrivate', 'pair', '@a'],
    ],
  }),
  script('private/put-and-purge', 'A write and a purge in one transaction', {
    given: [[['putPrivate', 'pair', '@a', '1']]],
    submit: [
      ['putPrivate', 'pair', '@a', '2'],
      ['purgePrivate', 'pair', '@a'],
    ],
    after: [
      ['hash', 'pair', '@a'],
      ['try', 'getPrivate', 'pair', '@a'],
    ],
  }),
  script('private/empty-key', 'The empty private key', {
    evaluate: [
      ['try', 'putPrivate', 'pair', '', '1'],
      ['try', 'getPrivate', 'pair', ''],
    ],
  }),
  script('private/empty-collection', 'No collection', {
    evaluate: [
      ['try', 'putPrivate', '', '@a', '1'],
      ['try', 'getPrivate', '', '@a'],
      ['try', 'hash', '', '@a'],
      ['try', 'purgePrivate', '', '@a'],
    ],
  }),
  script('private/unknown-collection', 'A collection that is not defined', {
    evaluate: [
      ['try', 'putPrivate', 'ghost', '@a', '1'],
      ['try', 'getPrivate', 'ghost', '@a'],
      ['try', 'deletePrivate', 'ghost', '@a'],
      ['try', 'purgePrivate', 'ghost', '@a'],
      ['try', 'privateRange', 'ghost', '@a', '@b'],
    ],
  }),
  script(
    'private/unknown-collection-hash',
    'The hash of a key of a collection that is not defined',
    {
      evaluate: [['try', 'hash', 'ghost', '@a']],
    },
  ),
  script('private/empty-value', 'An empty private value', {
    submit: [['try', 'putPrivate', 'pair', '@a', '']],
    after: [
      ['hash', 'pair', '@a'],
      ['try', 'getPrivate', 'pair', '@a'],
    ],
  }),
  script('private/read-not-member', 'memberOnlyRead: others may not read', {
    given: [[['putPrivate', 'pair', '@a', '1']]],
    who: 'insurer',
    evaluate: [['getPrivate', 'pair', '@a']],
  }),
  script('private/read-not-member-elsewhere', 'memberOnlyRead: not at a member’s peer either', {
    given: [[['putPrivate', 'pair', '@a', '1']]],
    who: 'insurer',
    by: ['clinic'],
    evaluate: [['getPrivate', 'pair', '@a']],
  }),
  script('private/range-not-member', 'memberOnlyRead: no ranges either', {
    who: 'insurer',
    evaluate: [['try', 'privateRange', 'pair', '@a', '@b']],
  }),
  script('private/hash-not-member', 'Everybody may read the hash', {
    given: [[['putPrivate', 'pair', '@a', '1']]],
    who: 'insurer',
    evaluate: [['hash', 'pair', '@a']],
  }),
  script('private/write-not-member', 'memberOnlyWrite: others may not write', {
    who: 'insurer',
    by: ['hospital', 'clinic'],
    submit: [['putPrivate', 'pair', '@a', '1']],
  }),
  script('private/delete-not-member', 'memberOnlyWrite: others may neither delete nor purge', {
    who: 'insurer',
    evaluate: [
      ['try', 'deletePrivate', 'pair', '@a'],
      ['try', 'purgePrivate', 'pair', '@a'],
      ['try', 'setPrivatePolicy', 'pair', '@a', ''],
    ],
  }),
  script('private/read-open', 'Without memberOnlyRead others read at a member’s peer', {
    given: [[['putPrivate', 'open', '@a', 'open']]],
    who: 'insurer',
    by: ['hospital'],
    evaluate: [['getPrivate', 'open', '@a']],
  }),
  script('private/read-open-own-peer', 'Without memberOnlyRead a peer without the data says so', {
    given: [[['putPrivate', 'open', '@a', 'open']]],
    who: 'insurer',
    by: ['insurer'],
    evaluate: [['getPrivate', 'open', '@a']],
  }),
  script('private/write-open', 'Without memberOnlyWrite others may write', {
    who: 'insurer',
    by: ['hospital'],
    submit: [['putPrivate', 'open', '@a', 'by the insurer']],
    after: [
      ['hash', 'open', '@a'],
      ['try', 'getPrivate', 'open', '@a'],
    ],
  }),
  script('private/write-open-own-peer', 'A peer that is no member endorses what it cannot read', {
    who: 'insurer',
    by: ['insurer', 'hospital'],
    submit: [['putPrivate', 'open', '@a', 'by the insurer']],
    after: [
      ['hash', 'open', '@a'],
      ['try', 'getPrivate', 'open', '@a'],
    ],
  }),
  script('private/write-open-only-insurer', 'An endorsement by no member does not do', {
    who: 'insurer',
    by: ['insurer'],
    submit: [['putPrivate', 'open', '@a', 'by the insurer']],
  }),
  script('private/required-peers', 'More peers required than the collection has', {
    submit: [['putPrivate', 'strict', '@a', '1']],
    by: ['hospital', 'clinic'],
  }),
  script('private/required-peers-evaluate', 'Evaluated, private data is not given to peers', {
    evaluate: [['putPrivate', 'strict', '@a', '1']],
  }),
  script('private/single-member', 'A collection of one organization, endorsed by it alone', {
    who: 'clinic',
    by: ['clinic'],
    submit: [['putPrivate', 'clinics', '@a', 'ours']],
    after: [
      ['hash', 'clinics', '@a'],
      ['try', 'getPrivate', 'clinics', '@a'],
    ],
  }),
  script('private/all-members', 'A collection of all: everybody has it', {
    submit: [['putPrivate', 'all', '@a', 'for all']],
    by: ['hospital', 'clinic'],
    after: [['getPrivate', 'all', '@a']],
  }),
  script('private/implicit-own', 'An organization’s implicit collection, endorsed by it alone', {
    by: ['hospital'],
    submit: [['putPrivate', '_implicit_org_HospitalMSP', '@a', 'own']],
    after: [
      ['hash', '_implicit_org_HospitalMSP', '@a'],
      ['try', 'getPrivate', '_implicit_org_HospitalMSP', '@a'],
    ],
  }),
  script('private/implicit-reader', 'Anybody reads an implicit collection at its owner’s peer', {
    given: [[['putPrivate', '_implicit_org_HospitalMSP', '@a', 'own']]],
    who: 'insurer',
    by: ['hospital'],
    evaluate: [['getPrivate', '_implicit_org_HospitalMSP', '@a']],
  }),
  script('private/implicit-unknown', 'The implicit collection of an organization that is none', {
    by: ['hospital'],
    submit: [['putPrivate', '_implicit_org_GhostMSP', '@a', '1']],
  }),
  script('private/implicit-unknown-default', 'The same without named endorsers', {
    submit: [['putPrivate', '_implicit_org_GhostMSP', '@a', '1']],
  }),
  script('private/implicit-default', 'An implicit collection without named endorsers', {
    submit: [['putPrivate', '_implicit_org_HospitalMSP', '@a', 'own']],
    after: [['try', 'getPrivate', '_implicit_org_HospitalMSP', '@a']],
  }),
  script('private/public-and-private', 'Public and private writes need both policies', {
    by: ['hospital'],
    submit: [
      ['put', '@a', '1'],
      ['putPrivate', 'open', '@a', '1'],
    ],
  }),
  script('private/private-only', 'Private writes alone need the collection’s policy alone', {
    by: ['hospital'],
    submit: [['putPrivate', 'open', '@a', '1']],
    after: [['try', 'getPrivate', 'open', '@a']],
  }),
  script('private/collection-without-policy', 'A collection without a policy has the chaincode’s', {
    by: ['hospital'],
    submit: [['putPrivate', 'pair', '@a', '1']],
  }),
  script('private/same-key-two-collections', 'A key may be in two collections', {
    submit: [
      ['putPrivate', 'pair', '@a', '1'],
      ['putPrivate', 'all', '@a', '2'],
    ],
    by: ['hospital', 'clinic'],
    after: [
      ['hash', 'pair', '@a'],
      ['hash', 'all', '@a'],
      ['try', 'getPrivate', 'all', '@a'],
    ],
  }),
  alone(
    step(
      'private/block-to-live',
      'blockToLive 2: the value is there for two more blocks',
      async (world) => {
        const read = (): Promise<unknown> =>
          world.everywhere([
            ['hash', 'brief', '@a'],
            ['try', 'getPrivate', 'brief', '@a'],
          ]);
        await world.given([['putPrivate', 'brief', '@a', '1']]);
        const answers = [await read()];
        for (const n of [1, 2, 3, 4]) {
          await world.given([['put', `@filler${n}`, '1']]);
          answers.push(await read());
        }
        return answers;
      },
    ),
  ),
];

/** Last of all: a native peer waits a minute for private data that nobody has. */
export const LAST: readonly Row[] = [
  alone(
    step(
      'private/implicit-other',
      'Another organization’s implicit collection cannot be written alone',
      async (world) => {
        const person = await world.person('hospital');
        const script = [['putPrivate', '_implicit_org_ClinicMSP', '@a', 'mine?']] as const;
        return person.submit(world.request({ script, by: ['hospital'] }));
      },
    ),
  ),
];
