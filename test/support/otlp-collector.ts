// A collector on loopback: takes OTLP/HTTP in protobuf at /v1/traces, and keeps the spans.
// Source of the numbers: opentelemetry-proto, trace/v1/trace.proto and common/v1/common.proto.
import { createServer, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { eventually } from './gateway.js';

/** One span, as far as tests read it. */
export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for a root. */
  readonly parentId: string;
  readonly name: string;
  /** As the protocol numbers them: 1 internal, 2 server, 3 client. */
  readonly kind: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** 0 unset, 1 ok, 2 error. */
  readonly status: number;
  /** Nanoseconds since 1970. */
  readonly start: bigint;
  readonly end: bigint;
  /** Of the service that has sent it. */
  readonly resource: Readonly<Record<string, unknown>>;
}

/** A running collector. */
export interface Collector {
  readonly url: string;
  readonly spans: ReceivedSpan[];
  /** Everything that came, as it came. */
  readonly bodies: Buffer[];
  /** The headers that came with each. */
  readonly headers: IncomingHttpHeaders[];
  /** What it answers with; 200 unless it is changed. 0: nothing, ever. */
  status: number;
  /** The spans of a trace, once there are so many. */
  trace(id: string, count: number): Promise<ReceivedSpan[]>;
  close(): Promise<void>;
}

/** Starts a collector on a free port. */
export async function startCollector(): Promise<Collector> {
  const spans: ReceivedSpan[] = [];
  const bodies: Buffer[] = [];
  const headers: IncomingHttpHeaders[] = [];
  const collector = { status: 200 };
  const server = createServer((request, response) => {
    void read(request).then((body) => {
      if (request.url !== '/v1/traces') return response.writeHead(404).end();
      if (collector.status === 0) return undefined;
      bodies.push(body);
      headers.push(request.headers);
      if (collector.status === 200) spans.push(...spansOf(body));
      return response.writeHead(collector.status, { 'content-type': 'application/x-protobuf' }).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(collector, {
    url: `http://127.0.0.1:${port}/v1/traces`,
    spans,
    bodies,
    headers,
    trace: async (id: string, count: number) => {
      const ofTrace = () => spans.filter(({ traceId }) => traceId === id);
      await eventually(`${count} spans of a trace`, () => ofTrace().length >= count, 20_000);
      return ofTrace();
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

async function read(request: IncomingMessage): Promise<Buffer> {
  const body = await buffer(request);
  return request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
}

/** The fields of a message, in order: varints and 64-bit numbers as bigint, the rest as bytes. */
function* fields(bytes: Buffer): Generator<[field: number, value: bigint | Buffer]> {
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++] ?? 0;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const [field, type] = [tag >> 3, tag & 7];
    if (type === 0) yield [field, varint()];
    else {
      const length = type === 2 ? Number(varint()) : type === 1 ? 8 : 4;
      const value = bytes.subarray(at, (at += length));
      yield [field, type === 1 ? value.readBigUInt64LE() : value];
    }
  }
}

const all = (bytes: Buffer, number: number): Buffer[] =>
  [...fields(bytes)].flatMap(([field, value]) => (field === number && Buffer.isBuffer(value) ? [value] : []));
const one = (bytes: Buffer, number: number): Buffer => all(bytes, number)[0] ?? Buffer.alloc(0);
const number = (bytes: Buffer, wanted: number): bigint =>
  [...fields(bytes)].flatMap(([field, value]) =>
    field === wanted && !Buffer.isBuffer(value) ? [value] : [],
  )[0] ?? 0n;

function spansOf(body: Buffer): ReceivedSpan[] {
  return all(body, 1).flatMap((ofResource) => {
    const resource = attributesOf(one(ofResource, 1), 1);
    const raw = all(ofResource, 2).flatMap((ofScope) => all(ofScope, 2));
    return raw.map((span) => ({
      traceId: one(span, 1).toString('hex'),
      spanId: one(span, 2).toString('hex'),
      parentId: one(span, 4).toString('hex'),
      name: one(span, 5).toString(),
      kind: Number(number(span, 6)),
      start: number(span, 7),
      end: number(span, 8),
      attributes: attributesOf(span, 9),
      status: Number(number(one(span, 15), 3)),
      resource,
    }));
  });
}

function attributesOf(bytes: Buffer, field: number): Record<string, unknown> {
  return Object.fromEntries(
    all(bytes, field).map((pair) => [one(pair, 1).toString(), valueOf(one(pair, 2))]),
  );
}

/** An AnyValue: text, boolean, integer, double or list. */
function valueOf(bytes: Buffer): unknown {
  const [[field, value] = [0, 0n] as const] = [...fields(bytes)];
  if (Buffer.isBuffer(value)) return field === 5 ? all(value, 1).map(valueOf) : value.toString();
  if (field === 4) return new Float64Array(new BigUint64Array([value]).buffer)[0];
  return field === 2 ? value === 1n : Number(BigInt.asIntN(64, value));
}
