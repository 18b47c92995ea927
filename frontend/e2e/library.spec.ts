/** One drive in several places: two tabs, a cut line, a stranger at the door. */
import { expect, newPerson, openActions, row, signIn, signUp, test, uploadSample } from "./fixtures";

test("two tabs that edit one title lose neither text", async ({
  member: { page, context, expectRefusal },
}) => {
  expectRefusal(/412/);
  const title = await uploadSample(page);
  const other = await context.newPage();
  await other.goto("/workspace");

  await test.step("both begin to edit", async () => {
    for (const tab of [page, other]) await openActions(tab, title, "Edit");
    await other.getByLabel("Title").fill("From the other tab");
    await other.getByRole("button", { name: "Save draft" }).click();
    await expect(row(other, "From the other tab")).toBeVisible();
  });

  await test.step("the second sees the other text and keeps their own", async () => {
    await page.getByLabel("Title").fill("From the first tab");
    await page.getByRole("button", { name: "Save draft" }).click();
    await expect(page.getByText("changed somewhere else")).toBeVisible();
    await expect(page.getByRole("alert")).toContainText("From the other tab");
    await expect(page.getByLabel("Title")).toHaveValue("From the first tab");
    await page.getByRole("button", { name: "Keep my text" }).click();
    await page.getByRole("button", { name: "Save draft" }).click();
    await expect(row(page, "From the first tab")).toBeVisible();
  });

  await test.step("the other tab follows by itself", async () => {
    await expect(row(other, "From the first tab")).toBeVisible();
  });
});

test("changes made while the line was cut appear when it is back", async ({
  member: { page, context, expectRefusal },
  person,
  newVisitor,
}) => {
  expectRefusal(/ERR_INTERNET_DISCONNECTED|WebSocket/);
  const title = await uploadSample(page);
  const elsewhere = await newVisitor();
  await signIn(elsewhere.page, person);

  await context.setOffline(true);
  await openActions(elsewhere.page, title, "Edit");
  await elsewhere.page.getByLabel("Title").fill("Renamed elsewhere");
  await elsewhere.page.getByRole("button", { name: "Save draft" }).click();
  await expect(row(elsewhere.page, "Renamed elsewhere")).toBeVisible();
  await expect(row(page, title)).toBeVisible();

  await context.setOffline(false);
  await expect(row(page, "Renamed elsewhere")).toBeVisible();
});

test("a stranger can't tell a private video from nothing", async ({ member: { page }, newVisitor }) => {
  const title = await uploadSample(page);
  await openActions(page, title, "Watch");
  await expect(page.getByRole("region", { name: /^Player/ })).toBeVisible();
  const address = new URL(page.url()).pathname;

  const stranger = await newVisitor();
  stranger.expectRefusal(/404/);
  await signUp(stranger.page, newPerson("Eve Stranger"));
  const seen: string[] = [];
  for (const path of [address, "/watch/01890000-0000-7000-8000-000000000000"]) {
    await stranger.page.goto(path);
    await expect(stranger.page.getByText("This video isn't here")).toBeVisible();
    seen.push(await stranger.page.getByRole("main").innerHTML());
  }
  expect(seen[0]).toBe(seen[1]);
});

test("what takes a sign-in asks for it and comes back", async ({ member: { page }, person, newVisitor }) => {
  await page.getByRole("button", { name: /^Account of/ }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();

  const returning = await newVisitor();
  await returning.page.goto("/trash");
  await expect(returning.page).toHaveURL(/sign-in\?next=%2Ftrash/);
  await returning.page.getByLabel("E-mail").fill(person.email);
  await returning.page.getByLabel("Password").fill(person.password);
  await returning.page.getByRole("button", { name: "Sign in" }).click();
  await expect(returning.page.getByRole("heading", { name: "Trash" })).toBeVisible();
});

test("a wrong password is said plainly", async ({ visitor: { page, expectRefusal } }) => {
  expectRefusal(/401/);
  await page.goto("/sign-in");
  await page.getByLabel("E-mail").fill("nobody@example.com");
  await page.getByLabel("Password").fill("Not the password 1");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("alert")).toBeVisible();
});
