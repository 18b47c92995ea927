/** What the upload engine needs from the outside, and what it tells. */
import type { SignedParts, Upload, Video } from "../models";

export type UploadPhase =
  | "queued"
  | "preparing"
  | "uploading"
  | "paused"
  /** The drive has this very file already: the person decides. */
  | "duplicate"
  | "offline"
  | "finishing"
  | "done"
  | "failed"
  | "cancelled";

/** One upload as the page shows it. Immutable: a change is a new object. */
export interface UploadProgress {
  key: string;
  videoId: string | null;
  fileName: string;
  size: number;
  sent: number;
  phase: UploadPhase;
  bytesPerSecond: number | null;
  secondsLeft: number | null;
  error: string | null;
}

/** What a person may have typed about a video. */
export type Details = Pick<Video, "title" | "description" | "visibility">;

export interface NewUpload extends Details {
  file_name: string;
  size: number;
  fingerprint: string;
  again: boolean;
}

/** How many bytes of which videos have been sent. */
export type SentBytes = Readonly<Record<string, number>>;

export interface UploadServer {
  /**
   * A new upload, or the unfinished one of the very same file. Refuses as a "duplicate" what the drive has already;
   * what is wanted `again` is always new.
   */
  create(file: NewUpload): Promise<Upload>;
  find(videoId: string): Promise<Upload>;
  sign(videoId: string, numbers: number[]): Promise<SignedParts>;
  /**
   * Refuses as a "checksum_mismatch" what did not arrive as it was read here, and says with it what was typed
   * about it; answers "still_joining" while S3 makes one object of the parts. Asking again changes nothing.
   */
  complete(videoId: string, checksum: string | null): Promise<Video>;
  abort(videoId: string): Promise<void>;
}

export type SendPart = (
  url: string,
  part: Blob,
  options: { signal: AbortSignal; onProgress: (sent: number) => void },
) => Promise<void>;

/** A part S3 did not take. Status 0: the connection broke. */
export class PartRefusedError extends Error {
  override readonly name = "PartRefusedError";
  readonly status: number;

  constructor(status: number) {
    super(status === 0 ? "The connection broke." : `The storage answered ${status}.`);
    this.status = status;
  }
}

export interface RememberedUpload {
  video_id: string;
  fingerprint: string;
  file_name: string;
  size: number;
  /** When the file had last been changed; what was remembered by an older version lacks it. */
  last_modified?: number;
  /** Where the browser can give it: the file itself, readable again after a reload. */
  handle: FileSystemFileHandle | null;
}

/** What this browser still knows about its uploads after a reload. */
export interface UploadMemory {
  remember(upload: RememberedUpload): Promise<void>;
  forget(videoId: string): Promise<void>;
  all(): Promise<RememberedUpload[]>;
}

export interface Network {
  isOnline(): boolean;
  /** Resolves when the browser is online again. */
  online(signal: AbortSignal): Promise<void>;
}
