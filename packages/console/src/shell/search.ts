import type { BackgroundImageSort, SessionStatus, WebhookEventType } from '@backlot/client';
import { WEBHOOK_EVENT_TYPES } from '@backlot/contract';
import { useNavigate, useSearch } from '@tanstack/react-router';

const DIALOGS = ['api', 'upload', 'delete', 'zoom', 'end', 'add', 'secret', 'event', 'background'] as const;
const STATUSES: readonly string[] = ['starting', 'live', 'ended', 'failed'] satisfies readonly SessionStatus[];

const SORTS: readonly BackgroundImageSort[] = ['-created_at', 'created_at', 'title', '-title'];

/** What may be open over a page. */
export type DialogName = (typeof DIALOGS)[number];

/** The query of every page: filters and open dialogs can be reloaded and shared. */
export interface ConsoleSearch {
  readonly dialog?: DialogName;
  /** What the dialog is about. */
  readonly id?: string;
  readonly search?: string;
  readonly status?: SessionStatus;
  /** Order of the library. */
  readonly sort?: BackgroundImageSort;
  /** Webhook events of one type. */
  readonly event?: WebhookEventType;
  /** Background image that a new session starts with. */
  readonly background?: string;
  /** Template that a new session starts from. */
  readonly template?: string;
  /** Where to go on after signing in: a path within the console. */
  readonly return?: string;
}

const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value.slice(0, 500) : typeof value === 'number' ? String(value) : undefined;

/** Takes what it knows of a query and drops the rest. */
export const parseSearch = (query: Record<string, unknown>): ConsoleSearch => {
  const dialog = DIALOGS.find((name) => name === query['dialog']);
  const id = text(query['id']);
  const search = text(query['search']);
  const status = text(query['status']);
  const sort = SORTS.find((name) => name === query['sort']);
  const event = WEBHOOK_EVENT_TYPES.find((type) => type === query['event']);
  const background = text(query['background']);
  const template = text(query['template']);
  const back = text(query['return']);
  return {
    ...(dialog === undefined ? {} : { dialog }),
    ...(id === undefined ? {} : { id }),
    ...(search === undefined ? {} : { search }),
    ...(status === undefined || !STATUSES.includes(status) ? {} : { status: status as SessionStatus }),
    ...(sort === undefined ? {} : { sort }),
    ...(event === undefined ? {} : { event }),
    ...(background === undefined ? {} : { background }),
    ...(template === undefined ? {} : { template }),
    // Only paths of this console: never another site.
    ...(back === undefined || !/^\/(?![/\\])/.test(back) ? {} : { return: back }),
  };
};

/** The page's query, and how to change it in place. */
export const useConsoleSearch = (): readonly [ConsoleSearch, (change: { [Name in keyof ConsoleSearch]: ConsoleSearch[Name] | undefined }) => void] => {
  const search: ConsoleSearch = useSearch({ strict: false });
  const navigate = useNavigate();
  return [
    search,
    (change) => {
      const next = Object.fromEntries(Object.entries({ ...search, ...change }).filter(([, value]) => value !== undefined && value !== ''));
      void navigate({ to: '.', search: next, replace: true, resetScroll: false });
    },
  ];
};

/** The dialog that is open over the page. */
export const useDialog = () => {
  const [search, change] = useConsoleSearch();
  return {
    dialog: search.dialog,
    id: search.id,
    open: (dialog: DialogName, id?: string): void => change({ dialog, id }),
    close: (): void => change({ dialog: undefined, id: undefined }),
  };
};
