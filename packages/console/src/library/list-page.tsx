import type { BackgroundImage } from '@backlot/client';
import { ImagePlus, Search, Upload } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useLibrary } from '../api/library.js';
import { Page } from '../shell/page.js';
import { useConsoleSearch, useDialog } from '../shell/search.js';
import type { ApiExample } from '../ui/api-dialog.js';
import { Button } from '../ui/button.js';
import { EmptyState } from '../ui/empty-state.js';
import { describeCount, PagedList } from '../ui/paged-list.js';
import { DeleteDialog } from './delete-dialog.js';
import { LibraryTable, LibraryTableSkeleton } from './table.js';
import { UploadDialog } from './upload-dialog.js';
import { useUploads } from './uploads.js';
import { usePageFiles } from './use-page-files.js';

/** Resources → Background Images. */
export const LibraryPage = () => {
  const [{ search = '', sort = '-created_at' }, change] = useConsoleSearch();
  const { dialog, id, open, close } = useDialog();
  const library = useLibrary(search, sort);
  const { add } = useUploads();
  const isOver = usePageFiles((files) => {
    add(files);
    open('upload');
  });
  const images = library.data?.pages.flatMap(({ data }) => data);
  const doomed = dialog === 'delete' ? images?.find((image) => image.id === id) : undefined;
  return (
    <Page
      title="Background Images"
      note="Pictures that stand behind an AI human, live or in a new session."
      trail={[{ label: 'Resources' }]}
      api={apiExamples(images?.[0])}
      actions={
        <Button variant="primary" onClick={() => open('upload')}>
          <Upload size={16} aria-hidden />
          Upload
        </Button>
      }
    >
      <UploadsNotice />
      {(search !== '' || images === undefined || images.length > 0) && <SearchField />}
      <PagedList
        query={library}
        items={images}
        failure="The library can’t be shown"
        skeleton={<LibraryTableSkeleton />}
        empty={<EmptyLibrary search={search} onUpload={() => open('upload')} />}
        countOf={({ length }) => describeCount(length, library.data?.pages.at(-1)?.total, 'image')}
      >
        {(shown) => (
          <LibraryTable
            images={shown}
            sort={sort}
            onSort={(next) => change({ sort: next === '-created_at' ? undefined : next })}
            onDelete={(image) => open('delete', image.id)}
          />
        )}
      </PagedList>
      {dialog === 'upload' && <UploadDialog onClose={close} />}
      {doomed !== undefined && <DeleteDialog image={doomed} onClose={close} onDeleted={close} />}
      {isOver && dialog !== 'upload' && (
        <div className="pointer-events-none fixed inset-3 z-40 flex items-center justify-center rounded-lg border-2 border-dashed border-accent bg-accent-soft/90">
          <p className="flex items-center gap-3 text-lg font-semibold text-accent">
            <ImagePlus aria-hidden /> Drop images to upload
          </p>
        </div>
      )}
    </Page>
  );
};

const SearchField = () => {
  const [{ search = '' }, change] = useConsoleSearch();
  const [text, setText] = useState(search);
  useEffect(() => setText(search), [search]);
  useEffect(() => {
    if (text.trim() === search) return undefined;
    const timer = setTimeout(() => change({ search: text.trim() }), 250);
    return () => clearTimeout(timer);
  });
  return (
    <div className="relative mb-4 max-w-80">
      <Search size={16} className="pointer-events-none absolute top-1/2 left-3 -translate-y-1/2 text-ink-soft" aria-hidden />
      <input
        type="search"
        aria-label="Search by title"
        placeholder="Search by title"
        className="field pl-9"
        value={text}
        maxLength={200}
        onChange={(event) => setText(event.target.value)}
      />
    </div>
  );
};

const EmptyLibrary = ({ search, onUpload }: { readonly search: string; readonly onUpload: () => void }) => {
  const [, change] = useConsoleSearch();
  return search === '' ? (
    <EmptyState
      icon={<ImagePlus size={22} aria-hidden />}
      title="Upload your first background image"
      text="An office, a studio, your product: any picture can stand behind an AI human. Drop a file anywhere on this page, or choose one."
      action={
        <Button variant="primary" onClick={onUpload}>
          <Upload size={16} aria-hidden />
          Upload image
        </Button>
      }
    />
  ) : (
    <EmptyState
      icon={<Search size={22} aria-hidden />}
      title={`No title contains “${search}”`}
      text="Try a shorter part of the title."
      action={<Button onClick={() => change({ search: undefined })}>Clear search</Button>}
    />
  );
};

/** Uploads that go on while their form is closed, and what came of them. */
const UploadsNotice = () => {
  const { uploads, clear } = useUploads();
  const { dialog, open } = useDialog();
  const busy = uploads.filter(({ state }) => state === 'queued' || state === 'uploading' || state === 'preparing').length;
  const failed = uploads.filter(({ state }) => state === 'failed').length;
  const done = uploads.filter(({ state }) => state === 'done').length;
  const isIdle = busy === 0 && failed === 0;
  useEffect(() => {
    if (dialog === 'upload' || !isIdle || done === 0) return undefined;
    const timer = setTimeout(() => clear('done'), 6_000);
    return () => clearTimeout(timer);
  }, [dialog, isIdle, done, clear]);
  const images = (count: number): string => (count === 1 ? '1 image' : `${count} images`);
  const text = busy > 0 ? `Uploading ${images(busy)}` : failed > 0 ? `${images(failed)} could not be uploaded` : done > 0 ? `${images(done)} uploaded` : '';
  return (
    <div role="status">
      {text !== '' && dialog !== 'upload' && (
        <p className="card mb-4 flex items-center justify-between gap-4 px-4 py-2">
          {text}
          {!isIdle && <Button onClick={() => open('upload')}>Show</Button>}
        </p>
      )}
    </div>
  );
};

const apiExamples = (image: BackgroundImage | undefined): readonly ApiExample[] => {
  const id = image?.id ?? 'bg_…';
  return [
    {
      title: 'List background images',
      method: 'GET',
      path: '/v1/background-images?limit=50',
      typescript: 'const { data, next_cursor } = await backlot.backgroundImages.list({ limit: 50 });',
    },
    {
      title: 'Upload a background image',
      method: 'POST',
      path: '/v1/background-images',
      form: ['title=Quiet office', 'image=@office.jpg'],
      typescript:
        "import { openAsBlob } from 'node:fs';\n\nconst image = await backlot.backgroundImages.create({\n  title: 'Quiet office',\n  image: await openAsBlob('office.jpg'),\n  fileName: 'office.jpg',\n});",
    },
    {
      title: 'Delete a background image',
      method: 'DELETE',
      path: `/v1/background-images/${id}`,
      typescript: `await backlot.backgroundImages.delete('${id}');`,
    },
  ];
};
