"""One cold start: imports a handler, sends it one event, says how long that took. Runs in its own process.

    python bench/cold_start_process.py MODULE EVENT_FILE        (PYTHONPATH names the function's code and packages)

Nothing is imported before the clock starts but what this needs, which Lambda's own runtime has imported as well.
"""

import json
import sys
import time
from importlib import import_module


class Context:
    """The second argument that Lambda passes to a handler."""

    aws_request_id = "8a1f6f2e-5b1e-4d5c-9a36-0c7f4b1b7c55"
    function_name = "bench"
    function_version = "1"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:eu-central-1:123456789012:function:bench"

    def get_remaining_time_in_millis(self) -> int:
        return 10_000


def main() -> None:
    with open(sys.argv[2], encoding="utf-8") as file:
        event = json.load(file)
    before = len(sys.modules)
    started, cpu = time.perf_counter(), time.process_time()
    handler = import_module(sys.argv[1]).handler
    initialised = time.perf_counter()
    answer = handler(event, Context())
    answered, cpu_at_end = time.perf_counter(), time.process_time()
    taken = {
        "init": initialised - started,
        "request": answered - initialised,
        "cpu": cpu_at_end - cpu,
        "modules": len(sys.modules) - before,
        "status": answer.get("statusCode") if isinstance(answer, dict) else None,
    }
    print(json.dumps(taken))


if __name__ == "__main__":
    main()
