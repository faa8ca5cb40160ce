// Which addresses alerts may be sent to.
import { Injectable } from '@nestjs/common';
import { SettingsService } from '../config/config.module.js';
import { AddressGuard } from '../egress/address-guard.js';
import { EgressError } from '../egress/egress-error.js';
import { secureEndpoint } from '../egress/secure-endpoint.js';
import { ApiError } from '../errors/api-error.js';

/** Judges addresses when they are set. With each alert they are judged again, with all that they lead to. */
@Injectable()
export class AlertAddresses {
  private readonly guard: AddressGuard;

  constructor(settings: SettingsService) {
    this.guard = new AddressGuard({ privateHosts: settings.get('privateImageHosts', { infer: true }) });
  }

  /** @throws {ApiError} `invalid_value` for an address that no alert is sent to */
  check(url: string | null | undefined): void {
    if (url == null) return;
    try {
      secureEndpoint(this.guard, url);
    } catch (error) {
      if (!(error instanceof EgressError)) throw error;
      throw new ApiError('invalid_value', {
        param: 'alerts.url',
        message:
          "Invalid value for 'alerts.url': expected a public address that starts with https://, without a user or password.",
      });
    }
  }
}
