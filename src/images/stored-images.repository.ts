// Stored pictures in the database. The only file of this room that writes queries.
import { Injectable } from '@nestjs/common';
import type { StoredImage } from '../database/client/client.js';
import { PrismaService } from '../database/prisma.service.js';
import { TenantDatabase } from '../database/tenant-database.js';

/** A stored picture without its bytes. */
export type StoredImageRow = Omit<StoredImage, 'bytes'>;

/** A picture to be stored. */
export type NewStoredImage = Omit<StoredImage, 'tenantId' | 'createdAt' | 'size' | 'bytes'> & {
  readonly bytes: Uint8Array;
};

/** A stored picture's bytes, with the little that is needed to send them. */
export type StoredPicture = Pick<StoredImage, 'mediaType' | 'bytes' | 'expiresAt'>;

/** A part of a list, in order of creation or the reverse of it. */
export interface StoredImageSlice {
  readonly limit: number;
  /** Id of the last one before this part; absent: from the start. */
  readonly after?: string | undefined;
  readonly order: 'asc' | 'desc';
  /** Absent: for any. */
  readonly purpose?: string | null | undefined;
}

const picture = { mediaType: true, bytes: true, expiresAt: true } as const;

/**
 * Reads and writes stored pictures: a tenant's own by the tenant's view of the database, and those of all for who holds
 * a signed address and for the cleanup. What has expired is not found, whether it is deleted yet or not.
 */
@Injectable()
export class StoredImagesRepository {
  constructor(
    private readonly prisma: PrismaService,
    private readonly tenants: TenantDatabase,
  ) {}

  create(tenantId: string, image: NewStoredImage): Promise<StoredImageRow> {
    return this.tenants.of(tenantId).storedImage.create({
      data: { ...image, tenantId, bytes: owned(image.bytes), size: image.bytes.length },
      omit: { bytes: true },
    });
  }

  find(tenantId: string, id: string): Promise<StoredImageRow | null> {
    return this.tenants.of(tenantId).storedImage.findFirst({
      where: { tenantId, id, ...live() },
      omit: { bytes: true },
    });
  }

  /** A tenant's picture, with its bytes. */
  read(tenantId: string, id: string): Promise<StoredPicture | null> {
    return this.tenants.of(tenantId).storedImage.findFirst({
      where: { tenantId, id, ...live() },
      select: picture,
    });
  }

  /** A picture by its id alone, for those who hold its signed address. Never with an id that a tenant has given. */
  open(id: string): Promise<StoredPicture | null> {
    return this.prisma.storedImage.findFirst({
      where: { id, AND: { id: { startsWith: 'img_' } }, ...live() },
      select: picture,
    });
  }

  /** A tenant's uploads. */
  list(tenantId: string, { limit, after, order, purpose }: StoredImageSlice): Promise<StoredImageRow[]> {
    const following = after === undefined ? {} : order === 'asc' ? { gt: after } : { lt: after };
    return this.tenants.of(tenantId).storedImage.findMany({
      where: { tenantId, id: { startsWith: 'file-', ...following }, ...(purpose && { purpose }), ...live() },
      orderBy: { id: order },
      take: limit,
      omit: { bytes: true },
    });
  }

  /** Whether there was such a picture to delete. */
  async remove(tenantId: string, id: string): Promise<boolean> {
    const { count } = await this.tenants
      .of(tenantId)
      .storedImage.deleteMany({ where: { tenantId, id, ...live() } });
    return count > 0;
  }

  /** Deletes pictures that have expired, at most `limit`; returns how many. */
  async removeExpired(limit: number): Promise<number> {
    const expired = await this.prisma.storedImage.findMany({
      where: { expiresAt: { lte: new Date() } },
      orderBy: { expiresAt: 'asc' },
      take: limit,
      select: { id: true },
    });
    if (expired.length === 0) return 0;
    const ids = expired.map(({ id }) => id);
    const { count } = await this.prisma.storedImage.deleteMany({ where: { id: { in: ids } } });
    return count;
  }
}

function live() {
  return { OR: [{ expiresAt: null }, { expiresAt: { gt: new Date() } }] };
}

/** Prisma takes bytes only over memory that is not shared; a copy of a view also lets go of what is around it. */
function owned(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}
