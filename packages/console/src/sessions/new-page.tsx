import type { Canvas, CreateSessionInput, Framing, Keying, Render, RenditionFit, Template } from '@backlot/client';
import { DEFAULT_FRAMING } from '@backlot/keyer/framing';
import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { useLibrary } from '../api/library.js';
import { useCreateSession } from '../api/sessions.js';
import { useTemplate, useTemplates } from '../api/templates.js';
import { Page } from '../shell/page.js';
import { useConsoleSearch } from '../shell/search.js';
import { Button } from '../ui/button.js';
import { ErrorNotice } from '../ui/error-notice.js';
import { FieldErrors } from '../ui/field-errors.js';
import { Skeleton } from '../ui/skeleton.js';
import { type AvatarDraft, avatarOf, draftOf } from './avatar-draft.js';
import { AvatarPart, BackgroundPart, CanvasPart, FitPart, LANDSCAPE_CANVAS, Part, useAvatarOption, useIsOnLivekit, VoiceField } from './choices.js';
import { LivekitPart, type RoomChoice } from './livekit-part.js';
import { FramingPreview } from './framing-preview.js';
import { FramingPart, KeyingPart, RenderPart } from './look-parts.js';
import { FORM_WITH_PREVIEW, PreviewAside } from './preview-panel.js';
import { usePreviewImage } from './use-preview-image.js';

/** In the address: deliberately without a background. */
const NO_BACKGROUND = 'none';

/** What was chosen on this page; what was not comes from the template, or is the default. */
interface Choices {
  readonly avatar?: AvatarDraft;
  readonly voice?: string | null;
  readonly canvas?: Canvas;
  readonly fit?: RenditionFit;
  readonly framing?: Framing;
  readonly keying?: Keying;
  readonly render?: Render;
}

/** On air → Sessions → New session. */
export const NewSessionPage = () => {
  const [{ background: chosenBackground, template: templateId }, change] = useConsoleSearch();
  const [choices, setChoices] = useState<Choices>({});
  const [text, setText] = useState('');
  const [room, setRoom] = useState<RoomChoice>({ room: '', identity: '' });
  const templateQuery = useTemplate(templateId ?? null);
  const template = templateId === undefined ? undefined : templateQuery.data;
  const isWaiting = templateId !== undefined && template === undefined;
  const library = useLibrary('');
  const create = useCreateSession();
  const navigate = useNavigate();

  const inheritsAvatar = choices.avatar === undefined;
  const draft = choices.avatar ?? (template === undefined ? null : draftOf(template.avatar));
  const option = useAvatarOption(draft?.key ?? null);
  const avatar = option === undefined ? null : avatarOf(option, draft ?? draftOf(option.avatar));
  const voice = choices.voice === undefined ? (inheritsAvatar ? (template?.voice ?? null) : null) : choices.voice;
  // A background is what one comes for: the newest image unless the address or the template says otherwise.
  const usualBackground = template === undefined ? (library.data?.pages[0]?.data[0]?.id ?? null) : template.background_image;
  const background = chosenBackground === NO_BACKGROUND ? null : (chosenBackground ?? usualBackground);
  const canvas = choices.canvas ?? template?.canvas ?? LANDSCAPE_CANVAS;
  const fit = choices.fit ?? template?.fit ?? 'cover';
  const framing = choices.framing ?? template?.framing ?? DEFAULT_FRAMING;
  const keying = choices.keying ?? template?.keying ?? {};
  const render = choices.render ?? template?.render ?? 'client';
  const imageUrl = usePreviewImage(background);
  const isOnLivekit = useIsOnLivekit() === true;

  const speaks = option?.speaks === true;
  const isOwn = (choice: unknown): boolean => template === undefined || choice !== undefined;
  const input: CreateSessionInput = {
    ...(template === undefined ? {} : { template_id: template.id }),
    ...(avatar !== null && isOwn(choices.avatar) ? { avatar } : {}),
    ...(isOwn(chosenBackground) ? { background_image: background } : {}),
    ...(isOwn(choices.canvas) ? { canvas } : {}),
    ...(isOwn(choices.fit) ? { fit } : {}),
    ...(choices.framing === undefined ? {} : { framing }),
    ...(choices.keying === undefined ? {} : { keying }),
    ...(choices.render === undefined ? {} : { render }),
    ...(!isOnLivekit || room.room.trim() === '' ? {} : { livekit_room: room.room.trim() }),
    ...(!isOnLivekit || room.identity.trim() === '' ? {} : { livekit_identity: room.identity.trim() }),
    ...(speaks && choices.voice !== undefined ? { voice_id: choices.voice } : {}),
    ...(text.trim() === '' || !speaks ? {} : { text: text.trim() }),
  };
  const choose = (choice: Choices): void => setChoices({ ...choices, ...choice });
  // A voice is one of its avatar: the one before takes its own along.
  const chooseAvatar = (chosen: AvatarDraft): void =>
    setChoices(({ voice, ...rest }) => ({ ...rest, ...(voice === undefined || chosen.key !== draft?.key ? {} : { voice }), avatar: chosen }));
  const chooseTemplate = (id: string | undefined): void => {
    // It is to be seen as it is: nothing of what was chosen before stays on top of it.
    setChoices({});
    change({ template: id, background: undefined });
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    create.mutate(input, { onSuccess: (session) => void navigate({ to: '/sessions/$id', params: { id: session.session_id }, search: {} }) });
  };
  return (
    <Page
      title="New session"
      trail={[{ label: 'On air' }, { label: 'Sessions', to: '/sessions' }]}
      api={[
        {
          title: 'Start this session',
          method: 'POST',
          path: '/v1/sessions',
          body: input,
          typescript: `const session = await backlot.sessions.create(${JSON.stringify(input, null, 2)});`,
        },
      ]}
    >
      <div className={FORM_WITH_PREVIEW}>
        <PreviewAside>
          <FramingPreview framing={framing} canvas={canvas} background={{ imageUrl, fit }} />
          <p className="mt-2 text-sm text-ink-soft">The stand-in shows where any avatar stands.</p>
        </PreviewAside>
        <form className="flex min-w-0 flex-col gap-8" onSubmit={submit}>
          <FieldErrors error={create.error}>
            <TemplatePart chosenId={templateId} template={template} onChange={chooseTemplate} />
            {isWaiting ? (
              templateQuery.error === null ? (
                <div role="status" aria-label="Loading the template" className="flex flex-col gap-8">
                  <Skeleton className="h-26" />
                  <Skeleton className="h-40" />
                </div>
              ) : (
                <ErrorNotice
                  error={templateQuery.error}
                  title="The template can’t be used"
                  {...(templateQuery.error.code === 'template_not_found' ? {} : { onRetry: () => void templateQuery.refetch() })}
                />
              )
            ) : (
              <>
                <AvatarPart value={draft} onChange={chooseAvatar} />
                <BackgroundPart value={background} onChange={(id) => change({ background: id ?? NO_BACKGROUND })} />
                <CanvasPart value={canvas} saved={template?.canvas} onChange={(chosen) => choose({ canvas: chosen })} />
                <FitPart value={fit} onChange={(chosen) => choose({ fit: chosen })} />
                <FramingPart value={framing} onChange={(chosen) => choose({ framing: chosen })} />
                <KeyingPart value={keying} onChange={(chosen) => choose({ keying: chosen })} />
                <RenderPart value={render} onChange={(chosen) => choose({ render: chosen })} />
                {isOnLivekit && <LivekitPart value={room} onChange={setRoom} />}
                {option?.speaks === true && (
                  <Part title="Speech" field="text">
                    <div className="flex flex-col gap-4">
                      <div>
                        <label htmlFor="opening" className="mb-1 block font-medium">
                          Opening line <span className="font-normal text-ink-soft">(optional)</span>
                        </label>
                        <textarea
                          id="opening"
                          rows={2}
                          maxLength={2000}
                          className="field resize-y"
                          placeholder="Said when the first viewer is there"
                          value={text}
                          onChange={(event) => setText(event.target.value)}
                        />
                      </div>
                      {(option.voices.length > 0 || voice !== null) && (
                        <VoiceField field="voice_id" voices={option.voices} value={voice} onChange={(chosen) => choose({ voice: chosen })} />
                      )}
                    </div>
                  </Part>
                )}
              </>
            )}
          </FieldErrors>
          {create.error !== null && <ErrorNotice error={create.error} title="The session did not start" />}
          <div className="flex gap-2">
            <Button type="submit" variant="primary" disabled={create.isPending || avatar === null || isWaiting}>
              {create.isPending ? 'Starting' : 'Start session'}
            </Button>
            <Button onClick={() => void navigate({ to: '/sessions', search: {} })}>Cancel</Button>
          </div>
        </form>
      </div>
    </Page>
  );
};

interface TemplatePartProps {
  readonly chosenId: string | undefined;
  /** The chosen one; undefined until it is there. */
  readonly template: Template | undefined;
  readonly onChange: (id: string | undefined) => void;
}

/** From which template; not there as long as none is saved. */
const TemplatePart = ({ chosenId, template, onChange }: TemplatePartProps) => {
  const query = useTemplates();
  const listed = query.data?.pages.flatMap(({ data }) => data) ?? [];
  // The chosen one may stand further down the list than what was read of it.
  const templates = template === undefined || listed.some(({ id }) => id === template.id) ? listed : [template, ...listed];
  if (templates.length === 0 && chosenId === undefined) return null;
  return (
    <Part title="Template" field="template_id">
      <div className="flex flex-wrap items-center gap-3">
        <select
          aria-label="Template"
          className="field max-w-110"
          value={chosenId ?? ''}
          onChange={({ target }) => onChange(target.value === '' ? undefined : target.value)}
        >
          <option value="">None</option>
          {templates.map(({ id, title }) => (
            <option key={id} value={id}>
              {title}
            </option>
          ))}
          {chosenId !== undefined && !templates.some(({ id }) => id === chosenId) && <option value={chosenId}>{chosenId}</option>}
        </select>
        {query.hasNextPage && (
          <Button disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
            {query.isFetchingNextPage ? 'Loading' : 'More templates'}
          </Button>
        )}
      </div>
      <p className="mt-1 text-sm text-ink-soft">What you change below counts for this session only.</p>
    </Part>
  );
};
