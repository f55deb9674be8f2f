import { keyPolicy } from '../policies.ts';
import { type Row, script, step } from '../row.ts';
import { inOneBlock } from '../same-block.ts';

const HOSPITAL = keyPolicy("OR('HospitalMSP.peer')");
const CLINIC = keyPolicy("OR('ClinicMSP.peer')");
const INSURER = keyPolicy("OR('InsurerMSP.peer')");
const ALL = keyPolicy("AND('HospitalMSP.peer','ClinicMSP.peer','InsurerMSP.peer')");
const TWO_OF_THREE = keyPolicy("OutOf(2,'HospitalMSP.peer','ClinicMSP.peer','InsurerMSP.peer')");
const ADMIN = keyPolicy("OR('HospitalMSP.admin')");

/** Who must endorse what. */
export const POLICIES: readonly Row[] = [
  script('policies/both', 'Endorsed by all that the policy asks for', {
    by: ['hospital', 'clinic'],
    submit: [['put', '@a', '1']],
  }),
  script('policies/derived', 'Without named endorsers the gateway finds them', {
    submit: [['put', '@a', '1']],
  }),
  script(
    'policies/derived-by-outsider',
    'The gateway of an organization that is not in the policy',
    {
      who: 'insurer',
      submit: [['put', '@a', '1']],
    },
  ),
  script('policies/too-few', 'One endorsement too few', {
    by: ['hospital'],
    submit: [['put', '@a', '1']],
    after: [['get', '@a']],
  }),
  script('policies/outsider', 'Endorsed by somebody else', {
    by: ['insurer'],
    submit: [['put', '@a', '1']],
  }),
  script('policies/more-than-needed', 'An endorsement too many does no harm', {
    by: ['hospital', 'clinic', 'insurer'],
    submit: [['put', '@a', '1']],
  }),
  script('policies/named-twice', 'An organization named twice', {
    by: ['hospital', 'clinic', 'hospital'],
    submit: [['put', '@a', '1']],
  }),
  script(
    'policies/read-only',
    'A transaction that writes nothing needs the chaincode’s policy, too',
    {
      by: ['hospital'],
      submit: [['get', '@a']],
    },
  ),
  script('policies/or', 'A policy that any one satisfies', {
    chaincode: 'other',
    who: 'insurer',
    submit: [['put', '@a', '1']],
  }),
  script('policies/key-set', 'A key’s own policy is set and read', {
    submit: [
      ['put', '@a', '1'],
      ['setPolicy', '@a', HOSPITAL],
    ],
    after: [['getPolicy', '@a']],
  }),
  script('policies/key-none', 'A key without a policy of its own', {
    given: [[['put', '@a', '1']]],
    evaluate: [['getPolicy', '@a']],
  }),
  script('policies/key-own-write', 'A transaction does not see the policy that it sets', {
    given: [[['put', '@a', '1']]],
    evaluate: [
      ['setPolicy', '@a', HOSPITAL],
      ['getPolicy', '@a'],
    ],
  }),
  script('policies/key-weaker', 'A key’s policy replaces the chaincode’s', {
    given: [
      [
        ['put', '@a', '1'],
        ['setPolicy', '@a', HOSPITAL],
      ],
    ],
    by: ['hospital'],
    submit: [['put', '@a', '2']],
    after: [['get', '@a']],
  }),
  script('policies/key-not-satisfied', 'The chaincode’s policy does not help', {
    given: [
      [
        ['put', '@a', '1'],
        ['setPolicy', '@a', INSURER],
      ],
    ],
    by: ['hospital', 'clinic'],
    submit: [['put', '@a', '2']],
    after: [['get', '@a']],
  }),
  script('policies/key-derived', 'The gateway finds the endorsers that a key asks for', {
    given: [
      [
        ['put', '@a', '1'],
        ['setPolicy', '@a', ALL],
      ],
    ],
    submit: [['put', '@a', '2']],
    after: [['get', '@a']],
  }),
  script(
    'policies/key-derived-other',
    'The gateway finds an endorser that is only in the key’s policy',
    {
      given: [
        [
          ['put', '@a', '1'],
          ['setPolicy', '@a', INSURER],
        ],
      ],
      submit: [['put', '@a', '2']],
      after: [['get', '@a']],
    },
  ),
  script('policies/key-out-of', 'Two of three', {
    given: [
      [
        ['put', '@a', '1'],
        ['setPolicy', '@a', TWO_OF_THREE],
      ],
    ],
    by: ['clinic', 'insurer'],
    submit: [['put', '@a', '2']],
  }),
  script('policies/key-administrator', 'A policy that no peer satisfies', {
    given: [
      [
        ['put', '@a', '1'],
        ['setPolicy', '@a', ADMIN],
      ],
    ],
    submit: [['put', '@a', '2']],
  }),
  script('policies/key-and-plain', 'A key with and one without a policy need both policies', {
    given: [
      [
        ['put', '@a', '1'],
        ['setPolicy', '@a', HOSPITAL],
      ],
    ],
    by: ['hospital'],
    submit: [
      ['put', '@a', '2'],
      ['put', '@b', '2'],
    ],
  }),
  script('policies/key-delete', 'A key’s policy holds for its delete', {
    given: [
      [
        ['put', '@a', '1'],
        ['setPolicy', '@a', CLINIC],
      ],
    ],
    by: ['hospital'],
    submit: [['delete', '@a']],
    after: [['get', '@a']],
  }),
  script('policies/key-after-delete', 'A deleted key has no policy', {
    given: [
      [
        ['put', '@a', '1'],
        ['setPolicy', '@a', HOSPITAL],
      ],
    ],
    by: ['hospital'],
    submit: [['delete', '@a']],
    after: [
      ['getPolicy', '@a'],
      ['get', '@a'],
    ],
  }),
  script('policies/key-change', 'A key’s policy holds for its own change', {
    given: [
      [
        ['put', '@a', '1'],
        ['setPolicy', '@a', CLINIC],
      ],
    ],
    by: ['hospital'],
    submit: [['setPolicy', '@a', HOSPITAL]],
    after: [['getPolicy', '@a']],
  }),
  script('policies/key-removed', 'An empty policy gives the key back to the chaincode', {
    given: [
      [
        ['put', '@a', '1'],
        ['setPolicy', '@a', HOSPITAL],
      ],
      [['setPolicy', '@a', '']],
    ],
    by: ['hospital'],
    submit: [['put', '@a', '2']],
    after: [['getPolicy', '@a']],
  }),
  script('policies/key-missing', 'The policy of a key that does not exist', {
    submit: [['setPolicy', '@a', HOSPITAL]],
    after: [
      ['getPolicy', '@a'],
      ['get', '@a'],
    ],
  }),
  script('policies/key-no-policy', 'A key’s policy that is none', {
    given: [
      [
        ['put', '@a', '1'],
        ['setPolicy', '@a', Buffer.from('no policy').toString('base64')],
      ],
    ],
    by: ['hospital', 'clinic'],
    submit: [['put', '@a', '2']],
  }),
  script('policies/key-kept', 'A write keeps the key’s policy', {
    given: [
      [
        ['put', '@a', '1'],
        ['setPolicy', '@a', TWO_OF_THREE],
      ],
      [['put', '@a', '2']],
    ],
    evaluate: [['getPolicy', '@a']],
  }),
  script('policies/private-key', 'A private key’s own policy', {
    given: [
      [
        ['putPrivate', 'pair', '@a', '1'],
        ['setPrivatePolicy', 'pair', '@a', HOSPITAL],
      ],
    ],
    by: ['hospital'],
    submit: [['putPrivate', 'pair', '@a', '2']],
    after: [['hash', 'pair', '@a']],
  }),
  script('policies/private-key-get', 'A private key’s policy is read where the key may be', {
    given: [
      [
        ['putPrivate', 'pair', '@a', '1'],
        ['setPrivatePolicy', 'pair', '@a', HOSPITAL],
      ],
    ],
    evaluate: [['getPrivatePolicy', 'pair', '@a']],
    after: [['try', 'getPrivatePolicy', 'pair', '@a']],
  }),
  script('policies/private-key-not-satisfied', 'The collection’s policy does not help', {
    given: [
      [
        ['putPrivate', 'pair', '@a', '1'],
        ['setPrivatePolicy', 'pair', '@a', INSURER],
      ],
    ],
    by: ['hospital', 'clinic'],
    submit: [['putPrivate', 'pair', '@a', '2']],
  }),
  script('policies/private-key-purge', 'A private key’s policy holds for its purge', {
    given: [
      [
        ['putPrivate', 'pair', '@a', '1'],
        ['setPrivatePolicy', 'pair', '@a', INSURER],
      ],
    ],
    by: ['hospital', 'clinic'],
    submit: [['purgePrivate', 'pair', '@a']],
  }),
  step(
    'policies/changed-in-block',
    'A key whose policy an earlier transaction of the block changes',
    async (world) => {
      const person = await world.person('hospital');
      const by = ['hospital', 'clinic'];
      return inOneBlock(world, async (attempt) => {
        const key = `@a${attempt}`;
        await world.given([['put', key, '1']]);
        return [
          await person.endorse(world.request({ script: [['setPolicy', key, HOSPITAL]], by })),
          await person.endorse(world.request({ script: [['put', key, '2']], by })),
        ];
      });
    },
  ),
  step(
    'policies/set-and-write-in-block',
    'A write and a policy of a key in one block, the write first',
    async (world) => {
      const person = await world.person('hospital');
      const by = ['hospital', 'clinic'];
      return inOneBlock(world, async (attempt) => {
        const key = `@a${attempt}`;
        await world.given([['put', key, '1']]);
        return [
          await person.endorse(world.request({ script: [['put', key, '2']], by })),
          await person.endorse(world.request({ script: [['setPolicy', key, HOSPITAL]], by })),
        ];
      });
    },
  ),
  script('policies/no-agreement', 'Endorsers that do not agree', {
    by: ['hospital', 'clinic'],
    submit: [['random', '@a']],
  }),
  script('policies/no-agreement-result', 'Endorsers that agree on all but the result', {
    by: ['hospital', 'clinic'],
    submit: [['randomResult']],
  }),
  script('policies/no-agreement-derived', 'The same without named endorsers', {
    submit: [['random', '@a']],
  }),
];
