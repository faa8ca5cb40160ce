// Keys in the admin API: what goes in and what comes out.
import { ApiProperty } from '@nestjs/swagger';
import { choice, text } from '../contracts/checks.js';
import type { Check } from '../contracts/complaint.js';
import { EnumField, IntegerField, TextField, TimestampField } from '../contracts/fields.js';
import { listPageOf } from '../contracts/list-page.contract.js';
import { ObjectField } from '../contracts/nested-fields.js';
import { SCOPES, type Scope } from '../contracts/requires.decorator.js';
import { UNSUPPORTED_PARAMS, type UnsupportedParams } from '../inference/call.js';
import { normalCidr } from '../contracts/cidr.js';
import { LimitsInput, LimitsObject } from './limits.contract.js';
import { ListField } from '../contracts/list-fields.js';
import { isModelEntry } from './model-entry.js';

/** Entries of a list, at most. */
const MAX_ENTRIES = 100;

/** The longest time for which a replaced key may work on, in seconds: a week. */
export const MAX_GRACE = 604_800;

const modelEntry: Check = (value) =>
  text({ maxLength: 400 })(value) ??
  (isModelEntry(value as string)
    ? undefined
    : {
        reason: 'invalid_value',
        expected: "a model's name or alias, owner/name, owner/name:version, owner/* or *",
      });

const addressRange: Check = (value) =>
  text({ maxLength: 64 })(value) ??
  (normalCidr(value as string) === undefined
    ? {
        reason: 'invalid_value',
        expected: 'an IP address or a range such as 203.0.113.0/24, without bits behind the prefix',
      }
    : undefined);

const NAME = { maxLength: 200, description: 'A name for people.', example: 'claims service' };

/** What can be said of a key at its creation and later. */
class KeySettings {
  @ListField({
    element: choice(SCOPES),
    items: { type: 'string', enum: [...SCOPES] },
    minItems: 1,
    maxItems: SCOPES.length,
    description:
      'What the key may be used for. `inference`: asking models. `usage:read`: the usage of its tenant. `keys:manage`: the keys of its tenant, as far as its own rights go. `admin`: everything, of all tenants; only operators can give it. A new key has `inference`.',
    example: ['inference'],
  })
  scopes?: Scope[] | null;

  @ListField({
    element: modelEntry,
    items: { type: 'string', minLength: 1, maxLength: 400 },
    minItems: 1,
    maxItems: MAX_ENTRIES,
    description:
      'Models that the key may ask: names and aliases, or entries such as `owner/*`. Null: all that the gateway allows.',
    example: ['cerebro-phi3.5-vision-instruct'],
  })
  models?: string[] | null;

  @TimestampField({
    description: 'When the key stops working: Unix seconds or an RFC 3339 date-time. Null: never.',
    example: '2040-01-01T00:00:00Z',
  })
  expires_at?: number | string | null;

  @ListField({
    element: addressRange,
    items: { type: 'string', minLength: 1, maxLength: 64 },
    minItems: 1,
    maxItems: MAX_ENTRIES,
    description: 'Addresses, or ranges in CIDR notation, that the key works from. Null: all.',
    example: ['203.0.113.0/24'],
  })
  ip_allowlist?: string[] | null;

  @ObjectField({
    contract: LimitsInput,
    description:
      'What the key may use; the limits of its tenant hold beside it. Of a key that exists, an absent one stays and null removes it.',
  })
  limits?: LimitsInput | null;

  @EnumField({
    values: UNSUPPORTED_PARAMS,
    description:
      'What becomes of parameters that a model cannot honour: `refuse` answers with an error, `drop` leaves them out and lists them in a header. Null: what holds for the gateway (CEREBRO_UNSUPPORTED_PARAMS).',
    example: 'drop',
  })
  unsupported_params?: UnsupportedParams | null;
}

/** A key to be. */
export class CreateKey extends KeySettings {
  @TextField({ ...NAME, required: true })
  name!: string;
}

/** What is to change of a key. What is absent stays. */
export class UpdateKey extends KeySettings {
  @TextField(NAME)
  name?: string | null;
}

/** How a key is to be replaced. */
export class RotateKey {
  @IntegerField({
    min: 0,
    max: MAX_GRACE,
    default: 0,
    description: 'Seconds for which the old key works on beside the new one.',
    example: 86_400,
  })
  grace_seconds?: number | null;
}

/** A key, without the key itself. */
export class ApiKeyObject {
  @ApiProperty({ example: 'key_0199f2a4c1d27e6f8a3b5c7d9e1f2a4c' })
  id!: string;

  @ApiProperty({ enum: ['api_key'] })
  object!: 'api_key';

  @ApiProperty({ example: 'ten_0199f2a4c1d27e6f8a3b5c7d9e1f2a4b' })
  tenant_id!: string;

  @ApiProperty({ example: 'claims service' })
  name!: string;

  @ApiProperty({ description: 'What people recognise the key by.', example: 'cbr_live_…9fQ2' })
  display!: string;

  @ApiProperty({ enum: ['active', 'revoked', 'expired'], description: 'Whether it works.' })
  status!: KeyStatus;

  @ApiProperty({
    enum: SCOPES,
    isArray: true,
    description: 'What it may be used for.',
    example: ['inference'],
  })
  scopes!: Scope[];

  @ApiProperty({
    type: [String],
    nullable: true,
    description: 'Models that it may ask; null: all that the gateway allows.',
    example: null,
  })
  models!: string[] | null;

  @ApiProperty({
    type: [String],
    nullable: true,
    description: 'Ranges of addresses that it works from; null: all.',
    example: null,
  })
  ip_allowlist!: string[] | null;

  @ApiProperty({ type: LimitsObject })
  limits!: LimitsObject;

  @ApiProperty({
    type: String,
    enum: [...UNSUPPORTED_PARAMS, null],
    nullable: true,
    description: 'What becomes of parameters that a model cannot honour; null: what holds for the gateway.',
    example: null,
  })
  unsupported_params!: UnsupportedParams | null;

  @ApiProperty({ type: 'integer', description: 'Unix seconds.', example: 1795435200 })
  created_at!: number;

  @ApiProperty({ type: 'integer', nullable: true, description: 'Unix seconds.', example: null })
  expires_at!: number | null;

  @ApiProperty({ type: 'integer', nullable: true, description: 'Unix seconds.', example: null })
  revoked_at!: number | null;

  @ApiProperty({
    type: 'integer',
    nullable: true,
    description: 'Unix seconds; written about once a minute.',
    example: null,
  })
  last_used_at!: number | null;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'The key that this one has replaced.',
    example: null,
  })
  rotated_from!: string | null;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'The key that has replaced this one.',
    example: null,
  })
  rotated_to!: string | null;
}

/** Whether a key works: it may have been ended, or its time may be over. */
export type KeyStatus = 'active' | 'revoked' | 'expired';

/** A new key: the only answer that ever holds the key itself. */
export class CreatedApiKeyObject extends ApiKeyObject {
  @ApiProperty({
    description: 'The key. It is shown this once and cannot be read again.',
    example: 'cbr_live_3kTqZ0mXw8VbN5sYhJ2dLcR7fGpA9uEi4oQ6tKxM1vWzB0n',
  })
  key!: string;
}

/** A page of keys. */
export const ApiKeyList = listPageOf(ApiKeyObject);
