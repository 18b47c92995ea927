"""Showing what a part or a function has logged."""

from itertools import chain

from botocore.exceptions import EndpointConnectionError

from local.outputs import aws_client, describe
from local.part import tail
from local.progress import say
from local.settings import Settings, StageError

LINES = 200


def show_logs(settings: Settings, name: str) -> None:
    functions = describe(settings)["functions"]
    if name in functions:
        _show_function(settings, functions[name])
    elif (file := settings.log(name)) in settings.log("*").parent.glob("*.log"):
        say(tail(file, LINES))
    else:
        files = (log.stem for log in settings.log("*").parent.glob("*.log"))
        raise StageError(
            f"Nothing called {name!r} has a log. These have: {', '.join(chain(sorted(files), functions))}"
        )


def _show_function(settings: Settings, function: str) -> None:
    try:
        configuration = aws_client(settings, "lambda").get_function_configuration(FunctionName=function)
        group = configuration["LoggingConfig"]["LogGroup"]
        events = aws_client(settings, "logs").filter_log_events(logGroupName=group)["events"]
    except EndpointConnectionError as error:
        raise StageError("The functions' logs are in the emulator, which is not up.") from error
    for event in events[-LINES:]:
        say(event["message"].rstrip())
    if not events:
        say("(nothing was logged)")
