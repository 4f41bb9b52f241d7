"""Every setting there is: its name in the environment, type, default, meaning, and its value now."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import DotEnvSettingsSource, EnvSettingsSource

from streams.about import ABOUT
from streams.settings import Settings

_PREFIX = "TAILORLINE_"
_LIMITS = (("gt", ">"), ("ge", ">="), ("lt", "<"), ("le", "<="))
_INJECTED = re.compile(r"_(service_(host|port)\w*|port(_\d+_(tcp|udp)\w*)?)$")
"""What Kubernetes adds to the environment of pods beside a service that is called as we are."""
_TESTS = "tailorline_test_"


@dataclasses.dataclass(frozen=True, slots=True)
class Setting:
    """One setting."""

    path: tuple[str, ...]
    kind: str
    default: Any
    about: str

    @property
    def env(self) -> str:
        """Its name in the environment and in ``.env``."""
        return _PREFIX + "__".join(self.path).upper()


def catalogue() -> tuple[Setting, ...]:
    """Return all settings, in the order of the code."""
    return tuple(_of_model(Settings, ()))


def _of_model(model: type[BaseModel], path: tuple[str, ...]) -> Iterator[Setting]:
    for name, info in model.model_fields.items():
        here, kind = (*path, name), info.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _of_model(kind, here)
        elif isinstance(kind, type) and dataclasses.is_dataclass(kind):
            yield from _of_dataclass(kind, here)
        else:
            yield Setting(here, _kind(info), info.get_default(), info.description or "")


def _of_dataclass(model: type, path: tuple[str, ...]) -> Iterator[Setting]:
    hints = get_type_hints(model)
    defaults = model()
    for each in dataclasses.fields(model):
        here, kind = (*path, each.name), hints[each.name]
        if dataclasses.is_dataclass(kind) and isinstance(kind, type):
            yield from _of_dataclass(kind, here)
        else:
            about = next(
                (ABOUT[own][each.name] for own in model.__mro__ if each.name in ABOUT.get(own, {})),
                "",
            )
            yield Setting(here, _name(kind), getattr(defaults, each.name), about)


def _kind(info: FieldInfo) -> str:
    limits = [
        f"{sign} {getattr(limit, name):g}"
        for limit in info.metadata
        for name, sign in _LIMITS
        if getattr(limit, name, None) is not None
    ]
    return " ".join([_name(info.annotation), ", ".join(limits)]).rstrip()


def _name(kind: Any) -> str:
    if get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    if get_origin(kind) is Literal:
        return " | ".join(get_args(kind))
    if kind is bool:
        return "true | false"
    return {int: "integer", float: "number", str: "text", SecretStr: "secret"}[kind]


def value_of(settings: Settings, setting: Setting) -> Any:
    """Return the value of a setting now."""
    value: Any = settings
    for name in setting.path:
        value = getattr(value, name)
    return value


def shown(value: Any) -> str:
    """Return a value as it may be printed: no password, no key."""
    if isinstance(value, SecretStr):
        secret = value.get_secret_value()
        return without_password(secret) if "://" in secret else "**********" if secret else ""
    return str(value)


def without_password(address: str) -> str:
    """Return an address without its user and password, and without anything behind a ``?``."""
    plain, _, options = re.sub("://.*@", "://***@", address).partition("?")
    return f"{plain}?***" if options else plain


def sources() -> dict[tuple[str, ...], str]:
    """Return where each setting that is not left at its default comes from: env or .env."""
    found: dict[tuple[str, ...], str] = {}
    for name, values in (
        (".env", DotEnvSettingsSource(Settings)()),
        ("env", EnvSettingsSource(Settings)()),
    ):
        found |= dict.fromkeys(_leaves(values), name)
    return found


def _leaves(values: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, (*path, name))
        else:
            yield (*path, name)


def unknown_names() -> list[str]:
    """Return names in the environment and in ``.env`` that look like settings and are none."""
    prefix = _PREFIX.lower()
    given = {*EnvSettingsSource(Settings).env_vars, *DotEnvSettingsSource(Settings).env_vars}
    known = {setting.env.lower() for setting in catalogue()}
    # A section may also be given whole, as JSON.
    sections = {prefix + "__".join(s.path[:n]) for s in catalogue() for n in range(1, len(s.path))}
    return sorted(
        name.upper()
        for name in given
        if name.startswith(prefix)
        and name not in known | sections
        and not name.startswith(_TESTS)
        and not _INJECTED.search(name)
    )
