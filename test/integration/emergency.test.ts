/** Break-glass through the running system: over HTTPS, with test logins. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  EmergencyFindAnswer,
  EmergencyOpenAnswer,
  EmergencyReviewsAnswer,
  PARTS_MAY_BE_WITHHELD,
} from '@pulseledger/domain';
import { RunningSystem } from './running-system.ts';
import { freePort } from './start.ts';

const LIMIT_MS = 240_000;

describe('an emergency in the running system', () => {
  let folder: string;
  let system: RunningSystem;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pulse-emergency-'));
    const port = String(await freePort());
    system = await RunningSystem.start(folder, ['--port', port, '--devices', '0']);
  }, LIMIT_MS);

  afterAll(async () => {
    await system.stop();
    await rm(folder, { recursive: true, force: true });
  }, LIMIT_MS);

  it(
    'goes from two identifiers to the summary, the patient’s log and the supervisor’s verdict',
    async () => {
      const ada = system.system.patients.find(({ login }) => login === 'patient-ada');
      const patientId = ada?.patientId ?? '';
      const medic = await system.token('ambulance-medic');
      const closed = await system.get(`/Patient/${patientId}/$summary`, medic);
      expect(closed.status).toBe(404);

      const who = { family: 'sample', birthDate: '1961-03-14' };
      const found = await system.post('/emergency/find', medic, who);
      expect(EmergencyFindAnswer.parse(JSON.parse(found.body)).patients).toEqual([
        { patientId, given: ['Ada'], gender: 'unknown' },
      ]);
      const reason = { patientId, reasonCode: 'unconscious', text: 'found in the street' };
      const opened = await system.post('/emergency/open', medic, reason);
      const answer = EmergencyOpenAnswer.parse(JSON.parse(opened.body));
      expect(answer).toMatchObject({ isEntryLate: false });
      expect(answer.partsMayBeWithheld).toBe(PARTS_MAY_BE_WITHHELD);
      const summary = await system.get(`/Patient/${patientId}/$summary`, medic);
      expect([summary.status, summary.body.includes('Ada')]).toEqual([200, true]);

      const patient = await system.token('patient-ada');
      const log = await system.get(`/patients/${patientId}/accesses`, patient);
      expect(log.body).toContain('emergency-medic');
      const supervisor = await system.token('clinic-administrator');
      const reviews = await system.get('/emergency/reviews', supervisor);
      const { permitId } = answer;
      const listed = EmergencyReviewsAnswer.parse(JSON.parse(reviews.body)).reviews;
      expect(listed).toMatchObject([{ permitId, verdict: null }]);
      expect(reviews.body).not.toContain(patientId);
      const verdict = { verdict: 'justified', text: 'as it should be' };
      const judged = await system.post(`/emergency/reviews/${permitId}`, supervisor, verdict);
      expect(judged.status).toBe(200);
      const doctor = await system.token('hospital-doctor');
      expect((await system.post('/emergency/open', doctor, reason)).status).toBe(403);
    },
    LIMIT_MS,
  );
});
