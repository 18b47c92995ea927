/** Take along all that is kept of oneself: it is put together on demand, and offered for a day. */
import { t } from "@lingui/core/macro";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Download } from "lucide-react";
import { api, unwrap } from "@/lib/api";
import * as format from "@/lib/format";
import type { Me } from "@/lib/models";
import { keys } from "@/lib/query";
import { Button } from "@/ui/button";
import { accountQueries } from "./queries";
import { Section } from "./section";
import { useProof } from "./use-proof";

export function ExportData({ me }: { me: Me }) {
  const client = useQueryClient();
  const { askFirst, dialog } = useProof(me);
  const { data: made } = useQuery(accountQueries.export());
  const ask = useMutation({
    mutationFn: () => unwrap(api.POST("/api/me/export")),
    onSuccess: (asked) => client.setQueryData(keys.export, asked),
    onError: (error) => askFirst(error, () => ask.mutate()),
    meta: { quiet: true },
  });
  const fetchFile = useMutation({
    mutationFn: () => unwrap(api.GET("/api/me/export/file")),
    onSuccess: ({ url }) => location.assign(url),
    onSettled: () => client.invalidateQueries({ queryKey: keys.export }),
  });
  const isBeingMade = Boolean(made?.asked_at && !made.ready_at);
  return (
    <Section
      title={t`Your data`}
      intro={t`A ZIP file of what is kept of you: profile, videos, links, devices, history. Originals are linked in it.`}
    >
      <p role="status" className="text-muted text-sm empty:hidden">
        {isBeingMade && t`Your data is being put together. You may leave this page.`}
        {made?.expires_at && t`Ready, and offered until ${{ date: format.date(made.expires_at) }}.`}
      </p>
      <div className="flex flex-wrap gap-2.5">
        {made?.ready_at && (
          <Button
            look="primary"
            icon={Download}
            onPress={() => fetchFile.mutate()}
            isPending={fetchFile.isPending}
          >
            {t`Download (${{ size: format.bytes(made.size_bytes ?? 0) }})`}
          </Button>
        )}
        <Button
          onPress={() => ask.mutate()}
          isPending={ask.isPending || isBeingMade}
          isDisabled={made === undefined}
        >
          {made?.ready_at ? t`Put together anew` : t`Put my data together`}
        </Button>
      </div>
      {dialog}
    </Section>
  );
}
