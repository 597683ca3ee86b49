"""Puts the four applications together: each service inside its log, hooks and faults; the control API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.responses import RedirectResponse
from starlette.routing import Mount, Route

from dynamics_sandbox.control.application import Control
from dynamics_sandbox.control.fault_plan import FaultPlan
from dynamics_sandbox.control.faulty import FaultyApplication
from dynamics_sandbox.control.hooks import HookedApplication, HookPlan
from dynamics_sandbox.control.interludes import OtherClients
from dynamics_sandbox.control.interventions import Interventions
from dynamics_sandbox.control.requestlog import LoggedApplication, RequestLog
from dynamics_sandbox.control.snapshots import Snapshots
from dynamics_sandbox.dataverse.application import create_application as create_dataverse
from dynamics_sandbox.fno.application import create_application as create_fno
from dynamics_sandbox.settings import SIGN_IN
from dynamics_sandbox.signin import SignIn
from dynamics_sandbox.tokens import TokenChecker, TokenIssuer

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from dynamics_sandbox.clock import Clock
    from dynamics_sandbox.control.shaping import Connections
    from dynamics_sandbox.environments import Addresses, Environments
    from dynamics_sandbox.identity import Identity
    from dynamics_sandbox.settings import SandboxSettings


@dataclass(frozen=True, slots=True)
class Controls:
    """What all services of one sandbox share for being controlled."""

    log: RequestLog
    hooks: HookPlan
    faults: FaultPlan
    interventions: Interventions


class Shell:
    """A service with what controls it around it; on the sign-in port the control API beside it."""

    def __init__(
        self, application: ASGIApp, name: str, controls: Controls, beside: ASGIApp | None = None
    ) -> None:
        self._application = application
        self._name = name
        self._controls = controls
        self._beside = beside

    def application(self, connections: Connections) -> ASGIApp:
        """The whole, for a server that closes connections when a fault says so."""
        faulty = FaultyApplication(
            self._application,
            self._name,
            self._controls.faults,
            connections=connections,
            interventions=self._controls.interventions,
        )
        hooked = HookedApplication(faulty, self._name, self._controls.hooks)
        logged = LoggedApplication(hooked, self._name, self._controls.log)
        if self._beside is None:
            return logged
        to_page = Route("/", lambda _: RedirectResponse("/_sandbox/"))
        return Starlette(routes=[to_page, Mount("/_sandbox", self._beside), Mount("/", logged)])


def assemble(
    settings: SandboxSettings,
    identity: Identity,
    addresses: Addresses,
    *,
    environments: Environments,
    clock: Clock,
) -> dict[str, Shell]:
    """The four applications by the names of their services, in the order of their ports."""
    issuer = TokenIssuer(
        identity.signing_key, identity.tenant_id, lifetime=settings.token_lifetime, clock=clock.seconds
    )
    checker = TokenChecker(identity.signing_key, identity.tenant_id, clock=clock.seconds)
    urls = {"sales": addresses.sales, "cds": addresses.cds, "fno": addresses.fno}
    services: dict[str, ASGIApp] = {
        "sales": create_dataverse(environments.sales, checker),
        "cds": create_dataverse(environments.cds, checker),
        "fno": create_fno(environments.fno, checker),
    }
    others = OtherClients(services, lambda name: f"Bearer {issuer.issue(identity.client_id, urls[name])}")
    controls = Controls(
        RequestLog(clock), HookPlan(), FaultPlan(), Interventions(environments, checker, others)
    )
    control = Control(
        environments=environments,
        faults=controls.faults,
        hooks=controls.hooks,
        log=controls.log,
        snapshots=Snapshots.of(environments, settings.data_dir),
        clock=clock,
        clients=others,
    )
    sign_in = SignIn(addresses.authority, identity, issuer, urls.values(), clock=clock)
    first = Shell(sign_in.application(), SIGN_IN, controls, control.application())
    return {SIGN_IN: first} | {name: Shell(service, name, controls) for name, service in services.items()}
