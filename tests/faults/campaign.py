"""Carries a script out while events flow, and settles the account when all is drained."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from portal.embedded import process
from tests.faults.moments import arm
from tests.faults.script import BEAT, WORKERS, Accident, Kill, Step
from tests.load import draining
from tests.load.ledger import Ledger
from tests.load.producer import Production, SteadyFlow
from tests.load.run import PARTITIONS, Run
from tests.load.stage import OwnStage
from tests.load.waiting import wait_until
from tests.parts.topics import Topics

RATE = 200.0  # events a second
EVENTS = 1_000_000  # more than a campaign takes
DEATH_SECONDS = 120.0
DRAIN_SECONDS = 300.0
DELAY_MS = 10.0  # before the receiver answers, so that requests can be cut

Say = Callable[[str], None]


@dataclass
class Campaign:
    """One run under faults."""

    stage: OwnStage
    run: Run
    say: Say
    children: dict[str, process.Child] = field(default_factory=dict)
    kills: int = 0

    def carry_out(self, steps: list[Step]) -> Ledger:
        """Take every step with events flowing, then let all come to its end."""
        self.run.receiver.behave(delay_ms=DELAY_MS)
        for name in (*WORKERS, BEAT):
            self._start(name)
        self._flow()
        for number, step in enumerate(steps, 1):
            self._take(step)
            self.say(f"{number:3} {step}; {len(self.run.production.acknowledged)} events acknowledged")
        self._flowing.stop()
        self.run.wait_until_delivered(DRAIN_SECONDS)
        return self.run.ledger()

    def _take(self, step: Step) -> None:
        match step:
            case Kill():
                self._kill(step)
            case Accident.VALKEY_EMPTIED:
                self.stage.empty_valkey()
            case Accident.POSTGRES_RESTARTED:
                self.stage.restart_postgres()
            case Accident.TOPIC_MADE_ANEW:
                self._make_topic_anew()

    def _kill(self, kill: Kill) -> None:
        """Kill the process, see it dead, and start it again."""
        child = self.children[kill.process]
        if kill.moment is None:
            time.sleep(kill.pause)
            child.kill()
        else:
            arm(self.run.processes.arming_file(kill.process), kill.moment, kill.occasion)
            wait_until(lambda: child.exit_code is not None, str(kill), DEATH_SECONDS)
        if child.exit_code != -9:
            raise RuntimeError(f"{kill.process} ended by itself, with code {child.exit_code}")
        self.run.processes.running.remove(child)
        self.kills += 1
        self._start(kill.process)

    def _make_topic_anew(self) -> None:
        """Only when drained: what is deleted with the topic, the broker no longer holds."""
        plan, production = self.run.estate.plan, self.run.production
        self._flowing.stop()
        draining.wait_until_read(self.run.estate, DRAIN_SECONDS)
        draining.delete_topic(plan.bootstrap, plan.topic)
        Topics()(plan.bootstrap, partitions=PARTITIONS, name=plan.topic)
        # A new producer, since an idempotent one counts on the old topic's state.
        self.run.production = Production(
            plan.bootstrap, plan.topic, acknowledged=production.acknowledged, refused=production.refused
        )
        self._flow()

    def _flow(self) -> None:
        self._flowing = SteadyFlow(self.run.production, self.run.coming(EVENTS), RATE)

    def _start(self, name: str) -> None:
        processes = self.run.processes
        start = processes.start_beat if name == BEAT else processes.start_worker_with_traps
        self.children[name] = start(name)
