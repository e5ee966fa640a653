import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '../runtime/errors.ts';
import { type ApiUnderTest, apiUnderTest } from '../testing/api-under-test.ts';
import { chromiumPath, startChromium } from '../testing/chromium.ts';
import { leftOut } from '../testing/left-out.ts';
import { publishSample, SAMPLE_ISBNS } from '../testing/sample-version.ts';
import type { Door } from './door.ts';

const [MYTHOLOGY = '', CLARA = ''] = SAMPLE_ISBNS;
/** No mean, nor its sum with the shift of a rating, is half-way between two tenths. */
const NARROWED =
  /^From your ratings[.] Your last rating took the mean interval from [\d.]+ to [\d.]+[.] Model v1[.]$/;
const MEANS = [8.52, 8.02, 7.52, 7.02, 9];

/** Longest wait for the page to show something, ms. */
const PATIENCE = 10_000;

/** What a reader of the page sees of the list. */
interface Shown {
  readonly title: string;
  readonly status: string;
  /** Title and expected rating of each book. */
  readonly books: string[];
}

const STORED = ['Classical Mythology 8.5', 'Clara "C" Callan 8.0', 'Decision in Normandy 7.5'];

function browserSuite(executablePath: string): void {
  let browser: Browser;
  let api: ApiUnderTest;
  let server: Server;
  let origin: string;
  let page: Page;
  /** Errors of the page and its console, and URLs of other hosts. */
  let complaints: string[];

  beforeAll(async () => {
    browser = await startChromium(executablePath);
  });

  afterAll(async () => {
    await browser.close();
  });

  /** What the server has for a door; the sesame opens it where a test says so. */
  let sesame: string | null;
  const door: Door = {
    get asksForKeys() {
      return sesame !== null;
    },
    admit: (scope, { headers }) => {
      if (scope === 'open' || sesame === null) return null;
      if (headers.authorization === `Bearer ${sesame}`) return 'tester';
      throw new AppError('KEY_NEEDED', 'There is no key.', 'Send one.');
    },
  };

  beforeEach(async () => {
    sesame = null;
    api = await apiUnderTest(door);
    server = createServer(api.listener).listen(0, '127.0.0.1');
    await once(server, 'listening');
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    complaints = [];
    page = await browser.newPage();
    page.setDefaultTimeout(PATIENCE);
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (line) => complaints.push(line.text()));
    page.on('request', (request) => {
      if (!request.url().startsWith('data:') && new URL(request.url()).origin !== origin) {
        complaints.push(request.url());
      }
    });
  });

  afterEach(async () => {
    await page.close();
    server.closeAllConnections();
    server.close();
    await api[Symbol.asyncDispose]();
  });

  async function open(): Promise<void> {
    await publishSample(api.switched.store, 'v1', ['8', 'a/b ü'], MEANS);
    await api.live.poll();
    await page.goto(origin);
  }

  const named = (role: 'textbox' | 'combobox' | 'button', name: string): Locator =>
    page.getByRole(role, { name, exact: true });

  const books = (): Locator => page.locator('#list li');

  async function shown(): Promise<Shown> {
    return {
      title: await page.locator('#list-title').innerText(),
      status: await page.getByRole('status').innerText(),
      books: await Promise.all(
        (await books().all()).map(async (book) =>
          [
            await book.locator('.title').innerText(),
            await book.locator('.score strong').innerText(),
          ].join(' '),
        ),
      ),
    };
  }

  async function expectShown(expected: Shown): Promise<void> {
    await expect.poll(shown, { timeout: PATIENCE }).toEqual(expected);
  }

  async function rate(isbn: string, rating: string): Promise<void> {
    await named('textbox', 'ISBN').fill(isbn);
    await named('combobox', 'Rating').selectOption(rating);
    await named('button', 'Rate').click();
  }

  it('shows the books of a stored reader with their ratings and intervals', async () => {
    await open();
    const status = 'From the ratings of this reader. Model v1.';
    await expectShown({ title: 'Books for reader 8', status, books: STORED });
    await named('textbox', 'Reader id').fill('a/b ü');
    await named('button', 'Show books').click();
    await expectShown({ title: 'Books for reader a/b ü', status, books: STORED });
    const first = books().first();
    expect(await first.locator('.by').innerText()).toContain('Mark P. O. Morford · 2002');
    expect(await first.locator('.score').innerText()).toContain('95 %: 5.5 to 10.0');
    expect(complaints).toEqual([]);
  });

  it('draws the interval to scale', async () => {
    await open();
    const first = books().first();
    const [scale, band, mean] = await Promise.all(
      ['.scale', '.band', '.mean'].map((part) => first.locator(part).boundingBox()),
    );
    if (!scale || !band || !mean) throw new Error('the interval is not drawn');
    // From 5.5 to 10, about 8.5, on the scale from 1 to 10.
    const along = (x: number): number => 1 + (9 * (x - scale.x)) / scale.width;
    expect(scale.width).toBeGreaterThan(100);
    expect(along(band.x)).toBeCloseTo(5.5, 1);
    expect(along(band.x + band.width)).toBeCloseTo(10, 1);
    expect(along(mean.x + mean.width / 2)).toBeCloseTo(8.5, 1);
    expect(complaints).toEqual([]);
  });

  it('marks the list of a reader who is not known', async () => {
    await open();
    await named('textbox', 'Reader id').fill('nobody');
    await named('button', 'Show books').click();
    await expectShown({
      title: 'Books for reader nobody',
      status: 'No rating of this reader is known. Model v1.',
      books: STORED,
    });
    expect(complaints).toEqual([]);
  });

  const give = async (title: string, level: number): Promise<void> => {
    await named('button', `Rate ${title}`).click();
    await named('button', `Give ${title} a ${level}`).click();
  };

  it('keeps a rating that is given in the list of a stored reader, whose list changes with it', async () => {
    await open();
    await give('Classical Mythology', 10);
    const status = 'From the ratings of this reader. Model v1.';
    await expectShown({
      title: 'Books for reader 8',
      status: `Classical Mythology is rated 10. ${status}`,
      books: ['Clara "C" Callan 8.8', 'Decision in Normandy 8.3'],
    });
    expect(await page.locator(':focus').getAttribute('id')).toBe('list-title');
    expect(await page.locator('#rate-hint').innerText()).toContain('kept for reader 8');
    await page.reload();
    await expectShown({
      title: 'Books for reader 8',
      status,
      books: ['Clara "C" Callan 8.8', 'Decision in Normandy 8.3'],
    });
    expect(complaints).toEqual([]);
  });

  it('says why a rating was not kept, and leaves the list as it is', async () => {
    await open();
    api.switched.away = true;
    await give('Classical Mythology', 10);
    const refused = /^The rating was not kept: The store does not answer\. .+/;
    await expect.poll(async () => (await shown()).status, { timeout: PATIENCE }).toMatch(refused);
    expect((await shown()).books).toEqual(STORED);
    expect(complaints.filter((line) => !line.includes('status of 503'))).toEqual([]);
  });

  it('shows the next page below, of the version that the first one is of', async () => {
    await page.route(/top_k=10/, (route) =>
      route.continue({ url: route.request().url().replace('top_k=10', 'top_k=2') }),
    );
    await open();
    await expect.poll(async () => (await shown()).books).toEqual(STORED.slice(0, 2));
    await publishSample(api.switched.store, 'v2', ['8'], [1, 2, 3, 4, 5]);
    await api.live.poll();
    await named('button', 'More books').click();
    await expect.poll(async () => (await shown()).books).toEqual(STORED);
    expect(await named('button', 'More books').isVisible()).toBe(false);
    expect(complaints).toEqual([]);
  });

  it('computes a list from ratings typed in, and again when one is removed', async () => {
    await open();
    await rate('0-19-515344-8', '10');
    await rate(CLARA, '9');
    await expectShown({
      title: 'Books for you',
      status: expect.stringMatching(NARROWED) as string,
      books: ['Decision in Normandy 8.3', 'Flu 7.8'],
    });
    await named('button', `Remove ${CLARA}`).click();
    await expect
      .poll(async () => (await shown()).books, { timeout: PATIENCE })
      .toContain('Clara "C" Callan 8.5');
    expect(complaints).toEqual([]);
  });

  it('keeps the focus in the list of ratings when one is removed', async () => {
    await open();
    for (const isbn of SAMPLE_ISBNS.slice(0, 3)) await rate(isbn, '9');
    const [first = '', second = '', third = ''] = SAMPLE_ISBNS;
    const focused = (attribute: string): Promise<string | null> =>
      page.locator(':focus').getAttribute(attribute);
    await named('button', `Remove ${first}`).focus();
    await page.keyboard.press('Enter');
    expect(await focused('aria-label')).toBe(`Remove ${second}`);
    await named('button', `Remove ${third}`).focus();
    await page.keyboard.press('Enter');
    expect(await focused('aria-label')).toBe(`Remove ${second}`);
    await page.keyboard.press('Enter');
    expect(await focused('id')).toBe('isbn');
    expect(complaints).toEqual([]);
  });

  it('names an ISBN that is not known', async () => {
    await open();
    await rate('9780306406157', '10');
    await expect
      .poll(async () => (await shown()).status, { timeout: PATIENCE })
      .toContain('Not known: 9780306406157.');
    expect(complaints).toEqual([]);
  });

  it('says that nothing is trained yet while the store is empty', async () => {
    await api.live.poll();
    await page.goto(origin);
    await expect
      .poll(async () => (await shown()).status, { timeout: PATIENCE })
      .toMatch(/^Model not trained yet\. .+/);
    expect((await shown()).books).toEqual([]);
    // Chromium itself reports each answer that is an error; the page adds nothing.
    expect(complaints.filter((line) => !line.includes('status of 503'))).toEqual([]);
  });

  it('asks for a key where the server wants one, and keeps it for the tab', async () => {
    sesame = 'bookrec_a-Z';
    const status = (): Promise<string> => page.getByRole('status').innerText();
    await open();
    await expect.poll(status, { timeout: PATIENCE }).toMatch(/^A valid key is needed\./);
    await named('textbox', 'Key').fill('bookrec_wrong');
    await named('button', 'Use it').click();
    await expect.poll(() => named('textbox', 'Key').inputValue()).toBe('');
    await named('textbox', 'Key').fill(sesame);
    await named('button', 'Use it').click();
    const from8 = {
      title: 'Books for reader 8',
      status: 'From the ratings of this reader. Model v1.',
      books: STORED,
    };
    await expectShown(from8);
    expect(await named('textbox', 'Key').isVisible()).toBe(false);
    await page.reload();
    await expectShown(from8);
    expect(await page.evaluate(() => localStorage.length)).toBe(0);
    expect(complaints.filter((line) => !line.includes('status of 401'))).toEqual([]);
  });

  it('works with the keyboard alone', async () => {
    await open();
    await expectShown({
      title: 'Books for reader 8',
      status: 'From the ratings of this reader. Model v1.',
      books: STORED,
    });
    const press = async (...keys: string[]): Promise<void> => {
      for (const key of keys) await page.keyboard.press(key);
    };
    await press('Tab');
    await page.keyboard.type('nobody');
    await press('Enter');
    await expect
      .poll(async () => (await shown()).title, { timeout: PATIENCE })
      .toBe('Books for reader nobody');
    await press('Tab', 'Tab');
    await page.keyboard.type(MYTHOLOGY);
    await press('Tab', 'ArrowDown', 'Tab', 'Enter');
    await expectShown({
      title: 'Books for you',
      status: expect.stringMatching(NARROWED) as string,
      books: ['Clara "C" Callan 8.4', 'Decision in Normandy 7.9', 'Flu 7.4'],
    });
    await press('Tab', 'Tab', 'Enter');
    // The first book's ratings are open, at the lowest.
    await press(...new Array<string>(8).fill('Tab'), 'Enter');
    await expect
      .poll(async () => (await shown()).books, { timeout: PATIENCE })
      .toEqual(['Decision in Normandy 8.2', 'Flu 7.7']);
    expect(complaints).toEqual([]);
  });
}

const pageFile = (name: string): string =>
  readFileSync(new URL(`page/${name}`, import.meta.url), 'utf8');

describe('the files of the page', () => {
  it('have every element that the script asks for', () => {
    const asked = [...pageFile('app.js').matchAll(/(?:byId|field)\('([^']+)'\)/g)];
    const present = [...pageFile('index.html').matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id);
    expect(asked.length).toBeGreaterThan(0);
    for (const [, id] of asked) expect(present).toContain(id);
  });
});

const chromium = chromiumPath();
if (chromium === null) {
  leftOut('the page in a browser: there is no chromium on the PATH');
} else {
  describe('the page in a browser', () => {
    browserSuite(chromium);
  });
}
