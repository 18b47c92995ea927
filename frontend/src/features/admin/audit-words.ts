/** What the audit log says, in the administrator's language. */
import { t } from "@lingui/core/macro";
import * as format from "@/lib/format";
import type { AuditAction } from "@/lib/models";

export function actionWords(): Record<AuditAction, string> {
  return {
    signed_up: t`Signed up`,
    confirmed: t`Confirmed the address`,
    code_sent: t`Was sent a code`,
    signed_in: t`Signed in`,
    sign_in_failed: t`Failed to sign in`,
    signed_out: t`Signed out`,
    session_ended: t`Signed a device out`,
    sessions_ended: t`Signed out everywhere`,
    identity_confirmed: t`Proved who it is`,
    identity_doubted: t`Failed to prove who it is`,
    reset_asked: t`Asked for a new password`,
    password_reset: t`Set a forgotten password anew`,
    password_changed: t`Changed the password`,
    renamed: t`Changed the name`,
    email_asked: t`Asked for another address`,
    email_changed: t`Changed the address`,
    export_asked: t`Had their data put together`,
    export_fetched: t`Took their data along`,
    link_created: t`Gave a link`,
    link_changed: t`Changed a link`,
    link_revoked: t`Revoked a link`,
    link_opened: t`A link was opened`,
    link_doubted: t`A link's passcode was wrong`,
    totp_on: t`Turned two-step sign-in on`,
    totp_off: t`Turned two-step sign-in off`,
    codes_renewed: t`Made new recovery codes`,
    code_spent: t`Used a recovery code`,
    role_set: t`Was given a role`,
    quota_set: t`Was given a storage limit`,
    disabled: t`Was disabled`,
    enabled: t`Was enabled`,
    totp_reset: t`Had two-step sign-in turned off`,
    deletion_asked: t`Is to be deleted`,
    account_kept: t`Was kept after all`,
    account_deleted: t`Was deleted for good`,
    job_retried: t`Had a video tried again`,
    job_cancelled: t`Had a video's processing stopped`,
    letters_redriven: t`Dead letters were handled again`,
    video_purged: t`Had all copies of a video removed`,
    orphans_found: t`Bucket and videos differed`,
  };
}

/** The details as a line: which role, how much, which link or video. */
export function detailWords(details: Readonly<Record<string, string | number>>): string {
  return Object.entries(details)
    .map(([name, value]) => {
      if (name === "bytes") return format.bytes(Number(value));
      if (name === "role") return value === "admin" ? t`Administrator` : t`Member`;
      return value;
    })
    .join(" · ");
}
