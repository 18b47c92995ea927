/** Search, filters, order and look of the drive. */
import { t } from "@lingui/core/macro";
import { LayoutGrid, Rows3 } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { ToggleButton } from "react-aria-components/ToggleButton";
import { ToggleButtonGroup } from "react-aria-components/ToggleButtonGroup";
import { SearchField } from "@/ui/field";
import { ChoiceMenu } from "@/ui/menu";
import { SORTS, STATES, useListing } from "./listing";
import { visibilities } from "./visibility";

/** Typing a word is one question, not one for each letter. */
const PAUSE_MS = 250;

export function Toolbar() {
  const { listing, look, change } = useListing();
  return (
    <search className="mb-4 flex flex-wrap items-center gap-2">
      <div className="min-w-64 grow basis-72">
        <Search q={listing.q} onSearch={(q) => change({ q })} />
      </div>
      <ChoiceMenu
        label={t`State`}
        choices={[{ value: "", label: t`Any state` }, ...named(STATES)]}
        value={listing.state ?? ""}
        onChange={(state) => change({ state })}
      />
      <ChoiceMenu
        label={t`Visibility`}
        choices={[{ value: "", label: t`Any visibility` }, ...visibilities()]}
        value={listing.visibility ?? ""}
        onChange={(visibility) => change({ visibility })}
      />
      <ChoiceMenu
        label={t`Sort by`}
        choices={named(SORTS)}
        value={listing.sort}
        onChange={(sort) => change({ sort: sort === "-created" ? null : sort })}
      />
      <ToggleButtonGroup
        aria-label={t`Show as`}
        disallowEmptySelection
        selectedKeys={[look]}
        onSelectionChange={([key]) => change({ look: key === "table" ? "table" : null })}
        className="flex rounded-xl border border-line bg-surface p-0.5"
      >
        {[
          { id: "cards", label: t`Cards`, Icon: LayoutGrid },
          { id: "table", label: t`Table`, Icon: Rows3 },
        ].map(({ id, label, Icon }) => (
          <ToggleButton
            key={id}
            id={id}
            aria-label={label}
            className="grid size-8.5 cursor-pointer place-items-center rounded-lg text-muted hover:text-ink data-selected:bg-brand-soft data-selected:text-link"
          >
            <Icon aria-hidden className="size-4.5" />
          </ToggleButton>
        ))}
      </ToggleButtonGroup>
    </search>
  );
}

function named<Value extends string>(choices: readonly { value: Value; label: () => string }[]) {
  return choices.map(({ value, label }) => ({ value, label: label() }));
}

function Search({ q, onSearch }: { q: string; onSearch: (q: string) => void }) {
  const [text, setText] = useState(q);
  const search = useRef(onSearch);
  search.current = onSearch;
  const asked = useRef(q);

  // The address may change without the field: by Back, a link, or "Show all my videos".
  useEffect(() => {
    if (q !== asked.current) setText(q);
    asked.current = q;
  }, [q]);
  useEffect(() => {
    if (text.trim() === asked.current) return;
    const timer = setTimeout(() => {
      asked.current = text.trim();
      search.current(asked.current);
    }, PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text]);

  return (
    <SearchField
      label={t`Search my videos`}
      placeholder={t`Search titles, descriptions, file names`}
      value={text}
      onChange={setText}
      maxLength={100}
    />
  );
}
