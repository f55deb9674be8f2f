import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Duration } from 'aws-cdk-lib';
import {
  HeadersFrameOption,
  HeadersReferrerPolicy,
  ResponseHeadersPolicy,
} from 'aws-cdk-lib/aws-cloudfront';
import type { Construct } from 'constructs';
import { z } from 'zod';

const PAGE = join(import.meta.dirname, '..', '..', '..', 'dist', 'dashboard');
/** Files of the page, as `npm run build` leaves them. */
export const PAGE_FILES: string = join(PAGE, 'public');
const YEAR = Duration.days(365);

/** What the build says of the page. CloudFront has a place of its own for four of them and takes no other there. */
const Headers = z
  .object({
    'content-security-policy': z.string(),
    'x-content-type-options': z.literal('nosniff'),
    'x-frame-options': z.literal('DENY'),
    'referrer-policy': z.literal('no-referrer'),
  })
  .catchall(z.string());

/** The page's headers, from the build that the page itself is from. */
export function responseHeaders(
  scope: Construct,
  id: string,
  responseHeadersPolicyName: string,
): ResponseHeadersPolicy {
  const parsed: unknown = JSON.parse(readFileSync(join(PAGE, 'headers.json'), 'utf8'));
  const headers = Headers.parse(parsed);
  const contentSecurityPolicy = headers['content-security-policy'];
  const others = Object.entries(headers).filter(([name]) => !(name in Headers.shape));
  const override = true;
  return new ResponseHeadersPolicy(scope, id, {
    responseHeadersPolicyName,
    securityHeadersBehavior: {
      contentSecurityPolicy: { contentSecurityPolicy, override },
      contentTypeOptions: { override },
      frameOptions: { frameOption: HeadersFrameOption.DENY, override },
      referrerPolicy: { referrerPolicy: HeadersReferrerPolicy.NO_REFERRER, override },
      strictTransportSecurity: { accessControlMaxAge: YEAR, includeSubdomains: true, override },
    },
    customHeadersBehavior: {
      customHeaders: others.map(([header, value]) => ({
        header,
        value,
        override,
      })),
    },
  });
}
