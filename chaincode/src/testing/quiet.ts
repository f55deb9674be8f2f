// fabric-contract-api tells each decorator on the console unless its level is set before it is loaded.
// eslint-disable-next-line no-restricted-syntax -- set for the library, in tests only
process.env['CORE_CHAINCODE_LOGGING_LEVEL'] = 'ERROR';
