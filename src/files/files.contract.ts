// The wire format of `/v1/files`: OpenAI's, for pictures alone.
import { ApiProperty } from '@nestjs/swagger';
import { ListQuery, listPageOf } from '../contracts/list-page.contract.js';
import { FormFile } from './form-data.js';
import { ChoiceField, IntegerTextField, UploadField } from './form-fields.js';

/** What a file may be uploaded for: both mean that models may look at it. */
export const PURPOSES = ['vision', 'user_data'] as const;

/** How long a file is kept: OpenAI's longest time, in seconds. */
export const MAX_LIFETIME = 30 * 24 * 3600;

/** A file to be kept, as a form. */
export class CreateFile {
  @UploadField({
    required: true,
    description:
      'A JPEG, PNG, WebP or GIF of at most 10 MiB and 50 megapixels. What stands behind the picture is not kept.',
  })
  file!: FormFile;

  @ChoiceField(PURPOSES, {
    required: true,
    description: 'What the file is for. Both are the same here; the answer says `vision`.',
    example: 'vision',
  })
  purpose!: string;

  @ChoiceField(['created_at'], { description: 'From when `expires_after[seconds]` counts.' })
  'expires_after[anchor]'?: string | null;

  @IntegerTextField({
    min: 3600,
    max: MAX_LIFETIME,
    description: 'After how many seconds the file is deleted. Without it, after 30 days.',
  })
  'expires_after[seconds]'?: string | null;
}

/** Which files to list. */
export class ListFiles extends ListQuery {
  @ChoiceField(['asc', 'desc'], {
    default: 'desc',
    description: 'By time of creation: oldest or newest first.',
  })
  order?: 'asc' | 'desc' | null;

  @ChoiceField(PURPOSES, { description: 'Only files for this. Files for `user_data` are kept as `vision`.' })
  purpose?: string | null;
}

/** A file that is kept. */
export class FileObject {
  @ApiProperty({ example: 'file-0199f2a4c1d27e6f8a3b5c7d9e1f2a4b' })
  id!: string;

  @ApiProperty({ enum: ['file'] })
  object!: 'file';

  @ApiProperty({ type: 'integer', description: 'Size of the picture.', example: 184_320 })
  bytes!: number;

  @ApiProperty({ type: 'integer', description: 'Unix seconds.', example: 1795435200 })
  created_at!: number;

  @ApiProperty({
    type: 'integer',
    description: 'When the file is deleted, in Unix seconds: 30 days after its creation, or earlier.',
    example: 1798027200,
  })
  expires_at!: number;

  @ApiProperty({ example: 'invoice.png' })
  filename!: string;

  @ApiProperty({ enum: ['vision', 'user_data'] })
  purpose!: 'vision' | 'user_data';

  @ApiProperty({
    enum: ['processed'],
    description: 'Always `processed`: a file is checked before it is kept.',
  })
  status!: 'processed';
}

/** A page of files. */
export const FileList = listPageOf(FileObject);

/** A file that is no longer kept. */
export class DeletedFile {
  @ApiProperty({ example: 'file-0199f2a4c1d27e6f8a3b5c7d9e1f2a4b' })
  id!: string;

  @ApiProperty({ enum: ['file'] })
  object!: 'file';

  @ApiProperty({ enum: [true] })
  deleted!: true;
}
