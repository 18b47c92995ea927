/** The upload engine against an S3 that cuts, delays and refuses. */
import { describe, expect, it, vi } from "vitest";
import { ApiError } from "@/lib/api-error";
import type { Upload, Video } from "@/lib/models";
import { FakeMemory, FakeStage } from "@/testing/fake-stage";
import { joinedChecksum } from "./checksum";
import { UploadEngine, type UploadEngineParts, WrongFileError } from "./engine";
import type { Network, UploadPhase, UploadProgress } from "./types";

/** A checksum of sorts: the engine only carries it. */
function checksumOf(text: string): bigint {
  return [...text].reduce((sum, letter) => (sum * 31n + BigInt(letter.charCodeAt(0))) % 2n ** 64n, 7n);
}

function wholeOf(text: string): string {
  const parts = text.match(/.{1,4}/gs) ?? [];
  return joinedChecksum(parts.map((part) => ({ checksum: checksumOf(part), bytes: part.length })));
}

/** A busy machine may take its time: only what never happens fails. */
const PATIENT = { interval: 2, timeout: 20_000 };
vi.setConfig({ testTimeout: 30_000 });

const TEXT = "The quick brown fox jumps over the lazy dog, twice.";

function file(text = TEXT, name = "fox.mp4"): File {
  return new File([text], name);
}

class FakeNetwork implements Network {
  up = true;
  #waiting: (() => void)[] = [];

  isOnline(): boolean {
    return this.up;
  }

  online(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  comeBack(): void {
    this.up = true;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

function setUp(stage = new FakeStage(), parts: Partial<UploadEngineParts> = {}) {
  const memory = new FakeMemory();
  const network = new FakeNetwork();
  const finished: Video[] = [];
  const engine = new UploadEngine({
    server: stage,
    sendPart: stage.sendPart,
    memory,
    network,
    fingerprint: async (blob) => `print of ${await blob.text()}`,
    checksum: async (part) => checksumOf(await part.text()),
    onStarted: () => undefined,
    onFinished: (video) => finished.push(video),
    backoff: () => 0,
    ...parts,
  });
  const view = (key: string): UploadProgress => {
    const found = engine.snapshot().find((upload) => upload.key === key);
    if (!found) throw new Error(`no upload ${key}`);
    return found;
  };
  const reaches = (key: string, phase: UploadPhase) =>
    vi.waitFor(() => expect(view(key).phase).toBe(phase), PATIENT);
  return { stage, memory, network, engine, finished, view, reaches };
}

/** Lets the server keep a new upload and its answer back; returns what lets the answer go. */
function answersLate(stage: FakeStage): () => void {
  let answer = () => {};
  const create = stage.create.bind(stage);
  stage.create = async (body) => {
    const upload = await create(body);
    await new Promise<void>((resolve) => {
      answer = resolve;
    });
    return upload;
  };
  return () => answer();
}

describe("an upload", () => {
  it("arrives whole, in the right order", async () => {
    const { stage, engine, finished, reaches, view } = setUp();
    const key = engine.add(file());
    await reaches(key, "done");
    expect(stage.content("video-1")).toBe(TEXT);
    expect(finished.map(({ id }) => id)).toEqual(["video-1"]);
    expect(view(key).sent).toBe(TEXT.length);
  });

  it("survives cut connections and a storage that has a bad moment", async () => {
    const { stage, engine, reaches } = setUp();
    stage.fault = (number, attempt) => {
      if (number % 3 === 0 && attempt <= 3) return "cut";
      if (number % 4 === 0 && attempt <= 2) return 503;
      return undefined;
    };
    await reaches(engine.add(file()), "done");
    expect(stage.content("video-1")).toBe(TEXT);
  });

  it("gets a new address when S3 refuses the old one", async () => {
    const { stage, engine, reaches } = setUp();
    stage.fault = (number, attempt) => (number === 2 && attempt === 1 ? 403 : undefined);
    await reaches(engine.add(file()), "done");
    expect(stage.content("video-1")).toBe(TEXT);
    expect(stage.signed.filter((numbers) => numbers.includes(2))).toHaveLength(2);
  });

  it("signs in small batches, never all at once", async () => {
    const { stage, engine, reaches } = setUp();
    await reaches(engine.add(file("x".repeat(120))), "done");
    expect(stage.signed.length).toBeGreaterThan(2);
    expect(Math.max(...stage.signed.map(({ length }) => length))).toBeLessThanOrEqual(8);
    expect(stage.signed.flat()).toHaveLength(30);
  });

  it("gives up after many tries, says so, and goes on where it was when asked again", async () => {
    const { stage, engine, reaches, view } = setUp();
    let broken = true;
    stage.fault = (number) => (broken && number === 5 ? "cut" : undefined);
    const key = engine.add(file());
    await reaches(key, "failed");
    expect(view(key).error).toContain("What has arrived is kept");
    broken = false;
    const before = stage.puts.length;
    const missing = 13 - (stage.bytes.get("video-1")?.size ?? 0);
    engine.retry(key);
    await reaches(key, "done");
    expect(stage.puts.length - before).toBe(missing);
    expect(stage.content("video-1")).toBe(TEXT);
  });

  it("does not repeat a request that can't succeed", async () => {
    const { stage, engine, reaches } = setUp();
    stage.fault = (number) => (number === 1 ? 400 : undefined);
    await reaches(engine.add(file("abcd")), "failed");
    expect(stage.puts).toEqual([1]);
  });

  it("waits while offline instead of failing", async () => {
    const { stage, network, engine, reaches } = setUp();
    stage.fault = () => (network.up ? undefined : "cut");
    network.up = false;
    const key = engine.add(file());
    await reaches(key, "offline");
    network.comeBack();
    await reaches(key, "done");
    expect(stage.content("video-1")).toBe(TEXT);
  });

  it("asks our own server again when it stumbles", async () => {
    const { stage, engine, reaches } = setUp();
    let stumbles = 3;
    stage.answer = async (body) => {
      if (stumbles > 0) {
        stumbles -= 1;
        throw new ApiError(502, "http_502", "Bad gateway");
      }
      return body;
    };
    await reaches(engine.add(file()), "done");
  });

  it("shows the server's own words when it is refused", async () => {
    const { stage, engine, reaches, view } = setUp();
    stage.answer = () => Promise.reject(new ApiError(409, "quota_exceeded", "Your drive is full."));
    const key = engine.add(file());
    await reaches(key, "failed");
    expect(view(key).error).toBe("Your drive is full.");
  });

  it("refuses an empty file without asking anyone", async () => {
    const { stage, engine, reaches, view } = setUp();
    const key = engine.add(file(""));
    await reaches(key, "failed");
    expect(view(key).error).toContain("empty");
    expect(stage.uploads.size).toBe(0);
  });

  it("sends again what S3 lost before the end", async () => {
    const { stage, engine, reaches } = setUp();
    const complete = stage.complete.bind(stage);
    let lost = false;
    stage.complete = async (videoId, checksum) => {
      if (!lost) {
        lost = true;
        stage.bytes.get(videoId)?.delete(3);
      }
      return complete(videoId, checksum);
    };
    await reaches(engine.add(file()), "done");
    expect(stage.content("video-1")).toBe(TEXT);
  });
});

describe("many uploads", () => {
  it("share four parts of at most two files", async () => {
    const { stage, engine, reaches } = setUp();
    let release = () => {};
    stage.hold = new Promise((resolve) => {
      release = resolve;
    });
    const keys = ["a", "b", "c"].map((name) => engine.add(file(name + TEXT, `${name}.mp4`)));
    await vi.waitFor(() => expect(stage.inFlight).toBe(4), PATIENT);
    release();
    for (const key of keys) await reaches(key, "done");
    expect(stage.mostInFlight).toBe(4);
    expect(stage.mostFiles).toBeLessThanOrEqual(2);
    expect([1, 2, 3].map((n) => stage.content(`video-${n}`)).sort()).toEqual(
      ["a", "b", "c"].map((name) => name + TEXT),
    );
  });

  it("go on when one of them fails", async () => {
    const { stage, engine, reaches } = setUp();
    const create = stage.create.bind(stage);
    stage.create = (body) =>
      body.file_name === "bad.mp4"
        ? Promise.reject(new ApiError(413, "file_too_large", "Too large."))
        : create(body);
    const bad = engine.add(file("bad", "bad.mp4"));
    const good = engine.add(file());
    await reaches(bad, "failed");
    await reaches(good, "done");
  });
});

const MIB = 1024 ** 2;

describe("a big file", () => {
  it("leaves room for small ones that come later", async () => {
    const { stage, engine, reaches, view } = setUp(new FakeStage(), {
      fingerprint: async (named) => (named as File).name,
    });
    stage.partSize = MIB;
    const large = (name: string) =>
      ({ name, size: 48 * MIB, lastModified: 0, slice: () => new Blob([name]) }) as unknown as File;
    let release = () => {};
    stage.hold = new Promise((resolve) => {
      release = resolve;
    });
    const big = ["1", "2"].map((mark) => engine.add(large(`${mark}.mp4`)));
    await vi.waitFor(() => expect(stage.inFlight).toBe(4), PATIENT);
    const small = engine.add(file("small", "small.mp4"));
    await vi.waitFor(() => expect(view(small).phase).toBe("uploading"), PATIENT);
    release();
    await reaches(small, "done");
    expect(stage.order.indexOf(view(small).videoId ?? "")).toBeLessThan(12);
    for (const key of big) await reaches(key, "done");
    expect(stage.order).toHaveLength(48 + 48 + 1);
  });

  it("of 20 GB is never held in memory, only named part by part", async () => {
    const size = 20 * 1000 ** 3;
    const sizes: number[] = [];
    const slice = (start = 0, end = size) => {
      sizes.push(end - start);
      return { size: end - start } as Blob;
    };
    const refuse = () => Promise.reject(new Error("nobody reads it whole"));
    const huge = { name: "huge.mov", size, lastModified: 0, slice, text: refuse, arrayBuffer: refuse };
    const stage = new FakeStage();
    stage.partSize = 8 * MIB;
    let flying = 0;
    let most = 0;
    const { engine, reaches } = setUp(stage, {
      fingerprint: async () => "huge",
      checksum: async () => 0n,
      sendPart: async (url, part, { onProgress }) => {
        flying += part.size;
        most = Math.max(most, flying);
        onProgress(part.size / 2);
        stage.bytes.get("video-1")?.set(Number(new URL(url).searchParams.get("part")), "");
        await Promise.resolve();
        flying -= part.size;
      },
    });
    await reaches(engine.add(huge as unknown as File), "done");
    expect(new Set(sizes).size).toBe(2);
    expect(Math.max(...sizes)).toBe(8 * MIB);
    expect(most).toBeLessThanOrEqual(4 * 8 * MIB);
  });
});

describe("pausing", () => {
  it("stops at once, keeps what has arrived, and goes on with the rest", async () => {
    const stage = new FakeStage();
    let tried = 0;
    const { engine, reaches, view } = setUp(stage, {
      sendPart: (url, part, options) => {
        tried += 1;
        if (tried === 7) stage.hold = new Promise(() => {});
        return stage.sendPart(url, part, options);
      },
    });
    const key = engine.add(file());
    await vi.waitFor(() => expect(tried).toBeGreaterThanOrEqual(7), PATIENT);
    await vi.waitFor(() => expect(stage.inFlight).toBe(4), PATIENT);
    engine.pause(key);
    await vi.waitFor(() => expect(stage.inFlight).toBe(0), PATIENT);
    const arrived = stage.bytes.get("video-1")?.size ?? 0;
    expect(arrived).toBeGreaterThan(0);
    expect(view(key)).toMatchObject({ phase: "paused", sent: arrived * stage.partSize });
    stage.hold = Promise.resolve();
    stage.puts.length = 0;
    engine.continue(key);
    await reaches(key, "done");
    expect(stage.puts).toHaveLength(13 - arrived);
    expect(stage.content("video-1")).toBe(TEXT);
  });

  it("of all makes room for none, and continuing lets them go on in turn", async () => {
    const { stage, engine, reaches, view } = setUp();
    stage.hold = new Promise(() => {});
    const keys = ["a", "b", "c"].map((name) => engine.add(file(name + TEXT, `${name}.mp4`)));
    await vi.waitFor(() => expect(stage.inFlight).toBe(4), PATIENT);
    engine.pauseAll();
    await vi.waitFor(() => expect(stage.inFlight).toBe(0), PATIENT);
    expect(keys.map((key) => view(key).phase)).toEqual(["paused", "paused", "paused"]);
    stage.hold = Promise.resolve();
    engine.continueAll();
    for (const key of keys) await reaches(key, "done");
    expect(stage.aborted).toEqual([]);
  });

  it("while the server is still answering loses nothing and begins nothing twice", async () => {
    const { stage, engine, reaches } = setUp();
    const answer = answersLate(stage);
    const key = engine.add(file());
    await vi.waitFor(() => expect(stage.uploads.size).toBe(1), PATIENT);
    engine.pause(key);
    answer();
    engine.continue(key);
    await reaches(key, "done");
    expect(stage.bytes.size).toBe(1);
    expect(stage.aborted).toEqual([]);
  });

  it("sends nothing by an address that comes after it, and stays paused", async () => {
    const { stage, engine, reaches, view } = setUp();
    const sign = stage.sign.bind(stage);
    let answer: (() => void) | undefined;
    stage.sign = async (...asked) => {
      const signed = await sign(...asked);
      await new Promise<void>((resolve) => {
        answer = resolve;
      });
      return signed;
    };
    const key = engine.add(file("abcd"));
    await vi.waitFor(() => expect(answer).toBeDefined(), PATIENT);
    engine.pause(key);
    answer?.();
    stage.sign = sign;
    await new Promise((resolve) => setTimeout(resolve));
    expect([view(key).phase, stage.puts]).toEqual(["paused", []]);
    engine.continue(key);
    await reaches(key, "done");
    expect(stage.puts).toEqual([1]);
  });
});

describe("what has arrived", () => {
  it("is held against what was read on the way", async () => {
    const stage = new FakeStage();
    stage.checksum = (id) => wholeOf(stage.content(id));
    const { engine, reaches } = setUp(stage);
    await reaches(engine.add(file()), "done");
    expect(stage.checksums).toEqual([wholeOf(TEXT)]);
  });

  it("fails when it is not what was sent, and a retry sends all of it anew", async () => {
    const stage = new FakeStage();
    stage.checksum = (id) => (id === "video-1" ? "AAAAAAAAAAA=" : wholeOf(stage.content(id)));
    const { engine, memory, reaches, view } = setUp(stage);
    const key = engine.add(file());
    await reaches(key, "failed");
    expect(view(key)).toMatchObject({ error: expect.stringContaining("did not arrive"), sent: 0 });
    expect(memory.entries.size).toBe(0);
    stage.puts.length = 0;
    engine.retry(key);
    await reaches(key, "done");
    expect(stage.puts).toHaveLength(13);
    expect(stage.content("video-2")).toBe(TEXT);
  });

  it("fails without losing what was typed about it meanwhile", async () => {
    const stage = new FakeStage();
    stage.checksum = (id) => (id === "video-1" ? "AAAAAAAAAAA=" : wholeOf(stage.content(id)));
    const { engine, reaches } = setUp(stage);
    const typed = { title: "Our wedding", description: "In May.", visibility: "unlisted" } as const;
    stage.details.set("video-1", typed);
    const key = engine.add(file());
    await reaches(key, "failed");
    engine.retry(key);
    await reaches(key, "done");
    expect(stage.details.get("video-2")).toEqual(typed);
  });

  it("is not compared where nothing could be computed", async () => {
    const stage = new FakeStage();
    const { engine, reaches } = setUp(stage, { checksum: async () => null });
    await reaches(engine.add(file()), "done");
    expect(stage.checksums).toEqual([null]);
  });
});

describe("the last step", () => {
  const details = { title: "", description: "", visibility: "private" } as const;
  const NEW = { file_name: "a", size: 4, fingerprint: "a", again: false, ...details };

  /** Refuses to complete as many times, then does what was asked. */
  function completesLate(
    stage: FakeStage,
    times: number,
    refusal: ApiError,
    before: () => unknown = () => {},
  ) {
    const complete = stage.complete.bind(stage);
    const asked: (string | null)[] = [];
    stage.complete = async (videoId, checksum) => {
      asked.push(checksum);
      if (asked.length > times) return complete(videoId, checksum);
      before();
      throw refusal;
    };
    return asked;
  }

  it.each([
    ["the storage still joins the parts", new ApiError(409, "still_joining", "Ask again in a moment.")],
    ["a gateway on the way has no patience", new ApiError(504, "http_504", "Gateway timeout")],
  ])("is asked for as long as %s, and nothing is sent again", async (_, refusal) => {
    const { stage, engine, finished, reaches, view } = setUp();
    const shown = new Set<UploadPhase>();
    const asked = completesLate(stage, 40, refusal, () => shown.add(view(key).phase));
    const key = engine.add(file());
    await reaches(key, "done");
    expect([...shown]).toEqual(["finishing"]);
    expect(new Set(asked)).toEqual(new Set([wholeOf(TEXT)]));
    expect(stage.puts).toHaveLength(13);
    expect([...stage.bytes.keys()]).toEqual(["video-1"]);
    expect(finished).toHaveLength(1);
  });

  it("is patient for an upload that needs no file any more, too", async () => {
    const { stage, engine, finished } = setUp();
    const { video_id } = await stage.create(NEW);
    stage.bytes.get(video_id)?.set(1, "abcd");
    completesLate(stage, 3, new ApiError(409, "still_joining", "Ask again in a moment."));
    await engine.finish(video_id);
    expect(finished).toHaveLength(1);
  });

  it("says that all of it has arrived when nobody answers, and asks for the same video again", async () => {
    const { stage, engine, reaches, view } = setUp();
    completesLate(stage, 8, new ApiError(500, "internal", "Something went wrong on our side."));
    const key = engine.add(file());
    await reaches(key, "failed");
    expect(view(key).error).toContain("All of it has arrived. It is finished by itself");
    engine.retry(key);
    await reaches(key, "done");
    expect(stage.puts).toHaveLength(13);
    expect(stage.bytes.size).toBe(1);
  });

  it("may have been taken by the drive itself before it is tried again", async () => {
    const { stage, engine, finished, reaches, view } = setUp();
    completesLate(stage, 8, new ApiError(500, "internal", "Something went wrong on our side."), () =>
      stage.uploads.delete("video-1"),
    );
    const key = engine.add(file());
    await reaches(key, "failed");
    stage.complete = async (id) => ({ id, state: "processing" }) as Video;
    engine.retry(key);
    await reaches(key, "done");
    expect(view(key).videoId).toBe("video-1");
    expect(finished.map(({ state }) => state)).toEqual(["processing"]);
    expect(stage.bytes.size).toBe(1);
  });
});

describe("a file that the drive has already", () => {
  async function again() {
    const all = setUp();
    await all.reaches(all.engine.add(file()), "done");
    const key = all.engine.add(file(TEXT, "copy.mp4"));
    await all.reaches(key, "duplicate");
    return { ...all, key };
  }

  it("is pointed out before a byte is sent, and sent if it is wanted all the same", async () => {
    const { stage, engine, key, reaches, view } = await again();
    expect(view(key).error).toContain("already");
    expect(stage.puts).toHaveLength(13);
    engine.sendAgain(key);
    await reaches(key, "done");
    expect(stage.content("video-2")).toBe(TEXT);
  });

  it("can be left out", async () => {
    const { stage, engine, key } = await again();
    await engine.cancel(key);
    engine.dismiss(key);
    expect(engine.snapshot()).toHaveLength(1);
    expect(stage.aborted).toEqual([]);
  });
});

describe("cancelling", () => {
  it("stops at once and takes the parts off S3", async () => {
    const { stage, memory, engine, view } = setUp();
    stage.hold = new Promise(() => {});
    const key = engine.add(file());
    await vi.waitFor(() => expect(stage.inFlight).toBe(4), PATIENT);
    await engine.cancel(key);
    expect(view(key).phase).toBe("cancelled");
    expect(stage.aborted).toEqual(["video-1"]);
    expect(memory.entries.size).toBe(0);
    await vi.waitFor(() => expect(stage.inFlight).toBe(0), PATIENT);
  });

  it("leaves nothing behind even while the server is still answering", async () => {
    const { stage, memory, engine } = setUp();
    const answer = answersLate(stage);
    const key = engine.add(file());
    await vi.waitFor(() => expect(stage.uploads.size).toBe(1), PATIENT);
    await engine.cancel(key);
    answer();
    await engine.settled(key);
    expect(stage.aborted).toEqual(["video-1"]);
    expect(memory.entries.size).toBe(0);
  });

  it("remembers what the server could not take away, and forgets what was gone already", async () => {
    const { stage, memory, engine } = setUp();
    stage.hold = new Promise(() => {});
    const key = engine.add(file());
    await vi.waitFor(() => expect(stage.inFlight).toBe(4), PATIENT);
    const refused = vi.spyOn(stage, "abort").mockRejectedValueOnce(new ApiError(500, "internal", "No."));
    await expect(engine.cancel(key)).rejects.toThrow("No.");
    expect([...memory.entries.keys()]).toEqual(["video-1"]);
    refused.mockRejectedValueOnce(new ApiError(404, "not_found", "Gone."));
    await engine.discard("video-1");
    expect(memory.entries.size).toBe(0);
  });

  it("makes room for the next file", async () => {
    const { stage, engine, reaches } = setUp();
    let release = () => {};
    stage.hold = new Promise((resolve) => {
      release = resolve;
    });
    const [first, second, third] = ["a", "b", "c"].map((name) => engine.add(file(name, name)));
    await vi.waitFor(() => expect(stage.inFlight).toBe(2), PATIENT);
    await engine.cancel(first ?? "");
    await vi.waitFor(() => expect(stage.uploads.size).toBe(2), PATIENT);
    release();
    await reaches(second ?? "", "done");
    await reaches(third ?? "", "done");
  });
});

describe("resuming", () => {
  function remembered({ video_id, fingerprint, file_name, size_bytes }: Upload) {
    return { video_id, fingerprint, file_name, size: size_bytes };
  }

  async function interrupted() {
    const first = setUp();
    first.stage.fault = (number) => (number > 6 ? "cut" : undefined);
    await first.reaches(first.engine.add(file()), "failed");
    first.stage.fault = () => undefined;
    first.stage.puts.length = 0;
    const stored = first.stage.bytes.get("video-1")?.size ?? 0;
    // A new page: the same server, an empty engine.
    return { ...setUp(first.stage), stored };
  }

  it("sends only what is missing when the same file is chosen again, and reads all of it", async () => {
    const { stage, stored, engine, reaches } = await interrupted();
    stage.checksum = (id) => wholeOf(stage.content(id));
    const [upload] = await stage.unfinished();
    if (!upload) throw new Error("nothing to resume");
    await reaches(await engine.resume(upload, file()), "done");
    expect(stage.puts).toHaveLength(13 - stored);
    expect(stage.content("video-1")).toBe(TEXT);
  });

  it("recognises the file when it is simply added again", async () => {
    const { stage, stored, engine, reaches } = await interrupted();
    await reaches(engine.add(file(TEXT, "renamed.mp4")), "done");
    expect(stage.puts).toHaveLength(13 - stored);
    expect(stage.bytes.size).toBe(1);
  });

  it("refuses another file", async () => {
    const { stage, engine } = await interrupted();
    const [upload] = await stage.unfinished();
    if (!upload) throw new Error("nothing to resume");
    await expect(engine.resume(upload, file(TEXT.toUpperCase()))).rejects.toBeInstanceOf(WrongFileError);
  });

  it("refuses the very same file when it was changed meanwhile, but not a copy of it", async () => {
    const { stage, memory, engine, reaches } = await interrupted();
    const [upload] = await stage.unfinished();
    if (!upload) throw new Error("nothing to resume");
    const handle = (name: string) =>
      ({ name, isSameEntry: async (other) => other.name === name }) as FileSystemFileHandle;
    memory.entries.set("video-1", { ...remembered(upload), last_modified: 1, handle: handle("fox") });
    const changed = new File([TEXT], "fox.mp4", { lastModified: 2 });
    await expect(engine.resume(upload, changed, handle("fox"))).rejects.toThrow("was changed");
    await reaches(await engine.resume(upload, changed, handle("copy")), "done");
    expect(stage.content("video-1")).toBe(TEXT);
  });

  it("finishes without the file what lacks no part any more", async () => {
    const { stage, memory, engine, finished } = await interrupted();
    for (const number of [7, 8, 9, 10, 11, 12, 13]) stage.bytes.get("video-1")?.set(number, "here");
    await engine.finish("video-1");
    expect(finished.map(({ id }) => id)).toEqual(["video-1"]);
    expect(memory.entries.size).toBe(0);
  });

  it("starts anew when the server has forgotten the upload", async () => {
    const { stage, engine, reaches, view } = setUp();
    stage.fault = (number) => (number === 9 ? "cut" : undefined);
    const key = engine.add(file());
    await reaches(key, "failed");
    stage.fault = () => undefined;
    stage.uploads.delete("video-1");
    engine.retry(key);
    await reaches(key, "failed");
    expect(view(key).error).toContain("no longer there");
    engine.retry(key);
    await reaches(key, "done");
  });

  it("remembers the upload until it is done", async () => {
    const { stage, memory, engine, reaches } = setUp();
    stage.fault = (number) => (number === 2 ? 400 : undefined);
    const key = engine.add(file());
    await reaches(key, "failed");
    expect([...memory.entries.keys()]).toEqual(["video-1"]);
    stage.fault = () => undefined;
    engine.retry(key);
    await reaches(key, "done");
    expect(memory.entries.size).toBe(0);
  });
});

it("tells progress that never runs backwards", async () => {
  const { stage, engine, reaches, view } = setUp();
  stage.fault = (number, attempt) => (number % 2 === 0 && attempt === 1 ? "cut" : undefined);
  const seen: number[] = [];
  const key = engine.add(file());
  const stop = engine.subscribe(() => seen.push(view(key).sent));
  await reaches(key, "done");
  stop();
  expect(seen).toEqual([...seen].sort((one, other) => one - other));
});
