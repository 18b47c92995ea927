/** The socket that keeps the page true: opens, watches over, reopens, and polls where it can't. */
import type { LiveEvent, LiveEvents } from "@/lib/models";
import type { SentBytes } from "@/lib/upload/types";
import { Sequence } from "./sequence";

export type LiveStatus = "connecting" | "live" | "reconnecting" | "stopped";

export interface LiveParts {
  ticket: () => Promise<string>;
  /** Everything after a number; without one, only how far the log is. */
  events: (after: number | null) => Promise<LiveEvents>;
  open: (ticket: string) => WebSocket;
  apply: (events: readonly LiveEvent[]) => void;
  /** Too much was missed to be told one by one. */
  reset: () => void;
  onStatus: (status: LiveStatus) => void;
  /** What another device of this person is sending at this moment. */
  onSent: (sent: SentBytes) => void;
  random?: () => number;
}

const PING_MS = 5 * 60_000;
const PONG_MS = 20_000;
/** API Gateway ends every socket after 2 hours: we go first, at a moment of our own. */
const LIFETIME_MS = 110 * 60_000;
const POLL_MS = 10_000;
const TELL_EVERY_MS = 2_000;
/** Timers stand still while a machine sleeps: the clock tells, as soon as it is looked at again. */
const LOOK_AT_CLOCK_MS = 15_000;
const SLEPT_MS = 60_000;
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 30_000;

export class LiveConnection {
  readonly #parts: LiveParts;
  readonly #sequence = new Sequence();
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  #socket: WebSocket | null = null;
  #pong: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;
  #stopped = false;
  #catching: Promise<void> | null = null;
  #catchAgain = false;
  #polling: ReturnType<typeof setTimeout> | undefined;
  #connecting = false;
  #clock: ReturnType<typeof setInterval> | undefined;
  #sent: SentBytes = {};
  #telling: ReturnType<typeof setTimeout> | undefined;
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(parts: LiveParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#parts.onStatus("connecting");
    this.#noticeSleep();
    void this.#connect();
  }

  stop(): void {
    this.#stopped = true;
    this.#clearTimers();
    clearTimeout(this.#polling);
    clearInterval(this.#clock);
    clearTimeout(this.#telling);
    this.#close();
    this.#parts.onStatus("stopped");
  }

  /** The network is back or the tab is looked at again: no need to wait for a timer. */
  nudge(): void {
    if (this.#stopped || this.#connecting) return;
    if (this.#socket?.readyState === WebSocket.OPEN) {
      // A socket that slept through a cut still looks open: asking is the only way to know.
      this.#ping();
      void this.#catchUp();
      return;
    }
    this.#failures = 0;
    void this.#connect();
  }

  /** The line is known to be cut, long before the socket would notice. */
  cut(): void {
    if (this.#socket) this.#lost();
    // What it asks for at this moment may wait for the line instead of failing.
    else if (this.#connecting) this.#parts.onStatus("reconnecting");
  }

  /** Tells the person's other devices what this one sends: the latest, once in a while. */
  tell(sent: SentBytes): void {
    this.#sent = sent;
    if (this.#telling !== undefined || this.#stopped) return;
    const wait = Math.max(0, this.#toldAt + TELL_EVERY_MS - Date.now());
    this.#telling = setTimeout(() => {
      this.#telling = undefined;
      this.#toldAt = Date.now();
      if (this.#socket?.readyState === WebSocket.OPEN)
        this.#socket.send(JSON.stringify({ action: "upload", sent: this.#sent }));
    }, wait);
  }

  #noticeSleep(): void {
    let last = Date.now();
    this.#clock = setInterval(() => {
      const now = Date.now();
      if (now - last > SLEPT_MS) this.nudge();
      last = now;
    }, LOOK_AT_CLOCK_MS);
  }

  async #connect(): Promise<void> {
    if (this.#connecting || this.#stopped) return;
    this.#connecting = true;
    this.#clearTimers();
    this.#close();
    try {
      if (this.#sequence.last === null) await this.#catchUp();
      if (this.#stopped) return;
      const ticket = await this.#parts.ticket();
      if (this.#stopped) return;
      const socket = this.#parts.open(ticket);
      this.#socket = socket;
      socket.onopen = () => this.#opened(socket);
      socket.onmessage = ({ data }) => socket === this.#socket && this.#received(String(data));
      socket.onclose = () => socket === this.#socket && this.#lost();
    } catch {
      this.#lost();
    } finally {
      this.#connecting = false;
    }
  }

  #opened(socket: WebSocket): void {
    if (socket !== this.#socket) return;
    this.#failures = 0;
    clearTimeout(this.#polling);
    this.#polling = undefined;
    this.#parts.onStatus("live");
    this.#after(LIFETIME_MS * (0.9 + 0.1 * this.#random()), () => void this.#connect());
    this.#pingLater();
    // Whatever happened while nobody listened.
    void this.#catchUp();
  }

  #received(data: string): void {
    clearTimeout(this.#pong);
    if (data === "pong") return;
    const message = parse(data);
    if (!message) return;
    if ("sent" in message) {
      this.#parts.onSent(message.sent);
      return;
    }
    const { apply, gap } = this.#sequence.receive(message);
    if (apply.length > 0) this.#parts.apply(apply);
    if (gap) void this.#catchUp();
  }

  #lost(): void {
    if (this.#stopped) return;
    this.#close();
    this.#clearTimers();
    this.#parts.onStatus("reconnecting");
    const longest = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.#failures);
    this.#failures += 1;
    this.#after(longest * (0.5 + 0.5 * this.#random()), () => void this.#connect());
    // The first tries mostly succeed; only a socket that stays away is worth polling for.
    if (this.#failures > 2 && this.#polling === undefined) this.#poll();
  }

  #poll(): void {
    this.#polling = setTimeout(() => {
      void this.#catchUp().finally(() => {
        if (!this.#stopped && this.#polling !== undefined) this.#poll();
      });
    }, POLL_MS);
  }

  /** One question at a time; what comes in between asks once more afterwards. */
  #catchUp(): Promise<void> {
    if (this.#catching) {
      this.#catchAgain = true;
      return this.#catching;
    }
    this.#catching = this.#ask()
      .catch(() => undefined)
      .finally(() => {
        this.#catching = null;
        if (!this.#catchAgain || this.#stopped) return;
        this.#catchAgain = false;
        void this.#catchUp();
      });
    return this.#catching;
  }

  async #ask(): Promise<void> {
    const after = this.#sequence.last;
    const { items, latest, reset } = await this.#parts.events(after);
    if (this.#stopped) return;
    if (after === null || reset) {
      this.#sequence.startAt(latest);
      // Lists fetched before this number was known may miss what came in between.
      this.#parts.reset();
      return;
    }
    const apply = this.#sequence.catchUp(items, latest);
    if (apply.length > 0) this.#parts.apply(apply);
  }

  #pingLater(): void {
    this.#after(PING_MS, () => {
      this.#ping();
      this.#pingLater();
    });
  }

  #ping(): void {
    this.#socket?.send("ping");
    clearTimeout(this.#pong);
    this.#pong = setTimeout(() => this.#lost(), PONG_MS);
  }

  #close(): void {
    clearTimeout(this.#pong);
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    // Closed before it opens, it is an error in the browser's console, with the address and its ticket. Whoever
    // leaves can wait for that; where another takes its place, it may never open.
    if (this.#stopped && socket.readyState === WebSocket.CONNECTING) socket.onopen = () => socket.close();
    else socket.close();
  }

  #after(milliseconds: number, work: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      work();
    }, milliseconds);
    this.#timers.add(timer);
  }

  #clearTimers(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  #random(): number {
    return (this.#parts.random ?? Math.random)();
  }
}

function parse(data: string): LiveEvent | { sent: SentBytes } | null {
  try {
    const message: unknown = JSON.parse(data);
    if (typeof message !== "object" || message === null) return null;
    if ("seq" in message && "video_id" in message) return message as LiveEvent;
    const isSent = "kind" in message && message.kind === "upload.sent" && "sent" in message;
    return isSent ? { sent: message.sent as SentBytes } : null;
  } catch {
    return null;
  }
}
