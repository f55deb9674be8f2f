import type { LiveAnswer } from '@pulseledger/domain';
import {
  connectPacket,
  disconnectPacket,
  PacketReader,
  pingPacket,
  subscribePacket,
} from './mqtt-codec.ts';

const KEEP_ALIVE_SECONDS = 30;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;

/** Is the page told of new readings at once? `away`: it tries again by itself. */
export type LiveState = 'connecting' | 'live' | 'away';

export interface LiveListener {
  /** Asked before every connection. */
  readonly ticket: () => Promise<LiveAnswer>;
  readonly state: (state: LiveState) => void;
  /** New readings of this patient are committed, or may have been while the page was away. */
  readonly hint: (patientId: string) => void;
}

/** Listens to the value-free hints of some patients until it is closed; what they hint at is read through the API. */
export class LiveChannel {
  readonly #listener: LiveListener;
  #socket: WebSocket | undefined;
  #waitMs = FIRST_WAIT_MS;
  #timer = 0;
  #ping = 0;
  #closed = false;

  constructor(listener: LiveListener) {
    this.#listener = listener;
    void this.#open();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    clearInterval(this.#ping);
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(disconnectPacket());
    this.#socket?.close();
  }

  async #open(): Promise<void> {
    this.#listener.state('connecting');
    try {
      const ticket = await this.#listener.ticket();
      if (this.#closed || ticket.topics.length === 0) return;
      this.#connect(ticket);
    } catch {
      this.#lost();
    }
  }

  #connect(ticket: LiveAnswer): void {
    const socket = new WebSocket(`${location.origin.replace(/^http/, 'ws')}/live`, 'mqtt');
    const reader = new PacketReader();
    const patients = new Map(ticket.topics.map(({ topic, patientId }) => [topic, patientId]));
    socket.binaryType = 'arraybuffer';
    this.#socket = socket;
    socket.addEventListener('open', () => {
      const { clientId, ticket: password } = ticket;
      socket.send(connectPacket({ clientId, password, keepAliveSeconds: KEEP_ALIVE_SECONDS }));
    });
    socket.addEventListener('message', ({ data }: MessageEvent<ArrayBuffer>) => {
      for (const heard of reader.push(new Uint8Array(data))) {
        if (heard.is === 'connack' && heard.returnCode === 0) {
          socket.send(subscribePacket(1, [...patients.keys()]));
        } else if (heard.is === 'suback') {
          this.#live(socket, [...patients.values()]);
        } else if (heard.is === 'publish') {
          const patientId = patients.get(heard.topic);
          if (patientId !== undefined) this.#listener.hint(patientId);
        }
      }
    });
    socket.addEventListener('close', () => {
      this.#lost();
    });
  }

  #live(socket: WebSocket, patientIds: readonly string[]): void {
    this.#waitMs = FIRST_WAIT_MS;
    this.#listener.state('live');
    this.#ping = window.setInterval(
      () => {
        socket.send(pingPacket());
      },
      (KEEP_ALIVE_SECONDS * 1_000) / 2,
    );
    // Hints that were given meanwhile are not repeated.
    for (const patientId of patientIds) this.#listener.hint(patientId);
  }

  #lost(): void {
    clearInterval(this.#ping);
    if (this.#closed) return;
    this.#listener.state('away');
    this.#timer = window.setTimeout(() => void this.#open(), this.#waitMs);
    this.#waitMs = Math.min(LONGEST_WAIT_MS, this.#waitMs * 2);
  }
}
