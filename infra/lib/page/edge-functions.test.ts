import { runInNewContext } from 'node:vm';
import { describe, expect, test } from '@jest/globals';
import { ENVIRONMENTS } from '../../environments/environments.ts';
import { apiFunction, liveFunction, pageFunction } from './edge-functions.ts';
import { pageConfig } from './page-config.ts';

/** What a function makes of a request for a path. */
function run(code: string, uri: string): unknown {
  const text = `${code};JSON.stringify(handler({ request: { uri: '${uri}', querystring: {} } }))`;
  return JSON.parse(String(runInNewContext(text)));
}

describe('functions at the edge', () => {
  test.each([
    ['/api/Patient/1', '/Patient/1'],
    ['/api', '/'],
    ['/api/', '/'],
    ['/apiary', '/apiary'],
  ])('the API is asked %s as %s', (asked, path) => {
    expect(run(apiFunction(), asked)).toMatchObject({ uri: path });
  });

  test('the live channel is MQTT, judged by our authorizer whatever the page asks', () => {
    expect(run(liveFunction('pulseledger-dev-live'), '/live')).toEqual({
      uri: '/mqtt',
      querystring: { 'x-amz-customauthorizer-name': { value: 'pulseledger-dev-live' } },
    });
  });

  test.each([
    ['/', '/index.html'],
    ['/patients/0123', '/index.html'],
    ['/main-ABC.js', '/main-ABC.js'],
  ])('the page is asked %s as %s', (asked, path) => {
    expect(run(pageFunction('{}'), asked)).toMatchObject({ uri: path });
  });

  test('the page learns where people log in, and is never cached with it', () => {
    const config = pageConfig(ENVIRONMENTS.dev, { issuer: 'https://issuer', clientId: 'client' });
    const answer = run(pageFunction(JSON.stringify(config)), '/config.json');
    expect(answer).toMatchObject({
      statusCode: 200,
      headers: { 'cache-control': { value: 'no-store' } },
      body: JSON.stringify(config),
    });
    expect(config).toMatchObject({ tokenEndpoint: '/oauth2/token', clientId: 'client' });
  });
});
