/** The recovery codes, this one time: to be kept on paper or in a password manager. */
import { t } from "@lingui/core/macro";
import { Copy, Download } from "lucide-react";
import { Button } from "@/ui/button";
import { Dialog, DialogActions } from "@/ui/dialog";
import { toast } from "@/ui/toast";

export function RecoveryCodesDialog({ codes, onClose }: { codes: string[]; onClose: () => void }) {
  const text = `${codes.join("\n")}\n`;
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    toast(t`The codes are copied.`, { tone: "good" });
  };
  const save = () => {
    const url = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
    Object.assign(document.createElement("a"), {
      href: url,
      download: "streamtime-recovery-codes.txt",
    }).click();
    URL.revokeObjectURL(url);
  };
  return (
    <Dialog title={t`Keep your recovery codes`} isOpen onClose={onClose} role="alertdialog">
      <p className="text-muted text-sm">
        {t`Should you lose the app, each of these signs you in once. They are shown now and never again.`}
      </p>
      <ul
        dir="ltr"
        className="grid grid-cols-1 gap-x-6 gap-y-1.5 rounded-xl bg-sunken p-4 font-mono text-sm sm:grid-cols-2"
      >
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ul>
      <DialogActions>
        <Button icon={Copy} onPress={() => void copy()}>
          {t`Copy`}
        </Button>
        <Button icon={Download} onPress={save}>
          {t`Save`}
        </Button>
        <Button look="primary" onPress={onClose}>
          {t`I kept them`}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
