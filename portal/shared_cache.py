"""Django's cache on Valkey, which all processes share; where Valkey is away, each goes on by itself."""

import json
from typing import Any

from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError


class JsonSerializer:
    """Values as JSON: what Valkey holds is never executed, as a pickle would be."""

    def dumps(self, obj: Any) -> bytes:
        """Return a value as it is kept."""
        return json.dumps(obj).encode()

    def loads(self, data: bytes) -> Any:
        """Return a kept value."""
        return json.loads(data)


class SharedCache(RedisCache):
    """Counts attempts to sign in: losing Valkey locks nobody out, and lets nobody guess without end."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._alone = LocMemCache("shared-cache", {})

    def add(self, *args: Any, **kwargs: Any) -> bool:
        """Set what is not there."""
        return bool(self._either("add", *args, **kwargs))

    def get(self, *args: Any, **kwargs: Any) -> Any:
        """Return what is there, or the default."""
        return self._either("get", *args, **kwargs)

    def set(self, *args: Any, **kwargs: Any) -> None:
        """Set it."""
        self._either("set", *args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> bool:
        """Forget it."""
        return bool(self._either("delete", *args, **kwargs))

    def _either(self, verb: str, *args: Any, **kwargs: Any) -> Any:
        try:
            return getattr(RedisCache, verb)(self, *args, **kwargs)
        except RedisError:
            return getattr(self._alone, verb)(*args, **kwargs)
