import { status } from '@grpc/grpc-js';
import { GatewayError } from '@hyperledger/fabric-gateway';
import { describe, expect, it } from '@jest/globals';
import { classify, type Stage } from './faults.ts';

function gatewayError(code: status, message: string, details: string[] = []) {
  const cause = Object.assign(new Error(message), { code, details: message, metadata: {} });
  return new GatewayError({
    code,
    message: `${code} ${status[code]}: ${message}`,
    details: details.map((text) => ({
      address: '127.0.0.1:7051',
      mspId: 'HospitalMSP',
      message: text,
    })),
    cause: cause as unknown as ConstructorParameters<typeof GatewayError>[0]['cause'],
  });
}

const ENDORSE = 'failed to collect enough transaction endorsements, see attached details';
const EVALUATE = 'evaluate call to endorser returned error: ';

// Texts of Hyperledger Fabric 3.1; the file of each is named in faults.ts.
const CASES: [string, Stage, status, string, string[], string, string][] = [
  [
    'an expired identity at evaluate',
    'evaluate',
    status.UNAVAILABLE,
    `${EVALUATE}proposal client identity expired`,
    [],
    'identity',
    'unauthenticated',
  ],
  [
    'an expired identity at endorse',
    'endorse',
    status.ABORTED,
    ENDORSE,
    ['proposal client identity expired'],
    'identity',
    'unauthenticated',
  ],
  [
    'an expired identity at submit',
    'submit',
    status.ABORTED,
    'received unsuccessful response from orderer: status=BAD_REQUEST, info=broadcast client identity expired',
    [],
    'identity',
    'unauthenticated',
  ],
  [
    'an identity of an unknown issuer',
    'endorse',
    status.ABORTED,
    ENDORSE,
    ['error validating proposal: access denied: channel [records] creator org [HospitalMSP]'],
    'identity',
    'unauthenticated',
  ],
  [
    'an identity that may not write, at the orderer',
    'submit',
    status.ABORTED,
    'received unsuccessful response from orderer: status=FORBIDDEN, info=implicit policy evaluation failed',
    [],
    'identity',
    'unauthenticated',
  ],
  [
    'the concurrency limit',
    'endorse',
    status.UNKNOWN,
    'too many requests for /gateway.Gateway, exceeding concurrency limit (500)',
    [],
    'busy',
    'throttled',
  ],
  [
    "a peer's concurrency limit behind the gateway",
    'endorse',
    status.ABORTED,
    ENDORSE,
    ['rpc error: code = Unknown desc = too many requests for /protos.Endorser, exceeding (2500)'],
    'busy',
    'throttled',
  ],
  [
    'a contract error at evaluate',
    'evaluate',
    status.UNKNOWN,
    `${EVALUATE}chaincode response 500, not_found: There is no such record.`,
    [],
    'contract',
    'not_found',
  ],
  [
    'an exception in the contract',
    'evaluate',
    status.UNKNOWN,
    `${EVALUATE}chaincode response 500, Cannot read properties of undefined`,
    [],
    'contract',
    'internal',
  ],
  [
    'a peer that is away',
    'endorse',
    status.UNAVAILABLE,
    'failed to find any endorsing peers for org(s): ClinicMSP',
    [],
    'unreachable',
    'unavailable',
  ],
  [
    'a peer that breaks off',
    'endorse',
    status.ABORTED,
    ENDORSE,
    ['rpc error: code = Unavailable desc = connection error'],
    'unreachable',
    'unavailable',
  ],
  [
    'a chaincode that crashed',
    'endorse',
    status.ABORTED,
    ENDORSE,
    ['error in simulation: failed to execute transaction 1f: chaincode stream terminated'],
    'unreachable',
    'unavailable',
  ],
  [
    'a chaincode that is too slow',
    'endorse',
    status.ABORTED,
    ENDORSE,
    ['error in simulation: timeout expired while executing transaction'],
    'timeout',
    'timeout',
  ],
  [
    'a deadline that passed before there was a connection',
    'endorse',
    status.DEADLINE_EXCEEDED,
    'Deadline exceeded after 6.002s,Waiting for LB pick',
    [],
    'unreachable',
    'unavailable',
  ],
  [
    'a deadline',
    'submit',
    status.DEADLINE_EXCEEDED,
    'submit timeout expired while broadcasting to ordering service',
    [],
    'timeout',
    'timeout',
  ],
  [
    'results that differ',
    'endorse',
    status.ABORTED,
    ENDORSE,
    ['ProposalResponsePayloads do not match'],
    'disagreement',
    'conflict',
  ],
  [
    'a proposal that is too old',
    'endorse',
    status.ABORTED,
    ENDORSE,
    ['request unauthorized due to incorrect timestamp 2026-11-22T10:00:00Z, peer time …'],
    'disagreement',
    'conflict',
  ],
  [
    'an envelope above the limit of a block',
    'submit',
    status.ABORTED,
    'received unsuccessful response from orderer: status=BAD_REQUEST, info=message payload is 20971520 bytes and exceeds maximum allowed 10485760 bytes',
    [],
    'too_large',
    'oversize',
  ],
  [
    'an orderer that says no',
    'submit',
    status.ABORTED,
    'received unsuccessful response from orderer: status=BAD_REQUEST, info=bad envelope',
    [],
    'refused',
    'unavailable',
  ],
  [
    'a commit status that is not given',
    'commit',
    status.PERMISSION_DENIED,
    'implicit policy evaluation failed',
    [],
    'identity',
    'unauthenticated',
  ],
];

describe('a failure of the Gateway', () => {
  it.each(CASES)('by %s is classified', (_, stage, code, message, details, kind, pulseCode) => {
    const fault = classify(stage, gatewayError(code, message, details));
    expect(fault.kind).toBe(kind);
    expect(fault.error.code).toBe(pulseCode);
  });

  it('is a contract error when every organization asked says so', () => {
    const text = 'chaincode response 500, conflict: The device is registered.';
    const error = gatewayError(status.ABORTED, ENDORSE, [text, text]);
    const fault = classify('endorse', error, 2);
    expect(fault).toMatchObject({ kind: 'contract', error: { code: 'conflict' } });
  });

  it('is a disagreement when only one of two says so, but keeps what the contract said', () => {
    const text = 'chaincode response 500, not_found: There is no such record.';
    const fault = classify('endorse', gatewayError(status.ABORTED, ENDORSE, [text]), 2);
    expect(fault).toMatchObject({ kind: 'disagreement', error: { code: 'not_found' } });
  });

  it('never passes on the text of the peer, which may quote a certificate', () => {
    const text = 'duplicate transaction found [1f]. Creator [2d2d2d424547494e]';
    const { error } = classify('endorse', gatewayError(status.ABORTED, ENDORSE, [text]), 2);
    expect(error.message).not.toContain('2d2d');
    expect(JSON.stringify(error.details)).not.toContain('2d2d');
  });

  it('that is none of the Gateway is nothing to try again', () => {
    expect(classify('endorse', new TypeError('a bug')).kind).toBe('refused');
  });
});
