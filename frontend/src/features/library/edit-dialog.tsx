/** Title, description, visibility and end of one video; publishes a draft. */
import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, unwrap } from "@/lib/api";
import { ApiError, fieldErrors, sentenceOf } from "@/lib/api-error";
import type { Video, Visibility } from "@/lib/models";
import { applyVideo } from "@/lib/video-cache";
import { Button } from "@/ui/button";
import { Dialog, DialogActions } from "@/ui/dialog";
import { ChoiceGroup, Form, FormProblem, TextField } from "@/ui/field";
import { toast } from "@/ui/toast";
import { PosterChoice } from "./poster-choice";
import { useEdit, usePublish, type VideoEdit } from "./queries";
import { visibilityChoices } from "./visibility";

interface Draft {
  title: string;
  description: string;
  visibility: Visibility;
  /** As a date input has it, empty for never. */
  trashOn: string;
}

/** In words that leave no doubt: a draft is private too, so what is proposed may not be what was meant. */
function publishFor(visibility: Visibility): string {
  return {
    public: t`Publish for everyone`,
    unlisted: t`Publish for those with the link`,
    private: t`Publish for me alone`,
  }[visibility];
}

function draftOf(video: Video): Draft {
  const { title, description } = video;
  const trashOn = video.trash_at ? dayOf(new Date(video.trash_at)) : "";
  // A draft was never shown to anyone: publishing means everyone unless the person says otherwise.
  const unsaid = video.published_at === null && video.state === "ready" && video.visibility === "private";
  return { title, description, visibility: unsaid ? "public" : video.visibility, trashOn };
}

export function EditDialog({ video, onClose }: { video: Video; onClose: () => void }) {
  const client = useQueryClient();
  // What the person saw when they began to type: the server refuses the save if it is no longer so.
  const [base, setBase] = useState(video);
  const [draft, setDraft] = useState(() => draftOf(video));
  const [theirs, setTheirs] = useState<Video | null>(null);
  const edit = useEdit();
  const publish = usePublish();
  const isDraft = video.published_at === null;
  const canPublish = isDraft && video.state === "ready";
  const isPending = edit.isPending || publish.isPending;
  const error = edit.error ?? publish.error;
  const conflict = theirs !== null;

  function changes(): VideoEdit {
    const edits: VideoEdit = {};
    if (draft.title.trim() !== base.title) edits.title = draft.title.trim();
    if (draft.description !== base.description) edits.description = draft.description;
    if (!canPublish && draft.visibility !== base.visibility) edits.visibility = draft.visibility;
    if (draft.trashOn !== draftOf(base).trashOn)
      edits.trash_at = draft.trashOn ? new Date(`${draft.trashOn}T00:00`).toISOString() : null;
    return edits;
  }

  async function save(thenPublish: boolean): Promise<void> {
    try {
      let saved = base;
      const edits = changes();
      if (Object.keys(edits).length > 0) {
        saved = await saveOnTopOf(base, edits);
        // Publishing may still fail: what is saved must not be refused as a conflict the second time.
        setBase(saved);
      }
      if (thenPublish) await publish.mutateAsync({ video: saved, change: { visibility: draft.visibility } });
      onClose();
      toast(thenPublish ? t`“${saved.title}” is published.` : t`Saved.`, { tone: "good" });
    } catch (failure) {
      if (isConflict(failure)) setTheirs(await fetchTheirs());
    }
  }

  async function saveOnTopOf(seen: Video, edits: VideoEdit): Promise<Video> {
    try {
      return await edit.mutateAsync({ video: seen, change: edits });
    } catch (failure) {
      if (!isConflict(failure)) throw failure;
      const current = await fetchTheirs();
      // Only the processing moved on meanwhile: nothing a person wrote is at stake.
      if (!sameText(current, seen)) throw failure;
      return edit.mutateAsync({ video: current, change: edits });
    }
  }

  async function fetchTheirs(): Promise<Video> {
    const current = await unwrap(
      api.GET("/api/videos/{video_id}", { params: { path: { video_id: video.id } } }),
    );
    applyVideo(client, current);
    return current;
  }

  function settle(take: "mine" | "theirs") {
    if (!theirs) return;
    setBase(theirs);
    if (take === "theirs") setDraft(draftOf(theirs));
    setTheirs(null);
    edit.reset();
    publish.reset();
  }

  return (
    <Dialog title={isDraft ? t`Edit draft` : t`Edit video`} isOpen onClose={onClose} wide>
      <Form
        validationErrors={fieldErrors(error)}
        onSubmit={(event) => {
          event.preventDefault();
          if (!conflict && !isPending) void save(canPublish);
        }}
      >
        {conflict ? (
          <Conflict theirs={theirs} onSettle={settle} />
        ) : (
          <FormProblem>{error && sentenceOf(error)}</FormProblem>
        )}
        <TextField
          label={t`Title`}
          name="title"
          value={draft.title}
          onChange={(title) => setDraft({ ...draft, title })}
          validate={(title) => (title.trim() ? null : t`A title is needed.`)}
          maxLength={200}
          isRequired
          autoFocus
        />
        <TextField
          label={t`Description`}
          name="description"
          placeholder={t`Tell others about your video`}
          value={draft.description}
          onChange={(description) => setDraft({ ...draft, description })}
          maxLength={5000}
          rows={5}
        />
        <PosterChoice video={video} />
        <ChoiceGroup
          label={isDraft ? t`Who may watch it once published` : t`Who may watch it`}
          name="visibility"
          choices={visibilityChoices()}
          value={draft.visibility}
          onChange={(visibility) => setDraft({ ...draft, visibility })}
        />
        <TextField
          label={t`Delete on`}
          name="trash_at"
          type="date"
          days={daysToChoose(draftOf(base).trashOn)}
          value={draft.trashOn}
          onChange={(trashOn) => setDraft({ ...draft, trashOn })}
          help={t`On that day it goes to the trash, where you can restore it until its time there is over. Without a date it stays.`}
        />
        <DialogActions>
          {canPublish && (
            <Button
              onPress={() => void save(false)}
              isDisabled={isPending || conflict || !draft.title.trim()}
            >
              {t`Save draft`}
            </Button>
          )}
          <Button type="submit" look="primary" isDisabled={conflict} isPending={isPending}>
            {canPublish ? publishFor(draft.visibility) : t`Save`}
          </Button>
        </DialogActions>
      </Form>
    </Dialog>
  );
}

/** The day in this device's time zone, as date inputs write it. */
function dayOf(moment: Date): string {
  const [month, day] = [moment.getMonth() + 1, moment.getDate()].map((part) => String(part).padStart(2, "0"));
  return `${moment.getFullYear()}-${month}-${day}`;
}

/** From tomorrow, or from the day there is, should it have come and wait for the night; for ten years. */
function daysToChoose(chosen: string): { min: string; max: string } {
  const moment = new Date();
  moment.setDate(moment.getDate() + 1);
  const tomorrow = dayOf(moment);
  moment.setFullYear(moment.getFullYear() + 10);
  return { min: chosen && chosen < tomorrow ? chosen : tomorrow, max: dayOf(moment) };
}

function isConflict(failure: unknown): boolean {
  return failure instanceof ApiError && failure.status === 412;
}

function sameText(one: Video, other: Video): boolean {
  return (
    one.title === other.title &&
    one.description === other.description &&
    one.visibility === other.visibility &&
    one.trash_at === other.trash_at &&
    one.published_at === other.published_at
  );
}

function Conflict({ theirs, onSettle }: { theirs: Video; onSettle: (take: "mine" | "theirs") => void }) {
  return (
    <section role="alert" className="flex flex-col gap-3 rounded-2xl bg-warn-soft p-4 text-sm">
      <p>
        <Trans>
          <strong className="block font-semibold">This video was changed somewhere else meanwhile.</strong>
          Your text is still here. Which one should stay?
        </Trans>
      </p>
      <dl className="rounded-xl bg-surface px-3.5 py-2.5">
        <dt className="text-muted text-xs">{t`The other title`}</dt>
        <dd dir="auto" className="break-words font-semibold">
          {theirs.title}
        </dd>
        {theirs.description && (
          <>
            <dt className="mt-1.5 text-muted text-xs">{t`The other description`}</dt>
            <dd dir="auto" className="line-clamp-3 break-words">
              {theirs.description}
            </dd>
          </>
        )}
      </dl>
      <div className="flex flex-wrap gap-2">
        <Button size="small" look="primary" onPress={() => onSettle("mine")}>
          {t`Keep my text`}
        </Button>
        <Button size="small" onPress={() => onSettle("theirs")}>
          {t`Take the other`}
        </Button>
      </div>
    </section>
  );
}
