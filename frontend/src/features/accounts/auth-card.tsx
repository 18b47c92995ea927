/** The frame of the sign-in, sign-up and confirm pages. */
import type { ReactNode } from "react";
import { usePageTitle } from "@/ui/page";

interface Props {
  title: string;
  intro: ReactNode;
  children: ReactNode;
  footer: ReactNode;
}

export function AuthCard({ title, intro, children, footer }: Props) {
  usePageTitle(title);
  return (
    <div className="mx-auto flex w-full max-w-md flex-col gap-6 px-4 py-8 sm:py-14">
      <section className="flex flex-col gap-6 rounded-3xl border border-line bg-surface p-6 shadow-card sm:p-8">
        <div className="flex flex-col gap-1.5">
          <h1 className="font-bold text-2xl">{title}</h1>
          <p className="text-muted">{intro}</p>
        </div>
        {children}
      </section>
      <p className="text-center text-muted text-sm">{footer}</p>
    </div>
  );
}
