import { Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { SettingsService } from '../config/config.module.js';
import { AddressGuard } from '../egress/address-guard.js';
import { GuardedClient } from '../egress/guarded.client.js';
import { ExpiredImages } from './expired-images.service.js';
import { ImageHostController } from './image-host.controller.js';
import { ImageSigner } from './image-signer.js';
import { Images } from './images.service.js';
import { StoredImagesRepository } from './stored-images.repository.js';

/** Images of requests, pictures on their way to models, and uploads. */
@Module({
  controllers: [ImageHostController],
  providers: [
    StoredImagesRepository,
    ExpiredImages,
    {
      provide: ImageSigner,
      inject: [SettingsService],
      useFactory: (settings: SettingsService) =>
        new ImageSigner(
          settings.getOrThrow('keyPepper', { infer: true }),
          settings.get('keyPepperPrevious', { infer: true }),
        ),
    },
    {
      provide: GuardedClient,
      inject: [SettingsService],
      useFactory: (settings: SettingsService) =>
        new GuardedClient({ privateHosts: settings.get('privateImageHosts', { infer: true }) }),
    },
    {
      provide: Images,
      inject: [SettingsService, GuardedClient, StoredImagesRepository, ImageSigner],
      useFactory: (
        settings: SettingsService,
        client: GuardedClient,
        stored: StoredImagesRepository,
        signer: ImageSigner,
      ) =>
        new Images({
          guard: new AddressGuard({ privateHosts: settings.get('privateImageHosts', { infer: true }) }),
          client,
          stored,
          signer,
          fetchAll: settings.get('imageMode', { infer: true }) === 'fetch',
          publicUrl: settings.get('publicUrl', { infer: true }),
        }),
    },
  ],
  exports: [Images, StoredImagesRepository],
})
export class ImagesModule implements OnApplicationShutdown {
  constructor(@Inject(GuardedClient) private readonly client: GuardedClient) {}

  async onApplicationShutdown(): Promise<void> {
    await this.client.close();
  }
}
