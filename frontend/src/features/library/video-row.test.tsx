/** A row says how far processing is, in words and for screen readers, and nothing that nobody knows. */
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render, screen } from "@testing-library/react";
import { GridList } from "react-aria-components/GridList";
import { MemoryRouter } from "react-router";
import { expect, it } from "vitest";
import type { Video } from "@/lib/models";
import { VideoRow } from "./video-row";

function renderRow(change: Partial<Video>) {
  const video = {
    id: "a",
    title: "Holiday",
    description: "",
    state: "processing",
    size_bytes: 1000,
    duration_ms: 60_000,
    poster_url: null,
    created_at: "2026-11-24T12:00:00Z",
    ...change,
  } as Video;
  render(
    <QueryClientProvider client={new QueryClient()}>
      <MemoryRouter>
        <GridList aria-label="My videos">
          <VideoRow
            video={video}
            upload={null}
            onEdit={() => {}}
            onDetails={() => {}}
            onLinks={() => {}}
            onPosterBroken={() => {}}
          />
        </GridList>
      </MemoryRouter>
    </QueryClientProvider>,
  );
}

function show(change: Partial<Video>) {
  renderRow(change);
  return screen.getByRole("progressbar", { name: "Processing Holiday" });
}

it("tells the percentage and the time left", () => {
  const bar = show({ progress: 45, eta_seconds: 110 });
  expect(screen.getByText("Processing 45 % · about 2 minutes left")).toBeVisible();
  expect(bar).toHaveAttribute("aria-valuenow", "45");
  expect(bar).toHaveAttribute("aria-valuetext", "45 % · about 2 minutes left");
});

it("tells the percentage alone when nobody knows the time", () => {
  const bar = show({ progress: 45, eta_seconds: null });
  expect(screen.getByText("Processing 45 %")).toBeVisible();
  expect(bar).toHaveAttribute("aria-valuetext", "45 %");
});

it("tells neither before the first chunk", () => {
  const bar = show({ progress: 0, eta_seconds: null });
  expect(screen.getByText("Processing…")).toBeVisible();
  expect(bar).not.toHaveAttribute("aria-valuenow");
});

it.each([true, false])(
  "tells why a video failed, what to do, and offers another try where it helps: %s",
  (helps) => {
    renderRow({
      state: "failed",
      failure: { code: "internal", message: "Something broke.", action: "Try again.", retry: helps },
    });
    expect(screen.getByText("Something broke.")).toBeVisible();
    expect(screen.getByText(/^Try again\.$/)).toBeVisible();
    expect(screen.queryAllByRole("button", { name: "Try again" })).toHaveLength(helps ? 1 : 0);
  },
);
