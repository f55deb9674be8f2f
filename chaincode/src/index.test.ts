import './testing/quiet.ts';
import { describe, expect, it } from '@jest/globals';
import { Contract } from 'fabric-contract-api';
import { RULES } from './access/rules.ts';
import { contracts } from './index.ts';

describe('the chaincode', () => {
  it('offers exactly the functions that the guard has rules for', () => {
    const names = contracts.flatMap((contract) => {
      const { prototype } = contract as { prototype: Contract };
      const instance = Reflect.construct(contract as () => void, []) as Contract;
      return Object.getOwnPropertyNames(prototype)
        .filter((name) => name !== 'constructor')
        .map((name) => `${instance.getName()}:${name}`);
    });
    expect(names.sort()).toEqual(Object.keys(RULES).sort());
  });
});
