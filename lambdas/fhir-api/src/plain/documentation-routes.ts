/** What the API says about itself beside FHIR: OpenAPI, and a page for people. */
import { DOCUMENTATION_POLICY, documentationPage } from '../capabilities/documentation-page.ts';
import { openApi } from '../capabilities/openapi.ts';
import { ok } from '../http/reply.ts';
import type { Route } from '../http/routes.ts';

/** @param all gives every route, these included */
export function documentationRoutes(all: () => readonly Route[]): Route[] {
  return [
    {
      method: 'GET',
      path: 'openapi.json',
      access: 'public',
      format: 'plain',
      summary: 'This API as OpenAPI 3.1',
      handle: ({ baseUrl }) => Promise.resolve(ok(openApi(all(), baseUrl))),
    },
    {
      method: 'GET',
      path: 'docs',
      access: 'public',
      format: 'plain',
      summary: 'This API for people',
      handle: ({ baseUrl }) =>
        Promise.resolve({
          status: 200,
          headers: { 'content-security-policy': DOCUMENTATION_POLICY },
          text: {
            contentType: 'text/html; charset=utf-8',
            body: documentationPage(openApi(all(), baseUrl), baseUrl),
          },
        }),
    },
  ];
}
