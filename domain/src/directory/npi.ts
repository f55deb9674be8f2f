/** System of US National Provider Identifiers. */
export const NPI_SYSTEM = 'http://hl7.org/fhir/sid/us-npi';

/** What the NPI's check digit is counted over stands before it (ISO/IEC 7812 issuer, US health applications). */
const ISSUER = '80840';
const DECIMAL = 10;

function isLuhn(digits: string): boolean {
  let sum = 0;
  for (const [index, digit] of Array.from(digits).reverse().entries()) {
    const doubled = index % 2 === 0 ? Number(digit) : 2 * Number(digit);
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % DECIMAL === 0;
}

/**
 * Can this be a National Provider Identifier: ten digits, the first 1 or 2, and the Luhn check digit over `80840` and the
 * number (45 CFR 162.406)? It says nothing about whether anybody has it.
 */
export function isNpi(value: string): boolean {
  return /^[12]\d{9}$/.test(value) && isLuhn(ISSUER + value);
}
