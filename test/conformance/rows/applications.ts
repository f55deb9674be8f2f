import { keyPolicy } from '../policies.ts';
import { type Row, script, step } from '../row.ts';

const HOSPITAL = keyPolicy("OR('HospitalMSP.member')");
const CLINIC = keyPolicy("OR('ClinicMSP.member')");
const STRANGER = keyPolicy("OR('StrangerMSP.member')");
const OF_HOSPITAL = '_implicit_org_HospitalMSP';
const OF_CLINIC = '_implicit_org_ClinicMSP';

const COLORS = [
  ['put', '@car', 'blue'],
  ['put', '@bus', 'blue'],
  ['putComposite', '@color~id', 'blue,car', '1'],
  ['putComposite', '@color~id', 'blue,bus', '1'],
] as const;

/** What published applications and chaincodes do that no row of another area does. */
export const APPLICATIONS: readonly Row[] = [
  step(
    'applications/key-handed-over',
    'A key is handed from one organization to another',
    async (world) => {
      await world.given([
        ['put', '@a', '1'],
        ['setPolicy', '@a', HOSPITAL],
      ]);
      const put = (by: string, value: string) =>
        world.submit('hospital', { script: [['put', '@a', value]], by: [by] });
      return {
        ownerWrites: await put('hospital', '2'),
        otherWrites: await put('clinic', '3'),
        handedOver: await world.submit('hospital', {
          script: [
            ['put', '@a', '4'],
            ['setPolicy', '@a', CLINIC],
          ],
          by: ['hospital'],
        }),
        formerOwnerWrites: await put('hospital', '5'),
        newOwnerWrites: await put('clinic', '6'),
        after: await world.everywhere([['get', '@a']]),
      };
    },
  ),
  script(
    'applications/key-of-stranger',
    'A key handed to an organization that the channel does not have',
    {
      given: [
        [
          ['put', '@a', '1'],
          ['setPolicy', '@a', STRANGER],
        ],
      ],
      submit: [['put', '@a', '2']],
      after: [['get', '@a']],
    },
  ),
  script('applications/key-of-stranger-named', 'The same with named endorsers', {
    given: [
      [
        ['put', '@a', '1'],
        ['setPolicy', '@a', STRANGER],
      ],
    ],
    by: ['hospital', 'clinic'],
    submit: [['put', '@a', '2']],
    after: [['get', '@a']],
  }),
  script(
    'applications/index-then-write',
    'What an index of composite keys finds is written in the same transaction',
    {
      given: [COLORS],
      submit: [
        ['partial', '@color~id', 'blue'],
        ['get', '@car'],
        ['put', '@car', 'red'],
        ['get', '@bus'],
        ['put', '@bus', 'red'],
      ],
      after: [
        ['get', '@car'],
        ['get', '@bus'],
      ],
    },
  ),
  script('applications/range-without-end', 'A range without an end, and not read to its end', {
    given: [[['fill', '@k', 5]]],
    evaluate: [['rangeFirst', '@k002', '', 3]],
  }),
  script('applications/history-empty-key', 'The history of the empty key', {
    evaluate: [['try', 'history', '']],
  }),
  script('applications/delete-then-purge', 'A private key is deleted, and purged afterwards', {
    given: [[['putPrivate', 'pair', '@a', 'secret']], [['deletePrivate', 'pair', '@a']]],
    submit: [['purgePrivate', 'pair', '@a']],
    after: [
      ['try', 'getPrivate', 'pair', '@a'],
      ['hash', 'pair', '@a'],
    ],
  }),
  step(
    'applications/agreement',
    'Two organizations agree on a secret: its hash is the same in both’s collections',
    async (world) => {
      const agree = (of: 'hospital' | 'clinic', collection: string) =>
        world.submit(of, { script: [['putPrivate', collection, '@price', '110']], by: [of] });
      return {
        sold: await agree('hospital', OF_HOSPITAL),
        bought: await agree('clinic', OF_CLINIC),
        hashes: await world.everywhere([
          ['hash', OF_HOSPITAL, '@price'],
          ['hash', OF_CLINIC, '@price'],
        ]),
        transferred: await world.submit('hospital', {
          script: [
            ['hash', OF_CLINIC, '@price'],
            ['deletePrivate', OF_HOSPITAL, '@price'],
            ['put', '@owner', 'clinic'],
          ],
          by: ['hospital', 'clinic'],
        }),
        after: await world.everywhere([
          ['get', '@owner'],
          ['hash', OF_HOSPITAL, '@price'],
          ['hash', OF_CLINIC, '@price'],
        ]),
      };
    },
  ),
];
