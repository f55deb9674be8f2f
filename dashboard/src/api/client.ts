import { z } from 'zod';
import type { TokenSource } from '../session/session.ts';
import { TEXT } from '../text/en.ts';
import { Failure, unreachable } from './failure.ts';

/** OperationOutcome and problem+json, as far as the page tells of them. */
const Trouble = z.object({
  code: z.string().optional(),
  title: z.string().optional(),
  detail: z.string().optional(),
  issue: z
    .array(
      z.object({
        diagnostics: z.string().optional(),
        details: z
          .object({
            text: z.string().optional(),
            coding: z.array(z.object({ code: z.string().optional() })).optional(),
          })
          .optional(),
      }),
    )
    .optional(),
});

export interface Request {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** The API below the page's own origin, with the token of who is signed in. */
export class ApiClient {
  readonly #session: TokenSource;

  constructor(session: TokenSource) {
    this.#session = session;
  }

  /**
   * @param path below the API, with its query, or a link that the API gave
   * @returns the answer's JSON; undefined when it has no body
   * @throws Failure
   */
  async ask<T>(path: string, schema: z.ZodType<T>, request: Request = {}): Promise<T> {
    const response = await this.#send(path, request);
    const text = await response.text();
    const json: unknown = text === '' ? undefined : JSON.parse(text);
    if (!response.ok) throw failureOf(response.status, json);
    return schema.parse(json);
  }

  async #send(path: string, { method = 'GET', body, headers, signal }: Request): Promise<Response> {
    const token = await this.#session.accessToken();
    try {
      return await fetch(`/api/${below(path)}`, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { 'content-type': 'application/fhir+json' }),
          ...headers,
        },
        cache: 'no-store',
        credentials: 'omit',
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(signal === undefined ? {} : { signal }),
      });
    } catch (error) {
      if (signal?.aborted === true) throw error;
      throw unreachable();
    }
  }
}

/** Links in bundles name the API by its own address. */
function below(path: string): string {
  if (!/^https?:/.test(path)) return path.replace(/^\//, '');
  const { pathname, search } = new URL(path);
  return `${pathname.replace(/^\//, '')}${search}`;
}

/** What the API says went wrong. */
export function failureOf(status: number, json: unknown): Failure {
  const trouble = Trouble.safeParse(json).data ?? {};
  const issue = trouble.issue?.[0];
  const code = first(trouble.code, codeOf(issue)) ?? String(status);
  const text = first(trouble.detail, textOf(issue), trouble.title);
  return new Failure(status, code, text ?? `${TEXT.noReason} ${String(status)}.`);
}

type Issue = NonNullable<z.infer<typeof Trouble>['issue']>[number];

function codeOf(issue: Issue | undefined): string | undefined {
  return issue?.details?.coding?.[0]?.code;
}

function textOf(issue: Issue | undefined): string | undefined {
  return first(issue?.diagnostics, issue?.details?.text);
}

function first(...texts: readonly (string | undefined)[]): string | undefined {
  return texts.find((text) => text !== undefined && text !== '');
}
