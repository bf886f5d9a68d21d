import { useRotateWebhookSecret, useWebhookSecret } from '../api/webhooks.js';
import { Button } from '../ui/button.js';
import { CodeBlock } from '../ui/code-block.js';
import { Dialog } from '../ui/dialog.js';
import { ErrorNotice } from '../ui/error-notice.js';
import { RelativeTime } from '../ui/relative-time.js';
import { Skeleton } from '../ui/skeleton.js';

const EXAMPLE = `import { Webhook } from 'standardwebhooks';

// The raw body, as it came: a parsed one has another signature.
const webhook = new Webhook(process.env.BACKLOT_WEBHOOK_SECRET);
const event = webhook.verify(rawBody, headers);`;

/** An endpoint's signing secret, how to use it, and a new one. */
export const SecretDialog = ({ id, onClose }: { readonly id: string; readonly onClose: () => void }) => {
  const { data, error, refetch } = useWebhookSecret(id);
  const rotate = useRotateWebhookSecret(id);
  return (
    <Dialog
      title="Signing secret"
      size="medium"
      onClose={onClose}
      footer={
        <>
          <Button disabled={data === undefined || rotate.isPending} onClick={() => rotate.mutate()}>
            {rotate.isPending ? 'Rotating' : 'Rotate secret'}
          </Button>
          <Button variant="primary" data-autofocus onClick={onClose}>
            Done
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-5">
        {error !== null && data === undefined ? (
          <ErrorNotice error={error} title="The secret can’t be shown" onRetry={() => void refetch()} />
        ) : data === undefined ? (
          <div role="status" aria-label="Loading secret">
            <Skeleton className="h-11" />
          </div>
        ) : (
          <div>
            <CodeBlock code={data.secret} what="signing secret" />
            <p role="status" className="mt-2 text-ink-soft">
              {data.previous_secret_expires_at === null ? (
                'Whoever has it can pretend to be Backlot. Keep it in your service’s environment.'
              ) : (
                <>
                  The one before it signs as well and expires <RelativeTime time={data.previous_secret_expires_at} />.
                </>
              )}
            </p>
          </div>
        )}
        <section aria-labelledby="verify">
          <h3 id="verify" className="mb-2 font-medium">
            Verify a delivery
          </h3>
          <CodeBlock code={EXAMPLE} what="code that verifies" />
          <p className="mt-2 text-ink-soft">
            Signatures follow Standard Webhooks. An event may come twice and in another order than it happened: drop an id that you have, and compare versions
            and times.
          </p>
        </section>
        {rotate.error !== null && <ErrorNotice error={rotate.error} title="The secret was not replaced" />}
      </div>
    </Dialog>
  );
};
