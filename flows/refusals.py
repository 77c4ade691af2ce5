"""Show refusals in Prefect: a failed run in state Refused, whose message gives the reason without a traceback.

Prefect sets a run whose flow raises an error to Failed, and one whose parameters do not match the flow to Crashed. Both
events are emitted as usual, so that automations waiting for them fire; then the state is renamed.
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

REFUSED = "Refused"
_MISMATCHES = (ParameterBindError, ParameterTypeError, SignatureMismatchError)
_FLOWS = ("balance", "compare", "monitor")
_SHOWS_PARAMETERS = tuple(f"Parameter validation failed for flow {name!r}" for name in _FLOWS)


def is_refusal(error: object) -> bool:
    """Return whether an error is about data or configuration, so that a retry would be refused again."""
    refused = isinstance(error, CounterpoiseError) and error.exit_code == 2 and not isinstance(error, StorageError)
    return refused and not is_transient(error)


def name_refusal(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:  # noqa: ARG001  # Prefect's names
    """Rename the state of a failed run to Refused, with the reason on one line; a hook for `on_failure`.

    Args:
        flow: The flow.
        flow_run: Its run.
        state: The state set by Prefect.
    """
    error = getattr(state.data, "result", state.data)  # persisted, or as raised
    if isinstance(error, ParameterTypeError):
        error = _wrong_parameters(str(error))
    if isinstance(error, CounterpoiseError) and is_refusal(error):
        _set_refused(flow_run, error, data=state.data)


def name_mismatch(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:  # noqa: ARG001  # Prefect's names
    """Rename the state of a run with unknown parameters to Refused; a hook for `on_crashed`.

    Prefect detects them before the flow starts and ends the process, which the worker reports as a crash.

    Args:
        flow: The flow.
        flow_run: Its run.
        state: The state set by Prefect.
    """
    given, known = flow_run.parameters.keys(), flow.parameters.properties.keys()
    if given - known or set(flow.parameters.required) - given:
        shown = ", ".join(repr(name) for name in sorted(given))
        _set_refused(flow_run, _wrong_parameters(f"the parameters {shown}" if given else "no parameter"))


def _wrong_parameters(found: str) -> ConfigError:
    return ConfigError(
        "wrong_parameters",
        expected="only the parameter config, as in the flow's form",
        found=redact(found),
        remedy="correct the parameters of the run",
    )


def _set_refused(flow_run: FlowRun, error: CounterpoiseError, *, data: Any = None) -> None:
    refused: State[Any] = Failed(name=REFUSED, message=_one_line(error), data=data)
    with get_client(sync_client=True) as client:
        client.set_flow_run_state(flow_run.id, refused, force=True)
    flow_run.state, flow_run.state_name = refused, REFUSED  # the engine logs this state and returns it to its caller


def _one_line(error: CounterpoiseError) -> str:
    """Return a single printable line for a table of runs, starting with the stage and the reason."""
    message = str(error).removeprefix(f"[{error.stage}: {error.reason}] ")
    line = " ".join(f"{error.stage}: {error.reason}. {message}".split())
    return "".join(each if each.isprintable() else "�" for each in line)


class _OneLineEach(logging.Filter):
    """Removes redundant lines and refused values from Prefect's log of a refusal."""

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
