// Replicate for all accounts: each question, and each prediction, is the business of its own account's provider.
import { Injectable, type OnApplicationShutdown, type OnModuleDestroy } from '@nestjs/common';
import type {
  ImagePayload,
  InferenceCall,
  InferencePlan,
  InferenceProvider,
  InferenceRequest,
  ListedPrediction,
  ProviderAnswer,
  TextSink,
} from '../../inference/inference.js';
import type { PredictionRecord, PredictionReport } from '../../inference/prediction-record.js';
import type { UpstreamAccount } from '../../inference/upstream-account.js';
import type { AccountPool } from './account-pool.js';
import { toOwnAccountError } from './failure.js';
import type { ReplicateProvider } from './replicate.provider.js';

/** Asks models on Replicate, on the gateway's account or a tenant's own. */
@Injectable()
export class AccountsProvider implements InferenceProvider, OnModuleDestroy, OnApplicationShutdown {
  /** @param gateway the gateway's own account's */
  constructor(
    private readonly gateway: ReplicateProvider,
    private readonly own: AccountPool,
  ) {}

  plan(request: InferenceRequest, signal: AbortSignal): Promise<InferencePlan> {
    return this.on(request.account, (provider) => provider.plan(request, signal));
  }

  prepare(plan: InferencePlan, images: readonly ImagePayload[], signal: AbortSignal): Promise<InferenceCall> {
    return this.on(plan.request.account, (provider) => provider.prepare(plan, images, signal));
  }

  infer(
    call: InferenceCall,
    record: PredictionRecord,
    signal: AbortSignal,
    sink?: TextSink,
  ): Promise<ProviderAnswer> {
    return this.on(call.plan.request.account, (provider) => provider.infer(call, record, signal, sink));
  }

  resume(
    plan: InferencePlan,
    upstreamId: string,
    record: PredictionRecord,
    signal: AbortSignal,
    sink?: TextSink,
  ): Promise<ProviderAnswer> {
    return this.on(plan.request.account, (provider) =>
      provider.resume(plan, upstreamId, record, signal, sink),
    );
  }

  look(upstreamId: string, account?: UpstreamAccount): Promise<PredictionReport | undefined> {
    return this.on(account, (provider) => provider.look(upstreamId));
  }

  cancel(upstreamId: string, account?: UpstreamAccount): Promise<PredictionReport | undefined> {
    return this.on(account, (provider) => provider.cancel(upstreamId));
  }

  list(pages: number, account?: UpstreamAccount): Promise<readonly ListedPrediction[]> {
    return this.on(account, (provider) => provider.list(pages));
  }

  onModuleDestroy(): void {
    this.gateway.onModuleDestroy();
    this.own.stop();
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([this.gateway.onApplicationShutdown(), this.own.close()]);
  }

  private on<Value>(
    account: UpstreamAccount | undefined,
    act: (provider: ReplicateProvider) => Promise<Value>,
  ): Promise<Value> {
    if (!account) return act(this.gateway);
    return this.own.use(account, act).catch((error: unknown) => {
      throw toOwnAccountError(error);
    });
  }
}
