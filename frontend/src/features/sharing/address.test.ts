import { expect, it } from "vitest";
import { addressOf, tokenOf } from "./address";

const TOKEN = "kQ3-x_9vT0aB2cD4eF6gH8iJ1kL3mN5oP7qR9sT1uV3";

it("has the token where no server sees it, and finds it there again", () => {
  const address = new URL(addressOf(TOKEN));
  expect([address.pathname, address.search]).toEqual(["/s", ""]);
  expect(tokenOf(address.hash)).toBe(TOKEN);
});

it("takes nothing else for a token", () => {
  for (const hash of ["", "#", "#main", `#${TOKEN}?t=1`, `#${TOKEN} `, "#كلمة-سر-طويلة-بما-يكفي-هنا", TOKEN])
    expect(tokenOf(hash)).toBeNull();
});
