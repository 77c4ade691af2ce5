"""What a refusal looks like in Prefect: a failed run whose state is called Refused and says why, without a traceback.

Prefect calls a run whose flow raises an error Failed, and one whose parameters do not fit the flow Crashed. Both are
told of as always, so that automations that wait for them fire; then the state is named.
"""

from __future__ import annotations

import logging
from typing import Any

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun, State
from prefect.exceptions import ParameterBindError, ParameterTypeError, SignatureMismatchError
from prefect.flows import Flow
from prefect.states import Failed

from counterpoise.errors import ConfigError, CounterpoiseError, StorageError
from counterpoise.secrets import redact
from counterpoise.tasks.stage import is_transient

__all__ = ["REFUSED", "is_refusal", "name_mismatch", "name_refusal"]

REFUSED = "Refused"
_MISMATCHES = (ParameterBindError, ParameterTypeError, SignatureMismatchError)
_FLOWS = ("balance", "compare", "monitor")
_SHOWS_PARAMETERS = tuple(f"Parameter validation failed for flow {name!r}" for name in _FLOWS)


def is_refusal(error: object) -> bool:
    """Whether an error is about data or configuration, so that the same delivery would be refused again."""
    refused = isinstance(error, CounterpoiseError) and error.exit_code == 2 and not isinstance(error, StorageError)
    return refused and not is_transient(error)


def name_refusal(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:  # noqa: ARG001  # Prefect's names
    """Call the state of a failed run Refused, with one line that says what was refused; a hook for `on_failure`.

    Args:
        flow: The flow.
        flow_run: Its run.
        state: The state that Prefect has given it.
    """
    error = getattr(state.data, "result", state.data)  # kept, or as it was raised
    if isinstance(error, ParameterTypeError):
        error = _wrong_parameters(str(error))
    if isinstance(error, CounterpoiseError) and is_refusal(error):
        _set_refused(flow_run, error, data=state.data)


def name_mismatch(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:  # noqa: ARG001  # Prefect's names
    """Call the state of a run that was given parameters the flow does not have Refused; a hook for `on_crashed`.

    Prefect finds them before the flow begins and ends the process, which its worker takes for a crash.

    Args:
        flow: The flow.
        flow_run: Its run.
        state: The state that Prefect has given it.
    """
    given, known = flow_run.parameters.keys(), flow.parameters.properties.keys()
    if given - known or set(flow.parameters.required) - given:
        shown = ", ".join(repr(name) for name in sorted(given))
        _set_refused(flow_run, _wrong_parameters(f"the parameters {shown}" if given else "no parameter"))


def _wrong_parameters(found: str) -> ConfigError:
    return ConfigError(
        "wrong_parameters",
        expected="the one parameter config, as the flow's form shows it",
        found=redact(found),
        remedy="correct the parameters of the run",
    )


def _set_refused(flow_run: FlowRun, error: CounterpoiseError, *, data: Any = None) -> None:
    refused: State[Any] = Failed(name=REFUSED, message=_one_line(error), data=data)
    with get_client(sync_client=True) as client:
        client.set_flow_run_state(flow_run.id, refused, force=True)
    flow_run.state, flow_run.state_name = refused, REFUSED  # what the engine logs and hands to its caller


def _one_line(error: CounterpoiseError) -> str:
    """Return what a table of runs can show: the stage and the reason first, all in one line that prints."""
    said = str(error).removeprefix(f"[{error.stage}: {error.reason}] ")
    line = " ".join(f"{error.stage}: {error.reason}. {said}".split())
    return "".join(each if each.isprintable() else "�" for each in line)


class _OneLineEach(logging.Filter):
    """Takes out of Prefect's log what says nothing of a refusal that its state does not say, and the values refused."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name == "prefect.flows":
            return not record.getMessage().startswith(_SHOWS_PARAMETERS)
        error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
        if isinstance(error, _MISMATCHES):
            record.msg, record.args = " ".join(f"{record.getMessage()}: {redact(str(error))}".split()), ()
            record.exc_info = record.exc_text = None
        return not is_refusal(error)


for _name in ("prefect.engine", "prefect.flow_runs", "prefect.flows", "prefect.task_runs"):
    logging.getLogger(_name).addFilter(_OneLineEach())
