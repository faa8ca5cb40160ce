// The admin API's vocabulary: what goes in and what comes out.
import { ApiProperty } from '@nestjs/swagger';
import { EnumField, TextField, TimestampField } from '../contracts/fields.js';
import { listPageOf } from '../contracts/list-page.contract.js';
import { UNSUPPORTED_PARAMS, type UnsupportedParams } from '../inference/call.js';

/** A tenant to be. */
export class CreateTenant {
  @TextField({ required: true, maxLength: 200, description: 'A name for people.', example: 'Acme Insurance' })
  name!: string;
}

/** A key to be. */
export class CreateKey {
  @TextField({ required: true, maxLength: 200, description: 'A name for people.', example: 'claims service' })
  name!: string;

  @TimestampField({
    description: 'When the key stops working: Unix seconds or an RFC 3339 date-time. Without it, never.',
    example: '2030-01-01T00:00:00Z',
  })
  expires_at?: number | string | null;

  @EnumField({
    values: UNSUPPORTED_PARAMS,
    description:
      'What becomes of parameters that a model cannot honour: `refuse` answers with an error, `drop` leaves them out and lists them in a header. Without it, what holds for the gateway (CEREBRO_UNSUPPORTED_PARAMS).',
    example: 'drop',
  })
  unsupported_params?: UnsupportedParams | null;
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

  @ApiProperty({ type: 'integer', description: 'Unix seconds.', example: 1795435200 })
  created_at!: number;

  @ApiProperty({ type: 'integer', nullable: true, description: 'Unix seconds.', example: null })
  expires_at!: number | null;

  @ApiProperty({ type: 'integer', nullable: true, description: 'Unix seconds.', example: null })
  revoked_at!: number | null;

  @ApiProperty({
    type: String,
    enum: [...UNSUPPORTED_PARAMS, null],
    nullable: true,
    description: 'What becomes of parameters that a model cannot honour; null: what holds for the gateway.',
    example: null,
  })
  unsupported_params!: UnsupportedParams | null;
}

/** A new key: the only answer that ever holds the key itself. */
export class CreatedApiKeyObject extends ApiKeyObject {
  @ApiProperty({
    description: 'The key. It is shown this once and cannot be read again.',
    example: 'cbr_live_3kTqZ0mXw8VbN5sYhJ2dLcR7fGpA9uEi4oQ6tKxM1vWzB0n',
  })
  key!: string;
}

/** A page of tenants. */
export const TenantList = listPageOf(TenantObject);

/** A page of keys. */
export const ApiKeyList = listPageOf(ApiKeyObject);
