/** The HTTP API's types, in the shape `npm run api` generates from docs/openapi.json. */

export interface components {
  schemas: {
    Me: {
      id: string;
      email: string;
      display_name: string;
      role: "member" | "admin";
      quota_bytes: number;
      used_bytes: number;
    };
    Failure: { code: string; message: string; action: string };
    Video: {
      id: string;
      file_name: string;
      title: string;
      description: string;
      visibility: components["schemas"]["Visibility"];
      state: components["schemas"]["VideoState"];
      progress: number | null;
      failure: components["schemas"]["Failure"] | null;
      published_at: string | null;
      created_at: string;
      updated_at: string;
      trashed_at: string | null;
      purge_at: string | null;
      size_bytes: number;
      stored_bytes: number;
      duration_ms: number | null;
      width: number | null;
      height: number | null;
      poster_url: string | null;
      version: number;
      revision: number | null;
    };
    Visibility: "private" | "unlisted" | "public";
    VideoState: "uploading" | "uploaded" | "processing" | "ready" | "failed";
    Person: { id: string; display_name: string };
    PublicVideo: {
      id: string;
      title: string;
      description: string;
      duration_ms: number | null;
      published_at: string | null;
      visibility: components["schemas"]["Visibility"];
      poster_url: string | null;
      owner: components["schemas"]["Person"];
      mine: boolean;
    };
    Playback: { url: string; type: string };
    WatchVideo: components["schemas"]["PublicVideo"] & {
      state: components["schemas"]["VideoState"];
      width: number | null;
      height: number | null;
      playback: components["schemas"]["Playback"] | null;
    };
    UploadPart: { number: number; size: number; etag: string };
    Upload: {
      video_id: string;
      file_name: string;
      size_bytes: number;
      part_size: number;
      part_count: number;
      fingerprint: string;
      expires_at: string;
      parts: components["schemas"]["UploadPart"][];
    };
    UploadConfig: { max_bytes: number; min_part_bytes: number; quota_bytes: number; used_bytes: number };
    SignedPart: { number: number; url: string };
    SignedParts: { expires_in: number; urls: components["schemas"]["SignedPart"][] };
    Usage: {
      quota_bytes: number;
      used_bytes: number;
      originals_bytes: number;
      renditions_bytes: number;
      trash_bytes: number;
    };
    Event: {
      seq: number;
      kind: "video.changed" | "video.removed";
      video_id: string;
      video: components["schemas"]["Video"] | null;
      at: string;
    };
    Events: { items: components["schemas"]["Event"][]; latest: number; reset: boolean };
    Ticket: { ticket: string; expires_in: number };
    CodeSent: { email: string; code_hint: string | null };
    Problem: {
      type: string;
      title: string;
      status: number;
      code: string;
      detail: string;
      errors?: { field: string; message: string }[];
    };
    VideoPage: { items: components["schemas"]["Video"][]; next_cursor: string | null };
    PublicVideoPage: { items: components["schemas"]["PublicVideo"][]; next_cursor: string | null };
  };
}

type Json<Body> = { content: { "application/json": Body } };
type Answers<Body> = { responses: { 200: Json<Body> } };
type Accepts<Body> = { requestBody: Json<Body> };
type Empty = { responses: { 204: { content?: never } } };
type Schemas = components["schemas"];
type ById = { parameters: { path: { video_id: string } } };
type ByUser = { path: { user_id: string } };
type Paged = { query?: { cursor?: string; limit?: number } };

export interface paths {
  "/api/auth/sign-up": {
    post: Accepts<{ email: string; password: string; display_name: string }> & {
      responses: { 202: Json<Schemas["CodeSent"]> };
    };
  };
  "/api/auth/confirm": { post: Accepts<{ email: string; code: string }> & Empty };
  "/api/auth/resend": {
    post: Accepts<{ email: string }> & { responses: { 202: Json<Schemas["CodeSent"]> } };
  };
  "/api/auth/sign-in": { post: Accepts<{ email: string; password: string }> & Answers<Schemas["Me"]> };
  "/api/auth/sign-out": { post: Empty };
  "/api/me": { get: Answers<Schemas["Me"]> };
  "/api/uploads/config": { get: Answers<Schemas["UploadConfig"]> };
  "/api/uploads": {
    get: Answers<{ items: Schemas["Upload"][] }>;
    post: Accepts<{ file_name: string; size: number; fingerprint: string }> & {
      responses: { 201: Json<Schemas["Upload"]> };
    };
  };
  "/api/uploads/{video_id}": { get: ById & Answers<Schemas["Upload"]>; delete: ById & Empty };
  "/api/uploads/{video_id}/parts": {
    post: ById & Accepts<{ numbers: number[] }> & Answers<Schemas["SignedParts"]>;
  };
  "/api/uploads/{video_id}/complete": { post: ById & Answers<Schemas["Video"]> };
  "/api/videos": {
    get: {
      parameters: { query?: { state?: Schemas["VideoState"]; cursor?: string; limit?: number } };
    } & Answers<Schemas["VideoPage"]>;
  };
  "/api/videos/{video_id}": {
    get: ById & Answers<Schemas["Video"]>;
    patch: {
      parameters: { path: { video_id: string }; header: { "If-Match": string } };
    } & Accepts<{ title?: string; description?: string; visibility?: Schemas["Visibility"] }> &
      Answers<Schemas["Video"]>;
    delete: ById & Answers<Schemas["Video"]>;
  };
  "/api/videos/{video_id}/publish": {
    post: ById & Accepts<{ visibility?: Schemas["Visibility"] }> & Answers<Schemas["Video"]>;
  };
  "/api/videos/{video_id}/unpublish": { post: ById & Answers<Schemas["Video"]> };
  "/api/videos/{video_id}/restore": { post: ById & Answers<Schemas["Video"]> };
  "/api/videos/{video_id}/retry": { post: ById & Answers<Schemas["Video"]> };
  "/api/videos/{video_id}/purge": { post: ById & { responses: { 202: { content?: never } } } };
  "/api/trash": { get: { parameters: Paged } & Answers<Schemas["VideoPage"]> };
  "/api/usage": { get: Answers<Schemas["Usage"]> };
  "/api/explore": { get: { parameters: Paged } & Answers<Schemas["PublicVideoPage"]> };
  "/api/users/{user_id}": { get: { parameters: ByUser } & Answers<Schemas["Person"]> };
  "/api/users/{user_id}/videos": {
    get: { parameters: ByUser & Paged } & Answers<Schemas["PublicVideoPage"]>;
  };
  "/api/videos/{video_id}/watch": { get: ById & Answers<Schemas["WatchVideo"]> };
  "/api/videos/{video_id}/grant": { post: ById & Answers<{ expires_in: number }> };
  "/api/live/ticket": { post: Answers<Schemas["Ticket"]> };
  "/api/events": { get: { parameters: { query?: { after?: number } } } & Answers<Schemas["Events"]> };
}
