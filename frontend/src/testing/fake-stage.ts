/** An upload server and its S3 in memory, which cut, delay and refuse when told to. */
import { ApiError } from "@/lib/api-error";
import type { Upload, Video } from "@/lib/models";
import {
  type Details,
  type NewUpload,
  PartRefusedError,
  type RememberedUpload,
  type UploadMemory,
  type UploadServer,
} from "@/lib/upload/types";

/** What happens to one PUT: undefined lets it through, a number refuses it, "cut" breaks the connection. */
export type Fault = number | "cut" | undefined;

export class FakeStage implements UploadServer {
  partSize = 4;
  readonly uploads = new Map<string, Upload>();
  readonly bytes = new Map<string, Map<number, string>>();
  readonly aborted: string[] = [];
  /** Numbers of every PUT that was tried, in order. */
  readonly puts: number[] = [];
  /** The video of every PUT that was tried, in order. */
  readonly order: string[] = [];
  readonly signed: number[][] = [];
  /** Of the files that have become videos. */
  readonly fingerprints = new Set<string>();
  /** What was typed about each video. */
  readonly details = new Map<string, Details>();
  /** What `complete` was told, each time. */
  readonly checksums: (string | null)[] = [];
  /** What S3 would say of the bytes it has. */
  checksum: (videoId: string) => string | null = () => null;
  inFlight = 0;
  mostInFlight = 0;
  filesInFlight = new Set<string>();
  mostFiles = 0;
  fault: (number: number, attempt: number) => Fault = () => undefined;
  /** Held PUTs wait for this. */
  hold: Promise<void> = Promise.resolve();
  answer: <Body>(body: Body) => Promise<Body> = (body) => Promise.resolve(body);
  #attempts = new Map<string, number>();
  #refusedUrls = new Set<string>();
  #serial = 0;

  async create({ file_name, size, fingerprint, again, ...details }: NewUpload): Promise<Upload> {
    const begun = [...this.uploads.values()].find(
      (upload) => upload.fingerprint === fingerprint && upload.size_bytes === size,
    );
    if (begun && !again) return this.find(begun.video_id);
    if (this.fingerprints.has(fingerprint) && !again)
      throw new ApiError(409, "duplicate", "This file is in your drive already.");
    const video_id = `video-${this.bytes.size + 1}`;
    const upload: Upload = {
      video_id,
      file_name,
      size_bytes: size,
      part_size: this.partSize,
      part_count: Math.ceil(size / this.partSize),
      fingerprint,
      expires_at: new Date(Date.now() + 86_400_000).toISOString(),
      parts: [],
      last_part_at: null,
      addresses: null,
    };
    this.uploads.set(video_id, upload);
    this.bytes.set(video_id, new Map());
    if (!this.details.has(video_id)) this.details.set(video_id, details);
    return this.answer(structuredClone(upload));
  }

  async unfinished(): Promise<Upload[]> {
    return this.answer([...this.uploads.values()].map((upload) => ({ ...upload, parts: [] })));
  }

  async find(videoId: string): Promise<Upload> {
    const upload = this.#known(videoId);
    const parts = [...(this.bytes.get(videoId) ?? [])].map(([number, text]) => ({
      number,
      size: text.length,
      etag: `"${number}"`,
    }));
    return this.answer({ ...upload, parts });
  }

  async sign(videoId: string, numbers: number[]) {
    this.#known(videoId);
    this.signed.push(numbers);
    this.#serial += 1;
    const urls = numbers.map((number) => ({
      number,
      url: `https://s3.test/${videoId}?part=${number}&signature=${this.#serial}`,
    }));
    return this.answer({ expires_in: 900, urls });
  }

  async complete(videoId: string, checksum: string | null): Promise<Video> {
    const upload = this.#known(videoId);
    this.checksums.push(checksum);
    if ((this.bytes.get(videoId)?.size ?? 0) < upload.part_count)
      throw new ApiError(409, "parts_missing", "Parts are missing.");
    this.uploads.delete(videoId);
    const stored = this.checksum(videoId);
    if (checksum !== null && stored !== null && checksum !== stored)
      throw new ApiError(
        409,
        "checksum_mismatch",
        "The file did not arrive as it was sent. Try again.",
        [],
        null,
        this.details.get(videoId),
      );
    this.fingerprints.add(upload.fingerprint);
    return this.answer({ id: videoId, state: "uploaded" } as Video);
  }

  async abort(videoId: string): Promise<void> {
    this.aborted.push(videoId);
    this.uploads.delete(videoId);
  }

  readonly sendPart = async (
    url: string,
    part: Blob,
    { signal, onProgress }: { signal: AbortSignal; onProgress: (sent: number) => void },
  ): Promise<void> => {
    const { pathname, searchParams } = new URL(url);
    const videoId = pathname.slice(1);
    const number = Number(searchParams.get("part"));
    const attempt = (this.#attempts.get(`${videoId}:${number}`) ?? 0) + 1;
    this.#attempts.set(`${videoId}:${number}`, attempt);
    this.puts.push(number);
    this.order.push(videoId);
    this.inFlight += 1;
    this.filesInFlight.add(videoId);
    this.mostInFlight = Math.max(this.mostInFlight, this.inFlight);
    this.mostFiles = Math.max(this.mostFiles, this.filesInFlight.size);
    try {
      onProgress(part.size / 2);
      await Promise.race([this.hold, rejection(signal)]);
      const text = await part.text();
      signal.throwIfAborted();
      const fault = this.#refusedUrls.has(url) ? 403 : this.fault(number, attempt);
      if (fault === 403) this.#refusedUrls.add(url);
      if (fault !== undefined) throw new PartRefusedError(fault === "cut" ? 0 : fault);
      this.bytes.get(videoId)?.set(number, text);
    } finally {
      this.inFlight -= 1;
      if (this.inFlight === 0) this.filesInFlight.clear();
    }
  };

  /** What a reader of the finished object would get. */
  content(videoId: string): string {
    const parts = this.bytes.get(videoId) ?? new Map<number, string>();
    return [...parts.entries()]
      .sort(([one], [other]) => one - other)
      .map(([, text]) => text)
      .join("");
  }

  #known(videoId: string): Upload {
    const upload = this.uploads.get(videoId);
    if (!upload) throw new ApiError(404, "not_found", "This isn't here.");
    return upload;
  }
}

function rejection(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

export class FakeMemory implements UploadMemory {
  readonly entries = new Map<string, RememberedUpload>();

  async remember(upload: RememberedUpload): Promise<void> {
    this.entries.set(upload.video_id, upload);
  }

  async forget(videoId: string): Promise<void> {
    this.entries.delete(videoId);
  }

  async all(): Promise<RememberedUpload[]> {
    return [...this.entries.values()];
  }
}
