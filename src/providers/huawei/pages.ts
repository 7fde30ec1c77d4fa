import * as z from 'zod';
import { CloudError } from '../errors.ts';
import type { CloudAnswer, ReadFrom } from '../provider.types.ts';
import type { HuaweiClient, Question } from './client.ts';

/** A list that comes in pages. */
export interface ListQuestion<Page, Item> extends Question<Page> {
  readonly items: (page: Page) => readonly Item[];
}

/** Where an answer of ELB v3, VPC v3 and EIP v3 goes on. */
export const PageInfo = z.object({ next_marker: z.string().nullish() }).nullish();

/** Below the 2000 that these services answer a page at most. */
const PAGE_ITEMS = 1000;
/** More pages in one list is a server that turns in circles. */
const MOST_PAGES = 200;

/** Lists of the newer APIs: the answer names the marker of the next page in `page_info`. */
export function listByPageInfo<Page extends { readonly page_info?: z.infer<typeof PageInfo> }, Item>(
  client: HuaweiClient,
  question: ListQuestion<Page, Item>,
  signal: AbortSignal,
): Promise<CloudAnswer<readonly Item[]>> {
  return readPages(client, question, (page) => page.page_info?.next_marker ?? '', signal);
}

/** Lists of the older APIs: the id of a full page's last item is the marker of the next. */
export function listByLastId<Page, Item extends { readonly id: string }>(
  client: HuaweiClient,
  question: ListQuestion<Page, Item>,
  signal: AbortSignal,
): Promise<CloudAnswer<readonly Item[]>> {
  const next = (page: Page): string => {
    const items = question.items(page);
    return items.length < PAGE_ITEMS ? '' : (items.at(-1)?.id ?? '');
  };
  return readPages(client, question, next, signal);
}

async function readPages<Page, Item>(
  client: HuaweiClient,
  { items: itemsOf, ...question }: ListQuestion<Page, Item>,
  next: (page: Page) => string,
  signal: AbortSignal,
): Promise<CloudAnswer<readonly Item[]>> {
  const items: Item[] = [];
  const from: ReadFrom[] = [];
  const seen = new Set<string>();
  let marker = '';
  do {
    const query = { ...question.query, limit: PAGE_ITEMS, ...(marker === '' ? {} : { marker }) };
    const answer = await client.ask({ ...question, query }, signal);
    const page = itemsOf(answer.value);
    items.push(...page);
    from.push(...answer.from);
    marker = page.length === 0 ? '' : next(answer.value);
    if (seen.has(marker) || seen.size >= MOST_PAGES) {
      throw endless(question.action, from.at(-1)?.requestId ?? '');
    }
    seen.add(marker);
  } while (marker !== '');
  return { value: items, from };
}

function endless(action: string, requestId: string): CloudError {
  return new CloudError(
    `${action}: the list does not end (the same page comes again, or more than ${MOST_PAGES} pages). Report this with the request id.`,
    { category: 'garbage', action, code: '', status: 200, requestId },
  );
}
