"""What an engine raises."""


class StoreError(Exception):
    """Base of what an engine raises for trouble that nobody asked for."""


class StoreInUseError(StoreError):
    """Another process holds the database."""


class StoreBrokenError(StoreError):
    """The engine no longer knows what is on disk and takes no more writes.

    The outcome of the write that met it is *unknown*: the change may be there after a restart.
    """


class OutcomeUnknownError(StoreError):
    """The database did not say whether it committed: the change is there as a whole or not at all.

    A later read tells. Other work goes on.
    """


class StoreUnavailableError(StoreError):
    """The database did not answer in time; the write changed nothing and may be tried again."""


class StoreFullError(StoreError):
    """No space is left; the write changed nothing and may be tried again."""


class WriterBusyError(StoreError):
    """The writer's turn did not come in time; the work changed nothing."""


class ObjectTypeGoneError(StoreError):
    """The portal has no object type with that id (any more): a purge came between."""

    def __init__(self, object_type_id: str) -> None:
        super().__init__(f"no object type {object_type_id}")
        self.object_type_id = object_type_id
