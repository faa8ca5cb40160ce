// Tenants' own tokens at the provider: stored sealed, opened where they are used.
import { createHash } from 'node:crypto';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { CREDENTIALS_CHANNEL } from '../database/channels.js';
import type { Prisma } from '../database/client/client.js';
import { Notifications } from '../database/notifications.service.js';
import { PrismaService } from '../database/prisma.service.js';
import {
  upstreamAccount,
  type UpstreamAccount,
  type UpstreamAccounts,
} from '../inference/upstream-account.js';
import { upstreamTokenContext } from '../vault/contexts.js';
import { Telemetry } from '../telemetry/telemetry.js';
import { Vault } from '../vault/vault.service.js';
import { AccountCache } from './account-cache.js';

/** Which of the ids that the database tells of are tenants'. */
const TENANT = 'ten_';

/** Tenants' own accounts. */
@Injectable()
export class TenantAccounts implements UpstreamAccounts, OnModuleDestroy {
  private readonly cache: AccountCache;
  private stopListening: (() => void)[] = [];

  constructor(
    private readonly prisma: PrismaService,
    private readonly vault: Vault,
    private readonly notifications: Notifications,
    { metrics: { cacheLookups } }: Telemetry,
  ) {
    this.cache = new AccountCache({
      load: (tenantId) => this.load(tenantId),
      isHearing: () => notifications.isListening,
      onLookup: (result) => cacheLookups.inc({ cache: 'upstream_accounts', result }),
    });
  }

  /**
   * A tenant's own account; undefined where it uses the gateway's. From memory as a rule.
   *
   * @throws {SealError} when its token cannot be opened: nothing of its is sent on the gateway's account then
   * @throws when the database cannot be reached
   */
  of(tenantId: string): Promise<UpstreamAccount | undefined> {
    this.listen();
    return this.cache.find(tenantId);
  }

  /**
   * Stores a tenant's token, or with null removes it. It counts on every node as soon as the transaction is committed.
   *
   * @param tx the transaction of the use case
   * @throws {ApiError} `encryption_not_configured` where no token can be stored
   */
  async set(tx: Prisma.TransactionClient, tenantId: string, token: string | null): Promise<void> {
    const sealed = token === null ? null : this.vault.seal(token, upstreamTokenContext(tenantId));
    await tx.$executeRaw`
      UPDATE tenants SET upstream_token = ${sealed},
        upstream_token_set_at = CASE WHEN ${sealed}::text IS NOT NULL THEN now() END
      WHERE id = ${tenantId}`;
  }

  /** Forgets what is remembered of a tenant, without waiting for the database to tell; called after a commit. */
  forget(tenantId: string): void {
    this.cache.forget(tenantId);
  }

  onModuleDestroy(): void {
    for (const stop of this.stopListening) stop();
  }

  private async load(tenantId: string): Promise<UpstreamAccount | undefined> {
    const tenant = await this.prisma.tenant.findUnique({
      where: { id: tenantId },
      select: { upstreamToken: true },
    });
    const sealed = tenant?.upstreamToken;
    if (sealed === undefined || sealed === null) return undefined;
    return upstreamAccount(
      `${tenantId}:${digestOf(sealed)}`,
      this.vault.open(sealed, upstreamTokenContext(tenantId)),
    );
  }

  private listen(): void {
    if (this.stopListening.length > 0) return;
    this.stopListening = [
      this.notifications.on(CREDENTIALS_CHANNEL, (id) => {
        if (id.startsWith(TENANT)) this.cache.forget(id);
      }),
      this.notifications.onReset(() => this.cache.forget()),
    ];
  }
}

/** The same token sealed anew is another text: at worst, its connections are made anew. */
function digestOf(sealed: string): string {
  return createHash('sha256').update(sealed).digest('base64url').slice(0, 16);
}
