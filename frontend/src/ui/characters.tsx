/** Our friends of the empty pages, drawn by hand: a bear who films, a fox who explores, a dog who fetches. */
import type { ReactNode } from "react";

function Scene({ children }: { children: ReactNode }) {
  return (
    <svg viewBox="0 0 320 240" aria-hidden="true" className="h-auto w-full">
      <path
        d="M38 128c-8-52 34-104 96-102 44 1 60 22 96 30 42 10 66 40 58 84-7 40-44 60-110 62-76 3-132-22-140-74z"
        className="fill-brand-soft"
      />
      {children}
    </svg>
  );
}

/** A polar bear behind a film camera. */
export function FilmingBear() {
  return (
    <Scene>
      <ellipse cx="162" cy="212" rx="104" ry="11" className="fill-ink/10" />
      {/* body */}
      <path d="M108 212c-4-58 16-88 54-88s58 30 54 88z" fill="#f3f5fb" />
      <path d="M136 212c-2-34 8-54 26-54s28 20 26 54z" fill="#e3e7f3" />
      {/* scarf */}
      <path d="M122 132c22 14 58 14 80 0l4 14c-26 16-62 16-88 0z" fill="#f5aa5c" />
      <path d="M190 144l18 34-16 4-14-32z" fill="#e58f3a" />
      {/* head */}
      <circle cx="118" cy="62" r="16" fill="#f3f5fb" />
      <circle cx="118" cy="62" r="8" fill="#c9d0e4" />
      <circle cx="206" cy="62" r="16" fill="#f3f5fb" />
      <circle cx="206" cy="62" r="8" fill="#c9d0e4" />
      <path d="M106 94c0-30 24-50 56-50s56 20 56 50-24 48-56 48-56-18-56-48z" fill="#fbfcff" />
      <ellipse cx="162" cy="112" rx="26" ry="20" fill="#e9edf7" />
      <path d="M152 102c0-4 20-4 20 0 0 5-6 9-10 9s-10-4-10-9z" fill="#2b3157" />
      <path
        d="M162 111v7m-11 3c4 5 18 5 22 0"
        stroke="#2b3157"
        strokeWidth="3"
        fill="none"
        strokeLinecap="round"
      />
      <circle cx="140" cy="88" r="5.5" fill="#2b3157" />
      <circle cx="142" cy="86" r="1.8" fill="#fff" />
      <circle cx="184" cy="88" r="5.5" fill="#2b3157" />
      <circle cx="186" cy="86" r="1.8" fill="#fff" />
      <circle cx="128" cy="104" r="6" fill="#f7b9a6" opacity=".6" />
      <circle cx="196" cy="104" r="6" fill="#f7b9a6" opacity=".6" />
      {/* camera */}
      <path d="M74 170l-16 44m40-44l16 44m-28-44v44" stroke="#2b3157" strokeWidth="6" strokeLinecap="round" />
      <circle cx="68" cy="112" r="17" fill="#3f4bb8" />
      <circle cx="68" cy="112" r="6" fill="#c9d0ff" />
      <circle cx="102" cy="108" r="21" fill="#3f4bb8" />
      <circle cx="102" cy="108" r="7" fill="#c9d0ff" />
      <rect x="52" y="126" width="72" height="46" rx="10" fill="#4f5fe6" />
      <path d="M52 138l-22-10v42l22-10z" fill="#3f4bb8" />
      <circle cx="74" cy="149" r="11" fill="#2b3157" />
      <circle cx="74" cy="149" r="5" fill="#8f9bff" />
      <circle cx="110" cy="138" r="4" fill="#f04748" />
      {/* paws */}
      <path d="M120 158c-10-4-18 0-19 8s6 13 15 11l22-8-6-18z" fill="#fbfcff" />
      <path d="M206 164c12 2 22 12 22 26 0 9-10 12-15 5l-14-17z" fill="#fbfcff" />
    </Scene>
  );
}

/** A fox with a spyglass. */
export function ExploringFox() {
  return (
    <Scene>
      <ellipse cx="160" cy="212" rx="104" ry="11" className="fill-ink/10" />
      {/* tail */}
      <path d="M206 206c44 4 70-22 62-66-2-10-12-10-15-2-8 24-22 32-50 34z" fill="#ee8a3c" />
      <path d="M268 140c-2-10-12-10-15-2-3 9-7 16-12 21 8 8 20 10 27 5 2-7 2-15 0-24z" fill="#fff4e6" />
      {/* body */}
      <path d="M112 212c-4-52 12-80 46-80s52 28 48 80z" fill="#ee8a3c" />
      <path d="M134 212c-2-32 8-56 26-56s26 24 24 56z" fill="#fff4e6" />
      {/* ears */}
      <path d="M106 86L100 30c-1-6 4-8 8-4l40 34z" fill="#ee8a3c" />
      <path d="M112 74l-4-32 26 22z" fill="#2b3157" />
      <path d="M212 86l6-56c1-6-4-8-8-4l-40 34z" fill="#ee8a3c" />
      <path d="M206 74l4-32-26 22z" fill="#2b3157" />
      {/* head */}
      <path d="M98 96c4-30 30-46 61-46s57 16 61 46c2 14-30 48-61 48s-63-34-61-48z" fill="#f39a4e" />
      <path d="M98 98c18-2 38 8 61 8s43-10 61-8c0 14-30 46-61 46s-61-32-61-46z" fill="#fff4e6" />
      <path d="M148 120c0-4 22-4 22 0 0 6-7 11-11 11s-11-5-11-11z" fill="#2b3157" />
      <path d="M180 90q8-9 16 0" stroke="#2b3157" strokeWidth="4.5" fill="none" strokeLinecap="round" />
      <path d="M143 136q16 8 32 0" stroke="#2b3157" strokeWidth="3" fill="none" strokeLinecap="round" />
      {/* spyglass */}
      <g transform="rotate(-14 118 94)">
        <rect x="104" y="82" width="34" height="24" rx="5" fill="#2b3157" />
        <rect x="66" y="78" width="42" height="32" rx="5" fill="#4f5fe6" />
        <rect x="26" y="73" width="44" height="42" rx="6" fill="#3f4bb8" />
        <rect x="20" y="70" width="12" height="48" rx="5" fill="#f5aa5c" />
      </g>
      {/* paws */}
      <path d="M124 164c-20-6-34-22-34-44 0-9 12-11 16-3 5 12 12 20 26 26z" fill="#ee8a3c" />
      <circle cx="98" cy="118" r="11" fill="#2b3157" />
      {/* things found */}
      <path d="M52 44l4 9 9 4-9 4-4 9-4-9-9-4 9-4z" fill="#f5aa5c" />
      <path d="M258 92l3 7 7 3-7 3-3 7-3-7-7-3 7-3z" className="fill-link" />
    </Scene>
  );
}

/** A dog that brought a cable instead of the page. */
export function FetchingDog() {
  return (
    <Scene>
      <ellipse cx="160" cy="212" rx="104" ry="11" className="fill-ink/10" />
      {/* tail */}
      <path d="M214 190c26-4 36-22 34-42-1-8-12-8-13 0-2 14-10 20-26 22z" fill="#b9825a" />
      {/* body */}
      <path d="M108 212c-4-54 14-82 52-82s56 28 52 82z" fill="#c99168" />
      <path d="M136 212c-2-34 8-56 24-56s26 22 24 56z" fill="#f6e5d3" />
      {/* collar */}
      <path d="M126 136c20 12 48 12 68 0l2 12c-22 14-50 14-72 0z" fill="#4f5fe6" />
      <circle cx="160" cy="158" r="8" fill="#f5aa5c" />
      {/* head */}
      <path d="M104 88c0-28 24-46 56-46s56 18 56 46-22 56-56 56-56-28-56-56z" fill="#c99168" />
      <path d="M144 44c10-3 22-3 32 0l-6 54c-4 8-16 8-20 0z" fill="#f6e5d3" />
      <ellipse cx="160" cy="114" rx="32" ry="24" fill="#f6e5d3" />
      {/* ears */}
      <path d="M116 50c-24-4-40 12-40 40 0 20 8 32 18 32s16-18 18-36z" fill="#8a5a3a" />
      <path d="M204 50c24-4 40 12 40 40 0 20-8 32-18 32s-16-18-18-36z" fill="#8a5a3a" />
      <circle cx="138" cy="86" r="6" fill="#2b2140" />
      <circle cx="140" cy="84" r="2" fill="#fff" />
      <circle cx="182" cy="86" r="6" fill="#2b2140" />
      <circle cx="184" cy="84" r="2" fill="#fff" />
      <path d="M148 102c0-5 24-5 24 0 0 6-7 10-12 10s-12-4-12-10z" fill="#2b2140" />
      {/* the cable */}
      <path
        d="M58 176c-20 0-24-24-4-26 26-2 60 6 78-20m56 0c16 26 46 20 66 18 22-2 24 28 2 28"
        stroke="#3f4bb8"
        strokeWidth="6"
        fill="none"
        strokeLinecap="round"
      />
      <path d="M132 128c16 8 40 8 56 0" stroke="#3f4bb8" strokeWidth="8" fill="none" strokeLinecap="round" />
      <rect x="52" y="166" width="26" height="20" rx="5" fill="#2b3157" />
      <path d="M78 171h9m-9 9h9" stroke="#f5aa5c" strokeWidth="4" strokeLinecap="round" />
      <rect x="236" y="166" width="26" height="20" rx="5" fill="#2b3157" />
      {/* paws */}
      <ellipse cx="138" cy="208" rx="18" ry="10" fill="#f6e5d3" />
      <ellipse cx="184" cy="208" rx="18" ry="10" fill="#f6e5d3" />
    </Scene>
  );
}

/** The bear's empty bin. */
export function EmptyBin() {
  return (
    <Scene>
      <ellipse cx="160" cy="212" rx="84" ry="10" className="fill-ink/10" />
      <path d="M108 92h104l-10 108c-1 7-6 12-13 12h-58c-7 0-12-5-13-12z" fill="#4f5fe6" />
      <path d="M134 112l5 80m21-80v80m26-80l-5 80" stroke="#8f9bff" strokeWidth="7" strokeLinecap="round" />
      <g transform="rotate(-12 160 84)">
        <rect x="94" y="70" width="132" height="18" rx="9" fill="#3f4bb8" />
        <rect x="142" y="56" width="36" height="18" rx="8" fill="#3f4bb8" />
      </g>
      <circle cx="142" cy="142" r="6" fill="#fff" />
      <circle cx="178" cy="142" r="6" fill="#fff" />
      <path d="M146 160q14 12 28 0" stroke="#fff" strokeWidth="5" fill="none" strokeLinecap="round" />
      <path d="M66 96l4 9 9 4-9 4-4 9-4-9-9-4 9-4z" fill="#f5aa5c" />
      <path d="M250 66l3 7 7 3-7 3-3 7-3-7-7-3 7-3z" fill="#f5aa5c" />
    </Scene>
  );
}
