import { describe, expect, it } from 'vitest';
import { parseWrk } from './wrk.ts';

const OUTPUT = `Running 1s test @ http://127.0.0.1:8000/recommend/8
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     2.38ms    1.12ms  31.02ms   95.83%
    Req/Sec    27.11k     1.70k   29.59k    80.00%
  Latency Distribution
     50%    2.21ms
     75%    2.44ms
     90%    2.91ms
     99%    6.32ms
  27146 requests in 1.01s, 90.01MB read
`;

describe('parseWrk', () => {
  it('reads the rate and the 99th percentile', () => {
    expect(parseWrk(`${OUTPUT}Requests/sec:  26985.12\nTransfer/sec:     89.47MB\n`)).toEqual({
      requestsPerSecond: 26985.12,
      p99: '6.32ms',
      errors: 0,
    });
  });

  it('counts refused requests and failed connections', () => {
    const errors = `  Socket errors: connect 1, read 2, write 0, timeout 4\n  Non-2xx or 3xx responses: 30\n`;
    expect(parseWrk(`${OUTPUT}${errors}Requests/sec:    10.00\n`).errors).toBe(37);
  });

  it('reads a time that is padded, as those in seconds are', () => {
    const slow = OUTPUT.replace('99%    6.32ms', '99%    1.04s ');
    expect(parseWrk(`${slow}Requests/sec:    900.00\n`).p99).toBe('1.04s');
  });

  it('fails on anything else', () => {
    expect(() => parseWrk('unable to connect')).toThrow('unable to connect');
  });
});
