// OpenAI's form of a list that is read page by page.
import { type Type } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { TextField } from './fields.js';
import { QueryIntegerField } from './query-fields.js';

/** Which part of a list to send. */
export class ListQuery {
  @QueryIntegerField({ min: 1, max: 100, default: 20, description: 'How many objects to send at most.' })
  limit?: number | null;

  @TextField({ maxLength: 64, description: 'The id of the last object of the page before.' })
  after?: string | null;
}

/** A page of a list. */
export interface ListPage<Item> {
  object: 'list';
  data: Item[];
  first_id: string | null;
  last_id: string | null;
  has_more: boolean;
}

/** A class that describes a page of `item` in the OpenAPI document. */
export function listPageOf<Item>(item: Type<Item>): Type<ListPage<Item>> {
  class Page implements ListPage<Item> {
    @ApiProperty({ enum: ['list'] })
    object!: 'list';

    @ApiProperty({ type: [item] })
    data!: Item[];

    @ApiProperty({ type: String, nullable: true, description: 'The id of the first object here.' })
    first_id!: string | null;

    @ApiProperty({ type: String, nullable: true, description: 'Send it as `after` to get the next page.' })
    last_id!: string | null;

    @ApiProperty({ description: 'Whether a next page exists.' })
    has_more!: boolean;
  }
  Object.defineProperty(Page, 'name', { value: `${item.name}List` });
  return Page;
}

/** Puts rows that were read with one to spare into a page. */
export function toPage<Row, Item extends { id: string }>(
  rows: readonly Row[],
  limit: number,
  toItem: (row: Row) => Item,
): ListPage<Item> {
  const data = rows.slice(0, limit).map(toItem);
  return {
    object: 'list',
    data,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: rows.length > limit,
  };
}
