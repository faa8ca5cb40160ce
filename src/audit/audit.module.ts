import { Module } from '@nestjs/common';
import { AuditEventsRepository } from './audit-events.repository.js';
import { AuditLog } from './audit-log.service.js';
import { AuditController } from './audit.controller.js';

/** The audit log, and its door of the admin API. */
@Module({
  controllers: [AuditController],
  providers: [AuditEventsRepository, AuditLog],
  exports: [AuditLog],
})
export class AuditModule {}
