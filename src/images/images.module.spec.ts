// The room as Nest builds it, on a real database: storing, serving, expiring.
import { Logger, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../test/support/postgres.js';
import { SettingsModule } from '../config/config.module.js';
import { parseSettings } from '../config/settings.js';
import { DatabaseModule } from '../database/database.module.js';
import { PrismaService } from '../database/prisma.service.js';
import { ErrorFilter } from '../http/error.filter.js';
import { RouteTable } from '../http/route-table.js';
import { ExpiredImages } from './expired-images.service.js';
import { newId } from '../contracts/identifier.js';
import { ImageSigner } from './image-signer.js';
import { ImagesModule } from './images.module.js';
import { Images } from './images.service.js';
import { makePicture } from './pictures.fixture.js';
import { StoredImagesRepository } from './stored-images.repository.js';

const TENANTS = ['ten_a', 'ten_b'] as const;
const PEPPER = 'pepper-0123456789abcdef';

@Module({})
class TestApp {}

let database: TestDatabase;
let app: NestFastifyApplication;
let stored: StoredImagesRepository;
let png: Buffer;
beforeAll(async () => {
  Logger.overrideLogger(false);
  database = await createTestDatabase();
  const settings = { ...parseSettings({ CEREBRO_PUBLIC_URL: 'https://cerebro.example' }), keyPepper: PEPPER };
  app = await NestFactory.create<NestFastifyApplication>(
    {
      module: TestApp,
      imports: [
        SettingsModule.forRoot(settings),
        DatabaseModule.forRoot({ url: database.url, poolSize: 2 }),
        ImagesModule,
      ],
    },
    new FastifyAdapter(),
    { logger: false },
  );
  app.useGlobalFilters(new ErrorFilter(new RouteTable(), () => undefined));
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
  stored = app.get(StoredImagesRepository);
  png = await makePicture('png');
  const data = TENANTS.map((id) => ({ id, name: id }));
  await app.get(PrismaService).tenant.createMany({ data });
});
afterAll(async () => {
  await app.close();
  await database.drop();
});

const inAnHour = () => new Date(Date.now() + 3_600_000);
const aMinuteAgo = () => new Date(Date.now() - 60_000);

async function store(tenantId: string, id: string, expiresAt: Date | null = inAnHour()): Promise<string> {
  const image = {
    id,
    filename: null,
    purpose: null,
    mediaType: 'image/png',
    bytes: png,
    width: 16,
    height: 12,
    expiresAt,
  };
  await stored.create(tenantId, image);
  return id;
}

const get = (url: string, method: 'GET' | 'HEAD' | 'POST' = 'GET') => app.inject({ method, url });

/** The path under which a picture of a tenant's is published. */
async function publish(): Promise<string> {
  const picture = { kind: 'bytes', bytes: png, mediaType: 'image/png' } as const;
  const { url } = await app
    .get(Images)
    .publish(picture, { tenantId: 'ten_a', param: 'image', lifetimeMs: 1_200_000 });
  return url.replace('https://cerebro.example', '');
}

/** A signed path, of whatever is asked for. */
function signed(name: string, expires: number | string): string {
  const signature = new ImageSigner(PEPPER).sign(name, String(expires));
  return `/images/${name}?expires=${expires}&signature=${signature}`;
}

const soon = () => Math.floor(Date.now() / 1000) + 60;

describe('a published picture', () => {
  it('is sent as a file that no browser shows', async () => {
    const answer = await get(await publish());
    expect(answer.statusCode).toBe(200);
    expect(Buffer.compare(answer.rawPayload, png)).toBe(0);
    expect(answer.headers).toMatchObject({
      'content-type': 'image/png',
      'content-length': String(png.length),
      'content-disposition': 'attachment',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox",
      'cache-control': expect.stringMatching(/^private, max-age=1\d{3}$/) as string,
    });
    expect(answer.headers).not.toHaveProperty('content-encoding');
  });

  it('answers HEAD with the same headers and nothing else', async () => {
    const answer = await get(await publish(), 'HEAD');
    expect(answer.statusCode).toBe(200);
    expect(answer.headers).toMatchObject({
      'content-type': 'image/png',
      'content-length': String(png.length),
    });
    expect(answer.rawPayload).toHaveLength(0);
  });

  it('takes no other method', async () => {
    expect((await get(await publish(), 'POST')).statusCode).toBe(404);
  });

  it.each<[string, (path: string) => string]>([
    ['has no signature', (path) => path.replace(/&signature=.*/, '')],
    ['has an empty signature', (path) => path.replace(/signature=.*/, 'signature=')],
    ['has another signature', (path) => path.replace(/.$/, (last) => (last === 'A' ? 'E' : 'A'))],
    ['has two signatures', (path) => `${path}&signature=x`],
    [
      'is to be good for longer',
      (path) => path.replace(/expires=(\d+)/, (_, time) => `expires=${Number(time) + 1}`),
    ],
    ['has no time', (path) => path.replace(/expires=\d+&/, '')],
    ['has a time of zeros before', (path) => path.replace('expires=', 'expires=0')],
    ['has another name', (path) => path.replace('.png', '.gif')],
    ['has no end of a name', (path) => path.replace('.png', '')],
    ['has expired', (path) => signed(path.replace(/^\/images\/|\?.*$/g, ''), soon() - 120)],
    ['is signed and unknown', () => signed(`${newId('img_')}.png`, soon())],
    ['is signed and no id', () => signed('..%2f..%2fetc%2fpasswd', soon())],
  ])('is not found where its address %s', async (_, change) => {
    const answer = await get(change(await publish()));
    expect(answer.statusCode).toBe(404);
    expect(answer.json()).toEqual({
      error: { message: 'No such object.', type: 'invalid_request_error', param: null, code: 'not_found' },
    });
  });

  it('is not found once it has expired in the database, whatever its address says', async () => {
    const id = await store('ten_a', newId('img_'), aMinuteAgo());
    expect((await get(signed(`${id}.png`, soon()))).statusCode).toBe(404);
  });

  it('is never an upload, not even under a signed address', async () => {
    const id = await store('ten_a', newId('file-'));
    expect((await get(signed(`${id}.png`, soon()))).statusCode).toBe(404);
    expect(await stored.open(id)).toBeNull();
  });
});

describe('stored pictures', () => {
  it('are found by their own tenant alone, however one asks (E2)', async () => {
    const id = await store('ten_a', newId('file-'));
    expect(await stored.find('ten_a', id)).toMatchObject({ id, size: png.length, width: 16 });
    expect(await stored.find('ten_a', id)).not.toHaveProperty('bytes');
    expect(Buffer.compare((await stored.read('ten_a', id))?.bytes ?? Buffer.alloc(0), png)).toBe(0);
    expect(await stored.find('ten_b', id)).toBeNull();
    expect(await stored.read('ten_b', id)).toBeNull();
    expect(await stored.remove('ten_b', id)).toBe(false);
    expect(await stored.list('ten_b', { limit: 100, order: 'asc' })).toEqual([]);
    expect(await stored.remove('ten_a', id)).toBe(true);
    expect(await stored.remove('ten_a', id)).toBe(false);
    expect(await stored.find('ten_a', id)).toBeNull();
  });

  it('are listed in either order, page by page, without published and expired ones', async () => {
    const ids = [];
    for (let i = 0; i < 5; i++) ids.push(await store('ten_b', newId('file-')));
    await store('ten_b', newId('img_'));
    await store('ten_b', newId('file-'), aMinuteAgo());
    const page = async (order: 'asc' | 'desc', after?: string) =>
      (await stored.list('ten_b', { limit: 3, order, after })).map(({ id }) => id);
    // Ids of one millisecond have no order between each other.
    ids.sort();
    expect(await page('asc')).toEqual(ids.slice(0, 3));
    expect(await page('asc', ids[2])).toEqual(ids.slice(3));
    expect(await page('desc')).toEqual(ids.toReversed().slice(0, 3));
    expect(await page('desc', ids[2])).toEqual(ids.toReversed().slice(3));
  });

  it('are deleted once they have expired, and no others', async () => {
    const expired = [
      await store('ten_a', newId('file-'), aMinuteAgo()),
      await store('ten_a', newId('img_'), aMinuteAgo()),
    ];
    const kept = [await store('ten_a', newId('file-')), await store('ten_a', newId('img_'), null)];
    expect(await stored.removeExpired(1)).toBe(1);
    await app.get(ExpiredImages).sweep();
    const rows = await app
      .get(PrismaService)
      .storedImage.findMany({ where: { id: { in: [...expired, ...kept] } } });
    expect(rows.map(({ id }) => id).sort()).toEqual(kept.sort());
    expect(await stored.removeExpired(100)).toBe(0);
  });

  it('keep ten megabytes as they were', async () => {
    const bytes = Buffer.alloc(10 * 1024 ** 2, 'bicycle');
    const id = newId('file-');
    const image = {
      id,
      filename: null,
      purpose: null,
      mediaType: 'image/png',
      bytes,
      width: 9,
      height: 9,
      expiresAt: inAnHour(),
    };
    expect(await stored.create('ten_a', image)).toMatchObject({ size: bytes.length });
    expect(Buffer.compare((await stored.read('ten_a', id))?.bytes ?? Buffer.alloc(0), bytes)).toBe(0);
  });
});

describe('the sweep of expired pictures', () => {
  it('outlives a database that fails', async () => {
    const broken = { removeExpired: () => Promise.reject(new Error('no database')) };
    await expect(new ExpiredImages(broken as never).sweep()).resolves.toBeUndefined();
  });
});
