/** What every page of administration has: its title, the way to the others, its list. */
import { t } from "@lingui/core/macro";
import type { InfiniteData, UseInfiniteQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { NavLink } from "react-router";
import type { Page as Stretch } from "@/lib/models";
import { ExploringFox } from "@/ui/characters";
import { More } from "@/ui/more";
import { EmptyState, Page } from "@/ui/page";
import { Unreadable } from "@/ui/unreadable";

/** What the pages are given by the app. */
export interface Frame {
  /** Asks who it is, and goes on with that. */
  proveFirst: (again: () => void) => void;
}

function pages() {
  return [
    { to: "/admin/people", label: t`People` },
    { to: "/admin/usage", label: t`Usage and costs` },
    { to: "/admin/jobs", label: t`Processing` },
    { to: "/admin/letters", label: t`Dead letters` },
    { to: "/admin/log", label: t`Log` },
  ];
}

export function AdminFrame({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Page title={title}>
      <nav aria-label={t`Administration`} className="mb-5 flex flex-wrap gap-1.5">
        {pages().map(({ to, label }) => (
          <NavLink
            key={to}
            to={to}
            className="rounded-xl border border-line bg-surface px-3.5 py-1.5 font-semibold text-muted text-sm transition-colors hover:bg-sunken hover:text-ink aria-[current=page]:border-link aria-[current=page]:bg-brand-soft aria-[current=page]:text-link"
          >
            {label}
          </NavLink>
        ))}
      </nav>
      {children}
    </Page>
  );
}

interface ListProps<Item> {
  label: string;
  query: UseInfiniteQueryResult<InfiniteData<Stretch<Item>>>;
  keyOf: (item: Item) => string;
  children: (item: Item) => ReactNode;
  /** Said where there is nothing. */
  empty: string;
}

/** Page by page, as far as somebody looks. */
export function AdminList<Item>({ label, query, keyOf, children, empty }: ListProps<Item>) {
  if (query.isPending) return <ListSkeleton label={label} />;
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  if (query.isError && items.length === 0)
    return (
      <Unreadable
        title={t`This can't be shown right now`}
        error={query.error}
        onRetry={() => void query.refetch()}
      />
    );
  if (items.length === 0) return <EmptyState picture={<ExploringFox />} title={empty} />;
  return (
    <>
      <ul aria-label={label} className="flex flex-col gap-2.5">
        {items.map((item) => (
          <Row key={keyOf(item)}>{children(item)}</Row>
        ))}
      </ul>
      <More
        hasMore={query.hasNextPage}
        isLoading={query.isFetchingNextPage}
        failed={query.isFetchNextPageError}
        onMore={() => void query.fetchNextPage()}
      />
    </>
  );
}

export function Row({ children }: { children: ReactNode }) {
  return (
    <li className="rounded-2xl border border-line bg-surface px-4 py-3 text-sm shadow-card">{children}</li>
  );
}

export function ListSkeleton({ label }: { label: string }) {
  return (
    <ul aria-busy="true" aria-label={label} className="flex flex-col gap-2.5">
      {["a", "b", "c", "d"].map((key) => (
        <Row key={key}>
          <span aria-hidden="true" className="flex flex-col gap-2 py-1">
            <span className="skeleton h-4 w-2/5" />
            <span className="skeleton h-3.5 w-3/5" />
          </span>
        </Row>
      ))}
    </ul>
  );
}
