import { createRootRoute, createRoute, createRouter, type ErrorComponentProps, Link, Outlet, redirect } from '@tanstack/react-router';
import { AvatarVendorsPage } from './avatar-vendors/page.js';
import { ConversationPage } from './conversations/conversation-page.js';
import { ConversationListPage } from './conversations/list-page.js';
import { ImagePage } from './library/detail-page.js';
import { LibraryPage } from './library/list-page.js';
import { SessionListPage } from './sessions/list-page.js';
import { NewSessionPage } from './sessions/new-page.js';
import { SessionPage } from './sessions/session-page.js';
import { parseSearch } from './shell/search.js';
import { Shell } from './shell/shell.js';
import { SignInPage } from './sign-in/page.js';
import { TemplatePage, NewTemplatePage } from './templates/form-page.js';
import { TemplateListPage } from './templates/list-page.js';
import { buttonClasses } from './ui/button.js';
import { ErrorNotice } from './ui/error-notice.js';
import { WebhooksPage } from './webhooks/page.js';

const root = createRootRoute({ validateSearch: parseSearch, component: Outlet });
const signIn = createRoute({ getParentRoute: () => root, path: '/sign-in', component: SignInPage });
const shell = createRoute({ getParentRoute: () => root, id: 'shell', component: Shell });
const home = createRoute({
  getParentRoute: () => root,
  path: '/',
  beforeLoad: () => {
    // The router's own way to leave a route.
    // oxlint-disable-next-line typescript/only-throw-error
    throw redirect({ to: '/background-images', replace: true });
  },
});
const library = createRoute({ getParentRoute: () => shell, path: '/background-images', component: LibraryPage });
const image = createRoute({ getParentRoute: () => shell, path: '/background-images/$id', component: ImagePage });
const templates = createRoute({ getParentRoute: () => shell, path: '/templates', component: TemplateListPage });
const newTemplate = createRoute({ getParentRoute: () => shell, path: '/templates/new', component: NewTemplatePage });
const template = createRoute({ getParentRoute: () => shell, path: '/templates/$id', component: TemplatePage });
const sessions = createRoute({ getParentRoute: () => shell, path: '/sessions', component: SessionListPage });
const newSession = createRoute({ getParentRoute: () => shell, path: '/sessions/new', component: NewSessionPage });
const session = createRoute({ getParentRoute: () => shell, path: '/sessions/$id', component: SessionPage });
const conversations = createRoute({ getParentRoute: () => shell, path: '/conversations', component: ConversationListPage });
const conversation = createRoute({ getParentRoute: () => shell, path: '/conversations/$id', component: ConversationPage });
const avatarVendors = createRoute({ getParentRoute: () => shell, path: '/avatar-vendors', component: AvatarVendorsPage });
const webhooks = createRoute({ getParentRoute: () => shell, path: '/webhooks', component: WebhooksPage });

const NotFound = () => (
  <main className="flex flex-1 flex-col items-center justify-center gap-4 p-8 text-center">
    <title>Not found · Backlot</title>
    <h1 className="text-xl font-semibold">There is no such page</h1>
    <p className="text-ink-soft">The address may be mistyped, or the page has moved.</p>
    <Link to="/background-images" search={{}} className={buttonClasses('primary')}>
      Open Background Images
    </Link>
  </main>
);

const Broken = ({ error }: ErrorComponentProps) => (
  <main className="mx-auto w-full max-w-160 p-8">
    <title>Error · Backlot</title>
    <ErrorNotice error={error instanceof Error ? error : new Error(String(error))} title="This page can’t be shown" onRetry={() => location.reload()} />
  </main>
);

/** The console's pages, under `/console`. */
export const createConsoleRouter = () =>
  createRouter({
    routeTree: root.addChildren([
      signIn,
      home,
      shell.addChildren([
        library,
        image,
        templates,
        newTemplate,
        template,
        sessions,
        newSession,
        session,
        conversations,
        conversation,
        avatarVendors,
        webhooks,
      ]),
    ]),
    basepath: '/console',
    defaultNotFoundComponent: NotFound,
    defaultErrorComponent: Broken,
    scrollRestoration: false,
  });

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createConsoleRouter>;
  }
}
