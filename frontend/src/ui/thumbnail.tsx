/** A 16:9 picture with a badge; keeps its place while loading or missing. */
import { Film } from "lucide-react";
import { type ReactNode, useState } from "react";

interface Props {
  src: string | null;
  /** Seen as soon as the page is there: not to be waited for. */
  soon?: boolean;
  /** What the page begins with: all else comes after it. */
  first?: boolean;
  badge?: ReactNode;
  onBroken?: () => void;
  children?: ReactNode;
  className?: string;
}

export function Thumbnail({
  src,
  soon = false,
  first = false,
  badge,
  onBroken,
  children,
  className = "",
}: Props) {
  const [broken, setBroken] = useState<string | null>(null);
  return (
    <div className={`relative isolate aspect-video overflow-hidden rounded-2xl bg-sunken ${className}`}>
      <Film aria-hidden className="absolute inset-0 -z-10 m-auto size-9 text-edge/50" strokeWidth={1.5} />
      {src && src !== broken && (
        <img
          src={src}
          alt=""
          loading={soon ? "eager" : "lazy"}
          fetchPriority={first ? "high" : "low"}
          decoding="async"
          className="size-full object-cover transition-transform duration-300 ease-out group-hover:scale-[1.03]"
          onError={() => {
            setBroken(src);
            onBroken?.();
          }}
        />
      )}
      {children}
      {badge && (
        <span className="absolute end-2 bottom-2 rounded-md bg-black/80 px-1.5 py-0.5 font-semibold text-white text-xs tabular-nums">
          {badge}
        </span>
      )}
    </div>
  );
}
