/** Devices that an organization keeps: plain JSON, failures as problem documents (RFC 9457). */
import { ChangeOutput, DeviceRequest, WearerRequest } from '@pulseledger/domain';
import type { Call } from '../http/call.ts';
import { ok, type Reply } from '../http/reply.ts';
import type { Route } from '../http/routes.ts';
import { newId } from '../interactions/incoming.ts';
import { identifierIn, jsonBody, parsed } from './plain-input.ts';

const MAX_BODY = 4_096;

export const DEVICE_ROUTES: readonly Route[] = [
  {
    ...{ method: 'PUT', path: 'devices/:id', format: 'plain', access: 'login' },
    summary: 'Registers a device: by an administrator, whose organization keeps it',
    body: DeviceRequest,
    answer: ChangeOutput,
    maxBody: MAX_BODY,
    handle: register,
  },
  {
    ...{ method: 'PUT', path: 'devices/:id/wearer', format: 'plain', access: 'login' },
    summary: 'A patient wears the device in this time: by an administrator of who keeps it',
    body: WearerRequest,
    answer: ChangeOutput,
    maxBody: MAX_BODY,
    handle: assign,
  },
  {
    ...{ method: 'POST', path: 'devices/:id/revoke', format: 'plain', access: 'login' },
    summary: 'Nothing of the device is recorded any more: by an administrator of who keeps it',
    answer: ChangeOutput,
    handle: revoke,
  },
];

async function register({ request, path, devices }: Call): Promise<Reply> {
  const stated = parsed(DeviceRequest, jsonBody(request.body));
  const deviceId = identifierIn(path['id']);
  return ok(await devices.registerDevice({ ...stated, deviceId, saltHex: newId() }));
}

async function assign({ request, path, devices }: Call): Promise<Reply> {
  const worn = parsed(WearerRequest, jsonBody(request.body));
  return ok(await devices.assignDevice({ ...worn, deviceId: identifierIn(path['id']) }));
}

async function revoke({ path, devices, now }: Call): Promise<Reply> {
  return ok(await devices.revokeDevice({ deviceId: identifierIn(path['id']), sinceMs: now() }));
}
