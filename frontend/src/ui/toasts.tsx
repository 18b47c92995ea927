/** Where the messages of toast.ts are shown. */
import { t } from "@lingui/core/macro";
import { CircleAlert, CircleCheck, Info, X } from "lucide-react";
import { Text } from "react-aria-components/Text";
import {
  UNSTABLE_Toast as AriaToast,
  UNSTABLE_ToastContent as ToastContent,
  UNSTABLE_ToastRegion as ToastRegion,
} from "react-aria-components/Toast";
import { Button, IconButton } from "./button";
import { queue } from "./toast";

const icons = { info: Info, good: CircleCheck, bad: CircleAlert };

export function Toasts() {
  return (
    <ToastRegion
      queue={queue}
      aria-label={t`Messages`}
      className="fixed inset-x-4 bottom-20 z-50 mx-auto flex max-w-md flex-col-reverse gap-2 rounded-2xl outline-none md:end-auto md:bottom-6 md:start-6 md:mx-0 md:w-96"
    >
      {({ toast: shown }) => {
        const { tone, text, action } = shown.content;
        const Icon = icons[tone];
        return (
          <AriaToast
            toast={shown}
            className="flex animate-rise items-center gap-3 rounded-2xl bg-ink py-2.5 ps-4 pe-2 text-canvas shadow-float"
          >
            <Icon aria-hidden className="size-5 shrink-0" />
            <ToastContent className="min-w-0 grow break-words font-medium text-sm">
              <Text slot="title">{text}</Text>
            </ToastContent>
            {action && (
              <Button
                size="small"
                look="inverse"
                onPress={() => {
                  queue.close(shown.key);
                  action.onPress();
                }}
              >
                {action.label}
              </Button>
            )}
            <IconButton slot="close" icon={X} label={t`Dismiss`} look="inverse" size="small" />
          </AriaToast>
        );
      }}
    </ToastRegion>
  );
}
