import type { Fate } from '../truth-lines.ts';

/** Who tries to get something into the record that does not belong there. */
export const ATTACKS = [
  'other-topic',
  'other-client-id',
  'other-ca',
  'expired',
  'revoked',
  'revoked-connected',
  'forged',
  'replayed-other',
  'replayed-own',
  'rewritten',
  'overlap',
  'spoofed',
  'backdated',
  'flood',
  'oversize',
  'malformed',
] as const;
export type Attack = (typeof ATTACKS)[number];

/**
 * What must become of what an attacker sends. `committed` stands beside another fate where the attack
 * needs something honest to attack.
 */
export const ATTACK_FATES: Readonly<Record<Attack, readonly Fate[]>> = {
  /** Another device's topic, with its own certificate. */
  'other-topic': ['refused'],
  /** Its own certificate, another device's client id. */
  'other-client-id': ['refused'],
  /** A certificate in another device's name by an authority of its own. */
  'other-ca': ['refused'],
  /** A certificate that has ended. */
  expired: ['refused'],
  /** A certificate that was revoked before it connects. */
  revoked: ['refused'],
  /** Revoked while it is connected: what it sends before it is cut is too late for the ledger. */
  'revoked-connected': ['committed', { quarantined: 'device_revoked' }, 'refused'],
  /** A signature that is not one of the registered key over these bytes. */
  forged: [{ quarantined: 'bad_signature' }],
  /** Another device's bytes. */
  'replayed-other': [{ quarantined: 'identity_mismatch' }],
  /** Its own bytes again. */
  'replayed-own': ['committed', 'duplicate'],
  /** Another value under a sequence that is on the ledger, validly signed. */
  rewritten: ['committed', { quarantined: 'sequence_conflict' }],
  /** A range that begins within one on the ledger, validly signed. */
  overlap: ['committed', { quarantined: 'overlap' }],
  /** A chunk that claims to be another device's, and so another patient's. */
  spoofed: [{ quarantined: 'identity_mismatch' }],
  /** Readings of a time when nobody was assigned the device. */
  backdated: [{ quarantined: 'not_assigned' }],
  /** As many chunks as it can, faster than a connection is allowed to. */
  flood: ['committed'],
  /** More bytes than a message may have. */
  oversize: ['refused'],
  /** Bytes that are no chunk. */
  malformed: [{ quarantined: 'malformed' }],
};
