import { Module } from '@nestjs/common';
import { ImagesModule } from '../images/images.module.js';
import { MeteringModule } from '../metering/metering.module.js';
import { FilesController } from './files.controller.js';
import { FilesService } from './files.service.js';

/** The door of OpenAI's files, for images. */
@Module({
  imports: [ImagesModule, MeteringModule],
  controllers: [FilesController],
  providers: [FilesService],
})
export class FilesModule {}
