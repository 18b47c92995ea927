/** The frame of a page: its title, its actions, and what stands there when there is nothing. */
import { type ReactNode, useEffect } from "react";

export function Page({
  title,
  actions,
  children,
}: {
  title: string;
  actions?: ReactNode;
  children: ReactNode;
}) {
  usePageTitle(title);
  return (
    <div className="mx-auto w-full max-w-7xl px-4 py-6 sm:px-6 sm:py-8">
      <header className="mb-6 flex flex-wrap items-center justify-between gap-x-6 gap-y-3">
        <h1 className="font-bold text-2xl sm:text-3xl">{title}</h1>
        {actions}
      </header>
      {children}
    </div>
  );
}

export function usePageTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · StreamTime`;
  }, [title]);
}

export function EmptyState({
  picture,
  title,
  children,
  action,
  isPage = false,
}: {
  picture: ReactNode;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
  /** There is nothing else: its title is the page's. */
  isPage?: boolean;
}) {
  const Title = isPage ? "h1" : "h2";
  return (
    <div className="mx-auto flex max-w-md flex-col items-center gap-4 px-4 py-8 text-center sm:py-12">
      <div className="w-56 sm:w-64">{picture}</div>
      <Title className="font-bold text-xl">{title}</Title>
      {children && <div className="text-muted">{children}</div>}
      {action}
    </div>
  );
}
