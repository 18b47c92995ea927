/** Short messages that come and go, some with an undo: said here, shown by toasts.tsx. */
import { UNSTABLE_ToastQueue as ToastQueue } from "react-aria-components/Toast";

export interface Message {
  tone: "info" | "good" | "bad";
  text: string;
  action?: { label: string; onPress: () => void };
}

export const queue = new ToastQueue<Message>({ maxVisibleToasts: 4 });
const READ_MS = 5_000;
/** Undo needs time to be noticed and reached, also by keyboard. */
const ACT_MS = 10_000;

export function toast(text: string, options: Partial<Omit<Message, "text">> = {}): () => void {
  const message: Message = { tone: "info", text, ...options };
  const key = queue.add(message, { timeout: message.action ? ACT_MS : READ_MS });
  return () => queue.close(key);
}
