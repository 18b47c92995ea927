/** Mounted once for the signed-in person: brings every change to every list, and says when it can't. */
import { t } from "@lingui/core/macro";
import { type QueryClient, queryOptions, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api, unwrap } from "@/lib/api";
import type { LiveEvent } from "@/lib/models";
import { keys } from "@/lib/query";
import type { SentBytes } from "@/lib/upload/types";
import { applyVideo, forgetVideo, lacksPicture, lostPicture, refetchEverything } from "@/lib/video-cache";
import { toast } from "@/ui/toast";
import { LiveConnection, type LiveStatus } from "./live-connection";
import { Replay } from "./replay";

/** Short cuts heal before anyone could read about them. */
const SAY_AFTER_MS = 3_000;

const ticketQuery = queryOptions({
  queryKey: keys.liveTicket,
  queryFn: async () => (await unwrap(api.POST("/api/live/ticket"))).ticket,
  retry: false,
  staleTime: 0,
  gcTime: 0,
});

interface Props {
  /** Calls back with what this page is sending, whenever that moves; answers how to stop it. */
  sending: (tell: (sent: SentBytes) => void) => () => void;
  onSent: (sent: SentBytes) => void;
}

export function LiveUpdates({ sending, onSent }: Props) {
  const client = useQueryClient();
  const [status, setStatus] = useState<LiveStatus>("connecting");

  useEffect(() => {
    const replay = new Replay(client, (events) => {
      for (const event of events) apply(client, event);
    });
    const connection = new LiveConnection({
      // Through the query client, which hears there of a session that has ended.
      ticket: () => client.fetchQuery(ticketQuery),
      events: (after) =>
        unwrap(api.GET("/api/events", after === null ? {} : { params: { query: { after } } })),
      open: (ticket) => {
        const url = new URL("/live", location.href);
        url.protocol = url.protocol.replace("http", "ws");
        url.searchParams.set("ticket", ticket);
        return new WebSocket(url);
      },
      apply: (events) => {
        replay.told(events);
        for (const event of events) {
          if (event.video && lostPicture(client, event.video)) sayLost();
          apply(client, event);
          if (lacksPicture(client, event.video_id)) void fetchPicture(client, event.video_id);
        }
      },
      reset: () => void refetchEverything(client),
      onStatus: setStatus,
      onSent,
    });
    const stopTelling = sending((sent) => connection.tell(sent));
    const nudge = () => document.visibilityState === "visible" && connection.nudge();
    const cut = () => connection.cut();
    connection.start();
    addEventListener("online", nudge);
    addEventListener("offline", cut);
    addEventListener("pageshow", nudge);
    document.addEventListener("visibilitychange", nudge);
    return () => {
      removeEventListener("online", nudge);
      removeEventListener("offline", cut);
      removeEventListener("pageshow", nudge);
      document.removeEventListener("visibilitychange", nudge);
      stopTelling();
      connection.stop();
      replay.stop();
    };
  }, [client, sending, onSent]);

  const away = useLasting(status === "reconnecting", SAY_AFTER_MS);
  return (
    <p role="status" className="contents">
      {away && (
        <span className="fixed top-16 left-1/2 z-30 -translate-x-1/2 animate-fade rounded-full border border-line bg-raised px-3.5 py-1 font-medium text-muted text-xs shadow-card">
          {t`Reconnecting… What you see may be a moment old.`}
        </span>
      )}
    </p>
  );
}

function sayLost(): void {
  toast(t`The picture could not be made. The video keeps the one it has: try another moment.`, {
    tone: "bad",
  });
}

function apply(client: QueryClient, { kind, video, video_id }: LiveEvent): void {
  if (kind === "video.removed" || !video) forgetVideo(client, video_id);
  else applyVideo(client, video);
}

/** Events carry no signed addresses. Without the picture the row still says all there is to know. */
async function fetchPicture(client: QueryClient, video_id: string): Promise<void> {
  const video = await unwrap(api.GET("/api/videos/{video_id}", { params: { path: { video_id } } })).catch(
    () => null,
  );
  if (video) applyVideo(client, video);
}

function useLasting(on: boolean, milliseconds: number): boolean {
  const [lasting, setLasting] = useState(false);
  useEffect(() => {
    if (!on) return setLasting(false);
    const timer = setTimeout(() => setLasting(true), milliseconds);
    return () => clearTimeout(timer);
  }, [on, milliseconds]);
  return lasting;
}
