/** Vite compiles message files as they are imported. */
declare module "*.po" {
  export const messages: import("@lingui/core").Messages;
}
