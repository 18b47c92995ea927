/** What the server's refusals mean, for languages that its sentences aren't in. */
import { t } from "@lingui/core/macro";
import { language } from "./language";

/** By code, or else by status; null where the server's own sentence says it best. */
export function problemWords(code: string | null, status: number): string | null {
  // It speaks English, and knows more of the case than its code tells.
  if (language() === "en") return null;
  switch (code) {
    case "invalid_input":
      return t`Some of what was sent cannot be taken. Check it and try again.`;
    case "invalid_code":
      return t`This code is not right, or its time is over. Ask for a new one.`;
    case "invalid_credentials":
      return t`This e-mail address and password do not belong together.`;
    case "not_confirmed":
      return t`Confirm your e-mail address first: enter the code we sent you.`;
    case "wrong_password":
      return t`This is not your password.`;
    case "reauthenticate":
      return t`Confirm that it is you: enter your password again.`;
    case "challenge_over":
      return t`This took too long, or too many tries. Sign in again.`;
    case "code_required":
      return t`Enter the code that your authenticator app shows as well.`;
    case "sign_up_refused":
      return t`This drive takes no new accounts. Ask the person who runs it.`;
    case "passcode_needed":
      return t`This link asks for a passcode.`;
    case "wrong_passcode":
      return t`This is not the passcode of this link.`;
    case "cross_site":
    case "not_through_edge":
      return t`Open your drive at its own address and try there.`;
    case "in_trash":
      return t`This video is in your trash. Restore it to watch it.`;
    case "invalid_state":
      return t`This can't be done with it right now.`;
    case "quota_exceeded":
      return t`Your drive is full. Delete something for good, then try again.`;
    case "file_too_large":
      return t`This file is larger than this drive allows.`;
    case "parts_missing":
      return t`Parts of the file have not arrived yet. Try again.`;
    case "still_joining":
      return t`All of it has arrived, and is being put together. Ask again in a moment.`;
    case "size_mismatch":
    case "checksum_mismatch":
      return t`The file did not arrive as it was sent. Try again: all of it is sent once more.`;
    case "duplicate":
      return t`This file is in your drive already.`;
    case "version_conflict":
    case "version_required":
      return t`This was changed somewhere else in the meantime. Look at the new version, then try again.`;
    case "too_many_requests":
      return t`That was too often. Wait a few minutes, then try again.`;
    default:
      return statusWords(status);
  }
}

export function statusWords(status: number): string | null {
  switch (status) {
    case 401:
      return t`Please sign in first.`;
    case 403:
      return t`You may not do that.`;
    case 404:
      return t`This isn't here, or it isn't yours to see.`;
    case 412:
      return t`Someone else changed this in the meantime.`;
    case 413:
      return t`That is too large.`;
    case 429:
      return t`That was a bit fast. Please wait a moment and try again.`;
    case 503:
      return t`Your drive is waking up. Please try again in a moment.`;
    default:
      return null;
  }
}

/** What is wrong with a field of a form. */
export function fieldWords(field: string): string | null {
  if (language() === "en") return null;
  switch (field) {
    case "title":
      return t`A title is needed.`;
    case "display_name":
      return t`Enter a name.`;
    case "email":
      return t`This is no e-mail address.`;
    case "password":
    case "new_password":
      return t`At least 12 characters, with a capital letter, a small one and a digit.`;
    default:
      return t`This can't be taken as it is.`;
  }
}
