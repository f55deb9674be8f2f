/** From method and address to a route. */
import { ERRORS, PulseError } from '@pulseledger/domain';
import { isServedType } from '../definitions/served-types.ts';
import type { FhirRequest } from './request.ts';
import { ROUTES, type Route } from './routes.ts';

export interface FoundRoute {
  readonly route: Route;
  readonly path: Readonly<Record<string, string>>;
}

/** @throws PulseError `not_found`, `method_not_allowed` */
export function findRoute({ method, segments }: FhirRequest): FoundRoute {
  const matching = ROUTES.flatMap((route) => {
    const path = matchPath(route.path, segments);
    return path === undefined ? [] : [{ route, path }];
  });
  if (matching.length === 0) throw new PulseError('not_found', 'this address is not served');
  // HEAD is GET without the body (RFC 9110, 9.3.2).
  const wanted = method === 'HEAD' ? 'GET' : method;
  // A literal path hides the open one behind it, so that POST to it is no GET of something named like it.
  const first = matching.filter(({ route }) => route.path === matching[0]?.route.path);
  const found = first.find(({ route }) => route.method === wanted);
  if (found === undefined) {
    throw new PulseError('method_not_allowed', ERRORS.method_not_allowed.title, {
      details: { allow: allowed(first.map(({ route }) => route)) },
    });
  }
  return found;
}

function matchPath(path: string, segments: readonly string[]): Record<string, string> | undefined {
  const parts = path.split('/');
  if (parts.length !== segments.length) return undefined;
  const open: Record<string, string> = {};
  for (const [index, part] of parts.entries()) {
    const segment = segments[index] ?? '';
    if (part === segment) continue;
    if (!part.startsWith(':') || !fits(part, segment)) return undefined;
    open[part.slice(1)] = segment;
  }
  return open;
}

/** A type is one that is served; ids never begin with what names an operation. */
function fits(part: string, segment: string): boolean {
  if (part === ':type') return isServedType(segment);
  return segment !== '' && !/^[$_]/.test(segment);
}

function allowed(routes: readonly Route[]): string {
  return routes.flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : [method])).join(', ');
}
