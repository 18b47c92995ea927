/** This app's upload engine and the hooks that show it. */
import { type QueryClient, queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import {
  createContext,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useState,
  useSyncExternalStore,
} from "react";
import { api, done, unwrap } from "@/lib/api";
import { sentenceOf } from "@/lib/api-error";
import type { Upload } from "@/lib/models";
import { keys } from "@/lib/query";
import { refresh } from "@/lib/refresh";
import { partChecksum } from "@/lib/upload/checksum";
import { isMoving, UploadEngine } from "@/lib/upload/engine";
import { fingerprint } from "@/lib/upload/fingerprint";
import { browserMemory } from "@/lib/upload/memory";
import { bytesMissing } from "@/lib/upload/parts";
import { sendPart } from "@/lib/upload/send-part";
import type { Network, RememberedUpload, UploadProgress, UploadServer } from "@/lib/upload/types";
import { applyVideo, forgetVideo } from "@/lib/video-cache";
import { toast } from "@/ui/toast";
import { localFiles } from "./local-files";

const server: UploadServer = {
  create: (body) => unwrap(api.POST("/api/uploads", { body })),
  find: (id) => unwrap(api.GET("/api/uploads/{video_id}", { params: byId(id) })),
  sign: (id, numbers) =>
    unwrap(api.POST("/api/uploads/{video_id}/parts", { params: byId(id), body: { numbers } })),
  complete: (id, checksum) =>
    unwrap(api.POST("/api/uploads/{video_id}/complete", { params: byId(id), body: { checksum } })),
  abort: (id) => done(api.DELETE("/api/uploads/{video_id}", { params: byId(id) })),
};

function byId(video_id: string) {
  return { path: { video_id } };
}

const network: Network = {
  isOnline: () => navigator.onLine,
  online: (signal) =>
    new Promise((resolve, reject) => {
      if (navigator.onLine) return resolve();
      addEventListener("online", () => resolve(), { once: true, signal });
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    }),
};

export function createUploads(client: QueryClient): UploadEngine {
  return new UploadEngine({
    server,
    sendPart,
    network,
    fingerprint,
    checksum: partChecksum,
    memory: browserMemory,
    onStarted: ({ video_id }, file) => {
      void localFiles.keep(video_id, file);
      refresh(client, { queryKey: keys.videos });
      refresh(client, { queryKey: keys.uploads, exact: true });
    },
    onFinished: (video) => {
      applyVideo(client, video);
      refresh(client, { queryKey: keys.uploads, exact: true });
    },
  });
}

const EngineContext = createContext<UploadEngine | null>(null);
export const UploadsProvider = EngineContext.Provider;

export function useUploads(): UploadEngine {
  const engine = useContext(EngineContext);
  if (!engine) throw new Error("UploadsProvider is missing");
  return engine;
}

export function useUploadList(): readonly UploadProgress[] {
  const engine = useUploads();
  return useSyncExternalStore(engine.subscribe, engine.snapshot);
}

export const uploadQueries = {
  unfinished: () =>
    queryOptions({
      queryKey: keys.uploads,
      queryFn: async ({ signal }) => (await unwrap(api.GET("/api/uploads", { signal }))).items,
    }),
  one: (id: string) =>
    queryOptions({
      queryKey: keys.upload(id),
      queryFn: ({ signal }) => unwrap(api.GET("/api/uploads/{video_id}", { params: byId(id), signal })),
    }),
};

/** Begun earlier, here or on another device, and not one of those that this tab sends or is about to cancel. */
export function useUnfinished(): readonly Upload[] {
  const { data } = useQuery(uploadQueries.unfinished());
  const list = useUploadList();
  return useMemo(() => {
    const here = new Set(list.map(({ videoId }) => videoId));
    return (data ?? []).filter(({ video_id }) => !here.has(video_id));
  }, [data, list]);
}

const GOING_ON_MS = 3 * 60_000;

/** What the storage has of an unfinished upload, whichever device sent it; null until it said so. */
export function useArrived(videoId: string): { bytes: number; goesOn: boolean } | null {
  const { data } = useQuery({
    ...uploadQueries.one(videoId),
    staleTime: 0,
    // Only while something arrives: a database that nobody needs should fall asleep.
    refetchInterval: ({ state }) => (state.data && arrivesNow(state.data) ? 15_000 : false),
  });
  return data ? { bytes: data.size_bytes - bytesMissing(data), goesOn: arrivesNow(data) } : null;
}

function arrivesNow({ last_part_at }: Upload): boolean {
  return last_part_at !== null && Date.now() - Date.parse(last_part_at) < GOING_ON_MS;
}

/** Completes an upload that lacks no part any more: for that the file itself is not needed. */
export function useFinishUpload() {
  const engine = useUploads();
  return useMutation({ mutationFn: (videoId: string) => engine.finish(videoId) });
}

/** What this browser remembers of an upload: perhaps even the file itself. */
export function useRemembered(videoId: string): RememberedUpload | null {
  const [remembered, setRemembered] = useState<RememberedUpload | null>(null);
  useEffect(() => {
    let over = false;
    void browserMemory.all().then((all) => {
      if (!over) setRemembered(all.find((upload) => upload.video_id === videoId) ?? null);
    });
    return () => {
      over = true;
    };
  }, [videoId]);
  return remembered;
}

/** Ends an upload, whether it runs in this tab or not, and takes its video off the drive. */
export function useCancelUpload() {
  const engine = useUploads();
  const client = useQueryClient();
  return useCallback(
    async (videoId: string | null, key?: string): Promise<void> => {
      if (videoId) forgetVideo(client, videoId);
      try {
        if (key) await engine.cancel(key);
        else if (videoId) await engine.discard(videoId);
      } catch (error) {
        toast(sentenceOf(error), { tone: "bad" });
      } finally {
        // Dismissed once the list was fetched anew: until then its row would count as one to continue.
        if (key) await engine.settled(key);
        await client.invalidateQueries({ queryKey: keys.uploads, exact: true });
        if (key) engine.dismiss(key);
        await client.invalidateQueries({ queryKey: keys.videos });
      }
    },
    [engine, client],
  );
}

/** Leaving now would interrupt, and a sleeping screen would too. */
export function useStayAwake(): void {
  const busy = useUploadList().some(({ phase }) => isMoving(phase));
  useEffect(() => {
    if (!busy) return;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener("beforeunload", warn);
    let lock: WakeLockSentinel | null = null;
    const keep = async () => {
      // Refused on low battery or in a hidden tab: then the upload goes on as long as the device does.
      if (document.visibilityState === "visible")
        lock = (await navigator.wakeLock?.request("screen").catch(() => null)) ?? null;
    };
    void keep();
    document.addEventListener("visibilitychange", keep);
    return () => {
      removeEventListener("beforeunload", warn);
      document.removeEventListener("visibilitychange", keep);
      void lock?.release();
    };
  }, [busy]);
}
