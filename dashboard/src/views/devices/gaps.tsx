import { type DeviceGaps, ListGapsOutput } from '@pulseledger/domain';
import type { JSX } from 'preact';
import type { ApiClient } from '../../api/client.ts';
import { TEXT } from '../../text/en.ts';
import { ageText } from '../../ui/age.ts';
import { Loaded } from '../../ui/loaded.tsx';
import { useNow } from '../../ui/use-now.ts';
import { useRemote } from '../../ui/use-remote.ts';

const { devices: words } = TEXT;
/** A clock that is off by less is nothing to tell. */
const CLOCK_TOLERANCE_MS = 30_000;
const ID_SHOWN = 8;

/** What is missing of the organization's devices, for its administrator. */
export function Gaps({ api }: { readonly api: ApiClient }): JSX.Element {
  const nowMs = useNow();
  const remote = useRemote('gaps', (signal) =>
    api.ask('devices/gaps?pageSize=100', ListGapsOutput, { signal }),
  );
  return (
    <section aria-labelledby="gaps-title">
      <h1 id="gaps-title">{words.title}</h1>
      <Loaded
        remote={remote}
        empty={({ devices }) => (devices.length === 0 ? words.none : undefined)}
      >
        {({ devices }) => (
          <table>
            <thead>
              <tr>
                <th scope="col">{words.device}</th>
                <th scope="col">{words.contact}</th>
                <th scope="col">{words.lastSeen}</th>
                <th scope="col">{words.missing}</th>
                <th scope="col">{words.clock}</th>
              </tr>
            </thead>
            <tbody>
              {devices.map((device) => (
                <Row key={device.deviceId} device={device} nowMs={nowMs} />
              ))}
            </tbody>
          </table>
        )}
      </Loaded>
    </section>
  );
}

function Row({
  device,
  nowMs,
}: {
  readonly device: DeviceGaps;
  readonly nowMs: number;
}): JSX.Element {
  const { lastReceivedMs, clockOffsetMs, missingReadings } = device;
  const isOff = clockOffsetMs !== null && Math.abs(clockOffsetMs) > CLOCK_TOLERANCE_MS;
  return (
    <tr>
      <th scope="row">
        <code>{device.deviceId.slice(0, ID_SHOWN)}</code>
      </th>
      <td>{device.contact}</td>
      <td>{lastReceivedMs === null ? '–' : ageText(lastReceivedMs, nowMs, navigator.language)}</td>
      <td class={missingReadings > 0 ? 'warn' : undefined}>
        {missingReadings.toLocaleString(navigator.language)}
      </td>
      <td class={isOff ? 'warn' : undefined}>
        {isOff ? `${words.offBy} ${String(Math.round(clockOffsetMs / 1_000))} s` : words.clockRight}
      </td>
    </tr>
  );
}
