/** What answers and failed connections mean to the person at the command. */
import { ERRORS, isErrorCode } from '@pulseledger/domain';
import { z } from 'zod';
import { EXIT, type ExitCode, Failure } from '../base/failure.ts';
import type { HttpAnswer } from './https.ts';
import { noSystem } from './system-file.ts';

const UNREACHABLE: ReadonlySet<string> = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE']);
const CERTIFICATE = /CERT|SIGNED|SIGNATURE|ERR_TLS/;

/** problem+json and OperationOutcome, as far as they are told. */
const Trouble = z.object({
  code: z.string().optional(),
  detail: z.string().optional(),
  issue: z
    .array(
      z.object({
        diagnostics: z.string().optional(),
        details: z
          .object({ coding: z.array(z.object({ code: z.string().optional() })).optional() })
          .optional(),
      }),
    )
    .optional(),
});

/** A failed connection. */
export function asFailure(error: unknown, systemFile: string): Failure {
  if (error instanceof Failure) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (UNREACHABLE.has(code)) return noSystem(systemFile, error);
  if (CERTIFICATE.test(code)) {
    const text = {
      what: 'The system is not the one that was meant.',
      why: `Its certificate is not from the authority in ${systemFile} (${code}).`,
      remedy: 'Name the file of the system that runs now with --system.',
    };
    return new Failure(EXIT.failed, text, error);
  }
  const text = {
    what: 'The system does not answer.',
    why: error instanceof Error ? `${error.message}.` : String(error),
    remedy: 'Run "npx pulse doctor": it says what is wrong and how to mend it.',
  };
  return new Failure(EXIT.failed, text, error);
}

/** An answer that is none of those wished for. */
export function refusal({ status, body }: HttpAnswer): Failure {
  const { code, detail } = troubleIn(body);
  const answered = `The API answered ${status}${code === '' ? '' : ` (${code})`}.`;
  const { title, remedy } = isErrorCode(code) ? ERRORS[code] : UNKNOWN;
  const own = detail.replace(remedy, '').replace(title, '').trim();
  const why = own === '' ? answered : own;
  return new Failure(exitCodeOf(status), { what: title, why, remedy });
}

const UNKNOWN = {
  title: 'The API did not do it.',
  remedy: 'Run "npx pulse doctor": it says what is wrong and how to mend it.',
};

function troubleIn(body: string): { readonly code: string; readonly detail: string } {
  const { code, detail, issue: [first = {}] = [] } = Trouble.safeParse(jsonIn(body)).data ?? {};
  const [coding] = first.details?.coding ?? [];
  return { code: code ?? coding?.code ?? '', detail: detail ?? textOf(first) };
}

function textOf({ diagnostics }: { readonly diagnostics?: string | undefined }): string {
  return diagnostics ?? '';
}

function exitCodeOf(status: number): ExitCode {
  return status === 401 || status === 403 ? EXIT.notAllowed : EXIT.failed;
}

/** Undefined for what is no JSON. */
export function jsonIn(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
