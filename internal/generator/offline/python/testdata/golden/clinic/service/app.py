"""Puts the service together, and runs it until it is told to stop."""

import logging
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Thread

from service import config, logs
from service.domain.entities import ENTITIES, LINKS
from service.store.errors import DamagedError, UnusableError
from service.store.store import Store
from service.web.application import Application
from service.web.routes import routes
from service.web.server import Server

STOPPED, UNUSABLE_SETTING, DAMAGED = 0, 2, 3  # exit codes
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)
GRACE_SECONDS = 10.0
POLL_SECONDS = 0.1  # how soon the server sees that it shall stop
PACKAGE = Path(__file__).parent
log = logging.getLogger(__name__)


def run(environ: Mapping[str, str]) -> int:
    """Serve until one of the stop signals, which the caller has blocked, and return the exit code."""
    logs.set_up("info")
    try:
        settings = config.read(environ)
        logs.set_up(settings.log_level)
        store = open_store(settings)
    except (config.SettingError, UnusableError) as error:
        log.error("%s", error)
        return UNUSABLE_SETTING
    except DamagedError as error:
        log.error("%s", error)
        return DAMAGED
    try:
        server = Server(settings.host, settings.port, application(settings, store))
    except OSError as error:
        log.error("cannot listen on HOST %s, PORT %d: %s", settings.host, settings.port, error)
        store.close()
        return UNUSABLE_SETTING
    serve(server, lambda: signal.sigwait(STOP_SIGNALS))
    store.close()
    return STOPPED


def open_store(settings: config.Config) -> Store:
    """Open the rows."""
    schema = (PACKAGE / "store" / "schema.sql").read_text("utf-8")
    return Store(schema, ENTITIES, LINKS, settings.data_dir)


def application(settings: config.Config, store: Store) -> Application:
    """Return the service without its sockets."""
    description = (PACKAGE / "openapi.json").read_bytes()
    return Application(routes(store), description)


def serve(server: Server, wait: Callable[[], object]) -> None:
    """Answer requests until wait returns, then let the running ones come to their end."""
    accepting = Thread(target=server.serve_forever, args=(POLL_SECONDS,), name="accept")
    accepting.start()
    log.info("listening", extra={"addr": server.address})
    wait()
    server.shutdown()
    accepting.join()
    server.server_close()
    in_time = server.drain(GRACE_SECONDS)
    log.info("stopped", extra={"all_answered": in_time})
