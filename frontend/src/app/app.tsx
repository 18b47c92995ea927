/** Everything a page may need around it: server state, uploads, routing, messages. */
import { QueryClientProvider } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { RouterProvider } from "react-router";
import { signedOut } from "@/features/accounts/queries";
import { createUploads, UploadsProvider } from "@/features/uploads/uploads";
import { ApiError, sentenceOf } from "@/lib/api-error";
import { createQueryClient, keys } from "@/lib/query";
import { toast } from "@/ui/toast";
import { router } from "./router";

const Toasts = lazy(async () => ({ default: (await import("@/ui/toasts")).Toasts }));

const client = createQueryClient((error, quiet) => {
  const sessionIsOver = error instanceof ApiError && error.code === "not_signed_in";
  if (sessionIsOver && client.getQueryData(keys.me)) {
    uploads.stopAll();
    signedOut(client);
    toast("Your session is over. Please sign in again.");
    return;
  }
  if (!quiet) toast(sentenceOf(error), { tone: "bad" });
});
const uploads = createUploads(client);

export function App() {
  return (
    <QueryClientProvider client={client}>
      <UploadsProvider value={uploads}>
        <RouterProvider router={router} />
        <Suspense>
          <Toasts />
        </Suspense>
      </UploadsProvider>
    </QueryClientProvider>
  );
}
