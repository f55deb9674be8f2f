/** What the devnet does not do as Fabric does, and why. */
export const LEFT_OUT: readonly { readonly what: string; readonly why: string }[] = [
  {
    what: 'Chaincode definitions come with the network definition: `_lifecycle` answers QueryChaincodeDefinition and QueryChaincodeDefinitions; installing, approving and committing are refused.',
    why: 'A development network has its chaincode from the first moment; an upgrade is a restart with another definition.',
  },
  {
    what: 'One channel, and no configuration updates: a well-formed update is refused in Fabric’s form with a reason of its own.',
    why: 'Organizations, policies and block sizes are the definition’s; several channels are several devnets.',
  },
  {
    what: 'One ordering process, consensus type `devnet`.',
    why: 'Nothing is replicated on one machine; blocks are cut, hashed and signed as a Raft orderer’s.',
  },
  {
    what: 'Batched messages of the chaincode stream (GET_STATE_MULTIPLE, WRITE_BATCH_STATE) are not offered.',
    why: 'The Node shim 2.5.8 never sends them; the peer says in READY whether it takes them.',
  },
  {
    what: 'A block with private data that no peer has is committed at once. A native member waits `pullRetryThreshold` (60 s) for it first.',
    why: 'All members share a process: data that is nowhere now will be nowhere in a minute.',
  },
  {
    what: 'A transaction whose action has no payload is INVALID_ENDORSER_TRANSACTION. A native peer of 3.1.5 ends in a nil pointer (msgvalidation.go) on it, at every start.',
    why: 'An error of that version, reported with this table; no client must be able to end a channel.',
  },
  {
    what: 'The text of gRPC’s UNIMPLEMENTED for methods that are not there.',
    why: 'It is the gRPC library’s, not Fabric’s; the code is the same.',
  },
  {
    what: 'Services for peers and administrators: gossip, discovery, `protos.Endorser`, snapshots, operations.',
    why: 'Clients of a Gateway and chaincodes never call them.',
  },
  {
    what: 'Rich queries on a JSON state database.',
    why: 'They are refused as Fabric with LevelDB refuses them; the project’s contract uses none.',
  },
];
