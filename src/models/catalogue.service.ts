// Which models callers may name, and what the operator has said of each.
import { Inject, Injectable } from '@nestjs/common';
import { SettingsService } from '../config/config.module.js';
import { SettingsError } from '../config/settings.js';
import { ApiError } from '../errors/api-error.js';
import type { ModelSpec, Sampling } from '../inference/inference.js';
import type { Price } from '../inference/price.js';
import type { Alias } from './model-alias.js';
import { allowancesOf, isAllowance, type ModelName, parseModelName } from './model-name.js';
import type { ModelsFile } from './models-file.js';
import { MODELS_FILE } from './models-file.loader.js';

/** The default model's name with us, and at Replicate. */
export const DEFAULT_MODEL = 'cerebro-phi3.5-vision-instruct';
const DEFAULT_UPSTREAM = 'jimothyjohn/phi3-vision-instruct';

/** What holds for the default model where a caller says nothing. */
const DEFAULTS: Sampling = { maxTokens: 1000, temperature: 0.7, doSample: true };

/** The models of this gateway. */
@Injectable()
export class ModelCatalogue {
  private readonly defaultModel: ModelSpec;
  /** The models whose names are known: the default one, the aliases, and those that CEREBRO_MODELS names. */
  private readonly named: ReadonlyMap<string, ModelSpec>;
  private readonly allowed: ReadonlySet<string>;
  private readonly prices: ModelsFile['prices'];
  private readonly hardware: ModelsFile['hardware'];
  private readonly defaultNanosPerSecond: number | undefined;

  constructor(settings: SettingsService, @Inject(MODELS_FILE) { aliases, prices, hardware }: ModelsFile) {
    const entries = settings.get('models', { infer: true });
    checkAllowances(entries);
    this.allowed = new Set(entries);
    this.prices = prices;
    this.hardware = hardware;
    this.defaultNanosPerSecond = defaultPrice(settings.get('defaultHardware', { infer: true }), hardware);
    const version = settings.get('replicateModelVersion', { infer: true });
    this.defaultModel = this.withPrice(defaultModel(version, aliases.get(DEFAULT_MODEL)));
    this.named = new Map(
      [
        this.defaultModel,
        ...[...aliases].filter(([id]) => id !== DEFAULT_MODEL).map((entry) => this.aliased(...entry)),
        ...entries.flatMap((id) => this.hosted(id) ?? []),
      ].map((spec) => [spec.id, spec]),
    );
  }

  /**
   * The model that a caller means; the default one for a caller who names none.
   *
   * @param only what the caller's key is limited to, as entries of `CEREBRO_MODELS` or names; empty: nothing less than all
   * @throws {ApiError} `model_not_found`
   */
  resolve(name: string | null | undefined, only: readonly string[] = []): ModelSpec {
    const spec = name == null ? this.defaultModel : (this.named.get(name) ?? this.hosted(name));
    if (spec && isAmong(spec, only)) return spec;
    const shown = (name ?? this.defaultModel.id).slice(0, 200).toWellFormed();
    throw new ApiError('model_not_found', {
      param: 'model',
      message: `The model \`${shown}\` does not exist or you do not have access to it.`,
    });
  }

  /** The models whose names are known, the default one first; patterns such as `owner/*` allow others. */
  list(only: readonly string[] = []): ModelSpec[] {
    return [...this.named.values()].filter((spec) => isAmong(spec, only));
  }

  /**
   * The price of a second on a kind of hardware, by the provider's name for it; of the default hardware for one that is
   * not known; undefined where there is none.
   */
  listPrice(hardware: string | undefined): Price | undefined {
    const known = hardware === undefined ? undefined : this.hardware.get(hardware);
    const nanosPerSecond = known ?? this.defaultNanosPerSecond;
    return nanosPerSecond === undefined ? undefined : { nanosPerSecond };
  }

  /** A model by Replicate's own name for it, where CEREBRO_MODELS allows that. */
  private hosted(id: string): ModelSpec | undefined {
    const name = parseModelName(id);
    return name && this.isAllowed(name) ? this.withPrice({ id, ...name }) : undefined;
  }

  private isAllowed(name: ModelName): boolean {
    return allowancesOf(name).some((entry) => this.allowed.has(entry));
  }

  /** Only the default model's own alias may go without `upstream`. */
  private aliased(id: string, { upstream = DEFAULT_UPSTREAM, ...alias }: Alias): ModelSpec {
    return this.withPrice({ id, upstream, ...alias });
  }

  private withPrice(spec: ModelSpec): ModelSpec {
    const price = spec.price ?? this.prices.get(spec.upstream);
    return price ? { ...spec, price } : spec;
  }
}

/** An alias is among what its own name allows, and what the model behind it does. */
function isAmong(spec: ModelSpec, only: readonly string[]): boolean {
  return only.length === 0 || [spec.id, ...allowancesOf(spec)].some((entry) => only.includes(entry));
}

/** @throws {SettingsError} for an entry of CEREBRO_MODELS that names nothing */
export function checkAllowances(entries: readonly string[]): void {
  if (entries.every(isAllowance)) return;
  throw SettingsError.of([
    'CEREBRO_MODELS must hold entries such as owner/name, owner/name:version, owner/*, deployments/owner/name or *',
  ]);
}

/**
 * Nano-dollars for a second on the default hardware, where one is named.
 *
 * @throws {SettingsError} for hardware that has no price
 */
export function defaultPrice(name: string | undefined, prices: ModelsFile['hardware']): number | undefined {
  if (name === undefined || prices.has(name)) return name === undefined ? undefined : prices.get(name);
  throw SettingsError.of([`CEREBRO_DEFAULT_HARDWARE must be one of ${[...prices.keys()].join(', ')}`]);
}

/** The default model, with what the file says of it. The file may put another model in its place. */
function defaultModel(version: string, alias: Alias = {}): ModelSpec {
  const { upstream = DEFAULT_UPSTREAM } = alias;
  if (upstream !== DEFAULT_UPSTREAM) return { id: DEFAULT_MODEL, ...alias, upstream };
  const defaults = { ...DEFAULTS, ...alias.defaults };
  return { id: DEFAULT_MODEL, version, ...alias, upstream, defaults };
}
