/** I9, I10, I11: the signing key is away, changed, or looked for where it must not be. */
import { readFile } from 'node:fs/promises';
import { expect, it } from '@jest/globals';
import {
  issueUser,
  organizationKeys,
  readAuthority,
  readCertifiedKey,
} from '@pulseledger/network/identity';
import { expiredTwin } from '../../../local/src/test-support/odd-authority.ts';
import { formsOf, found } from '../../canary/forms.ts';
import type { Lane } from '../support/ingest-lane.ts';
import { secretsOfKey } from '../support/key-secrets.ts';
import { eventually } from '../support/system.ts';
import type { IngestScene } from './ingest.test.ts';

const LIMIT_MS = 240_000;
/** How long the identity is used without being read again (ledger/src/identity-source.ts). */
const TTL_MS = 300_000;
/** At most one read is forced by refusals in this time. */
const FORCED_INTERVAL_MS = 5_000;
const MOST_SDK_TRIES = 3;

export function theIdentities(scene: () => IngestScene): void {
  it(
    'I9 without its secret store the function goes on with the key it has until its time is over, then fails closed',
    async () => {
      const wearer = await scene().world.wearer();
      await scene().lane(async (lane) => {
        const host = await lane.host(1);
        await lane.send(wearer, wearer.chunk({ firstSequence: 0 }));
        await lane.settled();
        await lane.stopSecrets();
        await lane.send(wearer, wearer.chunk({ firstSequence: 5 }));
        await lane.settled();
        expect(await scene().world.chunksOf(wearer.patientId)).toHaveLength(2);
        // The key's time is over: nothing is signed, nothing is sent, the message stays.
        await lane.shiftClock(TTL_MS + 1_000);
        const endorsed = lane.proxy.count('Endorse');
        await lane.send(wearer, wearer.chunk({ firstSequence: 10 }));
        await eventually('the function has given it back', () =>
          /"failures":\{"unavailable":1\}/.test(host.output) ? true : undefined,
        );
        expect(lane.proxy.count('Endorse')).toBe(endorsed);
        expect([lane.count(), lane.count('ingest-dlq')]).toEqual([1, 0]);
        await lane.shiftClock(0);
        await lane.startSecrets();
        await lane.settled();
        expect(await scene().world.chunksOf(wearer.patientId)).toHaveLength(3);
      });
    },
    LIMIT_MS,
  );

  it(
    'I9 a throttled secret store delays, and loses nothing',
    async () => {
      const wearer = await scene().world.wearer();
      await scene().lane(async (lane) => {
        // More often than the SDK tries by itself.
        let refusals = 0;
        lane.at('GetSecretValue called', () => {
          refusals += 1;
          return refusals > MOST_SDK_TRIES ? 'give' : 'drop';
        });
        const host = await lane.host(1);
        await lane.send(wearer, wearer.chunk({ firstSequence: 0 }));
        await lane.settled();
        expect(refusals).toBeGreaterThan(MOST_SDK_TRIES);
        expect(host.output).toMatch(/"returned":[1-9]/);
        expect(await scene().world.chunksOf(wearer.patientId)).toHaveLength(1);
      });
    },
    LIMIT_MS,
  );

  it(
    'I10 a key rotated while its transaction is under way still finishes, and the next one is taken when the ledger refuses the old',
    async () => {
      const wearer = await scene().world.wearer();
      const { keys } = scene().world;
      const current = await readCertifiedKey(organizationKeys(keys, 'hospital').service('ingest'));
      const issuer = await readAuthority(keys, 'hospital', 'issuing');
      const next = issueUser({ issuer, role: 'ingest', subjectCommitment: 'next', minutes: 15 });
      await scene().lane(
        async (lane) => {
          const rotated = lane.once('Endorse answered', async () => {
            await lane.rotate(next);
            return undefined;
          });
          const host = await lane.host(1);
          await lane.send(wearer, wearer.chunk({ firstSequence: 0 }));
          await rotated;
          await lane.settled();
          expect(lane.answers(wearer)).toHaveLength(1);
          await host.end('SIGKILL');
          // A process that starts now reads the new key, and records with it.
          await lane.host(1);
          await lane.send(wearer, wearer.chunk({ firstSequence: 5 }));
          await lane.settled();
        },
        { identity: current },
      );
      expect(await scene().world.chunksOf(wearer.patientId)).toHaveLength(2);
    },
    LIMIT_MS,
  );

  it(
    'I10 a key whose time is over, or of another authority, is refused for good, until the secret store has another',
    async () => {
      const wearer = await scene().world.wearer();
      const { keys } = scene().world;
      const current = await readCertifiedKey(organizationKeys(keys, 'hospital').service('ingest'));
      // The device authority is no authority of the channel.
      const foreign = await readAuthority(keys, 'hospital', 'device');
      const past = await expiredTwin(await readAuthority(keys, 'hospital', 'issuing'), 'same key');
      const [strange, expired] = [foreign, past].map((issuer) =>
        issueUser({ issuer, role: 'ingest', subjectCommitment: 'old', minutes: 15 }),
      );
      const isRefused = async (lane: Lane): Promise<void> => {
        const host = lane.hosts.at(-1)!;
        await eventually('the function has given it back', () =>
          /"returned":1/.test(host.output) ? true : undefined,
        );
        expect(host.output).toContain('unauthenticated');
        expect(lane.count('quarantine')).toBe(0);
      };
      await scene().lane(
        async (lane) => {
          const host = await lane.host(1);
          await lane.send(wearer, wearer.chunk({ firstSequence: 0 }));
          await isRefused(lane);
          await host.end('SIGTERM');
          await lane.rotate(expired!);
          await lane.host(1);
          lane.redeliver();
          await isRefused(lane);
          await lane.rotate(current);
          await lane.shiftClock(FORCED_INTERVAL_MS + 1_000);
          await lane.settled();
          expect(lane.answers(wearer)).toMatchObject([{ status: 'committed' }]);
        },
        { identity: strange! },
      );
      expect(await scene().world.chunksOf(wearer.patientId)).toHaveLength(1);
    },
    LIMIT_MS,
  );

  it(
    'I11 the private key is in no environment, log or error of the function, whatever the secret is like',
    async () => {
      const wearer = await scene().world.wearer();
      const { keys } = scene().world;
      const key = await readCertifiedKey(organizationKeys(keys, 'hospital').service('ingest'));
      const secrets = secretsOfKey(key.privateKeyPem).flatMap((secret) => [...formsOf(secret)]);
      const leaks = (text: string | Buffer): readonly string[] => found(Buffer.from(text), secrets);
      // The control: the search finds the key in what holds it.
      expect(leaks(JSON.stringify(key))).not.toEqual([]);
      expect(leaks(Buffer.from(key.privateKeyPem).toString('base64'))).not.toEqual([]);
      const broken = [
        `${JSON.stringify({ mspId: 'HospitalMSP', ...key })}}`,
        JSON.stringify({ mspId: 7, ...key }),
        key.privateKeyPem,
        JSON.stringify({
          ...{ mspId: 'HospitalMSP', certificatePem: key.certificatePem },
          privateKeyPem: key.privateKeyPem.replace('BEGIN PRIVATE', 'BEGIN EC PRIVATE'),
        }),
      ];
      await scene().lane(async (lane) => {
        await lane.rotate(broken[0]!);
        const host = await lane.host(1);
        for (const [index, secret] of broken.entries()) {
          await lane.rotate(secret);
          // Longer than anything that was read is used, good or bad.
          await lane.shiftClock((index + 1) * (TTL_MS + 1_000));
          const said = lane.listen();
          await lane.send(wearer, wearer.chunk({ firstSequence: index * 5 }));
          await eventually('the function has failed', () =>
            /"returned":[1-9]|invocation_failed/.test(said()) ? true : undefined,
          );
        }
        const environment = await readFile(`/proc/${String(host.process.pid)}/environ`);
        expect(leaks(environment)).toEqual([]);
        await host.end('SIGTERM');
        await lane.shiftClock(0);
        await lane.rotate(key);
        const good = await lane.host(1);
        await lane.send(wearer, wearer.chunk({ firstSequence: 100 }));
        await eventually(
          'the good key records',
          () =>
            lane.answers(wearer).some(({ firstSequence }) => firstSequence === 100) || undefined,
        );
        good.process.kill('SIGABRT');
        await eventually('it has ended', () => (good.isAlive ? undefined : true));
        for (const { output } of [host, good]) expect(leaks(output)).toEqual([]);
      });
    },
    LIMIT_MS,
  );
}
