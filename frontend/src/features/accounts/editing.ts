/** Forgets what was refused with the first key, since a message that goes as the field is left moves the button. */
export function editing({ isError, reset }: { isError: boolean; reset: () => void }) {
  return (set: (typed: string) => void) => (typed: string) => {
    set(typed);
    if (isError) reset();
  };
}
