/** Every address of the app and the page behind it. All but the first are loaded when they are opened. */
import type { ComponentType } from "react";
import { createBrowserRouter, Navigate } from "react-router";
import { ExplorePage } from "@/features/watch/explore-page";
import { withWords } from "@/lib/language";
import { ErrorPage } from "./error-page";
import { NotFoundPage } from "./not-found-page";
import { RequireUser } from "./require-user";
import { Shell } from "./shell";

function page<Name extends string>(load: () => Promise<Record<Name, ComponentType>>, name: Name) {
  return async () => ({ Component: (await withWords(load()))[name] });
}

export const router = createBrowserRouter([
  {
    Component: Shell,
    ErrorBoundary: ErrorPage,
    HydrateFallback: () => null,
    children: [
      { index: true, element: <Navigate to="/explore" replace /> },
      { path: "explore", Component: ExplorePage },
      // What other apps share is posted here, and taken by the service worker (public/sw.js).
      { path: "share", element: <Navigate to="/workspace" replace /> },
      { path: "watch/:videoId", lazy: page(() => import("./watch-page"), "WatchPage") },
      // The link's token follows behind "#", where no server sees it.
      { path: "s", lazy: page(() => import("./shared-page"), "SharedPage") },
      { path: "users/:userId", lazy: page(() => import("@/features/watch/user-page"), "UserPage") },
      { path: "sign-in", lazy: page(() => import("@/features/accounts/sign-in-page"), "SignInPage") },
      { path: "sign-up", lazy: page(() => import("@/features/accounts/sign-up-page"), "SignUpPage") },
      { path: "forgot", lazy: page(() => import("@/features/accounts/forgot-page"), "ForgotPage") },
      { path: "reset", lazy: page(() => import("@/features/accounts/reset-page"), "ResetPage") },
      { path: "confirm", lazy: page(() => import("@/features/accounts/confirm-page"), "ConfirmPage") },
      {
        Component: RequireUser,
        children: [
          { path: "workspace", lazy: page(() => import("./workspace-page"), "WorkspacePage") },
          { path: "account", lazy: page(() => import("./account-page"), "AccountPage") },
          {
            path: "admin",
            lazy: page(() => import("./admin-page"), "AdminPage"),
            children: [
              { index: true, element: <Navigate to="people" replace /> },
              { path: "people", lazy: page(() => import("@/features/admin/people-page"), "PeoplePage") },
              { path: "usage", lazy: page(() => import("@/features/admin/usage-page"), "UsagePage") },
              { path: "jobs", lazy: page(() => import("@/features/admin/jobs-page"), "JobsPage") },
              { path: "letters", lazy: page(() => import("@/features/admin/letters-page"), "LettersPage") },
              { path: "log", lazy: page(() => import("@/features/admin/log-page"), "LogPage") },
            ],
          },
          { path: "trash", lazy: page(() => import("@/features/library/trash-page"), "TrashPage") },
        ],
      },
      { path: "*", Component: NotFoundPage },
    ],
  },
]);

/** Resolves when the page that was opened can be drawn: its code is there. */
export function opened(): Promise<void> {
  return new Promise((resolve) => {
    if (router.state.initialized) return resolve();
    const stop = router.subscribe(({ initialized }) => {
      if (!initialized) return;
      stop();
      resolve();
    });
  });
}
