// The wire format of `/admin/audit-events`.
import { ApiProperty } from '@nestjs/swagger';
import { TextField } from '../contracts/fields.js';
import { ListQuery, listPageOf } from '../contracts/list-page.contract.js';

/** Which events to list. */
export class ListAuditEvents extends ListQuery {
  @TextField({ maxLength: 64, description: 'Only events about this tenant and what is its own.' })
  tenant_id?: string | null;

  @TextField({ maxLength: 64, description: 'Only what was done with this key, by its id.' })
  actor_id?: string | null;

  @TextField({ maxLength: 64, description: 'Only events of this kind.', example: 'tenant.create' })
  action?: string | null;

  @TextField({ maxLength: 64, description: 'Only what was done to this, by its id.' })
  target_id?: string | null;
}

/** Who acted. */
export class AuditActorObject {
  @ApiProperty({
    enum: ['root', 'key', 'cli', 'system'],
    description: 'The holder of the root key, a key, somebody at the command line, or the gateway by itself.',
  })
  kind!: 'root' | 'key' | 'cli' | 'system';

  @ApiProperty({ type: String, nullable: true, description: "The key's id.", example: null })
  id!: string | null;

  @ApiProperty({ type: String, nullable: true, description: "The key's tenant.", example: null })
  tenant_id!: string | null;
}

/** What was acted on. */
export class AuditTargetObject {
  @ApiProperty({ example: 'tenant' })
  kind!: string;

  @ApiProperty({ example: 'ten_0199f2a4c1d27e6f8a3b5c7d9e1f2a4b' })
  id!: string;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'Whose it is.',
    example: 'ten_0199f2a4c1d27e6f8a3b5c7d9e1f2a4b',
  })
  tenant_id!: string | null;
}

/** Something that was done. It never changes. */
export class AuditEventObject {
  @ApiProperty({ example: 'aud_0199f2a4c1d27e6f8a3b5c7d9e1f2a4b' })
  id!: string;

  @ApiProperty({ enum: ['audit_event'] })
  object!: 'audit_event';

  @ApiProperty({ type: 'integer', description: 'Unix seconds.', example: 1795435200 })
  created_at!: number;

  @ApiProperty({ type: AuditActorObject })
  actor!: AuditActorObject;

  @ApiProperty({ example: 'tenant.create' })
  action!: string;

  @ApiProperty({ type: AuditTargetObject })
  target!: AuditTargetObject;

  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    nullable: true,
    description: 'What the target was before, as far as it was changed. Secrets are never kept.',
    example: null,
  })
  before!: unknown;

  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    nullable: true,
    description: 'What it is since.',
    example: { name: 'Acme Insurance' },
  })
  after!: unknown;

  @ApiProperty({ type: String, nullable: true, description: "The request's `x-request-id`.", example: null })
  request_id!: string | null;

  @ApiProperty({ type: String, nullable: true, example: '203.0.113.7' })
  ip_address!: string | null;

  @ApiProperty({
    description: 'SHA-256 of this event and of the hash of the one before it, in hexadecimal.',
    pattern: '^[0-9a-f]{64}$',
    example: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  })
  hash!: string;
}

/** A page of events. */
export const AuditEventList = listPageOf(AuditEventObject);
