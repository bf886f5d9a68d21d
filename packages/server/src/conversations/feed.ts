import type { ConversationEvent } from '@backlot/contract';

/** Hears of an organization's conversations. Must not throw. */
export type ConversationFollower = (event: ConversationEvent) => void;

/** Carries what happens to conversations to whoever follows them live, in this process. */
export class ConversationFeed {
  readonly #followers = new Map<string, Set<ConversationFollower>>();

  /** Follows an organization's conversations. Returns how to stop. */
  follow(organizationId: string, follower: ConversationFollower): () => void {
    const followers = this.#followers.get(organizationId) ?? new Set();
    this.#followers.set(organizationId, followers.add(follower));
    return () => {
      followers.delete(follower);
      if (followers.size === 0 && this.#followers.get(organizationId) === followers) this.#followers.delete(organizationId);
    };
  }

  /** Tells everybody who follows. */
  publish(organizationId: string, event: ConversationEvent): void {
    for (const follower of this.#followers.get(organizationId) ?? []) follower(event);
  }
}
