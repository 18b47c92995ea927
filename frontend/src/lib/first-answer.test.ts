import { afterEach, expect, test } from "vitest";
import { firstAnswer } from "./first-answer";

const url = "http://localhost/api/explore?limit=24";
const offer = (answer: Promise<Response>) => {
  window.firstAnswer = { url, answer };
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
