import { Module } from '@nestjs/common';
import { ImagesModule } from '../images/images.module.js';
import { FilesController } from './files.controller.js';
import { FilesService } from './files.service.js';

/** The door of OpenAI's files, for images. */
@Module({ imports: [ImagesModule], controllers: [FilesController], providers: [FilesService] })
export class FilesModule {}
