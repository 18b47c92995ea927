/** What is known of one video: what was sent, what was found in it, and what was made of it. */
import { t } from "@lingui/core/macro";
import { useQuery } from "@tanstack/react-query";
import { Download } from "lucide-react";
import type { ReactNode } from "react";
import * as format from "@/lib/format";
import type { Video, VideoDetails } from "@/lib/models";
import { Button } from "@/ui/button";
import { Dialog, DialogActions } from "@/ui/dialog";
import { FormProblem } from "@/ui/field";
import { libraryQueries, useDownload } from "./queries";

export function DetailsDialog({ video, onClose }: { video: Video; onClose: () => void }) {
  const { data, error, isPending } = useQuery(libraryQueries.details(video.id));
  const download = useDownload();
  return (
    <Dialog title={video.title} isOpen onClose={onClose} wide>
      {error && <FormProblem>{error.message}</FormProblem>}
      <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-6 gap-y-2 text-sm">
        <Fact name={t`File`}>
          <bdi>{video.file_name}</bdi>
        </Fact>
        <Fact name={t`Original`}>{format.bytes(video.size_bytes)}</Fact>
        {video.stored_bytes > 0 && <Fact name={t`Renditions`}>{format.bytes(video.stored_bytes)}</Fact>}
        {video.duration_ms !== null && <Fact name={t`Length`}>{format.clock(video.duration_ms)}</Fact>}
        {data && <Found details={data} />}
        <Fact name={t`Uploaded`}>{format.date(video.created_at)}</Fact>
        {video.published_at && <Fact name={t`Published`}>{format.date(video.published_at)}</Fact>}
        {video.trash_at && <Fact name={t`To the trash`}>{format.date(video.trash_at)}</Fact>}
        <Fact name={t`Changed`}>{format.date(video.updated_at)}</Fact>
      </dl>
      {isPending && <div className="skeleton h-24" aria-hidden="true" />}
      {data && data.renditions.length > 0 && <Renditions details={data} />}
      {video.state !== "uploading" && (
        <DialogActions>
          <Button icon={Download} onPress={() => download.mutate(video)} isPending={download.isPending}>
            {t`Download original`}
          </Button>
        </DialogActions>
      )}
    </Dialog>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-muted">{name}</dt>
      <dd className="break-words">{children}</dd>
    </>
  );
}

function Found({ details }: { details: VideoDetails }) {
  const { video, fps, hdr, rotation, video_codec, audio_codec } = details;
  const picture = [
    video.width && video.height ? `\u2066${video.width} × ${video.height}\u2069` : null,
    fps && t`${frameRate(fps)} frames a second`,
    video_codec,
    hdr && "HDR",
    rotation ? t`turned by ${rotation}°` : null,
  ].filter(Boolean);
  return (
    <>
      {picture.length > 0 && <Fact name={t`Picture`}>{picture.join(" · ")}</Fact>}
      {video.state === "ready" && (
        <Fact name={t`Sound`}>{audio_codec ? <bdi>{audio_codec}</bdi> : t`None`}</Fact>
      )}
    </>
  );
}

function Renditions({ details }: { details: VideoDetails }) {
  return (
    <table className="w-full [&_th]:text-start text-sm tabular-nums">
      <caption className="pb-2 text-start font-semibold">{t`Qualities`}</caption>
      <thead className="text-muted text-xs">
        <tr>
          <th className="pb-1 font-semibold">{t`Picture`}</th>
          <th className="pb-1 font-semibold">{t`Size`}</th>
          <th className="pb-1 font-semibold">{t`Bandwidth`}</th>
          <th className="pb-1 font-semibold max-sm:hidden">{t`Codecs`}</th>
        </tr>
      </thead>
      <tbody>
        {details.renditions.map(({ width, height, bytes, bandwidth, codecs }) => (
          <tr key={height} className="border-line border-t">
            <td className="py-1.5">
              <bdi dir="ltr">
                {width} × {height}
              </bdi>
            </td>
            <td>{format.bytes(bytes)}</td>
            <td>{format.bitRate(bandwidth)}</td>
            <td className="break-words max-sm:hidden">
              <bdi dir="ltr">{codecs}</bdi>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** 30000/1001 is 29.97. */
function frameRate(fraction: string): string {
  const [over, under = 1] = fraction.split("/").map(Number);
  return format.number(Number(((over ?? 0) / under).toFixed(2)));
}
