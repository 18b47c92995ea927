/** Uploads many files straight to S3: parallel parts, retries, resume. No framework, no global state. */
import { t } from "@lingui/core/macro";
import { ApiError, sentenceOf } from "../api-error";
import type { Upload, Video } from "../models";
import { type Checked, joinedChecksum, type PartChecksum } from "./checksum";
import { Gate } from "./gate";
import { backoff, Pace, sleep } from "./pace";
import { bytesMissing, missingParts, partBytes, partRange, SignedAddresses } from "./parts";
import {
  type Details,
  type Network,
  PartRefusedError,
  type SendPart,
  type UploadMemory,
  type UploadPhase,
  type UploadProgress,
  type UploadServer,
} from "./types";

const PARTS_AT_ONCE = 4;
/** Of small files, and of large ones beside them: neither kind has to wait for the other to end. */
const FILES_AT_ONCE = 2;
const SMALL_BYTES = 32 * 1024 ** 2;
const TRIES = 8;
const REFUSALS = 3;
const ROUNDS = 3;
/** Joining the parts may take S3 minutes; after so long, something else is wrong. */
const JOINING_MS = 3_600_000;
const TELL_EVERY_MS = 500;

export interface UploadEngineParts {
  server: UploadServer;
  sendPart: SendPart;
  memory: UploadMemory;
  network: Network;
  fingerprint: (file: Blob) => Promise<string>;
  checksum: PartChecksum;
  /** The server knows the upload now, or the video changed because of it. */
  onStarted: (upload: Upload, file: File) => void;
  onFinished: (video: Video) => void;
  backoff?: (attempt: number) => number;
}

/** The chosen file is not the one whose upload began. */
export class WrongFileError extends Error {
  override readonly name = "WrongFileError";
}

interface Task {
  key: string;
  file: File;
  handle: FileSystemFileHandle | null;
  /** Set once the server knows it: from then on a retry continues instead of starting over. */
  videoId: string | null;
  abort: AbortController;
  run: Promise<void>;
  pace: Pace;
  finishedBytes: number;
  flying: Map<number, number>;
  /** By part, as this page read it; what an earlier page sent is read again on the way. */
  checksums: Map<number, Promise<bigint | null>>;
  /** The person wants it though the drive has the same file already. */
  again: boolean;
  /** What was typed about it before it turned out to have arrived damaged. */
  details: Details;
  /** What the server was asked to complete, and may have completed since. */
  asked: { checksum: string | null } | null;
  view: UploadProgress;
}

export class UploadEngine {
  readonly #parts: UploadEngineParts;
  readonly #tasks = new Map<string, Task>();
  readonly #listeners = new Set<() => void>();
  readonly #smallFiles = new Gate(FILES_AT_ONCE);
  readonly #largeFiles = new Gate(FILES_AT_ONCE);
  readonly #slots = new Gate(PARTS_AT_ONCE);
  #views: readonly UploadProgress[] = [];
  #toldAt = 0;
  #telling: ReturnType<typeof setTimeout> | null = null;
  #nextKey = 1;

  constructor(parts: UploadEngineParts) {
    this.#parts = parts;
  }

  /** Both shaped for useSyncExternalStore. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly snapshot = (): readonly UploadProgress[] => this.#views;

  add(file: File, handle: FileSystemFileHandle | null = null): string {
    return this.#start(file, handle, null);
  }

  /** Continues an unfinished upload, from this or another device, with the same file chosen again. */
  async resume(upload: Upload, file: File, handle: FileSystemFileHandle | null = null): Promise<string> {
    const same =
      file.size === upload.size_bytes && (await this.#parts.fingerprint(file)) === upload.fingerprint;
    const name = upload.file_name;
    if (!same) throw new WrongFileError(t`That is another file. Please choose “${name}” again.`);
    if (await this.#wasChanged(upload.video_id, file, handle))
      throw new WrongFileError(
        t`“${name}” was changed since this upload began. Discard it and upload the file anew.`,
      );
    return this.#start(file, handle, upload.video_id);
  }

  /** A copy may bear another time than what it was copied from; the very same file may not. */
  async #wasChanged(videoId: string, file: File, handle: FileSystemFileHandle | null): Promise<boolean> {
    const known = (await this.#parts.memory.all()).find((upload) => upload.video_id === videoId);
    if (!handle || !known?.handle || known.last_modified === undefined) return false;
    return known.last_modified !== file.lastModified && (await known.handle.isSameEntry(handle));
  }

  /** Completes what lacks no part any more, as after a crash right before the end. */
  async finish(videoId: string): Promise<void> {
    const video = await this.#complete(videoId, null, new AbortController().signal);
    await this.#parts.memory.forget(videoId);
    this.#parts.onFinished(video);
  }

  retry(key: string): void {
    const task = this.#tasks.get(key);
    if (task?.view.phase === "failed") this.#go(task);
  }

  /** Sends a file that the drive has already, because the person says so. */
  sendAgain(key: string): void {
    const task = this.#tasks.get(key);
    if (task?.view.phase !== "duplicate") return;
    task.again = true;
    this.#go(task);
  }

  /** Stops at once: what is on its way is sent again later, what has arrived is kept. */
  pause(key: string): void {
    const task = this.#tasks.get(key);
    if (!task || !isMoving(task.view.phase) || task.view.phase === "finishing") return;
    task.abort.abort(new DOMException("Paused", "AbortError"));
    this.#show(task, { phase: "paused", sent: task.finishedBytes, bytesPerSecond: null, secondsLeft: null });
  }

  continue(key: string): void {
    const task = this.#tasks.get(key);
    if (task?.view.phase === "paused") this.#go(task);
  }

  pauseAll(): void {
    for (const key of this.#tasks.keys()) this.pause(key);
  }

  continueAll(): void {
    for (const key of this.#tasks.keys()) this.continue(key);
  }

  /** Stops the upload and removes what S3 already has of it. */
  async cancel(key: string): Promise<void> {
    const task = this.#tasks.get(key);
    if (!task || task.view.phase === "done") return;
    task.abort.abort(new DOMException("Cancelled", "AbortError"));
    this.#show(task, { phase: "cancelled", bytesPerSecond: null, secondsLeft: null });
    if (task.videoId) await this.discard(task.videoId);
  }

  /** Once nothing of it is under way any more, not even a question that the server is still answering. */
  settled(key: string): Promise<void> {
    return this.#tasks.get(key)?.run ?? Promise.resolve();
  }

  async discard(videoId: string): Promise<void> {
    try {
      await this.#parts.server.abort(videoId);
    } catch (error) {
      // Gone already is what was asked for; else it can still be continued, and the file is remembered for that.
      if (!(error instanceof ApiError && error.status === 404)) throw error;
    }
    await this.#parts.memory.forget(videoId);
  }

  /** Takes what is over off the list. */
  dismiss(key: string): void {
    const task = this.#tasks.get(key);
    if (!task || !isOver(task.view.phase)) return;
    this.#tasks.delete(key);
    this.#tell();
  }

  /** The person signed out: nothing more is sent, everything can be resumed later. */
  stopAll(): void {
    for (const task of this.#tasks.values()) task.abort.abort(new DOMException("Signed out", "AbortError"));
    this.#tasks.clear();
    this.#tell();
  }

  #start(file: File, handle: FileSystemFileHandle | null, videoId: string | null): string {
    const key = `upload-${this.#nextKey++}`;
    const task: Task = {
      key,
      file,
      handle,
      videoId,
      abort: new AbortController(),
      run: Promise.resolve(),
      pace: new Pace(),
      finishedBytes: 0,
      flying: new Map(),
      checksums: new Map(),
      again: false,
      details: { title: "", description: "", visibility: "private" },
      asked: null,
      view: {
        key,
        videoId,
        fileName: file.name,
        size: file.size,
        sent: 0,
        phase: "queued",
        bytesPerSecond: null,
        secondsLeft: null,
        error: null,
      },
    };
    this.#tasks.set(key, task);
    this.#go(task);
    return key;
  }

  /** A run that was stopped may still wait for the server's answer: the next one begins after its end. */
  #go(task: Task): void {
    task.abort = new AbortController();
    const { signal } = task.abort;
    this.#show(task, { phase: "queued", error: null });
    task.run = task.run.then(() => this.#run(task, signal));
  }

  async #run(task: Task, signal: AbortSignal): Promise<void> {
    let leave: (() => void) | null = null;
    try {
      const files = task.file.size > SMALL_BYTES ? this.#largeFiles : this.#smallFiles;
      leave = await files.enter(signal);
      this.#show(task, { phase: "preparing" });
      const video =
        (await this.#completedMeanwhile(task, signal)) ??
        (await this.#transfer(task, await this.#begin(task, signal), signal));
      await this.#parts.memory.forget(video.id);
      this.#show(task, { phase: "done", sent: task.file.size, bytesPerSecond: null, secondsLeft: null });
      this.#parts.onFinished(video);
    } catch (error) {
      if (!signal.aborted) this.#fail(task, error);
    } finally {
      leave?.();
    }
  }

  /** What an earlier try asked for may have been done all the same, or by the drive itself. */
  async #completedMeanwhile(task: Task, signal: AbortSignal): Promise<Video | null> {
    const { videoId, asked } = task;
    if (!videoId || !asked) return null;
    this.#show(task, { phase: "finishing" });
    try {
      return await this.#ask(task, signal, () => this.#complete(videoId, asked.checksum, signal));
    } catch (error) {
      if (error instanceof ApiError && (error.code === "parts_missing" || error.status === 404)) return null;
      throw error;
    }
  }

  /** A new upload, or the unfinished one of the very same file. */
  async #begin(task: Task, signal: AbortSignal): Promise<Upload> {
    const { server, memory } = this.#parts;
    const { file } = task;
    if (task.videoId) {
      const begun = await this.#ask(task, signal, () => server.find(task.videoId ?? ""));
      this.#parts.onStarted(begun, file);
      return begun;
    }
    if (file.size === 0) throw new EmptyFileError("The file is empty.");
    const fingerprint = await readable(this.#parts.fingerprint(file));
    signal.throwIfAborted();
    const wanted = { file_name: file.name, size: file.size, fingerprint, ...task.details };
    let upload = await this.#ask(task, signal, () => server.create({ ...wanted, again: task.again }));
    // The same file twice in this page: each is sent for itself.
    if (this.#has(upload.video_id))
      upload = await this.#ask(task, signal, () => server.create({ ...wanted, again: true }));
    task.videoId = upload.video_id;
    this.#show(task, { videoId: upload.video_id });
    await memory.remember({
      video_id: upload.video_id,
      fingerprint,
      file_name: file.name,
      size: file.size,
      last_modified: file.lastModified,
      handle: task.handle,
    });
    // Cancelled while the server was answering: nobody else knows this upload, so it goes now.
    if (task.view.phase === "cancelled") await this.discard(upload.video_id);
    else this.#parts.onStarted(upload, file);
    signal.throwIfAborted();
    return upload;
  }

  async #transfer(task: Task, begun: Upload, signal: AbortSignal): Promise<Video> {
    const { server } = this.#parts;
    let upload = begun;
    for (let round = 1; ; round += 1) {
      await this.#sendMissing(task, upload, signal);
      signal.throwIfAborted();
      this.#show(task, { phase: "finishing", bytesPerSecond: null, secondsLeft: null });
      const checksum = await this.#wholeChecksum(task, upload);
      task.asked = { checksum };
      try {
        return await this.#ask(task, signal, () => this.#complete(upload.video_id, checksum, signal));
      } catch (error) {
        const missing = error instanceof ApiError && error.code === "parts_missing";
        if (!missing || round === ROUNDS) throw error;
        upload = await this.#ask(task, signal, () => server.find(begun.video_id));
      }
    }
  }

  /** Asks for as long as S3 joins the parts; a gateway on the way may lose its patience before. */
  async #complete(videoId: string, checksum: string | null, signal: AbortSignal): Promise<Video> {
    const until = Date.now() + JOINING_MS;
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await this.#parts.server.complete(videoId, checksum);
      } catch (error) {
        const joining = error instanceof ApiError && (error.code === "still_joining" || error.status === 504);
        if (!joining || Date.now() > until) throw error;
        await sleep((this.#parts.backoff ?? backoff)(attempt), signal);
      }
    }
  }

  async #sendMissing(task: Task, upload: Upload, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const missing = missingParts(upload);
    task.finishedBytes = upload.size_bytes - bytesMissing(upload);
    task.flying.clear();
    task.pace.restart();
    this.#show(task, { phase: "uploading", sent: task.finishedBytes });

    void this.#readStored(task, upload, missing, signal);
    const queue = [...missing];
    const addresses = new SignedAddresses(this.#parts.server, upload.video_id, missing, upload.addresses);
    // One hopeless part ends the others too: they would only waste the person's bandwidth.
    const siblings = new AbortController();
    const either = AbortSignal.any([signal, siblings.signal]);
    const worker = async (): Promise<void> => {
      for (let number = queue.shift(); number !== undefined; number = queue.shift()) {
        const leave = await this.#slots.enter(either, task);
        try {
          await this.#sendPart(task, upload, number, addresses, either);
        } finally {
          leave();
        }
      }
    };
    const workers = Array.from({ length: Math.min(PARTS_AT_ONCE, queue.length) }, worker);
    try {
      await Promise.all(workers);
    } catch (error) {
      siblings.abort(error);
      await Promise.allSettled(workers);
      throw error;
    }
  }

  async #sendPart(
    task: Task,
    upload: Upload,
    number: number,
    addresses: SignedAddresses,
    signal: AbortSignal,
  ): Promise<void> {
    const part = task.file.slice(...partRange(upload, number));
    void this.#partChecksum(task, upload, number);
    let refusals = 0;
    for (let attempt = 0; ; attempt += 1) {
      const url = await this.#ask(task, signal, () => addresses.of(number));
      signal.throwIfAborted();
      try {
        await this.#parts.sendPart(url, part, {
          signal,
          onProgress: (sent) => {
            task.flying.set(number, sent);
            this.#showSent(task);
          },
        });
        task.flying.delete(number);
        task.finishedBytes += part.size;
        this.#showSent(task);
        return;
      } catch (error) {
        task.flying.delete(number);
        signal.throwIfAborted();
        if (!(error instanceof PartRefusedError)) throw error;
        // The file may have been moved or changed on the disk: no retry helps then.
        if (error.status === 0) await readable(part.slice(0, 1).arrayBuffer());
        if (error.status === 403) {
          addresses.drop(number);
          refusals += 1;
        }
        const hopeless = error.status >= 400 && error.status < 500 && ![403, 408, 429].includes(error.status);
        if (hopeless || refusals > REFUSALS || attempt + 1 >= TRIES) throw error;
        await this.#wait(task, attempt, signal);
      }
    }
  }

  #partChecksum(task: Task, upload: Upload, number: number): Promise<bigint | null> {
    const known = task.checksums.get(number);
    if (known) return known;
    const asked = this.#parts.checksum(task.file.slice(...partRange(upload, number)));
    task.checksums.set(number, asked);
    return asked;
  }

  /** Reads what was sent earlier while the rest is on its way. */
  async #readStored(task: Task, upload: Upload, missing: number[], signal: AbortSignal): Promise<void> {
    const sent = new Set(missing);
    for (let number = 1; number <= upload.part_count && !signal.aborted; number += 1) {
      if (!sent.has(number)) await this.#partChecksum(task, upload, number);
    }
  }

  async #wholeChecksum(task: Task, upload: Upload): Promise<string | null> {
    const parts: Checked[] = [];
    for (let number = 1; number <= upload.part_count; number += 1) {
      const checksum = await this.#partChecksum(task, upload, number);
      if (checksum === null) return null;
      parts.push({ checksum, bytes: partBytes(upload, number) });
    }
    return joinedChecksum(parts);
  }

  /** Asks our server, patiently where patience helps. */
  async #ask<Answer>(task: Task, signal: AbortSignal, question: () => Promise<Answer>): Promise<Answer> {
    for (let attempt = 0; ; attempt += 1) {
      signal.throwIfAborted();
      try {
        return await question();
      } catch (error) {
        signal.throwIfAborted();
        if (!isPassing(error) || attempt + 1 >= TRIES) throw error;
        await this.#wait(task, attempt, signal, error instanceof ApiError ? error.retryAfterSeconds : null);
      }
    }
  }

  async #wait(
    task: Task,
    attempt: number,
    signal: AbortSignal,
    seconds: number | null = null,
  ): Promise<void> {
    const { network } = this.#parts;
    if (!network.isOnline()) {
      const before = task.view.phase;
      this.#show(task, { phase: "offline", bytesPerSecond: null, secondsLeft: null });
      await network.online(signal);
      task.pace.restart();
      this.#show(task, { phase: before === "offline" ? "uploading" : before });
    }
    await sleep(Math.max((this.#parts.backoff ?? backoff)(attempt), 1000 * (seconds ?? 0)), signal);
  }

  #fail(task: Task, error: unknown): void {
    task.flying.clear();
    if (error instanceof ApiError && error.code === "duplicate") {
      this.#show(task, { phase: "duplicate", error: error.message });
      return;
    }
    const damaged = error instanceof ApiError && error.code === "checksum_mismatch";
    if (damaged || (error instanceof ApiError && error.status === 404)) {
      // The server no longer knows it (cancelled elsewhere, too old, or damaged): a retry begins anew.
      task.again ||= damaged;
      task.asked = null;
      if (damaged) task.details = { ...task.details, ...typed(error) };
      task.checksums.clear();
      if (task.videoId) void this.#parts.memory.forget(task.videoId);
      task.videoId = null;
      task.finishedBytes = 0;
    }
    this.#show(task, {
      phase: "failed",
      videoId: task.videoId,
      sent: task.finishedBytes,
      bytesPerSecond: null,
      secondsLeft: null,
      error: reason(error, task.asked !== null),
    });
  }

  #has(videoId: string): boolean {
    return [...this.#tasks.values()].some((task) => task.videoId === videoId && !isOver(task.view.phase));
  }

  #showSent(task: Task): void {
    const flying = [...task.flying.values()].reduce((sum, sent) => sum + sent, 0);
    const sent = Math.min(task.file.size, task.finishedBytes + flying);
    task.pace.note(sent, Date.now());
    const bytesPerSecond = task.pace.bytesPerSecond();
    const secondsLeft = task.pace.secondsLeft(task.file.size - sent, Date.now());
    // Lost parts are sent again, but a bar that runs backwards only worries people.
    task.view = { ...task.view, sent: Math.max(sent, task.view.sent), bytesPerSecond, secondsLeft };
    this.#tellSoon();
  }

  #show(task: Task, change: Partial<UploadProgress>): void {
    task.view = { ...task.view, ...change };
    this.#tell();
  }

  #tellSoon(): void {
    if (this.#telling !== null) return;
    this.#telling = setTimeout(() => this.#tell(), Math.max(0, this.#toldAt + TELL_EVERY_MS - Date.now()));
  }

  #tell(): void {
    if (this.#telling !== null) clearTimeout(this.#telling);
    this.#telling = null;
    this.#toldAt = Date.now();
    this.#views = [...this.#tasks.values()].map((task) => task.view);
    for (const listener of this.#listeners) listener();
  }
}

/** Whether it sends, or will by itself. */
export function isMoving(phase: UploadPhase): boolean {
  return !isOver(phase) && phase !== "paused" && phase !== "duplicate";
}

export function isOver(phase: UploadPhase): boolean {
  return phase === "done" || phase === "failed" || phase === "cancelled";
}

function isPassing(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 0 || error.status === 429 || error.status >= 500);
}

class EmptyFileError extends Error {
  override readonly name = "EmptyFileError";
}

class UnreadableFileError extends Error {
  override readonly name = "UnreadableFileError";
}

async function readable<Result>(reading: Promise<Result>): Promise<Result> {
  try {
    return await reading;
  } catch (cause) {
    throw new UnreadableFileError("The file can't be read.", { cause });
  }
}

/** What the server says was typed about a video that it gives up. */
function typed({ extra: { title, description, visibility } }: ApiError): Partial<Details> {
  return { title, description, visibility } as Details;
}

function reason(error: unknown, whole: boolean): string {
  if (error instanceof EmptyFileError) return t`This file is empty: there is nothing to upload.`;
  if (error instanceof UnreadableFileError)
    return t`The file can't be read any more. Was it moved, changed or deleted?`;
  if (error instanceof PartRefusedError)
    return error.status === 0
      ? t`The connection kept breaking. What has arrived is kept: try again to continue.`
      : t`The storage refused part of the file. What has arrived is kept: try again to continue.`;
  if (whole && isPassing(error))
    return t`All of it has arrived. It is finished by itself within the hour, or try again now.`;
  if (error instanceof ApiError && error.status === 404)
    return t`This upload is no longer there. Try again to start it anew.`;
  return sentenceOf(error);
}
