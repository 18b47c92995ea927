/** Whether somebody is about to watch: until then the page is only its poster, without the large library that plays. */
import { useEffect, useState } from "react";

const SIGNS = ["pointermove", "pointerdown", "touchstart", "keydown", "scroll"] as const;

/** At once for who came by a click within the app; with the first sign of life for who opened the address. */
export function useInterest(already: boolean): boolean {
  const [interested, setInterested] = useState(
    () => already || (navigator.userActivation?.hasBeenActive ?? true),
  );
  useEffect(() => {
    if (interested) return;
    const notice = () => setInterested(true);
    for (const sign of SIGNS) addEventListener(sign, notice, { passive: true });
    return () => {
      for (const sign of SIGNS) removeEventListener(sign, notice);
    };
  }, [interested]);
  return interested;
}
