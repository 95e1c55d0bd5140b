"""Runs in an environment with hermes-agent: does what JSON lines on stdin say, answers on stdout.

    {"object": "db", "method": "create_session", "args": ["s1", "cli"], "kwargs": {}}

Objects: `db` (SessionDB), `memory` (MemoryStore), `insights` (InsightsEngine), `gateway`, `cron` and the like by
the name of a module; `goals`, `board` and `delegation` below. `HERMES_HOME` must be set.
"""

import dataclasses
import importlib
import json
import os
import sys
import time
import traceback


class Hermes:
    """The objects, made when they are first asked for."""

    def __init__(self):
        self._made = {}

    def find(self, name):
        if name not in self._made:
            maker = getattr(self, f"_{name}", None)
            self._made[name] = maker() if maker else importlib.import_module(name)
        return self._made[name]

    def close(self):
        self._made.pop("insights", None)  # it holds on to the database
        if "db" in self._made:
            self._made.pop("db").close()

    def _db(self):
        import hermes_state

        return hermes_state.SessionDB()

    def _db_in_rollback_mode(self):
        """The same, but as on a network drive, where there can be no write-ahead log."""
        import hermes_state

        def fall_back(connection, *, db_label="state.db"):
            connection.execute("PRAGMA journal_mode=DELETE")
            return "delete"

        hermes_state.apply_wal_with_fallback = fall_back
        self._made["db"] = hermes_state.SessionDB()
        return self._made["db"]

    def _memory(self):
        from tools.memory_tool import MemoryStore

        store = MemoryStore()
        store.load_from_disk()
        return store

    def _insights(self):
        from agent import insights, usage_pricing

        # Prices are looked up on the network, for seconds, when they are not known.
        usage_pricing.fetch_model_metadata = lambda *_, **__: {}
        usage_pricing.fetch_endpoint_model_metadata = lambda *_, **__: {}
        return insights.InsightsEngine(self.find("db"))

    def _goals(self):
        return Goals()

    def _board(self):
        return Board()

    def _projects(self):
        return Projects()

    def _checkpoints(self):
        from tools.checkpoint_manager import CheckpointManager

        return CheckpointManager(enabled=True)

    def _hooks(self):
        return Hooks()

    def _plugins(self):
        from hermes_cli import plugins

        plugins.discover_plugins()
        return plugins.get_plugin_manager()

    def _delegation(self):
        return Delegation()


class Goals:
    """What /goal and its kin call: `hermes_cli.goals.GoalManager` of a session."""

    def state_of(self, session_id):
        from hermes_cli import goals

        return plain(goals.load_goal(session_id))

    def __getattr__(self, method):
        def call(session_id, *args, **kwargs):
            from hermes_cli import goals

            if isinstance(kwargs.get("contract"), dict):
                kwargs["contract"] = goals.GoalContract(**kwargs["contract"])
            return plain(getattr(goals.GoalManager(session_id), method)(*args, **kwargs))

        return call


class Board:
    """A kanban board, opened and closed for each call, as the gateway does it; `on` says which."""

    def __getattr__(self, function):
        def call(*args, on=None, **kwargs):
            from hermes_cli import kanban_db

            with kanban_db.connect_closing(board=on) as connection:
                return plain(getattr(kanban_db, function)(connection, *args, **kwargs))

        return call


class Projects:
    """The home's projects, opened and closed for each call, as the dashboard does it."""

    def __getattr__(self, function):
        def call(*args, **kwargs):
            from hermes_cli import projects_db

            with projects_db.connect_closing() as connection:
                return plain(getattr(projects_db, function)(connection, *args, **kwargs))

        return call


class Hooks:
    """The gateway's hooks, as it finds them when it starts."""

    def loaded(self):
        from gateway.hooks import HookRegistry

        registry = HookRegistry()
        registry.discover_and_load()
        return registry.loaded_hooks


class Delegation:
    """What `delegate_task` does around its subagents; what they do is the test's to say."""

    def __init__(self):
        self._running = {}

    def dispatch(self, goals, background=True, **values):
        import threading

        from tools import async_delegation, delegation_live_log

        tasks = [{"goal": goal} for goal in goals]
        id, writers, paths = delegation_live_log.create_live_transcripts(tasks)
        ended, results = threading.Event(), []
        self._running[id] = (writers, ended, results)

        def run():
            ended.wait()
            delegation_live_log.update_manifest_statuses(id, results)
            return {"results": results, "total_duration_seconds": 1.0, "live_transcripts": paths}

        if background:
            given = {
                "context": None,
                "toolsets": None,
                "role": "leaf",
                "model": "m",
                "session_key": "",
                **values,
            }
            async_delegation.dispatch_async_delegation_batch(
                goals=goals, runner=run, delegation_id=id, **given
            )
        else:
            thread = threading.Thread(target=run, daemon=True)
            thread.start()
        return id

    def tell(self, id, task, method, *args, **kwargs):
        """One event of a subagent, into its live transcript."""
        return getattr(self._running[id][0][task], method)(*args, **kwargs)

    def finish(self, id, results):
        _, ended, found = self._running[id]
        found.extend(results)
        ended.set()


def plain(result):
    """Hermes' dataclasses as what JSON can carry."""
    if dataclasses.is_dataclass(result):
        return dataclasses.asdict(result)
    return [plain(one) for one in result] if isinstance(result, (list, tuple)) else result


def main():
    hermes = Hermes()
    # What Hermes prints must not get between the answers.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    sys.stdout = sys.stderr
    print(json.dumps({"result": os.getpid()}), file=answers, flush=True)
    for line in sys.stdin:
        command = json.loads(line)
        try:
            if command["object"] == "close":
                hermes.close()
                answer = {"result": None}
            else:
                target = hermes.find(command["object"])
                for name in command["method"].split("."):
                    target = getattr(target, name)
                result = target(*command["args"], **command["kwargs"]) if callable(target) else target
                answer = {"result": result, "at": time.time()}
        except Exception as error:  # noqa: BLE001  whatever Hermes raises is told to the test
            traceback.print_exc()
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer, default=str), file=answers, flush=True)
    hermes.close()


if __name__ == "__main__":
    main()
