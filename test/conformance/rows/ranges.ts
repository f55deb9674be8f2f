import type { Step } from '../chaincode/operations.ts';
import { type Row, script } from '../row.ts';

const FIVE: readonly (readonly Step[])[] = [[['fill', '@k', 5]]];
const COMPOSITES: readonly (readonly Step[])[] = [
  [
    ['putComposite', '@color', 'blue,1', 'b1'],
    ['putComposite', '@color', 'blue,2', 'b2'],
    ['putComposite', '@color', 'red,1', 'r1'],
    ['putComposite', '@colors', 'blue,1', 'x'],
    ['putComposite', '@color', 'bluest,1', 'y'],
  ],
];

/** Ranges, pages and composite keys. */
export const RANGES: readonly Row[] = [
  script('ranges/half-open', 'A range has its start and not its end', {
    given: FIVE,
    evaluate: [['range', '@k001', '@k003']],
  }),
  script('ranges/empty', 'A range of nothing', { evaluate: [['range', '@x', '@y']] }),
  script('ranges/reversed', 'A range whose end is before its start', {
    given: FIVE,
    evaluate: [['try', 'range', '@k003', '@k001']],
  }),
  script('ranges/same', 'A range whose end is its start', {
    given: FIVE,
    evaluate: [['range', '@k001', '@k001']],
  }),
  script('ranges/own-writes', 'A range does not show the transaction’s own writes', {
    given: FIVE,
    evaluate: [
      ['put', '@k0015', 'new'],
      ['delete', '@k002'],
      ['range', '@k001', '@k004'],
    ],
  }),
  script('ranges/deleted', 'A range leaves out what was deleted', {
    given: [...FIVE, [['delete', '@k002']]],
    evaluate: [['range', '@k', '@l']],
  }),
  script('ranges/byte-order', 'Keys come in the order of their bytes', {
    given: [
      [
        ['put', '@z', '1'],
        ['put', '@Z', '2'],
        ['put', '@é', '3'],
        ['put', '@10', '4'],
        ['put', '@9', '5'],
        ['put', '@𝒳', '6'],
        ['put', '@豈', '7'],
      ],
    ],
    evaluate: [['range', '@', '@\uffff']],
  }),
  script('ranges/many', 'A range of 130 keys comes in several messages', {
    given: [[['fill', '@k', 130]]],
    evaluate: [['rangeCount', '@k', '@l']],
  }),
  script('ranges/first-of-many', 'A range that is not read to its end', {
    given: [[['fill', '@k', 130]]],
    evaluate: [['rangeFirst', '@k', '@l', 105]],
  }),
  script('ranges/submit', 'A transaction may read a range and write', {
    given: FIVE,
    submit: [
      ['range', '@k', '@l'],
      ['put', '@k009', 'x'],
    ],
    after: [['range', '@k', '@l']],
  }),
  script('ranges/hides-composite', 'A range from the empty key leaves out composite keys', {
    given: [[['putComposite', '@color', 'blue', '1']]],
    evaluate: [['rangeFirst', '', '\u0001', 5]],
  }),
  script('ranges/page-first', 'The first page, and its bookmark', {
    given: FIVE,
    evaluate: [['page', '@k', '@l', 2, '']],
  }),
  script('ranges/page-next', 'The page from a bookmark on', {
    given: FIVE,
    evaluate: [['page', '@k', '@l', 2, '@k002']],
  }),
  script('ranges/page-last', 'The last page has no bookmark', {
    given: FIVE,
    evaluate: [['page', '@k', '@l', 2, '@k004']],
  }),
  script('ranges/page-exact', 'A page that ends with the range', {
    given: FIVE,
    evaluate: [['page', '@k', '@l', 5, '']],
  }),
  script('ranges/page-larger', 'A page larger than the range', {
    given: FIVE,
    evaluate: [['page', '@k', '@l', 10, '']],
  }),
  script('ranges/page-of-many', 'A page of more than one message holds', {
    given: [[['fill', '@k', 130]]],
    evaluate: [['page', '@k', '@l', 110, '']],
  }),
  script('ranges/page-size-zero', 'A page size of zero with a bookmark', {
    given: FIVE,
    evaluate: [['try', 'page', '@k', '@l', 0, '@k002']],
  }),
  script('ranges/page-size-negative', 'A negative page size', {
    given: FIVE,
    evaluate: [['try', 'page', '@k', '@l', -1, '']],
  }),
  script('ranges/page-foreign-bookmark', 'A bookmark outside of the range', {
    given: FIVE,
    evaluate: [['try', 'page', '@k001', '@k003', 2, '@a']],
  }),
  script('ranges/page-then-write', 'No writes after a page', {
    given: FIVE,
    submit: [
      ['page', '@k', '@l', 2, ''],
      ['put', '@x', '1'],
    ],
    after: [['get', '@x']],
  }),
  script('ranges/write-then-page', 'No page after a write', {
    given: FIVE,
    submit: [
      ['put', '@x', '1'],
      ['page', '@k', '@l', 2, ''],
    ],
    after: [['get', '@x']],
  }),
  script('ranges/page-submit-all', 'A page that holds the whole range can be submitted', {
    given: FIVE,
    submit: [['page', '@k', '@l', 10, '']],
  }),
  script('ranges/page-submit-part', 'A page that holds a part of the range cannot', {
    given: FIVE,
    submit: [['page', '@k', '@l', 2, '']],
  }),
  script('ranges/partial', 'All keys of a composite key’s first attributes', {
    given: COMPOSITES,
    evaluate: [['partial', '@color', 'blue']],
  }),
  script('ranges/partial-type', 'All composite keys of a type', {
    given: COMPOSITES,
    evaluate: [['partial', '@color', '']],
  }),
  script('ranges/partial-whole', 'A composite key is not among those it is a part of', {
    given: COMPOSITES,
    evaluate: [['partial', '@color', 'blue,1']],
  }),
  script('ranges/partial-page', 'Composite keys by pages', {
    given: COMPOSITES,
    evaluate: [['partialPage', '@color', '', 2, '']],
  }),
  script('ranges/private', 'A range of private keys', {
    given: [
      [
        ['putPrivate', 'pair', '@a', '1'],
        ['putPrivate', 'pair', '@b', '2'],
        ['putPrivate', 'pair', '@c', '3'],
      ],
    ],
    evaluate: [['privateRange', 'pair', '@a', '@c']],
  }),
  script('ranges/private-partial', 'Private composite keys', {
    given: [
      [
        ['putPrivateComposite', 'pair', '@color', 'blue,1', '1'],
        ['putPrivateComposite', 'pair', '@color', 'red,1', '2'],
      ],
    ],
    evaluate: [['privatePartial', 'pair', '@color', 'blue']],
  }),
  script('ranges/private-then-write', 'No writes after a range of private keys', {
    submit: [
      ['privateRange', 'pair', '@a', '@b'],
      ['put', '@x', '1'],
    ],
  }),
  script('ranges/private-then-private-write', 'No private writes after a range of private keys', {
    submit: [
      ['privateRange', 'pair', '@a', '@b'],
      ['putPrivate', 'pair', '@x', '1'],
    ],
  }),
  script('ranges/write-then-private', 'No range of private keys after a write', {
    submit: [
      ['put', '@x', '1'],
      ['privateRange', 'pair', '@a', '@b'],
    ],
  }),
  script('ranges/private-submit', 'A range of private keys without writes can be submitted', {
    submit: [['privateRange', 'pair', '@a', '@b']],
  }),
  script('ranges/private-elsewhere', 'A range of private keys at a peer without the data', {
    given: [[['putPrivate', 'open', '@a', '1']]],
    evaluate: [['privateRange', 'open', '@a', '@b']],
    who: 'insurer',
    by: ['insurer'],
  }),
];
