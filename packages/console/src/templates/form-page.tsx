import type { Canvas, CreateTemplateInput, Framing, Keying, Render, RenditionFit, Template } from '@backlot/client';
import { DEFAULT_FRAMING } from '@backlot/keyer/framing';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { Radio, Trash2 } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { useSaveTemplate, useTemplate } from '../api/templates.js';
import { MAX_TITLE_CHARACTERS } from '../library/limits.js';
import { type AvatarDraft, avatarOf, draftOf } from '../sessions/avatar-draft.js';
import { AvatarPart, BackgroundPart, CanvasPart, FitPart, LANDSCAPE_CANVAS, useAvatarOption, VoiceField } from '../sessions/choices.js';
import { FORM_WITH_PREVIEW, PreviewPanel } from '../sessions/preview-panel.js';
import { FramingPart, KeyingPart, RenderPart } from '../sessions/look-parts.js';
import { usePreviewImage } from '../sessions/use-preview-image.js';
import { Page } from '../shell/page.js';
import { useDialog } from '../shell/search.js';
import { Button, buttonClasses } from '../ui/button.js';
import { ErrorNotice } from '../ui/error-notice.js';
import { describeField, FieldError, FieldErrors, useFieldError } from '../ui/field-errors.js';
import { IdText } from '../ui/id-text.js';
import { Skeleton } from '../ui/skeleton.js';
import { DeleteTemplateDialog } from './delete-dialog.js';

const TRAIL = [{ label: 'Resources' }, { label: 'Templates', to: '/templates' }] as const;

/** Resources → Templates → New template. */
export const NewTemplatePage = () => <TemplateForm template={null} />;

/** One template: what it holds, and what can be done with it. */
export const TemplatePage = () => {
  const { id = '' } = useParams({ strict: false });
  const query = useTemplate(id);
  if (query.data !== undefined) return <TemplateForm key={id} template={query.data} />;
  return (
    <Page title={query.error === null ? 'Template' : 'Not shown'} trail={TRAIL} api={[]}>
      {query.error === null ? (
        <div role="status" aria-label="Loading the template" className="flex max-w-[880px] flex-col gap-8">
          <Skeleton className="h-9 max-w-110" />
          <Skeleton className="h-17" />
          <Skeleton className="h-40" />
        </div>
      ) : (
        <ErrorNotice
          error={query.error}
          title="The template can’t be shown"
          {...(query.error.code === 'template_not_found' ? {} : { onRetry: () => void query.refetch() })}
        />
      )}
    </Page>
  );
};

const TitleField = ({ value, onChange }: { readonly value: string; readonly onChange: (title: string) => void }) => {
  const message = useFieldError('title');
  return (
    <div>
      <label htmlFor="title" className="mb-1 block font-medium">
        Title
      </label>
      <input
        id="title"
        required
        maxLength={MAX_TITLE_CHARACTERS}
        autoComplete="off"
        className="field max-w-110"
        placeholder="Front desk"
        {...describeField('title-error', message)}
        value={value}
        onChange={({ target }) => onChange(target.value)}
      />
      <FieldError id="title-error" message={message} />
    </div>
  );
};

const TemplateForm = ({ template }: { readonly template: Template | null }) => {
  const navigate = useNavigate();
  const { dialog, open, close } = useDialog();
  const save = useSaveTemplate(template?.id ?? null);
  const [title, setTitle] = useState(template?.title ?? '');
  const [draft, setDraft] = useState<AvatarDraft | null>(template === null ? null : draftOf(template.avatar));
  const [voice, setVoice] = useState<string | null>(template?.voice ?? null);
  const [background, setBackground] = useState<string | null>(template?.background_image ?? null);
  const [canvas, setCanvas] = useState<Canvas>(template?.canvas ?? LANDSCAPE_CANVAS);
  const [fit, setFit] = useState<RenditionFit>(template?.fit ?? 'cover');
  const [framing, setFraming] = useState<Framing>(template?.framing ?? DEFAULT_FRAMING);
  const [keying, setKeying] = useState<Keying>(template?.keying ?? {});
  const [render, setRender] = useState<Render>(template?.render ?? 'client');
  const option = useAvatarOption(draft?.key ?? null);
  const avatar = option === undefined ? null : avatarOf(option, draft ?? draftOf(option.avatar));
  const imageUrl = usePreviewImage(background);

  const look = { ...(avatar === null ? {} : { avatar }), background_image: background, canvas, fit, framing, keying, render };
  const wanted: CreateTemplateInput = { title: title.trim(), voice, ...look };
  const leave = (): void => void navigate({ to: '/templates', search: {} });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    save.mutate(wanted, { onSuccess: leave });
  };
  const json = JSON.stringify(wanted, null, 2);
  return (
    <Page
      title={template?.title ?? 'New template'}
      trail={TRAIL}
      {...(template === null ? {} : { note: <IdText id={template.id} what="template id" /> })}
      api={
        template === null
          ? [
              {
                title: 'Save this template',
                method: 'POST',
                path: '/v1/templates',
                body: wanted,
                typescript: `const template = await backlot.templates.create(${json});`,
              },
            ]
          : [
              {
                title: 'Save this template',
                method: 'PATCH',
                path: `/v1/templates/${template.id}`,
                body: wanted,
                typescript: `const template = await backlot.templates.update('${template.id}', ${json});`,
              },
              {
                title: 'Start a session from it',
                method: 'POST',
                path: '/v1/sessions',
                body: { template_id: template.id },
                typescript: `const session = await backlot.sessions.create({ template_id: '${template.id}' });`,
              },
            ]
      }
      actions={
        template === null ? undefined : (
          <>
            <Link to="/sessions/new" search={{ template: template.id }} className={buttonClasses()}>
              <Radio size={16} aria-hidden />
              Start session
            </Link>
            <Button onClick={() => open('delete')}>
              <Trash2 size={16} aria-hidden />
              Delete
            </Button>
          </>
        )
      }
    >
      <div className={FORM_WITH_PREVIEW}>
        <PreviewPanel
          avatar={avatar}
          speaks={option?.speaks === true}
          framing={framing}
          canvas={canvas}
          background={{ imageUrl, fit }}
          input={{ ...look, ...(option?.speaks === true ? { voice_id: voice } : {}) }}
        />
        <form className="flex min-w-0 flex-col gap-8" onSubmit={submit}>
          <FieldErrors error={save.error}>
            <TitleField value={title} onChange={setTitle} />
            <AvatarPart
              value={draft}
              onChange={(chosen) => {
                // A voice is one of its avatar.
                if (chosen.key !== draft?.key) setVoice(null);
                setDraft(chosen);
              }}
            />
            {((option?.voices.length ?? 0) > 0 || voice !== null) && (
              <VoiceField field="voice" voices={option?.voices ?? []} value={voice} onChange={setVoice} />
            )}
            <BackgroundPart value={background} onChange={setBackground} />
            <CanvasPart value={canvas} saved={template?.canvas} onChange={setCanvas} />
            <FitPart value={fit} onChange={setFit} />
            <FramingPart value={framing} onChange={setFraming} />
            <KeyingPart value={keying} onChange={setKeying} />
            <RenderPart value={render} onChange={setRender} />
          </FieldErrors>
          {save.error !== null && <ErrorNotice error={save.error} title="The template was not saved" />}
          <div className="flex gap-2">
            <Button type="submit" variant="primary" disabled={save.isPending || title.trim() === '' || avatar === null}>
              {save.isPending ? 'Saving' : 'Save template'}
            </Button>
            <Button onClick={leave}>Cancel</Button>
          </div>
        </form>
      </div>
      {dialog === 'delete' && template !== null && <DeleteTemplateDialog template={template} onClose={close} onDeleted={leave} />}
    </Page>
  );
};
