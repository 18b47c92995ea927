/** Accounts in a browser: a second step, a forgotten password, devices. */
import { createHmac } from "node:crypto";
import type { Page } from "@playwright/test";
import { expect, expectAccessible, newPerson, signIn, signUp, test } from "./fixtures";

/** A page hears of the end of its session by its live connection. */
const LIVE = { timeout: 60_000 };

/** What an authenticator app shows, now or some half minutes later (RFC 6238). */
function appCode(secret: string, steps = 0): string {
  const bits = [...secret]
    .map((letter) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0"))
    .join("");
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps));
  const digest = createHmac("sha1", key).update(counter).digest();
  const start = (digest.at(-1) ?? 0) & 0xf;
  return String((digest.readUInt32BE(start) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

async function giveSignIn(page: Page, email: string, password: string) {
  await page.goto("/sign-in");
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

/** On the account page: sets the app up; answers its secret and the recovery codes. */
async function setUpApp(page: Page, password: string): Promise<{ secret: string; codes: string[] }> {
  await page.goto("/account");
  await page.getByRole("button", { name: "Set up an authenticator app" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Password").fill(password);
  await dialog.getByRole("button", { name: "Continue" }).click();
  await expect(dialog.getByRole("img", { name: "QR code for the authenticator app" })).toBeVisible();
  await expectAccessible(page);
  const uri = (await dialog.getByRole("link", { name: "open it" }).getAttribute("href")) ?? "";
  const secret = new URL(uri).searchParams.get("secret") ?? "";
  const field = dialog.getByLabel("Code from the app");
  await expect(field).toBeFocused();
  await expect(field).toHaveAttribute("autocomplete", "one-time-code");
  await field.fill(appCode(secret));
  await dialog.getByRole("button", { name: "Turn on" }).click();
  const kept = page.getByRole("alertdialog", { name: "Keep your recovery codes" });
  await expect(kept).toBeVisible();
  await expectAccessible(page);
  const codes = await kept.getByRole("listitem").allTextContents();
  await kept.getByRole("button", { name: "I kept them" }).click();
  return { secret, codes };
}

test("an authenticator app is set up, asked for, lost and turned off", async ({
  member: { page, expectRefusal },
  person,
  newVisitor,
}) => {
  const { secret, codes } = await setUpApp(page, person.password);
  expect(codes).toHaveLength(10);
  await expect(page.getByText("10 recovery codes are left.")).toBeVisible();

  const other = await newVisitor();
  other.expectRefusal(/400|401/); // a wrong code, and at the end the session that was ended elsewhere
  await giveSignIn(other.page, person.email, person.password);
  const code = other.page.getByLabel("Code from your authenticator app");
  await expect(code).toBeFocused();
  await expect(code).toHaveAttribute("autocomplete", "one-time-code");
  await expectAccessible(other.page);
  await code.fill("000000");
  await other.page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(other.page.getByRole("alert")).toBeVisible();
  await expect(code).toHaveValue("");
  await code.fill(appCode(secret, 1));
  await other.page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(other.page.getByRole("heading", { name: "Workspace", exact: true })).toBeVisible();

  const lost = await newVisitor();
  await giveSignIn(lost.page, person.email, person.password);
  await lost.page.getByRole("button", { name: "Use a recovery code instead" }).click();
  await lost.page.getByLabel("Recovery code").fill(codes[0] ?? "");
  await lost.page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(lost.page.getByRole("heading", { name: "Workspace", exact: true })).toBeVisible();
  await lost.page.goto("/account");
  await expect(lost.page.getByText("9 recovery codes are left.")).toBeVisible();
  // Whoever turns it off signs everybody else out.
  expectRefusal(/401/);
  await lost.page.getByRole("button", { name: "Turn off" }).click();
  await expect(lost.page.getByRole("button", { name: "Set up an authenticator app" })).toBeVisible();
  await expect(page).toHaveURL(/sign-in/, LIVE);
});

test("a forgotten password is set anew, and signs everybody out", async ({
  member: { page, expectRefusal },
  person,
  newVisitor,
}) => {
  const visitor = await newVisitor();
  const renewed = `Kept secret 2 ${person.email}`;
  await visitor.page.goto("/sign-in");
  await visitor.page.getByLabel("E-mail").fill(person.email);
  await visitor.page.getByRole("link", { name: "Forgot your password?" }).click();
  await expect(visitor.page.getByLabel("E-mail")).toHaveValue(person.email);
  await expectAccessible(visitor.page);
  await visitor.page.getByRole("button", { name: "Send a code" }).click();
  const hint = visitor.page.getByText("Your code is").getByRole("strong");
  await visitor.page.getByLabel("Code").fill((await hint.textContent()) ?? "");
  const password = visitor.page.getByLabel("New password");
  await expect(password).toHaveAttribute("autocomplete", "new-password");
  await password.fill(renewed);
  await expectAccessible(visitor.page);
  expectRefusal(/401/);
  await visitor.page.getByRole("button", { name: "Set the password" }).click();
  await expect(visitor.page.getByText("Your new password is set.")).toBeVisible();
  await visitor.page.getByLabel("Password").fill(renewed);
  await visitor.page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(visitor.page.getByRole("heading", { name: "Workspace", exact: true })).toBeVisible();

  await expect(page).toHaveURL(/sign-in/, LIVE);
});

test("another address, one's data taken along, the account given up and kept", async ({
  member: { page, expectRefusal },
  person,
}, info) => {
  const renewed = `new-${person.email}`;
  const main = page.getByRole("main");
  await page.goto("/account");
  await main.getByRole("button", { name: "Change the address" }).click();
  const dialog = page.getByRole("dialog");
  const address = dialog.getByLabel("New e-mail address");
  await expect(address).toBeFocused();
  await expect(address).toHaveAttribute("autocomplete", "email");
  await address.fill(renewed);
  await dialog.getByRole("button", { name: "Send a code" }).click();
  const code = dialog.getByLabel("Code", { exact: true });
  await expect(code).toBeFocused();
  await expectAccessible(page);
  expectRefusal(/400/);
  await code.fill("000000");
  await dialog.getByRole("button", { name: "Confirm" }).click();
  await expect(dialog.getByRole("alert")).toBeVisible();
  await code.fill((await dialog.getByText("Your code is").getByRole("strong").textContent()) ?? "");
  await dialog.getByRole("button", { name: "Confirm" }).click();
  await expect(main.getByText(renewed)).toBeVisible();
  await expect(main.getByRole("button", { name: "Change the address" })).toBeFocused();

  await main.getByRole("button", { name: "Put my data together" }).click();
  await expect(main.getByText("Ready, and offered until")).toBeVisible({ timeout: 20_000 });
  const begun = page.waitForEvent("download");
  await main.getByRole("button", { name: /^Download/ }).click();
  expect((await begun).suggestedFilename()).toMatch(/^StreamTime .*\.zip$/);

  await main.getByRole("button", { name: "Delete my account" }).click();
  const question = page.getByRole("alertdialog", { name: "Delete your account?" });
  await expect(question.getByRole("button", { name: "Cancel" })).toBeFocused();
  await expectAccessible(page);
  await question.getByRole("button", { name: "Delete my account" }).click();
  const notice = page.getByRole("region", { name: "Your account" });
  await expect(notice).toContainText("deleted for good on");
  await expect(main.getByRole("button", { name: "Keep my account" })).toBeFocused();
  await expectAccessible(page);
  await page.screenshot({ path: info.outputPath("leaving-desk.png"), fullPage: true });
  await page.goto("/explore");
  await notice.getByRole("button", { name: "Keep my account" }).click();
  await expect(notice).toHaveCount(0);
  await expect(page.locator("#main")).toBeFocused();
});

for (const colorScheme of ["light", "dark"] as const)
  test(`the account page in the ${colorScheme} theme`, async ({ newVisitor }, info) => {
    const person = newPerson();
    const { page, expectRefusal } = await newVisitor({ colorScheme });
    expectRefusal(/403/);
    await signUp(page, person);
    const other = await newVisitor();
    await signIn(other.page, person);
    other.expectRefusal(/401/); // when its session ends by the new password

    await page.goto("/account");
    const main = page.getByRole("main");
    await expect(main.getByText("This device")).toBeVisible();
    await expectAccessible(page);
    for (const [name, width] of [
      ["phone", 390],
      ["desk", 1280],
    ] as const) {
      await page.setViewportSize({ width, height: 900 });
      await page.screenshot({ path: info.outputPath(`account-${name}.png`), fullPage: true });
      const overflow = () =>
        page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      expect(await overflow()).toBeLessThanOrEqual(0);
    }

    await main.getByLabel("Name").fill("Ada Other");
    await main.getByRole("button", { name: "Save" }).click();
    await expect(page.getByRole("button", { name: "Account of Ada Other" })).toBeVisible();

    await main.getByLabel("Current password").fill("not this one");
    await main.getByLabel("New password").fill("Kept secret 3");
    await main.getByRole("button", { name: "Change the password" }).click();
    await expect(main.getByLabel("Current password")).toHaveAttribute("aria-invalid", "true");
    await main.getByLabel("Current password").fill(person.password);
    await main.getByRole("button", { name: "Change the password" }).click();
    await expect(page.getByText("Your password is changed.")).toBeVisible();
    await expect(main.getByLabel("Current password")).toHaveValue("");
    await expect(main.getByRole("button", { name: /^Sign out Chrome/ })).toHaveCount(0);
    await expect(other.page).toHaveURL(/sign-in/, LIVE);
  });
