/** A page for people, made from the OpenAPI document on the server: no script, nothing fetched from elsewhere. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { escapeXml } from '../views/narrative.ts';

const Document = z.object({
  info: z.object({ title: z.string(), description: z.string() }),
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.object({
        summary: z.string().optional(),
        parameters: z.array(z.object({ name: z.string(), in: z.string(), required: z.boolean() })),
      }),
    ),
  ),
});

const STYLE =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}code{font-family:ui-monospace,monospace}table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;padding:.4rem;border-bottom:1px solid #ccc}@media (prefers-color-scheme:dark){body{color:#eee;background:#111}a{color:#8cf}}';

/** Lets this one style and nothing else. */
export const DOCUMENTATION_POLICY: string = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`;

export function documentationPage(openApi: object, baseUrl: string): string {
  const { info, paths } = Document.parse(openApi);
  const rows = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, { summary = '', parameters }]) => {
      const names = parameters.map(({ name, required }) => (required ? name : `${name}?`));
      return `<tr><td><code>${escapeXml(method.toUpperCase())} ${escapeXml(path)}</code></td><td>${escapeXml(summary)}</td><td>${escapeXml(names.join(', '))}</td></tr>`;
    }),
  );
  const base = escapeXml(baseUrl);
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escapeXml(info.title)}</title><style>${STYLE}</style></head>
<body><h1>${escapeXml(info.title)}</h1><p>${escapeXml(info.description)}</p>
<p>Base: <code>${base}</code>. <a href="${base}/openapi.json">OpenAPI 3.1</a>, <a href="${base}/metadata">CapabilityStatement</a>, <a href="${base}/.well-known/smart-configuration">SMART configuration</a>.</p>
<table><thead><tr><th scope="col">Address</th><th scope="col">What it does</th><th scope="col">Parameters</th></tr></thead><tbody>
${rows.join('\n')}
</tbody></table></body></html>
`;
}
