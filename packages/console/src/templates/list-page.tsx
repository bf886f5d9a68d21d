import type { Template } from '@backlot/client';
import { Link } from '@tanstack/react-router';
import { LayoutTemplate, Plus } from 'lucide-react';
import { useTemplates } from '../api/templates.js';
import { Page } from '../shell/page.js';
import { useDialog } from '../shell/search.js';
import type { ApiExample } from '../ui/api-dialog.js';
import { buttonClasses } from '../ui/button.js';
import { EmptyState } from '../ui/empty-state.js';
import { PagedList } from '../ui/paged-list.js';
import { DeleteTemplateDialog } from './delete-dialog.js';
import { TemplateTable, TemplateTableSkeleton } from './table.js';

/** Resources → Templates. */
export const TemplateListPage = () => {
  const { dialog, id, open, close } = useDialog();
  const query = useTemplates();
  const templates = query.data?.pages.flatMap(({ data }) => data);
  const doomed = dialog === 'delete' ? templates?.find((template) => template.id === id) : undefined;
  return (
    <Page
      title="Templates"
      note="What sessions often start with, saved: who appears, over what, and how large."
      trail={[{ label: 'Resources' }]}
      api={apiExamples(templates?.[0])}
      actions={
        <Link to="/templates/new" search={{}} className={buttonClasses('primary')}>
          <Plus size={16} aria-hidden />
          New template
        </Link>
      }
    >
      <PagedList
        query={query}
        items={templates}
        failure="The templates can’t be shown"
        skeleton={<TemplateTableSkeleton />}
        empty={
          <EmptyState
            icon={<LayoutTemplate size={22} aria-hidden />}
            title="Save your first template"
            text="Avatar, background, canvas and fit under one title: the next session starts with one click, or with one field by API."
            action={
              <Link to="/templates/new" search={{}} className={buttonClasses('primary')}>
                New template
              </Link>
            }
          />
        }
        countOf={({ length }) => (query.hasNextPage ? `The newest ${length} templates` : length === 1 ? '1 template' : `All ${length} templates`)}
      >
        {(shown) => <TemplateTable templates={shown} onDelete={(template) => open('delete', template.id)} />}
      </PagedList>
      {doomed !== undefined && <DeleteTemplateDialog template={doomed} onClose={close} onDeleted={close} />}
    </Page>
  );
};

const apiExamples = (template: Template | undefined): readonly ApiExample[] => {
  const id = template?.id ?? 'tmpl_…';
  return [
    {
      title: 'List templates',
      method: 'GET',
      path: '/v1/templates?limit=50',
      typescript: 'const { data, next_cursor } = await backlot.templates.list({ limit: 50 });',
    },
    {
      title: 'Save a template',
      method: 'POST',
      path: '/v1/templates',
      body: { title: 'Front desk', avatar: { provider: 'stand-in' } },
      typescript: "const template = await backlot.templates.create({\n  title: 'Front desk',\n  avatar: { provider: 'stand-in' },\n});",
    },
    {
      title: 'Start a session from a template',
      method: 'POST',
      path: '/v1/sessions',
      body: { template_id: id },
      typescript: `const session = await backlot.sessions.create({ template_id: '${id}' });`,
    },
    { title: 'Delete a template', method: 'DELETE', path: `/v1/templates/${id}`, typescript: `await backlot.templates.delete('${id}');` },
  ];
};
