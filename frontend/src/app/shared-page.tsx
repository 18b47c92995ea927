/** What a share link shows: its video in the player. */
import { SharedPage as Shared } from "@/features/sharing/shared-page";
import { GuestPlayer } from "@/features/watch/guest-player";

export function SharedPage() {
  return <Shared renderPlayer={(showing) => <GuestPlayer {...showing} />} />;
}
