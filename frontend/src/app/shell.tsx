/** The frame around every page: header, navigation, uploads, live updates. */
import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Compass, Folder, Moon, Sun, Trash2 } from "lucide-react";
import { lazy, Suspense, useEffect, useRef, useSyncExternalStore } from "react";
import { Link, NavLink, Outlet, ScrollRestoration, useLocation, useNavigation } from "react-router";
import { useMe } from "@/features/accounts/queries";
import { withWords } from "@/lib/language";
import { signingOut } from "@/lib/signing-out";
import { waking } from "@/lib/waking";
import { ButtonLink, IconButton } from "@/ui/button";
import { Logo } from "@/ui/logo";
import { LanguageChoice } from "./language-choice";
import { useTheme } from "./theme";

/** Only for people who are signed in: visitors of Explore need not load them. */
const OwnMenu = lazy(async () => ({ default: (await withWords(import("./signed-in"))).OwnMenu }));
const LeavingNotice = lazy(async () => ({
  default: (await withWords(import("@/features/accounts/leaving-notice"))).LeavingNotice,
}));
const Companions = lazy(async () => ({ default: (await withWords(import("./signed-in"))).Companions }));

function destinations() {
  return [
    { to: "/explore", label: t`Explore`, Icon: Compass, personal: false },
    { to: "/workspace", label: t`Workspace`, Icon: Folder, personal: true },
    { to: "/trash", label: t`Trash`, Icon: Trash2, personal: true },
  ];
}

export function Shell() {
  const { data: me, isPending } = useMe();
  const { theme, toggle } = useTheme();
  const leaving = useSyncExternalStore(signingOut.subscribe, signingOut.isUnderWay);
  const main = useRef<HTMLElement>(null);
  const { pathname, search } = useLocation();
  const signingIn = ["/sign-in", "/sign-up", "/confirm"].includes(pathname);
  // A link's token is for no other address, so nobody could be brought back from signing in.
  const byLink = pathname === "/s";
  const shown = destinations().filter(({ personal }) => me || !personal);
  useFocusOnNewPage(main);

  return (
    <div className="flex min-h-dvh flex-col">
      {/* No link: what stands behind "#" may be a share link's token. */}
      <button
        type="button"
        onClick={() => main.current?.focus()}
        className="fixed top-2 start-2 z-50 -translate-y-20 rounded-lg bg-brand px-4 py-2 font-semibold text-white focus:translate-y-0"
      >
        <Trans>Skip to the content</Trans>
      </button>
      <header className="sticky top-0 z-20 border-line border-b bg-canvas/90 backdrop-blur-md">
        <div className="mx-auto flex h-15 w-full max-w-7xl items-center gap-2 px-4 sm:px-6">
          <Link to="/" aria-label={t`StreamTime, home`} className="flex rounded-lg">
            <Logo />
          </Link>
          <nav aria-label={t`Main`} className="ms-6 hidden gap-1 md:flex">
            {shown.map(({ to, label, Icon }) => (
              <NavLink
                key={to}
                to={to}
                className="flex items-center gap-2 rounded-xl px-3.5 py-2 font-semibold text-muted text-sm transition-colors hover:bg-sunken hover:text-ink aria-[current=page]:bg-brand-soft aria-[current=page]:text-link"
              >
                <Icon aria-hidden className="size-4.5" />
                {label}
              </NavLink>
            ))}
          </nav>
          <div className="ms-auto flex items-center gap-1.5">
            <LanguageChoice />
            <IconButton
              icon={theme === "dark" ? Sun : Moon}
              label={theme === "dark" ? t`Switch to the light theme` : t`Switch to the dark theme`}
              onPress={toggle}
            />
            {me && (
              <Suspense fallback={<span className="size-9 rounded-full bg-sunken" />}>
                <OwnMenu me={me} />
              </Suspense>
            )}
            {!me && !isPending && !signingIn && !byLink && (
              <ButtonLink
                look="primary"
                size="small"
                to={`/sign-in?${new URLSearchParams({ next: pathname + search })}`}
              >
                <Trans>Sign in</Trans>
              </ButtonLink>
            )}
          </div>
        </div>
        <LoadingLine />
      </header>
      <WakingHint />
      {me?.delete_at && (
        <Suspense>
          <LeavingNotice deleteAt={me.delete_at} />
        </Suspense>
      )}
      <main ref={main} id="main" tabIndex={-1} className="flex grow flex-col pb-24 outline-none md:pb-12">
        {!leaving && <Outlet />}
      </main>
      {me && (
        <nav
          aria-label={t`Main`}
          className="fixed inset-x-0 bottom-0 z-20 grid grid-cols-3 border-line border-t bg-canvas/95 pb-[env(safe-area-inset-bottom)] backdrop-blur-md md:hidden"
        >
          {shown.map(({ to, label, Icon }) => (
            <NavLink
              key={to}
              to={to}
              className="flex flex-col items-center gap-0.5 py-2 font-semibold text-[0.6875rem] text-muted -outline-offset-2 aria-[current=page]:text-link"
            >
              <Icon aria-hidden className="size-5.5" />
              {label}
            </NavLink>
          ))}
        </nav>
      )}
      {me && !leaving && (
        <Suspense>
          <Companions key={me.id} />
        </Suspense>
      )}
      <ScrollRestoration />
    </div>
  );
}

/** A new page is a new place: keyboards and screen readers should start at its beginning. */
function useFocusOnNewPage(main: React.RefObject<HTMLElement | null>): void {
  const { pathname } = useLocation();
  const last = useRef(pathname);
  useEffect(() => {
    if (last.current === pathname) return;
    last.current = pathname;
    main.current?.focus({ preventScroll: true });
  }, [pathname, main]);
}

/** The thin line while the next page's code is on its way. */
function LoadingLine() {
  const busy = useNavigation().state === "loading";
  return (
    <div aria-hidden="true" className="absolute inset-x-0 -bottom-px h-0.5 overflow-hidden">
      {busy && <div className="skeleton h-full w-full rounded-none bg-link" />}
    </div>
  );
}

function WakingHint() {
  const isWaking = useSyncExternalStore(waking.subscribe, waking.isWaking);
  return (
    <p role="status" className="contents">
      {isWaking && (
        <span className="block animate-fade bg-warn-soft px-4 py-2 text-center font-medium text-sm text-warn">
          <Trans>Waking up your drive… It slept to save money, and takes a few seconds to get up.</Trans>
        </span>
      )}
    </p>
  );
}
