/** A part of the account page: what it is about, and what can be done. */
import type { ReactNode } from "react";

export function Section({
  title,
  intro,
  children,
}: {
  title: string;
  intro?: ReactNode;
  children: ReactNode;
}) {
  return (
    <section className="flex flex-col gap-4 rounded-2xl border border-line bg-surface p-5 shadow-card sm:p-6">
      <div className="flex flex-col gap-1">
        <h2 className="font-bold text-lg">{title}</h2>
        {intro && <p className="text-muted text-sm">{intro}</p>}
      </div>
      {children}
    </section>
  );
}
