/** What holds for a share link: a new one, or one that is given already. */
import { t } from "@lingui/core/macro";
import { useState } from "react";
import { fieldErrors, sentenceOf } from "@/lib/api-error";
import * as format from "@/lib/format";
import type { ShareLink } from "@/lib/models";
import { Button } from "@/ui/button";
import { Checkbox } from "@/ui/checkbox";
import { DialogActions } from "@/ui/dialog";
import { Form, FormProblem, TextField } from "@/ui/field";
import { useChangeLink, useGiveLink } from "./queries";
import { canEndOn, draftOf, termsOf } from "./terms";

const MOST_VIEWS = 1_000_000;
const SHORTEST_PASSCODE = 4;

interface Props {
  videoId: string;
  /** The link to change; null for a new one. */
  link: ShareLink | null;
  onCancel: () => void;
  /** With the token of a new link. */
  onDone: (token: string | null) => void;
}

export function LinkForm({ videoId, link, onCancel, onDone }: Props) {
  const [draft, setDraft] = useState(() => draftOf(link));
  const give = useGiveLink(videoId);
  const change = useChangeLink();
  const error = give.error ?? change.error;
  const lastDay = link && draftOf(link).lastDay;

  function save() {
    const terms = termsOf(draft, link);
    if (link) change.mutate({ id: link.id, terms }, { onSuccess: () => onDone(null) });
    else give.mutate(terms, { onSuccess: ({ token }) => onDone(token) });
  }

  return (
    <Form
      validationErrors={fieldErrors(error)}
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      <FormProblem>{error && sentenceOf(error)}</FormProblem>
      <TextField
        label={t`Name`}
        name="name"
        help={t`Whom it is for. Only you see it.`}
        autoComplete="off"
        value={draft.name}
        onChange={(name) => setDraft({ ...draft, name })}
        validate={(name) => (name.trim() ? null : t`Say whom the link is for.`)}
        maxLength={100}
        isRequired
        autoFocus
      />
      <div className="grid items-start gap-5 sm:grid-cols-2">
        <TextField
          label={t`Last day`}
          name="expires_at"
          type="date"
          help={t`It ends when that day is over, within a year.`}
          value={draft.lastDay}
          onChange={(day) => setDraft({ ...draft, lastDay: day })}
          validate={(day) =>
            day === lastDay || canEndOn(day) ? null : t`Choose a day from today on, within a year.`
          }
          isRequired
        />
        <TextField
          label={t`Views at most`}
          name="max_views"
          inputMode="numeric"
          autoComplete="off"
          help={t`Left empty, there may be any number.`}
          value={draft.maxViews}
          onChange={(maxViews) => setDraft({ ...draft, maxViews })}
          validate={(count) =>
            isCount(count) ? null : t`Enter a number from 1 to ${{ most: format.number(MOST_VIEWS) }}.`
          }
        />
      </div>
      {link?.has_passcode && (
        <Checkbox
          isSelected={draft.keepsPasscode}
          onChange={(keepsPasscode) => setDraft({ ...draft, keepsPasscode, passcode: "" })}
        >
          {t`Keep the passcode it has`}
        </Checkbox>
      )}
      {!draft.keepsPasscode && (
        <TextField
          label={t`Passcode`}
          name="passcode"
          autoComplete="off"
          help={
            link?.has_passcode
              ? t`Left empty, none is asked for. What is being watched has to be opened anew.`
              : t`Left empty, none is asked for. Tell it by another way than the link.`
          }
          value={draft.passcode}
          onChange={(passcode) => setDraft({ ...draft, passcode })}
          validate={(passcode) =>
            passcode === "" || passcode.length >= SHORTEST_PASSCODE
              ? null
              : t`At least ${{ count: format.number(SHORTEST_PASSCODE) }} characters.`
          }
          maxLength={128}
        />
      )}
      <Checkbox
        isSelected={draft.mayDownload}
        onChange={(mayDownload) => setDraft({ ...draft, mayDownload })}
      >
        {t`The original may be downloaded`}
      </Checkbox>
      <DialogActions>
        <Button onPress={onCancel}>{t`Cancel`}</Button>
        <Button type="submit" look="primary" isPending={give.isPending || change.isPending}>
          {link ? t`Save` : t`Make the link`}
        </Button>
      </DialogActions>
    </Form>
  );
}

function isCount(text: string): boolean {
  const count = text.trim();
  return count === "" || (/^\d{1,7}$/.test(count) && Number(count) >= 1 && Number(count) <= MOST_VIEWS);
}
