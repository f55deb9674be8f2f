import { AxeBuilder } from '@axe-core/playwright';
import bundled from '@sparticuz/chromium';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

/** These two let Chromium do with little memory on AWS Lambda, and make it end with the first page. */
const NOT_HERE = /single-process|no-zygote/;
const WIDTH = 1_280;
const HEIGHT = 900;

/** Where the page is, and who may sign in. */
export interface PageSystem {
  readonly pageUrl: string;
  readonly logins: readonly {
    readonly user: string;
    readonly password: string;
    readonly role: string;
  }[];
}

/** What a browser reports that it should not. */
export interface Trouble {
  readonly kind: 'console' | 'exception' | 'foreign-request';
  readonly text: string;
}

/** A real Chromium from the packages that `npm test` installs. */
export class PageBrowser {
  readonly #browser: Browser;
  readonly #contexts: BrowserContext[] = [];

  constructor(browser: Browser) {
    this.#browser = browser;
  }

  /** @param proxy address of a proxy that everything goes through, also to this machine */
  static async launch(proxy?: string): Promise<PageBrowser> {
    const args = bundled.args.filter((argument) => !NOT_HERE.test(argument));
    const executablePath = await bundled.executablePath();
    const through = proxy === undefined ? {} : { proxy: { server: proxy, bypass: '<-loopback>' } };
    const options = { executablePath, args, headless: true, ...through };
    return new PageBrowser(await chromium.launch(options));
  }

  /** Somebody with a browser of their own at the page. */
  async visitor(system: PageSystem): Promise<Visitor> {
    const context = await this.#browser.newContext({
      viewport: { width: WIDTH, height: HEIGHT },
      locale: 'en-GB',
    });
    this.#contexts.push(context);
    const page = await context.newPage();
    const visitor = new Visitor(system, page);
    await page.goto(system.pageUrl);
    return visitor;
  }

  async close(): Promise<void> {
    for (const context of this.#contexts) await context.close();
    await this.#browser.close();
  }
}

/** Somebody at the page, and all the trouble that the browser had with it. */
export class Visitor {
  readonly page: Page;
  readonly trouble: Trouble[] = [];
  readonly #system: PageSystem;

  constructor(system: PageSystem, page: Page) {
    this.#system = system;
    this.page = page;
    const { origin } = new URL(system.pageUrl);
    page.on('console', (message) => {
      if (message.type() === 'error') {
        this.trouble.push({ kind: 'console', text: message.text() });
      }
    });
    page.on('pageerror', (error) => this.trouble.push({ kind: 'exception', text: error.message }));
    page.on('request', (request) => {
      const url = request.url();
      if (!url.startsWith(`${origin}/`) && !url.startsWith('data:')) {
        this.trouble.push({ kind: 'foreign-request', text: url });
      }
    });
  }

  /** Signs in as a test login and waits for the first view. */
  async signIn(user: string, password?: string): Promise<void> {
    const login = this.#system.logins.find((one) => one.user === user);
    await this.page.getByRole('button', { name: 'Sign in' }).click();
    await this.page.getByLabel('Who').selectOption(user);
    await this.page.getByLabel('Password').fill(password ?? login?.password ?? '');
    await this.page.getByRole('button', { name: 'Sign in' }).click();
  }

  /** Signs in, and waits until the page shows what there is. */
  async enter(user: string): Promise<void> {
    await this.signIn(user);
    await this.page.getByRole('navigation', { name: 'Views' }).waitFor();
  }

  /** Closes this browser. */
  async leave(): Promise<void> {
    await this.page.context().close();
  }

  /** Gives the browser an authenticator that knows its owner, as a phone with a fingerprint. */
  async addAuthenticator(): Promise<void> {
    const session = await this.page.context().newCDPSession(this.page);
    await session.send('WebAuthn.enable');
    await session.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
  }

  /** Presses a button by its name. */
  async press(name: string): Promise<void> {
    await this.page.getByRole('button', { name, exact: true }).click();
  }

  /** What axe finds, by rule and place. */
  async accessibilityViolations(without: readonly string[] = []): Promise<string[]> {
    const { violations } = await new AxeBuilder({ page: this.page })
      .disableRules([...without])
      .analyze();
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ target }) => `${id}: ${target.join(' ')}`),
    );
  }
}
