import { type ChaincodeDefinition, ChaincodesAnswer } from '@pulseledger/domain';
import type { JSX } from 'preact';
import type { ApiClient } from '../../api/client.ts';
import { TEXT } from '../../text/en.ts';
import { Loaded } from '../../ui/loaded.tsx';
import { useRemote } from '../../ui/use-remote.ts';
import { Fact } from './shown.tsx';

const { ledger: words } = TEXT;

/** What the organizations have agreed to run, and by which rules. */
export function Chaincodes({ api }: { readonly api: ApiClient }): JSX.Element {
  const remote = useRemote('chaincodes', (signal) =>
    api.ask('ledger/chaincodes', ChaincodesAnswer, { signal }),
  );
  return (
    <section class="panel" aria-labelledby="chaincodes-title">
      <h2 id="chaincodes-title">{words.chaincodes}</h2>
      <Loaded remote={remote}>
        {({ chaincodes }) =>
          chaincodes.map((chaincode) => <Definition key={chaincode.name} {...{ chaincode }} />)
        }
      </Loaded>
    </section>
  );
}

function Definition({ chaincode }: { readonly chaincode: ChaincodeDefinition }): JSX.Element {
  return (
    <article>
      <h3>{chaincode.name}</h3>
      <dl class="facts">
        <Fact name={words.version}>{chaincode.version}</Fact>
        <Fact name={words.sequence}>{chaincode.sequence}</Fact>
        <Fact name={words.approvedBy}>{chaincode.approvedBy.join(', ')}</Fact>
        <Fact name={words.policy}>
          <code>{chaincode.endorsementPolicy}</code>
        </Fact>
      </dl>
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th scope="col">{words.collection}</th>
              <th scope="col">{words.members}</th>
              <th scope="col">{words.policy}</th>
              <th scope="col">{words.keptFor}</th>
            </tr>
          </thead>
          <tbody>
            {chaincode.collections.map((collection) => (
              <tr key={collection.name}>
                <th scope="row">{collection.name}</th>
                <td class="wide">
                  <code>{collection.members}</code>
                </td>
                <td class="wide">
                  {collection.endorsementPolicy === null ? (
                    words.chaincodesPolicy
                  ) : (
                    <code>{collection.endorsementPolicy}</code>
                  )}
                </td>
                <td>
                  {collection.blockToLive === 0
                    ? words.always
                    : `${String(collection.blockToLive)} ${words.blocksLong}`}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </article>
  );
}
