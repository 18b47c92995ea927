/** Publishing says who will see the video before anybody can. */
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it } from "vitest";
import type { Video } from "@/lib/models";
import { EditDialog } from "./edit-dialog";

function open(change: Partial<Video>) {
  const video = {
    id: "a",
    title: "Holiday",
    description: "",
    state: "ready",
    visibility: "private",
    published_at: null,
    version: 1,
    ...change,
  } as Video;
  render(
    <QueryClientProvider client={new QueryClient({ defaultOptions: { queries: { enabled: false } } })}>
      <EditDialog video={video} onClose={() => {}} />
    </QueryClientProvider>,
  );
}

it("names on the button whom a draft is published for, and follows the choice", async () => {
  open({});
  expect(screen.getByRole("radio", { name: /^Public/ })).toBeChecked();
  expect(screen.getByRole("button", { name: "Publish for everyone" })).toBeVisible();
  await userEvent.click(screen.getByRole("radio", { name: /^Private/ }));
  expect(screen.getByRole("button", { name: "Publish for me alone" })).toBeVisible();
});

it("proposes what was chosen while the video was on its way", () => {
  open({ visibility: "unlisted" });
  expect(screen.getByRole("radio", { name: /^Unlisted/ })).toBeChecked();
  expect(screen.getByRole("button", { name: "Publish for those with the link" })).toBeVisible();
});

it("shows the day on which the video goes to the trash, and offers none that is over", () => {
  open({ trash_at: new Date("2031-12-31T00:00").toISOString() });
  const day = screen.getByLabelText("Delete on");
  expect(day).toHaveValue("2031-12-31");
  expect(new Date(`${day.getAttribute("min")}T00:00`).getTime()).toBeGreaterThan(Date.now());
});

it("has nothing to publish before the video is ready", () => {
  open({ state: "uploading" });
  expect(screen.getByRole("radio", { name: /^Private/ })).toBeChecked();
  expect(screen.queryByRole("button", { name: /^Publish/ })).toBeNull();
  expect(screen.getByRole("button", { name: "Save" })).toBeVisible();
});
