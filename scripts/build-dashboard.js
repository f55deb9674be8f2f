// Builds the web page: one script, one style sheet, the page and the headers that go with it.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { englishOnly } from './bundle/english-only.ts';
import { noJsonSchema } from './bundle/no-json-schema.ts';

/** All that a browser loads for the page, compressed. */
const BUDGET_BYTES = 150 * 1024;

/** Nothing but what this origin serves; no inline script or style, no evaluated text. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "manifest-src 'self'",
  "frame-src 'none'",
  "frame-ancestors 'none'",
  "form-action 'none'",
  "base-uri 'none'",
  "require-trusted-types-for 'script'",
].join('; ');

const HEADERS = {
  'content-security-policy': POLICY,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy':
    'publickey-credentials-get=(self), publickey-credentials-create=(self), camera=(), microphone=(), geolocation=()',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

/** The story shows three sessions side by side: frames of its own origin, and only its own. */
const STORY_HEADERS = {
  ...HEADERS,
  'content-security-policy': POLICY.replace("frame-src 'none'", "frame-src 'self'").replace(
    "frame-ancestors 'none'",
    "frame-ancestors 'self'",
  ),
  'x-frame-options': 'SAMEORIGIN',
};

const page = (script, style) => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Pulseledger</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/${style}">
<script type="module" src="/${script}"></script>
</head>
<body>
<div id="app"></div>
<noscript>Pulseledger needs JavaScript.</noscript>
</body>
</html>
`;

/** @returns names of the built files */
async function bundle(entryPoints, outdir) {
  const { metafile } = await build({
    entryPoints,
    outdir,
    bundle: true,
    format: 'esm',
    target: 'es2022',
    minify: true,
    sourcemap: 'linked',
    entryNames: '[name]-[hash]',
    plugins: [englishOnly, noJsonSchema],
    jsx: 'automatic',
    jsxImportSource: 'preact',
    metafile: true,
    logLevel: 'error',
  });
  return Object.keys(metafile.outputs).map((file) => basename(file));
}

/** The page of `npm start -- --story`: never deployed, so it lies in a folder of its own. */
async function buildStory(root) {
  const source = join(root, 'dashboard', 'src', 'story');
  const out = join(root, 'dist', 'story');
  const files = join(out, 'public', 'story');
  rmSync(out, { recursive: true, force: true });
  mkdirSync(files, { recursive: true });
  const built = await bundle([join(source, 'frame.tsx'), join(source, 'story.css')], files);
  const named = (start, ending) =>
    `story/${built.find((file) => file.startsWith(`${start}-`) && file.endsWith(ending))}`;
  writeFileSync(join(files, 'frame.html'), page(named('frame', '.js'), named('frame', '.css')));
  const index = readFileSync(join(source, 'index.html'), 'utf8');
  writeFileSync(
    join(files, 'index.html'),
    index.replace('story.css', `/${named('story', '.css')}`),
  );
  writeFileSync(join(out, 'headers.json'), `${JSON.stringify(STORY_HEADERS, null, 2)}\n`);
}

/** @param {string} root the project's folder; the page goes to `dist/dashboard` */
export async function buildDashboard(root) {
  const out = join(root, 'dist', 'dashboard');
  const files = join(out, 'public');
  rmSync(out, { recursive: true, force: true });
  mkdirSync(files, { recursive: true });
  const built = await bundle([join(root, 'dashboard', 'src', 'main.tsx')], files);
  const named = (ending) => built.find((file) => file.endsWith(ending));
  writeFileSync(join(files, 'index.html'), page(named('.js'), named('.css')));
  writeFileSync(join(out, 'headers.json'), `${JSON.stringify(HEADERS, null, 2)}\n`);
  await buildStory(root);
  const sent = [...built.filter((file) => !file.endsWith('.map')), 'index.html'];
  const bytes = sent.reduce(
    (sum, file) => sum + gzipSync(readFileSync(join(files, file))).length,
    0,
  );
  process.stderr.write(`build: dashboard, ${(bytes / 1024).toFixed(1)} KB compressed\n`);
  if (bytes > BUDGET_BYTES) {
    throw new Error(`The page may have ${BUDGET_BYTES / 1024} KB compressed, not more.`);
  }
}
