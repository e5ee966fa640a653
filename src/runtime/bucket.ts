import { AwsClient } from 'aws4fetch';
import { AppError } from './errors.ts';

/** Where credentials for buckets come from, and what stops a request. */
export interface BucketAccess {
  /** `AWS_ACCESS_KEY_ID` and the like. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

/** What is asked of an object; a GET of it by default. */
export interface BucketRequest {
  readonly method?: 'PUT' | 'POST' | 'DELETE';
  /** Such as `uploads` or `uploadId=...`. */
  readonly query?: string;
  readonly body?: Uint8Array<ArrayBuffer> | string;
}

/** Times that a request is repeated where the server is busy or failed. */
const RETRIES = 4;

/**
 * Sends a signed request for `s3://BUCKET/KEY`, to Amazon or to `AWS_ENDPOINT_URL`. Any status is an answer; throws
 * `BAD_SETTINGS` without credentials, and what `fetch` throws.
 */
export async function bucketFetch(
  url: URL,
  { variables, signal }: BucketAccess,
  { query, ...init }: BucketRequest = {},
): Promise<Response> {
  const accessKeyId = variables['AWS_ACCESS_KEY_ID'];
  const secretAccessKey = variables['AWS_SECRET_ACCESS_KEY'];
  const sessionToken = variables['AWS_SESSION_TOKEN'];
  const region = variables['AWS_REGION'] ?? variables['AWS_DEFAULT_REGION'] ?? 'us-east-1';
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    throw new AppError(
      'BAD_SETTINGS',
      's3 addresses need credentials',
      'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment.',
    );
  }
  const endpoint = variables['AWS_ENDPOINT_URL'];
  const address =
    endpoint === undefined
      ? `https://${url.hostname}.s3.${region}.amazonaws.com${url.pathname}`
      : `${endpoint.replace(/\/$/, '')}/${url.hostname}${url.pathname}`;
  const client = new AwsClient({
    accessKeyId,
    secretAccessKey,
    service: 's3',
    region,
    retries: RETRIES,
    ...(sessionToken !== undefined && { sessionToken }),
  });
  return client.fetch(query === undefined ? address : `${address}?${query}`, { ...init, signal });
}

/** Why a request failed: the innermost message. */
export function reasonOf(error: unknown): string {
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return inner instanceof Error ? inner.message : String(inner);
}
