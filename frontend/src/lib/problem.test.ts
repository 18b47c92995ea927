/** What the server refuses is said in the person's language. */
import { i18n } from "@lingui/core";
import { afterEach, expect, it } from "vitest";
import { failureWords } from "./failure";
import { speak } from "./language";
import { fieldWords, problemWords } from "./problem";

type Failure = Parameters<typeof failureWords>[0];
const corrupt: Failure = { code: "corrupt", message: "Why.", action: "What to do.", retry: false };

afterEach(() => i18n.activate("en", "en-US"));

it("leaves the word to the server in English", () => {
  expect(problemWords("quota_exceeded", 409)).toBeNull();
  expect(fieldWords("email")).toBeNull();
  expect(failureWords(corrupt)).toEqual({ message: "Why.", action: "What to do." });
});

it("says in Arabic what a code means, or else a status, or a field", async () => {
  await speak("ar");
  for (const words of [
    problemWords("quota_exceeded", 409),
    problemWords("not_found", 404),
    fieldWords("email"),
  ])
    expect(words).toMatch(/^[^A-Za-z]+$/);
});

it("leaves to the server what it has no words for", async () => {
  await speak("ar");
  expect(problemWords("of_a_release_to_come", 418)).toBeNull();
  const unknown = { ...corrupt, code: "of_a_release_to_come" as Failure["code"] };
  expect(failureWords(unknown)).toEqual({ message: "Why.", action: "What to do." });
});
