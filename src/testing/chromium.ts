import { type Browser, chromium } from 'playwright-core';
import { findProgram } from './find-program.ts';

/** As root in a container, and silent: it asks no other host for updates or accounts. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
];

/** Path of the machine's Chromium, or null; else say what is left out, see left-out.ts. */
export const chromiumPath = (): string | null => findProgram('chromium');

/** Starts a Chromium without a window; close it at the end. */
export async function startChromium(executablePath: string): Promise<Browser> {
  return await chromium.launch({ executablePath, args: FLAGS });
}
