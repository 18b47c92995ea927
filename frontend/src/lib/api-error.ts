/** The one error every refused or failed request becomes. */
import { t } from "@lingui/core/macro";
import { fieldWords, problemWords, statusWords } from "./problem";

export interface FieldProblem {
  field: string;
  message: string;
}

interface Problem {
  status: number;
  code: string;
  detail: string;
}

export class ApiError extends Error {
  override readonly name = "ApiError";
  /** The HTTP status, or 0 when no answer came at all. */
  readonly status: number;
  /** Stable and for programs: `version_conflict`, `not_found`, … or `offline`. */
  readonly code: string;
  readonly fields: readonly FieldProblem[];
  readonly retryAfterSeconds: number | null;
  /** What else the answer tells, by name. */
  readonly extra: Readonly<Record<string, unknown>>;

  constructor(
    status: number,
    code: string,
    sentence: string,
    fields: readonly FieldProblem[] = [],
    retryAfterSeconds: number | null = null,
    extra: Readonly<Record<string, unknown>> = {},
  ) {
    super(sentence);
    this.status = status;
    this.code = code;
    this.fields = fields;
    this.retryAfterSeconds = retryAfterSeconds;
    this.extra = extra;
  }

  static async from(response: Response): Promise<ApiError> {
    const problem = await readProblem(response);
    const sentence =
      problemWords(text(problem.code), response.status) ??
      text(problem.detail) ??
      statusWords(response.status) ??
      t`Something went wrong on our side.`;
    return new ApiError(
      response.status,
      text(problem.code) ?? `http_${response.status}`,
      sentence,
      fieldProblems(problem.errors),
      retryAfter(response),
      problem,
    );
  }

  static offline(cause: unknown): ApiError {
    const error = new ApiError(
      0,
      "offline",
      t`We can't reach StreamTime. Are you connected to the internet?`,
    );
    error.cause = cause;
    return error;
  }
}

const NO_ERRORS: Record<string, string> = {};
const told = new WeakMap<ApiError, Record<string, string>>();

/**
 * Field messages by the name of the form's input, as react-aria's forms take them. For one error it is always the
 * same object: another one would count as a new refusal, and mark what has been mended since.
 */
export function fieldErrors(error: unknown): Record<string, string> {
  if (!(error instanceof ApiError)) return NO_ERRORS;
  const known = told.get(error);
  if (known) return known;
  // Of what is wrong with a password, the code says more than its field.
  const words = (field: string) => (error.code === "wrong_password" ? error.message : fieldWords(field));
  const found = Object.fromEntries(
    error.fields.map(({ field, message }) => [field, words(field) ?? message]),
  );
  told.set(error, found);
  return found;
}

/** Of a problem that came inside an answer: the server's words, or the person's language. */
export function problemSentence({ code, status, detail }: Problem): string {
  return problemWords(code, status) ?? detail;
}

export function sentenceOf(error: unknown): string {
  return error instanceof ApiError ? error.message : t`Something went wrong. Please try again.`;
}

async function readProblem(response: Response): Promise<Record<string, unknown>> {
  try {
    const body: unknown = await response.json();
    return typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {};
  } catch {
    // A proxy's HTML or an empty body: the status has to say it all.
    return {};
  }
}

function text(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

function fieldProblems(value: unknown): FieldProblem[] {
  if (!Array.isArray(value)) return [];
  return value.filter(
    (item): item is FieldProblem => typeof item?.field === "string" && typeof item?.message === "string",
  );
}

function retryAfter(response: Response): number | null {
  const seconds = Number(response.headers.get("Retry-After") ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : null;
}
