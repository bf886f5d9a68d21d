import type { Template } from '@backlot/client';
import { Link, useNavigate } from '@tanstack/react-router';
import { Radio, Trash2 } from 'lucide-react';
import { formatSize } from '../library/format.js';
import { describeAvatar } from '../sessions/describe-avatar.js';
import { buttonClasses, IconButton } from '../ui/button.js';
import { CopyButton } from '../ui/copy-button.js';
import { OpenableRow } from '../ui/openable-row.js';
import { RelativeTime } from '../ui/relative-time.js';
import { Skeleton } from '../ui/skeleton.js';
import { HEAD, ROW, TABLE } from '../ui/table.js';
import { useMediaQuery } from '../ui/use-media-query.js';
import { TemplateThumbnail } from './thumbnail.js';

interface TemplateTableProps {
  readonly templates: readonly Template[];
  readonly onDelete: (template: Template) => void;
}

/** Room for a table beside the sidebar. */
const WIDE = '(min-width: 1024px)';

/** The templates as a table; as cards where there is no room for one. */
export const TemplateTable = (props: TemplateTableProps) => (useMediaQuery(WIDE) ? <Rows {...props} /> : <Cards {...props} />);

const Head = () => (
  <thead>
    <tr>
      <th scope="col" className={`${HEAD} w-44`}>
        Template ID
      </th>
      <th scope="col" className={HEAD}>
        Title
      </th>
      <th scope="col" className={`${HEAD} hidden w-40 xl:table-cell`}>
        Avatar
      </th>
      <th scope="col" className={`${HEAD} w-28`}>
        Background
      </th>
      <th scope="col" className={`${HEAD} hidden w-32 2xl:table-cell`}>
        Saved
      </th>
      <th scope="col" className={`${HEAD} w-42`}>
        Action
      </th>
    </tr>
  </thead>
);

const StartLink = ({ template }: { readonly template: Template }) => (
  <Link to="/sessions/new" search={{ template: template.id }} aria-label={`Start session from ${template.title}`} className={buttonClasses()}>
    <Radio size={16} aria-hidden />
    Start
  </Link>
);

const DeleteButton = ({ template, onDelete }: { readonly template: Template } & Pick<TemplateTableProps, 'onDelete'>) => (
  <IconButton label={`Delete ${template.title}`} className="hover:text-danger" onClick={() => onDelete(template)}>
    <Trash2 size={16} aria-hidden />
  </IconButton>
);

const Rows = ({ templates, onDelete }: TemplateTableProps) => {
  const navigate = useNavigate();
  const open = (id: string): void => void navigate({ to: '/templates/$id', params: { id }, search: {} });
  return (
    <table className={TABLE}>
      <caption className="sr-only">Templates, newest first. Arrow keys move between rows, Enter opens, Delete deletes.</caption>
      <Head />
      <tbody>
        {templates.map((template) => (
          <OpenableRow key={template.id} onOpen={() => open(template.id)} onDelete={() => onDelete(template)}>
            <td>
              <span className="flex min-w-0 items-center gap-1">
                <Link
                  to="/templates/$id"
                  params={{ id: template.id }}
                  search={{}}
                  title={template.id}
                  className="min-w-0 truncate rounded-sm font-mono text-xs text-accent hover:underline"
                >
                  {template.id}
                </Link>
                <CopyButton text={template.id} what="template id" />
              </span>
            </td>
            <td>
              <span className="block truncate font-medium" title={template.title}>
                {template.title}
              </span>
            </td>
            <td className="hidden xl:table-cell">
              <span className="block truncate">{describeAvatar(template.avatar)}</span>
              <span className="block truncate text-xs text-ink-soft">{formatSize(template.canvas)}</span>
            </td>
            <td>
              <TemplateThumbnail template={template} className="h-10 w-18" />
            </td>
            <td className="hidden text-ink-soft 2xl:table-cell">
              <RelativeTime time={template.updated_at} />
            </td>
            <td>
              <span className="flex items-center gap-1">
                <StartLink template={template} />
                <DeleteButton template={template} onDelete={onDelete} />
              </span>
            </td>
          </OpenableRow>
        ))}
      </tbody>
    </table>
  );
};

const Cards = ({ templates, onDelete }: TemplateTableProps) => (
  <ul className="flex flex-col gap-3">
    {templates.map((template) => (
      <li key={template.id} className="card p-3">
        <div className="flex items-center gap-3">
          <TemplateThumbnail template={template} className="h-[54px] w-24" />
          <div className="min-w-0 flex-1">
            <Link to="/templates/$id" params={{ id: template.id }} search={{}} className="line-clamp-2 rounded-sm font-medium wrap-anywhere hover:underline">
              {template.title}
            </Link>
            <p className="truncate text-sm text-ink-soft">
              {describeAvatar(template.avatar)} · {formatSize(template.canvas)}
            </p>
          </div>
          <DeleteButton template={template} onDelete={onDelete} />
        </div>
        <div className="mt-2 flex items-center gap-1 border-t border-line pt-2">
          <code className="min-w-0 truncate font-mono text-xs text-ink-soft">{template.id}</code>
          <CopyButton text={template.id} what="template id" />
          <span className="ml-auto">
            <StartLink template={template} />
          </span>
        </div>
      </li>
    ))}
  </ul>
);

/** The table before its rows are there. */
export const TemplateTableSkeleton = () => {
  const isWide = useMediaQuery(WIDE);
  const rows = Array.from({ length: 4 }, (_, index) => index);
  return (
    <div role="status" aria-label="Loading templates">
      {isWide ? (
        <table className={TABLE} aria-hidden>
          <Head />
          <tbody>
            {rows.map((row) => (
              <tr key={row} className={ROW}>
                <td>
                  <Skeleton className="h-3 w-32" />
                </td>
                <td>
                  <Skeleton className="h-3 w-2/3" />
                </td>
                <td className="hidden xl:table-cell">
                  <Skeleton className="h-3 w-24" />
                </td>
                <td>
                  <Skeleton className="h-10 w-18" />
                </td>
                <td className="hidden 2xl:table-cell">
                  <Skeleton className="h-3 w-20" />
                </td>
                <td>
                  <Skeleton className="h-9 w-28" />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : (
        <div className="flex flex-col gap-3">
          {rows.map((row) => (
            <div key={row} className="card flex h-[132px] gap-3 p-3">
              <Skeleton className="h-[54px] w-24" />
              <span className="flex flex-1 flex-col gap-2 pt-1">
                <Skeleton className="h-3 w-2/3" />
                <Skeleton className="h-3 w-1/2" />
              </span>
            </div>
          ))}
        </div>
      )}
    </div>
  );
};
