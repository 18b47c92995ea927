/** A search of a list: what is asked for stands in the address, and follows what is typed. */
import { useEffect, useRef, useState } from "react";
import { SearchField } from "./field";

/** Typing a word is one question, not one for each letter. */
const PAUSE_MS = 250;

interface Props {
  label: string;
  placeholder: string;
  q: string;
  onSearch: (q: string) => void;
}

export function Search({ label, placeholder, q, onSearch }: Props) {
  const [text, setText] = useState(q);
  const search = useRef(onSearch);
  search.current = onSearch;
  const asked = useRef(q);

  // The address may change without the field: by Back, or a link.
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
    <SearchField label={label} placeholder={placeholder} value={text} onChange={setText} maxLength={100} />
  );
}
