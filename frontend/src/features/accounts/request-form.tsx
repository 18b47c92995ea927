/** A form that is one request: what that was refused for stands above the fields, and beside them. */
import type { ReactNode } from "react";
import { fieldErrors, sentenceOf } from "@/lib/api-error";
import { Form, FormProblem } from "@/ui/field";

interface Props {
  request: { error: Error | null; mutate: () => void };
  /** Said while the request has nothing to say. */
  problem?: ReactNode;
  children: ReactNode;
}

export function RequestForm({ request: { error, mutate }, problem, children }: Props) {
  return (
    <Form
      validationErrors={fieldErrors(error)}
      onSubmit={(event) => {
        event.preventDefault();
        mutate();
      }}
    >
      <FormProblem>{error ? sentenceOf(error) : problem}</FormProblem>
      {children}
    </Form>
  );
}
