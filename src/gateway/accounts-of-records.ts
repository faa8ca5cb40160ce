// On whose account at the provider a prediction of the record runs: what is asked about it is asked there.
import { Injectable } from '@nestjs/common';
import { ApiError } from '../errors/api-error.js';
import type { InferencePlan } from '../inference/inference.js';
import { type UpstreamAccount, UpstreamAccounts } from '../inference/upstream-account.js';

/** What a record, or its row, says of that. */
export interface AccountOwner {
  readonly tenantId: string;
  /** Whether it runs on the tenant's own account. */
  readonly ownUpstream: boolean;
}

/** Accounts of predictions. */
@Injectable()
export class AccountsOfRecords {
  constructor(private readonly accounts: UpstreamAccounts) {}

  /**
   * The account; undefined for the gateway's.
   *
   * @throws {ApiError} `upstream_auth` where the tenant has removed its token: nobody can ask any more
   * @throws when the database cannot be reached
   */
  async of({ tenantId, ownUpstream }: AccountOwner): Promise<UpstreamAccount | undefined> {
    if (!ownUpstream) return undefined;
    const account = await this.accounts.of(tenantId);
    if (account) return account;
    throw new ApiError('upstream_auth', {
      message: "The tenant's own API token, on whose account the prediction runs, was removed.",
    });
  }

  /** The plan of a call that joins a prediction, on that prediction's account: the tenant's may have changed since. */
  async planFor(plan: InferencePlan, owner: AccountOwner): Promise<InferencePlan> {
    const account = await this.of(owner);
    const { account: current, ...request } = plan.request;
    if (account === current) return plan;
    return { ...plan, request: { ...request, ...(account && { account }) } };
  }
}
