/** The StreamTime mark. */

export function Logo() {
  return (
    <span className="inline-flex items-center gap-2.5">
      <svg viewBox="0 0 32 32" aria-hidden="true" className="size-8">
        <rect width="32" height="32" rx="9" fill="#4f5fe6" />
        <path d="M13 10.2c0-1 1.1-1.6 2-1.1l8.2 5.2c.8.5.8 1.7 0 2.2L15 21.8c-.9.5-2-.1-2-1.1z" fill="#fff" />
        <path d="M8.5 9v14" stroke="#f5aa5c" strokeWidth="2.6" strokeLinecap="round" />
      </svg>
      <span className="font-extrabold text-lg tracking-tight">StreamTime</span>
    </span>
  );
}
