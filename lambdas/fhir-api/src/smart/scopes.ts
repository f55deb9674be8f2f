/**
 * SMART App Launch 2 scopes (https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html): what a client may
 * do at most. They narrow what the person may do and never widen it. A token without any resource scope is one of our
 * own pages' and programs', which act with all that the person may.
 */
import { PulseError } from '@pulseledger/domain';

/** create, read, update, delete, search */
export type Interaction = 'c' | 'r' | 'u' | 'd' | 's';

interface ResourceScope {
  readonly level: 'patient' | 'user' | 'system';
  readonly type: string;
  readonly interactions: string;
}

export interface Grant {
  /** @throws PulseError `access_denied` when the token does not let the client do this */
  readonly require: (type: string, interaction: Interaction) => void;
  readonly allows: (type: string, interaction: Interaction) => boolean;
}

const SCOPE = /^(patient|user|system)\/([A-Z][A-Za-z]*|\*)\.([a-z]+|\*)$/;
const CRUDS = /^c?r?u?d?s?$/;
/** Version 1 of the same: https://hl7.org/fhir/smart-app-launch/1.0.0/scopes-and-launch-context */
const VERSION_1: Readonly<Record<string, string>> = { read: 'rs', write: 'cud', '*': 'cruds' };

/** @param scope the token's `scope` claim @throws PulseError `unauthenticated` for a scope that is none */
export function grantOf(scope: string | undefined): Grant {
  const scopes = (scope ?? '')
    .split(' ')
    .filter((text) => /^(?:patient|user|system)\//.test(text))
    .map(parseScope);
  const allows: Grant['allows'] = (type, interaction) =>
    scopes.length === 0 ||
    scopes.some(
      (one) => (one.type === '*' || one.type === type) && one.interactions.includes(interaction),
    );
  return {
    allows,
    require: (type, interaction) => {
      if (allows(type, interaction)) return;
      throw new PulseError('access_denied', 'the scopes of the access token do not cover this');
    },
  };
}

function parseScope(text: string): ResourceScope {
  // A search restriction (`?category=…`) would have to be obeyed; we do not grant any.
  const [, level, type = '', letters = ''] = SCOPE.exec(text) ?? [];
  const interactions = VERSION_1[letters] ?? letters;
  if (level === undefined || interactions === '' || !CRUDS.test(interactions)) {
    throw new PulseError('unauthenticated', 'the access token has a scope that is not known here');
  }
  const known = (['patient', 'user', 'system'] as const).find((one) => one === level) ?? 'user';
  return { level: known, type, interactions };
}
