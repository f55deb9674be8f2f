/** Functions that CloudFront runs at its edge, as its runtime 2.0 takes them: one global function, no modules. */

/** The API knows nothing of the prefix below which the page reaches it. */
export function apiFunction(): string {
  return `function handler(event) {
  var request = event.request;
  request.uri = request.uri.replace(/^\\/api(?=\\/|$)/, '') || '/';
  return request;
}
`;
}

/** Below its own path AWS IoT speaks MQTT over WebSocket; it is told here who judges the ticket. */
export function liveFunction(authorizerName: string): string {
  return `function handler(event) {
  var request = event.request;
  request.uri = '/mqtt';
  request.querystring = { 'x-amz-customauthorizer-name': { value: '${authorizerName}' } };
  return request;
}
`;
}

/**
 * The page's own settings, and its views: a path without an ending is the page itself. A missing file is no view, or a
 * browser would take the page for a script.
 *
 * @param config - JSON text without single quotes or backslashes
 */
export function pageFunction(config: string): string {
  return `function handler(event) {
  var request = event.request;
  if (request.uri === '/config.json') {
    return {
      statusCode: 200,
      statusDescription: 'OK',
      headers: {
        'content-type': { value: 'application/json' },
        'cache-control': { value: 'no-store' }
      },
      body: '${config}'
    };
  }
  if (!/\\.[a-z0-9]+$/i.test(request.uri)) request.uri = '/index.html';
  return request;
}
`;
}
