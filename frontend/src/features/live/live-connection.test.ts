/** Live updates: order, gaps, cuts, and what happens when no socket opens. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { LiveEvent, LiveEvents } from "@/lib/models";
import type { SentBytes } from "@/lib/upload/types";
import { LiveConnection, type LiveStatus } from "./live-connection";
import { Sequence } from "./sequence";

function event(seq: number): LiveEvent {
  return { seq, kind: "video.changed", video_id: `v${seq}`, video: null, at: "2026-01-01T00:00:00Z" };
}

describe("the sequence", () => {
  function at(seq: number): Sequence {
    const sequence = new Sequence();
    sequence.startAt(seq);
    return sequence;
  }

  it("applies the next event and ignores one it has seen", () => {
    const sequence = at(4);
    expect(sequence.receive(event(5)).apply).toEqual([event(5)]);
    expect(sequence.receive(event(5))).toEqual({ apply: [], gap: false });
    expect(sequence.receive(event(3))).toEqual({ apply: [], gap: false });
  });

  it("asks when something is missing, and applies nothing out of order", () => {
    expect(at(4).receive(event(6))).toEqual({ apply: [], gap: true });
    expect(new Sequence().receive(event(1))).toEqual({ apply: [], gap: true });
  });

  it("catches up in order, without what it has seen", () => {
    const sequence = at(4);
    expect(sequence.catchUp([event(7), event(3), event(5)], 9).map(({ seq }) => seq)).toEqual([5, 7]);
    expect(sequence.last).toBe(9);
  });
});

class FakeSocket {
  readyState: number = WebSocket.CONNECTING;
  sent: string[] = [];
  onopen: (() => void) | null = null;
  onclose: (() => void) | null = null;
  onmessage: ((message: { data: string }) => void) | null = null;

  open() {
    this.readyState = WebSocket.OPEN;
    this.onopen?.();
  }

  say(data: unknown) {
    this.onmessage?.({ data: typeof data === "string" ? data : JSON.stringify(data) });
  }

  send(data: string) {
    this.sent.push(data);
  }

  close() {
    if (this.readyState === WebSocket.CLOSED) return;
    this.readyState = WebSocket.CLOSED;
    this.onclose?.();
  }
}

describe("the connection", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function setUp() {
    const log: LiveEvent[] = [];
    const world = {
      log,
      reset: false,
      ticketFails: false,
      tickets: 0,
      before: {} as { events?: Promise<void>; ticket?: Promise<void> },
      sockets: [] as FakeSocket[],
      asked: [] as (number | null)[],
      applied: [] as number[],
      resets: 0,
      statuses: [] as LiveStatus[],
      sent: [] as SentBytes[],
      connection: null as unknown as LiveConnection,
      socket: () => {
        const last = world.sockets.at(-1);
        if (!last) throw new Error("no socket was opened");
        return last;
      },
    };
    world.connection = new LiveConnection({
      ticket: async () => {
        world.tickets += 1;
        await world.before.ticket;
        if (world.ticketFails) throw new Error("no ticket");
        return "ticket";
      },
      events: async (after): Promise<LiveEvents> => {
        world.asked.push(after);
        await world.before.events;
        const items = after === null ? [] : log.filter(({ seq }) => seq > after);
        return { items, latest: log.at(-1)?.seq ?? 0, reset: world.reset };
      },
      open: () => {
        const socket = new FakeSocket();
        world.sockets.push(socket);
        return socket as unknown as WebSocket;
      },
      apply: (events) => world.applied.push(...events.map(({ seq }) => seq)),
      reset: () => {
        world.resets += 1;
      },
      onStatus: (status) => world.statuses.push(status),
      onSent: (sent) => world.sent.push(sent),
      random: () => 1,
    });
    return world;
  }

  async function opening() {
    const world = setUp();
    world.connection.start();
    await vi.advanceTimersByTimeAsync(0);
    return world;
  }

  async function live() {
    const world = await opening();
    world.socket().open();
    await vi.advanceTimersByTimeAsync(0);
    return world;
  }

  it("applies what the socket says", async () => {
    const world = await live();
    world.log.push(event(1));
    world.socket().say(event(1));
    expect(world.applied).toEqual([1]);
    expect(world.statuses.at(-1)).toBe("live");
  });

  it("fills a gap from the log", async () => {
    const world = await live();
    world.log.push(event(1), event(2), event(3));
    world.socket().say(event(3));
    await vi.advanceTimersByTimeAsync(0);
    expect(world.applied).toEqual([1, 2, 3]);
  });

  it("catches up after a cut", async () => {
    const world = await live();
    world.socket().close();
    world.log.push(event(1), event(2));
    await vi.advanceTimersByTimeAsync(1_000);
    world.socket().open();
    await vi.advanceTimersByTimeAsync(0);
    expect(world.sockets).toHaveLength(2);
    expect(world.applied).toEqual([1, 2]);
    expect(world.statuses).toEqual(["connecting", "live", "reconnecting", "live"]);
  });

  it("catches up after a sleep through which the socket seemed to live", async () => {
    const world = await live();
    world.log.push(event(1), event(2));
    vi.setSystemTime(Date.now() + 3 * 3_600_000);
    await vi.advanceTimersByTimeAsync(15_000);
    expect(world.applied).toEqual([1, 2]);
    expect(world.socket().sent).toEqual(["ping"]);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(world.statuses.at(-1), "nobody answered").toBe("reconnecting");
  });

  it("says at once that the line is cut, and is back with it", async () => {
    const world = await live();
    world.connection.cut();
    expect(world.statuses.at(-1)).toBe("reconnecting");
    world.log.push(event(1));
    world.connection.nudge();
    await vi.advanceTimersByTimeAsync(0);
    world.socket().open();
    await vi.advanceTimersByTimeAsync(0);
    expect(world.applied).toEqual([1]);
    expect(world.statuses.at(-1)).toBe("live");
  });

  it("says that the line is cut before it was ever there", async () => {
    const world = setUp();
    world.connection.start();
    world.connection.cut();
    expect(world.statuses).toEqual(["connecting", "reconnecting"]);
    await vi.advanceTimersByTimeAsync(0);
    world.socket().open();
    expect(world.statuses.at(-1)).toBe("live");
  });

  it("fetches everything anew when too much was missed", async () => {
    const world = await live();
    const before = world.resets;
    world.reset = true;
    world.log.push(event(500));
    world.socket().say(event(500));
    await vi.advanceTimersByTimeAsync(0);
    expect(world.resets).toBe(before + 1);
    expect(world.applied).toEqual([]);
  });

  it("pings, and reconnects when no pong comes", async () => {
    const world = await live();
    const first = world.socket();
    await vi.advanceTimersByTimeAsync(5 * 60_000);
    expect(first.sent).toEqual(["ping"]);
    first.say("pong");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(first.readyState).toBe(WebSocket.OPEN);
    await vi.advanceTimersByTimeAsync(4 * 60_000 + 20_000);
    expect(first.readyState).toBe(WebSocket.CLOSED);
    expect(world.statuses.at(-1)).toBe("reconnecting");
  });

  it("renews the socket before it is two hours old", async () => {
    const world = await live();
    const first = world.socket();
    const pong = setInterval(() => first.say("pong"), 1_000);
    await vi.advanceTimersByTimeAsync(111 * 60_000);
    clearInterval(pong);
    expect(first.readyState).toBe(WebSocket.CLOSED);
    expect(world.sockets).toHaveLength(2);
  });

  it("polls while no socket can be opened", async () => {
    const world = await live();
    world.ticketFails = true;
    world.socket().close();
    world.log.push(event(1));
    await vi.advanceTimersByTimeAsync(30_000);
    expect(world.applied).toEqual([1]);
    world.ticketFails = false;
    await vi.advanceTimersByTimeAsync(60_000);
    world.socket().open();
    await vi.advanceTimersByTimeAsync(0);
    const asked = world.asked.length;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(world.asked.length).toBe(asked);
  });

  it("tells the latest of what it sends once in a while, and nothing while the line is cut", async () => {
    const world = await live();
    const socket = world.socket();
    for (let bytes = 0; bytes < 30; bytes += 1) {
      world.connection.tell({ v1: bytes });
      await vi.advanceTimersByTimeAsync(200);
    }
    const said = (bytes: number) => JSON.stringify({ action: "upload", sent: { v1: bytes } });
    expect(socket.sent).toEqual([said(0), said(9), said(19), said(29)]);
    world.connection.cut();
    world.connection.tell({ v1: 30 });
    await vi.advanceTimersByTimeAsync(2_000);
    expect(socket.sent).toHaveLength(4);
  });

  it("passes on what another device sends, and takes it for no change", async () => {
    const world = await live();
    const asked = world.asked.length;
    world.socket().say({ kind: "upload.sent", sent: { v1: 7 } });
    world.socket().say({ message: "Internal server error" });
    await vi.advanceTimersByTimeAsync(0);
    expect(world.sent).toEqual([{ v1: 7 }]);
    expect(world.applied).toEqual([]);
    expect(world.asked).toHaveLength(asked);
  });

  it("opens nothing once stopped, whatever it waited for", async () => {
    for (const waited of ["events", "ticket"] as const) {
      const world = setUp();
      let answer = () => {};
      world.before = { [waited]: new Promise<void>((resolve) => (answer = resolve)) };
      world.connection.start();
      await vi.advanceTimersByTimeAsync(0);
      world.connection.stop();
      answer();
      await vi.advanceTimersByTimeAsync(60_000);
      expect(world.sockets).toHaveLength(0);
      expect(world.tickets).toBe(waited === "ticket" ? 1 : 0);
    }
  });

  it("ends a socket that was still opening once it has opened, never before", async () => {
    const world = await opening();
    const socket = world.socket();
    world.connection.stop();
    expect(socket.readyState).toBe(WebSocket.CONNECTING);
    socket.open();
    await vi.advanceTimersByTimeAsync(10 * 60_000);
    expect(socket.readyState).toBe(WebSocket.CLOSED);
    expect(world.statuses).toEqual(["connecting", "stopped"]);
    expect(world.sockets).toHaveLength(1);
  });

  it("does not keep a socket that never opens when the line is back", async () => {
    const world = await opening();
    const first = world.socket();
    world.connection.nudge();
    await vi.advanceTimersByTimeAsync(0);
    expect(first.readyState).toBe(WebSocket.CLOSED);
    expect(world.sockets).toHaveLength(2);
    world.socket().open();
    expect(world.statuses).toEqual(["connecting", "live"]);
  });

  it("is silent once stopped", async () => {
    const world = await live();
    const socket = world.socket();
    world.connection.stop();
    world.log.push(event(1));
    socket.say(event(1));
    await vi.advanceTimersByTimeAsync(10 * 60_000);
    expect(world.applied).toEqual([]);
    expect(world.sockets).toHaveLength(1);
  });
});
