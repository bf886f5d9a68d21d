/** What kind of failure an error code stands for; clients branch on `code`, people and dashboards group by `type`. */
export type ErrorType = 'invalid_request' | 'authentication' | 'not_found' | 'conflict' | 'rate_limit' | 'unavailable' | 'internal';

/** The public facts of one error code. */
export interface ErrorFacts {
  /** HTTP status that carries the code. */
  readonly status: 400 | 401 | 403 | 404 | 405 | 406 | 409 | 412 | 413 | 415 | 422 | 429 | 500 | 501 | 502 | 503 | 504 | 507;
  readonly type: ErrorType;
  /** Whether the same request may succeed later without being changed. */
  readonly retryable: boolean;
  /** One sentence for people: what happened. */
  readonly message: string;
  /** What to do about it; shown on the code's documentation page. */
  readonly remedy: string;
}

const define = <Code extends string>(codes: Readonly<Record<Code, ErrorFacts>>): Readonly<Record<Code, ErrorFacts>> => codes;

/** Every error code of the API. Each has a documentation page at `/docs/errors/<code>`. */
export const ERROR_CODES = define({
  // Request
  invalid_json: {
    status: 400,
    type: 'invalid_request',
    retryable: false,
    message: 'The body is not valid JSON.',
    remedy: 'Send a JSON object with `Content-Type: application/json`.',
  },
  invalid_request: {
    status: 422,
    type: 'invalid_request',
    retryable: false,
    message: 'The request has invalid or unknown fields.',
    remedy: 'Correct the fields that `details` names. Unknown fields are refused so that a typing error is not silently ignored.',
  },
  invalid_cursor: {
    status: 422,
    type: 'invalid_request',
    retryable: false,
    message: 'The cursor is not one that this list gave out.',
    remedy: 'Start again without `cursor`, and keep the filters unchanged between pages.',
  },
  unsupported_media_type: {
    status: 415,
    type: 'invalid_request',
    retryable: false,
    message: 'The request body has a content type that this route does not take.',
    remedy: 'Use the content type that the API reference names for the route.',
  },
  body_too_large: {
    status: 413,
    type: 'invalid_request',
    retryable: false,
    message: 'The request body is too large.',
    remedy: 'Send a smaller body.',
  },
  method_not_allowed: {
    status: 405,
    type: 'invalid_request',
    retryable: false,
    message: 'This route does not take that method.',
    remedy: 'See the `Allow` header for the methods it takes.',
  },
  // Authentication
  unauthenticated: {
    status: 401,
    type: 'authentication',
    retryable: false,
    message: 'A valid API key or token is needed.',
    remedy: 'Send `Authorization: Bearer <API key>`. Keys start with `blk_`.',
  },
  forbidden: {
    status: 403,
    type: 'authentication',
    retryable: false,
    message: 'This key or token may not do that.',
    remedy: "Use an API key of the organization; a viewer's token only watches its one session.",
  },
  origin_refused: {
    status: 403,
    type: 'authentication',
    retryable: false,
    message: "A change by cookie must come from the console's own address.",
    remedy: 'Open the console at the address that Backlot printed, or use an API key.',
  },
  sign_in_link_invalid: {
    status: 401,
    type: 'authentication',
    retryable: false,
    message: 'The sign-in link has expired or was used already.',
    remedy: 'Restart Backlot for a new link, or sign in with an API key.',
  },
  // Lookup
  route_not_found: {
    status: 404,
    type: 'not_found',
    retryable: false,
    message: 'There is no such route.',
    remedy: 'Compare the path with the API reference.',
  },
  background_image_not_found: {
    status: 404,
    type: 'not_found',
    retryable: false,
    message: 'There is no background image with this id.',
    remedy: "List the library for ids that exist. A deleted image stays with the sessions that use it, but new ones can't take it.",
  },
  session_not_found: {
    status: 404,
    type: 'not_found',
    retryable: false,
    message: 'There is no session with this id.',
    remedy: 'List the sessions for ids that exist.',
  },
  template_not_found: {
    status: 404,
    type: 'not_found',
    retryable: false,
    message: 'There is no template with this id.',
    remedy: 'List the templates for ids that exist.',
  },
  clip_not_found: {
    status: 404,
    type: 'not_found',
    retryable: false,
    message: 'There is no clip with this name.',
    remedy: 'Put the video file into the clips folder (`BACKLOT_CLIPS_DIR`) and list the avatars for its name.',
  },
  connection_not_found: {
    status: 404,
    type: 'not_found',
    retryable: false,
    message: 'There is no such WebRTC connection, or it has ended.',
    remedy: 'Connect anew with a POST of an SDP offer.',
  },
  rendition_not_found: {
    status: 404,
    type: 'not_found',
    retryable: false,
    message: 'There is no such rendition, or its signature is wrong or has expired.',
    remedy: 'Read the session or the background image again for a fresh address.',
  },
  // Uploads and images
  image_missing: {
    status: 422,
    type: 'invalid_request',
    retryable: false,
    message: 'The form has no file in its field `image`.',
    remedy: 'Send multipart/form-data with `title` and exactly one file named `image`.',
  },
  image_duplicate_field: {
    status: 422,
    type: 'invalid_request',
    retryable: false,
    message: 'The form has more than one file; one image is uploaded at a time.',
    remedy: 'Send one request for each image.',
  },
  image_empty: {
    status: 422,
    type: 'invalid_request',
    retryable: false,
    message: 'The file is empty.',
    remedy: 'Choose a file that holds an image.',
  },
  image_too_large: {
    status: 413,
    type: 'invalid_request',
    retryable: false,
    message: 'The image is larger than 10 MB.',
    remedy: 'Save it with stronger compression or fewer pixels. 1920 × 1080 is enough for every canvas.',
  },
  image_unsupported_type: {
    status: 415,
    type: 'invalid_request',
    retryable: false,
    message: 'The file is not a JPEG, PNG, WebP, AVIF, GIF or HEIC image.',
    remedy: 'The content of the file counts, not its name. Convert it to one of these formats.',
  },
  image_too_many_pixels: {
    status: 422,
    type: 'invalid_request',
    retryable: false,
    message: 'The image has more than 50 million pixels.',
    remedy: 'Scale it down. 1920 × 1080 is enough for every canvas.',
  },
  image_undecodable: {
    status: 422,
    type: 'invalid_request',
    retryable: false,
    message: "The image is damaged or truncated and can't be decoded.",
    remedy: 'Open it in an image editor and save it again.',
  },
  image_service_busy: {
    status: 429,
    type: 'rate_limit',
    retryable: true,
    message: 'Too many images are being prepared at this moment.',
    remedy: 'Try again after the seconds in `Retry-After`.',
  },
  image_service_failed: {
    status: 503,
    type: 'unavailable',
    retryable: true,
    message: 'The image could not be prepared in time.',
    remedy: 'Try again. If the same image fails repeatedly, save it in another format.',
  },
  storage_full: {
    status: 507,
    type: 'unavailable',
    retryable: true,
    message: 'The server has no space left for the image.',
    remedy: 'Free disk space on the server, then try again. Nothing was stored.',
  },
  storage_unavailable: {
    status: 503,
    type: 'unavailable',
    retryable: true,
    message: "The image store can't be reached.",
    remedy: 'Try again after the seconds in `Retry-After`.',
  },
  // Sessions
  session_ended: {
    status: 409,
    type: 'conflict',
    retryable: false,
    message: 'The session has ended.',
    remedy: 'Create a new session.',
  },
  sessions_full: {
    status: 503,
    type: 'unavailable',
    retryable: true,
    message: 'This server carries as many sessions as it may.',
    remedy: 'End a session or raise `BACKLOT_MAX_SESSIONS`, then try again.',
  },
  speech_unsupported: {
    status: 409,
    type: 'conflict',
    retryable: false,
    message: "This session's avatar can't be made to speak.",
    remedy: 'Use an avatar whose `speaks` is true in the list of avatars.',
  },
  speech_busy: {
    status: 429,
    type: 'rate_limit',
    retryable: true,
    message: 'The avatar has too much left to say.',
    remedy: "Wait until it has spoken; the session's events tell when.",
  },
  ffmpeg_missing: {
    status: 409,
    type: 'conflict',
    retryable: false,
    message: 'Clips need ffmpeg, and it is not installed on the server.',
    remedy: 'Install it (`apt-get install ffmpeg`, `brew install ffmpeg`) so that `ffmpeg` and `ffprobe` are on the PATH; no restart is needed.',
  },
  clip_unreadable: {
    status: 422,
    type: 'invalid_request',
    retryable: false,
    message: 'The clip holds no video that ffmpeg can decode.',
    remedy: 'Check the file with `ffprobe`, or convert it to H.264 in an MP4 file.',
  },
  // WebRTC
  sdp_invalid: {
    status: 400,
    type: 'invalid_request',
    retryable: false,
    message: 'The body is not an SDP offer that can be answered.',
    remedy: 'Send the `sdp` of `createOffer()` as it is, with `Content-Type: application/sdp`.',
  },
  no_common_codec: {
    status: 406,
    type: 'invalid_request',
    retryable: false,
    message: 'The offer has no video codec that this session carries.',
    remedy: "Publish VP8 or H.264; watch with a client that decodes what the session's publisher sends.",
  },
  publisher_exists: {
    status: 409,
    type: 'conflict',
    retryable: true,
    message: 'Somebody publishes into this session already.',
    remedy: 'End the first connection with DELETE on its `Location`, or wait until it is given up.',
  },
  publisher_not_accepted: {
    status: 409,
    type: 'conflict',
    retryable: false,
    message: "This session's avatar publishes by itself.",
    remedy: 'Create the session with the avatar `{"provider": "whip"}` to publish your own video.',
  },
  publisher_absent: {
    status: 503,
    type: 'unavailable',
    retryable: true,
    message: "The session's avatar is not on air yet.",
    remedy: "Try again after the seconds in `Retry-After`; the session's events tell when it is live.",
  },
  viewers_full: {
    status: 503,
    type: 'unavailable',
    retryable: true,
    message: 'This session has as many viewers as it may.',
    remedy: 'Raise `BACKLOT_MAX_VIEWERS`, then try again.',
  },
  etag_mismatch: {
    status: 412,
    type: 'conflict',
    retryable: false,
    message: 'The `If-Match` header names another ICE session.',
    remedy: 'Use the `ETag` of the answer to the POST.',
  },
  ice_restart_unsupported: {
    status: 422,
    type: 'invalid_request',
    retryable: false,
    message: 'ICE restarts are not supported on this connection.',
    remedy: 'Connect anew with a POST; it takes a few milliseconds.',
  },
  // LiveKit and avatars of vendors
  livekit_not_used: {
    status: 409,
    type: 'conflict',
    retryable: false,
    message: 'This server carries its sessions itself, without LiveKit.',
    remedy: 'Set `BACKLOT_LIVEKIT_URL`, `BACKLOT_LIVEKIT_API_KEY` and `BACKLOT_LIVEKIT_API_SECRET`, or leave out what needs LiveKit.',
  },
  livekit_unavailable: {
    status: 503,
    type: 'unavailable',
    retryable: true,
    message: 'The LiveKit server does not answer.',
    remedy: 'Try again after the seconds in `Retry-After`. Operators: see whether the server at `BACKLOT_LIVEKIT_URL` runs and takes the API key.',
  },
  livekit_room_taken: {
    status: 409,
    type: 'conflict',
    retryable: false,
    message: 'Another session is on air in this LiveKit room.',
    remedy: 'End that session first, or use another `livekit_room`.',
  },
  render_unsupported: {
    status: 409,
    type: 'conflict',
    retryable: false,
    message: "This session's picture can't be composed on the server.",
    remedy: 'Use `"render": "client"`. The server composes VP8, and on LiveKit it needs a running `backlot compositor`.',
  },
  avatar_credentials_missing: {
    status: 409,
    type: 'conflict',
    retryable: false,
    message: "The avatar's vendor needs an API key, and none is stored.",
    remedy: 'Store it with `PUT /v1/avatar-credentials/{vendor}`, or in the console under Settings.',
  },
  avatar_vendor_refused: {
    status: 502,
    type: 'unavailable',
    retryable: false,
    message: "The avatar's vendor refused to start the avatar.",
    remedy: "Check the avatar's ids and the stored API key, and the vendor's account for limits.",
  },
  avatar_vendor_unavailable: {
    status: 503,
    type: 'unavailable',
    retryable: true,
    message: "The avatar's vendor does not answer.",
    remedy: 'Try again after the seconds in `Retry-After`.',
  },
  // Images from an address
  invalid_image_url: {
    status: 422,
    type: 'invalid_request',
    retryable: false,
    message: 'The image address is not a valid https URL.',
    remedy: 'Send a complete `https://` address of at most 8192 characters, without user name, password, spaces or an unusual port.',
  },
  url_not_allowed: {
    status: 422,
    type: 'invalid_request',
    retryable: false,
    message: 'The host does not resolve to a public address.',
    remedy: 'Use an address that anybody on the internet can reach. The operator can let internal hosts in with `BACKLOT_FETCH_ALLOW`.',
  },
  image_fetch_failed: {
    status: 422,
    type: 'invalid_request',
    retryable: true,
    message: "The image can't be fetched from its address.",
    remedy: 'The address must answer 200 with the image itself within 10 seconds, after at most 3 redirects, with a valid certificate and without compression.',
  },
  image_fetch_busy: {
    status: 429,
    type: 'rate_limit',
    retryable: true,
    message: 'Too many images are being fetched at this moment.',
    remedy: 'Try again after the seconds in `Retry-After`, or fetch fewer images at a time.',
  },
  unsupported_image_type: {
    status: 422,
    type: 'invalid_request',
    retryable: false,
    message: 'The image is not a JPEG, PNG, GIF, WebP or HEIC.',
    remedy: 'The first bytes count, not the name or the content type. Convert the image.',
  },
  image_unreadable: {
    status: 422,
    type: 'invalid_request',
    retryable: false,
    message: "The image can't be decoded: it is truncated or damaged.",
    remedy: 'Open it in a picture editor, save it anew and try again.',
  },
  image_dimensions_too_large: {
    status: 422,
    type: 'invalid_request',
    retryable: false,
    message: 'The image has more than 50 million pixels.',
    remedy: 'Scale it down: a phone shows 1179 × 2556.',
  },
  // Conversations
  conversation_not_found: {
    status: 404,
    type: 'not_found',
    retryable: false,
    message: 'There is no such conversation.',
    remedy: 'Check the id. A conversation of another organization answers the same.',
  },
  malformed_request: {
    status: 400,
    type: 'invalid_request',
    retryable: false,
    message: 'The body is not a JSON object.',
    remedy: 'Send a JSON object such as `{"image_url": "https://…"}`.',
  },
  channel_not_supported: {
    status: 400,
    type: 'invalid_request',
    retryable: false,
    message: "This conversation's channel can't do that.",
    remedy: 'Backgrounds and typing indicators exist on iMessage only.',
  },
  group_not_supported: {
    status: 400,
    type: 'invalid_request',
    retryable: false,
    message: 'The messaging provider can do that for chats with one person only.',
    remedy: 'Use a conversation that is not a group, or another provider.',
  },
  provider_unsupported: {
    status: 501,
    type: 'invalid_request',
    retryable: false,
    message: 'The messaging provider has no such operation.',
    remedy: "The conversation's `capabilities` tell what its provider can do.",
  },
  provider_rejected_image: {
    status: 422,
    type: 'invalid_request',
    retryable: false,
    message: 'The messaging provider refused the image.',
    remedy: 'Try a JPEG or PNG of at most 10 MB in portrait shape.',
  },
  background_update_in_progress: {
    status: 409,
    type: 'conflict',
    retryable: true,
    message: "Another change of this conversation's background has not finished.",
    remedy: 'Try again after the seconds in `Retry-After`.',
  },
  provider_not_ready: {
    status: 409,
    type: 'conflict',
    retryable: false,
    message: 'The messaging provider is not set up for that yet.',
    remedy: 'An operator must switch it on: the Private API, a host with macOS 26, the channel or the plan.',
  },
  provider_error: {
    status: 502,
    type: 'unavailable',
    retryable: true,
    message: 'The messaging provider answered with an error.',
    remedy: "Try again. If it stays, look for the request id in the server's log.",
  },
  provider_unavailable: {
    status: 503,
    type: 'unavailable',
    retryable: true,
    message: "The messaging provider can't be reached or asks to wait.",
    remedy: 'Try again after the seconds in `Retry-After`. Nothing is lost.',
  },
  webhook_refused: {
    status: 401,
    type: 'authentication',
    retryable: false,
    message: 'The webhook delivery is not signed by the provider, or is older than five minutes.',
    remedy: 'Check the signing secret and the clocks of both sides.',
  },
  // Webhooks that Backlot sends
  webhook_endpoint_not_found: {
    status: 404,
    type: 'not_found',
    retryable: false,
    message: 'There is no webhook endpoint with this id.',
    remedy: 'List the webhook endpoints for ids that exist.',
  },
  webhook_event_not_found: {
    status: 404,
    type: 'not_found',
    retryable: false,
    message: 'There is no event with this id.',
    remedy: 'List the events for ids that exist. They are kept for 30 days.',
  },
  webhook_endpoint_disabled: {
    status: 409,
    type: 'conflict',
    retryable: false,
    message: 'The webhook endpoint is disabled.',
    remedy: 'Enable it, then try again.',
  },
  webhook_endpoints_full: {
    status: 409,
    type: 'conflict',
    retryable: false,
    message: 'The organization has as many webhook endpoints as it may: 50.',
    remedy: 'Delete an endpoint that is not used any more.',
  },
  invalid_webhook_url: {
    status: 422,
    type: 'invalid_request',
    retryable: false,
    message: "The endpoint's address is not a valid https URL.",
    remedy:
      'Send a complete `https://` address without user name and password, on port 443. The operator can let other ports and hosts in with `BACKLOT_FETCH_ALLOW`.',
  },
  chat_not_found: {
    status: 404,
    type: 'not_found',
    retryable: false,
    message: 'There is no such chat on the simulated phone.',
    remedy: 'List its chats with `GET /v1/simulator/chats`.',
  },
  chat_exists: {
    status: 409,
    type: 'conflict',
    retryable: false,
    message: 'There is a chat with this person already, or the phone is full.',
    remedy: 'Write into the chat that exists, or choose another number.',
  },
  // Idempotency
  idempotency_key_invalid: {
    status: 422,
    type: 'invalid_request',
    retryable: false,
    message: 'The idempotency key must be 1 to 255 visible ASCII characters.',
    remedy: 'Use a random UUID for each operation.',
  },
  idempotency_key_reused: {
    status: 422,
    type: 'conflict',
    retryable: false,
    message: 'This idempotency key was used for another request.',
    remedy: 'Use a new key for each operation; repeat one only with exactly the same request.',
  },
  idempotency_key_in_use: {
    status: 409,
    type: 'conflict',
    retryable: true,
    message: 'The first request with this idempotency key is still running.',
    remedy: 'Try again after the seconds in `Retry-After`.',
  },
  // Server
  internal: {
    status: 500,
    type: 'internal',
    retryable: true,
    message: 'Something went wrong on our side.',
    remedy: "Try again. If it stays, look for the request id in the server's log.",
  },
  database_unavailable: {
    status: 503,
    type: 'unavailable',
    retryable: true,
    message: "The database can't be reached.",
    remedy: 'Try again after the seconds in `Retry-After`.',
  },
  shutting_down: {
    status: 503,
    type: 'unavailable',
    retryable: true,
    message: 'The server is shutting down.',
    remedy: 'Try again after the seconds in `Retry-After`.',
  },
});

/** A stable error code, as in the `code` of an error reply. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** Narrows a string to a known error code. */
export const isErrorCode = (value: string): value is ErrorCode => Object.hasOwn(ERROR_CODES, value);
