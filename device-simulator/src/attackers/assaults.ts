import { X509Certificate } from 'node:crypto';
import type { Reading } from '@pulseledger/domain';
import type { AttackStage, Bytes } from './attack-stage.ts';
import type { Attack } from './attacks.ts';
import { foreignCertificate } from './foreign-authority.ts';
import {
  type ChunkPlan,
  forgeries,
  malformations,
  oversized,
  pulse,
  signedChunk,
} from './hostile-bytes.ts';

const READINGS = 5;
/** More than a connection may publish in a second, burst included. */
export const FLOOD_CHUNKS = 150;
/** How often the same old bytes come again. */
const REPLAYS = 3;
/** A broker reads a revocation list within seconds; one that never does shall not hold up the run. */
const LONGEST_REVOCATION_MS = 30_000;
/** Beyond the end of the certificate, in whole seconds. */
const PAST_EXPIRY_MS = 1_500;
const HOUR_MS = 3_600_000;
/** A boot of another device that it surely does not have. */
const FOREIGN_BOOT = 1_000_000;

/** One way to attack. */
export type Assault = (stage: AttackStage) => Promise<void>;

function ownChunk(stage: AttackStage, plan: ChunkPlan): Uint8Array {
  return signedChunk(plan, stage.identity.sign, stage.random);
}

function newPlan(stage: AttackStage): ChunkPlan {
  return stage.plan(pulse(stage.random, stage.nowMs(), READINGS));
}

/** A chunk as an honest device would send it. */
function honest(stage: AttackStage): Bytes & { readonly chunk: ChunkPlan } {
  const chunk = newPlan(stage);
  return { bytes: ownChunk(stage, chunk), fate: 'committed', chunk };
}

/** A chunk in the victim's name, signed by the attacker. */
function inVictimsName(stage: AttackStage): Uint8Array {
  const { deviceId } = stage.world.victim;
  return ownChunk(stage, { ...newPlan(stage), deviceId, boot: FOREIGN_BOOT });
}

function withOtherValues(readings: readonly Reading[]): Reading[] {
  return readings.map((reading) =>
    'value' in reading ? { ...reading, value: reading.value + 1 } : reading,
  );
}

async function deliverEach(stage: AttackStage, all: readonly Bytes[]): Promise<void> {
  for (const one of all) await stage.deliver(one);
}

/** What each attacker does, step by step. */
export const ASSAULTS: Readonly<Record<Attack, Assault>> = {
  'other-topic': async (stage) => {
    const bytes = ownChunk(stage, newPlan(stage));
    await stage.beRefused(bytes, stage.own, stage.world.victim.deviceId);
  },
  'other-client-id': async (stage) => {
    const { deviceId } = stage.world.victim;
    const { brokerUrl, brokerCaPem, certificatePem, privateKeyPem } = stage.own;
    const as = { brokerUrl, brokerCaPem, certificatePem, privateKeyPem, clientId: deviceId };
    await stage.beRefused(inVictimsName(stage), as, deviceId);
  },
  'other-ca': async (stage) => {
    const { deviceId } = stage.world.victim;
    const { brokerUrl, brokerCaPem } = stage.own;
    const credentials = await foreignCertificate(deviceId);
    const as = { brokerUrl, brokerCaPem, ...credentials, clientId: deviceId };
    await stage.beRefused(inVictimsName(stage), as, deviceId);
  },
  expired: async (stage) => {
    const ends = Date.parse(new X509Certificate(stage.identity.certificatePem).validTo);
    await stage.pause(Math.max(0, ends - Date.now()) + PAST_EXPIRY_MS);
    await stage.beRefused(ownChunk(stage, newPlan(stage)), stage.own, stage.identity.deviceId);
  },
  revoked: async (stage) => {
    const { deviceId, certificatePem } = stage.identity;
    await stage.world.revoke(deviceId, certificatePem);
    await stage.untilShutOut(LONGEST_REVOCATION_MS);
    await stage.beRefused(ownChunk(stage, newPlan(stage)), stage.own, deviceId);
  },
  'revoked-connected': async (stage) => {
    const { deviceId, certificatePem } = stage.identity;
    await stage.commit(honest(stage));
    await stage.world.revoke(deviceId, certificatePem);
    // The broker may still let it through for a moment; the ledger does not.
    const late = ownChunk(stage, newPlan(stage));
    await stage.tryOnce({ bytes: late, fate: { quarantined: 'device_revoked' } });
    await stage.untilCut(LONGEST_REVOCATION_MS);
    await stage.untilShutOut(LONGEST_REVOCATION_MS);
    await stage.beRefused(ownChunk(stage, newPlan(stage)), stage.own, deviceId);
  },
  forged: async (stage) => {
    const chunk = ownChunk(stage, newPlan(stage));
    const forged = forgeries(chunk, stage.identity.sign);
    const fate = { quarantined: 'bad_signature' } as const;
    await deliverEach(
      stage,
      forged.map((bytes) => ({ bytes, fate })),
    );
  },
  'replayed-other': async (stage) => {
    const bytes = await stage.until(stage.world.victim.lastChunk);
    await stage.deliver({ bytes, fate: { quarantined: 'identity_mismatch' } });
  },
  'replayed-own': async (stage) => {
    const first = honest(stage);
    await stage.commit(first);
    const again = { bytes: first.bytes, fate: 'duplicate' } as const;
    await deliverEach(
      stage,
      Array.from({ length: REPLAYS }, () => again),
    );
  },
  rewritten: async (stage) => {
    const first = honest(stage);
    await stage.commit(first);
    const readings = withOtherValues(first.chunk.readings);
    const bytes = ownChunk(stage, { ...first.chunk, readings });
    await stage.deliver({ bytes, fate: { quarantined: 'sequence_conflict' } });
  },
  overlap: async (stage) => {
    const first = honest(stage);
    await stage.commit(first);
    const later = { ...newPlan(stage), first: first.chunk.first + READINGS - 1 };
    await stage.deliver({ bytes: ownChunk(stage, later), fate: { quarantined: 'overlap' } });
  },
  spoofed: async (stage) => {
    const bytes = inVictimsName(stage);
    await stage.deliver({ bytes, fate: { quarantined: 'identity_mismatch' } });
  },
  backdated: async (stage) => {
    const before = stage.identity.fromMs - HOUR_MS;
    const bytes = ownChunk(stage, stage.plan(pulse(stage.random, before, 1)));
    await stage.deliver({ bytes, fate: { quarantined: 'not_assigned' } });
  },
  flood: async (stage) => {
    const chunks = Array.from({ length: FLOOD_CHUNKS }, () => {
      const chunk = stage.plan(pulse(stage.random, stage.nowMs(), 1));
      return { bytes: ownChunk(stage, chunk), fate: 'committed', chunk } as const;
    });
    await stage.deliverAtOnce(chunks);
  },
  oversize: async (stage) => {
    for (const bytes of oversized(stage.random)) {
      await stage.beRefused(bytes, stage.own, stage.identity.deviceId);
    }
  },
  malformed: async (stage) => {
    const chunk = ownChunk(stage, newPlan(stage));
    const fate = { quarantined: 'malformed' } as const;
    const all = malformations(chunk, stage.identity.sign, stage.random);
    await deliverEach(
      stage,
      all.map((bytes) => ({ bytes, fate })),
    );
  },
};
