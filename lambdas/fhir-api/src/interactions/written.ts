import type { Call } from '../http/call.ts';
import { allIsWell } from '../http/outcome.ts';
import type { Reply } from '../http/reply.ts';
import { returning, versionHeaders } from '../http/versions.ts';
import type { Versioned } from '../record/stored.ts';

/** What a create or update answers, as the client prefers it. */
export function written(call: Call, status: number, type: string, stored: Versioned): Reply {
  const location = `${call.baseUrl}/${type}/${stored.id}/_history/${stored.version}`;
  const headers = { ...versionHeaders(stored), location };
  switch (returning(call.request)) {
    case 'minimal':
      return { status, headers };
    case 'OperationOutcome':
      return { status, headers, resource: allIsWell('Stored.') };
    case 'representation':
      return { status, headers, resource: stored.resource ?? {} };
  }
}
