/** The API's words for the rest of the app: the one place that names generated schemas. */
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Me = Schemas["Me"];
export type Device = Schemas["Device"];
export type Video = Schemas["VideoView"];
export type VideoState = Schemas["VideoState"];
export type Visibility = Schemas["Visibility"];
export type VideoDetails = Schemas["VideoDetails"];
export type BulkAction = Schemas["BulkAction"];
export type Change = Schemas["Change"];
export type Receipt = Schemas["Receipt"];
export type Usage = Schemas["Usage"];
export type PublicVideo = Schemas["PublicVideo"];
export type WatchVideo = Schemas["WatchView"];
export type ShareLink = Schemas["LinkView"];
/** What has to be known of a video to give links of it. */
export type SharableVideo = Pick<Video, "id" | "title" | "state">;
export type SharedVideo = Schemas["SharedVideo"];
export type Account = Schemas["Account"];
export type AccountSort = Schemas["UserSort"];
export type AccountChange = Schemas["ChangeAccount"];
export type Used = Schemas["Used"];
export type Job = Schemas["Job"];
export type JobState = Schemas["JobState"];
export type DeadLetters = Schemas["DeadLetters"];
export type LetterQueue = Schemas["LetterQueue"];
export type AuditEntry = Schemas["AuditEntry"];
export type AuditAction = Schemas["AuditAction"];
export type Person = Schemas["Person"];
export type Upload = Schemas["UploadView"];
export type SignedParts = Schemas["PartUrls"];
export type LiveEvent = Schemas["EventView"];
export type LiveEvents = Schemas["Events"];

/** One stretch of a list; the cursor leads to the next, and the last has none. */
export interface Page<Item> {
  items: Item[];
  next_cursor?: string | null;
}

export type Sort = Schemas["Sort"];

/** What of the drive is looked at, and in which order. */
export interface Listing {
  q: string;
  state: VideoState | null;
  visibility: Visibility | null;
  sort: Sort;
}
