/** The API's words for the rest of the app: the one place that names generated schemas. */
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Me = Schemas["Me"];
export type Video = Schemas["Video"];
export type VideoState = Schemas["VideoState"];
export type Visibility = Schemas["Visibility"];
export type PublicVideo = Schemas["PublicVideo"];
export type WatchVideo = Schemas["WatchVideo"];
export type Person = Schemas["Person"];
export type Upload = Schemas["Upload"];
export type UploadConfig = Schemas["UploadConfig"];
export type SignedPart = Schemas["SignedPart"];
export type Usage = Schemas["Usage"];
export type LiveEvent = Schemas["Event"];
export type LiveEvents = Schemas["Events"];

export interface Page<Item> {
  items: Item[];
  next_cursor: string | null;
}
