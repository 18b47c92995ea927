/** What can be done with the videos that are selected. */
import { plural, t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Eye, EyeOff, Globe, RotateCcw, Trash2, X } from "lucide-react";
import { type ReactNode, useState } from "react";
import type { Selection } from "react-aria-components/GridList";
import * as format from "@/lib/format";
import type { BulkAction, Video, Visibility } from "@/lib/models";
import { Button, IconButton } from "@/ui/button";
import { ConfirmDialog } from "@/ui/dialog";
import { Menu, MenuItem, MenuSeparator } from "@/ui/menu";
import { useBulk } from "./queries";
import { visibilities } from "./visibility";

interface Props {
  videos: readonly Video[];
  onClear: () => void;
}

export function selectedOf(videos: readonly Video[], selection: Selection): readonly Video[] {
  return selection === "all" ? videos : videos.filter(({ id }) => selection.has(id));
}

function useBulkOf({ videos, onClear }: Props) {
  const bulk = useBulk();
  return {
    isPending: bulk.isPending,
    start: (action: BulkAction, visibility?: Visibility) =>
      bulk.mutate({ action, videos, ...(visibility && { visibility }) }, { onSuccess: onClear }),
  };
}

export function DriveSelection(props: Props) {
  const { start, isPending } = useBulkOf(props);
  return (
    <Bar {...props}>
      <Menu
        aria-label={t`Publishing`}
        trigger={
          <Button size="small" icon={Eye} isPending={isPending}>
            {t`Publish`}
          </Button>
        }
      >
        <MenuItem icon={Globe} onAction={() => start("publish", "public")}>
          {t`Publish for everyone`}
        </MenuItem>
        <MenuItem icon={EyeOff} onAction={() => start("unpublish")}>
          {t`Make drafts again`}
        </MenuItem>
        <MenuSeparator />
        {visibilities().map(({ value, label, Icon }) => (
          <MenuItem key={value} id={value} icon={Icon} onAction={() => start("visibility", value)}>
            {t`Visibility: ${label}`}
          </MenuItem>
        ))}
      </Menu>
      <Button size="small" icon={Trash2} isPending={isPending} onPress={() => start("trash")}>
        {t`Move to trash`}
      </Button>
    </Bar>
  );
}

export function TrashSelection(props: Props) {
  const { start, isPending } = useBulkOf(props);
  const [asking, setAsking] = useState(false);
  const bytes = props.videos.reduce((sum, video) => sum + video.size_bytes + video.stored_bytes, 0);
  return (
    <>
      <Bar {...props}>
        <Button size="small" icon={RotateCcw} isPending={isPending} onPress={() => start("restore")}>
          {t`Restore`}
        </Button>
        <Button size="small" icon={Trash2} isPending={isPending} onPress={() => setAsking(true)}>
          {t`Delete forever`}
        </Button>
      </Bar>
      <ConfirmDialog
        title={plural(props.videos.length, {
          one: "Delete # video forever?",
          other: "Delete # videos forever?",
        })}
        isOpen={asking}
        onClose={() => setAsking(false)}
        onConfirm={() => start("purge")}
        confirm={t`Delete forever`}
      >
        <p>
          <Trans>
            The originals and everything made from them will be removed, which frees {format.bytes(bytes)}.
            Nobody can bring them back.
          </Trans>
        </p>
      </ConfirmDialog>
    </>
  );
}

function Bar({ videos, onClear, children }: Props & { children: ReactNode }) {
  return (
    <div role="status" className="contents">
      {videos.length > 0 && (
        <div className="fixed inset-x-0 bottom-16 z-20 mx-auto flex w-fit max-w-[calc(100vw-1rem)] animate-rise items-center gap-2 rounded-2xl border border-line bg-raised p-2 ps-3 shadow-float md:bottom-6">
          <IconButton icon={X} label={t`Clear the selection`} size="small" onPress={onClear} />
          <span className="whitespace-nowrap font-semibold text-sm tabular-nums sm:me-2">
            <Trans>
              {videos.length} <span className="max-sm:sr-only">selected</span>
            </Trans>
          </span>
          {children}
        </div>
      )}
    </div>
  );
}
