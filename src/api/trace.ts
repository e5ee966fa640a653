import { AsyncLocalStorage } from 'node:async_hooks';
import type { IncomingMessage } from 'node:http';
import type { Context, Span } from '@opentelemetry/api';
import project from '../../package.json' with { type: 'json' };

/** A request's span; ends once, with the status of the answer. */
export interface RequestSpan {
  /** Runs the request's work; store calls in it become spans below this one. */
  run<T>(work: () => T): T;
  end(status: number): void;
}

/** Spans of requests and of the store's calls for them, without anything that names a reader. */
export interface Trace {
  request(request: IncomingMessage, route: string, method: string): RequestSpan;
  /** A span below that of the request at work. */
  call<T>(name: string, work: Promise<T>): Promise<T>;
  /** Sends what is left. */
  close(): Promise<void>;
}

type Variables = Readonly<Record<string, string | undefined>>;

const FAILED = 500;

/**
 * Traces to where `OTEL_EXPORTER_OTLP_ENDPOINT` says, by OTLP over HTTP; null without it, so that nothing of it is
 * loaded. The SDK reads its other variables itself: sampler, headers, attributes of the resource.
 */
export async function openTrace(variables: Variables): Promise<Trace | null> {
  const endpoint =
    variables['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] ?? variables['OTEL_EXPORTER_OTLP_ENDPOINT'];
  if (endpoint === undefined || endpoint === '' || variables['OTEL_SDK_DISABLED'] === 'true') {
    return null;
  }
  const [api, sdk, { OTLPTraceExporter }, resources, core] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/sdk-trace-base'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
    import('@opentelemetry/core'),
  ]);
  const own = resources.resourceFromAttributes({
    'service.name': variables['OTEL_SERVICE_NAME'] ?? 'bookrec-api',
    'service.version': project.version,
  });
  const given = resources.detectResources({ detectors: [resources.envDetector] });
  const provider = new sdk.BasicTracerProvider({
    resource: own.merge(given),
    spanProcessors: [new sdk.BatchSpanProcessor(new OTLPTraceExporter())],
  });
  const tracer = provider.getTracer('bookrec', project.version);
  const parents = new core.W3CTraceContextPropagator();
  const current = new AsyncLocalStorage<Context>();
  const { SpanKind, SpanStatusCode, ROOT_CONTEXT, defaultTextMapGetter, trace } = api;
  const fail = (span: Span): Span => span.setStatus({ code: SpanStatusCode.ERROR });
  return {
    request: ({ headers }, route, method) => {
      const parent = parents.extract(ROOT_CONTEXT, headers, defaultTextMapGetter);
      const attributes = { 'http.request.method': method, 'http.route': route };
      const kind = SpanKind.SERVER;
      const span = tracer.startSpan(`${method} ${route}`, { kind, attributes }, parent);
      return {
        run: (work) => current.run(trace.setSpan(parent, span), work),
        end: (status) => {
          span.setAttribute('http.response.status_code', status);
          if (status >= FAILED) fail(span);
          span.end();
        },
      };
    },
    call: async (name, work) => {
      const parent = current.getStore();
      // Polls of the pointer belong to no request.
      if (parent === undefined) return work;
      const span = tracer.startSpan(name, { kind: SpanKind.CLIENT }, parent);
      try {
        return await work;
      } catch (error) {
        fail(span);
        throw error;
      } finally {
        span.end();
      }
    },
    close: () => provider.shutdown(),
  };
}
