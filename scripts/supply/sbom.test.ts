import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { billOfMaterials } from './bill-of-materials.ts';
import { checkBill } from './check-bill.ts';

const Bill = z.looseObject({
  components: z.array(z.looseObject({ purl: z.string(), licenses: z.unknown() })),
});

let text: string;
let bill: z.infer<typeof Bill>;
beforeAll(() => {
  text = billOfMaterials(join(__dirname, '..', '..'));
  bill = Bill.parse(JSON.parse(text));
});

describe('the bill of materials', () => {
  it('is valid CycloneDX, and every part may be passed on with ours', async () => {
    expect(await checkBill(text)).toEqual([]);
  });

  it('names what runs, and not what only tests it', () => {
    const names = bill.components.map(({ purl }) => purl.replace(/@[^@]*$/, ''));
    expect(names).toEqual(
      expect.arrayContaining([
        ...['pkg:npm/zod', 'pkg:npm/%40hyperledger/fabric-gateway', 'pkg:npm/preact'],
        ...['pkg:npm/%40pulseledger/domain', 'pkg:npm/fabric-shim'],
      ]),
    );
    expect(names).not.toContain('pkg:npm/jest');
    expect(names).not.toContain('pkg:npm/esbuild');
  });

  it.each([
    ['GPL-3.0-only', 'license of pkg:npm/planted@1.0.0: GPL-3.0-only'],
    [undefined, 'license of pkg:npm/planted@1.0.0: none'],
  ])('does not pass with a part under %s', async (id, complaint) => {
    const licenses = id === undefined ? [] : [{ license: { id } }];
    const planted = {
      ...{ type: 'library', name: 'planted', version: '1.0.0', purl: 'pkg:npm/planted@1.0.0' },
      licenses,
    };
    const components = [...bill.components, planted];
    expect(await checkBill(JSON.stringify({ ...bill, components }))).toEqual([complaint]);
  });

  it('does not pass when it is not in the form', async () => {
    const components = bill.components.map((one) => ({ ...one, type: 'nothing that there is' }));
    const [complaint] = await checkBill(JSON.stringify({ ...bill, components }));
    expect(complaint).toMatch(/^not valid CycloneDX/);
    expect(await checkBill('{}')).toHaveLength(1);
  });
});
