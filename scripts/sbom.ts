// `npm run sbom`: the bill of materials (CycloneDX) of everything that runs, into dist/sbom.cdx.json.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { billOfMaterials } from './supply/bill-of-materials.ts';
import { checkBill } from './supply/check-bill.ts';

const root = join(import.meta.dirname, '..');
const file = join(root, 'dist', 'sbom.cdx.json');
const text = billOfMaterials(root);
const complaints = await checkBill(text);
for (const complaint of complaints) console.error(complaint);
if (complaints.length > 0) process.exitCode = 1;
else {
  mkdirSync(join(root, 'dist'), { recursive: true });
  writeFileSync(file, text);
  console.log(file);
}
