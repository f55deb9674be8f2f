/** A rule of the devnet that is broken on purpose. */
export interface Mutation {
  readonly rule: string;
  /** Below network/devnet/src. */
  readonly file: string;
  /** Stands there exactly once. */
  readonly from: string;
  readonly to: string;
  /** Rows that are asked; at least one must tell. */
  readonly rows: RegExp;
}

export const MUTATIONS: readonly Mutation[] = [
  {
    rule: 'A read of a key that was written meanwhile conflicts',
    file: 'ledger/read-validation.ts',
    from: 'if (read !== undefined) return read;',
    to: '',
    rows: /^mvcc\/(?:read-write|missing-key)$/,
  },
  {
    rule: 'A range that has changed is a phantom',
    file: 'ledger/read-validation.ts',
    from: 'if (await rangeStands(namespace, query, state, updates)) continue;',
    to: 'if (query !== undefined) continue;',
    rows: /^mvcc\/phantom-(?:insert|delete)$/,
  },
  {
    rule: 'A proposal is signed by its creator',
    file: 'endorser/proposal-checks.ts',
    from: 'creator.refuse() ?? creator.refuseSignature(proposal.proposalBytes, proposal.signature);',
    to: 'creator.refuse();',
    rows: /^identities\/wrong-key$/,
  },
  {
    rule: 'An endorsement too few makes a transaction invalid',
    file: 'validator/validator.ts',
    from: 'return ValidationCode.ENDORSEMENT_POLICY_FAILURE;',
    to: 'continue;',
    rows: /^policies\/(?:too-few|outsider)$/,
  },
  {
    rule: 'memberOnlyRead',
    file: 'chaincode-support/transaction-context.ts',
    from: 'read: isMember || !collection.memberOnlyRead,',
    to: 'read: true,',
    rows: /^private\/read-not-member/,
  },
  {
    rule: 'A transaction id is committed once',
    file: 'endorser/endorser.ts',
    from: 'if (channel.ledger.hasTransaction(txId)) {',
    to: 'if (ledger.height < 0) {',
    rows: /^gateway\/duplicate-proposal$/,
  },
  {
    rule: 'A certificate that has expired is refused',
    file: 'endorser/proposal-checks.ts',
    from: 'if (msps.find(proposal.creator)?.isExpiredAt(nowMs) === true) {',
    to: 'if (msps.find(proposal.creator)?.isExpiredAt(0) === true) {',
    rows: /^identities\/expired$/,
  },
  {
    rule: 'blockToLive counts blocks',
    file: 'ledger/collections.ts',
    from: 'writtenBlock + blockToLive + 1',
    to: 'writtenBlock + blockToLive + 2',
    rows: /^private\/block-to-live$/,
  },
  {
    rule: 'A reader of blocks must be a member of the channel',
    file: 'deliver/deliver.ts',
    from: 'if (this.#isExpired(request.signed) || !this.#mayRead(request)) return FORBIDDEN;',
    to: '',
    rows: /^deliver\/(?:no-unit|wrong-signature)$/,
  },
  {
    rule: 'An invalid transaction emits no event',
    file: 'gateway/block-events.ts',
    from: 'codes?.[index] === ValidationCode.VALID',
    to: 'index >= 0',
    rows: /^events\/invalid$/,
  },
  {
    rule: 'Errors say which peer they came from',
    file: 'gateway/peers.ts',
    from: '`rpc error: code = Unknown desc = ${error}`',
    to: 'error',
    rows: /^identities\/wrong-key$/,
  },
  {
    rule: 'A purge takes the value out of what is delivered',
    file: 'ledger/committer.ts',
    from: 'await this.#writeSets.purge(mspId, purge, data.found, batch.writes);',
    to: '',
    rows: /^deliver\/private-data-purged$/,
  },
  {
    rule: 'A transaction reads the sequence of its chaincode',
    file: 'chaincode-support/chaincode-support.ts',
    from: 'noteSequence(parameters.simulator, chaincode);',
    to: '',
    rows: /^definitions\/init$/,
  },
  {
    rule: 'An organization endorses what it has approved itself',
    file: 'system-chaincodes/lifecycle-functions.ts',
    from: 'if (readiness.get(call.mspId)?.length !== 0) {',
    to: 'if (readiness.size === 0) {',
    rows: /^definitions\/commit-not-agreed$/,
  },
  {
    rule: 'A peer is in the channels of its organization only',
    file: 'channel/channel.ts',
    from: 'members.includes(mspId)',
    to: 'members.length > 0 && mspId !== undefined',
    rows: /^channels\/joined$/,
  },
];
