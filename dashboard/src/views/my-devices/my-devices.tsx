import { DeviceGaps } from '@pulseledger/domain';
import type { Device } from 'fhir/r4.js';
import type { JSX } from 'preact';
import type { ApiClient } from '../../api/client.ts';
import { search } from '../../api/fhir.ts';
import { TEXT } from '../../text/en.ts';
import { ageText } from '../../ui/age.ts';
import { Loaded } from '../../ui/loaded.tsx';
import { useNow } from '../../ui/use-now.ts';
import { useRemote } from '../../ui/use-remote.ts';
import { momentText, shortId } from '../../ui/words.ts';

const { myDevices: words } = TEXT;

interface OwnDevice {
  readonly device: Device;
  readonly gaps: DeviceGaps;
}

/** The devices that somebody wears or wore, and which of their readings did not come. */
export function MyDevices({
  api,
  patientId,
}: {
  readonly api: ApiClient;
  readonly patientId: string;
}): JSX.Element {
  const remote = useRemote(patientId, async (signal) => {
    const devices = await search(api, 'Device', [['patient', patientId]], signal);
    return Promise.all(
      devices.map(async (device): Promise<OwnDevice> => {
        const gaps = await api.ask(`devices/${device.id ?? ''}/gaps`, DeviceGaps, { signal });
        return { device, gaps };
      }),
    );
  });
  return (
    <section aria-labelledby="my-devices-title">
      <h1 id="my-devices-title">{words.title}</h1>
      <Loaded remote={remote} empty={(devices) => (devices.length === 0 ? words.none : undefined)}>
        {(devices) => (
          <div class="panels">
            {devices.map((own) => (
              <Card key={own.gaps.deviceId} own={own} />
            ))}
          </div>
        )}
      </Loaded>
    </section>
  );
}

function Card({ own: { device, gaps } }: { readonly own: OwnDevice }): JSX.Element {
  const nowMs = useNow();
  const { lastReceivedMs, missingReadings, status } = gaps;
  const name = [device.manufacturer, device.deviceName?.[0]?.name].filter(Boolean).join(' ');
  const received =
    lastReceivedMs === null ? words.never : ageText(lastReceivedMs, nowMs, navigator.language);
  return (
    <article class="panel">
      <h2>{name}</h2>
      <p>
        <code>{shortId(gaps.deviceId)}</code> · {words.statuses[status]}
      </p>
      <p>
        {words.received}: {received}
      </p>
      {missingReadings === 0 ? <p>{words.nothingMissing}</p> : <Missing gaps={gaps} />}
    </article>
  );
}

function Missing({ gaps: { boots, missingReadings } }: { readonly gaps: DeviceGaps }): JSX.Element {
  const withGaps = boots.filter(({ missing }) => missing.length > 0);
  return (
    <>
      <p class="warn">
        {words.missing}: {missingReadings.toLocaleString(navigator.language)}
      </p>
      <ul>
        {withGaps.map(({ boot, missing, state, measuredFromMs, measuredUntilMs }) => (
          <li key={boot}>
            {missing
              .reduce((sum, [first, last]) => sum + last - first + 1, 0)
              .toLocaleString(navigator.language)}{' '}
            {words.gap}
            {measuredFromMs === null ? '' : `, ${words.from} ${momentText(measuredFromMs)}`}
            {measuredUntilMs === null ? '' : ` ${words.to} ${momentText(measuredUntilMs)}`}:{' '}
            {state === 'pending' ? words.pending : words.late}
          </li>
        ))}
      </ul>
    </>
  );
}
