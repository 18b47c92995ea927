/** Why a video could not be processed, in the person's language: the server says it in English. */
import { t } from "@lingui/core/macro";
import { language } from "./language";
import type { Video } from "./models";

type Failure = NonNullable<Video["failure"]>;

/** What happened, and what to do. */
export function failureWords({ code, message, action }: Failure): { message: string; action: string } {
  if (language() === "en") return { message, action };
  switch (code) {
    case "not_a_video":
      return { message: t`This file is not a video we can read.`, action: t`Upload a video file instead.` };
    case "corrupt":
      return {
        message: t`This file is damaged or was cut short.`,
        action: t`Check that it plays on your device, then upload it again.`,
      };
    case "no_video":
      return {
        message: t`This file has no moving picture in it.`,
        action: t`Upload a file that contains video.`,
      };
    case "too_long":
      return { message: t`This video is longer than this drive allows.`, action: t`Upload a shorter cut.` };
    case "too_large":
      return {
        message: t`The picture of this video is larger than this drive allows.`,
        action: t`Export it in a smaller resolution and upload that.`,
      };
    case "daily_limit":
      return {
        message: t`You have had as much video processed today as this drive allows in a day.`,
        action: t`Your file is safe. Try again tomorrow.`,
      };
    case "cancelled":
      return {
        message: t`Whoever runs this drive has stopped this.`,
        action: t`Your file is safe. Ask them why, then try again.`,
      };
    case "lost":
      return {
        message: t`The files of this video are gone.`,
        action: t`Upload it again. What you wrote about it is still here.`,
      };
    case "internal":
      return { message: t`Something went wrong on our side.`, action: t`Your file is safe. Try again.` };
    default:
      // Of a release to come.
      return { message, action };
  }
}
