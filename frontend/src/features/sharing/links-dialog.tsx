/** The share links of one's own video: who has one, what came of it, new ones, and taking them back. */
import { t } from "@lingui/core/macro";
import { useQuery } from "@tanstack/react-query";
import { Copy, Link2 } from "lucide-react";
import { useState } from "react";
import type { SharableVideo, ShareLink } from "@/lib/models";
import { Button } from "@/ui/button";
import { ConfirmDialog, Dialog } from "@/ui/dialog";
import { FormProblem, TextField } from "@/ui/field";
import { toast } from "@/ui/toast";
import { addressOf } from "./address";
import { LinkForm } from "./link-form";
import { LinkItem } from "./link-item";
import { sharingQueries, useRevokeLink } from "./queries";

export function LinksDialog({ video, onClose }: { video: SharableVideo; onClose: () => void }) {
  const [form, setForm] = useState<ShareLink | "new" | null>(null);
  /** Of the link that was just made: nobody is told it again. */
  const [token, setToken] = useState<string | null>(null);
  if (form === null)
    return (
      <Dialog title={t`Share “${{ title: video.title }}” with a link`} isOpen onClose={onClose} wide>
        <Links video={video} token={token} onNew={() => setForm("new")} onChange={setForm} />
      </Dialog>
    );
  return (
    <Dialog title={form === "new" ? t`New link` : t`Change the link`} isOpen onClose={onClose} wide>
      <LinkForm
        videoId={video.id}
        link={form === "new" ? null : form}
        onCancel={() => setForm(null)}
        onDone={(made) => {
          setToken(made ?? token);
          setForm(null);
        }}
      />
    </Dialog>
  );
}

interface LinksProps {
  video: SharableVideo;
  token: string | null;
  onNew: () => void;
  onChange: (link: ShareLink) => void;
}

function Links({ video, token, onNew, onChange }: LinksProps) {
  const { data: links, error, isPending } = useQuery(sharingQueries.links(video.id));
  const [doomed, setDoomed] = useState<ShareLink | null>(null);
  const revoke = useRevokeLink();
  return (
    <>
      <p className="text-muted">
        {t`Whoever has a link watches this video without an account, a private one too, until the link ends or you revoke it.`}
      </p>
      {video.state !== "ready" && (
        <p className="rounded-2xl bg-brand-soft px-4 py-3 text-sm">
          {t`The video isn't ready yet: its links open as soon as it is.`}
        </p>
      )}
      {token === null ? (
        <Button look="primary" icon={Link2} className="self-start" onPress={onNew}>
          {t`New link`}
        </Button>
      ) : (
        <Made token={token} onNew={onNew} />
      )}
      <FormProblem>{error?.message}</FormProblem>
      {isPending && <div className="skeleton h-16" aria-busy="true" />}
      {links?.length === 0 && <p className="text-muted text-sm">{t`Nobody has a link to it yet.`}</p>}
      {links && links.length > 0 && (
        <ul aria-label={t`Links to this video`} className="-my-1 flex flex-col divide-y divide-line">
          {links.map((link) => (
            <LinkItem
              key={link.id}
              link={link}
              onChange={() => onChange(link)}
              onRevoke={() => setDoomed(link)}
            />
          ))}
        </ul>
      )}
      <ConfirmDialog
        title={t`Revoke the link “${{ name: doomed?.name ?? "" }}”?`}
        isOpen={doomed !== null}
        onClose={() => setDoomed(null)}
        onConfirm={() => doomed && revoke.mutate(doomed)}
        confirm={t`Revoke`}
      >
        {t`It opens nothing any more, and what is being watched by it soon stops. This can't be undone.`}
      </ConfirmDialog>
    </>
  );
}

function Made({ token, onNew }: { token: string; onNew: () => void }) {
  const address = addressOf(token);

  async function copy() {
    try {
      await navigator.clipboard.writeText(address);
      toast(t`The link is copied.`, { tone: "good" });
    } catch {
      toast(t`The browser did not copy it. Select the link and copy it yourself.`, { tone: "bad" });
    }
  }

  return (
    <div className="flex flex-col gap-3 rounded-2xl bg-brand-soft p-4">
      <p className="font-medium text-sm">{t`Here it is. It is shown now and never again: copy it.`}</p>
      <TextField label={t`Link`} value={address} isReadOnly onFocus={selectAll} />
      <div className="flex flex-wrap gap-2.5">
        <Button look="primary" icon={Copy} autoFocus onPress={() => void copy()}>
          {t`Copy link`}
        </Button>
        <Button look="quiet" icon={Link2} onPress={onNew}>
          {t`New link`}
        </Button>
      </div>
    </div>
  );
}

function selectAll({ target }: { target: EventTarget }) {
  if (target instanceof HTMLInputElement) target.select();
}
