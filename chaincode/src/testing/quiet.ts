// fabric-contract-api tells each decorator on the console unless its level is set before it is loaded.

process.env['CORE_CHAINCODE_LOGGING_LEVEL'] = 'ERROR';
