/** In which language the app speaks: each goes by its own name, for who can't read the present one. */
import { t } from "@lingui/core/macro";
import { Languages } from "lucide-react";
import { choose, isLanguage, LANGUAGES, language } from "@/lib/language";
import { toast } from "@/ui/toast";

export function LanguageChoice() {
  return (
    <span className="relative grid size-10 shrink-0 place-items-center rounded-full text-muted transition-colors has-focus-visible:outline-2 has-focus-visible:outline-link has-focus-visible:outline-offset-2 hover:bg-sunken hover:text-ink">
      <Languages aria-hidden className="size-5" />
      <LanguageSelect className="absolute inset-0 cursor-pointer opacity-0" />
    </span>
  );
}

/** The browser's own list: a menu of ours would be more code than the rest of the first page's header. */
export function LanguageSelect({ className }: { className: string }) {
  return (
    <select
      aria-label={t`Language`}
      value={language()}
      onChange={({ target: { value } }) => {
        if (isLanguage(value))
          choose(value).catch(() => toast(t`This language can't be loaded right now.`, { tone: "bad" }));
      }}
      className={className}
    >
      {Object.entries(LANGUAGES).map(([code, { name }]) => (
        <option key={code} value={code} lang={code}>
          {name}
        </option>
      ))}
    </select>
  );
}
