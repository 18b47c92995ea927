/** Whether somebody is signing out: then what asks has to be off the page, or it would be refused. */
import { flushSync } from "react-dom";

type Listener = () => void;
const listeners = new Set<Listener>();
let underWay = false;

/** Shaped for useSyncExternalStore. */
export const signingOut = {
  subscribe(listener: Listener): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  isUnderWay: (): boolean => underWay,
  /** Returns once all that asks is off the page. */
  begin: (): void => flushSync(() => tell(true)),
  end: (): void => tell(false),
};

function tell(now: boolean): void {
  underWay = now;
  for (const listener of listeners) listener();
}
