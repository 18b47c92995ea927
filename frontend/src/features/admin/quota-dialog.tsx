/** How much somebody may store. */
import { t } from "@lingui/core/macro";
import { useState } from "react";
import * as format from "@/lib/format";
import type { Account } from "@/lib/models";
import { Button } from "@/ui/button";
import { Dialog, DialogActions } from "@/ui/dialog";
import { Form, TextField } from "@/ui/field";

const GIGABYTE = 1_000_000_000;
const MOST = 9_000_000;

interface Props {
  account: Account;
  onClose: () => void;
  /** In bytes. */
  onSave: (quota: number) => void;
}

export function QuotaDialog({ account, onClose, onSave }: Props) {
  const [gigabytes, setGigabytes] = useState(String(account.quota_bytes / GIGABYTE));
  return (
    <Dialog title={t`Storage limit of ${{ name: account.display_name }}`} isOpen onClose={onClose}>
      <Form
        onSubmit={(event) => {
          event.preventDefault();
          onSave(Math.round(Number(gigabytes) * GIGABYTE));
          onClose();
        }}
      >
        <TextField
          label={t`Gigabytes`}
          name="quota"
          inputMode="decimal"
          autoComplete="off"
          help={t`${{ used: format.bytes(account.used_bytes) }} are used. With less than that nothing is deleted, and nothing can be uploaded.`}
          value={gigabytes}
          onChange={setGigabytes}
          validate={(text) =>
            isAmount(text) ? null : t`Enter a number from 0 to ${{ most: format.number(MOST) }}.`
          }
          isRequired
          autoFocus
        />
        <DialogActions>
          <Button onPress={onClose}>{t`Cancel`}</Button>
          <Button type="submit" look="primary">
            {t`Save`}
          </Button>
        </DialogActions>
      </Form>
    </Dialog>
  );
}

function isAmount(text: string): boolean {
  return /^\d+(\.\d{1,9})?$/.test(text.trim()) && Number(text) <= MOST;
}
