/** The link to a video, to copy or to hand to another app, from the start or from a moment on. */
import { t } from "@lingui/core/macro";
import { Copy, Link2, Share2 } from "lucide-react";
import { useState } from "react";
import * as format from "@/lib/format";
import type { WatchVideo } from "@/lib/models";
import { Button } from "@/ui/button";
import { Checkbox } from "@/ui/checkbox";
import { Dialog, DialogActions } from "@/ui/dialog";
import { TextField } from "@/ui/field";
import { toast } from "@/ui/toast";
import { parseMoment } from "./moment";

interface Props {
  video: WatchVideo;
  /** Where the video was when sharing was asked for. */
  seconds: number;
  isOpen: boolean;
  onClose: () => void;
  /** Opens the links for people without an account, where the video is one's own. */
  onLinks: () => void;
}

export function ShareDialog({ video, isOpen, onClose, ...props }: Props) {
  return (
    <Dialog title={t`Share this video`} isOpen={isOpen} onClose={onClose}>
      <ShareForm video={video} onClose={onClose} {...props} />
    </Dialog>
  );
}

function ShareForm({ video, seconds, onClose, onLinks }: Omit<Props, "isOpen">) {
  const [startsAt, setStartsAt] = useState(false);
  const [start, setStart] = useState(format.clock(Math.floor(seconds) * 1000));
  const moment = parseMoment(start.trim());
  const link = linkTo(video.id, startsAt ? moment : null);
  const wrong = startsAt && moment === null;

  async function copy() {
    try {
      await navigator.clipboard.writeText(link);
      toast(t`The link is copied.`, { tone: "good" });
      onClose();
    } catch {
      toast(t`The browser did not copy it. Select the link and copy it yourself.`, { tone: "bad" });
    }
  }

  async function share() {
    try {
      await navigator.share({ title: video.title, url: link });
      onClose();
    } catch {
      // Closed without a choice, or refused: the link is still here to copy.
    }
  }

  return (
    <>
      <p className="text-muted">{audience(video)}</p>
      <TextField label={t`Link`} value={link} isReadOnly onFocus={selectAll} />
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <Checkbox isSelected={startsAt} onChange={setStartsAt}>
          {t`Start at a moment`}
        </Checkbox>
        {startsAt && (
          <TextField
            label={t`Start at`}
            value={start}
            onChange={setStart}
            isInvalid={wrong}
            help={t`Minutes and seconds, such as 1:30`}
          />
        )}
      </div>
      {video.mine && (
        <div className="flex flex-col items-start gap-2.5 rounded-2xl bg-sunken p-4 text-sm">
          <p>{t`For people without an account, and until a day you choose, there are links of their own.`}</p>
          <Button
            size="small"
            icon={Link2}
            onPress={() => {
              onClose();
              onLinks();
            }}
          >
            {t`Share with a link…`}
          </Button>
        </div>
      )}
      <DialogActions>
        {"share" in navigator && (
          <Button icon={Share2} isDisabled={wrong} onPress={() => void share()}>
            {t`Share with an app`}
          </Button>
        )}
        <Button look="primary" icon={Copy} isDisabled={wrong} onPress={() => void copy()}>
          {t`Copy link`}
        </Button>
      </DialogActions>
    </>
  );
}

function selectAll({ target }: { target: EventTarget }) {
  if (target instanceof HTMLInputElement) target.select();
}

function linkTo(videoId: string, seconds: number | null): string {
  const link = new URL(`/watch/${videoId}`, location.origin);
  if (seconds) link.searchParams.set("t", String(seconds));
  return link.href;
}

function audience({ visibility, published_at }: WatchVideo): string {
  if (!published_at) return t`This is a draft: the link opens for you alone until you publish it.`;
  if (visibility === "private") return t`This video is private: the link opens for you alone.`;
  if (visibility === "unlisted") return t`Whoever has this link can watch the video.`;
  return t`This video is public: everybody can watch it.`;
}
