/** What every unit test has: matchers, IndexedDB, English, and a clean page after it. */
import "@testing-library/jest-dom/vitest";
import "fake-indexeddb/auto";
import { i18n } from "@lingui/core";
import { cleanup } from "@testing-library/react";
import { afterEach } from "vitest";

i18n.activate("en", "en-US");
afterEach(cleanup);
