/** What a share link shows to whoever holds it: one video, and nothing else of the drive. */
import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Download } from "lucide-react";
import type { ReactNode } from "react";
import { useLocation } from "react-router";
import { ApiError } from "@/lib/api-error";
import type { SharedVideo } from "@/lib/models";
import { keys } from "@/lib/query";
import { Button } from "@/ui/button";
import { FetchingDog } from "@/ui/characters";
import { EmptyState, usePageTitle } from "@/ui/page";
import { Unreadable } from "@/ui/unreadable";
import { tokenOf } from "./address";
import { PasscodeForm } from "./passcode-form";
import { isGone, renewShared, sharingQueries, useSharedDownload } from "./queries";

interface Showing {
  /** Undefined while it is on its way. */
  video: SharedVideo | undefined;
  askGrant: () => Promise<{ expires_in: number }>;
  onLost: () => Promise<void>;
  /** What stands below the player. */
  children: ReactNode;
}

interface Props {
  renderPlayer: (showing: Showing) => ReactNode;
}

export function SharedPage({ renderPlayer }: Props) {
  const token = tokenOf(useLocation().hash);
  return (
    <>
      <meta name="robots" content="noindex" />
      {token ? <Opened key={token} token={token} renderPlayer={renderPlayer} /> : <Incomplete />}
    </>
  );
}

function Opened({ token, renderPlayer }: Props & { token: string }) {
  const client = useQueryClient();
  const shared = useQuery(sharingQueries.shared(token));
  const { data: video, error } = shared;
  const closed = error !== null && (!video || isGone(error) || asksPasscode(error));
  usePageTitle(video && !closed ? video.title : t`Shared video`);
  if (asksPasscode(error)) return <PasscodeForm token={token} />;
  if (closed) return <Closed error={error} wasThere={Boolean(video)} onRetry={() => void shared.refetch()} />;
  return renderPlayer({
    video,
    askGrant: () => renewShared(token, video?.viewing ?? ""),
    onLost: () => client.invalidateQueries({ queryKey: keys.shared(token) }),
    children: video ? <About token={token} video={video} /> : <AboutSkeleton />,
  });
}

function asksPasscode(error: Error | null): boolean {
  return error instanceof ApiError && error.code === "passcode_needed";
}

function About({ token, video }: { token: string; video: SharedVideo }) {
  const download = useSharedDownload(token);
  return (
    <>
      <div className="flex flex-wrap items-start justify-between gap-x-4 gap-y-2">
        <h1 dir="auto" className="min-w-0 grow basis-60 break-words font-bold text-xl sm:text-2xl">
          {video.title}
        </h1>
        {video.may_download && (
          <Button
            icon={Download}
            onPress={() => download.mutate(video.viewing)}
            isPending={download.isPending}
          >
            {t`Download original`}
          </Button>
        )}
      </div>
      <p className="mt-1.5 text-muted text-sm">
        <Trans>
          Shared by <bdi className="font-semibold text-ink">{video.owner_name}</bdi>
        </Trans>
      </p>
      {video.description && (
        <section aria-label={t`Description`} className="mt-4 rounded-2xl bg-sunken px-4 py-3.5">
          <p dir="auto" className="whitespace-pre-wrap break-words">
            {video.description}
          </p>
        </section>
      )}
    </>
  );
}

function AboutSkeleton() {
  return (
    <div aria-busy="true" className="flex flex-col gap-2.5">
      <span className="sr-only">{t`Loading the video`}</span>
      <div className="skeleton h-7 w-3/5" />
      <div className="skeleton h-4 w-2/5" />
    </div>
  );
}

/** Whatever the reason, the server gives one answer: nobody learns which links there were. */
function Closed({ error, wasThere, onRetry }: { error: Error; wasThere: boolean; onRetry: () => void }) {
  if (!isGone(error))
    return (
      <Unreadable isPage title={t`This video can't be shown right now`} error={error} onRetry={onRetry} />
    );
  return (
    <EmptyState
      isPage
      picture={<FetchingDog />}
      title={wasThere ? t`This link has just ended` : t`This link shows nothing`}
      action={<Button onPress={onRetry}>{t`Try again`}</Button>}
    >
      {wasThere
        ? t`Whoever gave it to you has taken it back, or its time is over. Ask them for a new one.`
        : t`It may have ended, have been taken back or been opened as often as it may, or its video isn't ready yet. Ask the person who gave it to you.`}
    </EmptyState>
  );
}

function Incomplete() {
  usePageTitle(t`Shared video`);
  return (
    <EmptyState isPage picture={<FetchingDog />} title={t`This link isn't complete`}>
      {t`Its end is missing. Open it again where you got it, or copy all of it.`}
    </EmptyState>
  );
}
