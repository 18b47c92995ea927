/** Modal dialogs: a sheet from below on phones, a card in the middle elsewhere. */
import { t } from "@lingui/core/macro";
import { X } from "lucide-react";
import type { ReactNode } from "react";
import { Dialog as AriaDialog } from "react-aria-components/Dialog";
import { Heading } from "react-aria-components/Heading";
import { Modal, ModalOverlay } from "react-aria-components/Modal";
import { Button, IconButton } from "./button";

interface Props {
  title: string;
  isOpen: boolean;
  onClose: () => void;
  children: ReactNode;
  wide?: boolean;
  role?: "dialog" | "alertdialog";
}

export function Dialog({ title, isOpen, onClose, children, wide = false, role = "dialog" }: Props) {
  return (
    <ModalOverlay
      isOpen={isOpen}
      onOpenChange={(open) => open || onClose()}
      data-backdrop=""
      isDismissable={role === "dialog"}
      className="fixed inset-0 z-40 flex items-end justify-center bg-black/55 backdrop-blur-[2px] data-entering:animate-fade sm:items-center sm:p-6"
    >
      <Modal
        className={`max-h-[92dvh] w-full overflow-y-auto rounded-t-3xl bg-raised text-ink shadow-float data-entering:animate-rise sm:rounded-3xl ${wide ? "sm:max-w-2xl" : "sm:max-w-md"}`}
      >
        <AriaDialog role={role} className="flex flex-col gap-5 p-6 outline-none sm:p-7">
          <header className="flex items-start gap-3">
            <Heading slot="title" className="min-w-0 grow break-words font-bold text-xl leading-snug">
              {title}
            </Heading>
            {role === "dialog" && (
              <IconButton icon={X} label={t`Close`} onPress={onClose} className="-mt-1.5 -me-2" />
            )}
          </header>
          {children}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}

export function DialogActions({ children }: { children: ReactNode }) {
  return <footer className="flex flex-wrap justify-end gap-2.5 pt-1">{children}</footer>;
}

interface ConfirmProps {
  title: string;
  isOpen: boolean;
  onClose: () => void;
  onConfirm: () => void;
  confirm: string;
  children: ReactNode;
}

/** For what can't be undone; everything else gets an undo instead of a question. */
export function ConfirmDialog({ title, isOpen, onClose, onConfirm, confirm, children }: ConfirmProps) {
  return (
    <Dialog title={title} isOpen={isOpen} onClose={onClose} role="alertdialog">
      <div className="text-muted">{children}</div>
      <DialogActions>
        <Button onPress={onClose} autoFocus>
          {t`Cancel`}
        </Button>
        <Button
          look="danger"
          onPress={() => {
            onClose();
            onConfirm();
          }}
        >
          {confirm}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
