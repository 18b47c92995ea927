/** Every failure becomes one ApiError with a sentence for people. */
import { HttpResponse, http } from "msw";
import { setupServer } from "msw/node";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { api, done, unwrap } from "./api";
import { ApiError, fieldErrors, sentenceOf } from "./api-error";
import { waking } from "./waking";

const server = setupServer();
beforeAll(() => server.listen({ onUnhandledFrame: "error" }));
afterEach(() => server.resetHandlers());
afterAll(() => server.close());

function problem(status: number, body: object, headers: Record<string, string> = {}) {
  return HttpResponse.json(body, {
    status,
    headers: { "Content-Type": "application/problem+json", ...headers },
  });
}

async function failure(request: Promise<unknown>): Promise<ApiError> {
  const error = await request.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ApiError)) throw new Error(`not an ApiError: ${error}`);
  return error;
}

describe("the client", () => {
  it("gives back the body", async () => {
    server.use(http.get("*/api/usage", () => HttpResponse.json({ used_bytes: 7 })));
    expect(await unwrap(api.GET("/api/usage"))).toEqual({ used_bytes: 7 });
  });

  it("accepts an answer without a body", async () => {
    server.use(http.post("*/api/auth/sign-out", () => new HttpResponse(null, { status: 204 })));
    await expect(done(api.POST("/api/auth/sign-out"))).resolves.toBeUndefined();
  });

  it("keeps code, sentence and field errors of a problem", async () => {
    server.use(
      http.post("*/api/auth/sign-in", () =>
        problem(400, {
          code: "invalid_input",
          detail: "Please look at the fields.",
          errors: [{ field: "email", message: "This is no address." }],
        }),
      ),
    );
    const body = { email: "x", password: "y" };
    const error = await failure(unwrap(api.POST("/api/auth/sign-in", { body })));
    expect(error.status).toBe(400);
    expect(error.code).toBe("invalid_input");
    expect(sentenceOf(error)).toBe("Please look at the fields.");
    expect(fieldErrors(error)).toEqual({ email: "This is no address." });
  });

  it("finds its own words for an answer that is no problem document", async () => {
    server.use(http.get("*/api/usage", () => new HttpResponse("<h1>Bad gateway</h1>", { status: 502 })));
    const error = await failure(unwrap(api.GET("/api/usage")));
    expect(error.code).toBe("http_502");
    expect(error.message).toBe("Something went wrong on our side.");
  });

  it("says offline when there is no answer", async () => {
    server.use(http.get("*/api/usage", () => HttpResponse.error()));
    const error = await failure(unwrap(api.GET("/api/usage")));
    expect(error.code).toBe("offline");
    expect(error.status).toBe(0);
  });

  it("waits for a database that wakes up, and says so meanwhile", async () => {
    let asked = 0;
    server.use(
      http.post("*/api/auth/sign-in", async ({ request }) => {
        asked += 1;
        expect(await request.json()).toEqual({ email: "a", password: "b" });
        return asked < 3
          ? problem(503, { code: "waking" }, { "Retry-After": "0" })
          : HttpResponse.json({ id: "me" });
      }),
    );
    const told: boolean[] = [];
    const stop = waking.subscribe(() => told.push(waking.isWaking()));
    const me = await unwrap(api.POST("/api/auth/sign-in", { body: { email: "a", password: "b" } }));
    stop();
    expect(me).toEqual({ id: "me" });
    expect(asked).toBe(3);
    expect(told).toEqual([true, false]);
  });

  it("stops waiting when nobody wants the answer any more", async () => {
    server.use(http.get("*/api/usage", () => problem(503, { code: "waking" }, { "Retry-After": "15" })));
    const controller = new AbortController();
    const request = unwrap(api.GET("/api/usage", { signal: controller.signal }));
    const told = new Promise<void>((resolve) => {
      const stop = waking.subscribe(() => {
        stop();
        resolve();
      });
    });
    await told;
    controller.abort();
    await expect(request).rejects.toMatchObject({ name: "AbortError" });
    expect(waking.isWaking()).toBe(false);
  });
});
