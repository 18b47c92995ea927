import { afterEach, expect, test } from "vitest";
import { firstAnswer, firstBody, forgetFirstBody } from "./first-answer";

const url = `${location.origin}/api/explore?limit=24`;
const offer = (answer: Promise<Response>, body?: unknown) => {
  window.firstAnswer = { url, answer, body };
};

afterEach(() => {
  window.firstAnswer = undefined;
});

test("what was asked for early answers the same request, once", async () => {
  const response = new Response("{}");
  offer(Promise.resolve(response));
  expect(await firstAnswer(new Request(url))).toBe(response);
  expect(await firstAnswer(new Request(url))).toBeNull();
});

test("another request is not answered by it", async () => {
  offer(Promise.resolve(new Response("{}")));
  expect(await firstAnswer(new Request(`${url}&cursor=x`))).toBeNull();
  expect(await firstAnswer(new Request(url, { method: "POST" }))).toBeNull();
});

test("when it failed, the request is made anew", async () => {
  offer(Promise.reject(new TypeError("Failed to fetch")));
  expect(await firstAnswer(new Request(url))).toBeNull();
});

test("what it said is there from when it has been read until the page has begun", async () => {
  const path = "/api/explore?limit=24";
  const response = new Response("{}");
  offer(Promise.resolve(response));
  expect(firstBody(path)).toBeUndefined();
  forgetFirstBody();
  expect(await firstAnswer(new Request(url))).toBe(response);

  const body = { items: [] };
  offer(Promise.resolve(response), body);
  expect(firstBody(`${path}&cursor=x`)).toBeUndefined();
  expect(firstBody(path)).toBe(body);
  forgetFirstBody();
  expect(firstBody(path)).toBeUndefined();
  expect(await firstAnswer(new Request(url))).toBeNull();
});
