/** How links inside sentences look here. */
export const linkClass = "font-semibold text-link underline underline-offset-3 hover:no-underline";
