/** Custom properties are valid inline styles. */
import "react";

declare module "react" {
  interface CSSProperties {
    [property: `--${string}`]: string | number;
  }
}
