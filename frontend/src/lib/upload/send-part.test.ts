import { delay, HttpResponse, http } from "msw";
import { setupServer } from "msw/node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { sendPart } from "./send-part";
import { PartRefusedError } from "./types";

const ADDRESS = `${location.origin}/part`;
const server = setupServer();
beforeAll(() => server.listen());
afterAll(() => server.close());

const options = () => ({ signal: new AbortController().signal, onProgress: () => {} });

test("a part on its way is given up when the browser goes offline, to be sent again", async () => {
  const begun = new Promise<void>((resolve) => {
    server.use(
      http.put(ADDRESS, async () => {
        resolve();
        await delay("infinite");
      }),
    );
  });
  const sending = sendPart(ADDRESS, new Blob(["part"]), options());
  await begun;
  dispatchEvent(new Event("offline"));
  await expect(sending).rejects.toEqual(new PartRefusedError(0));
});

test("a part that arrived stays sent, whatever the line does then", async () => {
  server.use(http.put(ADDRESS, () => new HttpResponse()));
  await sendPart(ADDRESS, new Blob(["part"]), options());
  dispatchEvent(new Event("offline"));
});
