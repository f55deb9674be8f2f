/** What the devnet does not do as Fabric does, and why. */
export const LEFT_OUT: readonly { readonly what: string; readonly why: string }[] = [
  {
    what: 'The network definition’s chaincodes are committed and approved without a transaction: sequence 1, which no block has. Chaincode packages are of type `ccaas`, without TLS; others are refused with a reason of its own.',
    why: 'A development network has its chaincode from the first moment, and builds nothing. Everything after that is lifecycle transactions.',
  },
  {
    what: 'Channels come with the definition; no configuration updates: a well-formed update is refused in Fabric’s form with a reason of its own. A transaction submitted as one of another channel is refused as by an orderer that is not in it; a native gateway may ask one that is.',
    why: 'Organizations, policies and block sizes are the definition’s.',
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
    what: 'Services for peers and administrators: gossip, discovery, an orderer’s blocks, joining channels, snapshots, operations.',
    why: 'Clients of a Gateway and chaincodes never call them.',
  },
  {
    what: 'Rich queries on a JSON state database.',
    why: 'They are refused as Fabric with LevelDB refuses them; the project’s contract uses none.',
  },
];
