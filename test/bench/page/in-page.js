/* global URL, location, Response, EventTarget, Event, MessageEvent, TextEncoder, PerformanceObserver, performance */
/* global queueMicrotask, requestAnimationFrame, setInterval, clearInterval */
// Runs in the page before its own script: an API and a live channel that answer at once, so that the page alone is measured.
// `globalThis.fakePatients` says how many patients there are. Everything else goes to the real server.
(() => {
  const SECOND_MS = 1_000;
  const YEAR_SECONDS = 31_536_000;
  const LOOK_BACK_MS = 300_000;
  const SIGNS = [
    ['8867-4', '/min', 72, 9],
    ['59408-5', '%', 97, 1.4],
    ['9279-1', '/min', 15, 3],
    ['8480-6', 'mm[Hg]', 121, 7],
    ['8462-4', 'mm[Hg]', 79, 5],
    ['8310-5', 'Cel', 36.8, 0.3],
  ];
  const patients = Array.from({ length: globalThis.fakePatients }, (_, index) => {
    const id = index.toString(16).padStart(32, '0');
    const family = `Sample ${String(index + 1).padStart(2, '0')}`;
    const basics = { family, given: ['Bench'], birthDate: '1970-01-01', gender: 'unknown' };
    return { patientId: id, pseudonym: id, basics };
  });
  const topicOf = ({ pseudonym }) => `v1/live/${pseudonym}`;

  function points(patient, sign, fromMs, toMs) {
    const [, , middle, swing] = SIGNS[sign];
    const list = [];
    for (
      let atMs = Math.ceil(Math.max(fromMs, toMs - LOOK_BACK_MS) / SECOND_MS) * SECOND_MS;
      atMs <= toMs;
      atMs += SECOND_MS
    ) {
      const value = middle + swing * Math.sin(atMs / 7_000 + patient + sign);
      const mean = Math.round(value * 10) / 10;
      list.push({ atMs, low: mean, high: mean, mean, count: 1 });
    }
    return list;
  }

  function series(patient, query) {
    const [fromMs, toMs] = [Number(query.get('fromMs')), Number(query.get('toMs'))];
    return {
      step: 'raw',
      series: SIGNS.map(([code, unit], sign) => ({
        ...{ code, unit },
        points: points(patient, sign, fromMs, toMs),
      })),
    };
  }

  function live() {
    const topics = patients.map((one) => ({ patientId: one.patientId, topic: topicOf(one) }));
    const expiresAtMs = Date.now() + 600_000;
    return { ticket: 'bench', clientId: 'page-bench', topics, expiresAtMs };
  }

  /** The answer to what is asked below /api; undefined for what is not played here. */
  function answered({ pathname, searchParams }) {
    const [, api, type, id, part] = pathname.split('/');
    if (api !== 'api') return undefined;
    if (type === 'live') return live();
    if (type === 'Patient') return { resourceType: 'Patient', id, name: [{ family: 'Sample' }] };
    if (type !== 'patients') return undefined;
    if (id === undefined) return { patients };
    if (part === 'series') return series(Number.parseInt(id, 16), searchParams);
    if (part === 'watch') return { watchUntilMs: Date.now() + 300_000, devices: 1 };
    if (part === 'alarms') return ALARMS;
    if (part === 'news2') return { ...NEWS2, atMs: Date.now() };
    return undefined;
  }
  const NEWS2 = {
    ...{ scale: 1, inputs: [] },
    score: { status: 'not-applicable', reason: 'age-unknown' },
  };
  const ALARMS = { open: [], closed: [], historical: [], settings: null, scale2: null };

  const realFetch = globalThis.fetch;
  globalThis.fetch = async (input, options) => {
    const url = new URL(input, location.origin);
    const answer = answered(url);
    if (answer !== undefined) return Response.json(answer);
    const real = await realFetch(input, options);
    if (!url.pathname.endsWith('/token') || !real.ok) return real;
    // The issuer's clock is not moved: a token that is renewed hours later would have ended before.
    return Response.json({ ...(await real.json()), expires_in: YEAR_SECONDS });
  };

  /** As much of an MQTT 3.1.1 server as a page that only listens needs. */
  class FakeSocket extends EventTarget {
    static OPEN = 1;
    readyState = 1;
    binaryType = 'arraybuffer';

    constructor() {
      super();
      globalThis.fakeSocket = this;
      queueMicrotask(() => this.dispatchEvent(new Event('open')));
    }

    send(bytes) {
      const kind = bytes[0] >> 4;
      if (kind === 1) this.#tell([0x20, 2, 0, 0]);
      if (kind === 8) this.#tell([0x90, 2 + patients.length, 0, 1, ...patients.map(() => 0)]);
      if (kind === 12) this.#tell([0xd0, 0]);
    }

    publish(topic) {
      const name = new TextEncoder().encode(topic);
      this.#tell([0x30, 2 + name.length, 0, name.length, ...name]);
    }

    close() {
      this.readyState = 3;
    }

    #tell(bytes) {
      const { buffer } = Uint8Array.from(bytes);
      queueMicrotask(() => this.dispatchEvent(new MessageEvent('message', { data: buffer })));
    }
  }
  globalThis.WebSocket = FakeSocket;

  /** Tells of new readings of one patient. */
  globalThis.hint = (index) => {
    globalThis.fakeSocket?.publish(topicOf(patients[index % patients.length]));
  };

  /** From now on there are new readings so often, and somebody touches the page so often. */
  globalThis.beWatched = (windowMs, touchMs) => {
    setInterval(() => globalThis.hint(0), windowMs);
    setInterval(() => globalThis.dispatchEvent(new Event('pointerdown')), touchMs);
  };

  /** Frame times and long tasks for so long, while every patient has new readings every two seconds. */
  globalThis.measureFrames = (ms) =>
    new Promise((resolve) => {
      const frames = [];
      const tasks = [];
      const observer = new PerformanceObserver((list) => {
        tasks.push(...list.getEntries().map(({ duration }) => duration));
      });
      observer.observe({ type: 'longtask' });
      let next = 0;
      const hints = setInterval(() => {
        globalThis.hint(next);
        next += 1;
      }, 2_000 / patients.length);
      const startMs = performance.now();
      let lastMs = startMs;
      const frame = (nowMs) => {
        frames.push(nowMs - lastMs);
        lastMs = nowMs;
        if (nowMs - startMs < ms) {
          requestAnimationFrame(frame);
          return;
        }
        clearInterval(hints);
        observer.disconnect();
        resolve({ frames: frames.slice(1), tasks, hints: next });
      };
      requestAnimationFrame(frame);
    });
})();
