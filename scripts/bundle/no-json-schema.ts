import { readFileSync } from 'node:fs';
import type { Plugin } from 'esbuild';

/**
 * zod can write every schema as JSON Schema; the page only parses. Names stay, because zod's schemas refer to them, and do
 * nothing.
 */
export const noJsonSchema: Plugin = {
  name: 'no-json-schema',
  setup: (build) => {
    const filter =
      /zod\/v4\/core\/(to-json-schema|json-schema-processors|json-schema-generator)\.js$/;
    build.onLoad({ filter }, ({ path }) => {
      const exported = readFileSync(path, 'utf8').matchAll(
        /^export (?:const|function|class) (\w+)/gm,
      );
      const names = [...exported].map(([, name]) => `nothing as ${name}`);
      return { contents: `const nothing = () => undefined;\nexport { ${names.join(', ')} };` };
    });
  },
};
