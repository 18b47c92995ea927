/** Everything a page may need around it: language, server state, uploads, routing, messages. */
import { i18n } from "@lingui/core";
import { t } from "@lingui/core/macro";
import { I18nProvider, useLingui } from "@lingui/react";
import { QueryClientProvider } from "@tanstack/react-query";
import { Fragment, lazy, type ReactNode, Suspense, useEffect } from "react";
import { I18nProvider as AriaI18nProvider } from "react-aria-components/I18nProvider";
import { RouterProvider } from "react-router";
import { signedOut } from "@/features/accounts/queries";
import { createUploads, UploadsProvider } from "@/features/uploads/uploads";
import { ApiError, sentenceOf } from "@/lib/api-error";
import { forgetFirstBody } from "@/lib/first-answer";
import { languageTag } from "@/lib/language";
import { createQueryClient, keys } from "@/lib/query";
import { toast } from "@/ui/toast";
import { router } from "./router";

const Toasts = lazy(async () => ({ default: (await import("@/ui/toasts")).Toasts }));

const client = createQueryClient((error, quiet) => {
  const sessionIsOver = error instanceof ApiError && error.code === "not_signed_in";
  if (sessionIsOver && client.getQueryData(keys.me)) {
    uploads.stopAll();
    signedOut(client);
    toast(t`Your session is over. Please sign in again.`);
    return;
  }
  if (!quiet) toast(sentenceOf(error), { tone: "bad" });
});
const uploads = createUploads(client);

export function App() {
  useEffect(forgetFirstBody, []);
  return (
    <I18nProvider i18n={i18n}>
      <Spoken>
        <QueryClientProvider client={client}>
          <UploadsProvider value={uploads}>
            <RouterProvider router={router} />
            <Suspense>
              <Toasts />
            </Suspense>
          </UploadsProvider>
        </QueryClientProvider>
      </Spoken>
    </I18nProvider>
  );
}

/** Another language draws everything anew; what goes on outside of the page, such as uploads, goes on. */
function Spoken({ children }: { children: ReactNode }) {
  const { i18n } = useLingui();
  return (
    <AriaI18nProvider locale={languageTag()}>
      <Fragment key={i18n.locale}>{children}</Fragment>
    </AriaI18nProvider>
  );
}
