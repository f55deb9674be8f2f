import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RunningSystem } from '../integration/running-system.ts';
import { freePort } from '../integration/start.ts';
import { PageBrowser, type Visitor } from './page-browser.ts';

/** `npm start` and a browser beside it. */
export class BrowserWorld {
  readonly system: RunningSystem;
  readonly #browser: PageBrowser;
  readonly #folder: string;

  constructor(system: RunningSystem, browser: PageBrowser, folder: string) {
    this.system = system;
    this.#browser = browser;
    this.#folder = folder;
  }

  static async start(devices: number, more: readonly string[] = []): Promise<BrowserWorld> {
    const folder = await mkdtemp(join(tmpdir(), 'pulse-browser-'));
    const port = String(await freePort());
    const [system, browser] = await Promise.all([
      RunningSystem.start(folder, [
        ...['--port', port, '--devices', String(devices), '--json'],
        ...more,
      ]),
      PageBrowser.launch(),
    ]);
    return new BrowserWorld(system, browser, folder);
  }

  /** Somebody with a browser of their own. */
  visitor(): Promise<Visitor> {
    return this.#browser.visitor(this.system.system);
  }

  /** Somebody who is signed in as a test login. */
  async signedIn(user: string): Promise<Visitor> {
    const visitor = await this.visitor();
    await visitor.enter(user);
    return visitor;
  }

  /** The id behind a test login. */
  idOf(user: string): string {
    return this.system.system.logins.find((login) => login.user === user)?.subjectId ?? '';
  }

  async end(): Promise<void> {
    await this.#browser.close();
    await this.system.stop();
    await rm(this.#folder, { recursive: true });
  }
}
