import type { PublicCall } from '../http/call.ts';
import { ok, type Reply } from '../http/reply.ts';
import { capabilityStatement } from './statement.ts';

export function readCapabilities(call: PublicCall): Promise<Reply> {
  return Promise.resolve(ok(capabilityStatement(call.baseUrl)));
}
