/** Search, filters, order and look of the drive. */
import { t } from "@lingui/core/macro";
import { LayoutGrid, Rows3 } from "lucide-react";
import { ToggleButton } from "react-aria-components/ToggleButton";
import { ToggleButtonGroup } from "react-aria-components/ToggleButtonGroup";
import { ChoiceMenu } from "@/ui/menu";
import { Search } from "@/ui/search";
import { SORTS, STATES, useListing } from "./listing";
import { visibilities } from "./visibility";

export function Toolbar() {
  const { listing, look, change } = useListing();
  return (
    <search className="mb-4 flex flex-wrap items-center gap-2">
      <div className="min-w-64 grow basis-72">
        <Search
          label={t`Search my videos`}
          placeholder={t`Search titles, descriptions, file names`}
          q={listing.q}
          onSearch={(q) => change({ q })}
        />
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
