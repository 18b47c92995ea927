/** What no browser can do: see to it in the database and the queues of the stage that a test has something to look at. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../..");
const SETTING_UP = `
import json, os, sys
import boto3, psycopg
stage = json.load(open(os.environ["STREAMTIME_STATUS"]))
database = psycopg.connect(stage["database_dsn"], autocommit=True)
email = sys.argv[1]
`;

function run(script: string, ...args: string[]): string {
  return execFileSync(join(ROOT, ".venv/bin/python"), ["-c", SETTING_UP + script, ...args], {
    cwd: ROOT,
    encoding: "utf8",
  }).trim();
}

/** From now on the person runs the drive. */
export function makeAdmin(email: string): void {
  run(`database.execute("UPDATE users SET role = 'admin' WHERE email = %s", [email])`, email);
}

/** As if they had signed in long ago. */
export function forgetProof(email: string): void {
  run(
    `database.execute("UPDATE sessions SET authenticated_at = NULL FROM users WHERE users.id = user_id AND email = %s", [email])`,
    email,
  );
}

/** A video of theirs that could not be processed. Answers its id. */
export function failVideo(email: string): string {
  return run(
    `
import uuid
video = uuid.uuid4()
database.execute(
    "INSERT INTO videos (id, owner_id, file_name, title, description, visibility, state, failure_code, version,"
    " attempt, size_bytes, stored_bytes, created_at, updated_at)"
    " SELECT %s, id, 'a.mp4', 'A', '', 'private', 'failed', 'internal', 1, 1, 1000, 0, now(), now()"
    " FROM users WHERE email = %s",
    [video, email],
)
print(video)
`,
    email,
  );
}

/** A job of the sweep that failed at every try. */
export function buryJob(email: string, videoId: string): void {
  run(
    `
sqs = boto3.client(
    "sqs", endpoint_url=stage["aws_endpoint"], region_name=stage["region"],
    aws_access_key_id=stage["access_key_id"], aws_secret_access_key=stage["secret_access_key"],
)
sqs.send_message(
    QueueUrl=stage["queues"]["watchdog_dead_letters"],
    MessageBody=json.dumps({"job": "tidy", "video_id": sys.argv[2], "due": 1}),
)
`,
    email,
    videoId,
  );
}
