/** Which picture stands for a video; chosen at once, apart from the text around it. */
import { t } from "@lingui/core/macro";
import { useQuery } from "@tanstack/react-query";
import { Check } from "lucide-react";
import { Label, Radio, RadioGroup, Text } from "react-aria-components/RadioGroup";
import * as format from "@/lib/format";
import type { Video } from "@/lib/models";
import { libraryQueries, useChoosePoster } from "./queries";

export function PosterChoice({ video }: { video: Video }) {
  const posters = useQuery({
    ...libraryQueries.posters(video.id, video.picture ?? null),
    enabled: video.picture != null,
    placeholderData: (before) => before,
  });
  const choose = useChoosePoster();
  const items = posters.data?.items ?? [];
  if (items.length === 0) return null;
  const chosen = (choose.isPending && choose.variables.change.at_ms) || posters.data?.chosen_ms;
  return (
    <RadioGroup
      name="poster"
      value={chosen == null ? null : String(chosen)}
      onChange={(at) => choose.mutate({ video, change: { at_ms: Number(at) } })}
      className="flex flex-col gap-1.5"
    >
      <Label className="font-semibold text-sm">{t`Picture`}</Label>
      <div className="grid grid-cols-3 gap-2">
        {items.map(({ at_ms, url }) => (
          <Radio
            key={at_ms}
            value={String(at_ms)}
            aria-label={t`The moment at ${format.spokenTime(at_ms / 1000)}`}
            className="group relative aspect-video cursor-pointer overflow-hidden rounded-xl bg-sunken ring-1 ring-line transition-shadow hover:ring-edge data-selected:ring-3 data-selected:ring-link"
          >
            <img src={url} alt="" className="size-full object-cover" />
            <span className="absolute end-1.5 bottom-1.5 rounded-md bg-black/80 px-1.5 py-0.5 font-semibold text-white text-xs tabular-nums">
              {format.clock(at_ms)}
            </span>
            <span className="absolute top-1.5 start-1.5 hidden size-5 place-items-center rounded-full bg-brand text-white group-data-selected:grid">
              <Check aria-hidden className="size-3.5" strokeWidth={3} />
            </span>
          </Radio>
        ))}
      </div>
      {video.state === "ready" && (
        <Text slot="description" className="text-muted text-xs">
          {t`Or watch the video and take any moment of it with the picture button of the player.`}
        </Text>
      )}
    </RadioGroup>
  );
}
