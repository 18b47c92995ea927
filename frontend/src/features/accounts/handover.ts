/** The password on its way from sign-up to the sign-in after the code: in memory only, used once. */
let held: { email: string; password: string } | null = null;

export function hold(email: string, password: string): void {
  held = { email, password };
}

export function heldFor(email: string): string | null {
  return held?.email === email ? held.password : null;
}

export function release(): void {
  held = null;
}
