/** `node lambdas/fhir-api/definitions/write.ts`: writes the tables anew. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compileSearch, compileStructures } from './compile.ts';

const folder = join(import.meta.dirname, '..', 'src', 'definitions');
writeFileSync(join(folder, 'r4-structures.json'), JSON.stringify(compileStructures()));
writeFileSync(join(folder, 'r4-search.json'), JSON.stringify(compileSearch()));
