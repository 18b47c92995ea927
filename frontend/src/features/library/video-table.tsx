/** The drive as a table: many videos at a glance, sorted by a press on a column's name. */
import { t } from "@lingui/core/macro";
import { ArrowDown, ArrowUp } from "lucide-react";
import type { ReactNode } from "react";
import { Collection } from "react-aria-components/Collection";
import {
  Cell,
  Column,
  type ColumnProps,
  Row,
  Table,
  TableBody,
  TableHeader,
  TableLoadMoreItem,
} from "react-aria-components/Table";
import { TableLayout, Virtualizer } from "react-aria-components/Virtualizer";
import * as format from "@/lib/format";
import type { Sort, Video } from "@/lib/models";
import { RowCheckbox } from "@/ui/checkbox";
import { Thumbnail } from "@/ui/thumbnail";
import { useMedia } from "@/ui/use-media";
import type { ListProps } from "./drive";
import { useListing } from "./listing";
import { isPlayable, StateBadges, VideoMenu, WatchLink } from "./video-row";

const LAYOUT = { rowHeight: 64, headingHeight: 40 };

export function VideoTable({
  videos,
  selection,
  onSelectionChange,
  onPosterBroken,
  isLoadingMore,
  onMore,
  renderPercent,
  ...actions
}: ListProps & { renderPercent: (video: Video) => ReactNode }) {
  const { listing, change } = useListing();
  const wide = useMedia("(min-width: 48rem)");
  const turned = listing.sort.startsWith("-");
  return (
    <Virtualizer layout={TableLayout} layoutOptions={LAYOUT}>
      <Table
        aria-label={t`My videos`}
        selectionMode="multiple"
        selectedKeys={selection}
        onSelectionChange={onSelectionChange}
        sortDescriptor={{
          column: listing.sort.replace("-", ""),
          direction: turned ? "descending" : "ascending",
        }}
        onSortChange={({ column, direction }) => {
          const sort = `${direction === "descending" ? "-" : ""}${String(column)}` as Sort;
          change({ sort: sort === "-created" ? null : sort });
        }}
        className="w-full outline-none"
      >
        <TableHeader className="bg-canvas">
          <Column id="select" width={48} className="grid h-full place-items-center">
            <RowCheckbox />
          </Column>
          <Heading id="title" isRowHeader allowsSorting defaultWidth="3fr" minWidth={140}>
            {t`Title`}
          </Heading>
          {wide && (
            <>
              <Heading id="state" width={190}>
                {t`State`}
              </Heading>
              <Heading id="duration" allowsSorting width={100}>
                {t`Length`}
              </Heading>
              <Heading id="size" allowsSorting width={100}>
                {t`Size`}
              </Heading>
              <Heading id="created" allowsSorting width={130}>
                {t`Uploaded`}
              </Heading>
            </>
          )}
          <Heading id="actions" width={56}>
            <span className="sr-only">{t`Actions`}</span>
          </Heading>
        </TableHeader>
        <TableBody>
          <Collection items={videos} dependencies={[wide]}>
            {(video) => (
              <Row
                id={video.id}
                textValue={video.title}
                className="group size-full border-line border-b -outline-offset-2 data-hovered:bg-sunken data-selected:bg-brand-soft"
              >
                <Cell className="grid h-full place-items-center">
                  <RowCheckbox />
                </Cell>
                <Cell textValue={video.title} className="flex h-full min-w-0 items-center gap-3 pe-3">
                  <Thumbnail
                    src={video.poster_url}
                    onBroken={onPosterBroken}
                    className="w-18 shrink-0 rounded-lg!"
                  />
                  <span
                    dir="auto"
                    className="line-clamp-2 min-w-0 break-words font-semibold text-sm leading-tight"
                  >
                    {isPlayable(video) ? (
                      <WatchLink video={video} className="hover:underline">
                        {video.title}
                      </WatchLink>
                    ) : (
                      video.title
                    )}
                  </span>
                </Cell>
                {wide && (
                  <>
                    <Cell className="flex h-full flex-wrap content-center items-center gap-1">
                      <StateBadges
                        video={video}
                        percent={video.state === "uploading" && renderPercent(video)}
                      />
                    </Cell>
                    <Fact>{video.duration_ms === null ? "–" : format.clock(video.duration_ms)}</Fact>
                    <Fact>{format.bytes(video.size_bytes + video.stored_bytes)}</Fact>
                    <Fact>{format.timeAgo(video.created_at)}</Fact>
                  </>
                )}
                <Cell className="grid h-full place-items-center">
                  <VideoMenu video={video} {...actions} />
                </Cell>
              </Row>
            )}
          </Collection>
          <TableLoadMoreItem isLoading={isLoadingMore} onLoadMore={onMore} scrollOffset={2}>
            <p className="py-3 text-center text-muted text-sm">{t`Loading more…`}</p>
          </TableLoadMoreItem>
        </TableBody>
      </Table>
    </Virtualizer>
  );
}

function Heading({ children, ...props }: Omit<ColumnProps, "children"> & { children: ReactNode }) {
  return (
    <Column
      {...props}
      className="flex h-full items-center font-semibold text-muted text-xs -outline-offset-2 data-allows-sorting:cursor-pointer data-hovered:text-ink"
    >
      {({ sortDirection }) => (
        <span className="flex items-center gap-1">
          {children}
          {sortDirection === "ascending" && <ArrowUp aria-hidden className="size-3.5" />}
          {sortDirection === "descending" && <ArrowDown aria-hidden className="size-3.5" />}
        </span>
      )}
    </Column>
  );
}

function Fact({ children }: { children: ReactNode }) {
  return <Cell className="flex h-full items-center text-muted text-sm tabular-nums">{children}</Cell>;
}
