// Tenants in the admin API: what goes in and what comes out.
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { integer } from '../contracts/checks.js';
import { BooleanField, TextField } from '../contracts/fields.js';
import { listPageOf } from '../contracts/list-page.contract.js';
import { ObjectField } from '../contracts/nested-fields.js';
import { LimitsInput, LimitsObject } from './limits.contract.js';
import { ListField } from '../contracts/list-fields.js';
import { RetentionInput, RetentionObject } from './retention.contract.js';

const NAME = { maxLength: 200, description: 'A name for people.', example: 'Acme Insurance' };

const NEW_LIMITS = 'What the tenant may use, over all its keys. One that is absent or null does not limit.';

/** A percentage of a budget: more than all of it is never spent. */
const THRESHOLD = { min: 1, max: 100 };

const DEFAULT_THRESHOLDS = [50, 80, 100];

/** Where alerts go, and when. */
export class AlertsInput {
  @TextField({
    maxLength: 2000,
    description: 'Address that alerts are posted to, over HTTPS. Null: none are sent.',
    example: 'https://example.com/cerebro-alerts',
  })
  url?: string | null;

  @ListField({
    element: integer(THRESHOLD),
    items: { type: 'integer', minimum: THRESHOLD.min, maximum: THRESHOLD.max },
    maxItems: 10,
    default: DEFAULT_THRESHOLDS,
    description: 'Percentages of a budget at which an alert is sent.',
  })
  thresholds?: number[] | null;
}

/** A tenant to be. */
export class CreateTenant {
  @TextField({ ...NAME, required: true })
  name!: string;

  @ObjectField({ contract: LimitsInput, description: NEW_LIMITS })
  limits?: LimitsInput | null;

  @ObjectField({ contract: AlertsInput, description: 'Alerts on budgets.' })
  alerts?: AlertsInput | null;

  @ObjectField({ contract: RetentionInput, description: 'What is kept of its calls.' })
  retention?: RetentionInput | null;
}

/** What is to change of a tenant. What is absent stays. */
export class UpdateTenant {
  @TextField(NAME)
  name?: string | null;

  @ObjectField({
    contract: LimitsInput,
    description: 'Limits to change: an absent one stays, null removes it.',
  })
  limits?: LimitsInput | null;

  @BooleanField({ description: 'True: its keys work for nothing until it is false again.', example: false })
  suspended?: boolean | null;

  @TextField({
    maxLength: 200,
    pattern: /^[\x21-\x7e]+$/,
    description:
      "The tenant's own API token at Replicate: what it asks then runs on its own account. Stored encrypted, never shown. Null: the gateway's account again.",
  })
  upstream_token?: string | null;

  @ObjectField({ contract: AlertsInput, description: 'Alerts on budgets: what is absent stays.' })
  alerts?: AlertsInput | null;

  @BooleanField({ description: 'True: a new secret to sign alerts with, which the answer shows this once.' })
  rotate_alert_secret?: boolean | null;

  @ObjectField({
    contract: RetentionInput,
    description: 'What is kept of its calls from the next one on; what is kept already stays for its time.',
  })
  retention?: RetentionInput | null;
}

/** On whose account at Replicate a tenant runs. */
export class UpstreamAccountObject {
  @ApiProperty({
    description: "Whether the tenant runs on its own account, not on the gateway's.",
    example: false,
  })
  own!: boolean;

  @ApiProperty({
    type: 'integer',
    nullable: true,
    description: 'When its token was set. Unix seconds.',
    example: null,
  })
  token_set_at!: number | null;
}

/** Alerts on budgets. */
export class AlertsObject {
  @ApiProperty({ type: String, nullable: true, example: 'https://example.com/cerebro-alerts' })
  url!: string | null;

  @ApiProperty({
    type: 'array',
    items: { type: 'integer' },
    description: 'Percentages of a budget.',
    example: DEFAULT_THRESHOLDS,
  })
  thresholds!: number[];

  @ApiPropertyOptional({
    description: 'What alerts are signed with. In the answer to what has made it, and never again.',
    example: 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD8Z6yBzVS0cQ=',
  })
  secret?: string;
}

/** A customer, the owner of keys. */
export class TenantObject {
  @ApiProperty({ example: 'ten_0199f2a4c1d27e6f8a3b5c7d9e1f2a4b' })
  id!: string;

  @ApiProperty({ enum: ['tenant'] })
  object!: 'tenant';

  @ApiProperty({ example: 'Acme Insurance' })
  name!: string;

  @ApiProperty({ type: 'integer', description: 'Unix seconds.', example: 1795435200 })
  created_at!: number;

  @ApiProperty({ enum: ['active', 'suspended'], description: 'The keys of a suspended tenant do not work.' })
  status!: 'active' | 'suspended';

  @ApiProperty({ type: 'integer', nullable: true, description: 'Unix seconds.', example: null })
  suspended_at!: number | null;

  @ApiProperty({ type: LimitsObject })
  limits!: LimitsObject;

  @ApiProperty({ type: UpstreamAccountObject })
  upstream_account!: UpstreamAccountObject;

  @ApiProperty({ type: AlertsObject })
  alerts!: AlertsObject;

  @ApiProperty({ type: RetentionObject })
  retention!: RetentionObject;
}

/** A tenant that is gone. */
export class DeletedTenant {
  @ApiProperty({ example: 'ten_0199f2a4c1d27e6f8a3b5c7d9e1f2a4b' })
  id!: string;

  @ApiProperty({ enum: ['tenant.deleted'] })
  object!: 'tenant.deleted';

  @ApiProperty({ enum: [true] })
  deleted!: true;
}

/** A page of tenants. */
export const TenantList = listPageOf(TenantObject);
